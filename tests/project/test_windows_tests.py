"""Each command is run on Windows, and the page that says so has a row for it."""

import re

from running import PACKAGE

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
