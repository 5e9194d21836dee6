#!/usr/bin/env bash
# Makes Google's service agents, the accounts by which its services act in a project. Most exist only once somebody has asked
# for them, and Terraform cannot give rights to an account that is not there. Safe to repeat.
#
#   agents.sh operations PROJECT
#   agents.sh environment PROJECT...
set -euo pipefail

case ${1:-} in
  operations) services=(artifactregistry cloudbuild secretmanager) ;;
  environment) services=(binaryauthorization cloudscheduler cloudtasks pubsub redis run secretmanager) ;;
  *) sed -n '2,6p' "$0" | cut -c3- >&2; exit 2 ;;
esac
kind=$1
shift

for project in "$@"; do
  # Terraform switches on the others; without the first two it could not.
  gcloud services enable serviceusage.googleapis.com cloudresourcemanager.googleapis.com storage.googleapis.com \
    "${services[@]/%/.googleapis.com}" --project="$project"
  for service in "${services[@]}"; do
    gcloud beta services identity create --service="$service.googleapis.com" --project="$project"
  done
  gcloud storage service-agent --project="$project"
  if [ "$kind" = environment ]; then
    gcloud services enable bigquery.googleapis.com --project="$project"
    bq show --encryption_service_account --project_id="$project"
  fi
done
