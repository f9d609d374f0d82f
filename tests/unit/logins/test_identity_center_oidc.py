"""The local Identity Center's logins, through botocore's own client: in a browser, with a code, renewed, refused."""

import base64
import functools
import hashlib
import secrets
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import browser as page_opener
import pytest
from browser import sent_back, visit
from canned import serving
from front import wait_for
from identity_center import START_URL, Center, SsoFile
from identity_center_oidc import DEVICE_CODE, Login
from running import Home
from sdk_calls import client, error, refused

SCOPES = ["sso:account:access"]
REDIRECT = "http://127.0.0.1/oauth/callback"
WAITING = "http://127.0.0.1:4711/oauth/callback"
BROWSER: dict[str, Any] = {
    "clientName": "botocore-client-corp",
    "clientType": "public",
    "grantTypes": ["authorization_code", "refresh_token"],
    "redirectUris": [REDIRECT],
    "issuerUrl": START_URL,
    "scopes": SCOPES,
}
DEVICE: dict[str, Any] = {"clientName": "botocore-client-corp", "clientType": "public", "scopes": SCOPES}
# Registered without scopes, as for the legacy form: there is no refresh token.
LEGACY: dict[str, Any] = {"clientName": "botocore-client-1", "clientType": "public"}
VERIFIER = secrets.token_urlsafe(48)


def register(center: Center, region: str | None = None, **fields: Any) -> dict[str, str]:
    """A client that is registered with `fields`: its id and its secret."""
    answer = client(center, "sso-oidc", region).register_client(**fields)
    return {name: answer[name] for name in ("clientId", "clientSecret")}


