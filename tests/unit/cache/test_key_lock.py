"""The lock of a key: one process at a time, and nobody waits for ever."""

import errno
import hashlib
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from running import into

from assume_helper.cache import key_lock
from assume_helper.cache.directory import Cache
from assume_helper.cache.key_lock import acquire

if sys.platform != "win32":
    import fcntl

KEY = "1" + "c" * 63
LOWER = "0" * 64
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
    return Path(cache.path(key_lock.file_name(key)))


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
    if sys.platform != "win32":
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
        assert child.wait(60) == (-9 if sys.platform != "win32" else 1)
    assert warnings == []


def test_a_holder_that_stands_still_and_is_killed_lets_go(cache: Cache) -> None:
    with holder(cache) as child:
        child.send_signal(signal.SIGSTOP)
        with acquire(cache, KEY, after(child.kill)) as is_held:
            assert is_held


def test_the_lock_of_another_key_is_free(cache: Cache) -> None:
    with holder(cache), acquire(cache, LOWER, never) as is_held:
        assert is_held


def test_two_keys_are_held_at_once(cache: Cache) -> None:
    """A link of a chain is fetched while the chain's own lock is held."""
    with acquire(cache, KEY, never) as outer, acquire(cache, LOWER, never) as inner:
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


# All keys share 64 files.


def keys_of(rank: int) -> list[str]:
    """Some keys of sessions of this rank."""
    return [f"{rank:x}{hashlib.sha256(str(number).encode()).hexdigest()[1:]}" for number in range(200)]


def test_all_keys_share_64_files_and_each_rank_has_files_of_its_own() -> None:
    names = {rank: {key_lock.file_name(key) for key in keys_of(rank)} for rank in range(16)}
    assert set.union(*names.values()) == {f"{number:02x}.lock" for number in range(64)}
    for rank in range(4):
        for other in range(rank + 1, 16):
            assert not names[rank] & names[other]


def test_what_is_no_key_has_a_file_of_its_own() -> None:
    assert key_lock.file_name("config-abc") == "config-abc.lock"


def test_a_thread_that_holds_the_file_already_holds_it(cache: Cache) -> None:
    same = next(key for key in keys_of(1) if key_lock.file_name(key) == key_lock.file_name(KEY))
    with acquire(cache, KEY, never) as outer:
        with acquire(cache, same, never) as inner:
            assert (outer, inner) == (True, True)
        with holder_is_kept_out(cache):
            pass
    with holder(cache):
        pass


@contextmanager
def holder_is_kept_out(cache: Cache) -> Iterator[None]:
    """Another process cannot hold the lock."""
    command = [sys.executable, "-c", HOLDER.replace("lambda: False", "lambda: True"), str(cache.directory), KEY]
    done = subprocess.run(command, input="", capture_output=True, text=True, env={}, check=False)
    assert done.stdout.startswith("not held")
    yield


def test_another_thread_waits(cache: Cache) -> None:
    found: list[bool] = []

    def other() -> None:
        with acquire(cache, KEY, lambda: True) as is_held:
            found.append(is_held)

    with acquire(cache, KEY, never):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(60)
    assert found == [False]


# Takes one lock, waits until all have theirs, and takes another.
CROSSING = """
import os, sys, time
from pathlib import Path
from assume_helper.cache.directory import Cache
from assume_helper.cache.key_lock import acquire
cache, first, second, me, all_of = Cache(sys.argv[1], sys.stderr.write), *sys.argv[2:6]
with acquire(cache, first, lambda: False) as is_held:
    assert is_held
    Path(me).touch()
    begun = time.monotonic()
    while not all(Path(path).exists() for path in all_of.split(os.pathsep)):
        assert time.monotonic() < begun + 60
        time.sleep(0.01)
    with acquire(cache, second, lambda: time.monotonic() > begun + 60) as is_held:
        print(time.monotonic() - begun, flush=True)
"""


def test_two_holders_that_need_each_other_s_file_in_the_last_row_wait_for_a_moment_only(
    cache: Cache, tmp_path: Path
) -> None:
    """Sessions with four and more roles behind them: the only ones that could wait in a circle."""
    one = keys_of(5)[0]
    other = next(key for key in keys_of(6) if key_lock.file_name(key) != key_lock.file_name(one))
    marks = [str(tmp_path / "one"), str(tmp_path / "other")]
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CROSSING, str(cache.directory), first, second, mark, os.pathsep.join(marks)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for first, second, mark in ((one, other, marks[0]), (other, one, marks[1]))
    ]
    for child in children:
        said, _ = child.communicate(timeout=90)
        assert child.returncode == 0
        assert float(said) < 10


def test_a_lock_that_is_refused_is_not_waited_for(cache: Cache, warnings: list[str]) -> None:
    """As a security module may refuse it. The library takes it for one that another process holds."""

    def flock(_descriptor: int, _operation: int) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fcntl, "flock", flock)
        begun = time.monotonic()
        with acquire(cache, KEY, lambda: time.monotonic() > begun + 30) as is_held:
            assert not is_held
    assert time.monotonic() - begun < 5
    assert warnings == [f"no lock: {file(cache)} (Permission denied); calls to STS are not shared"]


# where there is no lock to be had


def test_without_a_cache_there_is_no_lock_and_nothing_is_said(warnings: list[str]) -> None:
    with acquire(Cache(None, into(warnings)), KEY, never) as is_held:
        assert not is_held
    assert warnings == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EIO])
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
    assert ("Is a directory" if sys.platform != "win32" else "Permission denied") in warnings[0]


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
    assert warnings == [f"no lock: {file(Cache('/', print))} (Permission denied); calls to STS are not shared"]


def test_the_warning_has_no_control_characters(tmp_path: Path, warnings: list[str]) -> None:
    directory = tmp_path / "a\x1b[31mred"
    directory.mkdir(mode=0o700)
    (directory / key_lock.file_name(KEY)).mkdir()
    with acquire(Cache(str(directory), into(warnings)), KEY, never):
        pass
    assert "\x1b" not in warnings[0]
