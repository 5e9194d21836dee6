#!/usr/bin/env bash
# Builds what Terraform and its checks need from source, at pinned versions, into a folder that Terraform uses as a mirror:
# for machines that reach Go's module proxy but no registry of providers. Safe to repeat: what is there is kept.
#
#   infra/providers.sh            build what is missing (google takes tens of minutes on two cores), at idle priority
#   infra/providers.sh status     say what is there; leaves with 1 when something is missing
#   infra/providers.sh config     print the path of the CLI configuration for TF_CLI_CONFIG_FILE
#   infra/providers.sh tflint     print the path of tflint; likewise checkov
#
# RETAILSCAN_PROVIDERS names another folder; JOBS how many compilers run at once (2).
#
# google is the real provider. mongodbatlas cannot be built: the proxy does not serve its module. In its place stands a
# provider that knows the schemas of the resources used here (infra/standin) and creates nothing. It carries the lowest
# version that is asked for, so that a real one put into the mirror, of any later version, is taken instead.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${RETAILSCAN_PROVIDERS:-${XDG_CACHE_HOME:-$HOME/.cache}/retailscan/terraform-providers}

# The modules carry no /v8 in their path, so Go knows their releases as versions between two others.
google_version=8.0.0
google_module=github.com/hashicorp/terraform-provider-google
google_source=v1.20.1-0.20260828184646-f3721fb45fa3
google_sum=h1:2onI4HYzwHTtekjeWin7ZrO+v7S8TkFyTP+IaS2FcbQ=
atlas_version=2.5.0
tflint_version=0.64.0
tflint_module=github.com/terraform-linters/tflint
tflint_sum=h1:v0KwryBjBeo79uqFrYQOllZk3l/nQvH/e4SZW45jhA8=

platform() { TF_CLI_CONFIG_FILE=/dev/null terraform version -json | sed -n 's/.*"platform": "\(.*\)".*/\1/p'; }

# Terraform itself says under which host it looks for a source without one.
host() {
  local folder
  folder=$(mktemp -d)
  printf 'terraform {\n  required_providers {\n    google = { source = "hashicorp/google" }\n  }\n}\n' >"$folder/main.tf"
  TF_CLI_CONFIG_FILE=/dev/null terraform -chdir="$folder" providers -no-color |
    sed -n 's|.*provider\[\(.*\)/hashicorp/google\].*|\1|p' | head -1
  rm -rf "$folder"
}

# fetch MODULE VERSION SUM: the folder of its source, which must be the one that was pinned.
fetch() {
  local found
  found=$(cd "$work" && go mod download -json "$1@$2")
  grep -qF "\"Sum\": \"$3\"" <<<"$found" || { echo "$1: the source is not the one that was pinned ($3)" >&2; return 1; }
  sed -n 's/.*"Dir": "\(.*\)".*/\1/p' <<<"$found"
}

# compile FOLDER TARGET [FLAGS OF THE LINKER]
compile() {
  mkdir -p "$(dirname "$2")"
  (cd "$1" && GOFLAGS="-mod=readonly -buildvcs=false -p=${JOBS:-2}" CGO_ENABLED=0 \
    go build -trimpath -ldflags "-s -w ${3:-}" -o "$work/built" .)
  mv "$work/built" "$2"
}

build_google() {
  local source
  source=$(fetch "$google_module" "$google_source" "$google_sum")
  compile "$source" "$google" "-X $google_module/version.ProviderVersion=$google_version"
}

build_mongodbatlas() { compile "$here/standin" "$mongodbatlas"; cp "$here/standin/mongodbatlas.json" "$mongodbatlas.json"; }

build_tflint() {
  local source
  source=$(fetch "$tflint_module" "v$tflint_version" "$tflint_sum")
  compile "$source" "$tflint"
}

# It has many requirements, so it lives apart from the suite's.
build_checkov() {
  local python
  for python in python3.11 python3.12 python3.13; do if command -v "$python" >/dev/null; then break; fi; done
  rm -rf "$cache/checkov"
  "$python" -m venv "$cache/checkov"
  "$cache/checkov/bin/python" -m pip install --disable-pip-version-check --quiet --require-hashes -r "$here/checkov.txt"
  cp "$here/checkov.txt" "$checkov.txt"
}

# What was made of other files than those in the repository is an old one.
is_there() {
  [ -x "${!1}" ] || return 1
  case $1 in
    mongodbatlas) cmp -s "$here/standin/mongodbatlas.json" "$mongodbatlas.json" ;;
    checkov) cmp -s "$here/checkov.txt" "$checkov.txt" ;;
  esac
}

installed() { command -v "$1" >/dev/null || { echo "$1 is not installed" >&2; exit 1; }; }
installed terraform
registry=$(host)
mirror=$cache/mirror/${registry:?terraform did not say where it looks for providers}
google=$mirror/hashicorp/google/$google_version/$(platform)/terraform-provider-google_v$google_version
mongodbatlas=$mirror/mongodb/mongodbatlas/$atlas_version/$(platform)/terraform-provider-mongodbatlas_v$atlas_version
tflint=$cache/bin/tflint-$tflint_version
checkov=$cache/checkov/bin/checkov
parts=(mongodbatlas tflint checkov google)

case ${1:-build} in
  build)
    installed go
    if command -v chrt >/dev/null && [ -z "${RETAILSCAN_IDLE:-}" ]; then
      RETAILSCAN_IDLE=1 exec chrt -i 0 nice -n 19 "$here/$(basename "$0")" "$@"; fi
    mkdir -p "$cache"
    exec 9>"$cache/.lock"
    if command -v flock >/dev/null; then flock 9; fi
    work=$(mktemp -d "$cache/.work-XXXXXX")
    trap 'rm -rf "$work"' EXIT
    (cd "$work" && go mod init providers 2>/dev/null)
    for part in "${parts[@]}"; do
      if is_there "$part"; then echo "$part: there"; continue; fi
      echo "$part: building"
      "build_$part"
      echo "$part: built"
    done
    printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$cache/mirror" >"$work/terraformrc"
    mv "$work/terraformrc" "$cache/terraformrc"
    ;;
  status)
    missing=0
    for part in "${parts[@]}"; do
      if is_there "$part"; then echo "$part: there"; else echo "$part: missing"; missing=1; fi
    done
    exit "$missing"
    ;;
  config)
    if ! is_there google || ! is_there mongodbatlas || [ ! -f "$cache/terraformrc" ]; then
      echo "no providers in $cache, or old ones: run infra/providers.sh" >&2
      exit 1
    fi
    echo "$cache/terraformrc"
    ;;
  tflint | checkov)
    is_there "$1" || { echo "no $1 in $cache: run infra/providers.sh" >&2; exit 1; }
    echo "${!1}"
    ;;
  *)
    sed -n '2,17p' "$0" | cut -c3- >&2
    exit 2
    ;;
esac
