"""Sections of the two files that were meant to be read and are not, each with its line and how to write it.

botocore takes the last `]` of a section's line as its end, splits the name as `shlex` does, and drops what is not of
its form without a word (`botocore.configloader.build_profile_map`). All SDKs ignore a section of the config file that
does not begin with `profile`; in the credentials file a section has the profile's bare name.
"""

import re
from collections.abc import Iterable, Iterator

from assume_helper.light import dataclass
from assume_helper.text import printable, redacted

# The word that a section of the config file begins with, however it is written, and the name behind it.
_KINDS = r"(?P<kind>profile|services|service|sso-session|sso_session)\b[\s:=/.-]*(?P<name>.*)"
# Sections of the config file that are meant to be no profiles.
_NO_PROFILES = r"(services|sso-session|login-session|sts-session)\s+\S.*|plugins|preview|toolkit.*|cli"
# What nothing is wrong with, as with nearly all of a long file.
_USUAL = re.compile(r"profile [\w.@+-]+")
_USUAL_NAME = re.compile(r"[\w.@+-]+")
_DROPPED = "boto3 and the AWS CLI do not read"
_PLAIN_NAME = r"[^\s\"'\\]+"


@dataclass(frozen=True)
class UnreadSection:
    """A section that is not read as it was meant: `header` is its text between the brackets, `line` counts from 1.

    `names` are what it was probably meant to be called, the likeliest first; none where it has no name. `kind` is the
    word before the name (`profile`, `services`, `sso-session`). `other_file` is where it belongs, if not here.
    """

    path: str
    line: int
    header: str
    kind: str
    names: tuple[str, ...]
    problem: str
    in_credentials: bool = False
    has_comment: bool = False
    is_indented: bool = False
    other_file: str | None = None

    @property
    def what(self) -> str:
        """The file, the line, the section and what is wrong with it."""
        shown = printable(redacted(printable(f"[{self.header}]")), 64)
        return f"{printable(self.path)}, line {self.line} has a section {shown}, which {self.problem}"

    def written(self, name: str | None = None) -> str:
        """The section's line as it has to be, for the profile `name` where that is one of `names`."""
        chosen = name if name in self.names else next(iter(self.names), "NAME")
        shown = printable(chosen, 64)
        if self.in_credentials and self.kind == "profile":
            return f"[{shown}]"
        if self.kind == "profile" and chosen == "default":
            return "[default]"
        if not re.fullmatch(_PLAIN_NAME, shown):
            shown = '"' + re.sub(r'(["\\])', r"\\\1", shown) + '"'
        return f"[{self.kind} {shown}]"

    def mend(self, name: str | None = None) -> str:
        """What to do, for the profile `name` where that is one of `names`."""
        if self.other_file is not None:
            return f"move it to {printable(self.other_file)}, as {self.written(name)}"
        if self.is_indented:
            return f"remove the blanks at that line's beginning: {self.written(name)}"
        comment = ", and put what follows on a line of its own" if self.has_comment else ""
        return f"name it {self.written(name)}{comment}"


def of_config(path: str, text: str, headers: Iterable[str]) -> Iterator[UnreadSection]:
    """The unread ones of the config file's sections; `text` has the file's lines, each ended by a \\n."""
    headers = list(headers)
    found = {header: problem for header in headers if (problem := _problem(header)) is not None}
    for line, header in _lines(text, found):
        inner, has_comment = _without_comment(header)
        kind, names = _meant(inner)
        yield UnreadSection(path, line, header, kind, names, found[header], has_comment=has_comment)
    yield from _indented(path, text, headers, in_credentials=False)


def of_credentials(path: str, text: str, headers: Iterable[str], config_path: str) -> Iterator[UnreadSection]:
    """The unread ones of the credentials file's sections; `config_path` is where those of another kind belong."""
    headers = list(headers)
    found = {header: problem for header in headers if (problem := _problem_in_credentials(header)) is not None}
    for line, header in _lines(text, found):
        inner, has_comment = _without_comment(header)
        kind, names = _meant(inner)
        elsewhere = None if kind == "profile" else config_path
        yield UnreadSection(
            path,
            line,
            header,
            kind,
            names,
            found[header],
            in_credentials=True,
            has_comment=has_comment,
            other_file=elsewhere,
        )
    yield from _indented(path, text, headers, in_credentials=True)


