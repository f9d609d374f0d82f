"""The config file replaced: what others write in that moment, what belongs to the file, and what is left."""

import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assume_helper.configure import exchange, temporary_file, writer
from assume_helper.errors import ChangedMeanwhile, ConfigurationError

BEFORE, OURS, THEIRS, LATER = "[profile a]\n", "[profile a]\nx = ours\n", "[profile theirs]\n", "[profile later]\n"
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has renameat2 and these attributes")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "aws"
    folder.mkdir()
    (folder / "config").write_text(BEFORE)
    return {"HOME": str(tmp_path), "AWS_CONFIG_FILE": str(folder / "config")}


@pytest.fixture
def config(environ: dict[str, str]) -> Path:
    return Path(environ["AWS_CONFIG_FILE"])


def names(config: Path) -> list[str]:
    return sorted(path.name for path in config.parent.iterdir())


def renamed(config: Path, text: str) -> None:
    """Another program replaces the file."""
    other = config.with_name("other")
    other.write_text(text)
    other.rename(config)


def rewritten(config: Path, text: str) -> None:
    """Another program writes into the file."""
    config.write_text(text)


def between(monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], None]) -> None:
    """Have each step done before the exchange of that number, as another program would."""
    left, real = list(steps), exchange.exchange

    def exchanged(source: str, target: str) -> bool:
        if left:
            left.pop(0)()
        return real(source, target)

    monkeypatch.setattr(exchange, "exchange", exchanged)


@linux
@pytest.mark.parametrize("how", [renamed, rewritten])
def test_what_another_program_writes_right_before_the_exchange_is_not_lost(
    environ: dict[str, str], config: Path, monkeypatch: pytest.MonkeyPatch, how: Callable[[Path, str], None]
) -> None:
    file = writer.read(environ)
    between(monkeypatch, lambda: how(config, BEFORE + THEIRS))
    with pytest.raises(ChangedMeanwhile):
        writer.replace(file, OURS, environ)
    assert config.read_text() == BEFORE + THEIRS
    assert names(config) == ["config", "config.assume-helper.bak"]


@linux
@pytest.mark.parametrize("how", [renamed, rewritten])
def test_what_others_write_twice_is_kept_and_told(
    environ: dict[str, str], config: Path, monkeypatch: pytest.MonkeyPatch, how: Callable[[Path, str], None]
) -> None:
    file = writer.read(environ)
    between(monkeypatch, lambda: renamed(config, THEIRS), lambda: how(config, LATER))
    with pytest.raises(ConfigurationError, match="twice meanwhile") as caught:
        writer.replace(file, OURS, environ)
    assert not isinstance(caught.value, ChangedMeanwhile)
    (kept,) = [path for path in config.parent.iterdir() if path.name not in {"config", "config.assume-helper.bak"}]
    assert (config.read_text(), kept.read_text()) == (THEIRS, LATER)
    assert str(kept) in str(caught.value)
    removed, left = temporary_file.sweep(str(config))  # its writer lives
    assert (removed, left) == ([], [])


