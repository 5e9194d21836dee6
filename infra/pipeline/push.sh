#!/usr/bin/env bash
# Each new image goes to the repository. From here on it is called by its digest, which the registry gives.
set -euo pipefail

: >.pipeline/pushed.tsv
while IFS=$'\t' read -r room _ <&3; do
  docker push --quiet "$REPOSITORY/$room:$BUILD_ID"
  digest=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$REPOSITORY/$room:$BUILD_ID" |
    grep --max-count=1 --fixed-strings "$REPOSITORY/$room@sha256:")
  printf '%s\t%s\n' "$room" "$digest" >>.pipeline/pushed.tsv
done 3<.pipeline/build.tsv
