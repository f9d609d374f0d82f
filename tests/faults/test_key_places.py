"""A place that keeps an access key and fails: locked, gone, full, read-only, or it does not give back what it took.

Nothing is lost: the key stays where it was, and a new one that could not be kept is deleted again.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from front import Front
from kept_keys_scene import Scene, scene
from needs import needs_root, needs_setpriv
from running import ACCESS_KEY_ID, LIKE_ANY_USER, SCRIPT, SECRET, Home, Ran

from assume_helper.sources import kept_keys
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.system import kernel_keyring

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's keyring is Linux's")
# The desktop's keyring, with what goes wrong in TEST_KEYRING_FAULT; it keeps what it is given in a file of the test.
KEYRING = """
import json, os, time
from keyring.backends import SecretService
from keyring.errors import KeyringLocked, PasswordSetError, InitError
PATH = os.environ["TEST_KEYRING"]
def fault():
    return os.environ.get("TEST_KEYRING_FAULT", "")
def kept():
    return json.load(open(PATH)) if os.path.exists(PATH) else {}
def get(self, service, name):
    if fault() == "locked": raise KeyringLocked("CanaryOfTheKeyring")
    if fault() == "gone": raise InitError("CanaryOfTheKeyring")
    if fault() == "hangs": time.sleep(600)
    return kept().get(service + "/" + name)
def set(self, service, name, text):
    if fault() == "refuses": raise PasswordSetError("CanaryOfTheKeyring")
    if fault() == "full": raise OSError(28, "No space left on device")
    if fault() == "forgets" or (fault() == "forgets the next" and "next" in service): return
    if fault() == "cuts": text = text[:-9]
    json.dump(kept() | {service + "/" + name: text}, open(PATH, "w"))
def delete(self, service, name):
    found = kept()
    del found[service + "/" + name]
    json.dump(found, open(PATH, "w"))
