"""The door of a profile's name: where many processes find nothing cached, one goes in, and the others wait for it.

They wait here, before they have imported anything, and then look at the cache once more: two hundred that start
together cost as many starts of Python, and one full way. That one call is made is the affair of the key's lock (see
`cache.key_lock`): whoever does not get in goes the full way after a while, and a gate that cannot be used is none.
"""

import os
import sys
import time

from assume_helper import hit
from assume_helper.system import private_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

NAME = ".door"
# Seconds: what a process that can serve something, if need be, keeps its caller waiting here, and one that cannot. Both
# leave enough for the full way (see the deadlines in `single_flight`).
_PATIENCE_WITH_CACHE = 2.0
_PATIENCE = 6.0
# What has expired for no longer than this (seconds) may be served in need: `credentials.window` less a last minute.
_OLD = 900
# Seconds between two tries; a little more by the process's id, so that they are not all at once.
_PAUSE = 0.04


class Terminated(BaseException):
    """A signal came that ends this: what is open is closed, what is held is let go, a terminal is left as it was."""


def terminate(number: int, _frame: object) -> "NoReturn":
    """The handler of such a signal. Raises Terminated."""
    raise Terminated(number)


def through(profile: str, started: float) -> tuple[str | None, str]:
    """Go in: None, and the path of the door that is held, for `leave`. Or wait for who is in, and have what came of it:
    what `hit.main` gives, and no door; with a failure it is told, and this process ends.

    `started` is when it began (seconds since the epoch). Raises OSError as `hit.main` does, and Terminated.
    """
    inside = passed(profile, os.environ, started)
    if inside is not None:
        return None, inside
    due = hit.main(profile, time.time())
    code = told(profile, os.environ, started) if due is None else 0
    if code:
        os._exit(code)
    return due, ""


if sys.platform == "win32":

    def passed(_profile: str, _environ: "Mapping[str, str]", _now: float) -> str | None:
        """There is no such door: the key's lock is all."""
        return ""

else:
    # `signal` itself imports enum, which is a third of what a process that waits here costs.
    import _signal  # type: ignore[import-not-found]
    import fcntl

    def passed(profile: str, environ: "Mapping[str, str]", now: float) -> str | None:
        """Go in, and hold the door until this process ends: its path, for `leave`, empty where there is no door.

        Or wait while another process is in: None, and the cache is worth another look. `now` is in seconds since the
        epoch. Raises Terminated.
        """
        directory = hit.cache_directory(environ)
        if directory is None or hit.CALLERS in environ:
            return ""
        try:
            private_files.make_directory(directory)
            hit.check_private(os.lstat(directory), 0o040000)
            name = hit.stamp(profile, environ)[0].partition(".")[0]
            # Never closed: the kernel does that, and opens the door, however this process ends.
            path = os.path.join(directory, name + NAME)
            descriptor = private_files.create(path, 0)
            hit.check_private(os.fstat(descriptor), 0o100000)
            if _is_locked(descriptor, fcntl.LOCK_EX):
                return path
            is_old = hit.answer(profile, environ, now - _OLD) is not None
            _wait(descriptor, time.monotonic() + (_PATIENCE_WITH_CACHE if is_old else _PATIENCE))
            os.close(descriptor)
            return None
        except (OSError, ValueError):
            return ""

    def _wait(descriptor: int, until: float) -> None:
        """Until the door is open, or until `until` (monotonic). Raises Terminated."""
        ending = (_signal.SIGHUP, _signal.SIGQUIT, _signal.SIGTERM)
        ignored = (_signal.SIG_IGN, None)  # as under nohup; or not Python's to set
        before = {number: handler for number in ending if (handler := _signal.getsignal(number)) not in ignored}
        try:
            for number in before:
                _signal.signal(number, terminate)
            while not _is_locked(descriptor, fcntl.LOCK_SH) and time.monotonic() < until:
                time.sleep(_PAUSE + os.getpid() % 32 / 1000)
        finally:
            for number, handler in before.items():
                _signal.signal(number, handler)

    def _is_locked(descriptor: int, how: int) -> bool:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def leave(path: str) -> None:
    """Take the door away, at the very end: who waits has it open, who comes now finds what this process has cached."""
    try:
        os.unlink(path)
    except OSError:
        pass  # somebody clears the cache


def told(profile: str, environ: "Mapping[str, str]", since: float) -> int:
    """Say what who went in has failed with, if that is of `since` (seconds since the epoch) or later.

    Its exit code; 0 where nothing is known.
    """
    directory = hit.cache_directory(environ)
    if directory is None:
        return 0
    try:
        name, expected = hit.stamp(profile, environ)
        found = hit.unseal(hit.read_private(os.path.join(directory, name)))
        if not found.startswith(expected + b"\n-\n"):
            return 0
        at, exit_code, line = found[len(expected) + 3 :].split(b"\n", 2)
        code = int(exit_code)
        if not (since <= float(at) <= time.time() + 1 and 0 < code < 256):
            return 0
        hit.write(2, line + b"\n")
        return code
    except (OSError, ValueError):
        return 0
