#!/bin/sh
# Builds the program below the directory $1, with Go's caches there too.
set -eu
mkdir -p "$1"
into=$(cd "$1" && pwd)
export GOPATH="$into/path" GOMODCACHE="$into/path/mod" GOCACHE="$into/cache" GOTOOLCHAIN=local CGO_ENABLED=0
# -modcacherw: so that rm -r can take the caches away
exec go build -modcacherw -buildvcs=false -o "$into/list-buckets" .
