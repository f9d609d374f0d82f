"""The cache: what shapes a key, what is written, and what of that is believed."""

import errno
import itertools
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running import umask

from assume_helper import errors, hit
from assume_helper.cache import directory as cache_directory
from assume_helper.cache import entries
from assume_helper.cache.directory import Cache
from assume_helper.cache.document import credential_document
from assume_helper.cache.entries import Entry, Failure
from assume_helper.credentials import Credentials, Session
from assume_helper.profiles.role import CredentialProcess, Endpoint, EnvironmentKeys, Profile, StaticKeys

T = 1_800_000_000
KEY = "ef" * 32
SECRET = "DummySecretAccessKey0123456789+/abcdefgh"
in_one_directory = settings(max_examples=50)


# the key

STATIC = StaticKeys("base", "AKIADUMMY", SECRET, None)
PROCESS = CredentialProcess("tool", "tool --login")
LINK = Profile("link", "arn:aws:iam::111111111111:role/link", STATIC, Endpoint("eu-central-1"))
PROFILE = Profile("dev", "arn:aws:iam::123456789012:role/dev", STATIC, Endpoint("eu-central-1"))

ANOTHER_SESSION: dict[str, dict[str, Any]] = {
    "partition": {"role_arn": "arn:aws-cn:iam::123456789012:role/dev"},
    "account": {"role_arn": "arn:aws:iam::210987654321:role/dev"},
    "role": {"role_arn": "arn:aws:iam::123456789012:role/ops"},
    "role's path": {"role_arn": "arn:aws:iam::123456789012:role/path/dev"},
    "region": {"endpoint": replace(LINK.endpoint, region="eu-west-1")},
    "endpoint_url": {"endpoint": replace(LINK.endpoint, endpoint_url="http://127.0.0.1:5000")},
    "external_id": {"external_id": "x-1"},
    "role_session_name": {"role_session_name": "x-1"},
    "duration_seconds": {"duration_seconds": 3600},
    "access key": {"source": replace(STATIC, access_key_id="AKIAOTHER")},
    "environment": {"source": EnvironmentKeys("AKIADUMMY")},
    "another environment": {"source": EnvironmentKeys("AKIAOTHER")},
    "empty environment": {"source": EnvironmentKeys(None)},
    "process": {"source": PROCESS},
    "another process": {"source": CredentialProcess("tool", "tool --login --as=other")},
    "role as source": {"source": LINK},
    "another role as source": {"source": replace(LINK, role_arn="arn:aws:iam::111111111111:role/other")},
    "external_id of the source": {"source": replace(LINK, external_id="x-1")},
    "source of the source": {"source": replace(LINK, source=PROCESS)},
    "longer chain": {"source": replace(LINK, source=LINK)},
}

THE_SAME_SESSION: dict[str, tuple[Profile, dict[str, Any]]] = {
    "name": (PROFILE, {"name": "other"}),
    "ca_bundle": (PROFILE, {"endpoint": replace(PROFILE.endpoint, ca_bundle="/ca.pem")}),
    "secret": (PROFILE, {"source": replace(STATIC, secret_access_key="another")}),
    "session token": (PROFILE, {"source": replace(STATIC, session_token="a-token")}),
    "name of the source": (PROFILE, {"source": replace(STATIC, profile="other")}),
    "name of the process's profile": (
        replace(PROFILE, source=PROCESS),
        {"source": CredentialProcess("other", PROCESS.command)},
    ),
    "name of the link": (replace(PROFILE, source=LINK), {"source": replace(LINK, name="other")}),
    "ca_bundle of the link": (
        replace(PROFILE, source=LINK),
        {"source": replace(LINK, endpoint=replace(LINK.endpoint, ca_bundle="/ca.pem"))},
    ),
    "secret at the chain's end": (
        replace(PROFILE, source=LINK),
        {"source": replace(LINK, source=replace(STATIC, secret_access_key="another"))},
    ),
}


def key_of(profile: Profile) -> str:
    return entries.key(profile.session_inputs())


@pytest.mark.parametrize("changes", ANOTHER_SESSION.values(), ids=ANOTHER_SESSION)
def test_what_shapes_a_session_changes_the_key(changes: dict[str, Any]) -> None:
    assert key_of(replace(PROFILE, **changes)) != key_of(PROFILE)


