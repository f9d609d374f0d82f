"""At rest: in plain text as the AWS CLI keeps them, encrypted, in memory, or nowhere, as a profile's key says."""

import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from botocore.credentials import Credentials
from front import Front, session, wait_for
from running import ACCESS_KEY_ID, Home
from running import SECRET as LONG_LIVED
from strict import SERIAL, Role, Strict

TOKEN = b"FrontSessionToken"
SECRET = b"front+secret/"
KEYRING = """
import json, os
from keyring.backends import SecretService
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked
PATH = os.environ["TEST_KEYRING"]
def get(self, service, name):
    if os.environ.get("TEST_KEYRING_LOCKED"):
        raise KeyringLocked("locked")
    return json.load(open(PATH)).get(service + name) if os.path.exists(PATH) else None
def set(self, service, name, text):
    json.dump({service + name: text}, open(PATH, "w"))
# The desktop's keyring: the back end for a Secret Service, with no service behind it.
Backend = SecretService.Keyring
Backend.get_password, Backend.set_password, Backend.priority = get, set, 5
# Back ends of other kinds, which would keep a key in that file.
class Plaintext(KeyringBackend):
    priority = 1
    get_password, set_password = get, set
class Derived(Backend):
    priority = 1
    get_password, set_password = get, set
"""


def keep(home: Home, how: str, profile: str = "dev") -> None:
    text = home.config.read_text()
    home.config.write_text(text.replace(f"[profile {profile}]", f"[profile {profile}]\nassume_helper_cache = {how}"))


def written(home: Home) -> bytes:
    """All bytes of all files below the home, but the config's."""
    return b"\n".join(
        path.read_bytes() for path in home.folder.rglob("*") if path.is_file() and ".aws" not in path.parts
    )


def logged(home: Home) -> str:
    return home.log.read_text() if home.log.exists() else ""


@pytest.fixture
def desktop(granted: Home, tmp_path: Path) -> Home:
    """A home whose desktop has a keyring."""
    (tmp_path / "test_keyring.py").write_text(KEYRING)
    granted.environ |= {
        "PYTHONPATH": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "test_keyring.Backend",
        "TEST_KEYRING": str(tmp_path / "keyring.json"),
    }
    keep(granted, "encrypted")
    return granted


@pytest.fixture
def runtime(granted: Home) -> Iterator[Home]:
    """A home whose user has a runtime directory in memory."""
    directory = tempfile.mkdtemp(dir="/dev/shm")
    granted.environ["XDG_RUNTIME_DIR"] = directory
    keep(granted, "memory")
    yield granted
    shutil.rmtree(directory)


def test_by_default_an_entry_is_a_file_that_only_its_owner_can_read(granted: Home) -> None:
    granted.get("dev")
    assert granted.cache.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in granted.cache.iterdir()} == {0o600}
    assert TOKEN in written(granted)


# encrypted


def test_an_encrypted_entry_is_served_and_its_secrets_are_not_on_the_disk(desktop: Home, offline_front: Front) -> None:
    first = desktop.get("dev")
    assert desktop.get("dev") == first
    assert len(offline_front.calls) == 1
    assert TOKEN not in written(desktop)
    assert SECRET not in written(desktop)
    (entry,) = desktop.cache.glob("encrypted/*.entry")
    assert entry.stat().st_mode & 0o777 == 0o600
    assert entry.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's keyring is Linux's")
def test_without_a_desktop_the_kernel_keeps_the_key(granted: Home, offline_front: Front) -> None:
    keep(granted, "encrypted")
    first = granted.get("dev")
    assert granted.get("dev") == first
    assert len(offline_front.calls) == 1
    assert TOKEN not in written(granted)
    assert logged(granted).count("warning") == 0


def test_a_key_that_is_lost_makes_an_entry_a_miss(desktop: Home, offline_front: Front) -> None:
    desktop.get("dev")
    Path(desktop.environ["TEST_KEYRING"]).unlink()
    desktop.get("dev")
    desktop.get("dev")
    assert len(offline_front.calls) == 2


