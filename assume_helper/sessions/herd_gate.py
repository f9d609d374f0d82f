"""The herd gate of a profile's name: if many processes find nothing cached, one leads and the others wait.

Followers wait here, before they have imported anything, and then look at the cache once more: two hundred processes
that start together cost as many starts of Python, and one full way. The gate only saves work. The key's lock (see
`cache.key_lock`) makes sure that STS is called once. So a follower may go the full way after a while, and a gate that
cannot be used is skipped.

Where there is a native front, that waits, and hands the gate to this process (`adopt`).
"""

import os
import sys
import time

from assume_helper import hit, lookups
from assume_helper.sessions import asker, time_budget
from assume_helper.system import home, private_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from assume_helper.answers import Request

SUFFIX = ".door"
# What has expired for no longer than this (seconds) may be served as stale: `cache.session.window` less a minute.
_STALE = 900
# The exit code of SourceError.
_OF_A_SOURCE = 4
# In place of the gate where the front has waited for it (see `adopt`).
WAITED = "waited"
# The gate that this process holds: its descriptor and its path.
_held: "list[tuple[int, str]]" = []
# Seconds between two tries; a little more by the process's id, so that followers do not all try at once.
_POLL = 0.04


class Terminated(BaseException):
    """A signal ends this process: what is open is closed, locks are released, the terminal is restored."""


def terminate(number: int, _frame: object) -> "NoReturn":
    """The handler of such a signal. Raises Terminated."""
    raise Terminated(number)


def enter(asked: "Request", environ: "Mapping[str, str]", started: float) -> "tuple[hit.Answer | None, int]":
    """Lead, or follow the leader: what `hit.answer` gave, and an exit code.

    The leader holds the gate, until `leave`. A follower has the leader's answer, or has replayed its failure (the exit
    code); with neither it goes the full way.

    `started` is when this process began (seconds since the epoch). Raises FullWay as `hit.answer` does, and Terminated.
    """
    _, profile, words, _ = asked
    moved = home.moved_cache(environ)
    if moved:  # where the full way has it
        environ = {**environ, "ASSUME_HELPER_CACHE_DIR": moved}
        found = hit.answer(profile, environ, time.time(), None, words)
        if found is not None:
            return found, 0
    elif moved is not None:
        return None, 0
    if take_or_wait(profile, environ, started, words) is not None:
        return None, 0
    return follow(asked, environ, started)


def follow(asked: "Request", environ: "Mapping[str, str]", started: float) -> "tuple[hit.Answer | None, int]":
    """What `enter` gives to a follower that has waited."""
    command, profile, words, _ = asked
    found = hit.answer(profile, environ, time.time(), lookups.observe, words)
    # A person at a terminal may log in, where the leader could ask nobody.
    may_ask = command != "get" and os.isatty(0) and os.isatty(2)
    return found, replay_failure(profile, environ, started, words, may_ask=may_ask) if found is None else 0


def take_or_wait(profile: str, environ: "Mapping[str, str]", now: float, words: "Sequence[str]" = ()) -> str | None:
    """Take the gate and hold it until `leave`, or until this process ends: its path, "" where there is no gate.

    Or wait while another process holds it: None, and the cache is worth another look. `now` is in seconds since the
    epoch. Raises Terminated.
    """
    directory = hit.cache_directory(environ)
    if directory is None or hit.CALLERS in environ:
        return ""
    try:
        private_files.make_directory(directory)
        hit.check_private(directory)
        name = hit.stamp(profile, environ, None, words)[0].partition(".")[0]
        # The kernel closes it, and opens the gate, however this process ends.
        path = os.path.join(directory, name + SUFFIX)
        descriptor = private_files.create(path, 0)
        hit.check_private(descriptor)
        if _try_lead(descriptor):
            _held.append((descriptor, path))
            return path
        has_stale = hit.answer(profile, environ, now - _STALE, lookups.observe, words) is not None
        patience = time_budget.GATE_WITH_CACHE if has_stale else time_budget.GATE_WITHOUT_CACHE
        _wait(descriptor, time.monotonic() + patience)
        os.close(descriptor)
        return None
    except (OSError, ValueError):
        return ""


