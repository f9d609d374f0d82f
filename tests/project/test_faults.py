"""README's table of faults: no row is empty, every test in it is there, and every test of a fault is in it."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECTION = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Faults\n")[2].partition("\n## ")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in SECTION.splitlines() if line[:1] == "|"][2:]


def found_in(folder: Path) -> set[str]:
    """file::test of all tests in a folder, by the code's own account."""
    return {
        f"{path.name}::{node.name}"
        for path in folder.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def named(row: list[str]) -> list[str]:
    return re.findall(r"`([^`]+)`", row[2])


def test_no_row_is_empty() -> None:
    assert len(ROWS) > 30
    for row in ROWS:
        assert len(row) == 3, row
        assert all(row), row
        assert named(row), row


def test_every_test_that_is_named_is_there() -> None:
    there = found_in(ROOT / "tests")
    for row in ROWS:
        assert set(named(row)) <= there, row[0]


def test_every_test_of_a_fault_is_named() -> None:
    assert found_in(ROOT / "tests" / "faults") <= {test for row in ROWS for test in named(row)}
