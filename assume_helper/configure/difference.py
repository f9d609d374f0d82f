"""The change as a person is shown it: the lines of a unified diff, with secrets covered."""

import difflib
import io
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from assume_helper.profiles import helper_command
from assume_helper.text import printable, redacted

Tag = Literal["replace", "delete", "insert", "equal"]
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

    def get_opcodes(self) -> list[tuple[Tag, int, int, int, int]]:
        return _by_section(self._old, self._new)


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


def _by_section(old: Sequence[str], new: Sequence[str]) -> list[tuple[Tag, int, int, int, int]]:
    """What becomes of which lines, in the form of `difflib`, found section by section.

    No section goes or moves. Where one is new, all that follows the last common one is compared as one piece.
    """
    starts = [_section_starts(lines) for lines in (old, new)]
    same = 0
    for one, other in zip(*starts, strict=False):
        if old[one] != new[other]:
            break
        same += 1
    bounds = [[0, *found[:same], len(lines)] for found, lines in zip(starts, (old, new), strict=True)]
    found: list[tuple[Tag, int, int, int, int]] = []
    for (a, a_end), (b, b_end) in zip(pairwise(bounds[0]), pairwise(bounds[1]), strict=True):
        if old[a:a_end] == new[b:b_end]:
            pieces: list[tuple[Tag, int, int, int, int]] = [("equal", 0, a_end - a, 0, b_end - b)]
        else:
            pieces = difflib.SequenceMatcher(None, old[a:a_end], new[b:b_end]).get_opcodes()
        for tag, old_from, old_to, new_from, new_to in pieces:
            here = (tag, a + old_from, a + old_to, b + new_from, b + new_to)
            if found and tag == found[-1][0] == "equal":
                here = (tag, found[-1][1], here[2], found[-1][3], here[4])
                found.pop()
            found.append(here)
    return [piece for piece in found if piece[1] < piece[2] or piece[3] < piece[4]]


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
