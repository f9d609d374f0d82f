"""The shell that this process was started from: the very program that is its parent.

Between the two may be what only starts a program and waits for it: this helper's own launcher, and a few others. A
parent that is neither is a program, or a terminal, that has called: the shells above it are nobody's choice.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping

from assume_helper.answers import KNOWN_AS
from assume_helper.system import process_stat

# Whatever a person may be in, also those whose syntax `env` does not know.
NAMES = frozenset((*KNOWN_AS, "csh", "tcsh", "elvish", "nu", "xonsh", "yash", "osh", "ksh93"))
_STARTERS = frozenset(("assume-helper", "assume-helper-python", "uv", "uvx", "timeout", "time", "strace"))
_MOST_STARTERS = 8
# Behind the path of a program that an upgrade has replaced (proc(5), `exe`).
_GONE = " (deleted)"
# Seconds for `ps`, where there is no /proc.
_PATIENCE = 2.0

# Of a process: its parent, the path of its program ("" where that is not known), and its first argument or its name.
# Raises OSError.
Look = Callable[[int], tuple[int, str, str]]


def find(environ: Mapping[str, str]) -> str | None:
    """The path of the program; None where this was not called from a shell, or the system does not say."""
    if sys.platform == "win32":
        import shellingham  # type: ignore[import-untyped]

        try:
            path: str = shellingham.detect_shell()[1]
            return path
        except (OSError, RuntimeError):  # no shell among the parents
            return None
    return search(os.getppid(), environ, by_proc if sys.platform == "linux" else by_ps)


def search(process: int, environ: Mapping[str, str], look: Look) -> str | None:
    """The path of the shell that `process` is, or that is above it with nothing but starters in between."""
    try:
        for _ in range(_MOST_STARTERS):
            process, path, called = look(process)
            called = called.removeprefix("-")  # a login shell's (login(1))
            if _name(path) in NAMES:
                return path
            if _name(called) in NAMES:
                return _named(called, environ)
            if not {_name(path), _name(called)} & _STARTERS:
                return None
    except (OSError, ValueError, IndexError):  # it has ended, or is another user's
        pass
    return None


def _name(path: str) -> str:
    return os.path.basename(path).lower()


def _named(called: str, environ: Mapping[str, str]) -> str | None:
    """The shell of this name, where its program is not known, or is one of many names (busybox)."""
    own = environ.get("SHELL", "")
    for path in (called, own):
        if os.path.isabs(path) and _name(path) == _name(called) and os.access(path, os.X_OK):
            return path
    return shutil.which(_name(called), path=environ.get("PATH", os.defpath))


def by_proc(process: int) -> tuple[int, str, str]:
    """What Linux tells of a process (proc(5)), see `Look`."""
    parent = int(process_stat.fields(process)[process_stat.PARENT])
    path = os.readlink(f"/proc/{process}/exe")
    path = path.removesuffix(_GONE)
    if not os.access(path, os.X_OK):  # nothing has taken its place, or it is in another mount namespace
        path = ""
    with open(f"/proc/{process}/cmdline", "rb") as file:
        return parent, path, os.fsdecode(file.read(4096).partition(b"\0")[0])


def by_ps(process: int) -> tuple[int, str, str]:
    """What ps(1) tells, see `Look`: on macOS and the BSDs `comm` is the program as it was called."""
    words = ["/bin/ps", "-p", str(process), "-o", "ppid=", "-o", "comm="]
    try:
        said = subprocess.run(words, capture_output=True, check=False, timeout=_PATIENCE).stdout
    except subprocess.TimeoutExpired:
        return 0, "", ""
    parent, _, called = os.fsdecode(said).strip().partition(" ")
    called = called.strip()
    return int(parent), called if os.path.isabs(called) else "", called
