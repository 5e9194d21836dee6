#!/usr/bin/env bash
# What the scanner knows of each new image, before it leaves this machine; `scanned` judges it.
set -euo pipefail

mkdir -p .pipeline/scans
while IFS=$'\t' read -r room _ <&3; do
  scan=$(gcloud artifacts docker images scan "$REPOSITORY/$room:$BUILD_ID" --project="$PROJECT_ID" \
    --location="$SCAN_LOCATION" --format='value(response.scan)')
  gcloud artifacts docker images list-vulnerabilities "$scan" --format=json >".pipeline/scans/$room.json"
done 3<.pipeline/build.tsv
