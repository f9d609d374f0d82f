"""Prints who I am, and the buckets that I see; with a number, that often, a second apart."""

import os
import sys
import time

import boto3


def main() -> None:
    session = boto3.Session()
    # boto3 since 1.28 finds AWS_ENDPOINT_URL by itself
    endpoint_url = os.environ.get("AWS_ENDPOINT_URL")
    sts = session.client("sts", endpoint_url=endpoint_url)
    s3 = session.client("s3", endpoint_url=endpoint_url)
    for round_ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):
        time.sleep(1 if round_ else 0)
        print(sts.get_caller_identity()["Arn"], flush=True)
        for bucket in s3.list_buckets()["Buckets"]:
            print(bucket["Name"], flush=True)


if __name__ == "__main__":
    main()
