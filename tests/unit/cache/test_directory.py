"""The cache's directory: what cannot be written, what is swept, and which directory is used."""

import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
import pytest
from needs import gives_away
from opened import OPEN, open_to_others
from running import into, no_warning, windows
from unit.cache.samples import (
    ENTRY,
    KEY,
    T,
    an_entry,
    file,
    names,
    written,
)
from unit.obstacles import given_away

from assume_helper import errors, hit
from assume_helper.cache import directory as cache_directory
from assume_helper.cache import entries, outcomes
from assume_helper.cache.directory import Cache
from assume_helper.cache.outcomes import Failure
from assume_helper.system import home

if sys.platform != "win32":
    import pwd

ADVICE = "; look at its disk and its rights, or set ASSUME_HELPER_CACHE_DIR"

ALONE = "it must be a directory of yours with mode 0700"
if sys.platform == "win32":
    ALONE = "it must be a directory of yours alone, `assume-helper doctor` has the command for that"
IS_DIRECTORY = "Is a directory" if sys.platform != "win32" else "Access denied"

# what cannot be written


@contextmanager
def as_somebody_else() -> Iterator[Path]:
    """Not root: root may write anywhere. A directory of one's own."""
    directory = Path(tempfile.mkdtemp())
    really = os.geteuid()
    if really == 0:
        os.chown(directory, 65534, 65534)
        os.seteuid(65534)
    try:
        yield directory
    finally:
        os.seteuid(really)
        shutil.rmtree(directory)


