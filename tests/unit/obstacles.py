"""What stands in a hit's way, for the tests of the cache and of a hit: another user's file, and one that never ends."""

import faulthandler
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assume_helper import access_list, hit


def given_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`path` belongs to somebody else: by chown where that is allowed, else we are somebody else."""
    if sys.platform == "win32":
        monkeypatch.setattr(access_list, "own_sid", lambda: bytes.fromhex("0101000000000005e8030000"))
    elif os.geteuid() == 0:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    else:
        monkeypatch.setattr(hit, "_geteuid", lambda: os.getuid() + 1)


@contextmanager
def no_wait() -> Iterator[None]:
    """What takes half a minute waits for something that never comes."""

    def waited(_number: int, _frame: object) -> None:
        raise AssertionError("it waits")

    if sys.platform == "win32":  # it has no such signal
        faulthandler.dump_traceback_later(30, exit=True)
        yield
        faulthandler.cancel_dump_traceback_later()
        return
    old = signal.signal(signal.SIGALRM, waited)
    signal.alarm(30)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)
