"""What all kinds of logins share: the exchange, its failures, and the command that logs in again."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import botocore.exceptions as aws
import pytest
from running import SECRET

from assume_helper.credentials import Credentials
from assume_helper.errors import AssumeHelperError, SourceError, SourceExpired, STSNotReached
from assume_helper.logins import console_login, identity_center
from assume_helper.profiles.role import Login
from assume_helper.system import sdk_provider

Providing = Callable[[object], list[object]]
KINDS = [
    (identity_center, Login("me", "sso", (), "/c", "/k", (("sso_region", "eu-west-1"),)), "aws sso login"),
    (console_login, Login("me", "login", (), "/c", "/k"), "aws login"),
]
each_kind = pytest.mark.parametrize(("module", "login", "command"), KINDS, ids=["sso", "console"])


def answer(status: int, code: str = "No") -> aws.ClientError:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return aws.ClientError(response, "GetRoleCredentials")  # type: ignore[arg-type]


def failure(module: object, login: Login) -> AssumeHelperError:
    with pytest.raises(AssumeHelperError) as caught:
        module.credentials(login, 5)  # type: ignore[attr-defined]
    assert str(caught.value).isprintable()
    assert SECRET not in str(caught.value)
    return caught.value


@each_kind
def test_the_token_of_the_profile_s_login_is_exchanged(
    providing: Providing, module: object, login: Login, command: str
) -> None:
    asked = providing(SimpleNamespace(access_key="ASIA", secret_key=SECRET, token="token"))
    assert module.credentials(login, 5) == Credentials("ASIA", SECRET, "token")  # type: ignore[attr-defined]
    assert asked == [login.method, "/c", "/k", "me", dict(login.settings), None]


@each_kind
@pytest.mark.parametrize(
    "result", [None, aws.UnauthorizedSSOTokenError(), RuntimeError("expired"), KeyError("x"), OSError("no such file")]
)
def test_a_token_that_has_expired_or_is_not_there_is_told_with_the_command(
    providing: Providing, module: object, login: Login, command: str, result: object
) -> None:
    providing(result)
    told = failure(module, login)
    assert type(told) is SourceExpired
    assert str(told) == f"the login of profile me has expired, or was never made; run: {command} --profile me"


@each_kind
@pytest.mark.parametrize(
    "result",
    [
        aws.EndpointConnectionError(endpoint_url="x"),
        aws.ReadTimeoutError(endpoint_url="x"),
        answer(500),
        answer(503),
        answer(429),
    ],
)
def test_a_service_that_is_not_reached_is_not_an_expired_login(
    providing: Providing, module: object, login: Login, command: str, result: object
) -> None:
    providing(result)
    told = failure(module, login)
    assert type(told) is STSNotReached
    assert told.message == "the login service of profile me could not be reached"


@each_kind
def test_a_service_that_does_not_answer_is_given_up(
    monkeypatch: pytest.MonkeyPatch, module: object, login: Login, command: str
) -> None:
    monkeypatch.setattr(sdk_provider, "load", lambda *_: threading.Event().wait())
    begun = time.monotonic()
    with pytest.raises(STSNotReached):
        module.credentials(login, 0.1)  # type: ignore[attr-defined]
    assert time.monotonic() - begun < 4


@each_kind
@pytest.mark.parametrize("value", ["", "a b", "a\x1b[31m", 1])
def test_an_access_key_that_no_request_can_carry_is_refused(
    providing: Providing, module: object, login: Login, command: str, value: object
) -> None:
    providing(SimpleNamespace(access_key=value, secret_key=SECRET, token="token"))
    told = failure(module, login)
    assert type(told) is SourceError
    assert told.message == "the login of profile me gave an access key that cannot be used"


@each_kind
def test_the_certificates_of_the_profile_reach_the_login_s_service(
    providing: Providing, module: object, login: Login, command: str, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca.pem"
    trusting = replace(login, ca_bundle=str(bundle))
    asked = providing(SimpleNamespace(access_key="ASIA", secret_key=SECRET, token="token"))
    told = failure(module, trusting)
    assert str(told) == f"the CA bundle {bundle} is not there; correct AWS_CA_BUNDLE, ca_bundle or REQUESTS_CA_BUNDLE"
    assert asked == []
    bundle.touch()
    module.credentials(trusting, 5)  # type: ignore[attr-defined]
    assert asked[-1] == str(bundle)
    providing(aws.SSLError(endpoint_url="x", error=OSError("y")))
    told = failure(module, trusting)
    assert type(told) is STSNotReached
    assert f"certificate of the login service of profile me could not be verified with {bundle}" in str(told)
