#!/bin/sh
# Runs what build.sh has built below the directory $1; what follows is the program's own.
into=$(cd "$1" && pwd)
shift
# This SDK looks for profiles in one file only, which it does not know by AWS_CONFIG_FILE.
export AWS_CREDENTIAL_PROFILES_FILE="${AWS_CREDENTIAL_PROFILES_FILE:-${AWS_CONFIG_FILE:-$HOME/.aws/config}}"
export AWS_JAVA_V1_DISABLE_DEPRECATION_ANNOUNCEMENT=true
exec java -cp "$into/source/target/classes:$(cat "$into/classpath")" ListBuckets "$@"
