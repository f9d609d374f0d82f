"""What a person sees: a table on a terminal, plain columns in a pipe, JSON, and a spinner."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from assume_helper.cli.invocation import Invocation
from assume_helper.system import terminal
from assume_helper.text import printable

TitledPairs = tuple[str, Sequence[tuple[str, str]]]


def print_json(invocation: Invocation, value: Any) -> None:
    """Print `value` as ASCII JSON, so that no control character of a config reaches the terminal."""
    invocation.print(json.dumps(value, indent=2).encode() + b"\n")


def print_lines(invocation: Invocation, lines: Sequence[str]) -> None:
    """Print `lines` in UTF-8."""
    invocation.print("".join(line + "\n" for line in lines).encode("utf-8", "backslashreplace"))


def print_table(invocation: Invocation, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print `rows` under `columns`. Control characters in a cell are escaped."""
    cells = [[printable(cell, 300) for cell in row] for row in rows]
    text = _table(invocation, columns, cells) if invocation.is_terminal(1) else _plain_columns(columns, cells)
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
    if not invocation.is_terminal(2) or not terminal.is_there():
        yield lambda: None
        return
    from rich.console import Console

    status = Console(file=invocation.stream(2)).status(what)
    status.start()
    try:
        yield status.stop
    finally:
        status.stop()


def _plain_columns(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns two blanks apart, easy for `awk`; an empty cell is a dash."""
    lines = [[column.upper() for column in columns], *([cell or "-" for cell in row] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )


def _table(invocation: Invocation, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    into = io.StringIO()
    Console(file=into, force_terminal=True, width=invocation.terminal_width()).print(table)
    return into.getvalue()