def test_no_two_different_sessions_share_a_key() -> None:
    profiles = [PROFILE, *(replace(PROFILE, **changes) for changes in ANOTHER_SESSION.values())]
    shared = [(one, other) for one, other in itertools.combinations(profiles, 2) if key_of(one) == key_of(other)]
    assert shared == []


@pytest.mark.parametrize(("profile", "changes"), THE_SAME_SESSION.values(), ids=THE_SAME_SESSION)
def test_what_does_not_shape_a_session_does_not_change_the_key(profile: Profile, changes: dict[str, Any]) -> None:
    assert replace(profile, **changes) != profile
    assert key_of(replace(profile, **changes)) == key_of(profile)


@pytest.mark.parametrize("name", PROFILE.session_inputs())
def test_each_input_changes_the_key_and_so_does_its_absence(name: str) -> None:
    inputs = PROFILE.session_inputs()
    without = {n: value for n, value in inputs.items() if n != name}
    assert len({entries.key(inputs), entries.key(inputs | {name: "another"}), entries.key(without)}) == 3


def test_the_order_of_the_inputs_does_not_matter() -> None:
    inputs = PROFILE.session_inputs()
    assert entries.key(dict(reversed(inputs.items()))) == entries.key(inputs)


def test_a_value_that_moves_to_another_input_changes_the_key() -> None:
    assert key_of(replace(PROFILE, external_id="x-1")) != key_of(replace(PROFILE, role_session_name="x-1"))


inputs = st.dictionaries(st.text(), st.none() | st.text() | st.integers(), max_size=5)


@given(inputs, inputs)
def test_different_inputs_have_different_keys_and_equal_ones_the_same(
    one: dict[str, object], other: dict[str, object]
) -> None:
    assert (entries.key(one) == entries.key(other)) == (one == other)


@given(inputs)
def test_a_key_is_64_hexadecimal_digits(of: dict[str, object]) -> None:
    assert len(entries.key(of)) == 64
    assert set(entries.key(of)) <= set("0123456789abcdef")


def test_no_secret_is_among_the_inputs() -> None:
    source = replace(STATIC, session_token=SECRET[::-1])
    for profile in (replace(PROFILE, source=source), replace(PROFILE, source=replace(LINK, source=source))):
        assert SECRET not in repr(profile.session_inputs())
        assert SECRET[::-1] not in repr(profile.session_inputs())


# entries


def a_session(lifetime: int = 3600, **changes: Any) -> Session:
    end = datetime.fromtimestamp(T + lifetime, UTC)
    session = Session(
        credentials=Credentials("ASIADUMMY", SECRET, "dummy-token", end),
        expiration=end,
        printed_expiration=datetime.fromtimestamp(T + lifetime - 100, UTC),
        issued=T + 0.25,
        lifetime=lifetime,
        assumed_role_arn="arn:aws:sts::123456789012:assumed-role/dev/me@here",
        account_id="123456789012",
    )
    return replace(session, **changes)


def an_entry(lifetime: int = 3600) -> Entry:
    session = a_session(lifetime)
    return Entry(session, credential_document(session.credentials, session.printed_expiration, session.account_id))


ENTRY = an_entry()


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path, warnings: list[str]) -> Cache:
    (tmp_path / "cache").mkdir(mode=0o700)
    return Cache(str(tmp_path / "cache"), warnings.append)


def file(store: Cache, name: str = KEY + ".entry") -> Path:
    return Path(store.path(name))


def put(store: Cache, payload: bytes, name: str = KEY + ".entry") -> Path:
    """A sealed file with any content, ours alone."""
    path = file(store, name)
    path.write_bytes(hit.seal(payload))
    path.chmod(0o600)
    return path


def written(store: Cache, entry: Entry = ENTRY) -> Path:
    entries.write(store, KEY, entry)
    return file(store)


def names(store: Cache) -> set[str]:
    return set(os.listdir(store.directory))


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


texts = st.text(min_size=1, max_size=200)
moments = st.integers(0, 4_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))


