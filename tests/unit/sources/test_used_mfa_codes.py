"""The codes that were used: told from others, read only as they are written, and never the codes themselves."""

import os
from pathlib import Path

import pytest
from running import into, no_warning

from assume_helper.cache import directory as cache_directory
from assume_helper.cache.directory import Cache
from assume_helper.sources import used_mfa_codes

KEY = "a" * 64
NOW = 2_000_000_010.0
# A salt and a digest, as JSON, that nobody wrote: found by the fuzzer, and what is like it.
UNLIKE = [
    (b'"aa"', b'"\xef\xbb\xbfbb"'),
    (b'"%s"' % (b"a" * 32), b'"\xc3\xa9%s"' % (b"b" * 63)),
    (b'"\\ud800%s"' % (b"a" * 31), b'"%s"' % (b"b" * 64)),
    (b"[]", b"{}"),
    (b"1", b"null"),
]


@pytest.fixture
def store(tmp_path: Path) -> Cache:
    (tmp_path / "cache").mkdir(mode=0o700)
    return Cache(str(tmp_path / "cache"), no_warning)


def test_what_is_remembered_is_told_from_other_codes(store: Cache) -> None:
    used_mfa_codes.remember(store, KEY, [used_mfa_codes.new("123456", NOW)])
    (used,) = used_mfa_codes.read(store, KEY)
    assert used.matches("123456", NOW)
    assert not used.matches("654321", NOW)


def test_a_code_is_not_in_what_is_remembered_of_it(store: Cache) -> None:
    used_mfa_codes.remember(store, KEY, [used_mfa_codes.new("123456", NOW), used_mfa_codes.new("123456", NOW)])
    one, other = used_mfa_codes.read(store, KEY)
    assert one.digest != other.digest  # nobody has a table of all six digits for it
    assert b"123456" not in b"".join(path.read_bytes() for path in Path(store.path("")).rglob("*.code"))


def test_what_was_used_long_ago_is_forgotten(store: Cache) -> None:
    long_ago, now = used_mfa_codes.new("123456", NOW - 1000), used_mfa_codes.new("654321", NOW)
    used_mfa_codes.remember(store, KEY, [long_ago, now])
    assert used_mfa_codes.read(store, KEY) == [now]
    assert not long_ago.matches("123456", NOW)  # the same digits come again by chance


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{}", b"[]", b"nothing", b"[1]", b"[[1]]", b'[["x","y","z"]]', b'[[1e999,"a","b"]]', b"[" * 60_000),
        # In the half minute of NOW, or near enough to be compared.
        *(b"[[%d,%s,%s]]" % (NOW // used_mfa_codes.STEP, salt, digest) for salt, digest in UNLIKE),
        b'[[1%s,"%s","%s"]]' % (b"0" * 400, b"a" * 32, b"b" * 64),
        b'[[-1,"%s","%s"]]' % (b"a" * 32, b"b" * 64),
        b'[[true,"%s","%s",1]]' % (b"a" * 32, b"b" * 64),
    ],
)
def test_what_nobody_wrote_is_nothing(store: Cache, data: bytes) -> None:
    cache_directory.write(store, KEY + ".code", data, durable=False)
    assert used_mfa_codes.read(store, KEY) == []


# Where the cache cannot be used.


def places(tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path / "home"),
        "ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache"),
        "XDG_RUNTIME_DIR": str(tmp_path / "no-memory"),
        "TMPDIR": str(tmp_path / "tmp"),
    }


def test_they_are_beside_the_cache_where_that_can_be_used(tmp_path: Path) -> None:
    store = used_mfa_codes.open_store(places(tmp_path), no_warning)
    assert store.directory == str(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("broken", ["loose", "link", "file", "relative"])
def test_where_the_cache_cannot_be_used_they_are_among_the_temporary_files(tmp_path: Path, broken: str) -> None:
    (tmp_path / "tmp").mkdir(mode=0o1777)
    cache = tmp_path / "cache"
    environ = places(tmp_path)
    if broken == "loose":
        cache.mkdir(mode=0o700)
        cache.chmod(0o777)
    elif broken == "link":
        cache.symlink_to(tmp_path)
    elif broken == "file":
        cache.touch()
    else:
        environ["ASSUME_HELPER_CACHE_DIR"] = "relative"
    warnings: list[str] = []
    store = used_mfa_codes.open_store(environ, into(warnings))
    assert store.directory == str(tmp_path / "tmp" / f"assume-helper-{os.geteuid()}")
    used_mfa_codes.remember(store, KEY, [used_mfa_codes.new("123456", NOW)])
    again = used_mfa_codes.open_store(environ, into(warnings))
    assert [code.matches("123456", NOW) for code in used_mfa_codes.read(again, KEY)] == [True]


def test_another_s_directory_among_the_temporary_files_is_not_used_and_a_code_is_used_once_by_this_process(
    tmp_path: Path,
) -> None:
    environ = places(tmp_path) | {"ASSUME_HELPER_CACHE_DIR": "relative"}
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / f"assume-helper-{os.geteuid()}").symlink_to(tmp_path)
    warnings: list[str] = []
    store = used_mfa_codes.open_store(environ, into(warnings))
    assert store.directory is None
    assert any("used MFA codes cannot be remembered" in warning for warning in warnings)
    key = "b" * 64
    used_mfa_codes.remember(store, key, [used_mfa_codes.new("123456", NOW)])
    assert [code.matches("123456", NOW) for code in used_mfa_codes.read(store, key)] == [True]


def test_a_code_that_cannot_be_written_is_used_once_by_this_process(tmp_path: Path) -> None:
    directory = tmp_path / "cache"
    directory.mkdir(mode=0o700)
    key = "c" * 64
    (directory / f"{key}.code").mkdir()
    store = Cache(str(directory), lambda _warning: None)
    used_mfa_codes.remember(store, key, [used_mfa_codes.new("123456", NOW)])
    assert [code.matches("123456", NOW) for code in used_mfa_codes.read(store, key)] == [True]
