"""Prints how many objects the bucket BUCKET has; with a number, that often, a second apart."""

import os
import sys
import time
from pathlib import Path
from types import ModuleType

import duckdb
import duckdb_extension_aws
import duckdb_extension_httpfs


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def extension(package: ModuleType) -> str:
    """The file of the extension that came as a Python package; else `INSTALL` fetches one: `INSTALL aws; LOAD aws`."""
    (file,) = Path(package.__file__ or "").parent.glob("extensions/*/*.duckdb_extension")
    return str(file)


def main() -> None:
    bucket = os.environ["BUCKET"]
    connection = duckdb.connect()
    for package in (duckdb_extension_httpfs, duckdb_extension_aws):
        connection.load_extension(extension(package))
    options = ["TYPE s3", "PROVIDER credential_chain", "CHAIN 'process'", "REFRESH auto"]
    options += [f"PROFILE {quoted(os.environ['AWS_PROFILE'])}", f"REGION {quoted(os.environ['AWS_REGION'])}"]
    scheme, _, host = os.environ.get("AWS_ENDPOINT_URL", "").partition("://")
    if host:
        options += [f"ENDPOINT {quoted(host)}", f"USE_SSL {scheme == 'https'}", "URL_STYLE 'path'"]
    connection.execute(f"CREATE SECRET ({', '.join(options)})")
    for round_ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):
        time.sleep(1 if round_ else 0)
        (count,) = connection.execute("SELECT count(*) FROM glob(?)", [f"s3://{bucket}/**"]).fetchone() or (0,)
        print(f"{bucket}: {count} objects", flush=True)


if __name__ == "__main__":
    main()
