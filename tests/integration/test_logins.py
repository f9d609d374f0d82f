"""One login for all: renewed once for many processes, shared with other tools, and told apart from somebody else's."""

import contextlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import identity_center as ic
import pytest
from behaviours import answered_after
from front import Front, free_port, wait_for
from identity_center import Center, SsoFile
from kind_scenes import NAME, Scene, roles, timestamp, together
from other_tools import cli, sdk_token
from running import Home

from assume_helper.logins import login_lock
from assume_helper.profiles import login_record


@pytest.fixture
def scene(home: Home, center: Center, offline_front: Front) -> Scene:
    """A permission set, a role over it, and a profile of an SDK's with the same session."""
    home.unmeasured()
    scene = Scene(home, center, offline_front, "permission set", is_prefixed=True)
    home.config.write_text(scene.config() + ic.permission_set("sdk") + roles(10))
    return scene


@pytest.fixture
def console(home: Home, center: Center, offline_front: Front) -> Scene:
    home.unmeasured()
    scene = Scene(home, center, offline_front, "console login")
    home.config.write_text(scene.config() + roles(10))
    return scene


def sso(scene: Scene, expires: float = 3600, **fields: Any) -> SsoFile:
    """Log in anew, the token good for so long."""
    scene.login = scene.center.log_in(scene.home, expires=expires, **fields)
    return scene.login


