"""The token in a file: the user's alone, and gone when its endpoint is, or with the next one."""

import os
import sys
import tempfile
from pathlib import Path

import pytest
from opened import open_to_others
from running import umask

from assume_helper.export import token_file

if sys.platform != "win32":
    import fcntl

TOKEN = "a-token"


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("mask", [0, 0o077, 0o777])
def test_it_is_the_user_s_alone_whatever_the_umask(mask: int) -> None:
    with umask(mask):
        made = token_file.create(TOKEN, {})
    path = Path(made.path)
    assert path.read_text() == TOKEN
    if sys.platform != "win32":
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    made.remove()
    assert not path.parent.exists()
    if sys.platform != "win32":  # where it must be closed to be removed
        made.remove()
        os.close(made.descriptor)


def test_one_that_is_in_use_stays_and_a_left_over_goes(base: Path) -> None:
    used, left = token_file.create(TOKEN, {}), token_file.create(TOKEN, {})
    os.close(left.descriptor)  # as the kernel does when its endpoint is killed
    others = base / "assume-helper-others"
    others.mkdir()
    (others / "token").write_text("not private")
    open_to_others(others, 0o755)
    (base / "assume-helper-empty").mkdir(mode=0o700)
    made = token_file.create(TOKEN, {})
    assert Path(used.path).exists()
    assert not Path(left.path).parent.exists()
    assert (others / "token").exists(), "it is open to others, so it is nothing of ours"
    assert (base / "assume-helper-empty").exists(), "its file may be about to come"
    for file in (used, made):
        os.close(file.descriptor)


def test_one_that_is_taken_for_a_left_over_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its creation and its lock."""
    real = fcntl.flock
    taken: list[str] = []

    def flock(descriptor: int, how: int) -> None:
        if not taken:
            taken.append(os.readlink(f"/proc/self/fd/{descriptor}"))
            os.unlink(taken[0])
            os.rmdir(os.path.dirname(taken[0]))
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    made = token_file.create(TOKEN, {})
    assert taken
    assert made.path != taken[0]
    assert Path(made.path).read_text() == TOKEN
    os.close(made.descriptor)


def test_without_locks_there_is_a_file_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(_descriptor: int, _how: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    first, second = token_file.create(TOKEN, {}), token_file.create(TOKEN, {})
    assert Path(first.path).exists(), "nobody knows whether it is in use"
    for file in (first, second):
        os.close(file.descriptor)


def test_where_there_is_no_place_it_says_so(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(base / "not-there"))
    with pytest.raises(FileNotFoundError):
        token_file.create(TOKEN, {"XDG_RUNTIME_DIR": "relative"})


def test_it_can_be_made_to_look_new() -> None:
    made = token_file.create(TOKEN, {})
    os.utime(made.path, (0, 0))
    made.touch()
    assert os.stat(made.path).st_mtime > 0
    made.remove()
    made.touch()
    if sys.platform != "win32":  # where it must be closed to be removed
        os.close(made.descriptor)
