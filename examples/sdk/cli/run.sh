#!/bin/sh
# Prints who I am, and the buckets that I see, with the `aws` in the directory $1/bin; with a number $2, that often, a second apart.
set -eu
# --endpoint-url: the AWS CLI before 2.13 (1.28) does not look at AWS_ENDPOINT_URL
aws() { "$into/bin/aws" ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} --output text "$@"; }
into=$1
round=0
while [ "$round" -lt "${2:-1}" ]; do
  [ "$round" = 0 ] || sleep 1
  round=$((round + 1))
  aws sts get-caller-identity --query Arn
  buckets=$(aws s3api list-buckets --query 'Buckets[].[Name]')
  echo "$buckets"
done