def _indented(path: str, text: str, headers: list[str], *, in_credentials: bool) -> Iterator[UnreadSection]:
    """The sections whose line is indented below a key: a part of that key's value."""
    if not re.search(r"\n[ \t]+\[", text):
        return
    form = r"[ \t]+\[([\w.@+ -]+)\]" if in_credentials else r"[ \t]+\[((?:profile|services|sso-session)\s.+|default)\]"
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(form, line)
        if match is not None and match.group(1) not in headers:
            kind, names = _meant(_without_comment(match.group(1))[0])
            problem = f"{_DROPPED}: indented, it is a part of the value before it"
            yield UnreadSection(path, number, match.group(1), kind, names, problem, in_credentials, is_indented=True)


def words_of(header: str) -> list[str] | None:
    """The words of a section's name as botocore splits it; None where a quote is not closed."""
    import shlex

    if '"' in header or "'" in header or "\\" in header:
        try:
            return shlex.split(header)
        except ValueError:
            return None
    return [word for word in re.split("[ \t\r\n]+", header) if word]  # what shlex takes for blanks


def _lines(text: str, headers: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The number of the line that begins each of these sections."""
    left = set(headers)
    if not left:
        return
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r"\[(.+)\]", line.strip())
        if found is not None and found.group(1) in left:
            left.discard(found.group(1))
            yield number, found.group(1)


def _problem(header: str) -> str | None:
    """What keeps a section of the config file from being read; None where nothing does, or none is meant."""
    if _USUAL.fullmatch(header):
        return None
    words = words_of(header)
    if words is None:
        return f"{_DROPPED}: a quote is not closed"
    first = words[0] if words else ""
    if "]" in header and not (len(words) == 2 and re.search("[\"'].*].*[\"']", header)):
        return f"{_DROPPED}: its name ends at the last ] of the line"
    if header.startswith(("profile", "services", "sso-session")):
        if first not in {"profile", "services", "sso-session"}:
            return "is no profile there: a blank has to follow the first word" if len(words) == 1 else None
        if len(words) == 2:
            return None
        return f"{_DROPPED}: " + ("it has no name" if len(words) == 1 else "a name with blanks needs quotes")
    if header == "default" or re.fullmatch(_NO_PROFILES, header, re.S):
        return None
    if first.lower() in {"profile", "services", "sso-session", "default"}:
        if header[0].isspace():
            return "is no profile there: a blank comes before the first word"
        return f"is no profile there: {first.lower()} is written in small letters"
    return "is no profile there"


def _problem_in_credentials(header: str) -> str | None:
    """What makes a section of the credentials file another profile than it is meant to be; None where nothing does."""
    if _USUAL_NAME.fullmatch(header) and not _is_default(header):
        return None
    if "]" in header:
        return "is of another name there: its name ends at the last ] of the line"
    if re.match(r"\s*(profile|services|sso-session)\s+\S", header, re.I):
        is_profile = header.strip().lower().startswith("profile")
        return "is of another name there: a profile has its bare name" if is_profile else "is a profile there"
    if re.fullmatch(r"(['\"]).*\1", header.strip()):
        return "is of another name there: the quotes are a part of it"
    if header != header.strip():
        return "is of another name there: the blanks around it are a part of it"
    return "is not the default profile: default is written in small letters" if _is_default(header) else None


def _is_default(header: str) -> bool:
    return header != "default" and header.lower() == "default"


def _without_comment(header: str) -> tuple[str, bool]:
    """The name that was probably meant, and whether something follows it on its line."""
    inner, _, comment = header.partition("]")
    inside = re.search(r"\s[#;]", inner)
    if inside is not None and '"' not in inner and "'" not in inner:  # [profile dev # the old one]
        inner, comment = inner[: inside.start()], inner[inside.start() :]
    return inner.lstrip("[").strip(), bool(comment.strip())


def _meant(inner: str) -> tuple[str, tuple[str, ...]]:
    """The kind of section that was probably meant, and the names that it may have been meant to have."""
    found = re.fullmatch(_KINDS, inner, re.I | re.S)
    if found is None:
        name = inner.strip().strip("\"'")
        return "profile", ("default",) if name.lower() == "default" else (name,) if name else ()
    kind = {"service": "services", "sso_session": "sso-session"}.get(found["kind"].lower(), found["kind"].lower())
    name = found["name"].strip().strip("\"'")
    names = [name, " ".join(name.split())]
    if not re.match(r"[\w-]+\s", inner) and inner != found["kind"]:
        names.append(inner)  # [profile-dev] may be the profile of that very name
    return kind, tuple(dict.fromkeys(n for n in names if n))