@linux
def test_a_file_that_is_removed_or_becomes_a_link_meanwhile_is_not_made_again(
    environ: dict[str, str], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = writer.read(environ)
    between(monkeypatch, config.unlink)
    with pytest.raises(ChangedMeanwhile):
        writer.replace(file, OURS, environ)
    assert not config.exists()
    monkeypatch.undo()
    (config.parent / "dotfile").write_text(BEFORE)
    config.write_text(BEFORE)
    file = writer.read(environ)

    def becomes_a_link() -> None:
        config.unlink()
        config.symlink_to("dotfile")

    between(monkeypatch, becomes_a_link)
    with pytest.raises(ChangedMeanwhile):
        writer.replace(file, OURS, environ)
    assert config.is_symlink()
    assert config.read_text() == BEFORE


@pytest.mark.parametrize("has_flag", [True, False])
def test_a_config_that_another_program_makes_first_is_not_replaced(
    environ: dict[str, str], config: Path, monkeypatch: pytest.MonkeyPatch, has_flag: bool
) -> None:
    config.unlink()
    file = writer.read(environ)
    real = exchange.place

    def place(source: str, target: str) -> None:
        config.write_text(THEIRS)
        real(source, target)

    monkeypatch.setattr(exchange, "place", place)
    if not has_flag:
        monkeypatch.setattr(exchange, "_rename", lambda *_arguments: False)
    with pytest.raises(ChangedMeanwhile):
        writer.replace(file, OURS, environ)
    assert config.read_text() == THEIRS
    assert names(config) == ["config"]


def test_without_an_exchange_the_file_is_compared_right_before_the_rename(
    environ: dict[str, str], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(_source: str, _target: str) -> bool:
        config.write_text(THEIRS)
        return False

    file = writer.read(environ)
    monkeypatch.setattr(exchange, "exchange", unsupported)
    with pytest.raises(ChangedMeanwhile):
        writer.replace(file, OURS, environ)
    assert config.read_text() == THEIRS
    monkeypatch.setattr(exchange, "exchange", lambda *_arguments: False)
    writer.replace(writer.read(environ), OURS, environ)
    assert config.read_text() == OURS
    assert names(config) == ["config", "config.assume-helper.bak"]


def access_list(*entries: tuple[int, int, int]) -> bytes:
    """The bytes of `system.posix_acl_access`: version 2, then tag, rights and id of each entry (acl(5))."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


ANYONE = 0xFFFFFFFF
LIST = access_list((1, 6, ANYONE), (4, 0, ANYONE), (8, 4, 12345), (0x10, 4, ANYONE), (0x20, 0, ANYONE))
DEFAULT = access_list((1, 7, ANYONE), (2, 7, 54321), (4, 7, ANYONE), (0x10, 7, ANYONE), (0x20, 7, ANYONE))


def attributes(path: Path) -> dict[str, bytes]:
    return {name: os.getxattr(path, name) for name in os.listxattr(path) if not name.startswith("security.")}


def set_or_skip(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        pytest.skip(f"this file system has no {name}: {error}")


@linux
def test_an_access_list_and_attributes_stay(environ: dict[str, str], config: Path) -> None:
    set_or_skip(config, "user.note", b"mine")
    set_or_skip(config, "system.posix_acl_access", LIST)
    before, mode = attributes(config), config.stat().st_mode
    assert mode & 0o070 == 0o040  # the mask, which a copied mode alone would give to the group
    writer.replace(writer.read(environ), OURS, environ)
    assert config.read_text() == OURS
    assert (attributes(config), config.stat().st_mode) == (before, mode)
    backup = config.with_name("config.assume-helper.bak")
    assert attributes(backup) == {}
    assert backup.stat().st_mode & 0o777 == 0o600


@linux
def test_an_access_list_of_the_directory_is_not_given_to_a_file_without_one(
    environ: dict[str, str], config: Path
) -> None:
    config.chmod(0o640)
    set_or_skip(config.parent, "system.posix_acl_default", DEFAULT)
    writer.replace(writer.read(environ), OURS, environ)
    assert attributes(config) == {}
    assert config.stat().st_mode & 0o777 == 0o640
    assert attributes(config.with_name("config.assume-helper.bak")) == {}
    config.unlink()
    writer.replace(writer.read(environ), OURS, environ)
    assert attributes(config) == {}
    assert config.stat().st_mode & 0o777 == 0o600


@linux
def test_where_an_attribute_cannot_be_kept_nothing_is_written(
    environ: dict[str, str], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_or_skip(config, "user.note", b"mine")

    def refused(*_arguments: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refused)
    with pytest.raises(ConfigurationError, match=r"its attribute user\.note cannot be kept"):
        writer.replace(writer.read(environ), OURS, environ)
    assert config.read_text() == BEFORE
    assert names(config) == ["config"]


@linux
def test_what_the_system_sets_by_itself_does_not_count(
    environ: dict[str, str], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "listxattr", lambda *_arguments: ["security.selinux", "security.ima"])
    writer.replace(writer.read(environ), OURS, environ)
    assert config.read_text() == OURS


def test_more_names_than_one_are_counted(environ: dict[str, str], config: Path) -> None:
    assert writer.read(environ).links == 1
    os.link(config, config.with_name("other-name"))
    assert writer.read(environ).links == 2
