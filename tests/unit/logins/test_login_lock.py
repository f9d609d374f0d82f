"""The lock of a login: who has it, that nobody unlocks it by hand, and that it is ours alone."""

import os
import stat
import sys
from pathlib import Path

import pytest
from opened import open_to_others
from running import umask
from unit.obstacles import given_away

from assume_helper.hit import NotPrivate
from assume_helper.logins import login_lock
from assume_helper.profiles import login_record


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "cache" / "abc.json"
    path.parent.mkdir()
    path.write_text("{}")
    return path


def lock_of(token: Path) -> Path:
    return Path(login_record.beside(str(token), login_record.LOCK))


def test_one_has_it_and_the_next_when_all_copies_are_closed(token: Path) -> None:
    first = login_lock.try_acquire(str(token))
    assert first is not None
    copy = os.dup(first)
    assert login_lock.try_acquire(str(token)) is None
    os.close(first)
    assert login_lock.try_acquire(str(token)) is None, "who has inherited it still has it"
    os.close(copy)
    again = login_lock.try_acquire(str(token))
    assert again is not None
    os.close(again)
    assert lock_of(token).exists()


def test_the_file_is_ours_alone_and_no_other_tool_reads_it(token: Path) -> None:
    with umask(0):
        descriptor = login_lock.try_acquire(str(token))
    assert descriptor is not None
    os.close(descriptor)
    if sys.platform != "win32":
        assert stat.S_IMODE(lock_of(token).stat().st_mode) == 0o600
    assert lock_of(token).suffix != ".json"


@pytest.mark.parametrize("obstacle", ["link", "folder", "open to others", "another's", "fifo"])
def test_what_is_not_our_file_is_no_lock(token: Path, obstacle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = lock_of(token)
    match obstacle:
        case "link":
            lock.symlink_to(token)
        case "folder":
            lock.mkdir()
        case "fifo":
            os.mkfifo(lock, 0o600)
        case _:
            lock.touch(0o600)
    if obstacle == "open to others":
        open_to_others(lock, 0o666)
    if obstacle == "another's":
        given_away(lock, monkeypatch)
    with pytest.raises((OSError, NotPrivate)):
        login_lock.try_acquire(str(token))
    assert token.read_text() == "{}"


def test_a_login_under_way_is_known_while_its_lock_is_held(token: Path) -> None:
    assert not login_lock.is_login_under_way(str(token))
    descriptor = login_lock.try_acquire(str(token))
    assert descriptor is not None
    assert not login_lock.is_login_under_way(str(token)), "a renewal is none"
    login_lock.note_login(descriptor)
    assert login_lock.is_login_under_way(str(token))
    os.close(descriptor)
    assert not login_lock.is_login_under_way(str(token)), "it was killed"
    again = login_lock.try_acquire(str(token))
    assert again is not None
    assert not login_lock.is_login_under_way(str(token)), "whoever has it now renews"
    os.close(again)


def test_a_link_to_the_token_file_has_the_same_lock(token: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.symlink_to(token)
    descriptor = login_lock.try_acquire(str(token))
    assert descriptor is not None
    assert login_lock.try_acquire(str(other)) is None
    os.close(descriptor)
