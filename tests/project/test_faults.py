"""docs/reference/faults.md: each fault has a text and tests, every test in it exists, and none is left out."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "faults.md").read_text(encoding="utf-8")
# By its heading, what is said of a fault.
FAULTS = {
    part.partition("\n")[0]: re.split(r"^## ", part.partition("\n")[2], maxsplit=1, flags=re.M)[0]
    for part in re.split(r"^### ", PAGE, flags=re.M)[1:]
}


def found_in(folder: Path) -> set[str]:
    """file::test of all tests in a folder, by the code's own account."""
    return {
        f"{path.name}::{node.name}"
        for path in folder.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def named(text: str) -> list[str]:
    return re.findall(r"^- `([^`]+)`$", text, flags=re.M)


def test_each_fault_says_what_happens_and_names_its_tests() -> None:
    assert len(FAULTS) > 30
    for fault, text in FAULTS.items():
        assert re.match(r"\n[A-Z][^\n]*(\n[^\n-][^\n]*)*\n\n- `", text), fault
        assert named(text), fault


def test_every_test_that_is_named_is_there() -> None:
    there = found_in(ROOT / "tests")
    for fault, text in FAULTS.items():
        assert set(named(text)) <= there, fault


def test_every_test_of_a_fault_is_named() -> None:
    assert found_in(ROOT / "tests" / "faults") <= {test for text in FAULTS.values() for test in named(text)}
