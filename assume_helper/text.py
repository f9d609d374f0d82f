"""Text for people: printable, on one line, and without secrets."""

import re
import sys
from collections.abc import Iterable

# C0, DEL, C1, the line and paragraph separators, and what reorders a line of text:
# none of these may reach a terminal or a log from a config, a server or a process.
CONTROL_CHARACTERS = r"[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
# These may be in a name, and cannot be seen: a no-break space, which Option and the space bar make, looks like a blank.
_ESCAPED = CONTROL_CHARACTERS + r"|[\u00a0\u00ad\u200b\u2060\ufeff]"
# A secret access key has 40 characters of base64, a session token hundreds; others are base64url, in parts with dots.
# In a URL, in JSON or XML, some characters of these may be escapes.
_LONG_WORD = r"(?:[A-Za-z0-9+/=_.%-]|\\/|\\u[0-9A-Fa-f]{4}|&#x?[0-9A-Fa-f]{1,4};){32,}"
# What looks like a comment at the end of a value.
COMMENT = r"\S\s+[#;]|^#."
ON_ITS_OWN_LINE = "put the comment on a line of its own: here it is a part of the value"
_HEXADECIMAL = r"[0-9a-fA-F]*[0-9][0-9a-fA-F]*"
_LONGEST_TEXT = 400


def printable(text: str, longest: int = _LONGEST_TEXT) -> str:
    """`text` made safe for a line that a person reads.

    Control characters and what cannot be seen are written as escapes, anything over `longest` characters is cut.
    """
    escaped = text
    if not (text.isascii() and text.isprintable()):
        escaped = re.sub(_ESCAPED, lambda found: found.group().encode("unicode_escape", "surrogatepass").decode(), text)
    return escaped if len(escaped) <= longest else escaped[: longest - 3] + "..."


def typed(word: str, platform: str = sys.platform) -> str:
    """`word` as a person types it into a shell of this system.

    On Windows in double quotes, which PowerShell and cmd know: but for what PowerShell would evaluate in them.
    """
    if platform != "win32":
        import shlex

        return shlex.quote(word)
    if re.fullmatch(r"[\w+=:./\\-]+", word):
        return word
    if not re.search('[$`"%\u201c-\u201e]', word):
        return f'"{word}"'
    return "'" + re.sub("['\u2018-\u201b]", lambda quote: quote.group() * 2, word) + "'"


def has_control_character(text: str) -> bool:
    """Whether `text` holds one of CONTROL_CHARACTERS."""
    return not text.isprintable() and re.search(CONTROL_CHARACTERS, text) is not None


def has_comment(value: str) -> bool:
    """Whether `value` ends with what looks like a comment.

    Most SDKs take it for one; to botocore, and so to the AWS CLI, it is a part of the value.
    """
    return ("#" in value or ";" in value) and re.search(COMMENT, value) is not None


def error_line(subject: str, what: str) -> str:
    """The line on stderr that says what went wrong with `subject`. SDKs show it as their exception's text."""
    return "assume-helper: " + (f"{printable(subject, 64)}: " if subject else "") + one_line(what)


def one_line(what: str) -> str:
    """What went wrong, on one line, as it is printed and logged."""
    return printable(" ".join(what.split()), 1000)


def draw_loop(steps: Iterable[str]) -> str:
    """The names of a loop, from its first one back to it, as a message shows them."""
    return " -> ".join(printable(step, 64) for step in steps)


def duration_text(seconds: float) -> str:
    """A length of time for a person: its two largest units, `2 h 5 min`."""
    left = int(abs(seconds))
    parts: list[str] = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
    return " ".join(part for part in parts[:2] if part) or "0 s"


def redacted(text: str) -> str:
    """Words of a server or of another process, made safe to repeat: one line, without anything like a secret.

    Names and paths are long words too, so only those that mix upper case, lower case and digits, or are
    hexadecimal numbers, count as secrets.
    """

    def covered(found: re.Match[str]) -> str:
        word = found.group()
        mixed = any(c.isupper() for c in word) and any(c.islower() for c in word) and any(c.isdigit() for c in word)
        return "[...]" if mixed or re.fullmatch(_HEXADECIMAL, word) else word

    return printable(re.sub(_LONG_WORD, covered, " ".join(text.split())))
