#!/bin/sh
# As run.sh, but the program has new credentials as long as it runs: from the address that `exec --refresh` gives it.
into=$1
shift
program=$(dirname "$0")/count_objects.py
exec "${ASSUME_HELPER:-assume-helper}" exec --refresh "$AWS_PROFILE" -- "$into/bin/python" "$program" "$@"
