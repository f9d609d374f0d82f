"""What a person sees: a table on a terminal, plain columns in a pipe, JSON, and a spinner.

Colours are those of the terminal's own eight that can be read on a light and on a dark background: no yellow, no cyan,
nothing bright or dim.
"""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from assume_helper.cli.invocation import Invocation
from assume_helper.light import IO, TYPE_CHECKING, Any
from assume_helper.system import terminal
from assume_helper.text import printable

if TYPE_CHECKING:
    from rich.console import Console

OK, WARNING, FAILURE = "green", "magenta", "bold red"
# Lines of a terminal that no table depends on: where a height is not given, rich takes a dumb terminal for 80 columns.
_HEIGHT = 25
TitledPairs = tuple[str, Sequence[tuple[str, str]]]


def print_json(invocation: Invocation, value: Any) -> None:
    """Print `value` as ASCII JSON, so that no control character of a config reaches the terminal."""
    invocation.print(json.dumps(value, indent=2).encode() + b"\n")


def print_lines(invocation: Invocation, lines: Sequence[str]) -> None:
    """Print `lines` in UTF-8."""
    invocation.print("".join(line + "\n" for line in lines).encode("utf-8", "backslashreplace"))


def is_plain(invocation: Invocation) -> bool:
    """Whether the terminal is to get text without escape sequences (no-color.org; TERM of a terminal without any)."""
    return bool(invocation.environ.get("NO_COLOR")) or is_dumb(invocation)


def is_dumb(invocation: Invocation) -> bool:
    """Whether the terminal knows no escape sequences: nothing can be drawn on it but lines."""
    return invocation.environ.get("TERM", "").lower() in {"dumb", "unknown"}


def console(invocation: Invocation, file: IO[str]) -> "Console":
    """What draws for the terminal into `file`, as wide as the terminal, with colours where these are wanted."""
    from rich.console import Console

    is_coloured = not is_plain(invocation)
    return Console(
        file=file,
        force_terminal=is_coloured,
        color_system="standard" if is_coloured else None,
        width=invocation.terminal_width(),
        height=_HEIGHT,
        highlight=False,
        legacy_windows=False,
    )


def print_table(
    invocation: Invocation, columns: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()
) -> None:
    """Print `rows` under `columns`; a row's note, where it has one, stands behind its cells.

    On a terminal that is too narrow for the table, each row is a paragraph: no cell is broken that fits on a line.
    Control characters are escaped.
    """
    cells = [[printable(cell, 300) for cell in row] for row in rows]
    printable_notes = [printable(note, 600) for note in notes] or [""] * len(cells)
    if invocation.is_terminal(1):
        text = _table(invocation, columns, cells, printable_notes)
    else:
        text = _plain_columns(columns, cells, printable_notes)
    invocation.print(text.encode("utf-8", "backslashreplace"))


def print_blocks(invocation: Invocation, groups: Sequence[TitledPairs]) -> None:
    """Print groups of names and values: side by side on a terminal that is wide enough, else one below the other."""
    blocks = [block(title, pairs) for title, pairs in groups]
    widths = [max(map(len, block)) for block in blocks]
    if invocation.is_terminal(1) and sum(widths) + 4 * (len(widths) - 1) <= invocation.terminal_width():
        height = max(map(len, blocks))
        lines = [
            "    ".join((block[n] if n < len(block) else "").ljust(w) for block, w in zip(blocks, widths, strict=True))
            for n in range(height)
        ]
    else:
        lines = [line for block in blocks for line in block]
    print_lines(invocation, [line.rstrip() for line in lines])


def block(title: str, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """The lines of a title with names and values below it."""
    width = max((len(name) for name, _ in pairs), default=0)
    return [printable(title, 120), *(f"  {name.ljust(width)}  {printable(value, 300)}" for name, value in pairs)]


@contextmanager
def spinner(invocation: Invocation, what: str) -> Iterator[Callable[[], None]]:
    """A spinner on the terminal, with `what` beside it on standard error; yields a function that stops it early.

    A question on the terminal stops the spinner first: both would write to the same line.
    """
    if not invocation.is_terminal(2) or is_plain(invocation) or not terminal.is_there():
        yield lambda: None
        return
    status = console(invocation, invocation.stream(2)).status(what)
    status.start()
    try:
        yield status.stop
    finally:
        status.stop()


@contextmanager
def progress(invocation: Invocation, what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on the terminal, on standard error; yields a function that is told how much is done, and of how much.

    Without a total it only moves. Nothing is drawn where a spinner is not.
    """
    if not invocation.is_terminal(2) or is_plain(invocation) or not terminal.is_there():
        yield lambda _done, _total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    bar_column = BarColumn(style="default", complete_style=OK, finished_style=OK, pulse_style=OK)
    columns = (TextColumn("{task.description}"), bar_column, MofNCompleteColumn())
    drawn = console(invocation, invocation.stream(2))
    with Progress(*columns, console=drawn, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _plain_columns(columns: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str]) -> str:
    """Columns two blanks apart, easy for `awk`; an empty cell is a dash."""
    lines = [[column.upper() for column in columns], *([cell or "-" for cell in row] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    return "".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=True)), note]).rstrip() + "\n"
        for line, note in zip(lines, ["", *notes], strict=True)
    )


def _table(invocation: Invocation, columns: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str]) -> str:
    from rich.cells import cell_len
    from rich.padding import Padding
    from rich.text import Text

    into = io.StringIO()
    drawn = console(invocation, into)
    whole = [row for row, note in zip(rows, notes, strict=True) if not note]
    widths = [max(map(cell_len, column)) for column in zip(columns, *whole, strict=True)]
    widths[0] = max(widths[0], *(cell_len(row[0]) for row in rows)) if rows else widths[0]
    if sum(widths) + 2 * (len(widths) - 1) > drawn.width:
        for row, note in zip(rows, notes, strict=True):
            drawn.print(Text(row[0], "bold", overflow="fold"))
            for line in [note] if note else _filled(columns[1:], row[1:], drawn.width - 2):
                drawn.print(Padding(Text(line, overflow="fold"), (0, 0, 0, 2)))
    else:
        for row, note in zip([columns, *rows], ["", *notes], strict=True):
            padded = "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
            if note:
                drawn.print(Text(row[0], overflow="fold"))
                drawn.print(Padding(Text(note, overflow="fold"), (0, 0, 0, 2)))
            else:
                drawn.print(Text(padded.rstrip(), "bold" if row is columns else ""))
    return "".join(line.rstrip() + "\n" for line in into.getvalue().splitlines())


def _filled(names: Sequence[str], cells: Sequence[str], width: int) -> list[str]:
    """Lines of `name: cell`, as many of them on a line as fit; an empty cell is left out."""
    from rich.cells import cell_len

    lines = [""]
    for item in (f"{name}: {cell}" for name, cell in zip(names, cells, strict=True) if cell):
        if lines[-1] and cell_len(lines[-1]) + 2 + cell_len(item) <= width:
            lines[-1] += f"  {item}"
        elif lines[-1]:
            lines.append(item)
        else:
            lines[-1] = item
    return lines
