"""Prints the buckets that I see; with a number, that often, a second apart."""

import os
import sys
import time

from pyarrow import fs


def main() -> None:
    scheme, _, host = os.environ.get("AWS_ENDPOINT_URL", "https://").partition("://")
    files = fs.S3FileSystem(scheme=scheme, endpoint_override=host or None, region=os.environ.get("AWS_REGION"))
    for round_ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):
        time.sleep(1 if round_ else 0)
        for found in files.get_file_info(fs.FileSelector("")):
            print(found.path, flush=True)


if __name__ == "__main__":
    main()
