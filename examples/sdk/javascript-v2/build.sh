#!/bin/sh
# Installs the packages of package-lock.json in the directory $1.
set -eu
mkdir -p "$1"
into=$(cd "$1" && pwd)
cp package.json package-lock.json "$into"
exec npm ci --prefix "$into" --cache "$into/npm" --silent --no-audit --no-fund --no-update-notifier
