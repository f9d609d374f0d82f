"""Directories of 0700 and files of 0600, whatever the umask."""

import contextlib
import os
import signal
import threading
from pathlib import Path

import pytest
from damage import mode
from running import umask

from assume_helper.system import private_files

UMASKS = [0o000, 0o022, 0o077, 0o777]


@pytest.mark.parametrize("mask", UMASKS)
def test_a_directory_and_what_is_missing_above_it_are_made_0700(tmp_path: Path, mask: int) -> None:
    with umask(mask):
        private_files.make_directory(str(tmp_path / "a" / "b" / "c"))
    assert [mode(tmp_path / d) for d in ("a", "a/b", "a/b/c")] == [0o700] * 3


@pytest.mark.parametrize("mask", [0o000, 0o777])
def test_no_right_is_given_by_a_path_where_a_link_may_lie_by_then(
    tmp_path: Path, mask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o755)
    real = os.mkdir

    def planted(path: str, rights: int) -> None:
        """Another user, who may write to the folder above, is faster."""
        real(path, rights)
        os.rmdir(path)
        os.symlink(theirs, path)

    monkeypatch.setattr(os, "mkdir", planted)
    with umask(mask), contextlib.suppress(OSError):
        private_files.make_directory(str(tmp_path / "a"))
    assert mode(theirs) == 0o755
    assert mode(tmp_path) & 0o700 == 0o700


def test_a_directory_is_not_open_to_others_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before: list[int] = []
    real = os.mkdir

    def made(path: str, rights: int) -> None:
        real(path, rights)
        before.append(mode(Path(path)))

    monkeypatch.setattr(os, "mkdir", made)
    monkeypatch.setattr(os, "chmod", lambda *_: pytest.fail("the rights are changed by a path"))
    with umask(0):
        private_files.make_directory(str(tmp_path / "a" / "b"))
    assert before == [0o700, 0o700]


def test_a_directory_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    there.chmod(0o755)
    private_files.make_directory(str(there / "new"))
    private_files.make_directory(str(there))
    assert (mode(there), mode(there / "new")) == (0o755, 0o700)


def test_nothing_is_made_behind_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    private_files.make_directory(str(link))
    assert not (tmp_path / "nowhere").exists()


def test_a_slash_at_the_end_changes_nothing(tmp_path: Path) -> None:
    private_files.make_directory(f"{tmp_path}/a/b/")
    assert mode(tmp_path / "a" / "b") == 0o700


def test_a_file_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises((NotADirectoryError, FileNotFoundError)):  # as Windows says it
        private_files.make_directory(str(tmp_path / "file" / "below"))


def test_many_may_make_the_same_directory_at_once(tmp_path: Path) -> None:
    target = str(tmp_path.joinpath(*"abcdefgh"))
    start = threading.Barrier(8)
    failures: list[OSError] = []

    def make() -> None:
        start.wait(60)
        try:
            private_files.make_directory(target)
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert os.path.isdir(target)


@pytest.mark.parametrize("flags", [os.O_EXCL, os.O_APPEND])
@pytest.mark.parametrize("mask", UMASKS)
def test_a_file_is_made_0600_and_can_be_written(tmp_path: Path, mask: int, flags: int) -> None:
    path = tmp_path / "file"
    with umask(mask):
        descriptor = private_files.create(str(path), flags)
    os.write(descriptor, b"text")
    os.close(descriptor)
    assert mode(path) == 0o600
    assert path.read_bytes() == b"text"


def test_a_file_that_is_there_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(FileExistsError):
        private_files.create(str(path), os.O_EXCL)
    assert path.read_bytes() == b"old"


def test_a_file_that_is_there_is_opened_and_not_emptied(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    descriptor = private_files.create(str(path), os.O_APPEND)
    os.write(descriptor, b" new")
    os.close(descriptor)
    assert path.read_bytes() == b"old new"


@pytest.mark.parametrize("flags", [os.O_EXCL, os.O_APPEND])
def test_a_link_is_not_followed(tmp_path: Path, flags: int) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match=r"link|File exists"):
        private_files.create(str(tmp_path / "link"), flags)
    assert not (tmp_path / "target").exists()


def test_a_fifo_without_a_reader_is_an_error_and_no_wait(tmp_path: Path) -> None:
    def waited(_number: int, _frame: object) -> None:
        raise AssertionError("it waits for a reader")

    os.mkfifo(tmp_path / "fifo", 0o600)
    old = signal.signal(signal.SIGALRM, waited)
    signal.alarm(30)
    try:
        with pytest.raises(OSError, match="No such device"):
            private_files.create(str(tmp_path / "fifo"), os.O_APPEND)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


def test_what_is_opened_is_not_handed_to_child_processes(tmp_path: Path) -> None:
    descriptor = private_files.create(str(tmp_path / "file"), os.O_EXCL)
    assert not os.get_inheritable(descriptor)
    os.close(descriptor)


def test_a_directory_can_be_flushed_and_a_file_or_nothing_cannot(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    private_files.flush_directory(str(tmp_path))
    with pytest.raises(NotADirectoryError):
        private_files.flush_directory(str(tmp_path / "file"))
    with pytest.raises(FileNotFoundError):
        private_files.flush_directory(str(tmp_path / "nothing"))


def test_flushing_a_directory_leaves_nothing_open(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    private_files.flush_directory(str(tmp_path))
    assert os.listdir("/proc/self/fd") == before


def test_what_may_be_made_is_below_a_directory_that_we_may_write_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert private_files.may_be_made(str(tmp_path / "a" / "b"))
    assert not private_files.may_be_made(str(tmp_path / "file" / "b"))
    assert not private_files.may_be_made(str(tmp_path / "link" / "b"))
    monkeypatch.setattr(os, "access", lambda path, _mode: path != str(tmp_path))
    assert not private_files.may_be_made(str(tmp_path / "a" / "b"))


def test_windows_is_asked_again_while_a_file_is_open_and_not_for_longer() -> None:
    """A hit that reads, or a virus scanner: ERROR_SHARING_VIOLATION. What is refused otherwise is so at once."""
    slept: list[float] = []
    left = [3]

    def change() -> None:
        if left[0]:
            left[0] -= 1
            raise in_use(32)

    def in_use(number: int) -> PermissionError:
        error = PermissionError(13, "in use")
        error.winerror = number  # type: ignore[attr-defined,unused-ignore]
        return error

    private_files.patiently(change, "win32", slept.append)
    assert (left, len(slept)) == ([0], 3)
    left[0] = 1000
    with pytest.raises(PermissionError):
        private_files.patiently(change, "win32", slept.append)
    assert sum(slept) < 2
    left[0] = 1000
    with pytest.raises(PermissionError):
        private_files.patiently(change, "linux", slept.append)
    assert left == [999]
