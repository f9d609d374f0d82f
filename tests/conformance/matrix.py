"""The matrix: which client, in which version, does what; measured, kept as JSON, and shown in the documents.

python -m conformance.matrix    # writes the table from what was measured last
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.checks import CHECKS
from conformance.clients import CLIENTS, ROOT, Client

KEPT = Path(__file__).resolve().parent / "matrix.json"
PAGE = ROOT / "docs" / "reference" / "sdk-matrix.md"
BEGIN, END = "<!-- the matrix: make conformance writes it -->\n", "<!-- the end of the matrix -->\n"


@dataclass(frozen=True)
class Row:
    """A client's version, and by check what it did."""

    version: str
    cells: Mapping[str, str]


Matrix = Mapping[str, Row]


def measured(clients: Sequence[Client], cells: Mapping[str, Mapping[str, str]]) -> Matrix:
    """The matrix of `clients` that are here, from the outcomes of the checks."""
    return {
        client.name: Row(client.found_version(), {**cells.get(client.name, {}), **dict.fromkeys(client.absent, "-")})
        for client in clients
        if not client.missing()
    }


def holes(matrix: Matrix, clients: Sequence[Client]) -> list[str]:
    """What is not there, or has failed: client and check."""
    return [
        f"{client.label}: {title}"
        for client in clients
        for check, title in CHECKS.items()
        if client.name not in matrix or matrix[client.name].cells.get(check, "failed") == "failed"
    ]


def table(matrix: Matrix) -> str:
    """The matrix as the page has it."""
    lines = [f"| client | version | {' | '.join(CHECKS.values())} |", "|---" * (2 + len(CHECKS)) + "|"]
    for client in CLIENTS:
        if client.name in matrix:
            row = matrix[client.name]
            cells = [row.cells.get(check, "?") for check in CHECKS]
            lines.append(f"| {client.label} | {row.version} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def kept() -> Matrix:
    """The matrix that was measured last."""
    found = json.loads(KEPT.read_text(encoding="utf-8"))
    return {name: Row(row["version"], row["cells"]) for name, row in found.items()}


def write(matrix: Matrix) -> None:
    """Keep `matrix`, and put it into the page."""
    rows = {
        name: {"version": row.version, "cells": {check: row.cells[check] for check in CHECKS}}
        for name, row in matrix.items()
    }
    KEPT.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_page(matrix)


def write_page(matrix: Matrix) -> None:
    """Put the table of `matrix` into the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}{table(matrix)}{END}{after}", encoding="utf-8")


def main() -> int:
    write_page(kept())
    return 0


if __name__ == "__main__":
    sys.exit(main())
