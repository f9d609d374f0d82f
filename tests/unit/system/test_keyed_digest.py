"""Digests that tell secrets apart: keyed by bytes of the cache's own, which are private."""

import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assume_helper.system.keyed_digest import FILE, keyed_digest


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache")}


def test_the_same_secret_has_the_same_digest_in_one_cache_and_another_in_another(
    environ: dict[str, str], tmp_path: Path
) -> None:
    one = keyed_digest("secret", environ)
    assert keyed_digest("secret", environ) == one != keyed_digest("other", environ)
    assert keyed_digest("secret", {"ASSUME_HELPER_CACHE_DIR": str(tmp_path / "other")}) != one
    assert one not in [hashlib.new(name, b"secret").hexdigest() for name in ("sha256", "blake2s")]


def test_its_key_is_32_bytes_in_a_private_file(environ: dict[str, str], tmp_path: Path) -> None:
    keyed_digest("secret", environ)
    path = tmp_path / "cache" / FILE
    assert sys.platform == "win32" or path.stat().st_mode & 0o7777 == 0o600
    assert len(path.read_bytes().split(b"\n", 1)[1]) == 32
    assert os.listdir(tmp_path / "cache") == [FILE]


def test_processes_that_make_it_at_once_have_the_same(environ: dict[str, str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: keyed_digest("secret", environ), range(32)))) == 1


def test_a_damaged_one_is_made_anew_and_one_that_is_no_private_file_is_replaced(
    environ: dict[str, str], tmp_path: Path
) -> None:
    one = keyed_digest("secret", environ)
    path = tmp_path / "cache" / FILE
    path.write_bytes(path.read_bytes()[:-1])
    other = keyed_digest("secret", environ)
    assert keyed_digest("secret", environ) == other != one
    target = path.rename(tmp_path / "target")
    path.symlink_to(target)
    assert keyed_digest("secret", environ) != other
    assert not path.is_symlink()


def test_without_a_cache_it_is_the_same_in_this_process_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for environ in ({}, {"ASSUME_HELPER_CACHE_DIR": str(tmp_path / "file")}):
        assert keyed_digest("secret", environ) == keyed_digest("secret", environ)


def test_a_file_system_without_links_has_one_all_the_same(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_given: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", link)
    one = keyed_digest("secret", environ)
    assert one == keyed_digest("secret", environ)
    assert os.listdir(tmp_path / "cache") == [FILE]
