"""A console login's credentials: served from its file, renewed with a proof, and each no of the sign-in service."""

import json
import ssl
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import identity_center
import pytest
import trustme
from behaviours import body, html, lost, reset, status, truncated
from identity_center import ACCOUNT, Center, ConsoleFile
from login_calls import LOG_IN_CONSOLE, console, get, printed, services, start
from running import SECRET, Home

from assume_helper.credentials import Answer
from assume_helper.errors import (
    AssumeHelperError,
    SourceError,
    SourceExpired,
    SourceRefused,
    STSNotReached,
    STSThrottled,
    STSUnavailable,
)
from assume_helper.logins import timestamps
from assume_helper.profiles import login_record
from assume_helper.profiles.login import LoginService
from assume_helper.system.context import Clock

pytestmark = pytest.mark.usefixtures("renewed_here")
CALL = "CreateOAuth2Token"


def ask(center: Center, home: Home, file: ConsoleFile, **more: Any) -> Answer:
    return get(console(file, services(center)), home.environ, **more)


def denied(error: str, kind: str = "AccessDeniedException", number: int = 401, *, header: bool = True) -> Any:
    if header:
        return status(number, kind, error=error, message=f"no {SECRET}")
    return body(json.dumps({"__type": kind, "error": error, "message": "no"}).encode(), number)


@pytest.mark.parametrize(("left", "renewals"), [(890, 0), (480, 0), (420, 1), (30, 1), (-3600, 1)])
def test_credentials_are_renewed_where_too_little_is_left_of_them(
    center: Center, home: Home, left: float, renewals: int
) -> None:
    file = center.console_log_in(home, expires=left)
    before = file.read()["accessToken"]["accessKeyId"]
    found = ask(center, home, file)
    assert center.calls(CALL) == renewals
    assert (found.credentials.access_key_id == before) is not bool(renewals)
    assert (found.lifetime, found.account_id, found.assumed_role_arn) == (900, ACCOUNT, None)
    assert found.expiration is not None
    assert found.expiration.timestamp() == timestamps.parse(file.read()["accessToken"]["expiresAt"])
    assert center.malformed == []


def test_credentials_that_last_longer_say_so(center: Center, home: Home) -> None:
    assert ask(center, home, center.console_log_in(home, expires=3000)).lifetime == pytest.approx(3000, abs=5)


@pytest.mark.parametrize("pkcs8", [True, False])
def test_the_file_is_written_as_the_aws_cli_writes_it(center: Center, home: Home, *, pkcs8: bool) -> None:
    file = center.console_log_in(home, expires=60, pkcs8=pkcs8)
    before = file.read() | {"theirs": [1]}
    before["accessToken"]["more"] = 2
    file.path.write_text(json.dumps(before))
    ask(center, home, file)
    after = file.read()
    assert file.path.read_text() == json.dumps(after)
    assert list(after) == list(before)
    assert {name for name in after if after[name] != before[name]} == {"accessToken", "refreshToken"}
    assert list(after["accessToken"]) == list(before["accessToken"])
    assert after["accessToken"]["accountId"] == ACCOUNT
    if sys.platform != "win32":
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_fields_that_go_leaves_out_are_not_missed_nor_added(center: Center, home: Home) -> None:
    file = center.console_log_in(home, expires=60, omit=("signInRegion", "idToken", "tokenType"))
    file.change(identityToken="id")
    given = file.read()["accessToken"]
    del given["accountId"]
    file.change(accessToken=given)
    found = ask(center, home, file)
    assert found.account_id == ACCOUNT, "the account is in the login session"
    assert set(file.read()) == {"accessToken", "refreshToken", "clientId", "dpopKey", "identityToken"}


@pytest.mark.parametrize("name", ["idToken", "identityToken"])
def test_a_new_id_token_goes_where_the_old_one_was(center: Center, home: Home, name: str) -> None:
    file = center.console_log_in(home, expires=60, omit=("idToken",))
    file.change(**{name: "old"})

    def with_id_token(_request: Any, proceed: Any) -> Any:
        answer = proceed()
        return body(json.dumps(json.loads(answer.body) | {"idToken": "new"}).encode())(_request, proceed)

    center.once(CALL, with_id_token)
    ask(center, home, file)
    assert file.read()[name] == "new"


def test_a_key_without_line_breaks_is_read_as_botocore_reads_it(center: Center, home: Home) -> None:
    file = center.console_log_in(home, expires=60)
    first, *middle, last = file.read()["dpopKey"].splitlines()
    file.change(dpopKey="\n".join((first, "".join(middle), last)))
    ask(center, home, file)


