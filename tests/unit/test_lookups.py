"""Conditions: what each kind comes to, and when something counts as gone for a while."""

import os
import sys
from pathlib import Path

import pytest
from running import windows

from assume_helper import hit, lookups


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tool").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "tool").chmod(0o700)
    (tmp_path / "bin" / "text").write_text("first\nsecond\n")
    (tmp_path / "link").symlink_to("bin")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("env NAME", "=value"),
        ("env EMPTY", "="),
        ("env NONE", "absent"),
        ("program tool", "{}/bin/tool"),
        ("program ./bin/tool", "{}/bin/tool"),
        ("program link/tool", "{}/bin/tool"),
        ("program text", "absent"),
        ("program bin", "absent"),
        ("path bin/text", "{}/bin/text"),
        ("path ~/bin/text", "{}/bin/text"),
        ("path $HOME/bin/text", "{}/bin/text"),
        ("path ${HOME}/link/text", "{}/bin/text"),
        ("path $NONE/none", "absent"),
        ("path none", "absent"),
        ("folder ~/link", "{}/bin"),
        ("file none", "absent"),
        ("text bin/text", "first"),
        ("something new", "absent"),
        (hit.FULL_WAY, "absent"),
    ],
)
def test_a_condition_comes_to(place: Path, what: str, expected: str) -> None:
    environ = {"HOME": str(place), **windows(place), "NAME": "value", "EMPTY": ""}
    environ["PATH"] = os.pathsep.join(["none", str(place / ("link" if sys.platform != "win32" else "bin"))])
    assert lookups.observe(what, environ) == expected.format(os.path.realpath(place)).replace("/", os.sep)


def test_a_file_comes_to_its_state_and_the_host_to_its_name(place: Path) -> None:
    assert lookups.observe("file ~/bin/text", {hit.HOME: str(place)}) == hit.file_state(str(place / "bin" / "text"))
    if sys.platform == "win32":
        assert lookups.observe("host", {"COMPUTERNAME": "MINE"}) == "MINE"
    else:
        assert lookups.observe("host", {}) == os.uname().nodename


def test_a_program_is_found_where_a_process_finds_it(place: Path) -> None:
    """The first on the PATH that can be executed; an empty part of it is the working directory."""
    if sys.platform != "win32":  # where every file is a program
        (place / "tool").write_text("")
    environ = {"PATH": f"{os.pathsep}{place / 'bin'}"}
    assert lookups.find_program("tool", environ) == os.path.realpath(place / "bin" / "tool")
    (place / "tool").touch()
    (place / "tool").chmod(0o755)
    assert lookups.find_program("tool", environ) == os.path.realpath(place / "tool")
    assert sys.platform == "win32" or lookups.find_program("sh", {}) != hit.ABSENT


@pytest.mark.parametrize(
    ("what", "moved", "expected"),
    [
        ("file ~/x", {}, True),
        ("file ~/x", {hit.HOME: "/other"}, False),
        ("file ~/x", {"PATH": "/other"}, True),
        ("program x", {"PATH": "/other"}, False),
        ("program x", {hit.HOME: "/other"}, True),
        ("program /x", {"PATH": "/other"}, True),
        ("path $A/x", {}, False),
        ("env x", {}, False),
        ("folder ~/x", {}, False),
    ],
)
def test_what_is_gone_is_gone_only_where_it_was_looked_up_from_the_same_place(
    what: str, moved: dict[str, str], expected: bool
) -> None:
    environ = {hit.HOME: "/home", "PATH": "/bin"}
    origins = (lookups.origin(environ), lookups.origin(environ | moved))
    assert lookups.has_vanished(what, "there", hit.ABSENT, origins=origins) is expected
    assert not lookups.has_vanished(what, "there", "elsewhere", origins=origins)
    assert not lookups.has_vanished(what, hit.ABSENT, hit.ABSENT, origins=origins)


@pytest.mark.parametrize(
    ("what", "expected"), [("path x", False), ("program ./x", False), (f"path {os.path.abspath('/x')}", True)]
)
def test_what_is_relative_is_gone_only_where_the_directory_is_the_same(
    place: Path, monkeypatch: pytest.MonkeyPatch, what: str, expected: bool
) -> None:
    before = lookups.origin({})
    assert lookups.has_vanished(what, "there", hit.ABSENT, origins=(before, lookups.origin({})))
    monkeypatch.chdir(place / "bin")
    assert lookups.has_vanished(what, "there", hit.ABSENT, origins=(before, lookups.origin({}))) is expected
