"""What pytest for Windows leaves out, each by its reason: `not_run.toml`. A plugin (see run_unit.py).

And the files that tests write there by `pathlib`, which the helper does not use: their text is UTF-8 and its lines end
as on Linux. (Lines that end as on Windows are tests of their own, on both.)
"""

import importlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from assume_helper.sessions import time_budget

UNIT = Path(__file__).resolve().parent.parent / "unit"
LIST = Path(__file__).parent / "not_run.toml"


def not_run() -> dict[str, str]:
    """The reason of each test, FILE::FUNCTION or FILE::FUNCTION[CASE], and of each file, that is not run on Windows.

    Files are below `unit`.
    """
    found = tomllib.loads(LIST.read_text(encoding="utf-8"))
    return {test: reason for reason, tests in found.items() for test in tests}


def stale() -> list[str]:
    """What is left out and is not there: it may have another name by now, under which it is not left out by intent."""
    return [test for test in _NOT_RUN if not _is_there(test)]


def _is_there(test: str) -> bool:
    file, _, function = test.partition("[")[0].partition("::")
    path = UNIT / file
    if not path.is_file():
        return False
    definition = re.compile(rf"^def {re.escape(function)}\(", re.MULTILINE)
    return not function or definition.search(path.read_text(encoding="utf-8")) is not None


_NOT_RUN = not_run()
_open = Path.open


def _open_as_on_linux(
    self: Path,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
) -> Any:
    if "b" not in mode:
        encoding = encoding or "utf-8"
        newline = "\n" if newline is None and mode != "r" else newline
    return _open(self, mode, buffering, encoding, errors, newline)


def _write_text(
    self: Path, data: str, encoding: str | None = None, errors: str | None = None, newline: str | None = None
) -> int:
    with _open_as_on_linux(self, "w", encoding=encoding, errors=errors, newline=newline) as file:
        return int(file.write(data))


def _read_text(self: Path, encoding: str | None = None, errors: str | None = None, newline: str | None = None) -> str:
    with _open_as_on_linux(self, encoding=encoding, errors=errors, newline=newline) as file:
        return str(file.read())


def pytest_configure() -> None:
    """Have tests write and read text as on Linux, and find the limits that the helper has: see `wine`."""
    importlib.reload(time_budget)
    for name, function in (("open", _open_as_on_linux), ("write_text", _write_text), ("read_text", _read_text)):
        setattr(Path, name, function)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out files: what they are about is not there."""
    return True if _below(collection_path) in _NOT_RUN else None


def pytest_collection_finish() -> None:
    """Give property-based tests fewer inputs than on Linux: they are not about a system."""
    settings.register_profile("windows", settings.get_profile("same"), max_examples=25)
    settings.load_profile("windows")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests. What is to be left out of a file that is run whole has to be there."""
    left_out: list[pytest.Item] = []
    kept: list[pytest.Item] = []
    found: set[str] = set()
    for item in items:
        named = [name for name in _names(item) if name in _NOT_RUN]
        found.update(named)
        (left_out if named else kept).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept
    files = {_below(item.path) for item in (*left_out, *kept)}
    lost = [name for name in _NOT_RUN if name.partition("::")[0] in files and name not in found]
    if lost and not any("::" in argument for argument in config.args):
        raise pytest.UsageError("not_run.toml names what is not there: " + ", ".join(lost))


def _names(item: pytest.Item) -> tuple[str, str]:
    """The test's, and that of this case of it."""
    case = f"{_below(item.path)}::{item.nodeid.partition('::')[2]}"
    return case.partition("[")[0], case


def _below(path: Path) -> str:
    return path.relative_to(UNIT).as_posix() if path.is_relative_to(UNIT) else ""
