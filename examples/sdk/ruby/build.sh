#!/bin/sh
# Nothing is built: says which Debian package is missing.
command -v ruby >/dev/null || { echo 'ruby is missing: apt-get install ruby ruby-aws-sdk-s3' >&2; exit 1; }
ruby -e 'require "aws-sdk-s3"' 2>/dev/null || { echo 'aws-sdk-s3 is missing: apt-get install ruby-aws-sdk-s3' >&2; exit 1; }
