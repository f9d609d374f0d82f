"""Whose home it is. Nothing is created or replaced in another user's.

Under `sudo -E`, or in a job's container, HOME may belong to another user than this process runs as. What is made there
would be this user's, closed to the owner of the home. Cache and log are then in the home that the user database names.
"""

import os
import stat
import sys

from assume_helper import hit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def is_foreign(path: str, environ: "Mapping[str, str]") -> bool:
    """Whether `path` is in HOME, and HOME belongs to another user."""
    home = foreign_home(environ)
    return home is not None and (_is_in(path, home) or _is_in(os.path.realpath(path), os.path.realpath(home)))


def foreign_home(environ: "Mapping[str, str]") -> str | None:
    """HOME, where it belongs to another user; None where it is ours, is not set, or does not exist."""
    if sys.platform == "win32":
        return None
    home = environ.get("HOME", "")
    if not os.path.isabs(home):
        return None
    try:
        owner = os.stat(home).st_uid
    except (OSError, ValueError):
        return None
    # A home that is root's, and that the user database gives to us: containers with any user id have it so.
    if owner == os.geteuid() or (owner == 0 and _in_user_database() == (home.rstrip("/") or "/")):
        return None
    return home.rstrip("/") or "/"


def own_home() -> str | None:
    """The home that the user database names, None where it names none, or another user's."""
    home = _in_user_database()
    try:
        return home if home is None or sys.platform == "win32" or os.stat(home).st_uid == os.geteuid() else None
    except OSError:
        return home  # it may be made


def moved_cache(environ: "Mapping[str, str]") -> str | None:
    """Where the cache is in our own home, since the directory that `environ` names is in another user's.

    None where it is not; "" where we have no home.
    """
    directory = hit.cache_directory(environ)
    if directory is None or not is_foreign(directory, environ):
        return None
    return _in_own_home("Library/Caches" if sys.platform == "darwin" else ".cache")


def moved_state(directory: str, environ: "Mapping[str, str] | None" = None) -> str | None:
    """Where the state `directory` is in our own home, as `moved_cache`; HOME is this process's own by default."""
    if not is_foreign(directory, os.environ if environ is None else environ):
        return None
    return _in_own_home("Library/Application Support" if sys.platform == "darwin" else ".local/state")


def taken(path: str, environ: "Mapping[str, str] | None" = None) -> tuple[str, str] | None:
    """What an earlier `sudo -E` left in our own HOME: the topmost directory on the way down to `path` that another user
    owns, as what is wrong and what mends it: `PATH belongs to OWNER`, and a command for a shell.

    None where the owner is not what stands in the way: the last part that is there is ours, or not a directory. Links
    are not followed, nor is `..`: a whole tree is to be given away, and that is to be in HOME.
    """
    home = (os.environ if environ is None else environ).get("HOME", "").rstrip("/") or "/"
    if sys.platform == "win32" or not os.path.isabs(home) or not _is_in(path, home):
        return None
    parts = [part for part in path[len(home) :].split("/") if part not in ("", ".")]
    below, found, owner, is_last = home.rstrip("/"), "", 0, False
    try:
        if ".." in parts or os.stat(home).st_uid != os.geteuid():
            return None
        for part in parts:
            below += "/" + part
            status = os.lstat(below)
            if not stat.S_ISDIR(status.st_mode):
                return None
            is_last = status.st_uid != os.geteuid()
            if is_last and not found:
                found, owner = below, status.st_uid
    except (OSError, ValueError):
        pass  # not there, or in a directory that is closed to us
    if not is_last:
        return None
    import shlex

    from assume_helper.text import printable

    shown = printable(found)
    mend = f"sudo chown -R {shlex.quote(_user_name(os.geteuid()))} {shlex.quote(shown)}"
    return f"{shown} belongs to {_user_name(owner)}", mend


def _in_own_home(below: str) -> str:
    home = own_home()
    return "" if home is None else os.path.join(home, below, "assume-helper")


def _in_user_database() -> str | None:
    if sys.platform == "win32":
        return None
    import pwd  # it may ask a directory service

    try:
        home = pwd.getpwuid(os.geteuid()).pw_dir
    except (KeyError, OSError):
        return None
    return (home.rstrip("/") or "/") if os.path.isabs(home) else None


def _is_in(path: str, home: str) -> bool:
    # Of the root directory, which is HOME where there is none, only what a home has: ~/.cache, ~/.aws.
    return path.startswith("/." if home == "/" else home + "/")


def _user_name(number: int) -> str:
    """The user's name, or the number: chown takes both."""
    if sys.platform == "win32":
        return str(number)
    import pwd

    from assume_helper.text import printable

    try:
        return printable(pwd.getpwuid(number).pw_name, 64) or str(number)
    except (KeyError, OSError):
        return str(number)


def state_directory(environ: "Mapping[str, str] | None" = None) -> str:
    """The directory for the log and for notes, as platformdirs names it; of this process's environment by default."""
    environ = os.environ if environ is None else environ
    if sys.platform == "win32":
        return os.path.join(environ.get("LOCALAPPDATA", ""), "assume-helper")
    if sys.platform == "darwin":
        return hit.expand_home("~/Library/Application Support/assume-helper", environ)
    base = environ.get("XDG_STATE_HOME", "")
    return os.path.join(base if os.path.isabs(base) else hit.expand_home("~/.local/state", environ), "assume-helper")
