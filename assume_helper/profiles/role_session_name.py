"""The session's name in AWS's audit trail: by default the user and the host."""

import os
import re
import sys
from collections.abc import Mapping

from assume_helper import lookups
from assume_helper.system import host_name

# STS: RoleSessionName has 2 to 64 characters of this set (API reference of AssumeRole).
_LONGEST = 64
# GetUserNameW: UNLEN, and the end.
_LONGEST_OF_WINDOWS = 257
_UNSAFE = r"[^\w+=,.@-]+"


def session_name() -> str:
    """`user@host`, made safe for STS: the system's user, whatever the environment says, and the short host name."""
    return make_safe(_user(), host_name.own())


def fill_in(template: str, profile: str) -> str:
    """`template` with `{user}`, `{host}` and `{profile}` filled in, each made safe for STS, cut at 64 characters.

    A template without any of these stays as it is.
    """
    name = template
    for word, value in (
        ("{user}", _user),
        ("{host}", lambda: _short(host_name.own())),
        ("{profile}", lambda: profile),
    ):
        if word in name:
            name = name.replace(word, _plain(value()) or "unknown")
    return name if name == template else name[:_LONGEST]


def conditions(template: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """What the placeholders of `template` are filled in from, and what that comes to now (see `lookups`)."""
    names = []
    if template is not None and ("{host}" in template or "{user}" in template):
        names.append("host")
        if "{user}" in template:  # which name a user's id has
            users = os.path.join(os.sep, "etc", "passwd")
            names += [f"file {users}"] if sys.platform != "win32" else []  # it has no such file
    return lookups.observed(environ, *names)


def make_safe(user: str, host: str) -> str:
    """`user@host` of 2 to 64 characters that STS takes; letters with accents lose them, anything else becomes `-`."""
    user, host = _plain(user), _plain(_short(host))
    user = user[: _LONGEST - 2]
    return f"{user or 'unknown'}@{host or 'unknown'}"[:_LONGEST]


def _plain(text: str) -> str:
    import unicodedata

    decomposed = unicodedata.normalize("NFKD", text)
    without_accents = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(_UNSAFE, "-", without_accents, flags=re.ASCII).strip("-")


def _short(host: str) -> str:
    return host.partition(".")[0]


def _user() -> str:
    if sys.platform == "win32":
        import ctypes

        name, size = ctypes.create_unicode_buffer(_LONGEST_OF_WINDOWS), ctypes.c_uint32(_LONGEST_OF_WINDOWS)
        return name.value if ctypes.WinDLL("advapi32").GetUserNameW(name, ctypes.byref(size)) else ""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without an entry
        return f"uid-{os.getuid()}"
