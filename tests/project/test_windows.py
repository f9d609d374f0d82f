"""What is run on Windows: each command, as the page says, and each unit test but those that have a reason not to be."""

import re
import tomllib

from running import PACKAGE
from windows import windows_unit

ROOT = PACKAGE.parent
COMMANDS = {file.stem for file in (PACKAGE / "cli" / "commands").glob("[a-z]*.py")}


def test_each_command_is_run_on_windows() -> None:
    tests = "".join(file.read_text() for file in (ROOT / "tests" / "windows").glob("test_*.py"))
    assert set(re.findall(r'\.run\("([a-z]+)"', tests)) >= COMMANDS


def test_each_command_has_a_row_with_a_test_that_runs_it() -> None:
    page = (ROOT / "docs" / "reference" / "windows-tests.md").read_text()
    rows = dict(re.findall(r"^\| (`[^|]*) \|[^|]*\| `test_\w+\.py::(\w+)` \|$", page, re.MULTILINE))
    named = {command: test for commands, test in rows.items() for command in re.findall(r"`([a-z]+)`", commands)}
    assert set(named) == COMMANDS
    files = "\n\n\n".join(file.read_text() for file in (ROOT / "tests" / "windows").glob("test_*.py"))
    bodies = {body.partition("(")[0]: body for body in re.split(r"^def ", files, flags=re.MULTILINE)}
    for command, test in named.items():
        assert re.search(rf'\("{command}"|\.{command}\(', bodies[test]), f"{test} does not run {command}"


def test_what_is_left_out_on_windows_is_there() -> None:
    assert windows_unit.stale() == []


def test_each_has_one_reason() -> None:
    listed = tomllib.loads(windows_unit.LIST.read_text(encoding="utf-8"))
    names = [name for group in listed.values() for name in group]
    assert sorted(names) == sorted(set(names))
    whole = {name for name in names if "::" not in name}
    assert not [name for name in names if "::" in name and name.partition("::")[0] in whole]
    assert all(reason.endswith(".") and group for reason, group in listed.items())
