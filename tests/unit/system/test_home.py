"""Whose HOME is, and where cache and log are if it is another user's."""

import os
import pwd
from pathlib import Path
from types import SimpleNamespace

import pytest

from assume_helper.system import home


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment whose HOME is another user's: this process is one that owns nothing."""
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    monkeypatch.setattr(pwd, "getpwuid", lambda _user: SimpleNamespace(pw_dir="/nonexistent/me"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return {"HOME": str(tmp_path)}


def test_a_home_of_ours_counts(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    assert home.foreign_home(environ) is None
    assert not home.is_foreign(f"{tmp_path}/.cache", environ)
    assert home.moved_cache(environ) is None


@pytest.mark.parametrize("value", ["", "relative", "/nonexistent/home", "with\0nul"])
def test_a_home_that_is_none_is_nobody_s(value: str) -> None:
    assert home.foreign_home({"HOME": value}) is None
    assert home.foreign_home({}) is None


def test_cache_and_log_move_to_the_home_of_the_user_database(foreign: dict[str, str]) -> None:
    assert home.moved_cache(foreign) == "/nonexistent/me/.cache/assume-helper"
    state = foreign["HOME"] + "/.local/state/assume-helper"
    assert home.moved_state(state) == "/nonexistent/me/.local/state/assume-helper"


def test_what_is_not_in_it_stays(foreign: dict[str, str]) -> None:
    assert home.moved_cache(foreign | {"XDG_CACHE_HOME": "/elsewhere"}) is None
    assert home.moved_cache(foreign | {"ASSUME_HELPER_CACHE_DIR": foreign["HOME"] + "-2/cache"}) is None
    assert home.moved_state("/elsewhere") is None


def test_a_slash_at_its_end_changes_nothing(foreign: dict[str, str]) -> None:
    assert home.moved_cache({"HOME": foreign["HOME"] + "/"}) == "/nonexistent/me/.cache/assume-helper"


def test_the_root_directory_as_home_has_only_what_a_home_has(foreign: dict[str, str]) -> None:
    assert home.moved_cache({"HOME": "/"}) == "/nonexistent/me/.cache/assume-helper"
    assert home.moved_cache({"HOME": "/", "ASSUME_HELPER_CACHE_DIR": "/var/cache/mine"}) is None


@pytest.mark.parametrize("place", ["", "relative", None, "HOME"])
def test_without_a_home_of_ones_own_there_is_no_place(
    foreign: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str | None
) -> None:
    os.chmod(tmp_path, 0o777)

    def getpwuid(_user: int) -> SimpleNamespace:
        if place is None:
            raise KeyError
        return SimpleNamespace(pw_dir=str(tmp_path / "other") if place == "HOME" else place)

    (tmp_path / "other").mkdir()
    monkeypatch.setattr(pwd, "getpwuid", getpwuid)
    assert home.moved_cache(foreign) == ""
    assert home.own_home() is None
