"""Temporary files beside the config: which of them may be deleted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assume_helper.cache import directory as cache_directory
from assume_helper.configure import temporary_file


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    path.write_text("[profile a]\n")
    return path


@pytest.fixture
def dead() -> str:
    """The name of a writer on this machine that has ended; of one on another where Windows would not tell."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    here = cache_directory.writer().partition("-")[0] if sys.platform != "win32" else "0" * 8
    return f"{here}-{ended.pid}"


def left_by(writer: str, temporary: temporary_file.TemporaryFile) -> Path:
    """`temporary` as if `writer` had written it."""
    path = Path(temporary.path)
    return path.rename(path.with_name(path.name.replace(cache_directory.writer(), writer)))


def swept(config: Path) -> tuple[list[str], list[str]]:
    removed, left = temporary_file.sweep(str(config))
    return sorted(Path(path).name for path in removed), [str(warning) for warning in left]


@pytest.mark.parametrize("target", ["config", "config.assume-helper.bak"])
def test_our_own_text_is_deleted_and_a_living_writer_s_stays(config: Path, dead: str, target: str) -> None:
    alive = temporary_file.write(str(config.with_name(target)), b"alive")
    path = left_by(dead, temporary_file.write(str(config.with_name(target)), b"left"))
    assert swept(config) == ([path.name], [])
    assert Path(alive.path).read_bytes() == b"alive"
    alive.discard()
    assert os.listdir(config.parent) == ["config"]


@pytest.mark.parametrize("other", ["0" * 8, "12345678"])
def test_a_writer_of_before_a_restart_or_of_another_machine_counts_as_dead(config: Path, other: str) -> None:
    path = left_by(f"{other}-{os.getpid()}", temporary_file.write(str(config), b"left"))
    assert swept(config) == ([path.name], [])


def test_a_process_of_the_same_id_that_came_later_is_not_the_writer(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary_file.write(str(config), b"left")
    monkeypatch.setattr(temporary_file, "_LONGEST_WRITE", -1)
    assert len(swept(config)[0]) == 1


def changed(path: Path, _config: Path) -> None:
    path.write_bytes(b"precious")


def appended(path: Path, _config: Path) -> None:
    with path.open("ab") as file:
        file.write(b"precious")


def replaced(path: Path, _config: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"precious")
    other.replace(path)


def exchanged_with_another_s(path: Path, config: Path) -> None:
    replaced(config, config)
    config.replace(path)


def made_a_link(path: Path, config: Path) -> None:
    path.unlink()
    path.symlink_to(config)


def made_a_directory(path: Path, _config: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("how", [changed, appended, replaced, exchanged_with_another_s, made_a_link, made_a_directory])
def test_what_is_not_our_own_text_is_told_and_stays(config: Path, dead: str, how: object) -> None:
    replaces = temporary_file.identity(config.stat())
    path = left_by(dead, temporary_file.write(str(config), b"left", None, replaces))
    assert callable(how)
    how(path, config)
    removed, (told,) = swept(config)
    assert removed == []
    assert told.startswith(f"{path} was left behind, and is not a text of assume-helper; ")
    assert os.path.lexists(path)
    if path.is_file() and not path.is_symlink():
        assert path.read_bytes().endswith(b"precious")


def test_the_text_that_was_exchanged_for_ours_is_deleted(config: Path, dead: str) -> None:
    """Nothing is in it that is not in ours."""
    new = temporary_file.write(str(config), b"new", str(config), temporary_file.identity(config.stat()))
    path = left_by(dead, new)
    aside = config.with_name("aside")
    config.rename(aside)
    path.rename(config)
    aside.rename(path)
    assert swept(config) == ([path.name], [])
    assert config.read_bytes() == b"new"


@pytest.mark.parametrize(
    "name",
    [
        "config.assume-helper.bak",
        "config.assume-helper-mine",
        "config.assume-helper-12345678-1-0123456789abcde",
        "config.bak",
        "myconfig.assume-helper-12345678-1-0123456789abcdef",
        "credentials.assume-helper-12345678-1-0123456789abcdef",
    ],
)
def test_other_names_are_nobody_s_left_over(config: Path, name: str) -> None:
    config.with_name(name).write_text("precious")
    assert swept(config) == ([], [])
    assert config.with_name(name).read_text() == "precious"


def test_one_of_an_older_version_is_told_unless_nothing_is_in_it(config: Path) -> None:
    empty, full = (config.with_name(f"config.assume-helper-{digit * 16}") for digit in "01")
    empty.touch()
    full.write_text("precious")
    removed, (told,) = swept(config)
    assert removed == [empty.name]
    assert str(full) in told


def test_a_directory_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert temporary_file.sweep(str(tmp_path / "nowhere" / "config")) == ([], [])


def test_where_a_write_fails_nothing_is_left(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        temporary_file.write(str(config), b"new")
    assert os.listdir(config.parent) == ["config"]
