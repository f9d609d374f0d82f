"""What is looked at: a table on a terminal, plain columns in a pipe."""

import io
import json
import shutil
from collections.abc import Sequence
from typing import Any

from assume_helper.cli.invocation import Invocation
from assume_helper.text import printable


def print_json(invocation: Invocation, value: Any) -> None:
    """`value` as JSON, in ASCII: what a config says cannot write to a terminal."""
    invocation.print(json.dumps(value, indent=2).encode() + b"\n")


def print_table(invocation: Invocation, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """`rows` under `columns`; every cell is shown with its control characters written out."""
    cells = [[printable(cell, 300) for cell in row] for row in rows]
    text = _drawn(columns, cells) if invocation.is_terminal(1) else _plain(columns, cells)
    invocation.print(text.encode("utf-8", "backslashreplace"))


Titled = tuple[str, Sequence[tuple[str, str]]]


def print_beside(invocation: Invocation, groups: Sequence[Titled]) -> None:
    """Groups of names and values: side by side on a terminal that is wide enough, else one below the other."""
    blocks = [block(title, pairs) for title, pairs in groups]
    widths = [max(map(len, block)) for block in blocks]
    if invocation.is_terminal(1) and sum(widths) + 4 * (len(widths) - 1) <= shutil.get_terminal_size().columns:
        height = max(map(len, blocks))
        lines = [
            "    ".join((block[n] if n < len(block) else "").ljust(w) for block, w in zip(blocks, widths, strict=True))
            for n in range(height)
        ]
    else:
        lines = [line for block in blocks for line in block]
    invocation.print("".join(line.rstrip() + "\n" for line in lines).encode("utf-8", "backslashreplace"))


def block(title: str, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """The lines of a title with names and values below it."""
    width = max((len(name) for name, _ in pairs), default=0)
    return [printable(title, 120), *(f"  {name.ljust(width)}  {printable(value, 300)}" for name, value in pairs)]


def _plain(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns with two blanks between them, as `awk` and people take them; an empty cell is a dash."""
    lines = [[column.upper() for column in columns], *([cell or "-" for cell in row] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )


def _drawn(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = io.StringIO()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console(file=out, force_terminal=True, width=shutil.get_terminal_size().columns)
    console.print(table)
    return out.getvalue()
