"""The log of issued credentials, warnings and failures: JSON lines in the state directory.

It is there because many SDKs hide standard error. It never holds a secret. Its mode is 0600, its directory's 0700. At
1 MiB it is renamed to `.1`, and a new one begins.

    every line   time, event (issue, warning, failure), profile
    issue        outcome (hit, miss, refresh), account, role, session_name, access_key (its last four), caller
    others       message, exit_code
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from time import monotonic, sleep

from assume_helper import hit
from assume_helper.cache.session import Session
from assume_helper.errors import AssumeHelperError
from assume_helper.profiles.login import PermissionSet
from assume_helper.profiles.role import Profile
from assume_helper.system import home, private_files, process_list
from assume_helper.text import printable

_LARGEST = 1024 * 1024
# The last line may go beyond the limit. Reading stops here: this program wrote no larger file.
_LARGEST_READ = 4 * _LARGEST
# Others may look into the directory: each file is closed to them.
_READABLE = 0o055
_UNKNOWN = "unknown"
# Seconds: how long Windows' processes wait for their turn, and between two looks.
_PATIENCE, _PAUSE = 1, 0.005
# Most SDKs have a shell start the credential process.
_SHELLS = {"sh", "dash", "bash", "zsh", "ash", "busybox"}
_MOST_SHELLS = 4
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def path() -> str | None:
    """The log's path; None where there is no state directory."""
    try:
        directory = home.state_directory() if sys.platform == "win32" else ""
        if os.path.isabs(directory):  # where the notes are, and the cache: platformdirs does not ask LOCALAPPDATA
            return os.path.join(directory, "log.jsonl")
        import platformdirs

        directory = platformdirs.user_state_dir("assume-helper", appauthor=False)
    except RuntimeError:
        return None
    except ImportError:  # the missing libraries themselves are logged
        directory = home.state_directory()
    directory = _in_own_home(directory)
    return os.path.join(directory, "log.jsonl") if os.path.isabs(directory) else None


def _in_own_home(directory: str) -> str:
    """`directory`, or where it is in our own home if that is in another user's."""
    moved = home.moved_state(directory)
    return directory if moved is None else moved


def append(moment: float, event: Mapping[str, str]) -> None:
    """Add one line: `moment` (seconds since the epoch) in UTC, then `event`. Failures to log are ignored."""
    try:
        target = path()
        if target is not None:
            _append(target, moment, event)
    except Exception:  # noqa: BLE001, S110 - nobody's credentials are to fail for a line in the log
        pass


def _append(target: str, moment: float, event: Mapping[str, str]) -> None:
    time = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"time": time, **event}).encode() + b"\n"
    private_files.make_directory(os.path.dirname(target))
    _check_directory(os.path.dirname(target))
    with _turn(target):
        descriptor = private_files.create(target, os.O_APPEND)
        try:
            status = hit.check_private(descriptor)
            os.write(descriptor, line)
            is_full = status.st_size > _LARGEST
            if is_full and _may_rename(descriptor, target):
                os.replace(target, target + ".1")
        finally:
            os.close(descriptor)
        if is_full and sys.platform == "win32":  # an open file cannot be renamed there
            private_files.replace(target, target + ".1")


def _check_directory(directory: str) -> None:
    """Raise NotPrivate where the log's directory is a link, or other users may change what is in it."""
    hit.check_private(directory, 0o077 & ~_READABLE)


if sys.platform == "win32":
    from assume_helper.system import byte_lock

    @contextmanager
    def _turn(target: str) -> Iterator[None]:
        """One process after the other: what Windows' C library appends may be written over by another process.

        Whoever has waited for a second, for one that stands still, goes on.
        """
        descriptor = private_files.create(target + ".lock", 0)
        try:
            until = monotonic() + _PATIENCE
            while not byte_lock.try_lock(descriptor) and monotonic() < until:
                sleep(_PAUSE)
            yield
        finally:
            byte_lock.unlock(descriptor)
            os.close(descriptor)

    def _may_rename(_descriptor: int, _target: str) -> bool:
        return False

else:
    import fcntl

    def _turn(_target: str) -> AbstractContextManager[None]:
        """All at once: here a line is appended whole (POSIX, write with O_APPEND)."""
        return nullcontext()

    def _may_rename(descriptor: int, target: str) -> bool:
        """Whether this process is the one that renames the full log: of several that see it, the first to lock it.

        Another one would rename the new log. What it writes to the full one is in `.1`. Nobody waits.
        """
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return os.path.samestat(os.fstat(descriptor), os.lstat(target))
        except OSError:
            return False


