"""Disks that are full, read-only, over quota or without locks: the caller gets credentials, and a warning says why."""

import itertools
import json
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from front import Behaviour, Front, session
from needs import injected, mounts_of_its_own, needs_root, needs_strace
from running import SCRIPT, Home, warned

KIB = 1024
# A process that waits for no lock is done long before followers give up.
NO_WAIT = 11


def past_its_window() -> Behaviour:
    return session(seconds=3600, date=datetime.now(UTC) - timedelta(seconds=3100))


def served(home: Home, command: list[str] | None = None) -> dict[str, object]:
    """The document, and nothing on stderr: some clients take anything there for a failure."""
    ran = home.run("get", "dev", command=command or [SCRIPT])
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.document["Version"] == 1
    return ran.document


@contextmanager
def mounted(where: Path, *options: str) -> Iterator[None]:
    with mounts_of_its_own():
        subprocess.run(["mount", *options, str(where)], check=True)
        yield


@pytest.fixture
def small_disk(unmeasured: Home) -> Iterator[Path]:
    """The cache is on a disk of 64 KiB: sixteen blocks, one of them the directory's."""
    unmeasured.cache.mkdir(parents=True, mode=0o700)
    with mounted(unmeasured.cache, "-t", "tmpfs", "-o", "size=64k,mode=0700,nr_inodes=32", "none"):
        yield unmeasured.cache


