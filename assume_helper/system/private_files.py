"""Directories and files that are ours alone: 0700 and 0600, whatever the umask."""

import os
import stat
import sys
import time
from collections.abc import Callable

from assume_helper import hit

# Not every system has all of these.
_OF_SOME_SYSTEMS = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | _OF_SOME_SYSTEMS
_READ_FLAGS = os.O_RDONLY | _OF_SOME_SYSTEMS
# ERROR_ACCESS_DENIED, which a target that is open gives, and ERROR_SHARING_VIOLATION (System Error Codes).
_IN_USE = (5, 32)
_TRIES, _PAUSE = 40, 0.025


def read_with_state(path: str, longest: int = -1) -> tuple[bytes, str]:
    """The first `longest` bytes of the regular file at `path`, links followed, and the state of what was read.

    The state (`hit.state_of`) is the very descriptor's, from before it is read: a later change shows, whatever lies at
    the path by then. A FIFO is not waited for. Raises OSError, ValueError.
    """
    descriptor = os.open(path, _READ_FLAGS)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(21, "it is a directory")
        if not stat.S_ISREG(status.st_mode):
            raise OSError(22, "it is not a regular file")
        return file.read(longest), hit.state_of(status)


def make_directory(directory: str) -> None:
    """Make `directory` and what is missing above it, 0700 each. Raises OSError."""
    if os.path.lexists(directory):
        return
    parent = os.path.dirname(directory)
    if parent != directory:
        make_directory(parent)
    try:
        os.mkdir(directory, 0o700)
        if os.lstat(directory).st_mode & 0o700 != 0o700:
            _make_again(directory)
    except FileExistsError:  # another process was faster
        return


def may_be_made(directory: str) -> bool:
    """Whether `make_directory` can make it: the nearest part above it that is there is one that we may write to."""
    parent = os.path.dirname(directory)
    while not os.path.lexists(parent) and os.path.dirname(parent) != parent:
        parent = os.path.dirname(parent)
    return os.path.isdir(parent) and os.access(parent, os.W_OK | os.X_OK)


def _make_again(directory: str) -> None:
    """Make `directory` once more, where a umask took the owner's rights. They cannot be given back: by now a link may
    lie at the path. Raises OSError.
    """
    umask = os.umask(0o077)
    try:
        os.rmdir(directory)
        os.mkdir(directory, 0o700)
    finally:
        os.umask(umask)


def create(path: str, flags: int) -> int:
    """A descriptor of `path`, opened with WRITE_FLAGS and `flags`; 0600 where that makes it. Raises OSError."""
    descriptor = os.open(path, WRITE_FLAGS | flags, 0o600)
    if hasattr(os, "fchmod") and os.fstat(descriptor).st_mode & 0o600 != 0o600:
        os.fchmod(descriptor, 0o600)  # a umask may have taken the owner's rights
    return descriptor


def flush_directory(directory: str) -> None:
    """Have the names in `directory` on the disk, where the system can be asked for that. Raises OSError."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def replace(source: str, target: str) -> None:
    """`os.replace`, once nobody has `target` open any more: Windows replaces no open file. Raises OSError."""
    patiently(lambda: os.replace(source, target))


def remove(path: str) -> None:
    """`os.unlink`, once nobody has `path` open any more: Windows deletes no open file. Raises OSError."""
    patiently(lambda: os.unlink(path))


def patiently(
    change: Callable[[], None], platform: str = sys.platform, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Call `change`, on Windows again for a second while a file is open: a hit, or a virus scanner, reads it just now.

    Raises OSError.
    """
    for _ in range(_TRIES if platform == "win32" else 0):
        try:
            change()
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _IN_USE:
                raise
            sleep(_PAUSE)
        else:
            return
    change()