def test_an_entry_that_is_moved_to_another_session_s_name_is_a_miss(desktop: Home, offline_front: Front) -> None:
    desktop.get("dev")
    (entry,) = desktop.cache.glob("encrypted/*.entry")
    desktop.config.write_text(desktop.config.read_text().replace("role/dev", "role/ops"))
    desktop.get("dev")
    (other,) = set(desktop.cache.glob("encrypted/*.entry")) - {entry}
    shutil.copyfile(entry, other)
    desktop.get("dev")
    assert len(offline_front.calls) == 3


@pytest.mark.parametrize("what", ["locked", "no key", "no library"])
def test_where_it_cannot_be_encrypted_credentials_are_given_and_nothing_is_kept(
    desktop: Home, offline_front: Front, tmp_path: Path, what: str
) -> None:
    said = "unlock it"
    if what == "locked":
        desktop.environ["TEST_KEYRING_LOCKED"] = "1"
    elif what == "no key":
        Path(desktop.environ["TEST_KEYRING"]).write_text('{"assume-helpercache key": "short"}')
        said = "is no key; remove it there"
    else:
        (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['keyring'] = None\n")
        said = "keyring is missing; install assume-helper again"
    desktop.get("dev")
    desktop.get("dev")
    assert len(offline_front.calls) == 2
    assert TOKEN not in written(desktop)
    assert said in logged(desktop)
    checks = json.loads(desktop.run("doctor", "dev", "--json").stdout)
    (check,) = [check for check in checks if check["name"] == "at rest"]
    assert check["status"] == "warn"


def test_what_leads_to_an_encrypted_session_is_encrypted_too(desktop: Home, offline_front: Front) -> None:
    with desktop.config.open("a") as file:
        file.write("[profile ops]\nassume_helper_cache = encrypted\n")
        file.write("role_arn = arn:aws:iam::123456789012:role/ops\nsource_profile = first\n")
        file.write("[profile first]\nrole_arn = arn:aws:iam::123456789012:role/first\nsource_profile = base\n")
    desktop.get("ops", AWS_ENDPOINT_URL=offline_front.url)
    assert len(list(desktop.cache.glob("encrypted/*.entry"))) == 2
    assert desktop.entries() == []


def test_what_is_encrypted_is_listed_and_cleared(desktop: Home, offline_front: Front) -> None:
    desktop.get("dev")
    (row,) = [row for row in json.loads(desktop.run("list", "--json").stdout) if row["profile"] == "dev"]
    assert row["cached"]
    assert desktop.run("clear", "dev").stdout == b"removed: the credentials of dev\n"
    desktop.get("dev")
    assert b"assumed-role/dev" in desktop.run("clear", "--all").stdout
    assert list(desktop.cache.glob("encrypted/*.entry")) == []
    assert len(offline_front.calls) == 2


@pytest.mark.parametrize(
    "backend",
    ["test_keyring.Plaintext", "test_keyring.Derived", "keyring.backends.null.Keyring"],
)
def test_a_keyring_that_does_not_protect_a_key_is_refused_by_name(
    desktop: Home, offline_front: Front, backend: str
) -> None:
    desktop.environ["PYTHON_KEYRING_BACKEND"] = backend
    for _ in range(2):
        desktop.get("dev")
    assert len(offline_front.calls) == 2
    assert not Path(desktop.environ["TEST_KEYRING"]).exists()
    assert list(desktop.cache.glob("**/*.entry")) == []
    assert f"the keyring back end {backend} is not known to protect a key" in logged(desktop)
    checks = json.loads(desktop.run("doctor", "dev", "--json").stdout)
    (check,) = [check for check in checks if check["name"] == "at rest"]
    assert (check["status"], backend in check["what"]) == ("warn", True)


@pytest.mark.parametrize(("limit", "kept"), [("", True), ("Plaintext", False)])
def test_of_chained_keyrings_only_one_that_protects_a_key_is_used(
    desktop: Home, offline_front: Front, tmp_path: Path, limit: str, kept: bool
) -> None:
    (tmp_path / "chained.py").write_text(
        "import os\nfrom test_keyring import Backend, Plaintext\nfrom keyring.backends.chainer import ChainerBackend\n"
        "class First(Plaintext):\n    priority = 9\n    def set_password(self, *words): raise SystemExit('used')\n"
        f"ChainerBackend.backends = [First(), Backend()] if {not limit} else [First()]\n"
        "Chained = ChainerBackend\n"
    )
    desktop.environ["PYTHON_KEYRING_BACKEND"] = "chained.Chained"
    for _ in range(2):
        desktop.get("dev")
    assert len(offline_front.calls) == (1 if kept else 2)
    assert Path(desktop.environ["TEST_KEYRING"]).exists() == kept
    assert ("chained.First is not known" in logged(desktop)) != kept


# memory


def test_what_is_kept_in_memory_is_a_hit_and_not_in_the_home(runtime: Home, offline_front: Front) -> None:
    first = runtime.get("dev")
    wait_for(lambda: any(runtime.cache.glob("*.hit")) or runtime.get("dev") != first)
    trace = runtime.folder / "trace"
    traced = runtime.run("dev", command=["strace", "-f", "-e", "openat", "-o", str(trace), *hit_command()])
    assert json.loads(traced.stdout) == first
    assert str(runtime.config) not in trace.read_text()  # no config parsed: the short way
    assert len(offline_front.calls) == 1
    assert TOKEN not in written(runtime)
    kept = Path(runtime.environ["XDG_RUNTIME_DIR"]) / "assume-helper"
    (entry,) = kept.glob("*.entry")
    assert (kept.stat().st_mode & 0o777, entry.stat().st_mode & 0o777) == (0o700, 0o600)


def hit_command() -> list[str]:
    from running import PACKAGE

    return [sys.executable, "-I", "-S", str(PACKAGE / "__main__.py"), "get"]


def test_a_runtime_directory_on_a_disk_keeps_nothing(granted: Home, offline_front: Front, tmp_path: Path) -> None:
    keep(granted, "memory")
    with tempfile.TemporaryDirectory(dir="/var/tmp" if on_memory(tmp_path) else tmp_path) as on_disk:
        for _ in range(2):
            granted.get("dev", XDG_RUNTIME_DIR=on_disk)
    assert len(offline_front.calls) == 2
    assert TOKEN not in written(granted)
    assert "needs a runtime directory in memory" in logged(granted)


def on_memory(path: Path) -> bool:
    from assume_helper.cache.storage import memory_directory

    return memory_directory({"XDG_RUNTIME_DIR": str(path)}) is not None


def test_what_is_in_memory_is_listed_and_cleared(runtime: Home) -> None:
    runtime.get("dev")
    (row,) = [row for row in json.loads(runtime.run("list", "--json").stdout) if row["profile"] == "dev"]
    assert row["cached"]
    assert b"removed: the credentials of" in runtime.run("clear", "--all").stdout


# none


def test_none_keeps_nothing_and_asks_sts_each_time(granted: Home, offline_front: Front) -> None:
    keep(granted, "none")
    for _ in range(3):
        granted.get("dev")
    assert len(offline_front.calls) == 3
    (hit,) = granted.cache.iterdir()  # it says that nobody is to wait for anything here
    assert hit.suffix == ".hit"
    assert b"full way" in hit.read_bytes()
    assert b"front+secret" not in hit.read_bytes()
    assert logged(granted).count("warning") == 0


def test_none_asks_for_no_cache_and_says_nothing_of_one_that_cannot_be_used(granted: Home) -> None:
    keep(granted, "none")
    granted.cache.mkdir(mode=0o755, parents=True)
    granted.get("dev")
    assert logged(granted).count("warning") == 0


def test_from_a_file_to_none_counts_on_the_next_call(granted: Home, offline_front: Front) -> None:
    granted.get("dev")
    granted.get("dev")
    keep(granted, "none")
    granted.get("dev")
    assert len(offline_front.calls) == 2


def test_another_word_is_an_error_that_names_those_that_can_be(granted: Home) -> None:
    keep(granted, "keychain")
    granted.run("get", "dev").failed(3, "assume_helper_cache of [dev] is keychain", "file, encrypted, memory or none")


def test_a_bare_cache_key_is_ignored(granted: Home, offline_front: Front) -> None:
    granted.config.write_text(granted.config.read_text() + "cache = redis://\n")
    granted.get("dev")
    granted.get("dev")
    assert len(offline_front.calls) == 1


# From one way to another


@pytest.fixture
def stores(runtime: Home, tmp_path: Path) -> Home:
    """A home with a place for every way, its profile `dev` in a file."""
    (tmp_path / "test_keyring.py").write_text(KEYRING)
    runtime.environ |= {
        "PYTHONPATH": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "test_keyring.Backend",
        "TEST_KEYRING": str(tmp_path / "keyring.json"),
    }
    change(runtime, "file")
    return runtime


def change(home: Home, how: str) -> None:
    text = home.config.read_text()
    home.config.write_text(re.sub(r"(\[profile dev\]\nassume_helper_cache = ).*", rf"\g<1>{how}", text))


def places(home: Home) -> list[str]:
    """Where there are entries."""
    directories = {
        "file": home.cache,
        "encrypted": home.cache / "encrypted",
        "memory": Path(home.environ["XDG_RUNTIME_DIR"]) / "assume-helper",
    }
    return [place for place, directory in directories.items() if list(directory.glob("*.entry"))]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("file", "encrypted"),
        ("file", "memory"),
        ("file", "none"),
        ("encrypted", "memory"),
        ("encrypted", "none"),
        ("memory", "none"),
    ],
)
def test_a_stricter_storage_deletes_what_the_laxer_one_left(
    stores: Home, offline_front: Front, before: str, after: str
) -> None:
    change(stores, before)
    stores.get("dev")
    assert places(stores) == [before]
    change(stores, after)
    stores.get("dev")
    assert places(stores) == [place for place in [after] if place != "none"]
    assert len(offline_front.calls) == 2
    if after != "memory":  # a hit cannot find it
        assert all(b"full way" in path.read_bytes() for path in stores.cache.glob("*.hit"))