def issue(name: str, profile: Profile, session: Session, started: float) -> dict[str, str]:
    """The event of a session of `profile`, which a process handed out for `name`.

    `started` is when that process began (seconds since the epoch).

    It is a miss if AWS issued the session after `started`, to this process or to one that this process waited for.
    """
    # arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION (IAM, Identifiers); it does not hold the role's path
    parts = (session.assumed_role_arn or "").split(":", 5)
    kind, _, rest = parts[-1].partition("/")
    role, _, session_name = rest.partition("/") if kind == "assumed-role" else ("", "", "")
    if isinstance(profile.source, PermissionSet) and profile.role_arn is None:
        role = profile.source.role_name
    if profile.root_task is not None:
        role = f"root/{profile.root_task}"
    return {
        "event": "issue",
        "profile": printable(name, 64),
        "kind": profile.kind,
        "outcome": "miss" if session.issued >= started else "hit",
        "account": printable(session.account_id or "", 64),
        "role": printable(role, 64),
        "session_name": printable(session_name, 64),
        "access_key": printable(session.credentials.access_key_id[-4:]),
        "caller": printable(calling_program(), 64),
    }


def problem() -> AssumeHelperError | None:
    """Why nothing is logged; None where all is well, or there is no log yet."""
    target = path()
    if target is None:
        return None
    directory = os.path.dirname(target)
    try:
        _check_directory(directory)
    except OSError as error:
        is_bad = isinstance(error, hit.NotPrivate)
        taken = home.taken(directory) if is_bad or not private_files.may_be_made(directory) else None
        if taken is not None:
            return AssumeHelperError(f"{taken[0]}: nothing is logged", taken[1])
        if is_bad:
            what = f"{printable(directory)} {error}: nothing is logged"
            from assume_helper.doctor import closing  # seldom needed

            command = closing.command(printable(directory), "700", str(error))
            return AssumeHelperError(what, f"it must be a directory of yours: {command}")
    return None


def events() -> list[dict[str, str]]:
    """The events of the log and of `.1`, the oldest first. Lines that are no event are skipped.

    Raises AssumeHelperError where a log is a link, unreadable, or open to other users.
    """
    target = path()
    if target is None:
        return []
    found_problem = problem()
    if found_problem is not None:
        raise found_problem
    found = []
    for line in (_read(target + ".1") + b"\n" + _read(target)).split(b"\n"):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and isinstance(record.get("time"), str) and isinstance(record.get("event"), str):
            found.append({name: value for name, value in record.items() if isinstance(value, str)})
    return found


def calling_program() -> str:
    """The name of the program that started this process, past any `sh -c`; `unknown` where the system does not say.

    Linux keeps at most 15 bytes of it (proc(5)). macOS tells it only to code in C.
    """
    if sys.platform == "win32":
        return _listed(process_list.calling_program)
    process = str(os.getppid())
    try:
        for _ in range(_MOST_SHELLS):
            found = _read_proc(process, "comm").removesuffix("\n")
            if found not in _SHELLS or _read_proc(process, "cmdline").split("\0")[1:2] != ["-c"]:
                return found or _UNKNOWN
            # The name, in parentheses, may hold blanks.
            process = _read_proc(process, "stat").rpartition(")")[2].split()[1]
    except (OSError, IndexError):
        pass
    return _UNKNOWN


def program_name(number: int) -> str:
    """The name of the program that runs as process `number`; `unknown` where the system does not say."""
    if sys.platform == "win32":
        return _listed(lambda: process_list.program_name(number))
    try:
        return printable(_read_proc(str(number), "comm").removesuffix("\n"), 64) or _UNKNOWN
    except OSError:
        return _UNKNOWN


def _listed(name: Callable[[], str]) -> str:
    """What the list of Windows' processes says; `unknown` where it says nothing."""
    try:
        return printable(name(), 64) or _UNKNOWN
    except OSError:
        return _UNKNOWN


def _read_proc(process: str, file_name: str) -> str:
    with open(f"/proc/{process}/{file_name}", "rb") as file:
        return file.read(4096).decode("utf-8", "backslashreplace")


def _read(target: str) -> bytes:
    try:
        descriptor = os.open(target, _READ_FLAGS)
    except FileNotFoundError:
        return b""
    except OSError as error:
        reason = "is a link" if os.path.islink(target) else f"cannot be read ({error.strerror})"
        raise AssumeHelperError(f"{printable(target)} {reason}", "remove it, so that a new log can begin") from None
    try:
        hit.check_private(descriptor)
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(_LARGEST_READ)
    except hit.NotPrivate as error:
        raise AssumeHelperError(f"{printable(target)} {error}", "remove it, so that a new log can begin") from None
    finally:
        os.close(descriptor)
