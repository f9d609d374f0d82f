"""The local Identity Center's portal, through botocore's own clients: what it gives, refuses, and does wrong."""

import contextlib
import functools
import http.client
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from behaviours import answered_after, body, held, html, lost, reset, status, truncated
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError
from front import Call, wait_for
from identity_center import ACCOUNT, ROLE, USER, Center, SsoFile
from json_service import Behaviour
from running import Home
from sdk_calls import client, error, refused
from strict import Strict


def credentials(center: Center, token: str, region: str | None = None, **changes: str) -> Any:
    wanted = {"roleName": ROLE, "accountId": ACCOUNT, "accessToken": token} | changes
    return client(center, "sso", region).get_role_credentials(**wanted)["roleCredentials"]


def sent(center: Center, service: str, method: str, path: str, data: bytes = b"", **headers: str) -> tuple[int, str]:
    """A request as it stands: its status, and the class of its error. The header `t` is the portal's token."""
    names = {"t": "x-amz-sso_bearer_token", "content_type": "Content-Type", "authorization": "Authorization"}
    connection = http.client.HTTPConnection(urlsplit(center.server.url(service)).netloc, timeout=30)
    connection.request(method, path, data, {names[name]: value for name, value in headers.items()})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers.get("x-amzn-errortype", "")


@pytest.fixture
def login(center: Center, home: Home) -> SsoFile:
    return center.log_in(home)


@pytest.fixture
def token(login: SsoFile) -> str:
    found: str = login.read()["accessToken"]
    return found


def test_a_permission_set_gives_other_credentials_at_each_call_and_their_end_in_milliseconds(
    center: Center, token: str
) -> None:
    first, second = (credentials(center, token) for _ in range(2))
    assert all(first[name] != second[name] for name in ("accessKeyId", "secretAccessKey", "sessionToken"))
    end = datetime.fromtimestamp(first["expiration"] / 1000, UTC)
    assert timedelta(minutes=59) < end - datetime.now(UTC) <= timedelta(hours=1)
    assert [keys.access_key_id for keys in center.issuer.given] == [first["accessKeyId"], second["accessKeyId"]]
    assert center.calls("GetRoleCredentials") == 2
    assert center.malformed == []


def test_a_test_can_tell_whose_the_credentials_are(center: Center, home: Home) -> None:
    mine, another_s = (center.log_in(home) for _ in range(2))
    assert mine.path == another_s.path
    credentials(center, another_s.read()["accessToken"])
    assert [keys.login for keys in center.issuer.given] == [another_s.login]