@pytest.mark.parametrize(
    "key", ["nothing", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", "-----BEGIN x\n"]
)
def test_a_key_that_cannot_be_read_is_exit_4_with_the_command(center: Center, home: Home, key: str) -> None:
    file = center.console_log_in(home, expires=-1)
    file.change(dpopKey=key)
    with pytest.raises(SourceExpired, match=f"its dpopKey cannot be read; run: {LOG_IN_CONSOLE}"):
        ask(center, home, file)
    assert center.calls(CALL) == 0


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        ("TOKEN_EXPIRED", SourceExpired, "the login of profile me has expired"),
        ("AUTHCODE_EXPIRED", SourceExpired, "the login of profile me has expired"),
        ("USER_CREDENTIALS_CHANGED", SourceRefused, "the login of profile me was ended: the user's password"),
    ],
)
@pytest.mark.parametrize("number", [400, 401, 403])
@pytest.mark.parametrize("header", [True, False])
def test_a_login_that_has_ended_is_exit_4_and_is_not_asked_again(
    center: Center, home: Home, error: str, kind: type[SourceError], said: str, number: int, *, header: bool
) -> None:
    file = center.console_log_in(home, expires=-1)
    center.always(CALL, denied(error, number=number, header=header))
    before = file.path.read_bytes()
    for _ in range(2):
        with pytest.raises(kind) as caught:
            ask(center, home, file)
        assert type(caught.value) is kind
        assert caught.value.message.startswith(said)
        assert caught.value.next_step == f"run: {LOG_IN_CONSOLE}"
        assert SECRET not in str(caught.value)
    assert center.calls(CALL) == 1
    assert file.path.read_bytes() == before


def test_credentials_that_are_good_serve_a_login_that_has_expired_but_not_one_that_was_ended(
    center: Center, home: Home
) -> None:
    file = center.console_log_in(home, expires=300)
    center.once(CALL, denied("TOKEN_EXPIRED"))
    assert ask(center, home, file).lifetime == 900
    assert ask(center, home, file).lifetime == 900
    assert center.calls(CALL) == 1
    file.change(accessToken=file.read()["accessToken"] | {"expiresAt": timestamps.write(time.time() + 50)})
    center.once(CALL, denied("TOKEN_EXPIRED"))
    with pytest.raises(SourceExpired):
        ask(center, home, file)
    file.change(accessToken=file.read()["accessToken"] | {"expiresAt": timestamps.write(time.time() + 300)})
    center.once(CALL, denied("USER_CREDENTIALS_CHANGED"))
    for _ in range(2):
        with pytest.raises(SourceRefused):
            ask(center, home, file)


def test_a_login_that_may_not_be_renewed_says_the_permission(center: Center, home: Home) -> None:
    file = center.console_log_in(home, expires=-1)
    center.always(CALL, denied("INSUFFICIENT_PERMISSIONS", number=403))
    with pytest.raises(SourceError) as caught:
        ask(center, home, file)
    assert type(caught.value) is SourceError
    assert str(caught.value) == (
        "the login of profile me may not be renewed; allow signin:CreateOAuth2Token to the user who logs in, then run: "
        + LOG_IN_CONSOLE
    )


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (status(500, "InternalServerException", error="server_error"), STSUnavailable),
        (status(429, "TooManyRequestsError", error="INVALID_REQUEST"), STSThrottled),
        (html(503), STSNotReached),
        (status(401), STSNotReached),
        (html(403), STSNotReached),
        (html(), STSNotReached),
        (truncated, STSNotReached),
        (lost, STSNotReached),
        (reset, STSNotReached),
        (body(b"[]"), STSNotReached),
        (body(b'{"accessToken": 1}'), STSNotReached),
        (body(b'{"accessToken": {}, "expiresIn": 1e300}'), STSNotReached),
        (body(b'{"accessToken": {"accessKeyId": "A", "secretAccessKey": "b c", "sessionToken": "d"}, "expiresIn": 900, '
              b'"refreshToken": "r"}'), STSNotReached),
    ],
)  # fmt: skip
def test_a_service_that_gives_no_usable_answer_is_exit_7_and_good_credentials_serve(
    center: Center, home: Home, behaviour: Any, kind: type[AssumeHelperError]
) -> None:
    file = center.console_log_in(home, expires=-1)
    center.once(CALL, behaviour)
    before = file.path.read_bytes()
    with pytest.raises(kind) as caught:
        ask(center, home, file)
    assert type(caught.value) is kind
    assert "the sign-in service at" in str(caught.value)
    assert file.path.read_bytes() == before
    file = center.console_log_in(home, expires=300)
    center.once(CALL, behaviour)
    assert ask(center, home, file).credentials.access_key_id == file.read()["accessToken"]["accessKeyId"]


def test_no_login_is_exit_4_with_the_command(center: Center, home: Home) -> None:
    file = center.console_log_in(home)
    file.path.unlink()
    with pytest.raises(SourceRefused) as caught:
        ask(center, home, file)
    assert str(caught.value) == f"profile me is not logged in; run: {LOG_IN_CONSOLE}"


@pytest.mark.parametrize("lacks", ["accessToken", "refreshToken", "dpopKey", "clientId"])
def test_a_file_without_a_field_that_it_must_have_is_exit_4(center: Center, home: Home, lacks: str) -> None:
    file = center.console_log_in(home, omit=(lacks,))
    with pytest.raises(SourceError, match="does not hold a login"):
        ask(center, home, file)