@pytest.mark.parametrize("after", ["encrypted", "memory", "none"])
def test_clear_takes_a_profile_s_session_from_every_store(stores: Home, after: str) -> None:
    stores.get("dev")
    change(stores, after)
    assert stores.run("clear", "dev").stdout == b"removed: the credentials of dev\n"
    assert places(stores) == []
    stores.get("dev")
    change(stores, "file")
    assert (stores.run("clear", "dev").stdout == b"nothing was cached\n") == (after == "none")
    assert places(stores) == []


def test_what_is_encrypted_is_cleared_where_its_key_cannot_be_had(stores: Home) -> None:
    change(stores, "encrypted")
    stores.get("dev")
    stores.environ["TEST_KEYRING_LOCKED"] = "1"
    assert stores.run("clear", "dev").stdout == b"removed: the credentials of dev\n"
    assert places(stores) == []


def test_a_laxer_storage_uses_the_stricter_session_until_it_is_due(stores: Home, offline_front: Front) -> None:
    change(stores, "encrypted")
    first = stores.get("dev")
    change(stores, "file")
    assert stores.get("dev") == first
    (row,) = [row for row in json.loads(stores.run("list", "--json").stdout) if row["profile"] == "dev"]
    assert row["cached"]
    assert places(stores) == ["encrypted"]
    assert len(offline_front.calls) == 1
    offline_front.behaviour = session(access_key_id="ASIAFRONT00000000001")
    stores.run("clear", "dev")
    stores.get("dev")
    assert places(stores) == ["file"]


