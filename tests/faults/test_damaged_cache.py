"""A cache that is damaged, planted or not to be used: it is passed by and mended, and the caller gets credentials."""

import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from front import Call, Front, Reply, session
from running import LIKE_ANY_USER, SCRIPT, Home


@pytest.fixture
def home_(role: Home, offline_front: Front) -> Home:
    offline_front.behaviour = session()
    return role


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def warned(home: Home) -> str:
    return "\n".join(json.loads(line).get("message", "") for line in home.log.read_text().splitlines())


def replaced(data: bytes) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.write_bytes(data)

    return damage


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def loosened(path: Path) -> None:
    path.chmod(0o644)


def linked(path: Path) -> None:
    target = path.with_name("elsewhere")
    path.rename(target)
    path.symlink_to(target)


def enlarged(path: Path) -> None:
    os.truncate(path, 1 << 30)


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
    home_: Home, offline_front: Front, damage: Callable[[Path], None]
) -> None:
    first = home_.get("dev")
    (entry,) = home_.entries()
    damage(entry)
    assert home_.get("dev")["AccessKeyId"] == first["AccessKeyId"]
    assert len(offline_front.calls) == 2
    home_.get("dev")
    assert len(offline_front.calls) == 2, "what was damaged has been replaced"
    assert stat.S_ISREG(entry.lstat().st_mode)
    assert mode(entry) == 0o600


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_a_hit_remembers_of_the_config_may_be_damaged_too(
    home_: Home, offline_front: Front, damage: Callable[[Path], None]
) -> None:
    home_.get("dev")
    (remembered,) = home_.cache.glob("*.hit")
    damage(remembered)
    home_.get("dev")
    home_.get("dev")
    assert len(offline_front.calls) == 1


def test_an_entry_of_another_profile_is_not_an_answer(home_: Home, offline_front: Front) -> None:
    home_.get("dev")
    shutil.copy(home_.entries()[0], home_.cache / ("0" * 64 + ".entry"))
    with home_.config.open("a") as config:
        config.write("external_id = another\n")
    home_.get("dev")
    assert len(offline_front.calls) == 2


def newer(path: Path) -> bytes:
    data = path.read_bytes().replace(b"assume-helper 1 ", b"assume-helper 2 ", 1)
    path.write_bytes(data)
    return data


def test_an_entry_of_a_newer_version_is_a_miss_and_stays(home_: Home, offline_front: Front) -> None:
    home_.get("dev")
    (entry,) = home_.entries()
    written = newer(entry)
    home_.get("dev")
    assert len(offline_front.calls) == 2
    assert entry.read_bytes() == written


def test_a_directory_that_is_a_link_is_not_used(home_: Home, offline_front: Front, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(mode=0o700)
    home_.cache.parent.mkdir(mode=0o700)
    home_.cache.symlink_to(tmp_path / "target")
    home_.get("dev")
    assert not list((tmp_path / "target").iterdir())
    assert "is not a plain directory" in warned(home_)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's directory")
def test_a_directory_of_another_user_is_not_used(home_: Home) -> None:
    home_.cache.mkdir(parents=True, mode=0o700)
    os.chown(home_.cache, 54321, 54321)
    home_.get("dev")
    assert not list(home_.cache.iterdir())
    assert f"no cache: {home_.cache} belongs to 54321; sudo chown -R root {home_.cache}" in warned(home_)


def test_a_cache_that_cannot_be_made_is_a_warning_and_the_caller_gets_credentials(
    home_: Home, offline_front: Front
) -> None:
    home_.cache.parent.write_text("a file where the directory should be")
    home_.get("dev")
    home_.get("dev")
    assert len(offline_front.calls) == 2
    assert "no cache" in warned(home_)


@pytest.mark.parametrize("directory", ["relative/cache", "."])
def test_a_relative_directory_is_never_used(home_: Home, directory: str) -> None:
    home_.get("dev", ASSUME_HELPER_CACHE_DIR=directory)
    assert not list(home_.folder.rglob("*.entry"))
    assert "is not absolute" in warned(home_)


@pytest.mark.skipif(bool(LIKE_ANY_USER) and shutil.which("setpriv") is None, reason="root writes everywhere")
@pytest.mark.parametrize("made", [False, True])
def test_a_cache_that_may_not_be_written_is_a_warning_and_the_caller_gets_credentials(
    home_: Home, offline_front: Front, made: bool
) -> None:
    """The directory, or the place where it would be made, is read-only."""
    home_.cache.mkdir(mode=0o700, parents=True) if made else home_.cache.parent.mkdir(mode=0o700)
    closed = home_.cache if made else home_.cache.parent
    closed.chmod(0o500)
    for _ in range(2):
        ran = home_.run("get", "dev", command=[*LIKE_ANY_USER, SCRIPT])
        assert (ran.code, ran.stderr, ran.document["Version"]) == (0, "", 1)
    closed.chmod(0o700)
    assert len(offline_front.calls) == 2
    assert "Permission denied" in warned(home_)


def test_a_directory_that_goes_away_is_made_anew_and_private(home_: Home, offline_front: Front) -> None:
    def gone(call: Call) -> Reply | None:
        shutil.rmtree(home_.cache)
        return session()(call)

    offline_front.behaviour = gone
    home_.get("dev")
    offline_front.behaviour = session()
    home_.get("dev")
    assert mode(home_.cache) == 0o700


def test_a_slash_behind_a_link_does_not_hide_it(home_: Home, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    home_.get("dev", ASSUME_HELPER_CACHE_DIR=f"{tmp_path}/link/")
    assert not list((tmp_path / "target").iterdir())


def test_a_temporary_file_left_behind_is_swept_and_a_young_one_is_not(home_: Home) -> None:
    home_.get("dev")
    old, young = home_.cache / f"tmp-1-{0:016x}", home_.cache / f"tmp-2-{0:016x}"
    for path in (old, young):
        path.touch(mode=0o600)
    os.utime(old, (1, 1))
    home_.entries()[0].unlink()
    home_.get("dev")
    assert not old.exists()
    assert young.exists()


def test_a_lock_that_cannot_be_had_is_one_direct_call(home_: Home, offline_front: Front) -> None:
    home_.get("dev")
    (lock,) = home_.cache.glob("*.lock")
    lock.unlink()
    lock.symlink_to(home_.folder / "planted")
    home_.entries()[0].unlink()
    home_.get("dev")
    assert len(offline_front.calls) == 2
    assert not (home_.folder / "planted").exists()
    assert "no lock" in warned(home_)


def test_a_link_in_place_of_an_entry_is_said_in_the_log(home_: Home) -> None:
    home_.get("dev")
    linked(home_.entries()[0])
    home_.get("dev")
    assert "is a link; remove it" in warned(home_)
