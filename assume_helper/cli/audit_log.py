"""What nobody saw: credentials that were issued, warnings and failures, as JSON lines in the state directory.

Many SDKs hide stderr. Never a secret; 0600 in 0700; at 1 MiB the log is renamed to `.1` and begun anew.

    every line   time, event (issue, warning, failure), profile
    issue        outcome (hit, miss, refresh), account, role, session_name, access_key (its last four), caller
    others       message, exit_code
"""

import json
import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime

from assume_helper import hit
from assume_helper.cache.session import Session
from assume_helper.cli import caller
from assume_helper.errors import AssumeHelperError
from assume_helper.system import private_files
from assume_helper.text import printable

_LARGEST = 1024 * 1024
# One line more than that may be in it; what is far larger is not ours.
_LARGEST_READ = 4 * _LARGEST
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def path() -> str | None:
    """Where the log is, None where there is no place for it."""
    import platformdirs

    try:
        directory = platformdirs.user_state_dir("assume-helper", appauthor=False)
    except RuntimeError:
        return None
    return os.path.join(directory, "log.jsonl") if os.path.isabs(directory) else None


def append(moment: float, event: Mapping[str, str]) -> None:
    """Add one line: `moment` (seconds since the epoch) in UTC, then `event`. That it cannot is nobody's trouble."""
    target = path()
    if target is None:
        return
    time = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"time": time, **event}).encode() + b"\n"
    try:
        private_files.make_directory(os.path.dirname(target))
        descriptor = private_files.create(target, os.O_APPEND)
        try:
            status = os.fstat(descriptor)
            hit.check_private(status, stat.S_IFREG)
            if status.st_size > _LARGEST:
                os.replace(target, target + ".1")
            os.write(descriptor, line)
        finally:
            os.close(descriptor)
    except OSError:
        pass


def issue(profile: str, session: Session, started: float) -> dict[str, str]:
    """The event of a session that was handed out by a process that began at `started` (seconds since the epoch).

    A miss is one that STS has issued since: to this process, or to one that it waited for.
    """
    # arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION (IAM, Identifiers); the role's path is not in it
    parts = (session.assumed_role_arn or "").split(":", 5)
    kind, _, rest = parts[-1].partition("/")
    role, _, name = rest.partition("/") if kind == "assumed-role" else ("", "", "")
    return {
        "event": "issue",
        "profile": printable(profile, 64),
        "outcome": "miss" if session.issued >= started else "hit",
        "account": printable(session.account_id or "", 64),
        "role": printable(role, 64),
        "session_name": printable(name, 64),
        "access_key": printable(session.credentials.access_key_id[-4:]),
        "caller": printable(caller.name(), 64),
    }


def events() -> list[dict[str, str]]:
    """All that is in the log and in the one that was put aside, the oldest first; passing over what is no event.

    Raises AssumeHelperError where a log is there and is not to be believed.
    """
    target = path()
    if target is None:
        return []
    found = []
    for line in (_read(target + ".1") + b"\n" + _read(target)).split(b"\n"):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and isinstance(record.get("time"), str) and isinstance(record.get("event"), str):
            found.append({name: value for name, value in record.items() if isinstance(value, str)})
    return found


def _read(target: str) -> bytes:
    try:
        descriptor = os.open(target, _READ_FLAGS)
    except FileNotFoundError:
        return b""
    except OSError as error:
        reason = "is a link" if os.path.islink(target) else f"cannot be read ({error.strerror})"
        raise AssumeHelperError(f"{printable(target)} {reason}", "remove it: nothing is logged there") from None
    try:
        hit.check_private(os.fstat(descriptor), stat.S_IFREG)
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(_LARGEST_READ)
    except hit.NotPrivate as error:
        raise AssumeHelperError(f"{printable(target)} {error}", "remove it: nothing is logged there") from None
    finally:
        os.close(descriptor)
