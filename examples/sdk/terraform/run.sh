#!/bin/sh
# Prints the workspaces in the bucket BUCKET; with a number $2, that often, a second apart. ($1, where others are built, is not used.)
set -eu
export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_DATA_DIR
TF_DATA_DIR=$(mktemp -d)
trap 'rm -rf "$TF_DATA_DIR"' EXIT
terraform() { command terraform -chdir="$(dirname "$0")" "$@"; }
terraform init -input=false -no-color -backend-config="bucket=$BUCKET" -backend-config="region=$AWS_REGION" \
  ${AWS_ENDPOINT_URL:+-backend-config=use_path_style=true} >"$TF_DATA_DIR/said" || { cat "$TF_DATA_DIR/said" >&2; exit 1; }
round=0
while [ "$round" -lt "${2:-1}" ]; do
  [ "$round" = 0 ] || sleep 1
  round=$((round + 1))
  workspaces=$(terraform workspace list -no-color)
  echo "$BUCKET: "$workspaces
done
