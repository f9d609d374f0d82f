"""The line that makes SDKs call the helper, in the one form that all of them read alike.

botocore splits it as `shlex` does, without a shell; all others hand it to `sh` (on Windows to `cmd`). Both read an
absolute path and plain words the same, and double quotes around what has blanks. Go's first SDK (and so rclone) takes
away the quotes that a value begins with: where a path can do without them at its beginning, it does.
"""

import os
import re
import shutil
import sys
from collections.abc import Sequence

from assume_helper.errors import AssumeHelperError, ConfigurationError
from assume_helper.text import printable

_SCRIPT = "assume-helper"
# What no shell reads as anything but itself. Windows' own paths have backslashes, which double quotes keep from sh.
_PLAIN = re.compile(r"[\w@+=:,./ ~\\-]+" if sys.platform == "win32" else r"[\w@%+=:,./ -]+")
_TO_BE_QUOTED = re.compile(r"[ \\~]")


def command_line(program: Sequence[str], arguments: Sequence[str]) -> str:
    """The value of credential_process. Raises ConfigurationError for what clients would read in different ways."""
    return " ".join([*(_word(part, "the path") for part in program), *(_word(part, "the name") for part in arguments)])


def _word(text: str, what: str) -> str:
    if not _PLAIN.fullmatch(text):
        odd = next((character for character in text if not _PLAIN.fullmatch(character)), "")
        raise ConfigurationError(
            f"{what} {printable(text, 120)} cannot stand in a credential_process"
            + (f": a shell does not take '{printable(odd)}' for itself" if odd else ": it is empty"),
            "use letters, digits, blanks and @+=:,./_-"
            + (" in it" if what == "the name" else ": install assume-helper in another place"),
        )
    return portable(text)


def portable(word: str) -> str:
    """`word` in double quotes where it needs them, and of a path only the parts that do: it begins without one."""
    parts = word.split("/") if sys.platform != "win32" and word.startswith("/") else [word]
    return "/".join(f'"{part}"' if _TO_BE_QUOTED.search(part) else part for part in parts)


def check_profile_name(name: str) -> None:
    """Raises ConfigurationError for a profile's name that cannot be written so that every client reads it alike."""
    _word(name, "the name")
    if name.startswith("-") or name != name.strip():
        raise ConfigurationError(
            f"the name {printable(name, 64)} would be taken for an option, or lose its blanks",
            "give the profile another",
        )


def program(*, fastest: bool) -> list[str]:
    """How this installation is started: the console script, or what starts fastest (without `site`, isolated).

    The console script's path is the one it was called by, links and all: that outlives upgrades.
    """
    if fastest:
        if not sys.executable:
            raise AssumeHelperError("this Python does not say where it is", "leave --fastest out")
        package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        return [os.path.abspath(sys.executable), "-I", "-S", os.path.join(package, "__main__.py")]
    called = os.path.abspath(sys.argv[0]) if os.path.dirname(sys.argv[0]) else ""
    beside = os.path.join(os.path.dirname(os.path.abspath(sys.executable)), _SCRIPT)
    for candidate in (called, beside, os.path.abspath(shutil.which(_SCRIPT) or _SCRIPT)):
        if os.path.basename(candidate).removesuffix(".exe") == _SCRIPT:
            for path in (candidate, candidate + ".exe"):
                if os.path.isfile(path) and os.access(path, os.X_OK):
                    return [path]
    raise AssumeHelperError("the console script assume-helper is not found", "use --fastest, which does without it")
