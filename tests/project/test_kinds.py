"""docs/reference/kinds.md: every kind and form is in it, and each names tests that there are."""

import ast
import re
from typing import get_args

from project.documents import DOCS, ROOT, code, rows

from assume_helper.profiles.role import Kind

PAGE = (DOCS / "reference" / "kinds.md").read_text(encoding="utf-8")
ROWS = rows(PAGE)
TEST = re.compile(r"tests/[\w/]+\.py::test_\w+")


def is_there(test: str) -> bool:
    """Whether `file::test` is in the repository, by the code's own account."""
    path, _, name = test.partition("::")
    file = ROOT / path
    return file.is_file() and any(
        isinstance(node, ast.FunctionDef) and node.name == name
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    )


def test_every_kind_is_in_the_table() -> None:
    told = {row[0] for row in ROWS}
    assert set(get_args(Kind)) <= {kind.partition(" by ")[0] for kind in told}
    assert {"web identity role", "access key with MFA", "temporary keys", "a pair of profiles"} <= told


def test_every_row_names_tests_and_every_test_is_there() -> None:
    assert len(ROWS) > 10
    for row in ROWS:
        tests = code(row[-1])
        assert tests, row[0]
        for test in tests:
            assert TEST.fullmatch(test), test
            assert is_there(test), test


def test_a_test_that_is_not_there_is_found() -> None:
    assert is_there("tests/project/test_kinds.py::test_a_test_that_is_not_there_is_found")
    assert not is_there("tests/project/test_kinds.py::test_nothing")
    assert not is_there("tests/project/test_nothing.py::test_nothing")
