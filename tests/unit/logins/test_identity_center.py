"""A permission set's credentials: the answer, its checks, and each no of the portal."""

import json
import re
import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from behaviours import body, held, html, lost, reset, status, truncated
from front import free_port
from identity_center import ACCOUNT, REGION, Center, SsoFile
from login_calls import LOG_IN, get, held_lock, limit, permission_set, services
from running import SECRET, Home

from assume_helper.credentials import Answer
from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    SettingFault,
    SourceRefused,
    STSNotConnected,
    STSNotReached,
    STSRefused,
    STSThrottled,
    STSUnavailable,
    UnknownRegion,
)
from assume_helper.logins import identity_center
from assume_helper.profiles import login_record
from assume_helper.profiles.login import LoginService
from assume_helper.system.context import Clock

pytestmark = pytest.mark.usefixtures("renewed_here")
CALL = "GetRoleCredentials"
KEYS = {"accessKeyId": "ASIA", "secretAccessKey": SECRET, "sessionToken": "t"}


@pytest.fixture
def login(center: Center, home: Home) -> SsoFile:
    return center.log_in(home)


def quick(seconds: float = 30) -> tuple[Clock, list[float]]:
    """A clock whose pauses take no time, and the list of them."""
    pauses: list[float] = []
    return Clock(sleep=pauses.append), pauses


def ask(center: Center, home: Home, login: SsoFile, **wanted: Any) -> Answer:
    return get(permission_set(login, services(center), **wanted), home.environ, clock=quick()[0])


def answered(**changes: Any) -> bytes:
    keys = KEYS | {"expiration": int(time.time() + 3600) * 1000} | changes
    return json.dumps({"roleCredentials": {name: value for name, value in keys.items() if value is not None}}).encode()


def test_the_answer_is_the_permission_set_s_with_its_account_and_what_is_left(
    center: Center, home: Home, login: SsoFile
) -> None:
    found = ask(center, home, login)
    assert found.credentials.access_key_id.startswith("ASIA")
    assert found.credentials.expiration == found.expiration
    assert found.expiration is not None
    assert (found.expiration.tzinfo, found.expiration.microsecond) == (UTC, 0)
    assert 3590 <= found.lifetime <= 3600
    assert (found.account_id, found.assumed_role_arn) == (ACCOUNT, None)
    assert abs(found.clock_difference) < 60
    assert (center.calls(CALL), center.malformed) == (1, [])
    secret = found.credentials.secret_access_key
    assert secret not in repr(found)
    assert login.read()["accessToken"] not in repr(found)


