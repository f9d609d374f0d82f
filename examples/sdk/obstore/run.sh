#!/bin/sh
# Runs the program with the Python in the directory $1, with the role's credentials in its environment; what follows is the
# program's own.
into=$1
shift
program=$(dirname "$0")/count_objects.py
exec "${ASSUME_HELPER:-assume-helper}" exec "$AWS_PROFILE" -- "$into/bin/python" "$program" "$@"
