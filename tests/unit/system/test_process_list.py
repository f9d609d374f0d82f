"""Windows' list of processes: which program called, past what stands between."""

import pytest

from assume_helper.system.process_list import Process, caller, redirector, without_ending

SHELL = r'C:\Windows\system32\cmd.exe /c "assume-helper get dev"'


def named(*names: str, redirected: str = "", line: str = SHELL) -> str:
    """The caller where each process of `names` has started the next one, and the last one is this."""
    processes = {number: Process(number - 1, name) for number, name in enumerate(names, 1)}
    return caller({0: Process(99, "explorer"), **processes}, len(names), redirected, lambda _number: line)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("terraform", "python"), "terraform"),
        (("terraform", "assume-helper", "python"), "terraform"),
        (("terraform", "cmd", "Assume-Helper", "assume-helper-python", "python"), "terraform"),
        (("node", "cmd", "python"), "node"),
        (("python", "python"), "python"),
    ],
)
def test_the_program_is_found_past_launchers_and_cmd(names: tuple[str, ...], found: str) -> None:
    assert named(*names) == found


def test_a_virtual_environment_s_own_python_is_passed_once() -> None:
    assert named("python", "python", "python", redirected="python") == "python"
    assert named("terraform", "Python", "python", redirected="python") == "terraform"
    assert redirector(r"C:\venv\Scripts\python.exe", r"C:\Python313\python.exe") == "python"
    assert redirector(r"C:\Python313\python.exe", r"C:\Python313\python.exe") == ""


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (SHELL, "node"),
        (r'"C:\a b\cmd.exe" /d /s /c "assume-helper get dev"', "node"),
        ("cmd /E:ON /C x", "node"),
        ("cmd", "cmd"),
        ("cmd /k x", "cmd"),
        ('cmd "x /c y"', "cmd"),
        ("", "cmd"),
    ],
)
def test_only_a_cmd_that_runs_a_command_is_passed(line: str, found: str) -> None:
    assert named("node", "cmd", "python", line=line) == found


def test_who_is_not_there_any_more_is_not_known() -> None:
    assert caller({5: Process(4, "python")}, 5, "", lambda _number: "") == ""
    assert caller({}, 5, "", lambda _number: "") == ""
    assert caller({5: Process(5, "assume-helper")}, 5, "", lambda _number: "") == "", "a circle"


def test_names_are_without_ending() -> None:
    assert [without_ending(name) for name in ("python.EXE", "x.exe.bak", "exe")] == ["python", "x.exe.bak", "exe"]
