#!/bin/sh
# Runs the program with the packages in the directory $1; what follows is the program's own.
into=$(cd "$1" && pwd)
shift
exec node "$(dirname "$0")/list-buckets.cjs" "$into" "$@"
