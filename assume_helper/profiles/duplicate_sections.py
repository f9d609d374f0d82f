"""Sections of the config file that define the same thing under two headers, as `[default]` and `[profile default]`.

As for botocore (`botocore.configloader.build_profile_map`) the last one counts and the others are as if they were not
there. The very same header twice is a syntax error, which `aws_config` raises.
"""

import configparser
import io
import re
from collections.abc import Mapping

from assume_helper import hit
from assume_helper.errors import ConfigurationError
from assume_helper.light import dataclass
from assume_helper.profiles import aws_config
from assume_helper.system.warning import Warning
from assume_helper.text import printable

# As configparser finds one in a line; that an indented one belongs to a value is for `aws_config` to say.
_HEADER = re.compile(r"[ \t]*\[(.+)\]")
_KINDS = ("services", "sso-session")


@dataclass(frozen=True)
class Section:
    """A header, as it is written between the brackets, and its line, counted from 1."""

    header: str
    line: int


@dataclass(frozen=True)
class Duplicate:
    """The sections that define one thing, in the order of their lines. The last one counts."""

    path: str
    sections: tuple[Section, ...]

    @property
    def what(self) -> str:
        """What is wrong, for a warning or a check."""
        shown = [f"[{printable(section.header, 64)}] (line {section.line})" for section in self.sections]
        last = f"only the last counts here and in boto3, others take another: {printable(self.path)}"
        return f"{', '.join(shown[:-1])} and {shown[-1]} are the same: {last}"

    @property
    def next_step(self) -> str:
        """What mends it."""
        return "merge them into one section"

    @property
    def warning(self) -> Warning:
        """The warning for people."""
        return Warning(self.what, self.next_step)


def find(environ: Mapping[str, str]) -> list[Duplicate]:
    """The duplicates of the config file. None where it cannot be read: who needs it will say why."""
    path = hit.config_paths(environ)[0]
    try:
        text = aws_config.decode(aws_config.read_bytes(path, "AWS_CONFIG_FILE"), path)
        return in_text(text, path)
    except (ConfigurationError, configparser.Error):
        return []


def in_text(text: str, path: str) -> list[Duplicate]:
    """The duplicates in `text`. Raises configparser.Error where it is no config.

    Most files have none: so the lines are looked through first, and parsed only where two look the same.
    """
    found: dict[tuple[str, str], dict[str, Section]] = {}
    if "[" not in text:
        return []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        header = _HEADER.match(line)
        defined = _defined(header[1]) if header is not None else None
        if header is not None and defined is not None:
            found.setdefault(defined, {}).setdefault(header[1], Section(header[1], number))
    several = [sections for sections in found.values() if len(sections) > 1]
    if not several:
        return []
    parser = configparser.RawConfigParser()
    parser.read_file(io.StringIO(text, newline=None))
    sections = [tuple(each for each in headers.values() if parser.has_section(each.header)) for headers in several]
    return [Duplicate(path, each) for each in sections if len(each) > 1]


def _defined(header: str) -> tuple[str, str] | None:
    """The kind and the name of what a section defines; None where it defines nothing that is looked up by name."""
    name = aws_config.profile_name(header)
    if name is not None:
        return "profile", name
    for kind in _KINDS:
        if header.startswith(kind):
            name = aws_config.profile_name("profile" + header.removeprefix(kind))
            return None if name is None else (kind, name)
    return None
