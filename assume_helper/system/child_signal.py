"""SIGCHLD, which a caller may have ignored: then no child can be waited for.

The kernel throws the exit codes away (wait(2)), and `subprocess` takes a failure for a success.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Whether this process was started with it ignored.
_was_ignored = False

if sys.platform == "win32":

    @contextmanager
    def waiting() -> Iterator[None]:
        """Within it children can be waited for, as always on this system."""
        yield

    def restore() -> None:
        """Nothing was changed."""

else:

    @contextmanager
    def waiting() -> Iterator[None]:
        """Within it children can be waited for. Only the main thread can change that: in another one, as before."""
        global _was_ignored
        if signal.getsignal(signal.SIGCHLD) != signal.SIG_IGN or not _set(signal.SIG_DFL):
            yield
            return
        _was_ignored = True
        try:
            yield
        finally:
            restore()

    def restore() -> None:
        """Have SIGCHLD as the caller left it, for a program that takes this process's place."""
        if _was_ignored:
            _set(signal.SIG_IGN)

    def _set(handler: signal.Handlers) -> bool:
        try:
            signal.signal(signal.SIGCHLD, handler)
        except ValueError:  # not the main thread
            return False
        return True
