#!/bin/sh
# Terraform for one environment: `plan`, then `apply` of that very plan. Its image has no bash.
set -eu

notes=$PWD/.pipeline
tf() { terraform -chdir=infra/terraform/environment "$@"; }

case ${1:-} in
  plan)
    tf init -input=false -backend-config="../environments/$ENVIRONMENT.gcs.tfbackend"
    tf plan -input=false -lock-timeout=10m -var-file="../environments/$ENVIRONMENT.tfvars" \
      -var-file="$notes/images.tfvars.json" -out="$notes/plan.bin"
    tf show -json "$notes/plan.bin" >"$notes/plan.json"
    ;;
  apply)
    tf apply -input=false -lock-timeout=10m "$notes/plan.bin"
    tf output -json >"$notes/outputs.json"
    ;;
  *)
    echo "usage: terraform.sh plan|apply" >&2
    exit 2
    ;;
esac