def test_a_directory_that_may_not_be_written_is_a_warning(warnings: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with as_somebody_else() as directory:
        monkeypatch.setattr(hit, "_geteuid", os.geteuid)
        store = Cache(str(directory), into(warnings))
        written(store)
        directory.chmod(0o500)
        entries.write(store, KEY, an_entry(900))
        assert entries.read(store, KEY) == ENTRY
        directory.chmod(0o700)
    assert warnings == [f"nothing is cached: {directory} cannot be written (Permission denied){ADVICE}"]


def test_a_directory_that_has_gone_is_a_warning(store: Cache, warnings: list[str]) -> None:
    shutil.rmtree(str(store.directory))
    written(store)
    outcomes.write_failure(store, KEY, Failure(T, T, errors.STSRefused("no", "ask")))
    entries.remember(store, ("name.hit", b"stamp"), KEY)
    assert not os.path.lexists(str(store.directory))
    assert set(warnings) == {
        f"nothing is cached: {store.directory} cannot be written (No such file or directory){ADVICE}"
    }


def test_a_directory_in_the_place_of_an_entry_is_a_warning_and_leaves_no_temporary_file(
    store: Cache, warnings: list[str]
) -> None:
    file(store).mkdir()
    written(store)
    assert names(store) == {KEY + ".entry"}
    assert warnings == [f"nothing is cached: {store.directory} cannot be written ({IS_DIRECTORY}){ADVICE}"]


FULL = """
import resource, sys
sys.path.insert(0, sys.argv[3])
from assume_helper import errors
from assume_helper.cache import directory, outcomes
store = directory.Cache(sys.argv[1], print)
failure = outcomes.Failure(1.0, 2.0, errors.STSRefused("no" * 500, "ask"))
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
outcomes.write_failure(store, sys.argv[2], failure)
"""


def test_a_full_disk_is_a_warning_and_leaves_the_old_file_and_no_temporary_one(store: Cache) -> None:
    outcomes.write_failure(store, KEY, Failure(T, T, errors.STSRefused("old", "ask")))
    before = file(store, KEY + ".failure").read_bytes()
    package = str(Path(entries.__file__).parents[2])
    command = [sys.executable, "-c", FULL, str(store.directory), KEY, package]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (
        ran.stdout == f"nothing is cached: {store.directory} cannot be written ({os.strerror(errno.EFBIG)}){ADVICE}\n"
    )
    assert names(store) == {KEY + ".failure"}
    assert file(store, KEY + ".failure").read_bytes() == before


def test_an_interrupt_while_writing_leaves_no_temporary_file(store: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        written(store)
    assert names(store) == set()


def test_an_entry_and_its_name_are_flushed_to_the_disk(store: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        flushed.append(os.fstat(descriptor).st_ino)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    written(store)
    # Windows flushes no directory.
    directories = [os.stat(str(store.directory)).st_ino] if sys.platform != "win32" else []
    assert flushed == [file(store).stat().st_ino, *directories]


# what is swept


OLD, YOUNG, AHEAD = (f"tmp-{n}-" + f"{n}" * 16 for n in (1, 2, 3))


def aged(store: Cache, name: str, seconds: float, now: float) -> None:
    path = file(store, name)
    path.touch(mode=0o600)
    os.utime(path, (now - seconds, now - seconds))


def test_temporary_files_older_than_an_hour_are_swept_by_who_writes_next(store: Cache, warnings: list[str]) -> None:
    now = time.time()
    aged(store, OLD, 3602, now)
    aged(store, YOUNG, 3598, now)
    aged(store, AHEAD, -5000, now)
    entries.write(store, KEY, ENTRY)
    assert names(store) == {YOUNG, AHEAD, KEY + ".entry"}
    assert warnings == []


def temporary_of(process: int, where: str) -> str:
    return f"tmp-{where}-{process}-" + "a" * 16


HERE = cache_directory._where_ids_are_ours()


def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    return child.pid


def test_temporary_files_whose_writer_is_dead_are_swept_at_once(store: Cache, warnings: list[str]) -> None:
    elsewhere = temporary_of(dead_process(), f"{int(HERE, 16) ^ 1:08x}")
    kept = {elsewhere, temporary_of(os.getppid(), HERE), temporary_of(9_999_999_999, HERE)}
    for name in (*kept, temporary_of(dead_process(), HERE)):
        aged(store, name, 0, time.time())
    entries.write(store, KEY, ENTRY)
    assert names(store) == {*kept, KEY + ".entry"}
    assert warnings == []


def test_on_windows_no_process_is_looked_at_for_that_would_end_it(
    store: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = temporary_of(dead_process(), HERE)
    aged(store, name, 0, time.time())
    monkeypatch.setattr(os, "kill", None)
    monkeypatch.setattr(cache_directory, "_where_ids_are_ours", lambda: HERE)
    monkeypatch.setattr(sys, "platform", "win32")
    entries.write(store, KEY, ENTRY)
    assert names(store) == {name, KEY + ".entry"}


@pytest.mark.parametrize("suffix", [".entry", ".hit", ".failure"])
def test_data_older_than_a_week_is_swept(store: Cache, suffix: str) -> None:
    now = time.time()
    length = 32 if suffix == ".hit" else 64
    old, young = ("0" * length + suffix, "1" * length + suffix)
    aged(store, old, 7 * 86_400 + 2, now)
    aged(store, young, 7 * 86_400 - 2, now)
    entries.write(store, KEY, ENTRY)
    assert names(store) == {young, KEY + ".entry"}


@pytest.mark.parametrize(
    "name",
    [KEY + ".lock", "somebody's file", "entry", "CACHEDIR.TAG", "tmp-important", "my.entry", "notes.failure", "a.hit"],
)
def test_a_lock_and_what_is_not_ours_is_never_swept(store: Cache, name: str) -> None:
    now = time.time()
    aged(store, name, 1e9, now)
    entries.write(store, KEY, ENTRY)
    assert names(store) == {name, KEY + ".entry"}


def test_an_old_link_is_swept_and_what_it_leads_to_is_not(store: Cache, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.touch()
    file(store, OLD).symlink_to(target)
    os.utime(file(store, OLD), (1, 1), follow_symlinks=False)
    entries.write(store, KEY, ENTRY)
    assert names(store) == {KEY + ".entry"}
    assert target.exists()


def test_a_directory_in_the_way_does_not_end_the_sweep(store: Cache) -> None:
    for number in range(10):
        name = f"tmp-{number}-" + "0" * 16
        if number % 2:
            file(store, name).mkdir()
            os.utime(file(store, name), (1, 1))
        else:
            aged(store, name, 1e6, time.time())
    entries.write(store, KEY, ENTRY)
    assert {name for name in names(store) if not file(store, name).is_dir()} == {KEY + ".entry"}


def test_a_write_that_failed_sweeps_nothing(store: Cache) -> None:
    now = time.time()
    aged(store, OLD, 1e6, now)
    file(store).mkdir()
    entries.write(store, KEY, ENTRY)
    assert OLD in names(store)


# the directory


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user without a home, in an empty working directory."""

    def no_entry(uid: int) -> None:
        raise KeyError(uid)

    for name in ("HOME", "XDG_CACHE_HOME", "ASSUME_HELPER_CACHE_DIR", *windows(tmp_path)):
        monkeypatch.delenv(name, raising=False)
    if sys.platform != "win32":
        monkeypatch.setattr(pwd, "getpwuid", no_entry)
    (tmp_path / "working").mkdir()
    monkeypatch.chdir(tmp_path / "working")
    return tmp_path / "working"


@pytest.mark.parametrize("home", [None, "", "relative"])
def test_without_a_home_there_is_no_cache_and_a_warning(
    nowhere: Path, warnings: list[str], home: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {} if home is None else {"HOME": home}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    store = cache_directory.open_cache(environ, into(warnings))
    assert store.directory is None
    assert [warning.startswith("no cache: ") for warning in warnings] == [True]
    assert "ASSUME_HELPER_CACHE_DIR" in warnings[0]
    assert sys.platform != "win32" or "HOME" not in warnings[0]
    assert list(nowhere.iterdir()) == []


def test_a_relative_path_of_an_older_platformdirs_is_no_cache(
    nowhere: Path, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: "relative/assume-helper")
    assert cache_directory.open_cache({}, into(warnings)).directory is None
    assert "is not absolute" in warnings[0]
    assert list(nowhere.iterdir()) == []


def test_a_user_whose_home_only_the_system_knows_has_a_cache(
    tmp_path: Path, nowhere: Path, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    someone = pwd.struct_passwd(("someone", "x", os.getuid(), 0, "", str(tmp_path / "home"), "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: someone)
    store = cache_directory.open_cache({}, into(warnings))
    assert store.directory == str(tmp_path / "home" / ".cache" / "assume-helper")
    assert os.path.isdir(store.directory)
    assert warnings == []


@pytest.mark.parametrize("directory", ["relative", ".", "./cache", "../cache"])
def test_a_relative_directory_is_no_cache_and_a_warning(nowhere: Path, warnings: list[str], directory: str) -> None:
    environ = {"HOME": str(nowhere.parent), "ASSUME_HELPER_CACHE_DIR": directory}
    assert cache_directory.open_cache(environ, into(warnings)).directory is None
    assert [warning.startswith("no cache: its directory is not absolute; ") for warning in warnings] == [True]
    assert list(nowhere.iterdir()) == []
    assert os.listdir(nowhere.parent) == ["working"]


def opened(directory: Path, warnings: list[str]) -> str | None:
    return cache_directory.open_cache({"ASSUME_HELPER_CACHE_DIR": str(directory)}, into(warnings)).directory


def test_a_directory_that_is_ours_alone_is_used(store: Cache, warnings: list[str]) -> None:
    assert opened(Path(str(store.directory)), warnings) == store.directory
    assert warnings == []


def test_a_directory_that_is_a_link_is_not_used_and_said_so(store: Cache, warnings: list[str], tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(str(store.directory))
    assert opened(link, warnings) is None
    assert warnings == [f"no cache: {link} is not a plain directory; {ALONE}"]


def test_a_link_that_leads_nowhere_is_not_used_and_nothing_is_made_there(warnings: list[str], tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert opened(tmp_path / "link", warnings) is None
    assert not (tmp_path / "target").exists()
    assert len(warnings) == 1


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o701, 0o710, 0o777])
def test_a_directory_that_is_open_to_others_is_not_used_and_not_changed(
    store: Cache, warnings: list[str], mode: int
) -> None:
    directory = Path(str(store.directory))
    open_to_others(directory, mode)
    if sys.platform == "win32" and not mode & 0o066:
        assert opened(directory, warnings) is not None, "they may go through it, if they know a name"
        return
    for _ in range(2):
        assert opened(directory, warnings) is None
    if sys.platform != "win32":
        assert stat.S_IMODE(directory.stat().st_mode) == mode
    assert set(warnings) == {f"no cache: {directory} {OPEN}; {ALONE}"}


def test_a_directory_of_another_user_is_not_used_and_said_so(
    store: Cache, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = Path(str(store.directory))
    given_away(directory, monkeypatch)
    assert opened(directory, warnings) is None
    assert warnings == [f"no cache: {directory} belongs to another user; {ALONE}"]


@gives_away
def test_a_directory_of_another_user_in_our_home_is_named_with_its_owner_and_what_mends_it(
    warnings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    directory = tmp_path / ".cache" / "assume-helper"
    directory.mkdir(parents=True, mode=0o700)
    os.chown(directory, 54321, 54321)
    mend = "sudo chown -R root"
    assert opened(directory, warnings) is None
    assert warnings == [f"no cache: {directory} belongs to 54321; {mend} {directory}"]
    os.chown(directory.parent, 54321, 54321)
    assert opened(directory, warnings) is None
    assert warnings[1:] == [f"no cache: {directory.parent} belongs to 54321; {mend} {directory.parent}"]


def test_a_directory_that_cannot_be_made_for_another_reason_is_not_to_be_given_away(
    warnings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mkdir(_path: str, _mode: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "mkdir", mkdir)
    monkeypatch.setattr(home, "taken", lambda *_: ("it belongs to root", "sudo chown -R me it"))
    assert opened(tmp_path / "cache", warnings) is None
    assert warnings == ["no cache: its directory cannot be made (No space left on device); set ASSUME_HELPER_CACHE_DIR"]


def test_a_file_in_the_place_of_the_directory_is_no_cache(warnings: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0o600)
    assert opened(tmp_path / "file", warnings) is None
    assert opened(tmp_path / "file" / "below", warnings) is None
    assert "is not a plain directory" in warnings[0]
    reason = "Not a directory" if sys.platform != "win32" else "Path not found"
    assert f"cannot be made ({reason})" in warnings[1]


def test_a_warning_names_a_directory_without_its_control_characters(warnings: list[str], tmp_path: Path) -> None:
    directory = tmp_path / "a\x1b[31mred"
    directory.mkdir()
    directory.chmod(0o755)
    assert opened(directory, warnings) is None
    assert "a\\x1b[31mred is open" in warnings[0]


def test_without_a_cache_everything_is_a_miss_and_nothing_is_said(
    nowhere: Path, warnings: list[str], environ: dict[str, str]
) -> None:
    none = Cache(None, into(warnings))
    entries.write(none, KEY, ENTRY)
    outcomes.write_failure(none, KEY, Failure(T, T, errors.STSRefused("no", "ask")))
    entries.remember(none, hit.stamp("dev", environ), KEY)
    outcomes.forget(none, KEY)
    entries.remove(none, KEY)
    assert entries.read(none, KEY) is None
    assert outcomes.read_failure(none, KEY) is None
    assert warnings == []
    assert list(nowhere.iterdir()) == []


def test_without_a_cache_there_is_no_path() -> None:
    with pytest.raises(hit.NotPrivate):
        Cache(None, no_warning).path(KEY)
