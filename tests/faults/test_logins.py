"""A login's renewal is broken into: processes are killed, answers are late, files and locks are not to be had."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import identity_center as ic
import pytest
from behaviours import answered_after, held, reset
from front import Front, wait_for
from identity_center import Center, ConsoleFile, SsoFile
from kind_scenes import NAME, Scene, roles, together
from needs import injected, needs_root, needs_setpriv, needs_strace
from other_tools import cli, sdk_token
from running import LIKE_ANY_USER, SCRIPT, Home

from assume_helper.logins import login_lock
from assume_helper.logins.renewal_process import Job
from assume_helper.logins.service import Service
from assume_helper.profiles import login_record

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
# A token in its last minutes: it is renewed, and is good where that fails.
NEARLY_OVER = 600


@pytest.fixture
def scene(home: Home, center: Center, offline_front: Front) -> Scene:
    """A permission set whose login is in its last minutes, roles over it, and a profile of an SDK's."""
    home.unmeasured()
    scene = Scene(home, center, offline_front, "permission set")
    home.config.write_text(scene.config() + ic.permission_set("sdk") + roles(2))
    scene.login = center.log_in(home, expires=NEARLY_OVER)
    return scene


@pytest.fixture
def login(scene: Scene) -> SsoFile:
    assert isinstance(scene.login, SsoFile)
    return scene.login


@pytest.fixture
def released(center: Center) -> Iterator[threading.Event]:
    """What a test holds back ends with it, before the center does."""
    del center
    event = threading.Event()
    yield event
    event.set()


def renewers(home: Home) -> list[int]:
    """The processes that renew a login in `home`."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            environ = (path / "environ").read_bytes().split(b"\0")
            if b"renewal_process" in (path / "cmdline").read_bytes() and f"HOME={home.folder}".encode() in environ:
                found.append(int(path.name))
        except OSError:
            continue
    return found


def at_its_end(login: SsoFile) -> object:
    """Have the token over in the file, as if our own renewal had written it so: the same login. Its refresh token."""
    descriptor = login_lock.try_acquire(str(login.path))
    assert descriptor is not None
    before = login_record.digest(login.path.read_bytes())
    login.change(expiresAt="2020-01-01T00:00:00Z")
    record = login_record.read_record(str(login.path))
    after = login_record.digest(login.path.read_bytes())
    login_record.write_record(str(login.path), record.with_digest(before, after))
    os.close(descriptor)
    return login.read()["refreshToken"]


def killed(home: Home) -> None:
    """Kill -9 the process that renews."""
    wait_for(lambda: len(renewers(home)) == 1)
    (pid,) = renewers(home)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not renewers(home))


def others_read_it(scene: Scene) -> None:
    """botocore and the AWS CLI have credentials by the login."""
    for ran in (sdk_token(scene.home), cli(scene.home, scene.front)):
        assert ran.returncode == 0, ran.stderr


def is_free(login: SsoFile | ConsoleFile) -> bool:
    """Whether nobody has the login's lock."""
    descriptor = login_lock.try_acquire(str(login.path))
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is not None


# Killed


def test_the_renewal_killed_before_its_request_counts_leaves_the_login_as_it_was(
    scene: Scene, login: SsoFile, released: threading.Event
) -> None:
    before = login.path.read_bytes()
    scene.center.once("CreateToken", held(released, reset))
    process = scene.home.start("get", NAME)
    wait_for(lambda: scene.center.calls("CreateToken") == 1)
    killed(scene.home)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b""), "the old token is good"
    assert json.loads(out)["AccessKeyId"]
    assert login.path.read_bytes() == before
    assert is_free(login)
    scene.home.get("role-0")
    others_read_it(scene)


def test_the_renewal_killed_with_the_token_spent_leaves_a_file_that_all_can_read(
    scene: Scene, login: SsoFile, released: threading.Event
) -> None:
    before = login.path.read_bytes()
    scene.center.once("CreateToken", answered_after(released))
    process = scene.home.start("get", NAME)
    wait_for(lambda: login.login.refresh_token != json.loads(before)["refreshToken"])
    killed(scene.home)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert login.path.read_bytes() == before
    scene.home.get(NAME)
    scene.home.get("role-0")
    assert cli(scene.home, scene.front).returncode == 0
    scene.center.log_in(scene.home)
    scene.home.get("role-1")
    others_read_it(scene)