def page(center: Center, registered: dict[str, str], **changes: str | None) -> str:
    """The URL that a browser opens; parameters that are None are left out."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": registered["clientId"],
        "redirect_uri": WAITING,
        "state": "state-1",
        "code_challenge_method": "S256",
        "code_challenge": challenge,
        "scopes": " ".join(SCOPES),
    } | changes
    wanted = {name: value for name, value in query.items() if value is not None}
    return f"{center.server.url('sso-oidc')}/authorize?{urlencode(wanted)}"


def exchange(center: Center, registered: dict[str, str], region: str | None = None, **fields: str) -> Any:
    return client(center, "sso-oidc", region).create_token(**{**registered, **fields})


def with_code(center: Center, registered: dict[str, str], code: str, /, **changes: str) -> Any:
    fields = {"grantType": "authorization_code", "code": code, "codeVerifier": VERIFIER, "redirectUri": WAITING}
    return exchange(center, registered, **{**fields, **changes})


def poll(center: Center, registered: dict[str, str], device_code: str) -> Any:
    return exchange(center, registered, grantType=DEVICE_CODE, deviceCode=device_code)


def start(center: Center, registered: dict[str, str], start_url: str = START_URL, region: str | None = None) -> Any:
    return client(center, "sso-oidc", region).start_device_authorization(**registered, startUrl=start_url)


def renew(center: Center, registered: dict[str, str], token: str, region: str | None = None) -> Any:
    return exchange(center, registered, region, grantType="refresh_token", refreshToken=token)


class Clock:
    """A clock that the test moves on."""

    def __init__(self) -> None:
        self.time = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def move(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock(center: Center) -> Clock:
    clock = Clock()
    center.now = clock
    return clock


@pytest.fixture
def browser(center: Center) -> dict[str, str]:
    """A client for logins in a browser."""
    return register(center, **BROWSER)


@pytest.fixture
def device(center: Center) -> dict[str, str]:
    """A client for logins with a code."""
    return register(center, **DEVICE)


def test_a_browser_is_sent_back_to_any_port_with_a_code_that_is_good_once(
    center: Center, browser: dict[str, str]
) -> None:
    location = visit(page(center, browser))
    back = sent_back(location)
    assert location.startswith(f"{WAITING}?")
    assert back == {"code": back["code"], "state": "state-1"}
    answer = with_code(center, browser, back["code"])
    client(center, "sso").list_accounts(accessToken=answer["accessToken"])
    renew(center, browser, answer["refreshToken"])
    assert refused(lambda: with_code(center, browser, back["code"])) == (400, "InvalidGrantException")
    assert center.calls("/authorize") == 1
    assert center.malformed == []


@pytest.mark.parametrize(
    "changes",
    [
        {"codeVerifier": secrets.token_urlsafe(48)},
        {"codeVerifier": "short"},
        {"redirectUri": "http://127.0.0.1:4712/oauth/callback"},
        {"redirectUri": REDIRECT},
    ],
)
def test_a_code_with_another_verifier_or_redirect_is_refused_and_spent(
    center: Center, browser: dict[str, str], changes: dict[str, str]
) -> None:
    code = sent_back(visit(page(center, browser)))["code"]
    assert refused(lambda: with_code(center, browser, code, **changes)) == (400, "InvalidGrantException")
    assert refused(lambda: with_code(center, browser, code)) == (400, "InvalidGrantException")


@pytest.mark.parametrize("verifier", ["a" * 42, "a" * 129])
def test_a_verifier_has_43_to_128_characters(center: Center, browser: dict[str, str], verifier: str) -> None:
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    code = sent_back(visit(page(center, browser, code_challenge=challenge)))["code"]
    assert refused(lambda: with_code(center, browser, code, codeVerifier=verifier)) == (400, "InvalidGrantException")


def test_a_browser_that_a_program_opens_brings_the_code_to_who_waits_for_it(
    center: Center, browser: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", page_opener.variable()["BROWSER"])
    with serving(lambda _asked: (200, b"You can close this page.")) as waiting:
        redirect = f"{waiting.url}/oauth/callback"
        opener = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"
        subprocess.run([sys.executable, "-c", opener, page(center, browser, redirect_uri=redirect)], check=True)
    (asked,) = waiting.asked
    assert asked.path.startswith("/oauth/callback?")
    back = sent_back(asked.path)
    assert back["state"] == "state-1"
    with_code(center, browser, back["code"], redirectUri=redirect)


@pytest.mark.parametrize("left_out", ["code", "codeVerifier", "redirectUri"])
def test_a_code_s_exchange_needs_all_that_the_flow_has(center: Center, browser: dict[str, str], left_out: str) -> None:
    code = sent_back(visit(page(center, browser)))["code"]
    assert refused(lambda: with_code(center, browser, code, **{left_out: ""})) == (400, "InvalidRequestException")
    assert center.malformed == [f"sso-oidc POST /token: {left_out} missing"]
    with_code(center, browser, code)


def test_a_code_of_another_client_is_refused_and_not_spent(center: Center, browser: dict[str, str]) -> None:
    code = sent_back(visit(page(center, browser)))["code"]
    other = register(center, **BROWSER)
    assert refused(lambda: with_code(center, other, code)) == (400, "InvalidGrantException")
    with_code(center, browser, code)


def test_a_code_ends_after_ten_minutes(center: Center, clock: Clock) -> None:
    browser = register(center, **BROWSER)
    code = sent_back(visit(page(center, browser)))["code"]
    clock.move(600)
    assert refused(lambda: with_code(center, browser, code)) == (400, "ExpiredTokenException")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": f"{'a' * 43}="}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"scopes": None}, "invalid_scope"),
        ({"scopes": "codewhisperer:completions"}, "invalid_scope"),
    ],
)
def test_a_page_that_is_not_asked_for_right_sends_the_browser_back_with_an_error(
    center: Center, browser: dict[str, str], changes: dict[str, str | None], problem: str
) -> None:
    back = sent_back(visit(page(center, browser, **changes)))
    assert back == {"error": problem} | ({} if "state" in changes else {"state": "state-1"})


def test_a_person_who_says_no_sends_the_browser_back_with_an_error(center: Center, browser: dict[str, str]) -> None:
    center.oidc.approves = False
    assert sent_back(visit(page(center, browser))) == {"error": "access_denied", "state": "state-1"}


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"redirect_uri": "http://127.0.0.1:4711/other"},
        {"redirect_uri": "http://localhost:4711/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1.example.com/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1:x/oauth/callback"},
        {"redirect_uri": "http://me@127.0.0.1:4711/oauth/callback"},
        {"redirect_uri": "https://127.0.0.1:4711/oauth/callback"},
        {"redirect_uri": None},
    ],
    ids=str,
)
def test_a_page_for_another_client_or_redirect_leads_nowhere(
    center: Center, browser: dict[str, str], changes: dict[str, str | None]
) -> None:
    with pytest.raises(AssertionError, match="400"):
        visit(page(center, browser, **changes))


def test_a_code_is_polled_for_until_the_person_says_yes(center: Center, clock: Clock, device: dict[str, str]) -> None:
    begun = start(center, device)
    assert (begun["expiresIn"], begun["interval"]) == (600, 5)
    assert begun["verificationUriComplete"] == f"{begun['verificationUri']}?user_code={begun['userCode']}"
    for _ in range(2):
        assert refused(lambda: poll(center, device, begun["deviceCode"])) == (400, "AuthorizationPendingException")
        clock.move(5)
    center.approve(begun["userCode"])
    answer = poll(center, device, begun["deviceCode"])
    client(center, "sso").list_accounts(accessToken=answer["accessToken"])
    renew(center, device, answer["refreshToken"])
    assert refused(lambda: poll(center, device, begun["deviceCode"])) == (400, "InvalidGrantException")


def test_who_polls_too_fast_is_to_wait_five_seconds_more(center: Center, clock: Clock) -> None:
    device = register(center, **DEVICE)
    begun = start(center, device)
    asked = functools.partial(poll, center, device, begun["deviceCode"])
    assert refused(asked)[1] == "AuthorizationPendingException"
    clock.move(4.9)
    assert refused(asked) == (400, "SlowDownException")
    center.approve(begun["userCode"])
    clock.move(9.9)
    assert refused(asked) == (400, "SlowDownException")
    clock.move(15)
    asked()


def test_a_person_who_says_no_is_access_denied_and_the_code_is_over(center: Center, device: dict[str, str]) -> None:
    center.oidc.interval = 0
    begun = start(center, device)
    center.deny(begun["userCode"])
    response = error(lambda: poll(center, device, begun["deviceCode"]))
    assert (response["Error"]["Code"], response["error"]) == ("AccessDeniedException", "access_denied")
    assert refused(lambda: poll(center, device, begun["deviceCode"])) == (400, "InvalidGrantException")


def test_a_device_s_code_ends_after_ten_minutes(center: Center, clock: Clock) -> None:
    device = register(center, **DEVICE)
    begun = start(center, device)
    center.approve(begun["userCode"])
    clock.move(600)
    assert refused(lambda: poll(center, device, begun["deviceCode"])) == (400, "ExpiredTokenException")


def test_a_device_s_code_of_another_client_is_refused(center: Center, device: dict[str, str]) -> None:
    begun = start(center, device)
    other = register(center, **DEVICE)
    assert refused(lambda: poll(center, other, begun["deviceCode"])) == (400, "InvalidGrantException")
    assert refused(lambda: poll(center, device, "none")) == (400, "InvalidGrantException")


def test_a_client_of_one_flow_is_refused_in_the_other(
    center: Center, browser: dict[str, str], device: dict[str, str]
) -> None:
    unauthorized = (400, "UnauthorizedClientException")
    assert refused(lambda: start(center, browser)) == unauthorized
    begun = start(center, device)
    center.approve(begun["userCode"])
    assert refused(lambda: poll(center, browser, begun["deviceCode"])) == unauthorized
    code = sent_back(visit(page(center, browser)))["code"]
    assert refused(lambda: with_code(center, device, code)) == unauthorized
    with pytest.raises(AssertionError, match="400"):
        visit(page(center, device))


def test_without_scopes_there_is_no_refresh_token_and_the_token_is_good_all_the_same(center: Center) -> None:
    legacy = register(center, **LEGACY)
    begun = start(center, legacy)
    center.approve(begun["userCode"])
    answer = poll(center, legacy, begun["deviceCode"])
    assert "refreshToken" not in answer
    client(center, "sso").list_accounts(accessToken=answer["accessToken"])


def test_a_client_that_was_not_registered_for_refresh_tokens_gets_none(center: Center, home: Home) -> None:
    browser = register(center, **BROWSER | {"grantTypes": ["authorization_code"]})
    assert "refreshToken" not in with_code(center, browser, sent_back(visit(page(center, browser)))["code"])
    token = center.log_in(home).read()["refreshToken"]
    assert refused(lambda: renew(center, browser, token)) == (400, "UnauthorizedClientException")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"clientType": "confidential"}, "InvalidClientMetadataException"),
        ({"grantTypes": ["password"]}, "UnsupportedGrantTypeException"),
        ({"grantTypes": []}, "InvalidRequestException"),
        ({"redirectUris": []}, "InvalidRedirectUriException"),
        ({"redirectUris": ["http://127.0.0.1:4711/oauth/callback"]}, "InvalidRedirectUriException"),
        ({"redirectUris": ["https://127.0.0.1/oauth/callback"]}, "InvalidRedirectUriException"),
        ({"redirectUris": ["http://localhost/oauth/callback"]}, "InvalidRedirectUriException"),
        ({"redirectUris": ["http://example.com/oauth/callback"]}, "InvalidRedirectUriException"),
        ({"issuerUrl": "https://other.awsapps.com/start"}, "InvalidRequestException"),
        ({"scopes": ["sso:everything"]}, "InvalidScopeException"),
    ],
)
def test_a_client_that_cannot_be_is_not_registered(center: Center, changes: dict[str, Any], expected: str) -> None:
    assert refused(lambda: register(center, **BROWSER | changes)) == (400, expected)
    assert center.oidc.clients == {}


def test_a_start_url_that_is_not_known_in_the_region_is_refused(center: Center, device: dict[str, str]) -> None:
    assert refused(lambda: start(center, device, "https://other.awsapps.com/start"))[1] == "InvalidRequestException"
    abroad = register(center, "eu-west-1", **DEVICE)
    assert refused(lambda: start(center, abroad, region="eu-west-1")) == (400, "InvalidRequestException")


def test_a_client_is_known_in_its_region_with_its_secret_until_its_end(center: Center, clock: Clock) -> None:
    device = register(center, **DEVICE)
    invalid = (401, "InvalidClientException")
    assert refused(lambda: start(center, device, region="eu-west-1")) == invalid
    assert refused(lambda: start(center, device | {"clientSecret": "x"})) == invalid
    assert refused(lambda: start(center, device | {"clientId": "x"})) == invalid
    start(center, device)
    clock.move(90 * 86400)
    assert refused(lambda: start(center, device)) == invalid


def test_a_grant_that_is_none_is_unsupported(center: Center, device: dict[str, str]) -> None:
    assert refused(lambda: exchange(center, device, grantType="password")) == (400, "UnsupportedGrantTypeException")


def registered(file: SsoFile) -> dict[str, str]:
    """The client of a login, as its file says."""
    return {name: file.read()[name] for name in ("clientId", "clientSecret")}


def test_a_refresh_token_is_good_once_and_rotates(center: Center, home: Home) -> None:
    file = center.log_in(home)
    answer = renew(center, registered(file), file.read()["refreshToken"])
    assert answer["refreshToken"] != file.read()["refreshToken"]
    assert (answer["tokenType"], answer["expiresIn"]) == ("Bearer", 3600)
    client(center, "sso").list_accounts(accessToken=answer["accessToken"])
    response = error(lambda: renew(center, registered(file), file.read()["refreshToken"]))
    headers = response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amzn-errortype"], response["error"]) == ("InvalidGrantException", "invalid_grant")
    renew(center, registered(file), answer["refreshToken"])


def test_of_many_who_renew_at_once_one_gets_a_token(
    center: Center, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = center.log_in(home)
    token = file.read()["refreshToken"]
    rotate = center.oidc._rotate

    def rotated(login: Login) -> None:
        wait_for(lambda: center.calls("CreateToken") == 8)
        rotate(login)

    monkeypatch.setattr(center.oidc, "_rotate", rotated)

    def tried(_number: int) -> str:
        try:
            return str(renew(center, registered(file), token)["tokenType"])
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is shown
            return type(problem).__name__

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(tried, range(8)))
    assert outcomes == ["Bearer", *["InvalidGrantException"] * 7]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("client of another login", (400, "InvalidGrantException")),
        ("expired registration", (401, "InvalidClientException")),
        ("another region", (401, "InvalidClientException")),
        ("ended", (400, "InvalidGrantException")),
        ("over", (400, "InvalidGrantException")),
        ("none", (400, "InvalidRequestException")),
    ],
)
def test_a_login_that_cannot_be_renewed_is_refused(
    center: Center, clock: Clock, home: Home, case: str, expected: tuple[int, str]
) -> None:
    file = center.log_in(home, registration_expires=60 if case == "expired registration" else 90 * 86400)
    token = file.read()["refreshToken"]
    by = center.log_in(home, "other") if case == "client of another login" else file
    if case == "ended":
        center.end(file)
    clock.move({"expired registration": 60, "over": 8 * 3600}.get(case, 0))
    region = "eu-west-1" if case == "another region" else None
    call: Callable[[], object] = lambda: renew(center, registered(by), "" if case == "none" else token, region)  # noqa: E731
    assert refused(call) == expected
