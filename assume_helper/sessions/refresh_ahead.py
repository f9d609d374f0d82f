"""The process that refreshes a session behind its callers' backs: started by a hit, one for each key at most.

The lock that says so is taken here and inherited by that process, so the kernel frees it however that ends. The lock's
file holds until when the next try waits after one that failed (seconds since the epoch).
"""

import os
import sys

from assume_helper import hit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

# What the new process knows of being one: the lock's descriptor.
OPTION = "--refresh-ahead"
# No try is put off for longer than this (seconds): what says so was written by another clock.
_LONGEST_WAIT = 60.0
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
# Which descriptor that is: the first one behind the standard streams; or none.
_DESCRIPTOR = 3
_NO_LOCK = -1


def start(path: str, arguments: "Sequence[str]", environ: "Mapping[str, str]", now: float) -> None:
    """Have `arguments` (those of the hit) run once more by a process of its own, which refreshes what is cached.

    Not where one does already, or has failed just before `now` (seconds since the epoch). `path` is the lock's. The
    caller has its answer: whatever goes wrong here is not its trouble.
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
        """There no descriptor says that one is under way: the key's own lock does."""
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
        descriptor = _claimed(path, now)
        if descriptor is None:
            return
        try:
            child = os.fork()
            if child == 0:
                _become(words, environ, descriptor)
            os.waitpid(child, 0)
        finally:
            os.close(descriptor)

    def _become(words: list[str], environ: "Mapping[str, str]", descriptor: int) -> "NoReturn":
        """Be the new process: in a session of its own, so that no terminal asks and no signal of the caller's comes,
        and with none of the caller's descriptors: who reads its output would wait for the end of it.

        It is a child's child: the program that `exec` makes of the caller has none that it did not start.
        """
        try:
            import signal

            # Where the caller is the last one on a terminal, that hangs up when it ends, which may be at once.
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

    def _claimed(path: str, now: float) -> int | None:
        """The descriptor of the lock, which is held; None where another process holds it or the last try has failed."""
        import fcntl

        descriptor = os.open(path, _FLAGS, 0o600)
        try:
            if os.fstat(descriptor).st_mode & 0o600 != 0o600:
                os.fchmod(descriptor, 0o600)  # a umask may have taken the owner's rights
            hit.check_private(os.fstat(descriptor), 0o100000)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not now < _put_off_until(descriptor) <= now + _LONGEST_WAIT:
                return os.dup(descriptor)
        finally:
            os.close(descriptor)
        return None


def _put_off_until(descriptor: int) -> float:
    try:
        return float(os.read(descriptor, 32))
    except ValueError:
        return 0.0


def back_off(descriptor: int, until: float) -> None:
    """Have the next try wait until `until` (seconds since the epoch)."""
    if descriptor == _NO_LOCK:
        return
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, b"%032.3f" % until)
    except OSError:
        pass  # it is tried again at the next hit, then
