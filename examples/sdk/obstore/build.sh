#!/bin/sh
# Builds a virtual environment with the versions of requirements.txt in the directory $1.
set -eu
"${PYTHON:-python3}" -m venv "$1"
exec "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --requirement requirements.txt
