"""What can go wrong: each error says what happened, what to do next, and its exit code.

    AssumeHelperError          1  anything else
    ├── ConfigurationError     3  the AWS config, or a value in it
    │   ├── ChangedMeanwhile   3  a file that was to be replaced has changed
    │   └── UnknownRegion      3  a region's name that is none
    ├── SourceError            4  no usable source credentials
    │   ├── SourceExpired      4  there were some: a login, a token or a process has run out
    │   └── SourceNotKnown     4  STS does not know them
    ├── MFARequired            5  a code is needed and cannot be had
    │   └── MFANotGiven        5  somebody was asked for it, and gave none
    ├── MFACodeRefused         6  STS does not take the code
    ├── STSRefused             6  STS answered: no
    ├── STSNotReached          7  network, 5xx, deadline, an answer that is no answer
    │   ├── STSNotConnected    7  not so much as a request has left
    │   └── STSThrottled       7  STS was reached and asked for patience
    ├── ProgramNotFound      127  the program of `exec` is not there
    └── ProgramNotRunnable   126  it is there and cannot be started

Usage errors are exit 2 and come from click; 130 is an interrupt.
"""

import re
from collections.abc import Iterable
from typing import ClassVar

# C0, DEL, C1, the line and paragraph separators, and what reorders a line of text:
# none of these may reach a terminal or a log from a config, a server or a process.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# A secret access key has 40 characters of base64, a session token hundreds; others are base64url, in parts with dots.
# In a URL, in JSON or XML, some characters of these may be escapes.
_LONG_TOKEN = re.compile(r"(?:[A-Za-z0-9+/=_.%-]|\\/|\\u[0-9A-Fa-f]{4}|&#x?[0-9A-Fa-f]{1,4};){32,}")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]*[0-9][0-9a-fA-F]*")
_LONGEST_TEXT = 400


class AssumeHelperError(Exception):
    """The root: `message` (what happened) and `next_step` (what to do), one line each."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message, next_step)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message}; {self.next_step}"


class ConfigurationError(AssumeHelperError):
    """The AWS config cannot be read, or says something that cannot be done."""

    exit_code = 3


class ChangedMeanwhile(ConfigurationError):
    """A file that was to be replaced is no longer what it was when it was read."""


class UnknownRegion(ConfigurationError):
    """STS was not found in a region that nobody knows; it may be a new one, so what is cached may still be served."""


class SourceError(AssumeHelperError):
    """The credentials that would assume the role are missing or not accepted."""

    exit_code = 4


class SourceExpired(SourceError):
    """The credentials that would assume the role have run out: what is cached may still be served."""


class SourceNotKnown(SourceError):
    """STS does not know the credentials that would assume the role: deleted, deactivated, or another place's."""


class MFARequired(AssumeHelperError):
    """The role wants an MFA code and there is no way to get one: what is cached may still be served."""

    exit_code = 5


class MFANotGiven(MFARequired):
    """Somebody was asked for an MFA code, and gave none: those who wait are not to ask again."""


class MFACodeRefused(AssumeHelperError):
    """STS does not take the MFA code, which says nothing of the role: what is cached may still be served."""

    exit_code = 6


class STSRefused(AssumeHelperError):
    """STS was reached and refused: what is cached is no longer to be served."""

    exit_code = 6


class STSNotReached(AssumeHelperError):
    """STS could not be reached, or gave no usable answer: what is cached may still be served."""

    exit_code = 7


class STSNotConnected(STSNotReached):
    """No connection to STS was made: it has not seen what was to be sent, an MFA code perhaps."""


class STSThrottled(STSNotReached):
    """STS throttles this account or address: the one failure that is worth waiting longer for."""


class ProgramNotFound(AssumeHelperError):
    """The program that is to be run is not there; the exit code is a shell's."""

    exit_code = 127


class ProgramNotRunnable(AssumeHelperError):
    """The program that is to be run cannot be started; the exit code is a shell's."""

    exit_code = 126


def error_class(name: str) -> type[AssumeHelperError]:
    """The class called `name`. Raises ValueError where there is none."""
    classes: list[type[AssumeHelperError]] = [AssumeHelperError]
    for known in classes:
        if known.__name__ == name:
            return known
        classes.extend(known.__subclasses__())
    raise ValueError(name)


def shown(text: str, longest: int = _LONGEST_TEXT) -> str:
    """`text` as it may stand in one line for a person.

    Control characters are written as escapes, anything over `longest` characters is cut.
    """
    escaped = CONTROL.sub(lambda found: found.group().encode("unicode_escape", "surrogatepass").decode(), text)
    return escaped if len(escaped) <= longest else escaped[: longest - 3] + "..."


def line(subject: str, what: str) -> str:
    """The one line of standard error that says of `subject` what went wrong: SDKs show it as their exception's text."""
    return "assume-helper: " + (f"{shown(subject, 64)}: " if subject else "") + one_line(what)


def one_line(what: str) -> str:
    """What went wrong, on one line, as it is said and logged."""
    return shown(" ".join(what.split()), 1000)


def drawn(steps: Iterable[str]) -> str:
    """The names of a loop, from its first one back to it, as a message shows them."""
    return " -> ".join(shown(step, 64) for step in steps)


def loop_of_sources(steps: Iterable[str]) -> ConfigurationError:
    """The error for sources that lead back to where they began."""
    return ConfigurationError(
        f"the sources form a loop: {drawn(steps)}", "give one of these profiles credentials of its own"
    )


def in_words(seconds: float) -> str:
    """A length of time for a person: its two largest units, `2 h 5 min`."""
    left = int(abs(seconds))
    parts: list[str] = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
    return " ".join(part for part in parts[:2] if part) or "0 s"


def quoted(text: str) -> str:
    """Words of a server or another process, as they may be repeated: one line, without anything like a secret.

    Names and paths are long words too, so only those that mix upper case, lower case and digits, or are
    hexadecimal numbers, count as secrets.
    """

    def covered(found: re.Match[str]) -> str:
        word = found.group()
        mixed = any(c.isupper() for c in word) and any(c.islower() for c in word) and any(c.isdigit() for c in word)
        return "[...]" if mixed or _HEXADECIMAL.fullmatch(word) else word

    return shown(_LONG_TOKEN.sub(covered, " ".join(text.split())))
