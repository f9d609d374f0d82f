"""What an answer was resolved through, looked up again: by the full way, and by a hit of the few profiles that need it.

A condition is a text and what it came to. What is looked up is what the config says, as it stands there: where another
HOME, variable, working directory, PATH or link comes to the same, the answer is the same.

    file PATH       the state of a file that was read (see `hit.state_of`)
    path PATH       the real path of a file or directory that an argument names
    folder PATH     the real path of a directory with files of ours
    program NAME    the real path of a program, searched for as a process is started
    env NAME        the value of a variable, which is no secret
    text PATH       the first line of a small file
    host            the host's name
"""

import os
import sys

from assume_helper.hit import ABSENT, HOME, expand_home, file_state, fingerprint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_TEXT = 200


def observe(what: str, environ: "Mapping[str, str]") -> str:
    """What the condition `what` comes to now; ABSENT for what is not there. Raises OSError, ValueError."""
    kind, _, name = what.partition(" ")
    if kind == "env":
        return "=" + environ[name] if name in environ else ABSENT
    if kind == "host":
        return _host(environ)
    if kind == "program":
        return find_program(name, environ)
    if kind in ("path", "folder"):
        return find_path(name, environ)
    if kind == "file":
        return file_state(expand_home(name, environ))
    return _text(name) if kind == "text" else ABSENT


def observed(environ: "Mapping[str, str]", *conditions: str) -> dict[str, str]:
    """Each of `conditions` with what it comes to now. Raises OSError, ValueError."""
    return {what: observe(what, environ) for what in conditions}


def find_program(name: str, environ: "Mapping[str, str]") -> str:
    """The real path of the program `name`, found as `subprocess` finds it; ABSENT where there is none."""
    folders = [""] if os.path.dirname(name) else environ.get("PATH", os.defpath).split(os.pathsep)
    endings = ("", ".exe") if sys.platform == "win32" else ("",)
    for path in (os.path.join(folder, name + ending) for folder in folders for ending in endings):
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return os.path.realpath(path)
    return ABSENT


def find_path(written: str, environ: "Mapping[str, str]") -> str:
    """The real path of the file or directory that `written` names; ABSENT where there is none."""
    if "$" in written:
        import re  # only for those who need it

        names = r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))"
        written = re.sub(names, lambda found: environ.get(found[1] or found[2], ""), written, flags=re.ASCII)
    path = expand_home(written, environ)
    return os.path.realpath(path) if os.path.exists(path) else ABSENT


def _host(environ: "Mapping[str, str]") -> str:
    if sys.platform == "win32":
        return environ.get("COMPUTERNAME", "")
    return os.uname().nodename


def _text(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        return os.read(descriptor, _LONGEST_TEXT).decode("ascii", "replace").partition("\n")[0]
    finally:
        os.close(descriptor)


def origin(environ: "Mapping[str, str]") -> str:
    """Where names are looked up from now: HOME, the working directory and PATH, each as a fingerprint."""
    try:
        here = os.getcwd()
    except OSError:
        here = ""
    places = (environ.get(HOME, ""), here, environ.get("PATH", ""))
    return " ".join(fingerprint(place.encode("utf-8", "surrogateescape")) for place in places)


def has_vanished(what: str, before: str, now: str, *, origins: tuple[str, str]) -> bool:
    """Whether what `what` came to `before` is not there `now`, and was looked up from the same place both times.

    `origins` are that time's and this time's `origin`: HOME, the working directory and PATH, where `what` depends on
    them.
    """
    kind, _, name = what.partition(" ")
    if kind not in ("file", "path", "program") or now != ABSENT or before == ABSENT or "$" in name:
        return False
    (home, here, search), (home_now, here_now, search_now) = (place.split(" ") for place in origins)
    if name.startswith("~"):
        return home == home_now
    if kind == "program" and not os.path.dirname(name):
        return search == search_now and here == here_now
    return os.path.isabs(name) or here == here_now