# Of all that lead to a session, the strictest way counts


@pytest.fixture
def chain(stores: Home, offline_front: Front) -> Home:
    stores.environ["AWS_ENDPOINT_URL"] = offline_front.url
    with stores.config.open("a") as file:
        file.write("[profile ops]\nrole_arn = arn:aws:iam::123456789012:role/ops\nsource_profile = dev\n")
    return stores


@pytest.mark.parametrize(
    ("above", "link", "source", "strictest"),
    [
        ("encrypted", "file", "", "encrypted"),
        ("", "encrypted", "", "encrypted"),
        ("file", "memory", "", "memory"),
        ("memory", "encrypted", "", "memory"),
        ("encrypted", "memory", "file", "memory"),
        ("", "file", "encrypted", "encrypted"),
    ],
)
def test_the_strictest_of_a_chain_counts_for_all_its_sessions(
    chain: Home, above: str, link: str, source: str, strictest: str
) -> None:
    change(chain, link)
    text = chain.config.read_text()
    if above:
        text = text.replace("[profile ops]", f"[profile ops]\nassume_helper_cache = {above}")
    if source:
        text += f"[profile base]\nassume_helper_cache = {source}\n"
    chain.config.write_text(text)
    chain.get("ops")
    assert places(chain) == [strictest]


