#!/bin/sh
# Terraform for one environment: `before` (what is there), `plan`, `apply`. Its image has no bash.
set -eu

notes=$PWD/.pipeline
tf() { terraform -chdir=infra/terraform "$@"; }

case ${1:-} in
  before)
    tf init -input=false -backend-config="bucket=$STATE_BUCKET" -backend-config="prefix=retailscan/$ENVIRONMENT"
    tf output -json >"$notes/before.json"
    ;;
  plan)
    tf plan -input=false -lock-timeout=10m -var-file="environments/$ENVIRONMENT.tfvars" \
      -var-file="$notes/images.tfvars.json" -out="$notes/plan.bin"
    tf show -json "$notes/plan.bin" >"$notes/plan.json"
    ;;
  apply)
    tf apply -input=false -lock-timeout=10m "$notes/plan.bin"
    tf output -json >"$notes/after.json"
    ;;
  *)
    echo "usage: terraform.sh before|plan|apply" >&2
    exit 2
    ;;
esac
