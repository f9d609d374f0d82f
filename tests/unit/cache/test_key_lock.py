"""The lock of a key: one process at a time, and nobody waits for ever."""

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from running import into

from assume_helper.cache.directory import Cache
from assume_helper.cache.key_lock import acquire

KEY = "cd" * 32
# Takes the lock of a key, says so, and keeps it until its input ends.
HOLDER = """
import sys
from assume_helper.cache.directory import Cache
from assume_helper.cache.key_lock import acquire
with acquire(Cache(sys.argv[1], sys.stderr.write), sys.argv[2], lambda: False) as is_held:
    print("held" if is_held else "not held", flush=True)
    sys.stdin.read()
print("let go", flush=True)
"""
# Counts up in a file that no two may change at once.
COUNTER = """
import sys
from assume_helper.cache.directory import Cache
from assume_helper.cache.key_lock import acquire
for _ in range(10):
    with acquire(Cache(sys.argv[1], sys.stderr.write), sys.argv[2], lambda: False) as is_held:
        assert is_held
        with open(sys.argv[3], "r+") as file:
            number = int(file.read())
            file.seek(0)
            file.write(str(number + 1))
"""


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def cache(tmp_path: Path, warnings: list[str]) -> Cache:
    (tmp_path / "cache").mkdir(mode=0o700)
    return Cache(str(tmp_path / "cache"), into(warnings))


def file(cache: Cache, key: str = KEY) -> Path:
    return Path(cache.path(key + ".lock"))


@contextmanager
def holder(cache: Cache, key: str = KEY) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLDER, str(cache.directory), key]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={}) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "held\n"
            yield child
        finally:
            child.kill()


def never() -> bool:
    """For what must not wait at all."""
    raise AssertionError("it waits")


def after(action: Callable[[], None]) -> Callable[[], bool]:
    """Never enough; `action` is done once the wait has begun. A minute is more than any lock takes."""
    begun: list[float] = []

    def enough() -> bool:
        if not begun:
            begun.append(time.monotonic())
            action()
        assert time.monotonic() < begun[0] + 60, "waited in vain"
        return False

    return enough


def test_a_free_lock_is_held_at_once(cache: Cache, warnings: list[str]) -> None:
    with acquire(cache, KEY, never) as is_held:
        assert is_held
    assert warnings == []


def test_a_free_lock_is_held_even_where_it_is_already_enough(cache: Cache) -> None:
    with acquire(cache, KEY, lambda: True) as is_held:
        assert is_held


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_the_lock_file_is_0600_and_empty(cache: Cache, umask: int) -> None:
    old = os.umask(umask)
    try:
        with acquire(cache, KEY, never):
            pass
    finally:
        os.umask(old)
    assert stat.S_IMODE(file(cache).stat().st_mode) == 0o600
    assert file(cache).stat().st_size == 0


def test_it_is_enough_where_the_holder_stands_still(cache: Cache, warnings: list[str]) -> None:
    with holder(cache) as child:
        child.send_signal(signal.SIGSTOP)
        with acquire(cache, KEY, lambda: True) as is_held:
            assert not is_held
    assert warnings == []


def test_the_wait_goes_on_until_it_is_enough(cache: Cache) -> None:
    answers = iter([False, False, True])
    with holder(cache), acquire(cache, KEY, lambda: next(answers)) as is_held:
        assert not is_held
    assert list(answers) == []


def test_when_the_holder_lets_go_the_next_one_holds(cache: Cache) -> None:
    with holder(cache) as child:

        def let_go() -> None:
            assert child.stdin is not None
            child.stdin.close()

        with acquire(cache, KEY, after(let_go)) as is_held:
            assert is_held
            assert child.wait(60) == 0


def test_when_the_holder_is_killed_the_next_one_holds(cache: Cache, warnings: list[str]) -> None:
    with holder(cache) as child:
        with acquire(cache, KEY, after(child.kill)) as is_held:
            assert is_held
        assert child.wait(60) == -signal.SIGKILL
    assert warnings == []


def test_a_holder_that_stands_still_and_is_killed_lets_go(cache: Cache) -> None:
    with holder(cache) as child:
        child.send_signal(signal.SIGSTOP)
        with acquire(cache, KEY, after(child.kill)) as is_held:
            assert is_held


