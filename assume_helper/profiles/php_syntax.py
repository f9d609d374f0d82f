"""What PHP's SDK makes of the AWS config: it reads the file with PHP's own parser, twice.

For credentials it reads with INI_SCANNER_RAW, for settings with INI_SCANNER_NORMAL; before, it takes out the lines that
begin with `#` and end with a newline (`Aws\\parse_ini_file`). Each rule was measured with PHP 8.2, and a test compares
them with the parser. Lines may hold secrets: what is said of one is its number and one character.
"""

import re
from collections.abc import Iterator

from assume_helper.light import dataclass
from assume_helper.profiles.aws_config import profile_name
from assume_helper.profiles.double_quotes import unquoted

# In a value outside of double quotes these are operators, comments, quotes or variables to PHP.
_FATAL = re.compile(r"[()!~=&|^\"]")
# In a key, and in all that PHP takes for one: a comment that is indented or stands behind a header.
_ODD_IN_KEY = re.compile(r"[(){}!&|^\"~\[$]")
_KEYWORDS = frozenset({"null", "yes", "no", "true", "false", "on", "off", "none"})
_QUOTED = re.compile(r'"[^"]*"')
_COMMENT = re.compile(r"^#.*\n", re.M)


@dataclass(frozen=True)
class Problem:
    """What PHP cannot read: the line, the sign in it, in words, and what mends it.

    `is_whole_file`: not even credentials are found; else it is settings that PHP ignores, with a warning each time.
    """

    line: int
    sign: str
    next_step: str
    is_whole_file: bool

    @property
    def what(self) -> str:
        """The problem as a message says it."""
        reads = "reads no credentials of" if self.is_whole_file else "warns, and ignores all settings of"
        return f"PHP {reads} the config: line {self.line} has {self.sign}"


def problems(text: str) -> list[Problem]:
    """What in the config's `text` PHP cannot read: the first of what matters most, none where all is well.

    A file that PHP cannot read for credentials is read for nothing else either.
    """
    found = list(_problems(text))
    return sorted(found, key=lambda problem: not problem.is_whole_file)[:1]


def _problems(text: str) -> Iterator[Problem]:
    kept = _COMMENT.sub("\n", text)
    for number, line in enumerate(kept.split("\n"), 1):
        rest = line.strip()
        if rest.startswith("["):
            header, closing, rest = rest[1:].partition("]")
            bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", header)
            if closing and re.search("[\"';]", bare):
                what = "a quote or semicolon in its header"
                yield Problem(number, what, "give the section a name without it", is_whole_file=False)
            rest = rest.strip()
        if rest and not rest.startswith(";"):
            yield from _of_pair(number, rest)


def _of_pair(number: int, text: str) -> Iterator[Problem]:
    key, separator, value = text.partition("=")
    key, semicolon, _ = key.partition(";")
    odd = _ODD_IN_KEY.search(key)
    if odd is not None or (separator and not semicolon and key.strip().lower() in _KEYWORDS):
        is_comment = key.startswith("#")
        where = "a comment that is indented, behind a header, or a last line without an end" if is_comment else "a key"
        sign = f"'{odd.group()}'" if odd is not None else "a word of PHP's own"
        mend = "begin the comment's line with #, and end it" if is_comment else "rename the key"
        yield Problem(number, f"{sign} in {where}", mend, is_whole_file=True)
    elif separator and not semicolon:
        yield from _of_value(number, key.strip(), value.strip())


def _of_value(number: int, key: str, value: str) -> Iterator[Problem]:
    bare = _QUOTED.sub("", value)
    semicolon = ";" in value and not (unquoted(value) != value and value.count('"') == 2)
    odd = _FATAL.search(bare.partition(";")[0])
    if semicolon and key.lower() == "credential_process":
        yield Problem(number, "';' in the command, which ends it", "put the command into a script", is_whole_file=False)
    elif odd is not None or (value.startswith("'") and value.count("'") == 1):
        sign = odd.group() if odd is not None else "'"
        mend = "put the value in double quotes, in a command only the word; a policy into a file"
        yield Problem(number, f"{sign} outside of double quotes", mend, is_whole_file=False)


def unread_profiles(text: str) -> dict[str, str]:
    """The profiles of the config's `text` that PHP does not find, each with the reason."""
    names: dict[str, bool] = {}
    for section in re.findall(r"^\[(.+)\]", text, re.M):
        name = profile_name(section)
        if name is not None:
            names[name] = names.get(name, False) or section == f"profile {name}"
    renamed = "takes a name with blanks or quotes for another one"
    return {
        name: "does not read [default]" if name == "default" else renamed for name, found in names.items() if not found
    }
