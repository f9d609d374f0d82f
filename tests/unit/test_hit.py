"""A hit: what it reads and believes, and what it leaves to the full way."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
import platformdirs.macos
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assume_helper import hit

KEY = "ab" * 32
DOCUMENT = b'{"Version":1,"AccessKeyId":"ASIADUMMY"}'
BEGIN, END = 1_800_000_000, 1_800_002_000


def put(path: Path, data: bytes) -> None:
    """A file that is ours alone."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    path.chmod(0o600)


def given_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`path` belongs to somebody else: by chown where that is allowed, else we are somebody else."""
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    else:
        monkeypatch.setattr(hit, "_geteuid", lambda: os.getuid() + 1)


@contextmanager
def no_wait() -> Iterator[None]:
    """What takes half a minute waits for something that never comes."""

    def waited(_number: int, _frame: object) -> None:
        raise AssertionError("it waits")

    old = signal.signal(signal.SIGALRM, waited)
    signal.alarm(30)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


# cache_directory


@pytest.mark.parametrize(
    "environ",
    [
        {"HOME": "/home/jane"},
        {"HOME": "/home/jane/"},
        {"HOME": "/"},
        {"HOME": "/home/jane doe/ü"},
        {"HOME": "/home/jane", "XDG_CACHE_HOME": ""},
        {"HOME": "/home/jane", "XDG_CACHE_HOME": "/xdg"},
        {"HOME": "/home/jane", "XDG_CACHE_HOME": "/xdg/"},
        {"HOME": "/home/jane", "XDG_CACHE_HOME": "relative"},
        {"HOME": "/home/jane", "XDG_CACHE_HOME": "~/xdg"},
        {"HOME": "/home/jane", "ASSUME_HELPER_CACHE_DIR": ""},
        {"HOME": "relative", "XDG_CACHE_HOME": "/xdg"},
        {"XDG_CACHE_HOME": "/xdg"},
    ],
    ids=str,
)
def test_the_cache_is_where_platformdirs_says(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert hit.cache_directory(environ) == platformdirs.user_cache_dir("assume-helper", appauthor=False)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"HOME": ""},
        {"HOME": "relative"},
        {"HOME": "~"},
        {"HOME": "relative", "XDG_CACHE_HOME": "relative"},
        {"HOME": "/home/jane", "ASSUME_HELPER_CACHE_DIR": "relative"},
        {"HOME": "/home/jane", "ASSUME_HELPER_CACHE_DIR": "."},
        {"HOME": "/home/jane", "XDG_CACHE_HOME": "/xdg", "ASSUME_HELPER_CACHE_DIR": "./cache"},
    ],
    ids=str,
)
def test_a_cache_whose_path_is_not_absolute_is_none(environ: dict[str, str]) -> None:
    assert hit.cache_directory(environ) is None


def test_the_cache_can_be_moved() -> None:
    environ = {"HOME": "/home/jane", "XDG_CACHE_HOME": "/xdg", "ASSUME_HELPER_CACHE_DIR": "/elsewhere"}
    assert hit.cache_directory(environ) == "/elsewhere"
    assert hit.cache_directory(environ | {"ASSUME_HELPER_CACHE_DIR": "~/mine"}) == "/home/jane/mine"


def test_on_macos_the_cache_is_where_platformdirs_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/Users/jane")
    expected = platformdirs.macos.MacOS("assume-helper", appauthor=False).user_cache_dir
    monkeypatch.setattr(sys, "platform", "darwin")
    assert hit.cache_directory({"HOME": "/Users/jane"}) == expected


def test_on_windows_the_cache_is_in_the_local_application_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert hit.cache_directory({"LOCALAPPDATA": "/local", "HOME": "/h"}) == "/local/assume-helper/Cache"
    assert hit.cache_directory({"HOME": "/h"}) is None
    assert hit.cache_directory({"LOCALAPPDATA": "relative"}) is None


# read_private


def test_a_file_that_is_ours_alone_is_read(tmp_path: Path) -> None:
    put(tmp_path / "file", b"\x00data\n")
    assert hit.read_private(str(tmp_path / "file")) == b"\x00data\n"


@pytest.mark.parametrize("mode", [0o400, 0o700])
def test_what_the_owner_may_do_with_it_does_not_matter(tmp_path: Path, mode: int) -> None:
    put(tmp_path / "file", b"data")
    (tmp_path / "file").chmod(mode)
    assert hit.read_private(str(tmp_path / "file")) == b"data"


def test_a_file_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    put(tmp_path / "file", b"data")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(OSError, match="link"):
        hit.read_private(str(tmp_path / "link"))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666, 0o777])
def test_a_file_that_is_open_to_others_is_not_read(tmp_path: Path, mode: int) -> None:
    put(tmp_path / "file", b"data")
    (tmp_path / "file").chmod(mode)
    with pytest.raises(hit.NotPrivate, match="open to other users"):
        hit.read_private(str(tmp_path / "file"))


def test_a_file_of_another_user_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "file", b"data")
    given_away(tmp_path / "file", monkeypatch)
    with pytest.raises(hit.NotPrivate, match="belongs to another user"):
        hit.read_private(str(tmp_path / "file"))


def test_a_directory_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(hit.NotPrivate, match="not a plain file"):
        hit.read_private(str(tmp_path))


def test_a_device_is_not_read() -> None:
    with pytest.raises(hit.NotPrivate, match="not a plain file"):
        hit.read_private("/dev/zero")


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)
    with no_wait(), pytest.raises(hit.NotPrivate, match="not a plain file"):
        hit.read_private(str(tmp_path / "fifo"))


def test_a_file_that_is_not_there_is_no_file_of_others(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        hit.read_private(str(tmp_path / "nothing"))


def test_a_file_of_64_kibibytes_is_read_and_a_larger_one_is_not(tmp_path: Path) -> None:
    put(tmp_path / "file", b"x" * 65_536)
    assert hit.read_private(str(tmp_path / "file")) == b"x" * 65_536
    put(tmp_path / "file", b"x" * 65_537)
    with pytest.raises(hit.NotPrivate, match="too large"):
        hit.read_private(str(tmp_path / "file"))


def test_a_refused_file_is_closed_again(tmp_path: Path) -> None:
    put(tmp_path / "file", b"data")
    (tmp_path / "file").chmod(0o644)
    before = os.listdir("/proc/self/fd")
    with pytest.raises(hit.NotPrivate):
        hit.read_private(str(tmp_path / "file"))
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o720, 0o701])
def test_a_directory_that_is_open_to_others_is_not_private(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(hit.NotPrivate, match="open to other users"):
        hit.check_private(os.lstat(tmp_path), stat.S_IFDIR)


# seal and unseal


@given(st.binary(max_size=2000))
def test_what_is_sealed_comes_back(payload: bytes) -> None:
    assert hit.unseal(hit.seal(payload)) == payload


@given(st.binary(max_size=500), st.data())
def test_a_file_with_any_byte_changed_is_not_whole(payload: bytes, data: st.DataObject) -> None:
    sealed = bytearray(hit.seal(payload))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match=r".+"):
        hit.unseal(bytes(sealed))


@given(st.binary(min_size=1, max_size=126), st.data())
def test_a_file_that_was_cut_is_not_whole(payload: bytes, data: st.DataObject) -> None:
    sealed = hit.seal(payload)
    with pytest.raises(ValueError, match=r".+"):
        hit.unseal(sealed[: data.draw(st.integers(0, len(sealed) - 1))])


def test_an_entry_that_was_cut_anywhere_or_ends_in_zeros_is_not_whole() -> None:
    payload = b"%d %d\n%s\n" % (BEGIN, END, DOCUMENT) + json.dumps({f"field-{n}": n for n in range(50)}).encode()
    sealed = hit.seal(payload)
    for length in range(len(sealed)):
        for damaged in (sealed[:length], sealed[:length].ljust(len(sealed), b"\0")):
            with pytest.raises(ValueError, match=r".+"):
                hit.unseal(damaged)


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=100))
def test_a_file_with_something_behind_it_is_not_whole(payload: bytes, more: bytes) -> None:
    with pytest.raises(ValueError, match="not whole"):
        hit.unseal(hit.seal(payload) + more)


@pytest.mark.parametrize("version", [b"2", b"10", b"999999999"])
def test_a_newer_format_is_told_apart(version: bytes) -> None:
    with pytest.raises(hit.NewerFormat):
        hit.unseal(hit.seal(b"payload").replace(b" 1 ", b" %s " % version, 1))
    with pytest.raises(hit.NewerFormat):
        hit.unseal(b"assume-helper %s of quite another form" % version)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"{}",
        b"\x00" * 100,
        b"assume-helper",
        b"assume-helper \n",
        b"assume-helper 1\n",
        b"assume-helper -1 0\n",
        b"assume-helper +2 0\n",
        b"assume-helper x 0\n",
        b"assume-helper 9999999999 0\n",
        b"assume-helper " + "²".encode() + b" 0\n",
        b"Assume-Helper 2 0\n",
        b" assume-helper 2 0\n",
        hit.seal(b"payload").replace(b" 1 ", b" 0 ", 1),
        hit.seal(b"payload").upper(),
    ],
)
def test_what_is_no_file_of_ours_is_refused_and_not_taken_for_a_newer_one(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        hit.unseal(data)
    assert not isinstance(caught.value, hit.NewerFormat)


# config_paths


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("/etc/aws/config", "/etc/aws/config"),
        ("~/aws", "/home/jane/aws"),
        ("$TEAM/aws", "/team/aws"),
        ("${TEAM}/aws", "/team/aws"),
        ("~/$NAME", "/home/jane/a name"),
        ("$NOT_SET/aws", "$NOT_SET/aws"),
        ("relative", "relative"),
    ],
)
@pytest.mark.parametrize("position", [0, 1])
def test_a_path_is_expanded_as_botocore_does(
    position: int, value: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, of in (("HOME", "/home/jane"), ("TEAM", "/team"), ("NAME", "a name")):
        monkeypatch.setenv(name, of)
    variable = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")[position]
    assert hit.config_paths({variable: value})[position] == path
    assert os.path.expanduser(os.path.expandvars(value)) == path


@pytest.mark.parametrize("environ", [{}, {"AWS_CONFIG_FILE": "", "AWS_SHARED_CREDENTIALS_FILE": ""}])
def test_the_paths_without_a_setting_are_those_of_the_cli(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/jane")
    assert hit.config_paths(environ) == ("/home/jane/.aws/config", "/home/jane/.aws/credentials")


def test_a_path_in_the_home_is_in_the_home_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/process")
    assert hit.config_paths({"HOME": "/home/jane/"}) == ("/home/jane/.aws/config", "/home/jane/.aws/credentials")
    assert hit.config_paths({"HOME": "/"})[0] == "/.aws/config"


# stamp


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with its own home, config and credentials, and a cache that is not there yet."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile dev]\n")
    (tmp_path / ".aws" / "credentials").write_text("[base]\n")
    return {"HOME": str(tmp_path), "ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache")}


def test_the_stamp_of_an_unchanged_world_is_the_same(environ: dict[str, str]) -> None:
    assert hit.stamp("dev", environ) == hit.stamp("dev", dict(environ))


def test_the_name_of_a_stamp_is_one_of_a_file(environ: dict[str, str]) -> None:
    name, _ = hit.stamp("../../" + "dev" * 200, environ)
    assert name.removesuffix(".hit").isalnum()
    assert name.endswith(".hit")
    assert len(name) == 36


def appended(path: Path) -> None:
    with path.open("a") as file:
        file.write("#")


def touched(path: Path) -> None:
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


def replaced_by_its_like(path: Path) -> None:
    before = path.stat()
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    os.utime(copy, ns=(before.st_atime_ns, before.st_mtime_ns))
    copy.replace(path)


def edited_with_size_and_mtime_put_back(path: Path) -> None:
    before = path.stat()
    path.write_bytes(path.read_bytes().swapcase())
    while path.stat().st_ctime_ns == before.st_ctime_ns:  # the kernel's clock ticks every few milliseconds
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def removed(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("file", ["config", "credentials"])
@pytest.mark.parametrize(
    "change", [appended, touched, replaced_by_its_like, edited_with_size_and_mtime_put_back, removed]
)
def test_a_change_of_a_file_is_another_stamp_under_the_same_name(
    environ: dict[str, str], tmp_path: Path, file: str, change: Callable[[Path], None]
) -> None:
    name, stamp = hit.stamp("dev", environ)
    change(tmp_path / ".aws" / file)
    other_name, other = hit.stamp("dev", environ)
    assert other != stamp
    assert other_name == name


@pytest.mark.parametrize("fact", ["st_size", "st_mtime_ns", "st_ctime_ns", "st_ino", "st_dev"])
@pytest.mark.parametrize("file", ["config", "credentials"])
def test_each_fact_of_a_file_is_in_the_stamp(
    environ: dict[str, str], tmp_path: Path, file: str, fact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, stamp = hit.stamp("dev", environ)
    path = str(tmp_path / ".aws" / file)
    real = os.stat
    names = ("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino", "st_dev")

    class Status:
        """What `os.stat` says of a file that differs in one fact only."""

        def __init__(self, status: os.stat_result) -> None:
            self.__dict__ = {name: getattr(status, name) + (name == fact) for name in names}

    monkeypatch.setattr(os, "stat", lambda p: Status(real(p)) if p == path else real(p))
    assert hit.stamp("dev", environ)[1] != stamp


def test_a_file_that_is_not_there_and_one_that_cannot_be_are_stamped_too(environ: dict[str, str]) -> None:
    gone = environ | {"AWS_CONFIG_FILE": "/nowhere/config", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null/credentials"}
    assert hit.stamp("dev", gone)[1].endswith(b"\0absent\0absent")


def test_another_profile_is_another_stamp_and_another_name(environ: dict[str, str]) -> None:
    name, stamp = hit.stamp("dev", environ)
    other_name, other = hit.stamp("Dev", environ)
    assert (other_name != name, other != stamp) == (True, True)


@pytest.mark.parametrize("variable", hit.WATCHED)
def test_a_watched_variable_unset_empty_and_set_are_three_stamps(environ: dict[str, str], variable: str) -> None:
    stamps = [
        hit.stamp("dev", environ),
        hit.stamp("dev", environ | {variable: ""}),
        hit.stamp("dev", environ | {variable: "x"}),
        hit.stamp("dev", environ | {variable: "y"}),
    ]
    assert len({stamp for _, stamp in stamps}) == 4
    assert len({name for name, _ in stamps}) == 4


def test_a_value_that_moves_to_another_variable_is_another_stamp(environ: dict[str, str]) -> None:
    stamps = {hit.stamp("dev", environ | {variable: "x"})[1] for variable in hit.WATCHED}
    assert len(stamps) == len(hit.WATCHED)


def test_the_same_config_by_another_path_is_another_stamp(environ: dict[str, str], tmp_path: Path) -> None:
    one = hit.stamp("dev", environ | {"AWS_CONFIG_FILE": f"{tmp_path}/.aws/config"})
    other = hit.stamp("dev", environ | {"AWS_CONFIG_FILE": f"{tmp_path}/.aws/../.aws/config"})
    assert one != other


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "HTTPS_PROXY", "AWS_CA_BUNDLE", "PATH", "AWS_SECRET_ACCESS_KEY"])
def test_what_does_not_change_the_session_does_not_change_the_stamp(environ: dict[str, str], variable: str) -> None:
    assert hit.stamp("dev", environ | {variable: "dummy"}) == hit.stamp("dev", environ)


def test_names_of_any_bytes_are_stamped(environ: dict[str, str]) -> None:
    _, stamp = hit.stamp("d\udcff", environ | {"AWS_REGION": "\udcfe"})
    assert stamp.startswith(b"d\xff\0")
    assert b"\0=\xfe\0" in stamp


# answer


@pytest.fixture
def warm(environ: dict[str, str], tmp_path: Path) -> Path:
    """A cache that has the document for the profile dev."""
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    put(cache / f"{KEY}.entry", entry())
    remember(cache, environ, "dev")
    return cache


def entry(times: bytes = b"%d %d %d" % (BEGIN, END, END)) -> bytes:
    return hit.seal(times + b"\n" + DOCUMENT + b'\n{"what": "else"}')


def remember(cache: Path, environ: dict[str, str], profile: str, key: str = KEY) -> Path:
    name, stamp = hit.stamp(profile, environ)
    put(cache / name, hit.seal(stamp + b"\n" + key.encode()))
    return cache / name


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("now", [BEGIN, BEGIN + 0.001, END - 1, END - 0.001])
def test_a_document_that_is_fresh_is_the_answer(environ: dict[str, str], now: float) -> None:
    assert hit.fresh_document("dev", environ, now) == (DOCUMENT + b"\n", "")


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("now", [END, END + 1, END * 2])
def test_a_document_whose_time_has_passed_is_not(environ: dict[str, str], now: float) -> None:
    assert hit.fresh_document("dev", environ, now) is None


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("now", [BEGIN - 0.001, BEGIN - 1, 0])
def test_a_document_that_is_not_yet_believed_is_not(environ: dict[str, str], now: float) -> None:
    assert hit.fresh_document("dev", environ, now) is None


@pytest.mark.usefixtures("warm")
def test_another_profile_has_no_answer(environ: dict[str, str]) -> None:
    assert hit.fresh_document("ops", environ, BEGIN) is None


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("change", [appended, touched, replaced_by_its_like, removed])
def test_after_a_change_of_the_config_there_is_no_answer(
    environ: dict[str, str], tmp_path: Path, change: Callable[[Path], None]
) -> None:
    change(tmp_path / ".aws" / "config")
    assert hit.fresh_document("dev", environ, BEGIN) is None


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("callers", ["", "[]", '[["/c", "dev"]]'])
def test_a_process_that_the_helper_started_is_answered_by_the_full_way(environ: dict[str, str], callers: str) -> None:
    assert hit.fresh_document("dev", environ | {hit.CALLERS: callers}, BEGIN) is None


@pytest.mark.usefixtures("warm")
def test_without_an_absolute_cache_there_is_no_answer(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert hit.fresh_document("dev", environ | {"ASSUME_HELPER_CACHE_DIR": "cache"}, BEGIN) is None


def test_without_a_cache_there_is_no_answer_and_none_is_made(environ: dict[str, str], tmp_path: Path) -> None:
    assert hit.fresh_document("dev", environ, BEGIN) is None
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o720, 0o701])
def test_a_cache_that_is_open_to_others_has_no_answer(environ: dict[str, str], warm: Path, mode: int) -> None:
    warm.chmod(mode)
    assert hit.fresh_document("dev", environ, BEGIN) is None


def test_a_cache_that_is_a_link_has_no_answer(environ: dict[str, str], warm: Path) -> None:
    target = warm.rename(warm.with_name("target"))
    warm.symlink_to(target)
    assert hit.fresh_document("dev", environ, BEGIN) is None


def test_a_cache_of_another_user_has_no_answer(
    environ: dict[str, str], warm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_away(warm, monkeypatch)
    assert hit.fresh_document("dev", environ, BEGIN) is None


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def halved(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def enlarged(path: Path) -> None:
    os.truncate(path, 1 << 30)


def loosened(path: Path) -> None:
    path.chmod(0o640)


def linked(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name("elsewhere")))


def made_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


def made_a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def made_newer(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"assume-helper 1 ", b"assume-helper 2 ", 1))


DAMAGE = [removed, flipped, halved, emptied, enlarged, loosened, linked, made_a_directory, made_a_fifo, made_newer]


@pytest.mark.parametrize("kind", ["entry", "hit"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_file_that_cannot_be_trusted_is_no_answer(
    environ: dict[str, str], warm: Path, kind: str, damage: Callable[[Path], None]
) -> None:
    (path,) = warm.glob("*." + kind)
    damage(path)
    with no_wait():
        assert hit.fresh_document("dev", environ, BEGIN) is None


@pytest.mark.parametrize("kind", ["entry", "hit"])
def test_a_file_of_another_user_is_no_answer(
    environ: dict[str, str], warm: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = warm.glob("*." + kind)
    given_away(path, monkeypatch)
    assert hit.fresh_document("dev", environ, BEGIN) is None


def test_what_is_remembered_for_another_name_is_no_answer(environ: dict[str, str], warm: Path) -> None:
    """Two names with one fingerprint, or a file that was copied."""
    (remembered,) = warm.glob("*.hit")
    remembered.rename(warm / hit.stamp("ops", environ)[0])
    assert hit.fresh_document("ops", environ, BEGIN) is None


@pytest.mark.parametrize("more", [b"9\n", b"9", b"\0", b""])
def test_a_longer_stamp_is_not_taken_for_a_shorter_one(environ: dict[str, str], warm: Path, more: bytes) -> None:
    name, stamp = hit.stamp("dev", environ)
    put(warm / name, hit.seal(stamp + more + KEY.encode()))
    assert hit.fresh_document("dev", environ, BEGIN) is None


@pytest.mark.parametrize("key", ["", "../outside", "/outside", f"./{KEY}", f"{KEY}\n", "0" * 64, "\0"])
def test_a_key_that_leads_elsewhere_or_nowhere_is_no_answer(
    environ: dict[str, str], warm: Path, tmp_path: Path, key: str
) -> None:
    put(tmp_path / "outside.entry", entry())
    put(warm / ".entry", entry())
    remember(warm, environ, "dev", key)
    assert hit.fresh_document("dev", environ, BEGIN) is None


@pytest.mark.parametrize(
    "times", [b"", b"0 9999999999", b"soon or later", b"0 9999999999 1 1", b"nan inf inf", b"0 1e12 1"]
)
def test_times_that_are_none_are_no_answer(environ: dict[str, str], warm: Path, times: bytes) -> None:
    put(warm / f"{KEY}.entry", entry(times))
    assert hit.fresh_document("dev", environ, BEGIN) is None


def test_an_entry_of_too_few_lines_is_no_answer(environ: dict[str, str], warm: Path) -> None:
    put(warm / f"{KEY}.entry", hit.seal(b"%d %d\n" % (BEGIN, END) + DOCUMENT))
    assert hit.fresh_document("dev", environ, BEGIN) is None


def test_an_answer_changes_nothing_in_the_cache(environ: dict[str, str], warm: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in warm.iterdir()}
    hit.fresh_document("dev", environ, BEGIN)
    hit.fresh_document("ops", environ, BEGIN)
    assert {path.name: path.stat().st_mtime_ns for path in warm.iterdir()} == before


# the rest of the way


@pytest.mark.usefixtures("warm")
def test_a_hit_prints_the_document_and_says_so(
    environ: dict[str, str], capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*hit.WATCHED, hit.CALLERS):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert hit.serve("dev", os.environ, BEGIN) == ""
    assert capfdbinary.readouterr() == (DOCUMENT + b"\n", b"")
    assert hit.serve("ops", os.environ, BEGIN) is None
    assert hit.serve("dev", os.environ, END) is None
    assert capfdbinary.readouterr() == (b"", b"")


@pytest.mark.parametrize("real", ["getuid", "getgid"])
def test_another_users_or_groups_rights_are_noticed(real: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not hit.is_elevated()
    monkeypatch.setattr(os, real, lambda: 12345)
    assert hit.is_elevated()


OPENED = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from assume_helper import start
said = start.open_missing_descriptors()
null = os.stat(os.devnull).st_rdev
file = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT)
facts = [said, file, [n for n in range(3) if os.fstat(n).st_rdev == null], [os.get_inheritable(n) for n in range(3)]]
os.write(file, json.dumps(facts).encode())
"""