def test_the_lock_of_another_key_is_free(cache: Cache) -> None:
    with holder(cache), acquire(cache, "0" * 64, never) as is_held:
        assert is_held


def test_two_keys_are_held_at_once(cache: Cache) -> None:
    """A link of a chain is fetched while the chain's own lock is held."""
    with acquire(cache, KEY, never) as outer, acquire(cache, "0" * 64, never) as inner:
        assert (outer, inner) == (True, True)


def test_the_lock_is_let_go_after_the_block(cache: Cache) -> None:
    with acquire(cache, KEY, never):
        pass
    with holder(cache):
        pass
    with acquire(cache, KEY, after(lambda: None)) as is_held:
        assert is_held


def test_the_lock_is_let_go_where_the_block_fails(cache: Cache) -> None:
    with pytest.raises(ZeroDivisionError), acquire(cache, KEY, never):
        raise ZeroDivisionError
    with holder(cache):
        pass


def test_what_enough_raises_is_raised_and_nothing_is_held(cache: Cache) -> None:
    def interrupted() -> bool:
        raise KeyboardInterrupt

    with holder(cache), pytest.raises(KeyboardInterrupt), acquire(cache, KEY, interrupted):
        pass
    with holder(cache):
        pass


def test_no_two_processes_hold_it_at_once(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "number").write_text("0")
    command = [sys.executable, "-c", COUNTER, str(cache.directory), KEY, str(tmp_path / "number")]
    children = [subprocess.Popen(command) for _ in range(4)]
    assert [child.wait(120) for child in children] == [0] * 4
    assert (tmp_path / "number").read_text() == "40"


def test_a_lock_file_is_never_unlinked(cache: Cache) -> None:
    with acquire(cache, KEY, never):
        inode = file(cache).stat().st_ino
    with holder(cache) as child, acquire(cache, KEY, after(child.kill)):
        assert file(cache).stat().st_ino == inode
    with holder(cache), acquire(cache, KEY, lambda: True):
        pass
    assert file(cache).stat().st_ino == inode


# where there is no lock to be had


def test_without_a_cache_there_is_no_lock_and_nothing_is_said(warnings: list[str]) -> None:
    with acquire(Cache(None, into(warnings)), KEY, never) as is_held:
        assert not is_held
    assert warnings == []


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EIO])
def test_a_file_system_without_locks_is_a_warning_and_no_wait(
    cache: Cache, warnings: list[str], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(_descriptor: int, _operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with acquire(cache, KEY, never) as is_held:
        assert not is_held
    assert warnings == [f"no lock: {file(cache)} ({os.strerror(number)}); calls to STS are not shared"]


def test_a_lock_file_that_is_a_link_is_not_followed(cache: Cache, warnings: list[str], tmp_path: Path) -> None:
    file(cache).symlink_to(tmp_path / "planted")
    with acquire(cache, KEY, never) as is_held:
        assert not is_held
    assert not (tmp_path / "planted").exists()
    assert [warning.startswith(f"no lock: {file(cache)} (") for warning in warnings] == [True]


def test_a_directory_in_its_place_is_a_warning(cache: Cache, warnings: list[str]) -> None:
    file(cache).mkdir()
    with acquire(cache, KEY, never) as is_held:
        assert not is_held
    assert len(warnings) == 1
    assert "Is a directory" in warnings[0]


def test_a_lock_file_that_may_not_be_opened_is_a_warning(warnings: list[str]) -> None:
    """In a directory of another user: as root, that means to be somebody else for a while."""
    really = os.geteuid()
    if really == 0:
        os.seteuid(65534)
    try:
        with acquire(Cache("/", into(warnings)), KEY, never) as is_held:
            assert not is_held
    finally:
        os.seteuid(really)
    assert warnings == [f"no lock: /{KEY}.lock (Permission denied); calls to STS are not shared"]


def test_the_warning_has_no_control_characters(tmp_path: Path, warnings: list[str]) -> None:
    directory = tmp_path / "a\x1b[31mred"
    directory.mkdir(mode=0o700)
    (directory / f"{KEY}.lock").mkdir()
    with acquire(Cache(str(directory), into(warnings)), KEY, never):
        pass
    assert "\x1b" not in warnings[0]
