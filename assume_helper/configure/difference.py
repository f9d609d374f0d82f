"""The change as a person is shown it: the lines of a unified diff, with secrets covered."""

import difflib
import io
import re
from collections.abc import Sequence
from itertools import pairwise

from assume_helper.light import Literal
from assume_helper.profiles import helper_command
from assume_helper.text import printable, redacted

Opcode = tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]
_SECRET = re.compile(
    r"(?i)([#;\s]*(?:(?:assume_helper_)?aws_\w*(?:secret|token)\w*|\w*password\w*|\w*(?:credential|mfa)_process)"
    r"\s*[=:]).*",
    re.DOTALL,
)


class _BySection(difflib.SequenceMatcher[str]):
    """Compares section by section: the time that it takes grows with the square of what is compared at once."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__(None, old, new)
        self._old, self._new = old, new

    def get_opcodes(self) -> list[Opcode]:
        return opcodes(self._old, self._new)


def difference(before: str, after: str, path: str, *, context: int = 3) -> list[str]:
    """The change as the lines of a unified diff with `context` lines around each change; secrets are covered."""
    old, new = _without_secrets(before), _without_secrets(after)
    lines = [] if old == new else [f"--- {printable(path)}", f"+++ {printable(path)}"]
    for group in _BySection(old, new).get_grouped_opcodes(context):
        lines.append(f"@@ -{_range(group[0][1], group[-1][2])} +{_range(group[0][3], group[-1][4])} @@")
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                lines += [_covered(" " + line) for line in old[old_from:old_to]]
                continue
            lines += [_shown("-" + line) for line in old[old_from:old_to]]
            lines += [_shown("+" + line) for line in new[new_from:new_to]]
    return lines


def opcodes(old: Sequence[str], new: Sequence[str]) -> list[Opcode]:
    """What becomes of which lines, in the form of `difflib`, found section by section; equal ones come together.

    A section is known by its first line. None is compared with one of another name.
    """
    found: list[Opcode] = []
    starts = [[0, *_section_starts(lines), len(lines)] for lines in (old, new)]
    # What comes before the first section has no name, and is at the beginning of both.
    names = [["", *(lines[start] for start in places[1:-1])] for lines, places in zip((old, new), starts, strict=True)]
    matcher = difflib.SequenceMatcher(None, names[0], names[1], autojunk=False)
    for tag, a, a_end, b, b_end in matcher.get_opcodes():
        sides = starts[0][a : a_end + 1], starts[1][b : b_end + 1]
        if tag != "equal":
            found.append((tag, sides[0][0], sides[0][-1], sides[1][0], sides[1][-1]))
            continue
        for one, other in zip(*map(pairwise, sides), strict=True):
            found += _of_section(old, new, one, other)
    return _together(found)


def _of_section(
    old: Sequence[str], new: Sequence[str], of_old: tuple[int, int], of_new: tuple[int, int]
) -> list[Opcode]:
    """What becomes of the lines of one section: `of_old` and `of_new` are where it is."""
    (a, a_end), (b, b_end) = of_old, of_new
    if old[a:a_end] == new[b:b_end]:
        return [("equal", a, a_end, b, b_end)]
    pieces = difflib.SequenceMatcher(None, old[a:a_end], new[b:b_end]).get_opcodes()
    return [(tag, a + i, a + i_end, b + j, b + j_end) for tag, i, i_end, j, j_end in pieces]


def _together(pieces: Sequence[Opcode]) -> list[Opcode]:
    """The pieces without empty ones, and with equal ones that follow each other as one."""
    found: list[Opcode] = []
    for piece in pieces:
        if found and piece[0] == found[-1][0] == "equal":
            _, a, _, b, _ = found.pop()
            found.append(("equal", a, piece[2], b, piece[4]))
        elif piece[1] < piece[2] or piece[3] < piece[4]:
            found.append(piece)
    return found


def _section_starts(lines: Sequence[str]) -> list[int]:
    return [number for number, line in enumerate(lines) if line.startswith("[")]


def _range(start: int, end: int) -> str:
    """The lines of a hunk as a unified diff names them."""
    length = end - start
    beginning = start + 1 if length else start
    return f"{beginning}" if length == 1 else f"{beginning},{length}"


def _shown(line: str) -> str:
    """A changed line of the diff."""
    return printable(line.expandtabs(), 4096)


def _without_secrets(text: str) -> list[str]:
    """The lines of `text` with secret values covered, also those that continue on further lines."""
    lines: list[str] = []
    depth: int | None = None  # of the secret's key
    for line in io.StringIO(text, newline=None):
        here = len(indentation(line))
        found = _SECRET.fullmatch(line)
        if found is not None and helper_command.parse(line[len(found[1]) :]) is None:
            depth = here
            lines.append(f"{found[1]} [...]")
        elif depth is not None and line.strip() and here > depth:
            lines.append("    [...]")
        else:
            depth = None if line.strip() else depth
            lines.append(line.rstrip("\n"))
    return lines


def _covered(line: str) -> str:
    """An unchanged line of the diff, with everything covered that looks like a secret."""
    return indentation(line) + redacted(line)


def indentation(line: str) -> str:
    """The blanks that `line` begins with."""
    return line[: len(line) - len(line.lstrip())]