@st.composite
def random_entries(draw: st.DrawFn) -> Entry:
    end = draw(moments)
    session = Session(
        credentials=Credentials(draw(texts), draw(texts), draw(texts), end),
        expiration=end,
        printed_expiration=draw(moments),
        issued=draw(st.floats(0, 4e9)),
        lifetime=draw(st.integers(1, 100_000)),
        assumed_role_arn=draw(texts),
        account_id=draw(texts),
    )
    return Entry(session, credential_document(session.credentials, session.printed_expiration, session.account_id))


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
    assert entries.read_failure(store, KEY) is None
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
        store = cache_directory.open_cache(environ, warnings.append)
        written(store)
        entries.write_failure(store, KEY, Failure(T, T, errors.STSRefused("no", "ask")))
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
        for entry in [one, other] * 50:
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
    return b"0 1\n{}\n" + text.encode()


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
    assert entries.read_failure(store, KEY) is None


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def halved(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def one_byte_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


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
    written(store).chmod(mode)
    assert entries.read(store, KEY) is None
    assert warnings == [f"not used: {file(store)} is open to other users; remove it"]


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
    written(store).chmod(0o666)
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
    assert entries.read_failure(store, KEY) is None
    entries.write_failure(store, KEY, Failure(T, T, errors.STSRefused("no", "ask")))
    if not name.endswith(".failure"):
        written(store)
    entries.remember(store, ("name.hit", b"stamp"), KEY)
    assert path.read_bytes() == before
    assert not any(n.startswith("tmp-") for n in names(store))
    assert warnings == []


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
        store = Cache(str(directory), warnings.append)
        written(store)
        directory.chmod(0o500)
        entries.write(store, KEY, an_entry(900))
        assert entries.read(store, KEY) == ENTRY
        directory.chmod(0o700)
    assert warnings == [f"nothing is cached: {directory} cannot be written (Permission denied)"]


def test_a_directory_that_has_gone_is_a_warning(store: Cache, warnings: list[str]) -> None:
    shutil.rmtree(str(store.directory))
    written(store)
    entries.write_failure(store, KEY, Failure(T, T, errors.STSRefused("no", "ask")))
    entries.remember(store, ("name.hit", b"stamp"), KEY)
    assert not os.path.lexists(str(store.directory))
    assert set(warnings) == {f"nothing is cached: {store.directory} cannot be written (No such file or directory)"}


def test_a_directory_in_the_place_of_an_entry_is_a_warning_and_leaves_no_temporary_file(
    store: Cache, warnings: list[str]
) -> None:
    file(store).mkdir()
    written(store)
    assert names(store) == {KEY + ".entry"}
    assert warnings == [f"nothing is cached: {store.directory} cannot be written (Is a directory)"]


FULL = """
import resource, sys
sys.path.insert(0, sys.argv[3])
from assume_helper import errors
from assume_helper.cache import entries, directory
store = directory.Cache(sys.argv[1], print)
failure = entries.Failure(1.0, 2.0, errors.STSRefused("no" * 500, "ask"))
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
entries.write_failure(store, sys.argv[2], failure)
"""


def test_a_full_disk_is_a_warning_and_leaves_the_old_file_and_no_temporary_one(store: Cache) -> None:
    entries.write_failure(store, KEY, Failure(T, T, errors.STSRefused("old", "ask")))
    before = file(store, KEY + ".failure").read_bytes()
    package = str(Path(entries.__file__).parents[2])
    command = [sys.executable, "-c", FULL, str(store.directory), KEY, package]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == f"nothing is cached: {store.directory} cannot be written ({os.strerror(errno.EFBIG)})\n"
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
    assert flushed == [file(store).stat().st_ino, os.stat(str(store.directory)).st_ino]


# hits


@pytest.fixture
def environ(tmp_path: Path, store: Cache) -> dict[str, str]:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile dev]\n")
    return {"HOME": str(tmp_path), "ASSUME_HELPER_CACHE_DIR": str(store.directory)}


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
    lock = store.path(KEY + hit.AHEAD) if ENTRY.session.is_due(now) else ""
    assert hit.answer("dev", environ, now) == ((ENTRY.document + b"\n", lock) if ENTRY.session.is_fresh(now) else None)


@given(random_entries())
@in_one_directory
def test_whatever_is_written_and_remembered_is_the_answer(store: Cache, environ: dict[str, str], entry: Entry) -> None:
    written(store, entry)
    remembered(store, environ)
    now = entry.session.not_before
    found = hit.answer("dev", environ, now)
    assert (found[0] if found else None) == (entry.document + b"\n" if entry.session.is_fresh(now) else None)


def test_what_is_remembered_already_is_not_written_again(store: Cache, environ: dict[str, str]) -> None:
    inode = remembered(store, environ).stat().st_ino
    assert remembered(store, environ).stat().st_ino == inode


