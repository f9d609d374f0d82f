"""A console login (`aws login`) as the source of a role, on a plain install: renewed, refused, and at its end."""

from pathlib import Path
from typing import Any

import pytest
from behaviours import body, html, status
from front import Front, free_port, wait_for
from identity_center import USER, Center, ConsoleFile
from json_service import Behaviour
from kind_scenes import NAME, Scene, roles
from running import Home

# What the sign-in service says of a login that is over, and what the line says then.
ENDED = {
    "TOKEN_EXPIRED": "the login of profile dev has expired",
    "AUTHCODE_EXPIRED": "the login of profile dev has expired",
    "USER_CREDENTIALS_CHANGED": "the login of profile dev was ended: the user's password or MFA device has changed",
}


@pytest.fixture
def scene(home: Home, center: Center, offline_front: Front) -> Scene:
    """A console login whose credentials are near their end, and a role over it."""
    home.unmeasured()
    scene = Scene(home, center, offline_front, "console login")
    home.config.write_text(scene.config() + roles(1))
    return scene


@pytest.fixture
def login(scene: Scene) -> ConsoleFile:
    assert isinstance(scene.login, ConsoleFile)
    return scene.login


def signers(front: Front) -> list[tuple[str, str]]:
    return [(call.access_key_id, call.session_token) for call in front.assumed()]


def keys(login: ConsoleFile) -> tuple[str, str]:
    """The credentials in the file: key and token."""
    token = login.read()["accessToken"]
    return token["accessKeyId"], token["sessionToken"]


def test_a_login_that_is_good_assumes_the_role_and_nobody_is_asked(scene: Scene) -> None:
    login = scene.center.console_log_in(scene.home)
    before = login.path.read_bytes()
    first = scene.home.get("role-0")
    assert signers(scene.front) == [keys(login)]
    assert scene.home.get("role-0") == first
    assert scene.center.server.requests == []
    assert login.path.read_bytes() == before


@pytest.mark.parametrize(
    "written",
    [f"assume_helper_login_session = {USER}\n", f"include_profile = x\n[profile x]\nlogin_session = {USER}\n"],
)
def test_the_login_s_key_may_have_the_prefix_or_be_included(scene: Scene, login: ConsoleFile, written: str) -> None:
    scene.home.config.write_text(f"[profile {NAME}]\n{written}{roles(1)}")
    scene.home.get("role-0")
    assert signers(scene.front) == [keys(login)]
    assert scene.asked == 1


def test_what_was_renewed_is_used_until_it_runs_out_and_is_then_renewed_itself(
    scene: Scene, login: ConsoleFile
) -> None:
    before = login.read()
    for cache, calls in (("one", 1), ("two", 1)):
        scene.home.get("role-0", ASSUME_HELPER_CACHE_DIR=str(scene.home.folder / cache))
        assert scene.asked == calls, "the renewed credentials are still good"
    renewed = login.read()
    assert renewed["accessToken"]["accountId"] == before["accessToken"]["accountId"]
    assert {name: renewed[name] for name in ("dpopKey", "clientId", "idToken")} == {
        name: before[name] for name in ("dpopKey", "clientId", "idToken")
    }
    scene.end_in(100)
    scene.home.get("role-0", ASSUME_HELPER_CACHE_DIR=str(scene.home.folder / "three"))
    assert scene.asked == 2
    assert len(set(signers(scene.front))) == 2
    assert scene.center.malformed == []


@pytest.mark.parametrize(("error", "line"), ENDED.items())
def test_a_login_that_the_service_says_has_ended_is_exit_4_with_the_command(
    scene: Scene, login: ConsoleFile, error: str, line: str
) -> None:
    scene.end_in(-10)
    before = login.path.read_bytes()
    scene.center.end(login, error)
    ran = scene.home.run("get", "role-0")
    ran.failed(4)
    assert ran.stderr == f"assume-helper: role-0: {line}; run: assume-helper login dev\n"
    assert scene.asked == 1
    assert scene.front.calls == []
    assert login.path.read_bytes() == before


