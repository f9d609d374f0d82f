"""Where the program cannot be loaded: half an upgraded library, none at all, no memory.

What is cached and still good is served. Nothing here needs a library.
"""

import sys
import time
from collections.abc import Mapping, Sequence

from assume_helper import hit
from assume_helper.errors import internal_fault


def report(arguments: Sequence[str], environ: Mapping[str, str], started: float, error: Exception) -> int:
    """Serve what is cached for `get PROFILE`, or say what is wrong, and log it either way; the exit code.

    `started` is in seconds since the epoch.
    """
    is_missing = isinstance(error, ImportError) and error.name
    where = f"{error.name} is not installed for {sys.executable}" if isinstance(error, ImportError) else ""
    fault = f"{where}; install assume-helper again" if is_missing else str(internal_fault(error))
    document = _cached(arguments, environ)
    if len(arguments) > 1 and arguments[0] == "get":
        _log(arguments[1], started, fault, is_served=document is not None)
    if document is not None:
        hit.write(1, document)
        return 0
    hit.write(2, f"assume-helper: {fault}\n".encode("utf-8", "backslashreplace"))
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