def test_a_link_of_a_chain_under_none_is_not_stored(chain: Home) -> None:
    chain.get("dev")
    assert places(chain) == ["file"]
    keep(chain, "none", "ops")
    chain.get("ops")
    assert places(chain) == []


# An MFA session


@pytest.fixture
def strict(chain: Home, offline_front: Front) -> Strict:
    """STS that wants MFA for `dev` and `safe`, one in a file and the other encrypted."""
    strict = Strict(Credentials(ACCESS_KEY_ID, LONG_LIVED), otherwise=Role(wants_mfa=True))
    offline_front.behaviour = strict
    text = chain.config.read_text().replace("role/dev\n", f"role/dev\nmfa_serial = {SERIAL}\n")
    text += "[profile safe]\nassume_helper_cache = encrypted\nrole_arn = arn:aws:iam::123456789012:role/safe\n"
    chain.config.write_text(text + f"source_profile = base\nmfa_serial = {SERIAL}\n")
    return strict


def test_an_mfa_session_is_stored_as_the_stricter_profile_says_and_used_by_both(chain: Home, strict: Strict) -> None:
    chain.get("safe", ASSUME_HELPER_MFA_TOKEN=strict.device.code())
    assert places(chain) == ["encrypted"]
    for option in ("900", "1000", "1100"):
        for profile in ("dev", "safe"):
            ran = chain.run("get", profile, "--duration-seconds", option)
            assert ran.code == 0, ran.stderr
    assert len(strict.codes) == 1


def test_a_plain_mfa_session_is_deleted_by_the_stricter_profile_and_never_comes_back(
    chain: Home, strict: Strict
) -> None:
    chain.get("dev", ASSUME_HELPER_MFA_TOKEN=strict.device.code())
    assert places(chain) == ["file"]
    plain = set(chain.entries())
    strict.device.used.clear()
    chain.run("get", "safe").failed(5)
    assert len(set(chain.entries()) & plain) == 1  # the session of dev itself
    chain.get("dev")
    ran = chain.run("get", "dev", "--duration-seconds", "900")
    ran.failed(5)
    assert len(strict.codes) == 1


def test_an_mfa_session_that_has_ended_is_followed_by_one_as_strict(chain: Home, strict: Strict) -> None:
    chain.get("safe", ASSUME_HELPER_MFA_TOKEN=strict.device.code())
    strict.sessions.clear()  # STS knows it no more
    chain.environ["ASSUME_HELPER_MFA_TOKEN"] = pyotp.TOTP(strict.device.secret).at(int(time.time()) + 30)
    chain.get("dev")
    assert len(chain.entries()) == 1  # the session of dev itself
    assert chain.run("get", "safe", "--duration-seconds", "900").code == 0
    assert len(strict.codes) == 2
