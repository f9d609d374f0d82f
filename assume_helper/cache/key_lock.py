"""The lock of a key: one process calls STS, the others wait for what it gets."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assume_helper.cache.directory import Cache
from assume_helper.system import private_files
from assume_helper.text import printable


@contextmanager
def acquire(cache: Cache, key: str, enough: Callable[[], bool]) -> Iterator[bool]:
    """Hold the lock of `key`, or wait for it until `enough` says so; yields whether it is held.

    Where there is no lock to be had (no cache, no rights, a file system without locks) that is said, and not waited
    for: the caller then calls STS by itself. The kernel frees the lock of a process that dies.
    """
    from filelock import FileLock, Timeout

    lock = None
    if cache.directory is not None:
        try:
            private_files.make_directory(cache.directory)  # the library would make one that is open to others
            lock = FileLock(
                cache.path(key + ".lock"),
                mode=0o600,
                poll_interval=random.uniform(0.05, 0.15),  # so that many that wait do not knock all at once
                fallback_to_soft=False,
                preserve_lock_file=True,
            )
            lock.acquire(cancel_check=enough)
        except Timeout:
            lock = None
        except (OSError, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or "not supported"
            cache.warn(f"no lock: {printable(cache.path(key + '.lock'))} ({reason}); calls to STS are not shared")
            lock = None
    try:
        yield lock is not None
    finally:
        if lock is not None:
            lock.release()
