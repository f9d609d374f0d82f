"""Prints how many objects there are in the bucket $BUCKET; with a number, that often, a second apart."""

import os
import sys
import time

from obstore.store import S3Store

bucket = os.environ["BUCKET"]
# Credentials, region and endpoint are taken from the environment.
store = S3Store(bucket, virtual_hosted_style_request=False, client_options={"allow_http": True})
for round_ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):
    time.sleep(1 if round_ else 0)
    print(f"{bucket}: {sum(len(chunk) for chunk in store.list())} objects", flush=True)