@needs_strace
@pytest.mark.parametrize(
    ("step", "is_spent"),
    [("fsync:when=1", False), ("rename:when=1", True), ("fsync:when=3", True), ("rename:when=2", True)],
    ids=["with room made for it", "before its number", "before it is written", "before it is put in place"],
)
def test_the_renewal_killed_at_any_step_leaves_a_file_that_all_can_read_and_the_same_login(
    scene: Scene, login: SsoFile, step: str, is_spent: bool
) -> None:
    """Where the token is spent, what was good until now serves on."""
    before = login.path.read_bytes()
    name, _, when = step.partition(":")
    portal = Service("sso-oidc", ic.REGION, scene.center.server.url("sso-oidc"))
    job = Job("sso-oidc", str(login.path), login_record.digest(before), portal, "sso-session corp", "the command")
    program = "from assume_helper.logins.renewal_process import main; main()"
    killed = subprocess.run(
        [*injected(f"{name}:signal=SIGKILL:{when}"), sys.executable, "-c", program],
        input=json.dumps(asdict(job)).encode(), env=scene.home.environ, timeout=90, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    assert scene.center.calls("CreateToken") == is_spent
    assert login.path.read_bytes() == before
    assert is_free(login)
    first = scene.home.get(NAME)
    scene.home.get("role-0")
    assert scene.home.get(NAME) == first
    assert scene.center.calls("GetRoleCredentials") == 1, "it is the same login"
    assert cli(scene.home, scene.front).returncode == 0
    left = {path.name for path in login.path.parent.iterdir() if path.name.endswith(login_record.TEMPORARY)}
    assert left == set(), "what was killed has left nothing"


def test_whoever_asked_killed_loses_nothing_the_renewal_goes_on(
    scene: Scene, login: SsoFile, released: threading.Event
) -> None:
    before = login.read()
    scene.center.once("CreateToken", answered_after(released))
    process = scene.home.start("get", NAME)
    wait_for(lambda: scene.center.calls("CreateToken") == 1)
    process.kill()
    process.communicate(timeout=60)
    assert len(renewers(scene.home)) == 1
    released.set()
    wait_for(lambda: login.read()["refreshToken"] != before["refreshToken"])
    wait_for(lambda: not renewers(scene.home))
    assert login.read()["refreshToken"] == login.login.refresh_token
    scene.home.get(NAME)
    assert scene.center.calls("CreateToken") == 1
    others_read_it(scene)


def test_a_signal_to_the_group_of_whoever_asked_does_not_end_the_renewal(
    scene: Scene, login: SsoFile, released: threading.Event
) -> None:
    before = login.read()
    scene.center.once("CreateToken", answered_after(released))
    process = scene.home.start("get", NAME)
    wait_for(lambda: scene.center.calls("CreateToken") == 1)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    released.set()
    wait_for(lambda: login.read()["refreshToken"] != before["refreshToken"])


# A late answer


def test_an_answer_that_comes_after_the_deadline_is_written_and_used(scene: Scene, released: threading.Event) -> None:
    """Who waited serves what is cached, within 4 seconds, and the answer comes when it comes."""
    login = scene.center.log_in(scene.home)
    first = scene.home.get(NAME)
    scene.end_in(300)
    before = at_its_end(login)
    scene.center.once("CreateToken", answered_after(released))
    assert scene.home.get(NAME)["AccessKeyId"] == first["AccessKeyId"]
    assert "still being renewed" in scene.home.log.read_text()
    assert len(renewers(scene.home)) == 1
    released.set()
    wait_for(lambda: login.read()["refreshToken"] != before)
    for path in scene.home.cache.glob("*.failure"):
        path.unlink()  # what failed is left alone for a while
    assert scene.home.get(NAME)["AccessKeyId"] != first["AccessKeyId"]
    assert scene.center.calls("CreateToken") == 1


def test_with_nothing_cached_a_late_answer_is_exit_7_and_the_token_is_used_afterwards(
    scene: Scene, released: threading.Event
) -> None:
    login = scene.center.log_in(scene.home, expires=-10)
    before = login.read()
    scene.center.once("CreateToken", answered_after(released))
    ended = together(scene.home, [NAME, "role-0", "role-1"])
    assert {(done.code, done.stdout) for done in ended} == {(7, b"")}
    assert all("still being renewed" in done.stderr for done in ended), ended
    released.set()
    wait_for(lambda: login.read()["refreshToken"] != before["refreshToken"])
    for name in (NAME, "role-0", "role-1"):
        scene.home.get(name)
    assert scene.center.calls("CreateToken") == 1


def test_a_late_answer_to_a_console_login_is_written_and_used(
    home: Home, center: Center, offline_front: Front, released: threading.Event
) -> None:
    home.unmeasured()
    scene = Scene(home, center, offline_front, "console login")
    login = scene.login
    assert isinstance(login, ConsoleFile)
    first = home.get(NAME)
    scene.end_in(100)
    before = login.read()
    center.once("CreateOAuth2Token", answered_after(released))
    assert home.get(NAME)["AccessKeyId"] == first["AccessKeyId"]
    assert len(renewers(home)) == 1
    released.set()
    wait_for(lambda: login.read()["refreshToken"] != before["refreshToken"])
    assert home.get(NAME)["AccessKeyId"] == login.read()["accessToken"]["accessKeyId"] != first["AccessKeyId"]
    assert center.calls("CreateOAuth2Token") == 2


# No folder, no lock, another user


@needs_setpriv
def test_where_the_folder_cannot_be_written_there_is_no_renewal(scene: Scene, login: SsoFile) -> None:
    login.path.parent.chmod(0o500)
    as_a_user = [*LIKE_ANY_USER, SCRIPT]
    try:
        ran = scene.home.run("get", NAME, command=as_a_user)
        assert (ran.code, ran.stderr) == (0, ""), "the old token is good"
        login.change(expiresAt="2020-01-01T00:00:00Z")
        ran = scene.home.run("get", NAME, command=as_a_user)
        ran.failed(4, "cannot be renewed here", "cannot be written", "run: assume-helper login --sso-session corp")
    finally:
        login.path.parent.chmod(0o700)
    assert scene.center.calls("CreateToken") == 0
    scene.home.get(NAME)
    assert scene.center.calls("CreateToken") == 1


@needs_strace
def test_where_locks_are_refused_there_is_no_renewal(scene: Scene, login: SsoFile, tmp_path: Path) -> None:
    lock = login_record.beside(str(login.path), login_record.LOCK)
    no_locks = ["strace", "-f", "-qq", "-o", str(tmp_path / "trace"), "-P", lock, "-e", "trace=flock"]
    command = [*no_locks, "-e", "signal=none", "-e", "inject=flock:error=ENOLCK", SCRIPT]
    ran = scene.home.run("get", NAME, command=command)
    assert (ran.code, ran.stderr) == (0, "")
    login.change(expiresAt="2020-01-01T00:00:00Z")
    scene.home.run("get", NAME, command=command).failed(4, "cannot be renewed here", "No locks available")
    assert scene.center.calls("CreateToken") == 0


def test_a_lock_that_another_process_holds_is_waited_for_and_the_old_token_serves(scene: Scene, login: SsoFile) -> None:
    descriptor = login_lock.try_acquire(str(login.path))
    assert descriptor is not None
    try:
        scene.home.get(NAME)
    finally:
        os.close(descriptor)
    assert scene.center.calls("CreateToken") == 0


@pytest.mark.parametrize("planted", ["a link", "a folder", "a fifo", "open to others"])
def test_what_is_no_lock_of_ours_is_no_lock(scene: Scene, login: SsoFile, planted: str, tmp_path: Path) -> None:
    lock = Path(login_record.beside(str(login.path), login_record.LOCK))
    match planted:
        case "a link":
            lock.symlink_to(tmp_path / "elsewhere")
        case "a folder":
            lock.mkdir()
        case "a fifo":
            os.mkfifo(lock, 0o600)
        case _:
            lock.touch()
            lock.chmod(0o666)
    scene.home.get(NAME)
    login.change(expiresAt="2020-01-01T00:00:00Z")
    scene.home.run("get", NAME).failed(4, "cannot be renewed here")
    assert scene.center.calls("CreateToken") == 0
    assert not (tmp_path / "elsewhere").exists()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may look into."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@needs_root
def test_another_user_does_not_renew_a_login_and_has_its_token_while_that_is_good(
    center: Center, offline_front: Front, open_folder: Path
) -> None:
    home = Home(open_folder / "home")
    home.unmeasured()
    Scene(home, center, offline_front, "permission set")
    login = center.log_in(home, expires=NEARLY_OVER)
    for path in (login.path, login.path.parent):
        path.chmod(0o755 if path.is_dir() else 0o644)
    mine = open_folder / "cache"
    mine.mkdir(0o700)
    os.chown(mine, 65534, 65534)
    before = {path: path.stat().st_mtime_ns for path in home.folder.rglob("*")}
    ran = home.run("get", NAME, command=[*NOBODY, SCRIPT], ASSUME_HELPER_CACHE_DIR=str(mine))
    assert ran.code == 0, ran.stderr
    login.change(expiresAt="2020-01-01T00:00:00Z")
    before[login.path] = login.path.stat().st_mtime_ns
    ran = home.run("get", NAME, command=[*NOBODY, SCRIPT], ASSUME_HELPER_CACHE_DIR=str(mine))
    assert ran.code == 4
    assert "cannot be renewed here" in ran.stderr
    assert {path: path.stat().st_mtime_ns for path in home.folder.rglob("*")} == before
    assert center.calls("CreateToken") == 0


@needs_root
def test_a_token_file_that_another_user_may_not_read_is_exit_4(
    center: Center, offline_front: Front, open_folder: Path
) -> None:
    home = Home(open_folder / "home")
    Scene(home, center, offline_front, "permission set")
    center.log_in(home)
    mine = open_folder / "cache"
    mine.mkdir(0o700)
    os.chown(mine, 65534, 65534)
    ran = home.run("get", NAME, command=[*NOBODY, SCRIPT], ASSUME_HELPER_CACHE_DIR=str(mine))
    assert ran.code == 4
    assert "cannot be read (Permission denied)" in ran.stderr
    assert "correct its owner and its rights" in ran.stderr


@needs_strace
def test_with_no_room_for_the_new_file_the_token_is_not_spent(scene: Scene, login: SsoFile) -> None:
    before = login.read()
    command = [*injected("fsync:error=ENOSPC:when=1"), SCRIPT]
    login.change(expiresAt="2020-01-01T00:00:00Z")
    ran = scene.home.run("get", NAME, command=command)
    ran.failed(7, "no room for its file", "free some space")
    assert scene.center.calls("CreateToken") == 0
    assert login.read()["refreshToken"] == before["refreshToken"]
    scene.home.get(NAME)
    assert login.read()["refreshToken"] == login.login.refresh_token
