"""HOME belongs to another user: `sudo -E`, and a job's container that runs as root. Nothing is made there."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path

import pytest
from canned import serving
from front import Front, identity, session
from needs import in_place_of, needs_root
from running import SCRIPT, Home, Ran

pytestmark = needs_root

JANE = 54321
AS_JANE = ["setpriv", f"--reuid={JANE}", f"--regid={JANE}", "--clear-groups"]


@dataclass
class Machine:
    """A machine on which `jane` has a home, and whoever runs the helper another one."""

    home: Home
    own: Path
    command: list[str]

    def run(self, *arguments: str, **environ: str) -> Ran:
        return self.home.run(*arguments, command=self.command, **environ)

    @property
    def cache(self) -> Path:
        return self.own / ".cache" / "assume-helper"

    @property
    def log(self) -> str:
        return (self.own / ".local" / "state" / "assume-helper" / "log.jsonl").read_text()


def known(folder: Path, user: int, own: str) -> list[str]:
    """Before a command: a user database in which the home of `user` is `own`."""
    users = folder / "passwd"
    users.write_text(f"someone:x:{user}:{user}::{own}:/bin/sh\n" if own else "nobody:x:9:9::/:/bin/sh\n")
    return in_place_of("/etc/passwd", users)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users may look into."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def sudo(role: Home, offline_front: Front, folder: Path) -> Machine:
    """Root, with a HOME of jane's."""
    who = identity("arn:aws:sts::123456789012:assumed-role/dev/x")
    offline_front.behaviour = lambda call: (who if call.action == "GetCallerIdentity" else session())(call)
    role.unmeasured()
    for path in (role.folder, *role.folder.rglob("*")):
        os.chown(path, JANE, JANE)
    role.folder.chmod(0o700)
    own = folder / "root"
    own.mkdir(0o700)
    return Machine(role, own, [*known(folder, 0, str(own)), SCRIPT])


def state(folder: Path) -> dict[str, tuple[int, int, int, int]]:
    """Every file below `folder`, with its owner, its mode, its length and its time."""
    found = {str(path): path.lstat() for path in (folder, *folder.rglob("*"))}
    return {name: (s.st_uid, s.st_mode, s.st_size, s.st_mtime_ns) for name, s in found.items()}


def test_nothing_is_made_there_and_cache_and_log_are_in_the_home_of_the_user_database(
    sudo: Machine, offline_front: Front
) -> None:
    before = state(sudo.home.folder)
    first = sudo.run("get", "dev")
    assert (first.code, first.stderr) == (0, "")
    assert sudo.run("get", "dev").stdout == first.stdout
    assert len(offline_front.calls) == 1
    assert state(sudo.home.folder) == before
    assert len(list(sudo.cache.glob("*.entry"))) == 1
    assert "belongs to another user and is left alone" in sudo.log


def test_a_hit_there_is_one_too(sudo: Machine, offline_front: Front) -> None:
    first = sudo.run("get", "dev")
    for _ in range(20):  # the config has just been written: it may not be remembered at once
        if list(sudo.cache.glob("*.hit")):
            break
        sudo.run("get", "dev")
    logged = sudo.log
    assert sudo.run("get", "dev").stdout == first.stdout
    assert sudo.log == logged  # the short way logs nothing
    assert len(offline_front.calls) == 1


@pytest.mark.parametrize("arguments", [["list"], ["env", "dev"], ["whoami", "dev"], ["exec", "dev", "--", "true"]])
def test_people_are_told_on_stderr(sudo: Machine, arguments: list[str]) -> None:
    before = state(sudo.home.folder)
    ran = sudo.run(*arguments)
    assert ran.code == 0, ran.stderr
    assert "belongs to another user and is left alone: the cache is " in ran.stderr
    assert "run it as that user, or set HOME to yours (sudo -H)" in ran.stderr
    assert state(sudo.home.folder) == before


def test_no_other_command_makes_anything_there(sudo: Machine) -> None:
    before = state(sudo.home.folder)
    for arguments in (["clear", "dev"], ["clear", "--all"], ["log"], ["doctor", "dev"]):
        sudo.run(*arguments)
    assert state(sudo.home.folder) == before
    checks = json.loads(sudo.run("doctor", "dev", "--json").stdout)
    assert next((c["status"], c["what"]) for c in checks if c["name"] == "cache") == (
        "warn",
        "HOME belongs to another user and is left alone: the cache is in yours",
    )


@pytest.mark.parametrize("given", ["{home}/mine", "~/mine"])
def test_directories_that_variables_name_in_it_are_left_alone_too(sudo: Machine, given: str) -> None:
    before = state(sudo.home.folder)
    mine = given.format(home=sudo.home.folder)
    variables = {"ASSUME_HELPER_CACHE_DIR": mine, "XDG_STATE_HOME": f"{sudo.home.folder}/state"}
    assert sudo.run("get", "dev", **variables).code == 0
    assert sudo.run("get", "dev", XDG_CACHE_HOME=f"{sudo.home.folder}/cache").code == 0
    assert state(sudo.home.folder) == before
    assert list(sudo.cache.glob("*.entry"))


def test_a_link_into_it_is_followed_before_anything_is_made(sudo: Machine, folder: Path) -> None:
    (folder / "link").symlink_to(sudo.home.folder)
    before = state(sudo.home.folder)
    assert sudo.run("get", "dev", XDG_CACHE_HOME=str(folder / "link" / "cache")).code == 0
    assert state(sudo.home.folder) == before


def test_a_directory_elsewhere_is_used_as_ever(sudo: Machine, folder: Path) -> None:
    assert sudo.run("get", "dev", ASSUME_HELPER_CACHE_DIR=str(folder / "mine")).code == 0
    assert list((folder / "mine").glob("*.entry"))
    assert not sudo.cache.exists()