@contextlib.contextmanager
def logging_in(path: Path) -> Iterator[None]:
    """Somebody logs in meanwhile: the lock is held, and says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = login_lock.try_acquire(str(path))
    assert descriptor is not None
    login_lock.note_login(descriptor)
    try:
        yield
    finally:
        os.close(descriptor)


# Renewed, and shared with other tools


def test_our_own_renewal_keeps_the_sessions(scene: Scene) -> None:
    scene.center.oidc.token_seconds = 600
    sso(scene, 600)
    first = scene.home.get(NAME)
    role = scene.home.get("role-0")
    scene.center.assign(ic.ACCOUNT, "Admin")
    with scene.home.config.open("a") as config:
        config.write(ic.permission_set("other", role="Admin"))
    scene.home.get("other")
    assert scene.center.calls("CreateToken") == 2
    assert scene.home.get(NAME) == first
    assert scene.home.get("role-0") == role
    assert scene.center.calls("GetRoleCredentials") == 2, "one for each permission set"
    assert len(scene.front.assumed()) == 1


def test_a_file_that_another_tool_writes_in_place_is_read_until_it_is_whole(scene: Scene) -> None:
    login = sso(scene)
    whole, stop, turns = login.path.read_bytes(), threading.Event(), 0

    def write_in_place() -> None:
        nonlocal turns
        while not stop.is_set():
            with open(login.path, "r+b", buffering=0) as file:
                file.truncate(0)
                file.write(whole[: len(whole) // 2])
                file.write(whole[len(whole) // 2 :])
            turns += 1
            stop.wait(0.002)

    writer = threading.Thread(target=write_in_place)
    writer.start()
    try:
        ended = together(scene.home, [f"role-{n}" for n in range(10)])
    finally:
        stop.set()
        writer.join()
    assert {(done.code, done.stderr) for done in ended} == {(0, "")}
    assert turns > 10


def test_a_file_that_stays_half_written_is_exit_4_and_is_not_touched(scene: Scene) -> None:
    login = sso(scene)
    whole = login.path.read_bytes()
    half = whole[: len(whole) // 2]
    login.path.write_bytes(half)
    scene.home.run("get", NAME).failed(4, "does not hold a login", "assume-helper login --sso-session corp")
    assert login.path.read_bytes() == half
    login.path.write_bytes(whole)
    scene.home.get(NAME)


def test_a_token_that_an_sdk_has_renewed_is_taken(scene: Scene) -> None:
    login = sso(scene, 300)
    ran = sdk_token(scene.home)
    assert ran.returncode == 0, ran.stderr
    token = login.read()["accessToken"]
    assert ran.stdout.strip() == token
    scene.home.get(NAME)
    assert scene.center.calls("CreateToken") == 1
    assert scene.center.server.requests[-1].headers["x-amz-sso_bearer_token"] == token


def test_a_token_that_the_helper_has_renewed_is_taken_by_an_sdk_and_by_the_cli(scene: Scene) -> None:
    login = sso(scene, 300)
    scene.home.get(NAME)
    ran = sdk_token(scene.home)
    assert (ran.returncode, ran.stdout.strip()) == (0, login.read()["accessToken"]), ran.stderr
    ran = cli(scene.home, scene.front)
    assert ran.returncode == 0, ran.stderr
    assert scene.front.calls[-1].access_key_id == scene.center.issuer.given[-1].access_key_id
    assert scene.center.calls("CreateToken") == 1


def test_an_sdk_the_cli_and_the_helper_at_once_lose_no_login(scene: Scene) -> None:
    """Others take no lock: whoever comes second may be refused, and the login is there for all afterwards."""
    login = sso(scene, 300)
    with ThreadPoolExecutor() as pool:
        others = [pool.submit(sdk_token, scene.home) for _ in range(2)]
        others.append(pool.submit(cli, scene.home, scene.front))
        ended = together(scene.home, [NAME] * 5)
        for other in others:
            other.result()
    assert {(done.code, done.stderr) for done in ended} == {(0, "")}
    found = login.read()
    assert scene.center.oidc.login_of(found["accessToken"], ic.REGION) is login.login
    assert found["refreshToken"] == login.login.refresh_token


def test_a_token_that_another_tool_has_spent_and_not_written_yet_serves_while_it_is_good(scene: Scene) -> None:
    login = sso(scene, 300)
    written = threading.Event()
    scene.center.once("CreateToken", answered_after(written))
    with ThreadPoolExecutor() as pool:
        other = pool.submit(sdk_token, scene.home)
        wait_for(lambda: scene.center.calls("CreateToken") == 1)
        try:
            scene.home.get(NAME)
        finally:
            written.set()
        assert other.result().returncode == 0
    scene.home.run("clear", "--all")
    scene.home.get(NAME)
    assert scene.center.server.requests[-1].headers["x-amz-sso_bearer_token"] == login.read()["accessToken"]
    assert scene.center.calls("CreateToken") == 2, "the second one is ours, refused"


# Who is logged in


@pytest.mark.parametrize("kind", ["permission set", "console login"])
def test_after_a_logout_nothing_is_served_not_of_the_roles_above_either(
    home: Home, center: Center, offline_front: Front, kind: str
) -> None:
    scene = Scene(home, center, offline_front, kind)
    home.config.write_text(scene.config() + roles(1))
    for name in (NAME, "role-0"):
        for _ in range(2):
            home.get(name)
    assert scene.login is not None
    scene.login.path.unlink()
    asked = len(center.server.requests)
    for name in ("role-0", NAME):
        home.run("get", name).failed(4, "is not logged in", "run: assume-helper login ")
    assert len(center.server.requests) == asked
    assert home.entries() == []
    assert home.run("exec", "role-0", "--", "true").code == 4


def test_after_somebody_else_s_login_nothing_of_the_former_one_is_served(scene: Scene) -> None:
    sso(scene)
    before = {name: scene.home.get(name)["AccessKeyId"] for name in (NAME, "role-0")}
    for name in before:
        scene.home.get(name)
    theirs = sso(scene)
    for name in ("role-0", NAME):
        assert scene.home.get(name)["AccessKeyId"] != before[name]
    assert scene.center.issuer.given[-1].login is theirs.login
    assert scene.center.calls("GetRoleCredentials") == 2
    assert scene.front.assumed()[-1].access_key_id == scene.center.issuer.given[-1].access_key_id


def test_where_the_network_is_away_after_another_login_it_is_exit_7_and_never_the_former_one_s_session(
    scene: Scene,
) -> None:
    for name in (NAME, "role-0"):
        scene.home.get(name)
        scene.home.get(name)
    sso(scene)
    nobody = {"AWS_ENDPOINT_URL_SSO": f"http://127.0.0.1:{free_port()}"}
    for name in (NAME, "role-0"):
        scene.home.run("get", name, **nobody).failed(7, "Identity Center")


def test_another_console_login_is_another_session(console: Scene) -> None:
    console.home.get("role-0")
    another = f"arn:aws:iam::{ic.ACCOUNT}:user/another"
    login = console.center.console_log_in(console.home, another)
    text = console.home.config.read_text().replace(ic.USER, another)
    console.home.config.write_text(text)
    console.home.get("role-0")
    signers = [call.access_key_id for call in console.front.assumed()]
    assert signers[-1] == login.read()["accessToken"]["accessKeyId"]
    assert len(set(signers)) == 2


# Somebody is logging in


def test_while_somebody_logs_in_what_is_good_is_served(scene: Scene) -> None:
    login = sso(scene, 300)
    first = scene.home.get(NAME)
    scene.home.get(NAME)
    with logging_in(login.path):
        assert scene.home.get(NAME) == first
        scene.home.get("role-0")
    assert scene.center.calls("CreateToken") == 1


def test_while_somebody_logs_in_for_the_first_time_it_is_exit_4_that_says_so(scene: Scene) -> None:
    login = sso(scene)
    login.path.unlink()
    with logging_in(login.path):
        for name in (NAME, "role-0"):
            scene.home.run("get", name).failed(4, "a login of sso-session corp is under way", "then try again")
    scene.home.run("get", NAME).failed(4, "is not logged in")


def test_while_somebody_logs_in_a_login_that_cannot_be_renewed_is_exit_4_that_says_so(scene: Scene) -> None:
    login = sso(scene, -10, omit={"refreshToken"})
    with logging_in(login.path):
        scene.home.run("get", NAME).failed(4, "a login of sso-session corp is under way")
    scene.home.run("get", NAME).failed(4, "has expired", "run: assume-helper login --sso-session corp")


def test_what_lies_beside_the_token_file_is_ours_alone_and_no_token(scene: Scene) -> None:
    login = sso(scene, 300)
    scene.home.get(NAME)
    found = {path.name for path in login.path.parent.iterdir()}
    stem = login.path.stem
    assert found == {
        login.path.name,
        login.registration.name,
        stem + login_record.RECORD,
        stem + login_record.LOCK,
    }
    tokens = login.read()
    for suffix in (login_record.RECORD, login_record.LOCK):
        path = login.path.with_name(stem + suffix)
        assert path.stat().st_mode & 0o777 == 0o600
        text = path.read_text()
        assert not any(tokens[name] in text for name in ("accessToken", "refreshToken", "clientSecret"))


def test_a_legacy_login_is_not_renewed_and_at_its_end_says_how_to_log_in(
    home: Home, center: Center, offline_front: Front
) -> None:
    scene = Scene(home, center, offline_front, "legacy permission set")
    login = center.log_in(home, None, expires=300)
    home.get(NAME)
    assert center.calls("CreateToken") == 0
    login.change(expiresAt=timestamp(-5))
    home.run("get", NAME).failed(4, "has expired", "run: assume-helper login dev")
    assert scene.asked == 1
