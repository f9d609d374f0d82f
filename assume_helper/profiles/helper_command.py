"""The credential_process that calls this helper: written in one form, and known again whoever wrote it.

botocore splits the line itself, without a shell (see `command_words`); all other SDKs hand it to `sh` (on Windows to
`cmd`). Both read an absolute path and plain words the same, and double quotes around what has blanks. Go's first SDK
(and so rclone) takes away the quotes that a value begins with, and so does cmd where there are more of them: where a
path can do without them at its beginning, it does.
"""

import os
import re
import sys
from collections.abc import Sequence

from assume_helper.errors import AssumeHelperError, ConfigurationError
from assume_helper.light import dataclass
from assume_helper.profiles import command_words
from assume_helper.text import printable

_SCRIPT = "assume-helper"
# The entry point beside the front, where that has the script's name.
PYTHON_SCRIPT = "assume-helper-python"
# Where this installation is.
PACKAGE_PATH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What no shell reads as anything but itself. Windows' own paths have backslashes, which are nothing to cmd.
_PLAIN = r"[\w@+=:,./ ~\\-]+" if sys.platform == "win32" else r"[\w@%+=:,./ -]+"
# A `=` is nothing to a shell, but PHP's parser minds it.
_TO_BE_QUOTED = r"[ ~=]" if sys.platform == "win32" else r"[ \\~=]"


@dataclass(frozen=True)
class HelperCommand:
    """A command that starts this helper, by whatever path: the words that start it, and its arguments."""

    program: tuple[str, ...]
    arguments: tuple[str, ...] = ()

    @property
    def is_fastest(self) -> bool:
        """Whether it is a Python and the package, not the console script."""
        return len(self.program) > 1

    @property
    def starts_python(self) -> bool:
        """Whether it starts Python, past the front of an installation that has one."""
        return self.is_fastest or _file_name(self.program[0]) == PYTHON_SCRIPT

    @property
    def module_path(self) -> str | None:
        """The path of the package's `__main__.py`, where the command names it."""
        return self.program[-1] if _is_module(self.program[-1]) else None

    @property
    def gets(self) -> bool:
        """Whether it is a `get`, as a credential_process must be."""
        return self.arguments[:1] == ("get",)

    @property
    def target(self) -> str | None:
        """The profile that it gets, without options; None for any other command."""
        return self.arguments[1] if self.gets and len(self.arguments) == 2 else None

    def is_for(self, profile: str) -> bool:
        """Whether it gets `profile`, options or not."""
        return self.gets and profile in self.arguments[1:]


def recognise(words: Sequence[str]) -> HelperCommand | None:
    """The command that these words are; None where they start another program.

    Known are the command and its Python entry point, by any path, and a Python with `-m assume_helper` or the path of
    this package.
    """
    if not words:
        return None
    length = 0
    if _file_name(words[0]) in {_SCRIPT, PYTHON_SCRIPT}:
        length = 1
    elif "python" in words[0]:
        for index in range(1, len(words)):
            if _is_module(words[index]) or list(words[index - 1 : index + 1]) == ["-m", "assume_helper"]:
                length = index + 1
                break
    return HelperCommand(tuple(words[:length]), tuple(words[length:])) if length else None


def parse(line: str | None) -> HelperCommand | None:
    """The `get` that a credential_process is; None where it is another command or another program's."""
    try:
        found = recognise(command_words.split(line or ""))
    except ValueError:  # a quote that is not closed
        return None
    return found if found is not None and found.gets else None


def target(line: str | None) -> str | None:
    """The profile that a credential_process gets from this helper; None where it is something else."""
    found = parse(line)
    return None if found is None else found.target


def _file_name(path: str) -> str:
    """A program's name, without Windows' suffix."""
    return re.split(r"[/\\]", path)[-1].removesuffix(".exe")


def _is_module(word: str) -> bool:
    return re.split(r"[/\\]", word)[-2:] == ["assume_helper", "__main__.py"]


def command_line(program: Sequence[str], arguments: Sequence[str]) -> str:
    """The value of credential_process. Raises ConfigurationError for what clients would read in different ways."""
    return " ".join([*(_word(part, "the path") for part in program), *(_word(part, "the name") for part in arguments)])


def _word(text: str, what: str) -> str:
    if not re.fullmatch(_PLAIN, text):
        odd = next((character for character in text if not re.fullmatch(_PLAIN, character)), "")
        raise ConfigurationError(
            f"{what} {printable(text, 120)} cannot stand in a credential_process: "
            + (f"a shell changes '{printable(odd)}'" if odd else "it is empty"),
            "use letters, digits, blanks and @+=:,./_-"
            + (" in it" if what == "the name" else ": install assume-helper in another place"),
        )
    return portable(text)


def portable(word: str) -> str:
    """`word` in double quotes where it needs them, and of a path only the parts that do: it begins without one."""
    parts = word.split("/") if sys.platform != "win32" and word.startswith("/") else [word]
    return "/".join(f'"{part}"' if re.search(_TO_BE_QUOTED, part) else part for part in parts)


def check_profile_name(name: str) -> None:
    """Raises ConfigurationError for a profile's name that cannot be written so that every client reads it alike."""
    _word(name, "the name")
    if name.startswith("-") or name != name.strip():
        raise ConfigurationError(
            f"the name {printable(name, 64)} would be taken for an option, or lose its blanks",
            "give the profile another name",
        )


def has_front() -> bool:
    """Whether the front has started this Python: it hands on the path that it was called by (`start` sets argv[0])."""
    return "assume_helper_called" in sys._xoptions


def program(*, fastest: bool) -> list[str]:
    """How this installation is started: the command `assume-helper`, or what starts fastest.

    Where there is a front, it is the fastest. Elsewhere Python is, without `site`, isolated, and the package's path.
    The command's path is the one it was called by, links and all: that outlives upgrades. Raises AssumeHelperError.
    """
    if fastest and not has_front():
        if not sys.executable:
            raise AssumeHelperError("this Python does not know its own path", "leave --fastest out")
        return [os.path.abspath(sys.executable), "-I", "-S", os.path.join(PACKAGE_PATH, "__main__.py")]
    import shutil  # to recognise a command, as every miss does, it is not needed

    called = sys.argv[0]
    if not os.path.dirname(called):  # the front hands on a bare name as its caller gave it
        called = shutil.which(called) or "" if has_front() else ""
    beside = os.path.join(os.path.dirname(os.path.abspath(sys.executable)), _SCRIPT)
    for candidate in (called, os.path.realpath(called), beside, shutil.which(_SCRIPT) or _SCRIPT):
        path = os.path.abspath(candidate)
        if _file_name(path) == _SCRIPT:
            for each in (path, path + ".exe"):
                if os.path.isfile(each) and os.access(each, os.X_OK):
                    return [each]
    mend = "call it by its own name" if has_front() else "use --fastest, which does without it"
    raise AssumeHelperError("the command assume-helper is not found", mend)
