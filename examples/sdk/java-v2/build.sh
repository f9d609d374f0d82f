#!/bin/sh
# Builds the program below the directory $1, with Maven's repository there too.
set -eu
mkdir -p "$1"
into=$(cd "$1" && pwd)
state=$(cat pom.xml src/main/java/ListBuckets.java build.sh | cksum)
if [ "$(cat "$into/state" 2>/dev/null)" = "$state" ]; then exit; fi
rm -rf "$into/source"
mkdir "$into/source"
cp -R pom.xml src "$into/source"
mvn --batch-mode --quiet "-Dmaven.repo.local=$into/repository" --file "$into/source/pom.xml" \
  compile dependency:build-classpath "-Dmdep.outputFile=$into/classpath"
echo "$state" >"$into/state"
