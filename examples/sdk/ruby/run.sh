#!/bin/sh
# Runs the program; $1, the directory that build.sh was given, is not needed.
here=$(cd "$(dirname "$0")" && pwd)
shift
exec ruby "$here/list_buckets.rb" "$@"
