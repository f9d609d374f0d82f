"""What pytest for Windows leaves out, each by its reason: `not_run.toml`. A plugin (see run_unit.py)."""

import tomllib
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parent.parent / "unit"


def not_run() -> dict[str, str]:
    """The reason of each test, FILE::FUNCTION, and of each file, that is not run on Windows; paths are below `unit`."""
    found = tomllib.loads((Path(__file__).parent / "not_run.toml").read_text(encoding="utf-8"))
    return {test: reason for reason, tests in found.items() for test in tests}


_NOT_RUN = not_run()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out files: what they import is not there."""
    return True if _below(collection_path) in _NOT_RUN else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests."""
    left_out = [item for item in items if f"{_below(item.path)}::{_function(item)}" in _NOT_RUN]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def _function(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0].rpartition("::")[2]


def _below(path: Path) -> str:
    return path.relative_to(UNIT).as_posix() if path.is_relative_to(UNIT) else ""
