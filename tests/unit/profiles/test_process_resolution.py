"""What a process's command comes to: its program and the files that its arguments name, as they are found here."""

import os
from pathlib import Path

import pytest
from running import windows

from assume_helper.profiles import process_resolution
from assume_helper.profiles.resolution import DEPENDS_ON_SECRET, Resolution


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("tool", "sh", "env"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o700)
    (tmp_path / "a file").write_text("")
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def of(command: str, place: Path, **more: str) -> Resolution:
    environ = {"PATH": f"{place}{os.pathsep}{os.environ['PATH']}", "HOME": str(place), **windows(place)} | more
    return process_resolution.of_command(command, "tool", environ | {"ASSUME_HELPER_CACHE_DIR": f"{place}/cache"})


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("tool", []),
        ("tool x", []),
        ("tool file", ["file"]),
        ("tool ./file", ["file"]),
        ('tool "a file"', ["a file", "file"]),
        ("tool --from=file", ["file"]),
        ("tool -x @file", ["file"]),
        ("tool file://file", ["file"]),
        ("tool ~/file", ["file"]),
        ("tool $HOME/file", ["file"]),
        ("sh -c \"x <file; y 'a file'\"", ["file", "file"]),
    ],
)
def test_the_files_that_arguments_name_are_found(place: Path, command: str, found: list[str]) -> None:
    arguments = of(command, place).inputs["arguments"]
    assert isinstance(arguments, dict)
    real = os.path.realpath(place)
    names = [value.removeprefix(real + os.sep) for what, value in arguments.items() if what.startswith("path ")]
    assert sorted(set(names) & {"file", "a file"}) == sorted(set(found))


def test_what_is_not_there_is_in_the_conditions_and_no_input(place: Path) -> None:
    found = of("tool x", place)
    assert found.conditions["path x"] == "absent"
    assert found.inputs["arguments"] == {}


def test_a_variable_that_is_no_path_has_a_digest_and_is_for_the_full_way(place: Path) -> None:
    found, other, unset = (of('sh -c "x $WHO"', place, **more) for more in ({"WHO": "a"}, {"WHO": "b"}, {}))
    assert found.inputs != other.inputs
    assert "'a'" not in repr(found.inputs)
    assert DEPENDS_ON_SECRET.items() <= found.conditions.items()
    assert unset.conditions["env WHO"] == "absent"
    assert not DEPENDS_ON_SECRET.items() <= unset.conditions.items()


def test_a_program_that_is_not_there_is_a_problem_and_a_broken_line_is_left_to_who_starts_it(place: Path) -> None:
    problem = of("none x", place).problem
    assert problem is not None
    assert problem[0] == "the credential_process of tool is not there (none)"
    for command in ('tool "x', ""):
        assert of(command, place) == Resolution()


def test_a_program_that_another_one_starts_is_found_too(place: Path) -> None:
    found = of("env A=b tool", place).inputs["arguments"]
    assert isinstance(found, dict)
    assert found["program tool"] == os.path.realpath(place / "tool")


def test_it_has_changed_where_what_was_there_is_something_else_now(place: Path) -> None:
    environ = {"PATH": f"{place}{os.pathsep}{os.environ['PATH']}"}
    before = process_resolution.of_command("tool file new", "tool", environ)
    assert not process_resolution.has_changed("tool file new", "tool", before, environ)
    (place / "new").write_text("")  # the process may make it
    assert not process_resolution.has_changed("tool file new", "tool", before, environ)
    (place / "file").unlink()
    assert process_resolution.has_changed("tool file new", "tool", before, environ)


def test_a_command_of_many_words_is_not_looked_up_for_ever(place: Path) -> None:
    assert len(of("tool " + " ".join(f"w{n}" for n in range(5000)), place).conditions) < 300
