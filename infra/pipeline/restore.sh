#!/usr/bin/env bash
# The restore drill: the database as it was an hour ago, in a cluster of its own, audited, and how long that took.
# Promised: RPO 1 h, RTO 4 h. The cluster that serves is not touched.
#
#   infra/pipeline/restore.sh PROJECT_ID SOURCE TARGET [SECONDS_AGO]
#
# Needs the atlas CLI, signed in to the organisation, and a TARGET cluster of at least the same size (it is overwritten).
# AUDIT is the command that audits it; by default the audit of this repository, by MONGODB_URI of the target.
set -euo pipefail

if (($# < 3)); then
  echo "usage: restore.sh PROJECT_ID SOURCE TARGET [SECONDS_AGO]" >&2
  exit 2
fi
project=$1 source=$2 target=$3 ago=${4:-3600}
limit=${RTO_SECONDS:-14400}
audit=${AUDIT:-.venv/bin/python -m retailscan audit}
begun=$(date +%s)

if [[ $source == "$target" ]]; then
  echo "a drill does not overwrite the cluster that serves" >&2
  exit 2
fi
restore=$(atlas backups restores start pointInTime --projectId "$project" --clusterName "$source" \
  --targetProjectId "$project" --targetClusterName "$target" --pointInTimeUTCSeconds "$((begun - ago))" \
  --output go-template='{{.Id}}')
atlas backups restores watch "$restore" --projectId "$project" --clusterName "$source"
$audit

took=$(($(date +%s) - begun))
echo "restored to $ago s ago and audited in $took s; promised: $limit s"
((took <= limit))
