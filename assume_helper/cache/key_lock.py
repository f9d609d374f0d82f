"""The lock of a key: its holder calls STS, the others wait for the result.

All keys share 64 lock files, chosen by the key's digest, so that no file is left behind for each set of options: a lock
file is never removed, or two processes would hold it. Two keys with the same file wait for each other.

A holder may need the session that its own is made from, and that one's lock. So each rank of sessions has files of its
own (see `entries.key`), and whoever holds one waits for a lower rank only: nobody waits in a circle.

    00.lock ... 03.lock   MFA devices                        34.lock ... 3b.lock   roles over those
    04.lock ... 1b.lock   sessions without another behind    3c.lock ... 3f.lock   roles farther on
    1c.lock ... 33.lock   roles over one session
"""

import errno
import os
import re
import sys
import time
from _thread import get_ident
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assume_helper.cache.directory import Cache
from assume_helper.system import private_files
from assume_helper.system.warning import Warning
from assume_helper.text import printable

# The first lock file of each rank, and how many it has. The last row is that of all ranks beyond.
_SLOTS = ((0x00, 4), (0x04, 24), (0x1C, 24), (0x34, 8), (0x3C, 4))
_KEY = r"[0-9a-f]{64}"
# Seconds that a holder waits for another lock of the last row: only chains of four roles and more come to that.
_IN_LAST_ROW = 1.0
# The lock files that each thread holds.
_held: dict[int, list[str]] = {}


def file_name(key: str) -> str:
    """The name of the lock file of `key`. What is no key has a file of its own."""
    if not re.fullmatch(_KEY, key):
        return key + ".lock"
    first, count = _SLOTS[min(int(key[0], 16), len(_SLOTS) - 1)]
    return f"{first + int(key[1:9], 16) % count:02x}.lock"


@contextmanager
def acquire(cache: Cache, key: str, stop_waiting: Callable[[], bool]) -> Iterator[bool]:
    """Acquire the lock of `key`, or wait until `stop_waiting`; yields whether it is held.

    A thread that holds the lock's file already holds it. Where no lock can be had (no cache, no rights, a file system
    without locks) there is a warning and no waiting: the caller then calls STS by itself. The kernel releases the lock
    of a process that dies.
    """
    if cache.directory is None:
        yield False
        return
    path = cache.path(file_name(key))
    held = _held.setdefault(get_ident(), [])
    if path in held:
        yield True
        return
    lock = _acquired(cache, path, _in_order(path, held, stop_waiting))
    if lock is not None:
        held.append(path)
    try:
        yield lock is not None
    finally:
        if lock is not None:
            held.remove(path)
            lock.release()
        if not held:
            _held.pop(get_ident(), None)


def _acquired(cache: Cache, path: str, stop_waiting: Callable[[], bool]) -> "FileLock | None":  # type: ignore[name-defined]  # noqa: F821
    import random

    from filelock import FileLock, Timeout

    is_first = True

    def stop() -> bool:
        nonlocal is_first
        if is_first:
            is_first = False
            _check_refusal(path)
        return stop_waiting()

    try:
        private_files.make_directory(os.path.dirname(path))  # the library would make one that is open to others
        lock = FileLock(
            path,
            mode=0o600,
            poll_interval=random.uniform(0.05, 0.15),  # so that followers do not all try at once
            fallback_to_soft=False,
            preserve_lock_file=True,
        )
        lock.acquire(cancel_check=stop)
    except Timeout:
        return None
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or "not supported"
        cache.warn(Warning(f"no lock: {printable(path)} ({reason})", "calls to STS are not shared", "not shared"))
        return None
    return lock


def _in_order(path: str, held: list[str], stop_waiting: Callable[[], bool]) -> Callable[[], bool]:
    """`stop_waiting`, and within the last row only for a moment where this thread holds another lock of it."""
    first = f"{_SLOTS[-1][0]:02x}.lock"
    directory = os.path.dirname(path)
    rows = [os.path.basename(other) >= first for other in (path, *held) if os.path.dirname(other) == directory]
    if not (rows[0] and any(rows[1:])):
        return stop_waiting
    until = time.monotonic() + _IN_LAST_ROW
    return lambda: time.monotonic() > until or stop_waiting()


if sys.platform == "win32":

    def _check_refusal(_path: str) -> None:
        """Windows: a lock that is held elsewhere is refused."""

else:
    import fcntl

    def _check_refusal(path: str) -> None:
        """Raise PermissionError where locks are refused (EACCES). The library takes that for one that is held."""
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno == errno.EACCES:
                raise
        finally:
            os.close(descriptor)
