#!/bin/sh
# Builds the program below the directory $1, with cargo's caches there too.
set -eu
mkdir -p "$1"
into=$(cd "$1" && pwd)
sources="Cargo.toml Cargo.lock src/main.rs build.sh"
state=$(cat $sources | cksum)
if [ -x "$into/target/debug/list-buckets" ] && [ "$(cat "$into/state" 2>/dev/null)" = "$state" ]; then exit; fi
export CARGO_HOME="$into/cargo" CARGO_TARGET_DIR="$into/target"
rm -rf "$into/source"
mkdir -p "$into/source/src"
cp Cargo.toml "$into/source"
cp src/main.rs "$into/source/src"
# Cargo.lock is kept without the registry's address, and cargo wants it in: what this cargo itself writes there is put back.
cargo generate-lockfile --quiet --manifest-path "$into/source/Cargo.toml"
registry=$(sed -n '/^source = /{p;q;}' "$into/source/Cargo.lock")
awk -v registry="$registry" '/^checksum = / { print registry } { print }' Cargo.lock >"$into/lock"
mv "$into/lock" "$into/source/Cargo.lock"
cargo build --quiet --locked --manifest-path "$into/source/Cargo.toml"
echo "$state" >"$into/state"
