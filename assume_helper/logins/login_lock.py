"""The lock of one login, a file beside its token file: whoever holds it may spend the refresh token.

The kernel releases it when the last descriptor of it is closed, also that of a process which was killed. It is never
unlocked by hand: that would release the lock of the process that has inherited it. The file is never removed.
"""

import errno
import os
import sys

from assume_helper import hit
from assume_helper.profiles import login_record
from assume_helper.system import private_files

# What the file says while somebody is logging in; of a renewal it says nothing.
LOGGING_IN = b"login"


def try_acquire(token_path: str) -> int | None:
    """A descriptor that holds the lock of the login with the token file at `token_path`; None where another has it.

    Raises OSError where the token file cannot be replaced, or no lock is to be had.
    """
    folder = os.path.dirname(os.path.realpath(token_path))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "its folder cannot be written")
    descriptor = private_files.create(login_record.beside(token_path, login_record.LOCK), 0)
    try:
        hit.check_private(descriptor)
        if _try_lock(descriptor):
            os.ftruncate(descriptor, 0)
            return os.dup(descriptor)
    finally:
        os.close(descriptor)
    return None


def note_login(descriptor: int) -> None:
    """Have whoever waits for the lock know that somebody is logging in."""
    hit.write(descriptor, LOGGING_IN)


def is_login_under_way(token_path: str) -> bool:
    """Whether somebody is logging in just now."""
    path = login_record.beside(token_path, login_record.LOCK)
    try:
        if hit.read_private(path) != LOGGING_IN:
            return False
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return False
    try:
        return not _try_lock(descriptor)
    except OSError:
        return False
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    from assume_helper.system import byte_lock

    # A locked byte cannot be read by others: it lies behind all that the file says.
    _LOCKED_BYTE = 1 << 20

    def _try_lock(descriptor: int) -> bool:
        return byte_lock.try_lock(descriptor, _LOCKED_BYTE)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        """Whether the lock is had now. Raises OSError where locks are refused (EACCES), or there are none (ENOLCK)."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
