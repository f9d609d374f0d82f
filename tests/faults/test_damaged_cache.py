"""A cache that is damaged, planted or not to be used: it is repaired, and the caller gets credentials."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from damage import enlarged, flipped, mode
from front import Call, Front, Reply, session
from running import LIKE_ANY_USER, SCRIPT, Home, warned


def replaced(data: bytes) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.write_bytes(data)

    return damage


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def loosened(path: Path) -> None:
    path.chmod(0o644)


def linked(path: Path) -> None:
    target = path.with_name("elsewhere")
    path.rename(target)
    path.symlink_to(target)


DAMAGE = [
    pytest.param(replaced(b""), id="empty"),
    pytest.param(replaced(b"{}"), id="json"),
    pytest.param(replaced(b"\x00" * 100), id="zeros"),
    pytest.param(replaced(b"assume-helper 1 00000000000000000000000000000000\n1 99999999999\n{}\n{}"), id="forged"),
    flipped,
    halved,
    loosened,
    linked,
    enlarged,
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_an_entry_that_cannot_be_trusted_is_a_miss_and_is_replaced(
    granted: Home, offline_front: Front, damage: Callable[[Path], None]
) -> None:
    first = granted.get("dev")
    (entry,) = granted.entries()
    damage(entry)
    assert granted.get("dev")["AccessKeyId"] == first["AccessKeyId"]
    assert len(offline_front.calls) == 2
    granted.get("dev")
    assert len(offline_front.calls) == 2, "what was damaged has been replaced"
    assert stat.S_ISREG(entry.lstat().st_mode)
    assert mode(entry) == 0o600


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_a_hit_remembers_of_the_config_may_be_damaged_too(
    granted: Home, offline_front: Front, damage: Callable[[Path], None]
) -> None:
    granted.get("dev")
    (remembered,) = granted.cache.glob("*.hit")
    damage(remembered)
    granted.get("dev")
    granted.get("dev")
    assert len(offline_front.calls) == 1


def test_an_entry_of_another_profile_is_not_an_answer(granted: Home, offline_front: Front) -> None:
    granted.get("dev")
    shutil.copy(granted.entries()[0], granted.cache / ("0" * 64 + ".entry"))
    with granted.config.open("a") as config:
        config.write("external_id = another\n")
    granted.get("dev")
    assert len(offline_front.calls) == 2


def newer(path: Path) -> bytes:
    data = path.read_bytes().replace(b"assume-helper 1 ", b"assume-helper 2 ", 1)
    path.write_bytes(data)
    return data


def test_an_entry_of_a_newer_version_is_a_miss_and_stays(granted: Home, offline_front: Front) -> None:
    granted.get("dev")
    (entry,) = granted.entries()
    written = newer(entry)
    granted.get("dev")
    assert len(offline_front.calls) == 2
    assert entry.read_bytes() == written


def test_a_directory_that_is_a_link_is_not_used(granted: Home, offline_front: Front, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(mode=0o700)
    granted.cache.parent.mkdir(mode=0o700)
    granted.cache.symlink_to(tmp_path / "target")
    granted.get("dev")
    assert not list((tmp_path / "target").iterdir())
    assert "is not a plain directory" in warned(granted)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's directory")
def test_a_directory_of_another_user_is_not_used(granted: Home) -> None:
    granted.cache.mkdir(parents=True, mode=0o700)
    os.chown(granted.cache, 54321, 54321)
    granted.get("dev")
    assert not list(granted.cache.iterdir())
    assert f"no cache: {granted.cache} belongs to 54321; sudo chown -R root {granted.cache}" in warned(granted)


def test_a_cache_that_cannot_be_made_is_a_warning_and_the_caller_gets_credentials(
    granted: Home, offline_front: Front
) -> None:
    granted.cache.parent.write_text("a file where the directory should be")
    granted.get("dev")
    granted.get("dev")
    assert len(offline_front.calls) == 2
    assert "no cache" in warned(granted)


@pytest.mark.parametrize("directory", ["relative/cache", "."])
def test_a_relative_directory_is_never_used(granted: Home, directory: str) -> None:
    granted.get("dev", ASSUME_HELPER_CACHE_DIR=directory)
    assert not list(granted.folder.rglob("*.entry"))
    assert "is not absolute" in warned(granted)


@pytest.mark.skipif(bool(LIKE_ANY_USER) and shutil.which("setpriv") is None, reason="root writes everywhere")
@pytest.mark.parametrize("made", [False, True])
def test_a_cache_that_may_not_be_written_is_a_warning_and_the_caller_gets_credentials(
    granted: Home, offline_front: Front, made: bool
) -> None:
    """The directory, or the place where it would be made, is read-only."""
    granted.cache.mkdir(mode=0o700, parents=True) if made else granted.cache.parent.mkdir(mode=0o700)
    closed = granted.cache if made else granted.cache.parent
    closed.chmod(0o500)
    for _ in range(2):
        ran = granted.run("get", "dev", command=[*LIKE_ANY_USER, SCRIPT])
        assert (ran.code, ran.stderr, ran.document["Version"]) == (0, "", 1)
    closed.chmod(0o700)
    assert len(offline_front.calls) == 2
    assert "Permission denied" in warned(granted)


def test_a_directory_that_was_deleted_is_created_again_with_mode_0700(granted: Home, offline_front: Front) -> None:
    def gone(call: Call) -> Reply | None:
        shutil.rmtree(granted.cache)
        return session()(call)

    offline_front.behaviour = gone
    granted.get("dev")
    offline_front.behaviour = session()
    granted.get("dev")
    assert mode(granted.cache) == 0o700


def test_a_slash_behind_a_link_does_not_hide_it(granted: Home, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    granted.get("dev", ASSUME_HELPER_CACHE_DIR=f"{tmp_path}/link/")
    assert not list((tmp_path / "target").iterdir())


def test_a_temporary_file_left_behind_is_swept_and_a_young_one_is_not(granted: Home) -> None:
    granted.get("dev")
    old, young = granted.cache / f"tmp-1-{0:016x}", granted.cache / f"tmp-2-{0:016x}"
    for path in (old, young):
        path.touch(mode=0o600)
    os.utime(old, (1, 1))
    granted.entries()[0].unlink()
    granted.get("dev")
    assert not old.exists()
    assert young.exists()


def test_without_a_lock_there_is_one_direct_call(granted: Home, offline_front: Front) -> None:
    granted.get("dev")
    (lock,) = granted.cache.glob("*.lock")
    lock.unlink()
    lock.symlink_to(granted.folder / "planted")
    granted.entries()[0].unlink()
    granted.get("dev")
    assert len(offline_front.calls) == 2
    assert not (granted.folder / "planted").exists()
    assert "no lock" in warned(granted)


def test_a_link_in_place_of_an_entry_is_said_in_the_log(granted: Home) -> None:
    granted.get("dev")
    linked(granted.entries()[0])
    granted.get("dev")
    assert "is a link; remove it" in warned(granted)