if sys.platform == "win32":
    from assume_helper.system import byte_lock

    # In place of the path of a gate that the front holds; the number is that of an event, which it waits for.
    _OF_FRONT = ""

    def adopt(gate: str) -> None:
        """Have `leave` tell the front to open the gate that it holds: `gate` is the number of an inherited event."""
        if gate.isdecimal():
            _held.append((int(gate), _OF_FRONT))

    def _open(number: int, path: str) -> None:
        if path == _OF_FRONT:
            import ctypes

            ctypes.windll.kernel32.SetEvent(ctypes.c_void_p(number))
            return
        byte_lock.unlock(number)
        os.close(number)  # an open file cannot be deleted there
        os.unlink(path)

    def _wait(descriptor: int, until: float) -> None:
        """Wait until the gate is open, or until `until` (monotonic). Raises OSError."""
        while not byte_lock.try_lock(descriptor, shared=True) and time.monotonic() < until:
            time.sleep(_POLL + os.getpid() % 32 / 1000)

    def _try_lead(descriptor: int) -> bool:
        return byte_lock.try_lock(descriptor)

else:
    # The module `signal` imports enum, which is a third of what a follower costs.
    import _signal  # type: ignore[import-not-found]
    import fcntl

    def adopt(gate: str) -> None:
        """Hold the gate that the front has taken: DESCRIPTOR:PATH. What is no such thing is left alone."""
        number, _, path = gate.partition(":")
        try:
            descriptor = int(number)
            if descriptor <= 2:
                return
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - also where the file has gone: no program gets it
            if os.path.samestat(os.fstat(descriptor), os.lstat(path)):
                _held.append((descriptor, path))
        except (OSError, ValueError, OverflowError):
            return

    def _open(descriptor: int, path: str) -> None:
        try:
            os.unlink(path)
        finally:
            os.close(descriptor)

    def _wait(descriptor: int, until: float) -> None:
        """Wait until the gate is open, or until `until` (monotonic). Raises Terminated."""
        ending = (_signal.SIGHUP, _signal.SIGQUIT, _signal.SIGTERM)
        ignored = (_signal.SIG_IGN, None)  # as under nohup; or not Python's to set
        before = {number: handler for number in ending if (handler := _signal.getsignal(number)) not in ignored}
        try:
            for number in before:
                _signal.signal(number, terminate)
            while not _try_lock(descriptor, fcntl.LOCK_SH) and time.monotonic() < until:
                time.sleep(_POLL + os.getpid() % 32 / 1000)
        finally:
            for number, handler in before.items():
                _signal.signal(number, handler)

    def _try_lead(descriptor: int) -> bool:
        return _try_lock(descriptor, fcntl.LOCK_EX)

    def _try_lock(descriptor: int, how: int) -> bool:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def leave() -> None:
    """Open the gate, where this process holds it: who waited, and who comes now, finds what was cached.

    To be called before another process is started that lasts longer: it would inherit the gate.
    """
    while _held:
        try:
            _open(*_held.pop())
        except OSError:
            pass  # the cache was cleared meanwhile; on Windows somebody waits, and the file stays


def replay_failure(
    profile: str, environ: "Mapping[str, str]", since: float, words: "Sequence[str]" = (), *, may_ask: bool = False
) -> int:
    """Replay the leader's failure on stderr, if it is of `since` (seconds since the epoch) or later.

    Its exit code; 0 where there is none, or only one that depends on who asked, and this process is not as the leader.
    One of a source is not replayed where this process `may_ask` a person to log in.
    """
    try:
        _, _, failure = hit.read_hit(profile, environ, words)
        if failure is None:
            return 0
        at, exit_code, line = failure
        if not (since <= at <= time.time() + 1 and 0 < exit_code < 256) or (may_ask and exit_code == _OF_A_SOURCE):
            return 0
        mark, _, said = line.partition(b"\n")
        if not said or not asker.matches(mark.decode("ascii"), environ, *asker.place(exit_code)):
            return 0
        hit.write(2, said + b"\n")
        return exit_code
    except (OSError, ValueError):
        return 0
