"""Why a file cannot be read as an AWS config: the line that is wrong, what is wrong with it, and what mends that.

Nothing of the file is repeated: a line may hold a secret.
"""

import codecs
import configparser
import io
import re
import sys

from assume_helper.light import dataclass

_NEITHER = "a line is neither a [section] nor key = value"
_CORRECT = "correct that line"
_SDKS_TOO = "the AWS CLI and boto3 cannot read the file either"
# The marks and names of the encodings that Windows programs write; the longer marks first.
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class FileProblem:
    """What is wrong, as it follows the file's path in a message, and what mends it."""

    what: str
    mend: str


def of_text(error: configparser.Error, text: str) -> FileProblem:
    """Why configparser refuses `text`, whose lines each end with a \\n: the first line that is wrong.

    configparser reports a key or section that appears twice at once, and other lines at the end only: a section's line
    that is not read as one makes the keys behind it appear twice.
    """
    number, problem, mend = _problem(error)
    if number is None:
        return FileProblem(f": {problem}", f"{mend}: {_SDKS_TOO}")
    lines = text.split("\n")
    if isinstance(error, configparser.DuplicateOptionError | configparser.DuplicateSectionError):
        number = _wrong_before(lines, number) or number
    bracket = _bracket(lines[number - 1]) if number <= len(lines) else None
    if bracket is not None:
        problem, mend = bracket
    elif isinstance(error, configparser.DuplicateOptionError) and number != error.lineno:
        problem, mend = _NEITHER, _CORRECT
    return FileProblem(f", line {number}: {problem}", f"{mend}: {_SDKS_TOO}")


def _problem(error: configparser.Error) -> tuple[int | None, str, str]:
    """The line, what is wrong in it, and what mends it."""
    match error:
        case configparser.DuplicateSectionError():
            return error.lineno, "a section appears twice", _CORRECT
        case configparser.DuplicateOptionError():
            return error.lineno, "a key appears twice in one section", _CORRECT
        case configparser.MissingSectionHeaderError():
            return error.lineno, "something comes before the first [section]", _CORRECT
        case configparser.ParsingError():
            return error.errors[0][0], _NEITHER, _CORRECT
        case _:
            return None, "it is not in the format of the AWS config", "correct it"


def _wrong_before(lines: list[str], number: int) -> int | None:
    """The first line before `number` that is no line of a config, or a section's with a bracket missing."""
    try:
        configparser.RawConfigParser(strict=False).read_file(io.StringIO("\n".join(lines[: number - 1])))
    except configparser.ParsingError as error:
        return error.errors[0][0]
    except configparser.Error:
        return None
    # An equals sign has made it a key of the section before, or blanks a part of a value.
    return next((n for n, line in enumerate(lines[: number - 1], 1) if _bracket(line) is not None), None)


def _bracket(line: str) -> tuple[str, str] | None:
    """What is wrong with a section's line that is not read as one, and what mends it; None for another line."""
    stripped = line.strip()
    if re.match(r"[ \t]+\[\s*(profile|services|sso-session)\s", line):
        return "a [section] is indented: it is a part of the value before it", "remove the blanks before that ["
    if stripped.startswith(_BYTE_ORDER_MARK):
        return f"{_NEITHER}: a byte order mark is before it, as where files were joined", "write that line anew"
    if line[:1].isspace() or stripped[:1] in ("", "#", ";"):
        return None
    if stripped.startswith("[") and "]" not in stripped:
        return f"{_NEITHER}: its closing ] is missing", "add the ] to that line"
    if re.fullmatch(r"(profile|sso-session|services)\s[^=:\[\]]*\]|[^\s=:\[\]]+\]", stripped):
        return f"{_NEITHER}: its opening [ is missing", "add the [ to that line"
    return None


def of_bytes(error: UnicodeDecodeError, data: bytes) -> FileProblem:
    """Why `data` is not UTF-8, and what makes it so.

    `iconv` is named where it mends the file: not where some of it is UTF-8 already, which would then be wrong.
    """
    wide = of_wide_characters(data)
    if wide is not None:
        return wide
    line = bytes(error.object).count(b"\n", 0, error.start) + 1  # without the mark
    start = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    what = f", line {line} is not UTF-8"
    if any(_is_utf8(part) for part in re.findall(rb"[\x80-\xff]+", data[start:])):
        return FileProblem(f"{what}, as other lines are", "write that line anew and save the file as UTF-8")
    if start:
        mend = save_as_utf_8("tail -c +4 FILE | iconv -f latin1 -t utf-8")
        return FileProblem(f"{what}, though the file's first bytes say so", mend)
    return FileProblem(what, save_as_utf_8("iconv -f latin1 -t utf-8"))


def save_as_utf_8(command: str, platform: str = sys.platform) -> str:
    """What to do with a file that `command` would convert. Windows has none of its programs: its editors can do it."""
    return "save the file as UTF-8" + (f" ({command} does it)" if platform != "win32" else "")


def of_wide_characters(data: bytes) -> FileProblem | None:
    """The problem of a file in UTF-16 or UTF-32, as PowerShell's `>` and Notepad write it; None for another one."""
    name = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    form = name
    if name is None:
        name = form = _wide_without_mark(data)
        form = form and form + ("LE" if data[:1] != b"\0" else "BE")
    if name is None or form is None:
        return None
    mend = save_as_utf_8(f"iconv -f {form.lower()} -t utf-8")
    return FileProblem(f", line 1 is not UTF-8: the file is {name}", mend)


def _wide_without_mark(data: bytes) -> str | None:
    """UTF-16 or UTF-32, where the text's first characters, all ASCII, are spread over two or four bytes each."""
    if len(data) >= 8 and (data[1:4] == data[5:8] == b"\0\0\0" or data[:3] == data[4:7] == b"\0\0\0") and any(data[:8]):
        return "UTF-32"
    pairs = data[:8]
    if len(pairs) >= 4 and ((not any(pairs[1::2]) and all(pairs[::2])) or (not any(pairs[::2]) and all(pairs[1::2]))):
        return "UTF-16"
    return None


def _is_utf8(part: bytes) -> bool:
    try:
        part.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
