#!/bin/sh
# Prints the buckets that I see; with a number $2, that often, a second apart. ($1, where others are built, is not used.)
set -eu
# rclone's SDK is Go v1: it reads the config file where this says so.
export AWS_SDK_LOAD_CONFIG=1
round=0
while [ "$round" -lt "${2:-1}" ]; do
  [ "$round" = 0 ] || sleep 1
  round=$((round + 1))
  rclone lsf :s3: --config /dev/null --s3-provider AWS --s3-env-auth --s3-region "$AWS_REGION" --retries 1 \
    ${AWS_ENDPOINT_URL:+--s3-endpoint "$AWS_ENDPOINT_URL"}
done
