"""The cache's directory, private files and their seal, as a hit reads them."""

import json
import os
import sys
from pathlib import Path

import platformdirs
import platformdirs.macos
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opened import open_modes, open_to_others
from unit.hit_files import (
    BEGIN,
    DOCUMENT,
    END,
    put,
)
from unit.obstacles import given_away, no_wait

from assume_helper import hit

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
    home, elsewhere = os.path.abspath("/home/jane"), os.path.abspath("/elsewhere")
    environ = {hit.HOME: home, "XDG_CACHE_HOME": "/xdg", "ASSUME_HELPER_CACHE_DIR": elsewhere}
    assert hit.cache_directory(environ) == elsewhere
    assert hit.cache_directory(environ | {"ASSUME_HELPER_CACHE_DIR": "~/mine"}) == os.path.join(home, "mine")


def test_on_macos_the_cache_is_where_platformdirs_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/Users/jane")
    expected = platformdirs.macos.MacOS("assume-helper", appauthor=False).user_cache_dir
    monkeypatch.setattr(sys, "platform", "darwin")
    assert hit.cache_directory({"HOME": "/Users/jane"}) == expected


def test_on_windows_the_cache_is_in_the_local_application_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    local = os.path.abspath("/local")
    found = hit.cache_directory({"LOCALAPPDATA": local, "HOME": "/h"})
    assert found == os.path.join(local, "assume-helper", "Cache")
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


@pytest.mark.parametrize("mode", open_modes(0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666, 0o777))
def test_a_file_that_is_open_to_others_is_not_read(tmp_path: Path, mode: int) -> None:
    put(tmp_path / "file", b"data")
    open_to_others(tmp_path / "file", mode)
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
    open_to_others(tmp_path / "file", 0o644)
    before = os.listdir("/proc/self/fd") if sys.platform != "win32" else []
    with pytest.raises(hit.NotPrivate):
        hit.read_private(str(tmp_path / "file"))
    if sys.platform == "win32":
        (tmp_path / "file").unlink()  # which is refused while it is open
    else:
        assert os.listdir("/proc/self/fd") == before


@pytest.mark.parametrize("mode", open_modes(0o750, 0o705, 0o720, 0o701))
def test_a_directory_that_is_open_to_others_is_not_private(tmp_path: Path, mode: int) -> None:
    open_to_others(tmp_path, mode)
    with pytest.raises(hit.NotPrivate, match="open to other users"):
        hit.check_private(str(tmp_path))


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
def test_a_newer_format_is_its_own_error(version: bytes) -> None:
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
