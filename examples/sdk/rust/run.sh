#!/bin/sh
# Runs what build.sh has built below the directory $1; what follows is the program's own.
into=$1
shift
exec "$into/target/debug/list-buckets" "$@"
