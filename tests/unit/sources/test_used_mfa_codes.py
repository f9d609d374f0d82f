"""The codes that were used: told from others, read only as they are written, and never the codes themselves."""

from pathlib import Path

import pytest
from running import no_warning

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