@pytest.mark.parametrize("closed", [[], [0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]], ids=str)
def test_closed_standard_descriptors_are_opened_on_nothing(closed: list[int], tmp_path: Path) -> None:
    """Run by a shell that closes them; what is open is a pipe."""
    closing = " ".join(f"{number}>&-" for number in closed)
    package = str(Path(hit.__file__).parent.parent)
    program = [sys.executable, "-I", "-S", "-c", OPENED, package, str(tmp_path / "facts")]
    command = ["sh", "-c", f'exec "$@" {closing}', "sh", *program]
    ran = subprocess.run(command, input=b"", capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
    stdout_was_closed, next_opened, on_nothing, inheritable = json.loads((tmp_path / "facts").read_bytes())
    assert stdout_was_closed == (1 in closed)
    assert next_opened == 3
    assert on_nothing == closed
    assert inheritable == [True] * 3


def test_all_is_written_through_a_pipe_that_is_read_slowly() -> None:
    data = bytes(range(256)) * 4096
    program = "import sys; from assume_helper import hit; hit.write(1, bytes(range(256)) * 4096)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        read = b"".join(iter(lambda: os.read(child.stdout.fileno(), 1000), b""))  # type: ignore[union-attr]
    assert read == data
    assert child.returncode == 0


def test_a_file_that_takes_only_a_part_is_an_error(tmp_path: Path) -> None:
    program = (
        "import os, resource, sys; from assume_helper import hit\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try: hit.write(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600), b'x' * 300)\n"
        "except OSError as error: os._exit(error.errno)\n"
        "os._exit(0)"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(tmp_path / "file")], check=False)
    assert ran.returncode == errno.EFBIG
    assert (tmp_path / "file").stat().st_size == 100


def test_a_full_disk_and_a_reader_that_has_gone_are_errors() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(OSError, match="No space"):
        hit.write(full, b"data")
    os.close(full)
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        hit.write(writer, b"data")
    os.close(writer)
