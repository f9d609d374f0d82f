"""Directories and files that are another's, open to others, links or no files; users without a home or a name."""

import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from damage import made_a_directory, made_a_fifo
from front import Front, session
from needs import needs_root, needs_setpriv
from running import LIKE_ANY_USER, SCRIPT, Home, warned

from assume_helper import hit
from assume_helper.cache import directory as cache_directory
from assume_helper.cache import key_lock

NOBODY = 65534


def may_map_users() -> bool:
    done = subprocess.run(["unshare", "--user", "--map-user=54321", "true"], capture_output=True, check=False)
    return done.returncode == 0 or os.environ.get("CI") == "true"


# the directory


@pytest.mark.parametrize("mode", [0o701, 0o702, 0o704, 0o710, 0o720, 0o740, 0o777, 0o1777])
def test_a_directory_that_others_may_write_or_look_into_is_neither_used_nor_changed(
    unmeasured: Home, offline_front: Front, mode: int
) -> None:
    unmeasured.get("dev")
    before = {path: path.read_bytes() for path in unmeasured.cache.iterdir()}
    unmeasured.cache.chmod(mode)
    offline_front.behaviour = session(access_key_id="ASIANEW0000000000000")
    assert unmeasured.get("dev")["AccessKeyId"] == "ASIANEW0000000000000"
    assert {path: path.read_bytes() for path in unmeasured.cache.iterdir()} == before
    assert stat.S_IMODE(unmeasured.cache.stat().st_mode) == mode
    assert "is open to other users" in warned(unmeasured)


@needs_root
@needs_setpriv
def test_another_users_files_in_the_directory_are_not_used_and_those_that_can_be_are_replaced(
    unmeasured: Home, offline_front: Front
) -> None:
    unmeasured.get("dev")
    for path in unmeasured.cache.iterdir():
        os.chown(path, NOBODY, NOBODY)
    offline_front.behaviour = session(access_key_id="ASIANEW0000000000000")
    for _ in range(2):
        ran = unmeasured.run("get", "dev", command=[*LIKE_ANY_USER, SCRIPT])
        assert (ran.code, ran.stderr, ran.document["AccessKeyId"]) == (0, "", "ASIANEW0000000000000")
    assert len(offline_front.calls) == 2, "the second one was served from the cache"
    assert {path.stat().st_uid for path in unmeasured.cache.iterdir() if path.suffix != ".lock"} == {0}
    assert "no lock: " in warned(unmeasured)
    assert "Permission denied" in warned(unmeasured)


# what is no file


def made_a_socket(path: Path) -> None:
    path.unlink()
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path may not be long
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)
    path.chmod(0o600)


def made_a_device(path: Path) -> None:
    """/dev/zero, which can be read for ever."""
    path.unlink()
    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))


def made_a_link_to_a_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def made_a_link_in_a_circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


NO_FILES = [
    made_a_fifo,
    made_a_socket,
    made_a_directory,
    made_a_link_to_a_device,
    made_a_link_in_a_circle,
    pytest.param(made_a_device, marks=needs_root),
]


@pytest.mark.parametrize("suffix", [".entry", ".hit", ".lock", ".failure"])
@pytest.mark.parametrize("made", NO_FILES)
def test_what_is_no_file_is_not_waited_for_nor_read_nor_written(
    unmeasured: Home, offline_front: Front, made: Callable[[Path], None], suffix: str
) -> None:
    unmeasured.get("dev")
    (entry,) = unmeasured.entries()
    path = next(unmeasured.cache.glob("*.hit")) if suffix == ".hit" else entry.with_suffix(suffix)
    if suffix == ".lock":
        path = unmeasured.cache / key_lock.file_name(entry.stem)
    path.touch()
    made(path)
    if suffix in {".lock", ".failure"}:
        entry.unlink()
    begun = time.monotonic()
    unmeasured.get("dev")
    assert time.monotonic() - begun < 11, "a lock that is none is not waited for"
    assert len(offline_front.calls) == (1 if suffix == ".hit" else 2)
    assert not list(unmeasured.cache.glob("tmp-*"))


# other versions


