"""What the documents say, taken apart for the tests that hold it true."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [
    *(ROOT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")),
    *sorted(DOCS.rglob("*.md")),
]
# The languages of blocks in which somebody types commands.
_TYPED = ("sh", "fish", "powershell", "batch", "console", "text")
_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
# What ends a command in a shell.
_END = re.compile(r"[();<>|&]+")


def name(path: Path) -> str:
    """The path as a test's id."""
    return path.relative_to(ROOT).as_posix()


def blocks(path: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page that are in one of `languages`."""
    return [text for language, text in _FENCED.findall(path.read_text(encoding="utf-8")) if language in languages]


def prose(path: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCED.sub("", path.read_text(encoding="utf-8"))


def rows(text: str) -> list[list[str]]:
    """The cells of all tables in `text`, without their heads."""
    tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.M)
    return [
        [cell.strip() for cell in line.strip("|\n").split("|")] for table in tables for line in table.splitlines()[2:]
    ]


def code(cell: str) -> list[str]:
    """What is in backquotes."""
    return re.findall(r"`([^`]+)`", cell)


def commands(path: Path) -> list[list[str]]:
    """The words behind each `assume-helper` that a page has somebody type or write into a config."""
    lines = []
    for language, text in _FENCED.findall(path.read_text(encoding="utf-8")):
        if language in {"console", "text"}:
            lines += re.findall(r"^ *(?:\$|fish>|PS>) (.*)$", text, flags=re.M)
        elif language == "ini":
            lines += re.findall(r"^credential_process = (.*)$", text, flags=re.M)
        elif language in _TYPED:
            lines += text.splitlines()
    found = [words for line in lines for words in _called(line)]
    for span in code(prose(path)):
        # Placeholders: what is optional is given, and a shell's name is one of those that there are.
        plain = re.sub(r"[][]|\.\.\.", "", span).replace(" SHELL", " bash")
        found += [words for words in _called(plain) if words[0] != "COMMAND" and len(words) > 1]
    return found


def mentions(path: Path) -> set[str]:
    """The commands that a page names without anything behind them, such as `assume-helper list`."""
    return set(re.findall(r"`assume-helper (\S+)`", prose(path)))


def _called(line: str) -> Iterator[list[str]]:
    """The calls of the helper in one line of a shell."""
    if "assume-helper" not in line:
        return
    line = re.sub(r"(?<= )\d>", ">", line)
    line = re.sub(r"\"\$\((.*?)\)\"(?=\s|;|$)", r"$(\1)", line).replace("('", "(").replace("')", ")")
    lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    current: list[str] | None = None
    previous = ""
    for word in [*lexer, ";"]:
        if _END.fullmatch(word):
            if current:
                yield current
            current = None
        elif current is not None:
            current.append(word)
        elif word.rpartition("/")[2] == "assume-helper" and previous not in {"install", "inject"}:
            current = []
        previous = word


def anchors(path: Path) -> set[str]:
    """The anchors that a page's headings have."""
    headings = re.findall(r"^#+ (.+)$", prose(path), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(path: Path) -> list[str]:
    """The targets of a page's links and pictures within the repository."""
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)) if "://" not in target]
