"""The cache on a real disk: what is in it, what it does not use, and that callers get credentials all the same."""

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from front import Call, Front, Reply, session
from running import LIKE_ANY_USER, SCRIPT, SECRET, Home


@pytest.fixture
def home_(role: Home, offline_front: Front) -> Home:
    offline_front.behaviour = session()
    return role


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_every_file_is_0600_in_a_directory_of_0700_whatever_the_umask(home_: Home, umask: int) -> None:
    old = os.umask(umask)
    try:
        home_.get("dev")
        assert home_.run("get", "nowhere").code == 3
    finally:
        os.umask(old)
    assert mode(home_.cache) == 0o700
    assert mode(home_.log.parent) == 0o700
    files = [*home_.cache.iterdir(), home_.log]
    assert {path.suffix for path in files} == {".entry", ".lock", ".hit", ".jsonl"}
    assert {mode(path) for path in files} == {0o600}


def test_secrets_are_in_the_entry_alone_and_the_sources_secret_is_nowhere(home_: Home) -> None:
    document = home_.get("dev")
    for path in (p for p in home_.folder.rglob("*") if p.is_file() and p.parent.name != ".aws"):
        data = path.read_bytes()
        assert SECRET.encode() not in data
        assert (document["SecretAccessKey"].encode() in data) == (path.suffix == ".entry")
        assert document["SecretAccessKey"] not in str(path)


def test_the_directory_can_be_moved(home_: Home, tmp_path: Path) -> None:
    home_.get("dev", ASSUME_HELPER_CACHE_DIR=str(tmp_path / "deep" / "down"))
    assert list((tmp_path / "deep" / "down").glob("*.entry"))
    assert not home_.cache.exists()
    home_.get("dev", XDG_CACHE_HOME=str(tmp_path / "xdg"))
    assert list((tmp_path / "xdg" / "assume-helper").glob("*.entry"))


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


def made_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def made_a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


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
    made_a_fifo,
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


def test_a_directory_in_an_entrys_place_does_not_keep_the_credentials_from_the_caller(
    home_: Home, offline_front: Front
) -> None:
    home_.get("dev")
    made_a_directory(home_.entries()[0])
    home_.get("dev")
    assert len(offline_front.calls) == 2


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


def warned(home: Home) -> str:
    return "\n".join(json.loads(line).get("message", "") for line in home.log.read_text().splitlines())


def test_a_directory_open_to_others_is_not_used_and_said_so_in_the_log(home_: Home, offline_front: Front) -> None:
    home_.get("dev")
    home_.cache.chmod(0o750)
    before = sorted(home_.cache.iterdir())
    home_.get("dev")
    home_.get("dev")
    assert len(offline_front.calls) == 3
    assert sorted(home_.cache.iterdir()) == before
    assert "is open to other users; it must be a directory of yours with mode 0700" in warned(home_)


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
    os.chown(home_.cache, 65534, 65534)
    home_.get("dev")
    assert not list(home_.cache.iterdir())
    assert "belongs to another user" in warned(home_)


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


def test_without_a_home_the_cache_is_where_the_environment_says(home_: Home, tmp_path: Path) -> None:
    files = {"AWS_CONFIG_FILE": str(home_.config), "AWS_SHARED_CREDENTIALS_FILE": str(home_.credentials)}
    places = {"XDG_CACHE_HOME": str(tmp_path / "c"), "XDG_STATE_HOME": str(tmp_path / "s")}
    home_.get("dev", HOME="", **files, **places)
    assert list((tmp_path / "c" / "assume-helper").glob("*.entry"))


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


def test_a_warning_is_shown_to_a_person_at_a_terminal(home_: Home) -> None:
    """And to nobody else: some clients take anything on stderr for a failure."""
    import pexpect

    environ = home_.environ | {"ASSUME_HELPER_CACHE_DIR": "relative"}
    child = pexpect.spawn(SCRIPT, ["get", "dev"], env=environ, encoding="utf-8", timeout=60)
    child.expect("warning: no cache")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


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


def test_a_lock_file_is_never_removed(home_: Home) -> None:
    home_.get("dev")
    (lock,) = home_.cache.glob("*.lock")
    inode = lock.stat().st_ino
    home_.entries()[0].unlink()
    home_.get("dev")
    assert lock.stat().st_ino == inode


def test_a_process_that_is_killed_leaves_no_half_entry(home_: Home, offline_front: Front) -> None:
    home_.unmeasured()
    offline_front.behaviour = offline_front.held_back(session())
    child: subprocess.Popen[bytes] = home_.start("get", "dev")
    assert offline_front.arrived.wait(60)
    child.kill()
    child.communicate()
    assert home_.entries() == []
    offline_front.released.set()
    home_.get("dev")
    assert len(home_.entries()) == 1


def test_a_link_in_place_of_an_entry_is_said_in_the_log(home_: Home) -> None:
    home_.get("dev")
    linked(home_.entries()[0])
    home_.get("dev")
    assert "is a link; remove it" in warned(home_)
