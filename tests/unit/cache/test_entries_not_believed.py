"""What is in the cache and cannot be believed is a miss."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from damage import flipped, halved
from hypothesis import given
from hypothesis import strategies as st
from opened import OPEN, open_to_others
from unit.cache.samples import (
    ENTRY,
    KEY,
    SECRET,
    T,
    a_session,
    an_entry,
    file,
    in_one_directory,
    names,
    put,
    written,
)
from unit.obstacles import given_away, no_wait

from assume_helper import errors
from assume_helper.cache import entries, outcomes
from assume_helper.cache.directory import Cache
from assume_helper.cache.entries import Entry
from assume_helper.cache.outcomes import Failure

# what is not believed

RECORD = {
    "access_key_id": "ASIADUMMY",
    "secret_access_key": SECRET,
    "session_token": "dummy-token",
    "expiration": T + 3600,
    "printed_expiration": T + 3500,
    "issued": T + 0.25,
    "lifetime": 3600,
    "clock_difference": 0.0,
    "assumed_role_arn": "arn:aws:sts::123456789012:assumed-role/dev/me@here",
    "account_id": "123456789012",
}
TEXTS = ["access_key_id", "secret_access_key", "session_token", "assumed_role_arn", "account_id"]
NUMBERS = ["expiration", "printed_expiration", "issued", "lifetime", "clock_difference"]


def sealed_record(record: object) -> bytes:
    text = record if isinstance(record, str) else json.dumps(record)
    return b"0 1 1\n{}\n\n" + text.encode()


def test_the_record_of_these_tests_is_one_that_is_read(store: Cache) -> None:
    put(store, sealed_record(RECORD))
    assert entries.read(store, KEY) == Entry(a_session(), b"{}")


@pytest.mark.parametrize("name", RECORD)
def test_an_entry_without_one_of_its_fields_is_a_miss(store: Cache, name: str) -> None:
    put(store, sealed_record({n: value for n, value in RECORD.items() if n != name}))
    assert entries.read(store, KEY) is None


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", ["", 0, 7, True, [], ["x"], {}])
def test_a_text_of_another_type_or_empty_is_a_miss(store: Cache, name: str, value: object) -> None:
    put(store, sealed_record(RECORD | {name: value}))
    assert entries.read(store, KEY) is None


def test_a_session_that_is_no_role_s_has_neither_arn_nor_account(store: Cache) -> None:
    put(store, sealed_record(RECORD | {"assumed_role_arn": None, "account_id": None}))
    entry = entries.read(store, KEY)
    assert entry is not None
    assert (entry.session.assumed_role_arn, entry.session.account_id) == (None, None)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [None, "", "soon", [], [1], {}, float("nan"), float("inf"), float("-inf")])
def test_a_number_of_another_type_or_none_is_a_miss(store: Cache, name: str, value: object) -> None:
    put(store, sealed_record(RECORD | {name: value}))
    assert entries.read(store, KEY) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lifetime", 0),
        ("lifetime", -3600),
        ("expiration", 10**12),
        ("expiration", 10**30),
        ("expiration", -(10**30)),
        ("printed_expiration", 10**30),
        ("issued", 10**400),
    ],
)
def test_a_number_that_cannot_be_is_a_miss(store: Cache, name: str, value: int) -> None:
    put(store, sealed_record(RECORD | {name: value}))
    assert entries.read(store, KEY) is None


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\n",
        b"\n\n",
        b"0 1\n{}",
        b"0 1\n{}\n",
        b"0 1\n{}\n[]",
        b"0 1\n{}\nnull",
        b"0 1\n{}\nNaN",
        b'0 1\n{}\n"text"',
        b"0 1\n{}\n{",
        b"0 1\n{}\n{}",
        b"0 1\n{}\n\xff\xfe",
        b"0 1\n{}\n" + b"9" * 5000,
        sealed_record(RECORD) + b"}",
    ],
)
def test_a_whole_file_with_anything_else_in_it_is_a_miss(store: Cache, warnings: list[str], payload: bytes) -> None:
    put(store, payload)
    assert entries.read(store, KEY) is None
    assert warnings == []


@given(st.binary(max_size=300))
@in_one_directory
def test_a_file_of_any_bytes_is_a_miss(store: Cache, data: bytes) -> None:
    path = put(store, b"")
    path.write_bytes(data)
    assert entries.read(store, KEY) is None
    assert outcomes.read_failure(store, KEY) is None


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def one_byte_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize("damage", [emptied, halved, one_byte_short, flipped, zeroed])
def test_a_damaged_entry_is_a_miss_without_a_warning_and_is_replaced(
    store: Cache, warnings: list[str], damage: Callable[[Path], None]
) -> None:
    damage(written(store))
    assert entries.read(store, KEY) is None
    written(store)
    assert entries.read(store, KEY) == ENTRY
    assert warnings == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666])
def test_an_entry_that_is_open_to_others_is_not_used_and_said_so(store: Cache, warnings: list[str], mode: int) -> None:
    open_to_others(written(store), mode)
    assert entries.read(store, KEY) is None
    assert warnings == [f"not used: {file(store)} {OPEN}; remove it"]


def test_an_entry_of_another_user_is_not_used_and_said_so(
    store: Cache, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given_away(written(store), monkeypatch)
    assert entries.read(store, KEY) is None
    assert warnings == [f"not used: {file(store)} belongs to another user; remove it"]


def test_an_entry_that_is_a_link_is_not_used_and_said_so_and_not_written_through(
    store: Cache, warnings: list[str], tmp_path: Path
) -> None:
    target = written(store).rename(tmp_path / "target")
    before = target.read_bytes()
    file(store).symlink_to(target)
    assert entries.read(store, KEY) is None
    assert warnings == [f"not used: {file(store)} is a link; remove it"]
    written(store, an_entry(900))
    assert not file(store).is_symlink()
    assert target.read_bytes() == before
    assert entries.read(store, KEY) == an_entry(900)


def made_a_directory(path: Path) -> None:
    path.mkdir(mode=0o700)


def made_a_fifo(path: Path) -> None:
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize("make", [made_a_directory, made_a_fifo])
def test_what_is_no_plain_file_is_not_used_and_said_so(
    store: Cache, warnings: list[str], make: Callable[[Path], None]
) -> None:
    make(file(store))
    with no_wait():
        assert entries.read(store, KEY) is None
    assert warnings == [f"not used: {file(store)} is not a plain file; remove it"]


def test_an_entry_that_is_too_large_is_not_used_and_said_so(store: Cache, warnings: list[str]) -> None:
    os.truncate(written(store), 65_537)
    assert entries.read(store, KEY) is None
    assert warnings == [f"not used: {file(store)} is too large; remove it"]


def test_a_file_that_is_not_used_is_replaced_by_one_that_is(
    store: Cache, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_to_others(written(store), 0o666)
    written(store)
    with monkeypatch.context() as patch:
        given_away(file(store), patch)
        written(store)
    assert entries.read(store, KEY) == ENTRY
    assert warnings == []


@pytest.mark.parametrize("name", [KEY + ".entry", KEY + ".failure", "name.hit"])
def test_a_file_of_a_newer_version_is_a_miss_and_is_not_overwritten(
    store: Cache, warnings: list[str], name: str
) -> None:
    path = file(store, name)
    path.write_bytes(b"assume-helper 2 in a form that is not known yet\n\x00\x01")
    path.chmod(0o600)
    before = path.read_bytes()
    assert entries.read(store, KEY) is None
    assert outcomes.read_failure(store, KEY) is None
    outcomes.write_failure(store, KEY, Failure(T, T, errors.STSRefused("no", "ask")))
    if not name.endswith(".failure"):
        written(store)
    entries.remember(store, ("name.hit", b"stamp"), KEY)
    assert path.read_bytes() == before
    assert not any(n.startswith("tmp-") for n in names(store))
    assert warnings == []
