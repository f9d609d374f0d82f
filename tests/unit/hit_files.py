"""Files of the cache and of the config, as the tests of a hit make and change them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assume_helper import hit

KEY = "ab" * 32
DOCUMENT = b'{"Version":1,"AccessKeyId":"ASIADUMMY"}'
BEGIN, END = 1_800_000_000, 1_800_002_000


def put(path: Path, data: bytes) -> None:
    """A file that is ours alone."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    path.chmod(0o600)


def given_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`path` belongs to somebody else: by chown where that is allowed, else we are somebody else."""
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    else:
        monkeypatch.setattr(hit, "_geteuid", lambda: os.getuid() + 1)


@contextmanager
def no_wait() -> Iterator[None]:
    """What takes half a minute waits for something that never comes."""

    def waited(_number: int, _frame: object) -> None:
        raise AssertionError("it waits")

    old = signal.signal(signal.SIGALRM, waited)
    signal.alarm(30)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


def appended(path: Path) -> None:
    with path.open("a") as file:
        file.write("#")


def touched(path: Path) -> None:
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


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