def test_what_leads_to_another_key_is_remembered_anew(store: Cache, environ: dict[str, str]) -> None:
    written(store)
    remembered(store, environ, "0" * 64)
    remembered(store, environ, KEY)
    assert hit.answer("dev", environ, T) == (ENTRY.document + b"\n", "")


def test_what_is_remembered_and_damaged_is_remembered_anew(store: Cache, environ: dict[str, str]) -> None:
    written(store)
    flipped(remembered(store, environ))
    remembered(store, environ)
    assert hit.answer("dev", environ, T) == (ENTRY.document + b"\n", "")


def test_no_secret_is_remembered(store: Cache, environ: dict[str, str]) -> None:
    environ |= {"AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": SECRET}
    assert SECRET.encode() not in remembered(store, environ).read_bytes()


# failures

KINDS = [
    errors.AssumeHelperError,
    errors.ConfigurationError,
    errors.SourceError,
    errors.SourceExpired,
    errors.MFARequired,
    errors.STSRefused,
    errors.STSNotReached,
    errors.STSThrottled,
]


def same(one: Failure | None, other: Failure) -> bool:
    """Exceptions are not equal to their copies."""
    return (
        one is not None
        and replace(one, error=other.error) == other
        and (type(one.error), one.error.args) == (type(other.error), other.error.args)
    )


@given(st.floats(0, 4e9), st.floats(0, 4e9), st.sampled_from(KINDS), texts, texts, st.booleans())
@in_one_directory
def test_a_failure_is_read_back_as_it_was(
    store: Cache, at: float, retry_at: float, kind: type[errors.AssumeHelperError], what: str, then: str, waiting: bool
) -> None:
    failure = Failure(at, retry_at, kind(what, then), waiting)
    entries.write_failure(store, KEY, failure)
    assert same(entries.read_failure(store, KEY), failure)


def test_a_failure_is_forgotten_once_a_call_went_well(store: Cache, warnings: list[str]) -> None:
    entries.write_failure(store, KEY, Failure(T, T, errors.STSRefused("no", "ask")))
    written(store)
    assert entries.read_failure(store, KEY) is None
    entries.forget_failure(store, KEY)
    assert names(store) == {KEY + ".entry"}
    assert warnings == []


def test_a_failure_of_one_key_is_none_of_another(store: Cache) -> None:
    entries.write_failure(store, KEY, Failure(T, T, errors.STSRefused("no", "ask")))
    assert entries.read_failure(store, "0" * 64) is None


FAILURE = {"at": T, "retry_at": T, "error": "STSRefused", "message": "no", "next_step": "ask"} | {
    "waiting": False,
    "terminal": "",
}


def test_the_failure_of_these_tests_is_one_that_is_read(store: Cache) -> None:
    put(store, json.dumps(FAILURE).encode(), KEY + ".failure")
    assert same(entries.read_failure(store, KEY), Failure(T, T, errors.STSRefused("no", "ask")))


@pytest.mark.parametrize(
    "record",
    [
        *({n: value for n, value in FAILURE.items() if n != name} for name in FAILURE),
        FAILURE | {"at": None},
        FAILURE | {"at": "soon"},
        FAILURE | {"at": float("nan")},
        FAILURE | {"retry_at": float("inf")},
        FAILURE | {"retry_at": 10**400},
        FAILURE | {"error": ""},
        FAILURE | {"error": "Exception"},
        FAILURE | {"error": "SystemExit"},
        FAILURE | {"error": ["STSRefused"]},
        FAILURE | {"message": None},
        FAILURE | {"next_step": 7},
        [],
        None,
        "text",
        {},
    ],
    ids=str,
)
def test_a_failure_that_cannot_be_is_none(store: Cache, record: object) -> None:
    put(store, json.dumps(record).encode(), KEY + ".failure")
    assert entries.read_failure(store, KEY) is None


