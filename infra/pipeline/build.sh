#!/usr/bin/env bash
# One image a room, only of the rooms in .pipeline/build.tsv: those without an image of these very files.
set -euo pipefail

while IFS=$'\t' read -r room _ <&3; do
  echo "building $room"
  docker build --quiet --build-arg "FUNCTION=$room" --build-arg "PYTHON=$PYTHON" \
    --label "org.opencontainers.image.revision=$COMMIT_SHA" --tag "$REPOSITORY/$room:$BUILD_ID" .
done 3<.pipeline/build.tsv
