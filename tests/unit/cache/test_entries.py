"""Entries: written whole, read back as they were, and found by a hit."""

import os
import stat
import sys
import threading
from pathlib import Path

import pytest
from damage import flipped
from hit_answers import fresh_document
from hypothesis import given
from hypothesis import strategies as st
from running import into, umask
from unit.cache.samples import (
    ENTRY,
    KEY,
    SECRET,
    T,
    an_entry,
    file,
    in_one_directory,
    names,
    random_entries,
    written,
)

from assume_helper import errors, hit
from assume_helper.cache import directory as cache_directory
from assume_helper.cache import entries, outcomes
from assume_helper.cache.directory import Cache
from assume_helper.cache.entries import Entry
from assume_helper.cache.outcomes import Failure


@given(random_entries())
@in_one_directory
def test_what_is_written_is_read_back_and_replaces_what_was_there(
    store: Cache, warnings: list[str], entry: Entry
) -> None:
    entries.write(store, KEY, entry)
    assert entries.read(store, KEY) == entry
    assert names(store) == {KEY + ".entry"}
    assert warnings == []


def test_what_is_not_there_is_a_miss_and_no_warning(store: Cache, warnings: list[str]) -> None:
    assert entries.read(store, KEY) is None
    assert outcomes.read_failure(store, KEY) is None
    assert warnings == []


def test_each_key_has_its_own_entry(store: Cache) -> None:
    written(store)
    assert entries.read(store, "0" * 64) is None


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_every_file_is_0600_in_a_directory_of_0700_whatever_the_umask(
    tmp_path: Path, warnings: list[str], mask: int
) -> None:
    with umask(mask):
        environ = {"ASSUME_HELPER_CACHE_DIR": str(tmp_path / "deep" / "down")}
        store = cache_directory.open_cache(environ, into(warnings))
        written(store)
        outcomes.write_failure(store, KEY, Failure(T, T, errors.STSRefused("no", "ask")))
        entries.remember(store, ("name.hit", b"stamp"), KEY)
    assert warnings == []
    assert stat.S_IMODE(os.stat(tmp_path / "deep").st_mode) == 0o700
    assert stat.S_IMODE(os.stat(tmp_path / "deep" / "down").st_mode) == 0o700
    modes = {name: stat.S_IMODE(file(store, name).stat().st_mode) for name in names(store)}
    assert modes == {KEY + ".entry": 0o600, KEY + ".failure": 0o600, "name.hit": 0o600}


def test_the_secrets_of_an_entry_are_not_in_what_it_looks_like(store: Cache) -> None:
    written(store)
    assert SECRET not in repr(entries.read(store, KEY))


def test_a_reader_sees_the_old_entry_or_the_new_one_and_never_a_half(store: Cache) -> None:
    one, other = an_entry(900), an_entry(3600)
    written(store, one)
    done = threading.Event()

    def write_many() -> None:
        for entry in [one, other] * (50 if sys.platform != "win32" else 5):  # there each waits for the reader
            entries.write(store, KEY, entry)
        done.set()

    writer = threading.Thread(target=write_many)
    writer.start()
    while not done.is_set():
        assert entries.read(store, KEY) in (one, other)
    writer.join(60)


def test_an_entry_is_removed_and_removing_nothing_is_no_trouble(store: Cache, warnings: list[str]) -> None:
    written(store)
    entries.remove(store, KEY)
    entries.remove(store, KEY)
    assert names(store) == set()
    assert warnings == []


def test_an_entry_that_cannot_be_removed_is_a_warning(store: Cache, warnings: list[str]) -> None:
    file(store).mkdir()
    entries.remove(store, KEY)
    assert len(warnings) == 1
    assert warnings[0].startswith(f"{file(store)} cannot be removed (")


# hits


def remembered(store: Cache, environ: dict[str, str], key: str = KEY) -> Path:
    stamp = hit.stamp("dev", environ)
    entries.remember(store, stamp, key)
    return file(store, stamp[0])


BORDERS = st.sampled_from([ENTRY.session.not_before, ENTRY.session.refreshed_from, ENTRY.session.served_until])


@given(
    st.builds(float.__add__, BORDERS.map(float), st.sampled_from([-1.0, -0.001, 0.0, 0.001, 1.0])) | st.floats(0, 4e9)
)
@in_one_directory
def test_a_hit_and_the_full_way_agree_on_what_is_fresh_and_due(
    store: Cache, environ: dict[str, str], now: float
) -> None:
    written(store)
    remembered(store, environ)
    lock = store.path(KEY + hit.AHEAD_SUFFIX) if ENTRY.session.is_due(now) else ""
    assert fresh_document("dev", environ, now) == (
        (ENTRY.document + b"\n", lock) if ENTRY.session.is_fresh(now) else None
    )


@given(random_entries())
@in_one_directory
def test_whatever_is_written_and_remembered_is_the_answer(store: Cache, environ: dict[str, str], entry: Entry) -> None:
    written(store, entry)
    remembered(store, environ)
    now = entry.session.not_before
    found = fresh_document("dev", environ, now)
    assert (found[0] if found else None) == (entry.document + b"\n" if entry.session.is_fresh(now) else None)


def test_what_is_remembered_already_is_not_written_again(store: Cache, environ: dict[str, str]) -> None:
    inode = remembered(store, environ).stat().st_ino
    assert remembered(store, environ).stat().st_ino == inode


def test_what_leads_to_another_key_is_remembered_anew(store: Cache, environ: dict[str, str]) -> None:
    written(store)
    remembered(store, environ, "0" * 64)
    remembered(store, environ, KEY)
    assert fresh_document("dev", environ, T) == (ENTRY.document + b"\n", "")


def test_what_is_remembered_and_damaged_is_remembered_anew(store: Cache, environ: dict[str, str]) -> None:
    written(store)
    flipped(remembered(store, environ))
    remembered(store, environ)
    assert fresh_document("dev", environ, T) == (ENTRY.document + b"\n", "")


def test_no_secret_is_remembered(store: Cache, environ: dict[str, str]) -> None:
    environ |= {"AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": SECRET}
    assert SECRET.encode() not in remembered(store, environ).read_bytes()
