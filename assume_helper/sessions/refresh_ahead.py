"""The process that refreshes a session in the background: started by a hit, one try for each back-off.

The try is noted before the process starts: whatever stands in its way, the next one waits. All keys share 64 files,
chosen by the key; each holds the latest tries: a key, and until when the next one waits (seconds since the epoch). The
file's lock is acquired here and inherited by the process, so the kernel releases it however that process ends.
"""

import os
import sys

from assume_helper import hit
from assume_helper.sessions import time_budget
from assume_helper.system import own_python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import NoReturn

# Tells the new process which descriptor holds the lock.
OPTION = "--refresh-ahead"
_FLAGS = os.O_RDWR | os.O_CREAT | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
# Which descriptor that is: the first one behind the standard streams; or none.
_DESCRIPTOR = 3
_NO_LOCK = -1
_SLOTS = 64
# Tries that are noted in a file at most, and their length.
_MOST_TRIES = 64
_LONGEST = 4096
# Where the system does not say which descriptors are open, no more than these are closed.
_MOST_DESCRIPTORS = 4096
_PROGRAM = "from assume_helper.start import main; sys.exit(main())"


def start(path: str, arguments: "Sequence[str]", environ: "Mapping[str, str]", now: float) -> None:
    """Start a process that runs `arguments` (those of the hit) once more and refreshes what is cached.

    Not where one is running, or one was started just before `now` (seconds since the epoch). `path` is `<key>.ahead` in
    the cache. Failures are ignored: the caller has its answer.
    """
    if not sys.executable:
        return
    words = [*own_python.words(_PROGRAM), *arguments, OPTION]
    try:
        _start(words, environ, path, now)
    except (OSError, ValueError, ImportError):
        return


def file_path(path: str, suffix: str = "") -> str:
    """The file in which the tries of the key in `path` (`<key>.ahead`) are noted, beside it."""
    directory, name = os.path.split(path)
    key = name.partition(".")[0]
    return os.path.join(directory, f"{int(key[1:9], 16) % _SLOTS:02x}{suffix}{hit.AHEAD_SUFFIX}")


def problem(path: str) -> str | None:
    """Why the file for `path` cannot be used, in words; None where it can."""
    try:
        os.close(_open(file_path(path)))
    except OSError as error:
        return error.strerror or str(error)
    return None


def _open(path: str) -> int:
    """A descriptor of the file at `path`. Raises OSError, also where it is not ours alone."""
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        if hasattr(os, "fchmod") and os.fstat(descriptor).st_mode & 0o600 != 0o600:
            os.fchmod(descriptor, 0o600)  # a umask may have taken the owner's rights
        hit.check_private(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _claim(path: str, now: float, try_lock: "Callable[[int], bool]") -> int | None:
    """A descriptor that holds the lock, with this try noted.

    None where another process holds it, or has just tried. Where the file cannot be used there is a second one.
    """
    try:
        descriptor = _open(file_path(path))
    except OSError:
        descriptor = _open(file_path(path, "-2"))
    try:
        if try_lock(descriptor) and _note_try(descriptor, os.path.basename(path)[:32], now):
            return os.dup(descriptor)
    finally:
        os.close(descriptor)
    return None


def _note_try(descriptor: int, key: str, now: float) -> bool:
    """Note a try for `key`; whether it is its turn. (A time far ahead is a clock that has jumped.)"""
    shortest, longest = time_budget.BACK_OFF
    recent = []
    for other, until in _tries(descriptor):
        if now < until <= now + longest:
            if other == key:
                return False
            recent.append((other, until))
    _write(descriptor, [*recent[-_MOST_TRIES + 1 :], (key, now + shortest + os.getpid() % (longest - shortest))])
    return True


def _tries(descriptor: int) -> list[tuple[str, float]]:
    os.lseek(descriptor, 0, os.SEEK_SET)
    found = []
    for line in os.read(descriptor, _LONGEST).decode("ascii", "replace").splitlines():
        key, _, until = line.partition(" ")
        try:
            found.append((key, float(until)))
        except ValueError:
            continue
    return found


def _write(descriptor: int, tries: list[tuple[str, float]]) -> None:
    data = "".join(f"{key} {until:.3f}\n" for key, until in tries).encode()
    os.lseek(descriptor, 0, os.SEEK_SET)
    hit.write(descriptor, data)
    os.ftruncate(descriptor, len(data))


def back_off(descriptor: int, until: float) -> None:
    """Make the next try for the key that was noted last wait until `until` (seconds since the epoch)."""
    if descriptor == _NO_LOCK:
        return
    try:
        *others, (key, _) = _tries(descriptor)
        _write(descriptor, [*others, (key, until)])
    except (OSError, ValueError):
        pass  # the next try is noted already


if sys.platform == "win32":

    def _start(words: list[str], environ: "Mapping[str, str]", path: str, now: float) -> None:
        """Windows inherits no lock: the key's own lock prevents a second refresh at once."""
        import subprocess

        from assume_helper.system import detached

        descriptor = _claim(path, now, lambda _descriptor: True)
        if descriptor is None:
            return
        os.close(descriptor)
        detached.start([*words, str(_NO_LOCK)], environ, subprocess.DEVNULL)

else:

    def _start(words: list[str], environ: "Mapping[str, str]", path: str, now: float) -> None:
        descriptor = _claim(path, now, _try_lock)
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
            _close_from(_DESCRIPTOR + 1)
            os.execve(words[0], [*words, str(_DESCRIPTOR)], environ)  # noqa: S606
        finally:
            os._exit(127)

    def _close_from(first: int) -> None:
        """Close what is open from the descriptor `first` on. To try each that could be takes seconds at high limits."""
        for folder in ("/proc/self/fd", "/dev/fd"):
            try:
                # The one that lists them is among them, and is closed by then.
                opened = [int(name) for name in os.listdir(folder) if name.isdigit()]
            except OSError:
                continue
            for descriptor in opened:
                if descriptor >= first:
                    os.closerange(descriptor, descriptor + 1)  # it ignores errors
            return
        os.closerange(first, min(os.sysconf("SC_OPEN_MAX"), _MOST_DESCRIPTORS))

    def _try_lock(descriptor: int) -> bool:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
