#!/usr/bin/env bash
# Attests each new image, which Cloud Run asks for (Binary Authorization), and then gives it the tag of its files:
# what has the tag is checked, scanned and signed, so later builds may use it as it is.
set -euo pipefail

while IFS=$'\t' read -r room image <&3; do
  tag=$(awk -F'\t' -v room="$room" '$1 == room { print $2 }' .pipeline/build.tsv)
  attested=$(gcloud container binauthz attestations list --project="$PROJECT_ID" --attestor="$ATTESTOR" \
    --artifact-url="https://$image" --format='value(name)')
  if [[ -z $attested ]]; then
    gcloud beta container binauthz attestations sign-and-create --project="$PROJECT_ID" --validate \
      --artifact-url="https://$image" --attestor="$ATTESTOR" --keyversion="$SIGNING_KEY"
  fi
  gcloud artifacts docker tags add "$image" "$REPOSITORY/$room:$tag"
done 3<.pipeline/pushed.tsv