def test_what_it_gives_is_a_session_that_the_local_sts_takes_until_its_end(center: Center, token: str) -> None:
    sts = Strict(Credentials("AKIAUSER", "secret"))
    center.issuer.sts = sts
    center.portal.seconds = 900
    keys = credentials(center, token)
    parameters = {"Action": "AssumeRole", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/dev", "RoleSessionName": "me"}
    assumed = sts(Call(parameters, keys["accessKeyId"], ""))
    assert assumed is not None
    assert assumed.status == 200
    refused_one = sts(Call(parameters, "ASIANOBODY", ""))
    assert refused_one is not None
    assert b"InvalidClientTokenId" in refused_one.body
    too_long = sts(Call(parameters | {"DurationSeconds": "7200"}, keys["accessKeyId"], ""))
    assert too_long is not None
    assert b"role chaining" in too_long.body


@pytest.mark.parametrize(
    "case", ["unknown", "expired", "revoked", "ended", "logged out", "another region", "other scopes"]
)
def test_a_token_that_is_not_good_is_401_unauthorized_in_the_same_words(center: Center, home: Home, case: str) -> None:
    file = center.log_in(
        home,
        expires=-1 if case == "expired" else 3600,
        scopes=("codewhisperer:completions",) if case == "other scopes" else ("sso:account:access",),
    )
    token: str = file.read()["accessToken"]
    match case:
        case "revoked":
            center.revoke(token)
        case "ended":
            center.end(file)
        case "logged out":
            client(center, "sso").logout(accessToken=token)
    response = error(
        lambda: credentials(
            center, f"{token}x" if case == "unknown" else token, "eu-west-1" if case == "another region" else None
        )
    )
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 401
    assert response["Error"] == {"Code": "UnauthorizedException", "Message": "Session token not found or invalid"}
    assert center.malformed == []


def test_a_token_of_another_region_is_good_there_alone(center: Center, home: Home) -> None:
    start_url = "https://y.awsapps.com/start"
    token = center.log_in(home, start_url=start_url, region="eu-west-1").read()["accessToken"]
    credentials(center, token, "eu-west-1")
    assert refused(lambda: credentials(center, token)) == (401, "UnauthorizedException")


def test_a_revoked_token_s_login_can_still_be_renewed(center: Center, login: SsoFile, token: str) -> None:
    center.revoke(token)
    found = login.read()
    answer = client(center, "sso-oidc").create_token(
        clientId=found["clientId"],
        clientSecret=found["clientSecret"],
        grantType="refresh_token",
        refreshToken=found["refreshToken"],
    )
    credentials(center, answer["accessToken"])


def test_a_role_that_is_not_assigned_is_403_until_it_is(center: Center, token: str) -> None:
    assert refused(lambda: credentials(center, token, roleName="Admin")) == (403, "ForbiddenException")
    center.assign(ACCOUNT, "Admin")
    credentials(center, token, roleName="Admin")
    center.unassign(ACCOUNT, "Admin")
    assert refused(lambda: credentials(center, token, roleName="Admin")) == (403, "ForbiddenException")
    credentials(center, token)


@pytest.mark.parametrize(
    ("number", "code"),
    [(403, "ForbiddenException"), (404, "ResourceNotFoundException"), (429, "TooManyRequestsException")],
)
def test_now_and_then_a_call_is_refused_once(center: Center, token: str, number: int, code: str) -> None:
    center.refuse_once(status=number)
    assert refused(lambda: credentials(center, token)) == (number, code)
    credentials(center, token)


def test_an_account_that_is_not_there_is_404_and_one_that_is_none_is_400(center: Center, token: str) -> None:
    assert refused(lambda: credentials(center, token, accountId="0" * 12)) == (404, "ResourceNotFoundException")
    assert refused(lambda: credentials(center, token, accountId="12")) == (400, "InvalidRequestException")


def test_accounts_and_roles_come_in_pages_each_of_which_is_reached_by_the_token_of_the_one_before(
    center: Center, token: str
) -> None:
    accounts = [f"{number:012}" for number in range(100, 350)]
    for account in accounts:
        center.assign(account, *(f"Role{number:03}" for number in range(3)), name=f"name of {account}")
    center.assign("999999999999")  # known, and nothing of it is assigned
    sso = client(center, "sso")
    pages = list(sso.get_paginator("list_accounts").paginate(accessToken=token))
    assert [len(page["accountList"]) for page in pages] == [100, 100, 51]
    found = [account for page in pages for account in page["accountList"]]
    assert [account["accountId"] for account in found] == [*accounts, ACCOUNT]
    assert found[0] == {"accountId": accounts[0], "accountName": f"name of {accounts[0]}",
                        "emailAddress": f"{accounts[0]}@example.com"}  # fmt: skip
    roles = sso.list_account_roles(accessToken=token, accountId=accounts[0], maxResults=2)
    assert [role["roleName"] for role in roles["roleList"]] == ["Role000", "Role001"]
    rest = sso.list_account_roles(accessToken=token, accountId=accounts[0], maxResults=2, nextToken=roles["nextToken"])
    assert rest["roleList"] == [{"roleName": "Role002", "accountId": accounts[0]}]
    assert "nextToken" not in rest
    assert center.calls("ListAccounts") == 3


def test_a_page_s_token_is_good_for_the_same_query_alone(center: Center, home: Home, token: str) -> None:
    other = center.log_in(home, "other").read()["accessToken"]
    center.assign("000000000001", "A", "B", "C")
    center.assign("000000000002", "A", "B", "C")
    sso = client(center, "sso")
    query = {"accessToken": token, "accountId": "000000000001", "maxResults": 2}
    following = sso.list_account_roles(**query)["nextToken"]
    for wrong in ({"accountId": "000000000002"}, {"accessToken": other}, {"maxResults": 1}, {"nextToken": "none"}):
        call = functools.partial(sso.list_account_roles, **{**query, "nextToken": following, **wrong})
        assert refused(call) == (400, "InvalidRequestException")
    listing = {"accessToken": token, "maxResults": 2, "nextToken": following}
    assert refused(lambda: sso.list_accounts(**listing)) == (400, "InvalidRequestException")
    sso.list_account_roles(**query, nextToken=following)


def test_roles_of_an_account_that_is_not_assigned_are_403_and_of_none_404(center: Center, token: str) -> None:
    center.assign("000000000001")
    sso = client(center, "sso")
    assert refused(lambda: sso.list_account_roles(accessToken=token, accountId="000000000001"))[0] == 403
    assert refused(lambda: sso.list_account_roles(accessToken=token, accountId="000000000009"))[0] == 404


def test_a_logout_ends_the_login_with_its_refresh_token(center: Center, login: SsoFile, token: str) -> None:
    client(center, "sso").logout(accessToken=token)
    assert refused(lambda: client(center, "sso").logout(accessToken=token)) == (401, "UnauthorizedException")
    found = login.read()
    again = {
        "clientId": found["clientId"],
        "clientSecret": found["clientSecret"],
        "grantType": "refresh_token",
        "refreshToken": found["refreshToken"],
    }
    assert refused(lambda: client(center, "sso-oidc").create_token(**again)) == (400, "InvalidGrantException")


JSON = "application/json"
SIGNED = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/sso/aws4_request, SignedHeaders=host, Signature=0"
GET = f"/federation/credentials?role_name={ROLE}&account_id={ACCOUNT}"


@pytest.mark.parametrize(
    ("service", "method", "path", "data", "headers", "expected"),
    [
        ("sso", "GET", GET, b"", {}, (401, "UnauthorizedException")),
        ("sso", "GET", "/federation/credentials?account_id=1", b"", {"t": ""}, (400, "InvalidRequestException")),
        ("sso", "GET", GET, b"", {"t": "", "authorization": SIGNED}, (400, "InvalidRequestException")),
        ("sso", "POST", GET, b"", {"t": ""}, (404, "UnknownOperationException")),
        ("sso", "GET", "/logout", b"", {"t": ""}, (404, "UnknownOperationException")),
        ("sso", "GET", "/assignment/accounts?max_result=101", b"", {"t": ""}, (400, "InvalidRequestException")),
        ("sso", "GET", "/assignment/accounts?max_result=0", b"", {"t": ""}, (400, "InvalidRequestException")),
        ("sso", "GET", "/assignment/accounts?max_result=x", b"", {"t": ""}, (400, "InvalidRequestException")),
        ("sso", "POST", "/token", b"{}", {"content_type": JSON}, (404, "UnknownOperationException")),
        ("sso-oidc", "GET", "/token", b"", {}, (404, "UnknownOperationException")),
        ("sso-oidc", "POST", "/token?aws_iam=t", b"{}", {"content_type": JSON}, (404, "UnknownOperationException")),
        ("sso-oidc", "POST", "/token", b"{}", {"content_type": JSON}, (400, "InvalidRequestException")),
        ("sso-oidc", "POST", "/token", b"{", {"content_type": JSON}, (400, "InvalidRequestException")),
        ("sso-oidc", "POST", "/token", b"[]", {"content_type": JSON}, (400, "InvalidRequestException")),
        ("sso-oidc", "POST", "/token", b"grantType=refresh_token",
         {"content_type": "application/x-www-form-urlencoded"}, (400, "InvalidRequestException")),
        ("sso-oidc", "POST", "/token", b'{"clientId": "a", "clientSecret": "b", "grantType": "refresh_token"}',
         {"content_type": "text/plain"}, (400, "InvalidRequestException")),
        ("sso-oidc", "POST", "/client/register", b'{"clientName": 1, "clientType": "public"}',
         {"content_type": JSON}, (400, "InvalidRequestException")),
        ("sso-oidc", "POST", "/client/register", b'{"clientName": "a", "clientType": "public", "scopes": "a"}',
         {"content_type": JSON}, (400, "InvalidRequestException")),
        ("signin", "POST", "/v1/token", b'{"clientId": "other", "grantType": "refresh_token"}',
         {"content_type": JSON}, (400, "ValidationException")),
        ("signin", "GET", "/v1/token", b"", {}, (404, "UnknownOperationException")),
        ("signin", "POST", "/token", b"{}", {"content_type": JSON}, (404, "UnknownOperationException")),
    ],
)  # fmt: skip
def test_a_request_that_is_none_of_the_service_s_is_refused_and_noted(
    center: Center,
    token: str,
    service: str,
    method: str,
    path: str,
    data: bytes,
    headers: dict[str, str],
    expected: tuple[int, str],
) -> None:
    given = {name: value or token for name, value in headers.items()}
    assert sent(center, service, method, path, data, **given) == expected
    assert len(center.malformed) == 1
    assert token not in center.malformed[0]
    assert len(center.server.requests) == 1


def test_what_the_test_asks_for_is_well_formed(center: Center, token: str) -> None:
    assert sent(center, "sso", "GET", GET, t=token) == (200, "")
    assert sent(center, "sso", "GET", f"/region/us-east-1{GET}", t=token) == (200, "")
    assert center.malformed == []


@pytest.mark.parametrize("number", [429, 500, 503])
def test_an_operation_can_be_out_of_order(center: Center, token: str, number: int) -> None:
    center.always("GetRoleCredentials", status(number))
    assert [refused(lambda: credentials(center, token))[0] for _ in range(2)] == [number, number]
    client(center, "sso").list_accounts(accessToken=token)
    center.as_usual("GetRoleCredentials")
    credentials(center, token)


@pytest.mark.parametrize("behaviour", [html(), html(503), body(b"{"), truncated, lost, reset])
def test_an_answer_can_be_none(center: Center, token: str, behaviour: Behaviour) -> None:
    center.once("GetRoleCredentials", behaviour)
    with pytest.raises((BotoCoreError, ClientError, KeyError)):
        credentials(center, token)
    credentials(center, token)
    assert center.calls("GetRoleCredentials") == 2


@pytest.mark.parametrize(("behaviour", "is_spent"), [(truncated, True), (lost, True), (reset, False), (html(), False)])
def test_a_refresh_token_is_spent_though_its_answer_was_lost(
    center: Center, login: SsoFile, behaviour: Behaviour, is_spent: bool
) -> None:
    center.once("CreateToken", behaviour)
    found = login.read()
    call = {
        "clientId": found["clientId"],
        "clientSecret": found["clientSecret"],
        "grantType": "refresh_token",
        "refreshToken": found["refreshToken"],
    }
    oidc = client(center, "sso-oidc")
    with contextlib.suppress(BotoCoreError, ClientError):
        oidc.create_token(**call)
    if is_spent:
        assert refused(lambda: oidc.create_token(**call)) == (400, "InvalidGrantException")
    else:
        oidc.create_token(**call)


@pytest.mark.parametrize("made", [held, answered_after])
def test_a_call_can_be_held_back_while_others_go_on(
    center: Center, token: str, made: Callable[[threading.Event], Behaviour]
) -> None:
    released = threading.Event()
    got: list[Any] = []
    center.once("GetRoleCredentials", made(released))
    waiting = threading.Thread(target=lambda: got.append(credentials(center, token)))
    waiting.start()
    wait_for(lambda: center.calls("GetRoleCredentials") == 1)
    other = credentials(center, token)
    assert got == []
    released.set()
    waiting.join(30)
    assert got[0]["accessKeyId"] != other["accessKeyId"]


def test_one_behaviour_comes_after_the_other(center: Center, token: str) -> None:
    center.once("GetRoleCredentials", status(500), status(429))
    center.always("GetRoleCredentials", status(503))
    assert [refused(lambda: credentials(center, token))[0] for _ in range(3)] == [500, 429, 503]


def test_no_secret_is_in_what_the_services_say_of_themselves(center: Center, home: Home, token: str) -> None:
    console = center.console_log_in(home, USER)
    keys = credentials(center, token)
    said = repr((center.server.requests, center.issuer.given, center.oidc.logins, console, center.signin.logins))
    for secret in (
        token,
        keys["secretAccessKey"],
        keys["sessionToken"],
        console.login.refresh_token,
        console.login.pem(),
    ):
        assert secret not in said