@pytest.mark.parametrize("waiting", [1, "true", None, []])
def test_only_a_plain_true_says_that_the_holder_still_tries(store: Cache, waiting: object) -> None:
    put(store, json.dumps(FAILURE | {"waiting": waiting}).encode(), KEY + ".failure")
    failure = entries.read_failure(store, KEY)
    assert failure is not None
    assert failure.waiting is False


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
    with subprocess.Popen(["true"]) as child:
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

    def no_entry(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    for name in ("HOME", "XDG_CACHE_HOME", "ASSUME_HELPER_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
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
    store = cache_directory.open_cache(environ, warnings.append)
    assert store.directory is None
    assert [warning.startswith("no cache: ") for warning in warnings] == [True]
    assert "ASSUME_HELPER_CACHE_DIR" in warnings[0]
    assert list(nowhere.iterdir()) == []


def test_a_relative_path_of_an_older_platformdirs_is_no_cache(
    nowhere: Path, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: "relative/assume-helper")
    assert cache_directory.open_cache({}, warnings.append).directory is None
    assert "is not absolute" in warnings[0]
    assert list(nowhere.iterdir()) == []


def test_a_user_whose_home_only_the_system_knows_has_a_cache(
    tmp_path: Path, nowhere: Path, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    someone = pwd.struct_passwd(("someone", "x", os.getuid(), 0, "", str(tmp_path / "home"), "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: someone)
    store = cache_directory.open_cache({}, warnings.append)
    assert store.directory == str(tmp_path / "home" / ".cache" / "assume-helper")
    assert os.path.isdir(store.directory)
    assert warnings == []


@pytest.mark.parametrize("directory", ["relative", ".", "./cache", "../cache"])
def test_a_relative_directory_is_no_cache_and_a_warning(nowhere: Path, warnings: list[str], directory: str) -> None:
    environ = {"HOME": str(nowhere.parent), "ASSUME_HELPER_CACHE_DIR": directory}
    assert cache_directory.open_cache(environ, warnings.append).directory is None
    assert [warning.startswith("no cache: its directory is not absolute; ") for warning in warnings] == [True]
    assert list(nowhere.iterdir()) == []
    assert os.listdir(nowhere.parent) == ["working"]


def opened(directory: Path, warnings: list[str]) -> str | None:
    return cache_directory.open_cache({"ASSUME_HELPER_CACHE_DIR": str(directory)}, warnings.append).directory


def test_a_directory_that_is_ours_alone_is_used(store: Cache, warnings: list[str]) -> None:
    assert opened(Path(str(store.directory)), warnings) == store.directory
    assert warnings == []


def test_a_directory_that_is_a_link_is_not_used_and_said_so(store: Cache, warnings: list[str], tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(str(store.directory))
    assert opened(link, warnings) is None
    assert warnings == [f"no cache: {link} is not a plain directory; it must be a directory of yours with mode 0700"]


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
    directory.chmod(mode)
    assert opened(directory, warnings) is None
    assert stat.S_IMODE(directory.stat().st_mode) == mode
    assert warnings == [f"no cache: {directory} is open to other users; it must be a directory of yours with mode 0700"]


def test_a_directory_of_another_user_is_not_used_and_said_so(
    store: Cache, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = Path(str(store.directory))
    given_away(directory, monkeypatch)
    assert opened(directory, warnings) is None
    assert warnings == [
        f"no cache: {directory} belongs to another user; it must be a directory of yours with mode 0700"
    ]


def test_a_file_in_the_place_of_the_directory_is_no_cache(warnings: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0o600)
    assert opened(tmp_path / "file", warnings) is None
    assert opened(tmp_path / "file" / "below", warnings) is None
    assert "is not a plain directory" in warnings[0]
    assert "cannot be made (Not a directory)" in warnings[1]


def test_a_warning_names_a_directory_without_its_control_characters(warnings: list[str], tmp_path: Path) -> None:
    directory = tmp_path / "a\x1b[31mred"
    directory.mkdir()
    directory.chmod(0o755)
    assert opened(directory, warnings) is None
    assert "a\\x1b[31mred is open" in warnings[0]


def test_without_a_cache_everything_is_a_miss_and_nothing_is_said(
    nowhere: Path, warnings: list[str], environ: dict[str, str]
) -> None:
    none = Cache(None, warnings.append)
    entries.write(none, KEY, ENTRY)
    entries.write_failure(none, KEY, Failure(T, T, errors.STSRefused("no", "ask")))
    entries.remember(none, hit.stamp("dev", environ), KEY)
    entries.forget_failure(none, KEY)
    entries.remove(none, KEY)
    assert entries.read(none, KEY) is None
    assert entries.read_failure(none, KEY) is None
    assert warnings == []
    assert list(nowhere.iterdir()) == []


def test_without_a_cache_there_is_no_path() -> None:
    with pytest.raises(hit.NotPrivate):
        Cache(None, pytest.fail).path(KEY)
