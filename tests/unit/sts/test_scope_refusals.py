"""What STS says to GetScopedCredentials: each code has one meaning, and a next step that helps."""

from typing import Any

import botocore.exceptions as aws
import pytest

from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    SourceExpired,
    SourceNotKnown,
    STSNotReached,
    STSRefused,
    STSThrottled,
)
from assume_helper.profiles.login import IdentityCenterLogin, LoginService, PermissionSet
from assume_helper.profiles.role import Endpoint, Profile
from assume_helper.profiles.scope import Scope
from assume_helper.sts import request
from assume_helper.sts.refusals import refusal

LOGIN = IdentityCenterLogin(
    "https://x.awsapps.com/start", None, "/token.json", "assume-helper login me", LoginService("eu-west-1")
)
PERMISSION_SET = PermissionSet("me", "123456789012", "Reader", LOGIN)
SCOPE = Scope('{"Statement":[]}', None)
ME = Profile("me", None, PERMISSION_SET, Endpoint("eu-west-1"), scope=SCOPE)


def answering(status: int, code: str, said: str = "", seconds: int | None = None) -> AssumeHelperError:
    answer: Any = {"Error": {"Code": code, "Message": said}, "ResponseMetadata": {"HTTPStatusCode": status}}
    asked = request.get_scoped_credentials(ME, SCOPE, seconds)
    return refusal(aws.ClientError(answer, asked.operation), asked, 0)


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (400, "MalformedPolicyDocument", STSRefused, "Said. (MalformedPolicyDocument); correct session_policy in [me]"),
        (400, "PackedPolicyTooLarge", STSRefused, "the session's token is too large"),
        (400, "InsufficientSessionLifetime", STSRefused, "it does not last 60 s more"),
        (400, "InvalidSubjectCredentials", SourceNotKnown, "no session that STS can narrow"),
        (400, "InvalidAction", STSRefused, "STS in eu-west-1 does not know GetScopedCredentials"),
        (404, "UnknownOperationException", STSRefused, "does not know GetScopedCredentials"),
        (400, "ValidationError", STSRefused, "refused to narrow the session of [me]: Said. (ValidationError)"),
        (403, "AccessDenied", STSRefused, "denied GetScopedCredentials to the login of profile me: Said."),
        (403, "ExpiredToken", SourceExpired, "the login of profile me has expired"),
        (403, "InvalidClientTokenId", SourceNotKnown, "STS does not know the login of profile me"),
        (400, "Throttling", STSThrottled, "throttles"),
        (501, "InternalFailure", STSNotReached, "out of order"),
        (404, "", STSNotReached, "not from STS"),
    ],
)
def test_each_code_is_an_error_of_its_own(status: int, code: str, kind: type[AssumeHelperError], words: str) -> None:
    found = answering(status, code, "Said.", 60)
    assert isinstance(found, kind)
    assert words in str(found)


def test_a_refusal_that_names_a_policy_says_whom_to_ask() -> None:
    said = "User: arn:aws:sts::123456789012:assumed-role/r/me is not authorized to perform: sts:GetScopedCredentials "
    found = str(answering(403, "AccessDenied", f"{said}with an explicit deny in a service control policy"))
    assert "explicit deny in a service control policy" in found
    assert "AWS organization" in found


def test_no_secret_and_no_control_character_of_an_answer_is_repeated() -> None:
    found = str(answering(400, "MalformedPolicyDocument", "bad\x1b[31m\n" + "A" * 3000))
    assert found.isprintable()
    assert len(found) < 800


@pytest.mark.parametrize(
    "url", ["https://sts.amazonaws.com", "HTTPS://STS.amazonaws.com/", "https://sts.amazonaws.com:443"]
)
def test_the_global_endpoint_is_never_asked(url: str) -> None:
    profile = Profile("me", None, PERMISSION_SET, Endpoint("eu-west-1", url), scope=SCOPE)
    with pytest.raises(ConfigurationError, match="name a regional one"):
        request.get_scoped_credentials(profile, SCOPE, None)


@pytest.mark.parametrize(
    ("region", "asked"), [("eu-west-1", "eu-west-1"), ("aws-global", "us-east-1"), ("aws-cn-global", "cn-north-1")]
)
def test_a_regional_endpoint_is_asked_whatever_is_set(region: str, asked: str) -> None:
    endpoint = Endpoint(region, sts_regional_endpoints="legacy")
    found = request.get_scoped_credentials(Profile("me", None, PERMISSION_SET, endpoint), SCOPE, None).endpoint
    assert (found.region, found.sts_regional_endpoints) == (asked, "regional")