@pytest.mark.parametrize(
    "changes", [{}, {"accessKeyId": None}, {"expiresAt": "9" * 40}, {"sessionToken": "a b"}], ids=str
)
def test_credentials_that_cannot_be_used_are_renewed(center: Center, home: Home, changes: dict[str, Any]) -> None:
    file = center.console_log_in(home)
    given = file.read()["accessToken"] | changes if changes else {"accountId": ACCOUNT}
    file.change(accessToken={name: value for name, value in given.items() if value is not None})
    ask(center, home, file)
    assert center.calls(CALL) == 1


def test_a_rotation_of_another_tool_during_ours_is_taken(center: Center, home: Home) -> None:
    file = center.console_log_in(home, expires=-1)

    def overtaken(_request: Any, proceed: Any) -> Any:
        center.console_log_in(home)
        return denied("INVALID_REQUEST", "ValidationException", 400)(_request, proceed)

    center.once(CALL, overtaken)
    ask(center, home, file)
    assert center.calls(CALL) == 1
    assert login_record.read_record(str(file.path)).renewal_failure is None


def test_a_refresh_token_that_is_spent_asks_for_a_login(center: Center, home: Home) -> None:
    file = center.console_log_in(home, expires=-1)
    file.change(refreshToken="refresh-of-before")
    for _ in range(2):
        with pytest.raises(SourceExpired) as caught:
            ask(center, home, file)
        assert str(caught.value) == (
            f"the login of profile me has ended, or was renewed elsewhere; run: {LOG_IN_CONSOLE}"
        )
    assert center.calls(CALL) == 1, "behind a URL of one's own there is one service"


def test_processes_at_expiry_make_one_call(center: Center, home: Home) -> None:
    file = center.console_log_in(home, expires=-1)
    running = [start(console(file, services(center)), home, 60) for _ in range(6)]
    found = [printed(process) for process in running]
    assert len({one["key"] for one in found}) == 1, found
    assert center.calls(CALL) == 1
    assert center.malformed == []


@pytest.fixture
def everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Center, str]]:
    """The services at AWS's own addresses, in all regions, behind a proxy; and the certificate that they have."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("*.signin.aws.amazon.com", "*.amazonaws.com").configure_cert(context)
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    with identity_center.serving(intercepting=context) as center:
        monkeypatch.setenv("HTTPS_PROXY", center.server.proxy_url)
        yield center, str(bundle)


@pytest.mark.parametrize(
    ("in_file", "remembered", "profile", "calls"),
    [
        ("eu-west-1", "", "us-east-1", ["eu-west-1"]),
        (None, "eu-west-1", "us-east-1", ["eu-west-1"]),
        (None, "", "eu-west-1", ["eu-west-1"]),
        (None, "", "ap-south-1", ["ap-south-1", "eu-west-1"]),
        (None, "ap-south-1", "eu-west-1", ["ap-south-1", "eu-west-1"]),
        ("ap-south-1", "", "eu-west-1", ["ap-south-1", "eu-west-1"]),
        ("../x", "", "eu-west-1", ["eu-west-1"]),
    ],
)
def test_the_sign_in_region_is_found_and_remembered(
    everywhere: tuple[Center, str], home: Home, monkeypatch: pytest.MonkeyPatch, in_file: str | None, remembered: str,
    profile: str, calls: list[str],
) -> None:  # fmt: skip
    center, bundle = everywhere
    file = center.console_log_in(home, region="eu-west-1", expires=-1)
    file.change(signInRegion=in_file)
    if remembered:
        login_record.write_record(str(file.path), login_record.Record(region=remembered))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    get(console(file, LoginService(profile, {}, bundle, "ca_bundle")), home.environ)
    assert [request.region for request in center.server.requests if request.operation == CALL] == calls
    assert login_record.read_record(str(file.path)).region == "eu-west-1"
    assert file.read().get("signInRegion") == in_file, "it is not added"


def test_a_login_that_no_region_takes_is_over(everywhere: tuple[Center, str], home: Home) -> None:
    center, bundle = everywhere
    file = center.console_log_in(home, region="eu-west-1", expires=-1)
    file.change(signInRegion=None)
    with pytest.raises(SourceExpired, match="has ended, or was renewed elsewhere"):
        get(console(file, LoginService("ap-south-1", {}, bundle, "ca_bundle")), home.environ)
    assert center.calls(CALL) == 2


def test_a_role_s_login_session_has_an_account_too(center: Center, home: Home) -> None:
    session = "arn:aws:sts::999999999999:assumed-role/dev/me"
    file = center.console_log_in(home, session, expires=-1)
    given = file.read()["accessToken"]
    del given["accountId"]
    file.change(accessToken=given)
    found = get(console(file, services(center), session), home.environ)
    assert found.account_id == "999999999999"


def test_the_back_off_after_a_failure_is_over_after_a_while(center: Center, home: Home) -> None:
    file = center.console_log_in(home, expires=400)
    center.always(CALL, status(503))
    for _ in range(2):
        ask(center, home, file)
    assert center.calls(CALL) == 1
    ask(center, home, file, clock=Clock(now=lambda: time.time() + 40))
    assert center.calls(CALL) == 2