Backend = SecretService.Keyring
Backend.get_password, Backend.set_password, Backend.delete_password, Backend.priority = get, set, delete, 5
"""


@pytest.fixture
def keys(home: Home, offline_front: Front, tmp_path: Path) -> Iterator[Scene]:
    (tmp_path / "test_keyring.py").write_text(KEYRING)
    home.environ |= {
        "PYTHONPATH": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "test_keyring.Backend",
        "TEST_KEYRING": str(tmp_path / "keyring.json"),
    }
    with scene(home, offline_front) as found:
        yield found


def test_a_key_in_the_other_keyring_is_not_lost_from_sight(keys: Scene) -> None:
    keys.done("add", keys.name, "--from-file", "--yes")
    given = f"{ACCESS_KEY_ID}\n{SECRET}\n"
    keys.run("add", keys.name, "--keyring", "kernel", "--yes", given=given).failed(
        3, "the keyring has an access key of profile", f"keys remove {keys.name} --keyring keyring"
    )
    keys.done("remove", keys.name, "--yes")
    keys.done("add", keys.name, "--keyring", "kernel", "--yes", given=given)
    assert "assume_helper_keys = kernel" in keys.home.config.read_text()
    keys.home.get(keys.name)


def test_after_a_reboot_the_key_may_be_put_into_the_other_keyring(keys: Scene) -> None:
    keys.move()
    kernel_keyring.remove(f"assume-helper:access key of {keys.name}")
    given = f"{ACCESS_KEY_ID}\n{SECRET}\n"
    keys.run("add", keys.name, "--yes", given=given).failed(
        3, "the piped key …6789 was not kept", f"`assume-helper keys remove {keys.name} --keyring kernel`"
    )
    keys.run("remove", keys.name, "--keyring", "kernel", "--yes").failed(4, "has no access key")
    keys.done("add", keys.name, "--yes", given=given)
    keys.home.get(keys.name)


def test_a_key_that_is_there_already_is_not_written_again(keys: Scene) -> None:
    keys.home.credentials.write_text("")
    given = f"{ACCESS_KEY_ID}\n{SECRET}\n"
    keys.done("add", keys.name, "--yes", given=given)
    for again in (given, ""):
        keys.done("add", keys.name, "--yes", given=again, TEST_KEYRING_FAULT="refuses")
    keys.home.get(keys.name)


def test_a_new_key_that_a_rotation_left_alone_is_a_key_like_any_other(keys: Scene) -> None:
    new = KeyPair(ACCESS_KEY_ID, SECRET)
    kept_keys.write(keys.name, "kernel", new, 5, is_next=True)
    keys.home.credentials.write_text("")
    other = keys.user.add("AKIASECOND0000000002")
    given = f"{other.access_key_id}\n{other.secret}\n"
    keys.run("add", keys.name, "--keyring", "kernel", "--yes", given=given).failed(3, "another access key …6789")
    assert keys.kept(is_next=True) == new
    keys.done("add", keys.name, "--keyring", "kernel", "--yes")
    assert (kept := keys.kept()) is not None
    assert kept.credentials == new.credentials
    kernel_keyring.remove(f"assume-helper:access key of {keys.name}")
    assert "is no longer in the kernel's keyring" in keys.done("remove", keys.name, "--yes")
    assert (keys.kept(), keys.kept(is_next=True)) == (None, None)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("locked", "the piped key …6789 was not kept"),
        ("gone", "the piped key …6789 was not kept"),
        ("refuses", "the key …6789 may not be in the keyring"),
        ("full", "the key …6789 may not be in the keyring"),
        ("forgets", "the key …6789 may not be in the keyring"),
        ("cuts", "the key …6789 may not be in the keyring"),
    ],
)
def test_a_piped_key_that_a_keyring_does_not_keep_is_never_said_to_be_there(keys: Scene, fault: str, said: str) -> None:
    keys.home.credentials.write_text("")
    given = f"{ACCESS_KEY_ID}\n{SECRET}\n"
    keys.run("add", keys.name, "--yes", given=given, TEST_KEYRING_FAULT=fault).failed(
        4, said, "delete it in IAM and make another"
    )
    assert not keys.home.config.exists()


def unchanged(keys: Scene, before: bytes) -> None:
    assert keys.home.credentials.read_bytes() == before
    assert not keys.home.config.exists()
    assert [*keys.user.keys] == [ACCESS_KEY_ID]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("locked", "KeyringLocked"),
        ("gone", "InitError"),
        ("refuses", "PasswordSetError"),
        ("full", "OSError"),
        ("forgets", "does not give it back"),
        ("cuts", "is none"),
    ],
)
def test_a_keyring_that_does_not_keep_a_key_leaves_it_in_its_file(keys: Scene, fault: str, said: str) -> None:
    before = keys.home.credentials.read_bytes()
    ran = keys.run("add", keys.name, "--from-file", "--yes", TEST_KEYRING_FAULT=fault)
    ran.failed(4, said)
    assert "CanaryOfTheKeyring" not in ran.stderr
    unchanged(keys, before)
    Path(keys.home.environ["TEST_KEYRING"]).unlink(missing_ok=True)
    keys.done("add", keys.name, "--from-file", "--yes")


def test_a_key_that_was_put_there_before_a_fault_is_taken_up_by_the_next_run(keys: Scene) -> None:
    keys.user.denied.add("GetCallerIdentity")
    before = keys.home.credentials.read_bytes()
    ran = keys.run("add", keys.name, "--from-file", "--yes")
    assert ran.code == 6
    unchanged(keys, before)
    keys.user.denied.clear()
    keys.done("add", keys.name, "--from-file", "--yes")
    keys.home.get(keys.name)


@pytest.mark.parametrize(("fault", "code"), [("refuses", 4), ("forgets the next", 4), ("full", 4)])
def test_a_new_key_that_cannot_be_kept_is_deleted_and_the_old_one_stays(keys: Scene, fault: str, code: int) -> None:
    keys.done("add", keys.name, "--from-file", "--yes")
    ran = keys.run("rotate", keys.name, "--yes", TEST_KEYRING_FAULT=fault)
    ran.failed(code, "was not kept", "it was deleted, and the old one …6789 stays")
    assert keys.user.calls[-2:] == ["CreateAccessKey", "DeleteAccessKey"]
    assert ([*keys.user.keys], keys.rotations()) == ([ACCESS_KEY_ID], [])
    keys.home.get(keys.name)


def test_a_keyring_that_hangs_ends_a_get_in_time(keys: Scene) -> None:
    keys.done("add", keys.name, "--from-file", "--yes")
    keys.home.run("get", keys.name, TEST_KEYRING_FAULT="hangs").failed(4, "gave no answer", "unlock it")


def test_while_the_keyring_is_locked_what_is_cached_is_served(keys: Scene) -> None:
    keys.done("add", keys.name, "--from-file", "--yes")
    first = keys.home.get(keys.name)
    assert keys.home.get(keys.name, TEST_KEYRING_FAULT="locked") == first


def test_what_the_keyring_has_that_is_no_key_is_named(keys: Scene) -> None:
    keys.done("add", keys.name, "--from-file", "--yes")
    path = Path(keys.home.environ["TEST_KEYRING"])
    path.write_text(path.read_text().replace("access_key_id", "x"))
    keys.home.run("get", keys.name).failed(4, "is none", "remove it in the keyring itself")


def test_a_note_that_is_lost_is_written_again_by_whoever_opens_the_keyring(keys: Scene) -> None:
    keys.done("add", keys.name, "--from-file", "--yes")
    shutil.rmtree(keys.notes())
    assert keys.rows(keys.name)[0]["last_four"] is None
    keys.home.get(keys.name)
    assert keys.rows(keys.name)[0]["last_four"] == "6789"
    keys.home.get(keys.name)
    keys.hits_open_nothing()


def test_a_key_that_another_program_put_there_is_never_served_as_the_old_one(keys: Scene) -> None:
    keys.done("add", keys.name, "--from-file", "--yes")
    other = keys.user.add()
    path = Path(keys.home.environ["TEST_KEYRING"])
    path.write_text(path.read_text().replace(ACCESS_KEY_ID, other.access_key_id).replace(SECRET, other.secret))
    keys.home.run("get", keys.name).failed(4, "was replaced", "try again")
    keys.home.get(keys.name)
    assert keys.front.calls[-1].access_key_id == other.access_key_id


def read_only(keys: Scene, *arguments: str) -> Ran:
    """`keys` as a user like any other, for whom rights count."""
    done = subprocess.run(
        [*LIKE_ANY_USER, SCRIPT, "keys", *arguments], env=keys.home.environ, stdin=subprocess.DEVNULL,
        capture_output=True, cwd=keys.home.folder, timeout=120, check=False,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr.decode())


@needs_setpriv
def test_a_credentials_file_that_cannot_be_replaced_is_left_with_its_key(keys: Scene) -> None:
    before = keys.home.credentials.read_bytes()
    aws = keys.home.credentials.parent
    aws.chmod(0o500)
    try:
        ran = read_only(keys, "rotate", keys.name, "--yes")
        ran.failed(3, "was not kept", "it was deleted, and the old one …6789 stays")
        read_only(keys, "add", keys.name, "--from-file", "--yes").failed(
            3, "the key is in the keyring and works, but not all files are written", "cannot be written"
        )
    finally:
        aws.chmod(0o700)
    unchanged(keys, before)
    keys.done("add", keys.name, "--from-file", "--yes")  # the keyring has it by now, and so it is taken up
    keys.home.get(keys.name)


@needs_setpriv
@pytest.mark.parametrize("command", [["rotate"], ["add", "--from-file"]])
def test_where_nothing_can_be_noted_nothing_is_made(keys: Scene, command: list[str]) -> None:
    before = keys.home.credentials.read_bytes()
    state = keys.home.folder / ".local"
    state.mkdir()
    state.chmod(0o500)
    try:
        ran = read_only(keys, *command, keys.name, "--yes")
    finally:
        state.chmod(0o700)
    ran.failed(3, "nothing was changed")
    unchanged(keys, before)
    assert "CreateAccessKey" not in keys.user.calls


@needs_root
def test_on_a_full_disk_nothing_is_lost(keys: Scene, tmp_path: Path) -> None:
    aws = keys.home.credentials.parent
    text = keys.home.credentials.read_bytes()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "none", str(aws)], check=True)
    try:
        keys.home.credentials.write_bytes(text)
        with (aws / "filler").open("wb", buffering=0) as filler:
            try:
                while filler.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        keys.run("rotate", keys.name, "--yes").failed(3, "was not kept", "it was deleted")
        assert keys.home.credentials.read_bytes() == text
        os.unlink(aws / "filler")
        keys.done("rotate", keys.name, "--yes")
        (key,) = keys.user.keys.values()
        assert keys.in_file() == (key.access_key_id, key.secret)
    finally:
        subprocess.run(["umount", str(aws)], check=True)
