#!/bin/sh
# Runs what build.sh has built below the directory $1; what follows is the program's own.
into=$(cd "$1" && pwd)
shift
exec java -cp "$into/source/target/classes:$(cat "$into/classpath")" ListBuckets "$@"
