"""The program cannot be loaded: a library is missing or half upgraded, or memory is short.

A good cached session is served. Nothing here needs a library.
"""

import time
from collections.abc import Mapping, Sequence

from assume_helper import hit
from assume_helper.errors import internal_fault
from assume_helper.system import broken_library


def describe(error: Exception, environ: Mapping[str, str], callers_folders: list[str]) -> str:
    """What happened and what to do, in one line. `callers_folders` are those that PYTHONPATH brought in."""
    if isinstance(error, OSError) and not isinstance(error, ImportError):  # too few descriptors even for an import
        return f"{error.filename or 'a file'} cannot be read ({error.strerror}); raise the limit on files (ulimit -n)"
    if broken_library.is_reason(error):
        return broken_library.line(error, environ, callers_folders)
    return str(internal_fault(error))


def serve(arguments: Sequence[str], environ: Mapping[str, str], started: float, fault: str) -> bool:
    """Serve what is cached and still good for `get PROFILE`, and log `fault`; whether there was anything.

    `started` is in seconds since the epoch.
    """
    document = _cached(arguments, environ)
    if document is None:
        return False
    _log(arguments[1], started, fault, is_served=True)
    hit.write(1, document)
    return True


def report(arguments: Sequence[str], started: float, fault: str) -> int:
    """Print `fault` on stderr, and log it where it is a program's; the exit code."""
    subject = ""
    if len(arguments) > 1 and arguments[0] == "get":
        _log(arguments[1], started, fault, is_served=False)
        subject = f"{arguments[1]}: " if arguments[1].isprintable() else ""
    hit.write(2, f"assume-helper: {subject}{fault}\n".encode("utf-8", "backslashreplace"))
    return 1


def _cached(arguments: Sequence[str], environ: Mapping[str, str]) -> bytes | None:
    if len(arguments) != 2 or arguments[0] != "get" or hit.is_elevated():
        return None
    try:
        from assume_helper.sessions import last_resort

        return last_resort.document(arguments[1], environ, time.time())
    except Exception:  # noqa: BLE001 - Python's own library may be damaged, too
        return None


def _log(profile: str, moment: float, fault: str, *, is_served: bool) -> None:
    try:
        from assume_helper.cli import audit_log
        from assume_helper.text import one_line, printable

        what = f"cached credentials were served, and the program cannot be loaded: {fault}" if is_served else fault
        event = {"event": "warning" if is_served else "failure", "profile": printable(profile, 64)}
        audit_log.append(moment, event | {"message": one_line(what), "exit_code": "0" if is_served else "1"})
    except Exception:  # noqa: BLE001, S110 - as above
        pass