def test_a_sign_in_service_that_is_not_reached_is_exit_7(scene: Scene) -> None:
    scene.end_in(-10)
    nobody = f"http://127.0.0.1:{free_port()}"
    ran = scene.home.run("get", "role-0", AWS_ENDPOINT_URL_SIGNIN=nobody)
    ran.failed(7, "the sign-in service", "could not be reached")
    assert "assume-helper login" not in ran.stderr


@pytest.mark.parametrize(
    "behaviour",
    [
        status(500, "InternalServerException"),
        status(429, "TooManyRequestsError"),
        html(503),
        html(403),
        body(b"{}", 401),
        html(200),
        body(b""),
        body(b"[]"),
        body(b"{}"),
        body(b'{"accessToken": {}, "expiresIn": 1e300}'),
    ],
    ids=["500", "429", "HTML 503", "HTML 403", "401 of nobody", "HTML", "nothing", "a list", "empty", "no keys"],
)
def test_a_sign_in_service_that_is_out_of_order_is_exit_7_and_the_login_stays(
    scene: Scene, login: ConsoleFile, behaviour: Behaviour
) -> None:
    scene.end_in(-10)
    before = login.path.read_bytes()
    scene.center.always("CreateOAuth2Token", behaviour)
    ran = scene.home.run("get", "role-0")
    ran.failed(7, "the sign-in service")
    assert "assume-helper login" not in ran.stderr
    assert login.path.read_bytes() == before


def test_cached_credentials_are_served_when_a_login_has_expired(scene: Scene, login: ConsoleFile) -> None:
    first = scene.home.get(NAME)
    scene.end_in(300)
    login.change(accessToken=login.read()["accessToken"] | {"expiresAt": "2020-01-01T00:00:00Z"})
    scene.center.end(login, "TOKEN_EXPIRED")
    assert scene.home.get(NAME)["AccessKeyId"] == first["AccessKeyId"]
    wait_for(lambda: scene.asked == 2)
    assert "cached credentials were served" in scene.home.log.read_text()
    scene.home.get("role-0")  # by what is cached of its source


def test_what_is_cached_goes_when_the_user_s_password_has_changed(scene: Scene, login: ConsoleFile) -> None:
    for name in (NAME, "role-0"):
        scene.home.get(name)
    scene.end_in(300)
    scene.center.end(login, "USER_CREDENTIALS_CHANGED")
    for name in ("role-0", NAME):
        scene.home.run("get", name).failed(4, "password or MFA device has changed", "run: assume-helper login dev")
    assert scene.home.entries() == []
    assert scene.asked == 2, "the refresh token is not sent again"


@pytest.mark.parametrize(
    "changes",
    [
        {"refreshToken": None},
        {"clientId": []},
        {"dpopKey": None},
        {"dpopKey": 1},
        {"dpopKey": "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"},
        {"accessToken": None},
    ],
    ids=["no refresh token", "no client", "no key", "a number for a key", "no such key", "no credentials"],
)
def test_a_login_whose_file_lacks_something_is_exit_4_with_the_command(
    scene: Scene, login: ConsoleFile, changes: dict[str, Any]
) -> None:
    scene.end_in(-10)
    login.change(**changes)
    scene.home.run("get", "role-0").failed(4, "run: assume-helper login dev")
    assert scene.center.server.requests == []


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "[" * 100_000], ids=lambda text: text[:2])
def test_a_login_whose_file_is_none_is_exit_4_with_the_command(scene: Scene, login: ConsoleFile, text: str) -> None:
    login.path.write_text(text)
    scene.home.run("get", "role-0").failed(4, "does not hold a login", "run: assume-helper login dev")


def test_botocore_s_crt_extra_is_not_needed(scene: Scene, login: ConsoleFile, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['awscrt'] = None\n")
    scene.home.get("role-0", PYTHONPATH=str(tmp_path))
    assert signers(scene.front) == [keys(login)]
    assert scene.asked == 1
