"""The config file's text, taken apart into sections and keys, and put together again to the byte.

`configupdater` says which lines belong to which key.
"""

import io
import re
from collections.abc import Iterable, Mapping, Sequence

from assume_helper.errors import ConfigurationError
from assume_helper.light import TYPE_CHECKING
from assume_helper.profiles.aws_config import profile_name
from assume_helper.text import has_control_character, printable

if TYPE_CHECKING:
    from configupdater import ConfigUpdater, Option, Section

    Sections = dict[str | None, list[Section]]

_FIRST_LINE = re.compile(r"(\s*[^=:]*[=:][ \t]*)(.*)", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\n|\r")


def parse(text: str) -> "ConfigUpdater":
    """The parsed text. Raises ConfigurationError where writing it again would not give the same text."""
    import configupdater

    document = configupdater.ConfigUpdater(strict=False)  # aws_config has refused duplicates
    try:
        document.read_file(io.StringIO(text, newline=""))
        if str(document) == text:
            return document
    except (configupdater.ParsingError, configupdater.MissingSectionHeaderError):
        pass
    raise ConfigurationError("the config file cannot be edited without changing its other lines", "edit it by hand")


def sections(document: "ConfigUpdater") -> "Sections":
    """The sections of each profile."""
    found: Sections = {}
    for section in document.iter_sections():
        found.setdefault(profile_name(section.name), []).append(section)
    return found


def section_of(sections: "Sections", name: str) -> "Section | None":
    """The section of the profile `name`, if it has one. Raises ConfigurationError where it has several."""
    found = sections.get(name, [])
    if len(found) > 1:
        raise ConfigurationError(
            f"profile {printable(name, 64)} has {len(found)} sections in the config file", "merge them into one"
        )
    return found[0] if found else None


def options_of(section: "Section | None") -> "dict[str, Option]":
    """The keys that stand in a section, by their names in small letters."""
    return {option.key: option for option in section.iter_options()} if section is not None else {}


def set_value(option: "Option", value: str | None) -> None:
    """Set the value of a key, or remove the key for None; blanks, comments and blank lines after it stay."""
    first, *rest = option.lines
    stays = [line for line in rest if not line.strip() or line.strip()[0] in "#;"]
    found = _FIRST_LINE.match(first)
    if value is not None and found is not None:
        start = found[1] if found[1].endswith((" ", "\t")) or found[2].strip() else found[1] + " "
        end = found[2][len(found[2].rstrip()) :] if found[2].strip() else first[len(first.rstrip("\r\n")) :]
        stays.insert(0, start + value + end)
    option.lines[:] = stays
    if not stays:
        option.detach()


def insert_after_first(lines: list[str], new: Iterable[str], end: str) -> None:
    """Put whole lines, each ended with `end`, after the first one of `lines`."""
    if not lines[0].endswith("\n"):
        lines[0] += end
    lines[1:1] = [line + end for line in new]


def refuse_control_characters(name: str, values: Mapping[str, str | None]) -> None:
    """The one gate for all that is written: raise ConfigurationError for a value or name that is no plain line."""
    section = f"[{printable(name, 64)}]"
    for key, value in values.items():
        if has_control_character(value or ""):
            raise ConfigurationError(
                f"{key} of {section} has a control character in it: {printable(value or '', 64)}",
                "type it anew: it was copied with a line end, say",
            )
    if any(has_control_character(text) for text in (name, *values)):
        raise ConfigurationError(f"the name {section} has a control character in it", "type it anew")


def line_end(text: str) -> str:
    """The line end that the text has, else a newline."""
    found = _LINE_END.search(text)
    return found[0] if found else "\n"


def with_sections(text: str, new: Iterable[Sequence[str]], end: str) -> str:
    """`text` with new sections behind it: the lines of each, without their ends, and a blank line before each.

    None is added where one is there already. The time that it takes does not grow with the square of anything.
    """
    parts = [text]
    is_ended = not text or text.endswith(("\n", "\r"))
    last_line = text[text.rfind("\n", 0, len(text) - 1) + 1 :]
    is_apart = not text.strip() or (not text.endswith("\r") and not last_line.strip())
    for lines in new:
        if not is_ended:
            parts.append(end)
        if not is_apart:
            parts.append(end)
        parts += [line + end for line in lines]
        is_ended, is_apart = True, False
    return "".join(parts)
