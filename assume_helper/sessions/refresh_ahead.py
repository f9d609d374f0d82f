"""The process that refreshes a session in the background: started by a hit, at most one for each key.

Its lock is acquired here and inherited by that process, so the kernel releases it however the process ends. The lock's
file holds until when the next try waits after a failed one (seconds since the epoch).
"""

import os
import sys

from assume_helper import hit
from assume_helper.sessions import time_budget

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

# Tells the new process which descriptor holds the lock.
OPTION = "--refresh-ahead"
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
# Which descriptor that is: the first one behind the standard streams; or none.
_DESCRIPTOR = 3
_NO_LOCK = -1


def start(path: str, arguments: "Sequence[str]", environ: "Mapping[str, str]", now: float) -> None:
    """Start a process that runs `arguments` (those of the hit) once more and refreshes what is cached.

    Not where one is running, or has failed just before `now` (seconds since the epoch). `path` is the lock's. Failures
    are ignored: the caller has its answer.
    """
    if not sys.executable:
        return
    program = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "__main__.py")
    # As this process was started; -P, or this package's modules would stand in for those of the standard library.
    flags = (["-I"] if sys.flags.isolated else ["-P"]) + ["-S"] * bool(sys.flags.no_site)
    words = [sys.executable, *flags, program, *arguments, OPTION]
    try:
        if sys.platform == "win32":
            _start_on_windows(words, environ)
        else:
            _start(words, environ, path, now)
    except (OSError, ValueError, ImportError):
        return


if sys.platform == "win32":

    def _start_on_windows(words: list[str], environ: "Mapping[str, str]") -> None:
        """Windows inherits no lock: the key's own lock prevents a second refresh."""
        import subprocess

        subprocess.Popen(
            [*words, str(_NO_LOCK)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=True,
            env=dict(environ),
            creationflags=subprocess.CREATE_NO_WINDOW | subprocess.DETACHED_PROCESS,
        )

else:

    def _start(words: list[str], environ: "Mapping[str, str]", path: str, now: float) -> None:
        descriptor = _claim(path, now)
        if descriptor is None:
            return
        try:
            child = os.fork()
            if child == 0:
                _exec_child(words, environ, descriptor)
            os.waitpid(child, 0)
        finally:
            os.close(descriptor)

    def _exec_child(words: list[str], environ: "Mapping[str, str]", descriptor: int) -> "NoReturn":
        """Become the new process, in a session of its own: no terminal, no signals of the caller.

        It keeps no descriptor of the caller's, or whoever reads the caller's output would wait for its end. It is a
        grandchild: a program that takes the caller's place (`exec`) has no child that it did not start.
        """
        try:
            import signal

            # The terminal may hang up when the caller ends, which may be at once.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            if os.fork() != 0:
                os._exit(0)
            os.setsid()
            null = os.open(os.devnull, os.O_RDWR)
            for standard in (0, 1, 2):
                os.dup2(null, standard)
            if descriptor != _DESCRIPTOR:
                os.dup2(descriptor, _DESCRIPTOR)
            os.set_inheritable(_DESCRIPTOR, True)  # noqa: FBT003
            os.closerange(_DESCRIPTOR + 1, os.sysconf("SC_OPEN_MAX"))
            os.execve(words[0], [*words, str(_DESCRIPTOR)], environ)  # noqa: S606
        finally:
            os._exit(127)

    def _claim(path: str, now: float) -> int | None:
        """A descriptor that holds the lock. None where another process holds it, or the last try has just failed."""
        import fcntl

        descriptor = os.open(path, _FLAGS, 0o600)
        try:
            if os.fstat(descriptor).st_mode & 0o600 != 0o600:
                os.fchmod(descriptor, 0o600)  # a umask may have taken the owner's rights
            hit.check_private(os.fstat(descriptor), 0o100000)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not now < _back_off_until(descriptor) <= now + time_budget.BACK_OFF[1]:
                return os.dup(descriptor)
        finally:
            os.close(descriptor)
        return None


def _back_off_until(descriptor: int) -> float:
    try:
        return float(os.read(descriptor, 32))
    except ValueError:
        return 0.0


def back_off(descriptor: int, until: float) -> None:
    """Make the next try wait until `until` (seconds since the epoch)."""
    if descriptor == _NO_LOCK:
        return
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, b"%032.3f" % until)
    except OSError:
        pass  # the next hit tries again