def filled(disk: Path, left: int = 0) -> Path:
    """Fill the disk until so many bytes are left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:

        def fill() -> None:
            while True:
                file.write(b"x" * KIB)

        with pytest.raises(OSError, match="No space left"):
            fill()
    os.truncate(filler, filler.stat().st_size - left)
    return filler


@needs_root
def test_on_a_full_disk_every_call_gets_credentials_of_its_own(
    unmeasured: Home, offline_front: Front, small_disk: Path
) -> None:
    filler = filled(small_disk)
    served(unmeasured)
    served(unmeasured)
    assert len(offline_front.calls) == 2
    assert unmeasured.entries() == []
    assert not list(small_disk.glob("tmp-*"))
    assert "nothing is cached" in warned(unmeasured)
    assert "No space left on device" in warned(unmeasured)
    filler.unlink()
    served(unmeasured)
    served(unmeasured)
    assert len(offline_front.calls) == 3, "there is room again"


@needs_root
@pytest.mark.parametrize("left", [0, 4 * KIB])
def test_a_disk_that_fills_up_leaves_the_old_entry_whole(
    unmeasured: Home, offline_front: Front, small_disk: Path, left: int
) -> None:
    """Also where there is room for a first block of the new one, and for no more."""
    offline_front.behaviour = past_its_window()
    first = served(unmeasured)
    old = unmeasured.entries()[0].read_bytes()
    filled(small_disk, left)
    offline_front.behaviour = session(access_key_id="ASIANEW0000000000000", SessionToken="T" * 5000)
    assert served(unmeasured)["AccessKeyId"] == "ASIANEW0000000000000"
    assert unmeasured.entries()[0].read_bytes() == old
    assert not list(small_disk.glob("tmp-*"))
    offline_front.behaviour = offline_front.hang
    assert served(unmeasured) == first


@needs_root
def test_a_disk_without_room_for_another_file_is_a_warning(unmeasured: Home, small_disk: Path) -> None:

    def fill() -> None:
        for number in itertools.count():
            (small_disk / f"file-{number}").touch()

    with pytest.raises(OSError, match="No space left"):
        fill()
    served(unmeasured)
    assert unmeasured.entries() == []
    assert "no lock" in warned(unmeasured)
    assert "nothing is cached" in warned(unmeasured)


@needs_root
@pytest.mark.parametrize("warm", [False, True])
def test_a_read_only_disk_is_a_warning_and_what_is_on_it_is_served(
    unmeasured: Home, offline_front: Front, warm: bool
) -> None:
    unmeasured.cache.mkdir(parents=True, mode=0o700)
    if warm:
        served(unmeasured)
    with mounted(unmeasured.cache, "--bind", str(unmeasured.cache)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(unmeasured.cache)], check=True)
        served(unmeasured)
        served(unmeasured)
    assert len(offline_front.calls) == (1 if warm else 2)
    assert ("Read-only file system" in warned(unmeasured)) != warm


@needs_strace
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("write:when=2:error=EDQUOT", "Disk quota exceeded"),  # the first is the note that a call is under way
        ("write:when=2:error=ENOSPC", "No space left on device"),
        ("/^fsync:error=EDQUOT", "Disk quota exceeded"),  # file servers say it as late as this
        ("/^rename:error=EDQUOT", "Disk quota exceeded"),
        ("/^fsync:when=1:error=EIO", "Input/output error"),
    ],
)
def test_a_disk_error_while_an_entry_is_written_leaves_the_old_one(
    unmeasured: Home, offline_front: Front, fault: str, words: str
) -> None:
    offline_front.behaviour = past_its_window()
    served(unmeasured)
    old = unmeasured.entries()[0].read_bytes()
    offline_front.behaviour = session(access_key_id="ASIANEW0000000000000")
    document = served(unmeasured, [*injected(fault), SCRIPT])
    assert document["AccessKeyId"] == "ASIANEW0000000000000"
    assert unmeasured.entries()[0].read_bytes() == old
    assert not list(unmeasured.cache.glob("tmp-*"))
    assert f"cannot be written ({words})" in warned(unmeasured)


@needs_strace
@pytest.mark.parametrize("error", ["EDQUOT", "ENOSPC", "EROFS"])
def test_a_directory_that_cannot_be_made_is_no_cache(unmeasured: Home, offline_front: Front, error: str) -> None:
    unmeasured.log.parent.mkdir(parents=True, mode=0o700)
    served(unmeasured, [*injected(f"/^mkdir:error={error}"), SCRIPT])
    assert not unmeasured.cache.exists()
    assert "no cache: its directory cannot be made" in warned(unmeasured)


def test_a_limit_on_the_size_of_files_leaves_the_old_entry_and_no_temporary_file(
    unmeasured: Home, offline_front: Front
) -> None:
    offline_front.behaviour = past_its_window()
    served(unmeasured)
    old = unmeasured.entries()[0].read_bytes()
    offline_front.behaviour = session(access_key_id="ASIANEW0000000000000")
    limited = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", SCRIPT]
    assert served(unmeasured, limited)["AccessKeyId"] == "ASIANEW0000000000000"
    assert unmeasured.entries()[0].read_bytes() == old
    assert not list(unmeasured.cache.glob("tmp-*"))


@needs_strace
@pytest.mark.parametrize("error", ["ENOLCK", "ENOSYS", "EOPNOTSUPP", "EPERM", "EIO"])
def test_a_file_system_without_locks_is_a_warning_and_the_cache_serves_all_the_same(
    unmeasured: Home, offline_front: Front, error: str
) -> None:
    without_locks = [*injected(f"/^flock:error={error}"), SCRIPT]
    begun = time.monotonic()
    first = served(unmeasured, without_locks)
    assert time.monotonic() - begun < NO_WAIT
    assert served(unmeasured, without_locks) == first
    assert len(offline_front.calls) == 1
    assert "no lock: " in warned(unmeasured)
    assert "calls to STS are not shared" in warned(unmeasured)


@needs_strace
def test_ten_at_once_without_locks_all_get_credentials_and_none_waits(unmeasured: Home, offline_front: Front) -> None:
    command = [*injected("/^flock:error=ENOLCK"), SCRIPT]
    begun = time.monotonic()
    with ExitStack() as stack:
        children = [stack.enter_context(unmeasured.start("get", "dev", command=command)) for _ in range(10)]
        said = [child.communicate(timeout=60) for child in children]
    assert time.monotonic() - begun < 60
    assert {child.returncode for child in children} == {0}
    assert {(json.loads(stdout)["Version"], stderr) for stdout, stderr in said} == {(1, b"")}
    assert len(offline_front.calls) in range(1, 11)
    served(unmeasured)
    assert not list(unmeasured.cache.glob("tmp-*"))


@needs_strace
def test_a_lock_that_is_interrupted_is_tried_again(unmeasured: Home, offline_front: Front) -> None:
    served(unmeasured, [*injected("/^flock:error=EINTR:when=1"), SCRIPT])
    assert len(offline_front.calls) == 1
    assert not unmeasured.log.exists() or "no lock" not in warned(unmeasured)


def test_a_directory_that_is_deleted_between_two_calls_is_created_again(unmeasured: Home, offline_front: Front) -> None:
    served(unmeasured)
    shutil.rmtree(unmeasured.cache.parent)
    served(unmeasured)
    served(unmeasured)
    assert len(offline_front.calls) == 2
    assert stat.S_IMODE(unmeasured.cache.stat().st_mode) == 0o700
