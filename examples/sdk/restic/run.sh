#!/bin/sh
# Makes a restic repository in the bucket $BUCKET; with a number $2, that many, a second apart. ($1, where others are
# built, is not used.)
set -eu
# The repository is thrown away, and so is its password.
export RESTIC_PASSWORD=example
round=0
while [ "$round" -lt "${2:-1}" ]; do
  [ "$round" = 0 ] || sleep 1
  round=$((round + 1))
  restic init --quiet --no-cache -o s3.bucket-lookup=path -o s3.region="$AWS_REGION" \
    --repo "s3:${AWS_ENDPOINT_URL:-https://s3.$AWS_REGION.amazonaws.com}/$BUCKET/example-$$-$round"
  echo "$BUCKET: made repository example-$$-$round"
done
