"""Where sessions of each kind of storage are, and that none is where it must not be."""

import os
from pathlib import Path

import pytest
from opened import open_to_others
from running import into

from assume_helper.cache import encryption, storage
from assume_helper.cache.directory import Cache
from assume_helper.system.warning import Warning

KEY = "ef" * 32


def without_a_key() -> encryption.Cipher:
    raise encryption.NoKey("there is no keyring here", "mend it")


@pytest.fixture
def in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime directory that counts as one in memory."""
    path = tmp_path / "run"
    path.mkdir(mode=0o700)
    monkeypatch.setattr(storage, "_is_in_memory", lambda base: base == str(path))
    return path


def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    table = tmp_path / "mountinfo"
    table.write_text("".join(line + "\n" for line in lines))
    monkeypatch.setattr(storage, "_MOUNTS", str(table))


@pytest.mark.parametrize(("kind", "found"), [("tmpfs", True), ("ramfs", True), ("ext4", False)])
def test_a_runtime_directory_is_used_where_its_file_system_is_in_memory(
    kind: str, found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "a b"
    base.mkdir()
    escaped = str(base).replace(" ", "\\040")
    mounts(tmp_path, monkeypatch, "1 1 0:1 / / rw - xfs a rw", f"2 1 0:2 / {escaped} rw shared:1 - {kind} b rw")
    expected = str(base / "assume-helper") if found else None
    assert storage.memory_directory({"XDG_RUNTIME_DIR": str(base)}) == expected


def test_a_mount_whose_name_only_begins_like_it_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tmp_path / "runtime"
    base.mkdir()
    mounts(tmp_path, monkeypatch, "1 1 0:1 / / rw - xfs a rw", f"2 1 0:2 / {tmp_path}/run rw - tmpfs b rw")
    assert storage.memory_directory({"XDG_RUNTIME_DIR": str(base)}) is None


@pytest.mark.parametrize("base", ["", "relative", "/none/such", "/with\0zero"])
def test_what_is_no_directory_of_ours_is_no_runtime_directory(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000_000, raising=False)
    assert storage.memory_directory({"XDG_RUNTIME_DIR": base}) is None


def test_where_the_mounts_are_not_told_nothing_is_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_MOUNTS", str(tmp_path / "none"))
    assert storage.memory_directory({"XDG_RUNTIME_DIR": str(tmp_path)}) is None
    mounts(tmp_path, monkeypatch, "1 1 0:1 / / rw - tmpfs a rw")
    file = tmp_path / "file"
    file.touch()
    assert storage.memory_directory({"XDG_RUNTIME_DIR": str(file)}) is None
    assert storage.memory_directory({"XDG_RUNTIME_DIR": str(tmp_path)}) == str(tmp_path / "assume-helper")


def test_nothing_is_stored_where_there_is_no_memory_or_no_key(
    environ: dict[str, str], warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encryption, "cipher", without_a_key)
    memory = storage.open_store({**environ, "XDG_RUNTIME_DIR": "relative"}, into(warnings), "memory")
    encrypted = storage.open_store(environ, into(warnings), "encrypted")
    none = storage.open_store(environ, into(warnings), "none")
    assert [(each.directory, each.storage) for each in (memory, encrypted, none)] == [
        (None, "memory"), (None, "encrypted"), (None, "none"),
    ]  # fmt: skip
    assert len(warnings) == 2
    assert "assume_helper_cache = memory needs a runtime directory in memory; set XDG_RUNTIME_DIR" in warnings[0]
    assert "assume_helper_cache = encrypted, and there is no keyring here; mend it" in warnings[1]


def test_an_encrypted_store_has_no_more_than_the_cache_has(
    environ: dict[str, str], warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encryption, "cipher", lambda: encryption.Cipher(bytes(32)))
    store = storage.open_store(environ, into(warnings), "encrypted")
    assert store.directory == os.path.join(environ["ASSUME_HELPER_CACHE_DIR"], "encrypted")
    assert (store.cipher, warnings) == (encryption.Cipher(bytes(32)), [])
    without = storage.open_store({**environ, "ASSUME_HELPER_CACHE_DIR": "relative"}, into(warnings), "encrypted")
    assert (without.directory, without.cipher, len(warnings)) == (None, None, 1)


def test_all_stores_are_those_that_exist(environ: dict[str, str], warnings: list[str], in_memory: Path) -> None:
    environ["XDG_RUNTIME_DIR"] = str(in_memory)
    assert [each.storage for each in storage.all_stores(environ, into(warnings))] == ["file"]
    Path(environ["ASSUME_HELPER_CACHE_DIR"], "encrypted").mkdir(mode=0o700)
    (in_memory / "assume-helper").mkdir(mode=0o700)
    assert [each.storage for each in storage.all_stores(environ, into(warnings))] == ["file", "encrypted", "memory"]
    assert warnings == []


def test_a_session_is_deleted_from_laxer_places_and_from_no_stricter(
    environ: dict[str, str], store: Cache, in_memory: Path
) -> None:
    environ["XDG_RUNTIME_DIR"] = str(in_memory)
    memory = in_memory / "assume-helper"
    encrypted = Path(store.path("encrypted"))
    files = [Path(store.path(KEY + ".entry")), encrypted / (KEY + ".entry"), memory / (KEY + ".entry")]
    for file in files:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.write_bytes(b"x")
    storage.remove_from_laxer(environ, "file", [KEY])
    assert [file.exists() for file in files] == [True, True, True]
    storage.remove_from_laxer(environ, "encrypted", [KEY])
    assert [file.exists() for file in files] == [False, True, True]
    open_to_others(memory, 0o755)  # no longer ours alone: it is left
    storage.remove_from_laxer(environ, "none", [KEY])
    assert [file.exists() for file in files] == [False, False, True]


def test_a_store_without_its_key_stays_unreadable_and_keeps_a_cipher(
    store: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypted = Cache(store.directory, store.warn, storage="encrypted")
    monkeypatch.setattr(encryption, "cipher", without_a_key)
    assert storage.decrypting(encrypted) is encrypted
    assert storage.decrypting(store) is store
    monkeypatch.setattr(encryption, "cipher", lambda: encryption.Cipher(bytes(32)))
    found = storage.decrypting(encrypted)
    assert found.cipher == encryption.Cipher(bytes(32))
    assert storage.decrypting(found) is found


def test_a_storage_is_described_or_its_lack_is_warned_of(environ: dict[str, str], store: Cache) -> None:
    assert storage.describe(environ, "none") == "nothing is cached: every call goes to STS"
    assert storage.describe(environ, "file") == f"sessions are cached in plain text, in {store.directory}"
    found = storage.describe({**environ, "XDG_RUNTIME_DIR": "relative"}, "memory")
    assert isinstance(found, Warning)
    assert found.next_step == "set XDG_RUNTIME_DIR to one of yours on a tmpfs"


def test_a_hit_is_led_to_the_place_where_the_entry_is(environ: dict[str, str], store: Cache, tmp_path: Path) -> None:
    assert storage.hit_location(environ, store) == (store, "")
    memory = Cache(str(tmp_path / "run"), store.warn, storage="memory")
    where, entry = storage.hit_location(environ, memory)
    assert (where.directory, entry) == (store.directory, str(tmp_path / "run"))
    assert [storage.is_readable_by_hit(kind) for kind in ("file", "memory", "encrypted", "none")] == [
        True, True, False, False,
    ]  # fmt: skip