def test_a_runtime_directory_of_another_user_is_left_alone(sudo: Machine) -> None:
    runtime = tempfile.mkdtemp(dir="/dev/shm")
    try:
        os.chown(runtime, JANE, JANE)
        text = sudo.home.config.read_text().replace("[profile dev]", "[profile dev]\nassume_helper_cache = memory")
        sudo.home.config.write_text(text)
        assert sudo.run("get", "dev", XDG_RUNTIME_DIR=runtime).code == 0
        assert os.listdir(runtime) == []
    finally:
        os.rmdir(runtime)


def test_configure_refuses_and_changes_nothing(sudo: Machine, folder: Path) -> None:
    before = state(sudo.home.folder)
    ran = sudo.run("configure", "dev", "--yes")
    assert (ran.code, ran.stdout) == (3, b"")
    assert "is in another user's HOME, where nothing is created or replaced" in ran.stderr
    assert sudo.run("configure", "dev", "--undo", "--yes").code == 3
    assert state(sudo.home.folder) == before
    mine = folder / "config"
    shutil.copyfile(sudo.home.config, mine)
    assert sudo.run("configure", "dev", "--yes", AWS_CONFIG_FILE=str(mine)).code == 0
    assert "credential_process" in mine.read_text()
    assert state(sudo.home.folder) == before


@pytest.mark.parametrize("seconds", [300, -300])
def test_a_login_in_it_is_not_renewed(sudo: Machine, seconds: int) -> None:
    """Its new file would be root's, and closed to jane."""
    sudo.home.config.write_text(
        sudo.home.config.read_text().replace("source_profile = base", "source_profile = login")
        + "[profile login]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\n"
        + "[sso-session corp]\nsso_start_url = https://corp.invalid/start\nsso_region = us-east-1\n"
    )
    cache = sudo.home.folder / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)

    def at(seconds: int) -> str:
        return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    token = {
        "startUrl": "https://corp.invalid/start", "region": "us-east-1", "accessToken": "sso-token",
        "expiresAt": at(seconds), "refreshToken": "again", "clientId": "id", "clientSecret": "secret",
        "registrationExpiresAt": at(86400),
    }  # fmt: skip
    file = cache / f"{sha1(b'corp', usedforsecurity=False).hexdigest()}.json"
    file.write_text(json.dumps(token))
    os.chown(file, JANE, JANE)
    before = state(sudo.home.folder)
    keys = {"accessKeyId": "ASIASSO0000000000000", "secretAccessKey": "secret", "sessionToken": "SsoToken"}
    end = int((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1000)
    with serving(lambda _asked: (200, {"roleCredentials": {**keys, "expiration": end}})) as server:
        ran = sudo.run("get", "dev", AWS_ENDPOINT_URL_SSO=server.url, AWS_ENDPOINT_URL_SSO_OIDC=server.url)
        assert not [asked for asked in server.asked if "token" in asked.path]
    assert ran.code == (0 if seconds > 0 else 4), ran.stderr
    if seconds < 0:
        assert "cannot be renewed here: it is in another user's HOME" in ran.stderr
    assert state(sudo.home.folder) == before


# The other way round: a user like any other, with root's HOME


@pytest.fixture
def jane(role: Home, offline_front: Front, folder: Path) -> Machine:
    """Jane, with a HOME of root's that is open to all."""
    offline_front.behaviour = session()
    role.unmeasured()
    home = Home(folder / "home", role.environ | {"HOME": str(folder / "home")})
    home.unmeasured()
    home.folder.chmod(0o777)
    home.config.write_text(role.config.read_text())
    home.credentials.write_text(role.credentials.read_text())
    own = folder / "jane"
    own.mkdir(0o700)
    os.chown(own, JANE, JANE)
    if subprocess.run([*AS_JANE, SCRIPT, "--version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this installation is closed to other users")
    return Machine(home, own, [*known(folder, JANE, str(own)), *AS_JANE, SCRIPT])


def test_a_home_of_root_s_is_left_alone_though_it_is_open_to_all(jane: Machine, offline_front: Front) -> None:
    before = state(jane.home.folder)
    for _ in range(2):
        ran = jane.run("get", "dev")
        assert ran.code == 0, ran.stderr
    assert len(offline_front.calls) == 1
    assert state(jane.home.folder) == before
    assert [path.stat().st_uid for path in jane.cache.glob("*.entry")] == [JANE]


def test_a_home_of_root_s_that_the_user_database_gives_to_us_is_ours(jane: Machine, folder: Path) -> None:
    command = [*known(folder, JANE, str(jane.home.folder)), *AS_JANE, SCRIPT]
    assert jane.home.run("get", "dev", command=command).code == 0
    assert len(jane.home.entries()) == 1


@pytest.mark.parametrize("own", ["", "/nonexistent", "{folder}/others"])
def test_without_a_home_of_ones_own_nothing_is_cached(
    jane: Machine, folder: Path, offline_front: Front, own: str
) -> None:
    (folder / "others").mkdir()
    (folder / "others").chmod(0o777)
    before = state(jane.home.folder)
    command = [*known(folder, JANE, own.format(folder=folder)), *AS_JANE, SCRIPT]
    for _ in range(2):
        assert jane.home.run("get", "dev", command=command).code == 0
    assert len(offline_front.calls) == 2
    assert state(jane.home.folder) == before
    assert list((folder / "others").iterdir()) == []
    if own != "/nonexistent":
        checks = json.loads(jane.home.run("doctor", "dev", "--json", command=command).stdout)
        assert [c["what"].rpartition(": ")[2] for c in checks if c["name"] == "cache"] == ["nothing is cached"]
