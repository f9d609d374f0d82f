"""An encrypted hit: the document of a fresh entry whose key the kernel keeps, and None for anything else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from running import PACKAGE

from assume_helper import hit
from assume_helper.cache import aes_gcm
from assume_helper.sessions import encrypted_hit
from assume_helper.system import kernel_keyring

NAME = "0" * 64
KEY = bytes(range(32))
TIMES = (1000, 2000, 1500)
DOCUMENT = b'{"Version":1}'
# Of the whole program, what such a hit must not load.
HEAVY = {"botocore", "boto3", "click", "dataclasses", "keyring", "json", "re", "threading", "importlib.metadata"}


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of encrypted entries with a fresh one in it; the kernel has its key."""
    monkeypatch.setattr(kernel_keyring, "find", lambda _name: KEY)
    directory = tmp_path / "encrypted"
    directory.mkdir(mode=0o700)
    put(directory, hit.pack_entry(TIMES, DOCUMENT, b"{}", "C=d\n"))
    return directory


def put(directory: Path, content: bytes, name: str = NAME) -> None:
    entry = directory / f"{NAME}.entry"
    entry.touch(mode=0o600)
    entry.write_bytes(hit.seal(aes_gcm.encrypt(KEY, name, content)))


def found(directory: Path, now: float = 1200) -> "hit.Answer | None":
    return encrypted_hit.answer(str(directory), NAME, "A=b\n", True, now)


def test_a_fresh_entry_is_opened(directory: Path) -> None:
    assert found(directory) == (DOCUMENT + b"\n", "C=d\n", "A=b\n", True, "")
    assert found(directory, 1500) == (
        DOCUMENT + b"\n",
        "C=d\n",
        "A=b\n",
        True,
        os.path.join(directory, f"{NAME}.ahead"),
    )
    assert found(directory, 1000) is not None
    assert found(directory, 1999.9) is not None


@pytest.mark.parametrize("now", [999.9, 2000, 1e9])
def test_one_that_is_not_fresh_is_not_served(directory: Path, now: float) -> None:
    assert found(directory, now) is None


@pytest.mark.parametrize("key", [None, b"short", KEY[::-1], KEY + KEY])
def test_without_its_key_it_is_not_served(directory: Path, key: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_keyring, "find", lambda _name: key)
    assert found(directory) is None


def test_where_the_library_is_missing_it_is_not_served(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.bindings._rust", None)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    assert found(directory) is None


def test_where_the_kernel_has_no_keyring_it_is_not_served(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_name: str) -> bytes:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(kernel_keyring, "find", refused)
    assert found(directory) is None


def test_what_was_encrypted_for_another_session_is_not_served(directory: Path) -> None:
    put(directory, hit.pack_entry(TIMES, DOCUMENT, b"{}"), "1" * 64)
    assert found(directory) is None


@pytest.mark.parametrize("content", [b"", b"x", b"1 2\n{}\n", b"a b c\n{}\n{}"])
def test_what_is_no_entry_is_not_served(directory: Path, content: bytes) -> None:
    put(directory, content)
    assert found(directory) is None


def test_a_file_that_is_damaged_or_missing_is_not_served(directory: Path) -> None:
    entry = directory / f"{NAME}.entry"
    entry.write_bytes(entry.read_bytes()[:-1])
    assert found(directory) is None
    entry.unlink()
    assert found(directory) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_what_others_may_read_is_not_served(directory: Path, tmp_path: Path) -> None:
    entry = directory / f"{NAME}.entry"
    entry.chmod(0o640)
    assert found(directory) is None
    entry.chmod(0o600)
    directory.chmod(0o750)
    assert found(directory) is None
    directory.chmod(0o700)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "encrypted").symlink_to(directory)
    assert found(tmp_path / "linked" / "encrypted") is None
    assert found(directory) is not None


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's keyring is Linux's")
def test_it_loads_little(directory: Path) -> None:
    """In a process of its own, with a key that stands for the kernel's, and without what ctypes loads."""
    code = (
        "import ctypes, sys; before = set(sys.modules)\n"  # which has threading from Python 3.14 on
        "from assume_helper.sessions import encrypted_hit\n"
        f"encrypted_hit.kernel_keyring.find = lambda _name: {KEY!r}\n"
        "found = encrypted_hit.answer(sys.argv[1], sys.argv[2], '', True, 1200)\n"
        "print(found is not None, *(set(sys.modules) - before))"
    )
    environ = {"PYTHONPATH": str(PACKAGE.parent), "PATH": os.defpath}
    done = subprocess.run(
        [sys.executable, "-c", code, str(directory), NAME], env=environ, capture_output=True, text=True, check=True
    )
    served, *loaded = done.stdout.split()
    assert served == "True"
    assert "assume_helper.cache.aes_gcm" in loaded
    assert HEAVY & set(loaded) == set()
    assert {name for name in loaded if name.startswith("assume_helper")} == {
        "assume_helper", "assume_helper.hit", "assume_helper.cache", "assume_helper.cache.aes_gcm",
        "assume_helper.sessions", "assume_helper.sessions.encrypted_hit", "assume_helper.system",
        "assume_helper.system.kernel_keyring",
    }  # fmt: skip
