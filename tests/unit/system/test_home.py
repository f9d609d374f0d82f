"""Whose HOME is, and where cache and log are if it is another user's."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from assume_helper.system import home

if sys.platform != "win32":
    import pwd


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


# What an earlier `sudo -E` left.


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of what root owns, though this process is another user: `me`."""
    given: set[str] = set()
    own, look, follow = os.geteuid(), os.lstat, os.stat

    def owned(path: str, status: os.stat_result) -> os.stat_result:
        owner = 0 if Path(path).name in given else own + 4242
        return os.stat_result((*status[:4], owner, *status[5:]))

    monkeypatch.setattr(os, "lstat", lambda path, **more: owned(path, look(path, **more)))
    monkeypatch.setattr(os, "stat", lambda path, **more: owned(path, follow(path, **more)))
    monkeypatch.setattr(os, "geteuid", lambda: own + 4242)
    monkeypatch.setattr(
        pwd, "getpwuid", lambda user: SimpleNamespace(pw_name="root" if user == 0 else "me", pw_dir=str(tmp_path))
    )
    (tmp_path / ".cache" / "assume-helper").mkdir(parents=True)
    return given


@pytest.mark.parametrize(
    ("owned", "asked", "named"),
    [
        ({".cache"}, ".cache/missing/below", ".cache"),
        ({".cache", "assume-helper"}, ".cache/assume-helper", ".cache"),
        ({"assume-helper"}, ".cache/assume-helper", ".cache/assume-helper"),
        ({"assume-helper"}, ".cache//./assume-helper/", ".cache/assume-helper"),
        ({".cache"}, ".cache/assume-helper", None),  # what stands in the way is not whose it is
        (set(), ".cache/assume-helper", None),
        ({".cache"}, ".cache/../.cache", None),
        ({".cache"}, ".local/state", None),
    ],
)
def test_the_topmost_directory_that_another_user_owns_is_named_and_what_mends_it(
    tmp_path: Path, given: set[str], owned: set[str], asked: str, named: str | None
) -> None:
    given |= owned
    expected = named and (f"{tmp_path}/{named} belongs to root", f"sudo chown -R me {tmp_path}/{named}")
    for end in ("", "/"):
        assert home.taken(f"{tmp_path}/{asked}", {"HOME": f"{tmp_path}{end}"}) == expected


def test_a_path_is_quoted_for_a_shell_and_printable(tmp_path: Path, given: set[str]) -> None:
    (tmp_path / "my\x1b cache").mkdir()
    given.add("my\x1b cache")
    shown = f"{tmp_path}/my\\x1b cache"
    expected = (f"{shown} belongs to root", f"sudo chown -R me '{shown}'")
    assert home.taken(f"{tmp_path}/my\x1b cache/below", {"HOME": str(tmp_path)}) == expected


def test_users_without_a_name_are_their_numbers(
    tmp_path: Path, given: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def getpwuid(_user: int) -> SimpleNamespace:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", getpwuid)
    given.add(".cache")
    path = f"{tmp_path}/.cache"
    expected = (f"{path} belongs to 0", f"sudo chown -R {os.geteuid()} {path}")
    assert home.taken(f"{path}/x", {"HOME": str(tmp_path)}) == expected


def test_no_tree_outside_home_and_no_home_of_another_user_is_to_be_given_away(tmp_path: Path, given: set[str]) -> None:
    given |= {".cache", "link", "file"}
    (tmp_path / "link").symlink_to(tmp_path / ".cache")
    (tmp_path / "file").touch()
    for name in ("link", "link/below", "file"):
        assert home.taken(f"{tmp_path}/{name}", {"HOME": str(tmp_path)}) is None
    for value in ("", "relative", f"{tmp_path}/other", f"{tmp_path}/.cac"):
        assert home.taken(f"{tmp_path}/.cache", {"HOME": value}) is None
    given.add(tmp_path.name)
    assert home.taken(f"{tmp_path}/.cache", {"HOME": str(tmp_path)}) is None
