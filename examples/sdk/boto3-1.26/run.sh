#!/bin/sh
# Runs the program with the Python in the directory $1; what follows is the program's own.
into=$1
shift
exec "$into/bin/python" "$(dirname "$0")/../boto3/list_buckets.py" "$@"
