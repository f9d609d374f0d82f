"""Exchange two files in one step, so that a change made right before the rename is not lost.

Linux has `renameat2(RENAME_EXCHANGE)` (renameat2(2)), which Python does not offer. Other systems, and some file
systems, have nothing like it.
"""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_NO_REPLACE, _EXCHANGE = 1, 2
_CAN_WAIT = [
    signal.Signals[name]
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGTSTP")
    if name in signal.Signals.__members__
]
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM, errno.EXDEV}

if sys.platform == "linux":
    import ctypes

    _AT_CWD = -100
    # Of the system call, for C libraries that have no function for it.
    _NUMBERS = {"x86_64": 316, "aarch64": 276, "riscv64": 276, "i686": 353, "armv7l": 382, "ppc64le": 357, "s390x": 347}

    def _rename(source: str, target: str, flags: int) -> bool:
        """renameat2(2). False where there is none; raises OSError."""
        library = ctypes.CDLL(None, use_errno=True)
        arguments = _AT_CWD, os.fsencode(source), _AT_CWD, os.fsencode(target), flags
        if hasattr(library, "renameat2"):
            failed = library.renameat2(*arguments)
        elif os.uname().machine in _NUMBERS and sys.maxsize > 2**32:
            failed = library.syscall(ctypes.c_long(_NUMBERS[os.uname().machine]), *arguments)
        else:
            return False
        number = ctypes.get_errno()
        if failed and number not in _UNSUPPORTED:
            raise OSError(number, os.strerror(number), target)
        return not failed

else:

    def _rename(_source: str, _target: str, _flags: int) -> bool:
        return False


def exchange(source: str, target: str) -> bool:
    """Exchange two files. False where the system or the file system cannot, and nothing was done; raises OSError."""
    return _rename(source, target, _EXCHANGE)


def place(source: str, target: str) -> None:
    """Rename `source` to `target`, which must not be there. Raises FileExistsError where it is, OSError."""
    if _rename(source, target, _NO_REPLACE):
        return
    if sys.platform == "win32":
        os.rename(source, target)  # which replaces nothing there
        return
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
        os.replace(source, target)
    else:
        os.unlink(source)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Within it no signal that can wait comes between two steps: it comes at the end. For the main thread.

    A mask would not do: a signal that is sent to the process goes to any thread that does not block it (signal(7)).
    """
    came: list[int] = []
    before = {}
    for number in _CAN_WAIT:
        if signal.getsignal(number) not in (signal.SIG_IGN, None):
            before[number] = signal.signal(number, lambda sent, _frame: came.append(sent))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for sent in came:
            signal.raise_signal(sent)
