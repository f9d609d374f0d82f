"""The client that logs in is registered once, in the AWS CLI's own file; never one for both ways to log in."""

import json
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from behaviours import body, status
from identity_center import SESSION, START_URL, Center, SsoFile, sso_session
from running import Home

from assume_helper.credentials import LoginMethod
from assume_helper.errors import ConfigurationError, STSNotReached, STSThrottled
from assume_helper.logins import client_registration
from assume_helper.logins.client_registration import Client
from assume_helper.logins.start_url import Portal
from assume_helper.profiles import aws_config, login_settings
from assume_helper.profiles.login import IdentityCenterLogin
from assume_helper.system.context import Clock

METHODS: list[LoginMethod] = ["browser", "device"]


def login_of(home: Home, center: Center, **keys: str) -> IdentityCenterLogin:
    home.environ |= center.environ()
    (home.folder / ".aws" / "sso" / "cache").mkdir(parents=True, exist_ok=True)
    home.config.write_text(sso_session(**keys))
    return login_settings.of_session(aws_config.load(home.environ), SESSION, home.environ)


def registered(home: Home, login: IdentityCenterLogin, method: LoginMethod, now: float | None = None) -> Client:
    portal = Portal(login.start_url, login.service.region)
    clock = Clock(now=lambda: time.time() if now is None else now)
    return client_registration.client(login, portal, method, home.environ, clock)


def test_a_client_is_registered_once_and_kept_for_this_user_alone(home: Home, center: Center) -> None:
    login = login_of(home, center)
    first, second = registered(home, login, "browser"), registered(home, login, "browser")
    assert first == replace(second, is_new=True)
    assert not second.is_new
    assert center.calls("RegisterClient") == 1
    held = json.loads(Path(first.path).read_text())
    assert held["grantTypes"] == ["authorization_code", "refresh_token"]
    assert held["clientSecret"] == first.client_secret
    assert first.client_secret not in repr(first)
    assert sys.platform == "win32" or Path(first.path).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("method", METHODS)
def test_what_the_aws_cli_has_registered_is_used(home: Home, center: Center, method: LoginMethod) -> None:
    grants = ("authorization_code", "refresh_token") if method == "browser" else ()
    scopes = ("sso:account:access",)
    file: SsoFile = center.log_in(home, grants=grants, configured_scopes=scopes)
    found = registered(home, login_of(home, center, sso_registration_scopes="sso:account:access"), method)
    assert found.path == str(file.registration)
    assert not found.is_new
    assert center.calls("RegisterClient") == 0


def test_a_session_without_scopes_has_another_file_and_asks_for_access_to_accounts(home: Home, center: Center) -> None:
    file = center.log_in(home, configured_scopes=None)
    found = registered(home, login_of(home, center), "browser")
    assert found.path == str(file.registration)
    assert found.scopes == ("sso:account:access",)


@pytest.mark.parametrize("method", METHODS)
def test_one_registration_never_serves_both_ways(home: Home, center: Center, method: LoginMethod) -> None:
    login = login_of(home, center)
    other: LoginMethod = "device" if method == "browser" else "browser"
    first = registered(home, login, other)
    second = registered(home, login, method)
    assert first.path == second.path
    assert first.client_id != second.client_id
    client = center.oidc.clients["us-east-1", second.client_id]
    assert ("authorization_code" in client.grants) is (method == "browser")
    assert center.malformed == []


@pytest.mark.parametrize("left", [-1, 0, 600])
def test_one_that_has_ended_or_is_about_to_is_not_used(home: Home, center: Center, left: float) -> None:
    login = login_of(home, center)
    first = registered(home, login, "browser")
    assert registered(home, login, "browser", now=first.expires - left).is_new


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"clientId": "x"}',
        '{"clientId": 1, "clientSecret": 2, "expiresAt": "2999-01-01T00:00:00Z"}',
        '{"clientId": "x", "clientSecret": "y", "expiresAt": "never"}',
        '{"clientId": "x", "clientSecret": "y", "expiresAt": "2999-01-01T00:00:00Z", "grantTypes": 5}',
        '{"clientId": "x", "clientSecret": "y", "expiresAt": "2999-01-01T00:00Z", "grantTypes": "authorization_code"}',
        '{"clientId": "x y", "clientSecret": "y", "expiresAt": "2999-01-01T00:00:00Z"}',
    ],
)
def test_a_file_that_is_half_written_or_none_is_replaced(home: Home, center: Center, content: str) -> None:
    login = login_of(home, center)
    path = Path(registered(home, login, "browser").path)
    path.write_text(content)
    assert registered(home, login, "browser").is_new
    assert json.loads(path.read_text())["clientId"]


def test_milliseconds_in_the_end_of_a_registration_are_read(home: Home, center: Center) -> None:
    login = login_of(home, center)
    path = Path(registered(home, login, "browser").path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"expiresAt": "2999-01-01T00:00:00.123Z"}))
    assert not registered(home, login, "browser").is_new


def test_a_folder_that_cannot_be_written_only_costs_the_next_registration(home: Home, center: Center) -> None:
    login = login_of(home, center)
    shutil.rmtree(home.folder / ".aws" / "sso")
    (home.folder / ".aws" / "sso").write_text("a file in place of the folder")
    assert registered(home, login, "browser").is_new


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            {"start_url": "https://other.awsapps.com/start"},
            "does not know the start URL of sso-session corp: https://other",
        ),
        ({"sso_registration_scopes": "sso:nothing"}, "does not know a scope of sso-session corp: sso:nothing"),
    ],
)
def test_what_identity_center_does_not_know_is_the_config(
    home: Home, center: Center, keys: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        registered(home, login_of(home, center, **keys), "browser")


@pytest.mark.parametrize(
    "answer", [{}, {"clientId": "a"}, {"clientId": "a", "clientSecret": "b"},
               {"clientId": "a", "clientSecret": "b c", "clientSecretExpiresAt": 1},
               {"clientId": "a", "clientSecret": "b", "clientSecretExpiresAt": 10**20}],
)  # fmt: skip
def test_an_answer_that_is_none_is_not_kept(home: Home, center: Center, answer: dict[str, object]) -> None:
    center.once("RegisterClient", body(json.dumps(answer).encode()))
    login = login_of(home, center)
    with pytest.raises(STSNotReached):
        registered(home, login, "browser")
    assert not list((home.folder / ".aws" / "sso").glob("**/*.json"))


def test_a_service_that_throttles_is_told_apart(home: Home, center: Center) -> None:
    center.once("RegisterClient", status(429, "TooManyRequestsException"))
    with pytest.raises(STSThrottled):
        registered(home, login_of(home, center), "browser")


def test_the_start_url_is_the_issuer_and_the_redirect_has_no_port(home: Home, center: Center) -> None:
    found = registered(home, login_of(home, center), "browser")
    client = center.oidc.clients["us-east-1", found.client_id]
    assert (client.issuer_url, client.redirect_uris) == (START_URL, ("http://127.0.0.1/oauth/callback",))
