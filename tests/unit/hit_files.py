"""Files of the cache and of the config, as the tests of a hit make and change them."""

import os
from pathlib import Path

KEY = "ab" * 32
DOCUMENT = b'{"Version":1,"AccessKeyId":"ASIADUMMY"}'
BEGIN, END = 1_800_000_000, 1_800_002_000


def put(path: Path, data: bytes) -> None:
    """A file that is ours alone."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    path.chmod(0o600)


def appended(path: Path) -> None:
    with path.open("a") as file:
        file.write("#")


def touched(path: Path) -> None:
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1000))


def replaced_by_its_like(path: Path) -> None:
    before = path.stat()
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    os.utime(copy, ns=(before.st_atime_ns, before.st_mtime_ns))
    copy.replace(path)


def edited_with_size_and_mtime_put_back(path: Path) -> None:
    before = path.stat()
    path.write_bytes(path.read_bytes().swapcase())
    while path.stat().st_ctime_ns == before.st_ctime_ns:  # the kernel's clock ticks every few milliseconds
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def removed(path: Path) -> None:
    path.unlink()
