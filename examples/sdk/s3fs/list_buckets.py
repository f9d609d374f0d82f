"""Prints who I am, and the buckets that I see; with a number, that often, a second apart."""

import asyncio
import sys

import s3fs
from aiobotocore.session import get_session


async def main() -> None:
    session = get_session()
    # skip_instance_cache and asynchronous: one file system, in this very loop
    files = s3fs.S3FileSystem(session=session, asynchronous=True, skip_instance_cache=True, use_listings_cache=False)
    s3 = await files.set_session()
    async with session.create_client("sts") as sts:
        for round_ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):
            await asyncio.sleep(1 if round_ else 0)
            print((await sts.get_caller_identity())["Arn"], flush=True)
            for bucket in await files._ls("", refresh=True):
                print(bucket, flush=True)
    await s3.close()


if __name__ == "__main__":
    asyncio.run(main())