@pytest.mark.parametrize("version", [b"0", b"00", b"-1", b"1.0", b""])
def test_an_entry_of_an_older_version_or_of_none_is_a_miss_and_is_replaced(
    unmeasured: Home, offline_front: Front, version: bytes
) -> None:
    unmeasured.get("dev")
    (entry,) = unmeasured.entries()
    data = entry.read_bytes()
    entry.write_bytes(data.replace(b"assume-helper 1 ", b"assume-helper %s " % version, 1))
    unmeasured.get("dev")
    unmeasured.get("dev")
    assert len(offline_front.calls) == 2


# planted between check and use

LOOKS = 2000
# For ever: what is at a path, and a link to something else, each in the other's place at one stroke.
FLIP = """
import ctypes, os, sys
path, planted = map(os.fsencode, sys.argv[1:])
os.symlink(planted, path + b".link")
exchange = ctypes.CDLL(None, use_errno=True).renameat2
print(flush=True)
while True:
    assert exchange(-100, path, -100, path + b".link", 2) == 0, ctypes.get_errno()
"""


def while_it_is_flipped(path: Path, planted: Path, look: Callable[[], object]) -> set[object]:
    """All that `look` has seen meanwhile."""
    command = [sys.executable, "-c", FLIP, str(path), str(planted)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as attacker:
        try:
            assert attacker.stdout is not None
            assert attacker.stdout.readline() == b"\n"
            seen = {look() for _ in range(LOOKS)}
            assert attacker.poll() is None
            return seen
        finally:
            attacker.kill()


def test_a_link_that_is_planted_between_check_and_use_is_not_followed(unmeasured: Home, tmp_path: Path) -> None:
    """A file of ours that would be believed if it were there: opened without following, and looked at when open."""
    unmeasured.get("dev")
    (entry,) = unmeasured.entries()
    store = cache_directory.Cache(str(unmeasured.cache), lambda _message: None)
    real = cache_directory.read(store, entry.name)
    assert real is not None
    planted = tmp_path / "planted"
    planted.write_bytes(hit.seal(b"planted"))
    planted.chmod(0o600)
    seen = while_it_is_flipped(entry, planted, lambda: cache_directory.read(store, entry.name))
    assert seen == {real, None}
    os.replace(planted, entry.with_name("planted"))
    assert cache_directory.read(store, "planted") == b"planted", "it would have been believed"


def test_a_link_that_is_planted_in_place_of_a_lock_is_not_followed(unmeasured: Home, tmp_path: Path) -> None:
    unmeasured.get("dev")
    (path,) = unmeasured.cache.glob("*.lock")
    store = cache_directory.Cache(str(unmeasured.cache), lambda _message: None)
    canary = tmp_path / "canary"
    canary.write_text("not to be changed")
    canary.chmod(0o640)

    def held() -> bool:
        with key_lock.acquire(store, path.stem, lambda: True) as is_held:
            return is_held

    assert while_it_is_flipped(path, canary, held) == {True, False}
    assert canary.read_text() == "not to be changed"
    assert stat.S_IMODE(canary.stat().st_mode) == 0o640


@needs_root
def test_a_directory_of_another_user_that_is_planted_between_check_and_use_has_nothing_that_is_believed(
    unmeasured: Home, tmp_path: Path
) -> None:
    unmeasured.get("dev")
    (entry,) = unmeasured.entries()
    environ = {"HOME": str(unmeasured.folder)}
    planted = tmp_path / "planted"
    planted.mkdir(mode=0o700)
    (planted / entry.name).write_bytes(hit.seal(b"planted"))
    (planted / entry.name).chmod(0o600)
    for path in (planted, planted / entry.name):
        os.chown(path, NOBODY, NOBODY)

    store = cache_directory.open_cache(environ, lambda _message: None)
    assert cache_directory.read(store, entry.name) is not None
    unmeasured.cache.rename(unmeasured.cache.with_name("away"))
    unmeasured.cache.symlink_to(planted)
    assert cache_directory.read(store, entry.name) is None
    assert cache_directory.write(store, entry.name, b"secret", durable=True)
    written = (planted / entry.name).stat()
    assert (written.st_uid, stat.S_IMODE(written.st_mode)) == (0, 0o600), "whose directory it is cannot read it"


@needs_root
@needs_setpriv
@pytest.mark.parametrize("mode", [0o700, 0o755])
@pytest.mark.parametrize("name", [".cache", ".local", ".local/state", ".local/state/assume-helper"])
def test_a_directory_on_the_way_that_is_another_user_s_is_named_and_so_is_what_mends_it(
    granted: Home, name: str, mode: int
) -> None:
    """As an earlier `sudo -E` left it; the mend is done, and then all is well."""
    left = granted.folder / name
    left.mkdir(parents=True)
    left.chmod(mode)
    os.chown(left, 54321, 54321)
    command = [*LIKE_ANY_USER, SCRIPT]
    assert granted.run("get", "dev", command=command).code == 0
    checks = json.loads(granted.run("doctor", "dev", "--json", command=command).stdout)
    found = [(check["status"], check["what"], check["mend"]) for check in checks if "chown" in check["mend"]]
    mend = f"sudo chown -R root {left}"
    if name == ".cache":
        assert found[0] == ("warn", f"{left} belongs to 54321: nothing is cached", mend)
        assert f"no cache: {left} belongs to 54321; {mend}" in warned(granted)
    else:
        assert found == [("fail", f"{left} belongs to 54321: nothing is logged", mend)]
        granted.run("log", command=command).failed(1, f"{left} belongs to 54321: nothing is logged; {mend}")
    subprocess.run(["sh", "-c", mend.removeprefix("sudo ")], check=True)
    left.chmod(0o700)
    granted.run("clear", "dev", command=command)  # a hit would log nothing
    assert granted.run("get", "dev", command=command).code == 0
    assert granted.entries()
    assert granted.log.exists()
    assert "chown" not in granted.run("doctor", "dev", command=command).stdout.decode()


# users without a home, a name or a terminal


@pytest.mark.skipif(not may_map_users(), reason="needs the right to be another user in a namespace")
@pytest.mark.parametrize("has_home", [False, True])
def test_a_user_without_a_passwd_entry_gets_credentials(unmeasured: Home, offline_front: Front, has_home: bool) -> None:
    """As in a container that runs under any number. Without a home too there is no cache, and that is said."""
    files = {"AWS_CONFIG_FILE": str(unmeasured.config), "AWS_SHARED_CREDENTIALS_FILE": str(unmeasured.credentials)}
    state = {"XDG_STATE_HOME": str(unmeasured.log.parents[1])}
    if not has_home:
        del unmeasured.environ["HOME"]
    for _ in range(2):
        ran = unmeasured.run("get", "dev", command=["unshare", "--user", "--map-user=54321", SCRIPT], **files, **state)
        assert (ran.code, ran.stderr) == (0, "")
        assert ran.document["Version"] == 1
    assert len(offline_front.calls) == (1 if has_home else 2)
    assert ("no cache: " in warned(unmeasured)) != has_home
    assert "54321" in offline_front.calls[0].parameters["RoleSessionName"]


@needs_root
def test_without_a_terminal_device_a_code_is_not_asked_for_and_a_role_without_mfa_is_served(unmeasured: Home) -> None:
    """As in a container that has /dev/null, /dev/urandom and nothing else."""
    bare = [
        "mount -t tmpfs none /dev",
        "mknod /dev/null c 1 3",
        "mknod /dev/urandom c 1 9",
        'exec "$@" </dev/null',
    ]
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", "\n".join(bare), "sh", SCRIPT]
    ran = unmeasured.run("get", "dev", command=command)
    assert (ran.code, ran.stderr, ran.document["Version"]) == (0, "", 1)
    with unmeasured.config.open("a") as config:
        config.write("mfa_serial = arn:aws:iam::123456789012:mfa/me\n")
    begun = time.monotonic()
    unmeasured.run("get", "dev", command=command).failed(5, "ASSUME_HELPER_MFA_TOKEN")
    assert time.monotonic() - begun < 11, "there is nobody to wait for"
