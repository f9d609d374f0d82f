"""The lock of a key: its holder calls STS, the others wait for the result."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assume_helper.cache.directory import Cache
from assume_helper.system import private_files
from assume_helper.system.warning import Warning
from assume_helper.text import printable


@contextmanager
def acquire(cache: Cache, key: str, stop_waiting: Callable[[], bool]) -> Iterator[bool]:
    """Acquire the lock of `key`, or wait until `stop_waiting`; yields whether it is held.

    Where no lock can be had (no cache, no rights, a file system without locks) there is a warning and no waiting: the
    caller then calls STS by itself. The kernel releases the lock of a process that dies.
    """
    from filelock import FileLock, Timeout

    lock = None
    if cache.directory is not None:
        try:
            private_files.make_directory(cache.directory)  # the library would make one that is open to others
            lock = FileLock(
                cache.path(key + ".lock"),
                mode=0o600,
                poll_interval=random.uniform(0.05, 0.15),  # so that followers do not all try at once
                fallback_to_soft=False,
                preserve_lock_file=True,
            )
            lock.acquire(cancel_check=stop_waiting)
        except Timeout:
            lock = None
        except (OSError, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or "not supported"
            path = printable(cache.path(key + ".lock"))
            cache.warn(Warning(f"no lock: {path} ({reason})", "calls to STS are not shared", "not shared"))
            lock = None
    try:
        yield lock is not None
    finally:
        if lock is not None:
            lock.release()