def test_a_clock_that_is_off_does_not_shorten_the_session(center: Center, home: Home, login: SsoFile) -> None:
    behind = Clock(now=lambda: time.time() - 1800)
    found = get(permission_set(login, services(center)), home.environ, clock=behind)
    assert found.lifetime == pytest.approx(3600, abs=5)
    assert found.clock_difference == pytest.approx(-1800, abs=5)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<html>Log in</html>", "gave an answer that is not from Identity Center"),
        (b"", "not from"),
        (b"[]", "not from"),
        (b"{}", "not from"),
        (b'{"roleCredentials": 1}', "not from"),
        (b'{"roleCredentials": null}', "not from"),
        (answered(accessKeyId=None), "not from"),
        (answered(secretAccessKey="a b"), "gave credentials that cannot be used"),
        (answered(sessionToken=""), "cannot be used"),
        (answered(sessionToken="x" * 20_000), "cannot be used"),
        (answered(accessKeyId=5), "cannot be used"),
        (answered(expiration=None), "not from"),
        (answered(expiration="2099-01-01T00:00:00Z"), "not from"),
        (answered(expiration=True), "have already expired"),
        (answered(expiration=float("nan")), "not from"),
        (answered(expiration=10**30), "not from"),
        (answered(expiration=1000), "have already expired"),
        (b"x" * 2_000_000, "sent an answer without end"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_an_answer_that_cannot_be_used_is_exit_7(
    center: Center, home: Home, login: SsoFile, data: bytes, said: str
) -> None:
    center.always(CALL, body(data))
    with pytest.raises(STSNotReached, match=said) as caught:
        ask(center, home, login)
    assert caught.value.exit_code == 7
    assert center.calls(CALL) == 3, "it is tried again"
    assert login.path.exists()


@pytest.mark.parametrize("behaviour", [html(), html(302), html(403), html(401), html(407), truncated, lost, reset])
def test_what_the_network_does_is_exit_7_and_tried_again(
    center: Center, home: Home, login: SsoFile, behaviour: Any
) -> None:
    center.once(CALL, behaviour, behaviour)
    ask(center, home, login)
    assert center.calls(CALL) == 3
    center.always(CALL, behaviour)
    with pytest.raises(STSNotReached):
        ask(center, home, login)


@pytest.mark.parametrize(
    ("number", "code", "kind", "said"),
    [
        (500, "InternalServerException", STSUnavailable, "is out of order (HTTP 500)"),
        (503, "", STSNotReached, "is out of order (HTTP 503)"),
    ],
)
def test_a_portal_that_is_out_of_order_is_tried_three_times(
    center: Center, home: Home, login: SsoFile, number: int, code: str, kind: type[AssumeHelperError], said: str
) -> None:
    center.always(CALL, status(number, code, message="no"))
    with pytest.raises(kind, match=re.escape(said)):
        ask(center, home, login)
    assert center.calls(CALL) == 3


def test_a_portal_that_throttles_is_waited_for(center: Center, home: Home, login: SsoFile) -> None:
    center.once(CALL, *[status(429, "TooManyRequestsException", message="slow")] * 5)
    told: list[None] = []
    clock, pauses = quick()
    wanted = permission_set(login, services(center))
    identity_center.credentials(wanted, home.environ, clock, clock.now(), limit(1, 120), lambda: told.append(None))
    assert (len(told), len(pauses)) == (5, 5)
    center.always(CALL, status(429, "TooManyRequestsException"))
    with pytest.raises(STSThrottled, match="throttles"):
        identity_center.credentials(wanted, home.environ, Clock(), 0.0, limit(1, 1), lambda: None)


def test_a_role_that_is_not_assigned_is_tried_once_more_and_is_exit_6(
    center: Center, home: Home, login: SsoFile
) -> None:
    with pytest.raises(STSRefused) as caught:
        ask(center, home, login, role="Admin")
    assert str(caught.value) == (
        f"role Admin of account {ACCOUNT} is not assigned to the login of sso-session corp (ForbiddenException); "
        "correct sso_role_name and sso_account_id of profile dev, or have it assigned"
    )
    assert (caught.value.exit_code, caught.value.cached, caught.value.is_shared) == (6, "deleted", True)
    assert center.calls(CALL) == 2


def test_a_role_that_is_refused_now_and_then_is_given(center: Center, home: Home, login: SsoFile) -> None:
    center.refuse_once()
    ask(center, home, login)
    assert center.calls(CALL) == 2


def test_an_account_that_is_none_is_exit_6(center: Center, home: Home, login: SsoFile) -> None:
    with pytest.raises(STSRefused, match=r"of account 000000000000 is not there for .*\(ResourceNotFound"):
        ask(center, home, login, account="000000000000")
    assert center.calls(CALL) == 2


def test_what_a_profile_says_is_shown_without_control_characters(center: Center, home: Home, login: SsoFile) -> None:
    with pytest.raises(STSRefused) as caught:
        ask(center, home, login, role="a\x1b[31m\nb")
    assert "role a\\x1b[31m\\nb of account" in str(caught.value)


def test_a_value_that_the_portal_does_not_take_is_exit_3_with_the_keys(
    center: Center, home: Home, login: SsoFile
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ask(center, home, login, account="12")
    assert str(caught.value) == (
        "Identity Center does not accept the account 12 or the role ReadOnly (InvalidRequestException); "
        "correct sso_account_id and sso_role_name of profile dev"
    )
    assert caught.value.cached == "kept"


def test_a_token_that_was_revoked_is_exit_4_and_is_not_tried_again(center: Center, home: Home, login: SsoFile) -> None:
    before = login_record.read_record(str(login.path)).number_of(login_record.digest(login.path.read_bytes()))
    center.revoke(login.read()["accessToken"])
    for _ in range(2):
        with pytest.raises(SourceRefused) as caught:
            ask(center, home, login)
        assert str(caught.value) == f"the login of sso-session corp was revoked; run: {LOG_IN}"
        assert (caught.value.exit_code, caught.value.cached) == (4, "deleted")
    assert center.calls(CALL) == 1
    after = login_record.read_record(str(login.path)).number_of(login_record.digest(login.path.read_bytes()))
    assert after != before, "what came of it is not found again"
    ask(center, home, center.log_in(home))


def test_a_token_that_was_replaced_meanwhile_is_asked_with_the_new_one(
    center: Center, home: Home, login: SsoFile
) -> None:
    def logged_in_again(request: Any, proceed: Any) -> Any:
        center.revoke(login.read()["accessToken"])
        center.log_in(home)
        return proceed()

    center.once(CALL, logged_in_again)
    ask(center, home, login)
    assert center.calls(CALL) == 2


@pytest.mark.parametrize("obstacle", ["lock", "folder"])
def test_a_revoked_token_is_told_where_that_cannot_be_noted(
    center: Center, home: Home, login: SsoFile, obstacle: str
) -> None:
    center.revoke(login.read()["accessToken"])
    record = Path(login_record.beside(str(login.path), login_record.RECORD))
    if obstacle == "folder":
        Path(login_record.beside(str(login.path), login_record.LOCK)).mkdir()
        with pytest.raises(SourceRefused, match="was revoked"):
            ask(center, home, login)
    else:
        with held_lock(login), pytest.raises(SourceRefused, match="was revoked"):
            get(permission_set(login, services(center)), home.environ, 1)
    assert not record.exists()


def test_a_login_of_another_region_is_exit_3_and_nothing_goes(center: Center, home: Home) -> None:
    login = center.log_in(home, region="eu-west-1")
    with pytest.raises(ConfigurationError) as caught:
        ask(center, home, login)
    assert str(caught.value) == (
        "sso-session corp has sso_region = us-east-1, and its login is of eu-west-1; "
        f"correct sso_region, or run: {LOG_IN}"
    )
    assert caught.value.cached == "kept"
    assert login_record.read_record(str(login.path)).revoked == ""
    get(permission_set(login, services(center, "eu-west-1")), home.environ)


def test_a_portal_that_hangs_is_given_up_at_the_deadline(center: Center, home: Home, login: SsoFile) -> None:
    release = threading.Event()
    center.always(CALL, held(release))
    try:
        with pytest.raises(STSNotReached, match="gave no answer in time"):
            get(permission_set(login, services(center)), home.environ, 0.5)
    finally:
        release.set()


def test_a_portal_that_is_not_there_is_exit_7(center: Center, home: Home, login: SsoFile) -> None:
    where = services(center, sso=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(STSNotConnected, match="could not be reached: the connection was refused"):
        get(permission_set(login, where), home.environ, clock=quick()[0])


def test_credentials_are_not_sent_unencrypted_elsewhere(center: Center, home: Home, login: SsoFile) -> None:
    with pytest.raises(ConfigurationError, match="credentials would be sent unencrypted"):
        get(permission_set(login, services(center, sso="http://203.0.113.5")), home.environ)


def test_a_bundle_that_is_none_is_said(center: Center, home: Home, login: SsoFile, tmp_path: Path) -> None:
    where = LoginService(REGION, {"sso": center.server.url("sso")}, str(tmp_path / "none.pem"), "ca_bundle")
    with pytest.raises(SettingFault, match=r"the CA bundle .*none.pem is not there; set ca_bundle to a file"):
        get(permission_set(login, where), home.environ)


def test_a_proxy_that_is_none_is_said(
    center: Center, home: Home, login: SsoFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:9")
    with pytest.raises(SettingFault, match=r"(?i:HTTPS_PROXY) is a proxy of the kind socks5"):
        get(permission_set(login, LoginService(REGION)), home.environ)


@pytest.mark.parametrize(
    ("region", "kind", "said"),
    [
        (
            "eu-wset-1",
            UnknownRegion,
            "no Identity Center in eu-wset-1, an unknown region; did you mean eu-west-1",
        ),
        ("eu-west-1", STSNotConnected, "could not be reached: its name is not known"),
        ("not a region", ConfigurationError, "there is no Identity Center in not a region; correct sso_region"),
    ],
)
def test_a_region_that_is_none_is_exit_3_and_a_network_that_is_away_is_exit_7(
    center: Center, home: Home, login: SsoFile, monkeypatch: pytest.MonkeyPatch, region: str,
    kind: type[AssumeHelperError], said: str,
) -> None:  # fmt: skip
    def unknown(*_arguments: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(kind) as caught:
        get(permission_set(login, LoginService(region)), home.environ, clock=quick()[0])
    assert said in str(caught.value)


def test_a_token_with_other_characters_is_never_sent(center: Center, home: Home, login: SsoFile) -> None:
    login.change(accessToken=f"a\r\nx-other: {SECRET}")
    with pytest.raises(AssumeHelperError, match="does not hold a login") as caught:
        ask(center, home, login)
    assert SECRET not in str(caught.value)
    assert center.calls(CALL) == 0


def test_the_session_s_end_is_the_portal_s(center: Center, home: Home, login: SsoFile) -> None:
    at = int(time.time() + 7200)
    center.always(CALL, body(answered(expiration=at * 1000 + 999)))
    assert ask(center, home, login).expiration == datetime.fromtimestamp(at, UTC)
