"""What an STS call that failed means: each code and fault has one class, one exit code, and says nothing secret."""

import ssl
from typing import Any, NoReturn

import botocore.exceptions as aws
import pytest
from front import Behaviour, Front, denied, error, free_port, html, reset, truncated
from running import SECRET

from assume_helper import sts
from assume_helper.credentials import Clock, Credentials
from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    SourceError,
    SourceExpired,
    STSNotReached,
    STSRefused,
    STSThrottled,
)
from assume_helper.profile import CredentialProcess, EnvironmentKeys, Profile, StaticKeys
from assume_helper.sts_errors import source_name, told_apart

ROLE = "arn:aws:iam::123456789012:role/dev"
BASE = StaticKeys("base", "AKIA", "secret", None)
DEV = Profile("dev", ROLE, BASE, "eu-central-1")


def raising(problem: Exception, profile: Profile = DEV) -> AssumeHelperError:
    """Ours for botocore's."""

    def call() -> NoReturn:
        raise problem

    with pytest.raises(AssumeHelperError) as caught:
        told_apart(call, profile)
    assert caught.value.__suppress_context__
    assert str(caught.value).isprintable()
    return caught.value


def answering(status: int, code: Any, message: Any = "", profile: Profile = DEV) -> AssumeHelperError:
    """Ours for an error that STS answers with."""
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return raising(aws.ClientError(response, "AssumeRole"), profile)


def test_an_answer_is_handed_on() -> None:
    assert told_apart(lambda: {"a": "b"}, DEV) == {"a": "b"}


@pytest.mark.parametrize(
    ("status", "code", "kind", "exit_code", "words"),
    [
        (400, "Throttling", STSThrottled, 7, "throttles (Throttling); wait a minute"),
        (400, "ThrottlingException", STSThrottled, 7, "throttles"),
        (400, "RequestLimitExceeded", STSThrottled, 7, "throttles"),
        (503, "SlowDown", STSThrottled, 7, "throttles"),
        (429, "Anything", STSThrottled, 7, "throttles"),
        (500, "InternalFailure", STSNotReached, 7, "STS in eu-central-1 is out of order (HTTP 500)"),
        (503, "ServiceUnavailable", STSNotReached, 7, "is out of order (HTTP 503)"),
        (400, "RequestTimeout", STSNotReached, 7, "is out of order"),
        (502, "502", STSNotReached, 7, "is out of order (HTTP 502)"),
        (504, "", STSNotReached, 7, "is out of order (HTTP 504)"),
        (403, "", STSNotReached, 7, "gave an answer that is none of STS's"),
        (404, "404", STSNotReached, 7, "gave an answer that is none of STS's (HTTP 404)"),
        (407, "<html>", STSNotReached, 7, "gave an answer that is none of STS's (HTTP 407)"),
        (403, "ExpiredToken", SourceExpired, 4, "the access key of profile base has expired; log in"),
        (403, "ExpiredTokenException", SourceExpired, 4, "has expired"),
        (403, "InvalidClientTokenId", SourceError, 4, "STS does not know the access key of profile base (Invalid"),
        (403, "UnrecognizedClientException", SourceError, 4, "STS does not know"),
        (403, "MissingAuthenticationToken", SourceError, 4, "STS does not know"),
        (403, "SignatureDoesNotMatch", SourceError, 4, "correct its secret access key, or this machine's clock"),
        (400, "IncompleteSignature", SourceError, 4, "does not accept the signature of the access key of profile base"),
        (400, "RequestExpired", SourceError, 4, "this machine's clock"),
        (403, "AccessDenied", STSRefused, 6, f"STS denied AssumeRole on {ROLE} to the access key of profile base; "),
        (403, "AccessDeniedException", STSRefused, 6, "the role's trust policy must name that caller"),
        (403, "RegionDisabledException", STSRefused, 6, "STS in eu-central-1 is not activated for the account"),
        (400, "ValidationError", STSRefused, 6, f"STS refused {ROLE}: ValidationError (ValidationError); correct"),
        (400, "MalformedPolicyDocument", STSRefused, 6, "(MalformedPolicyDocument)"),
        (400, "PackedPolicyTooLarge", STSRefused, 6, "(PackedPolicyTooLarge)"),
        (404, "NoSuchEntity", STSRefused, 6, "(NoSuchEntity)"),
    ],
)
def test_an_error_of_sts_s_has_one_meaning(
    status: int, code: str, kind: type[AssumeHelperError], exit_code: int, words: str
) -> None:
    told = answering(status, code)
    assert type(told) is kind
    assert told.exit_code == exit_code
    assert words in str(told)


@pytest.mark.parametrize(
    ("problem", "kind", "words"),
    [
        (aws.EndpointConnectionError(endpoint_url="x"), STSNotReached, "could not be reached; check the network"),
        (aws.ConnectTimeoutError(endpoint_url="x"), STSNotReached, "gave no answer in time"),
        (aws.ReadTimeoutError(endpoint_url="x"), STSNotReached, "gave no answer in time"),
        (aws.ProxyConnectionError(proxy_url="x"), STSNotReached, "could not be reached through the proxy"),
        (aws.ConnectionClosedError(endpoint_url="x"), STSNotReached, "broke the connection off"),
        (
            aws.SSLError(endpoint_url="x", error=Exception("e")),
            STSNotReached,
            "certificate of STS in eu-central-1 could not be",
        ),
        (aws.SSLError(endpoint_url="x", error=ssl.SSLError()), STSNotReached, "set AWS_CA_BUNDLE (or ca_bundle)"),
        (aws.HTTPClientError(error="e"), STSNotReached, "broke the connection off"),
        (aws.InvalidRegionError(region_name="x"), ConfigurationError, "there is no STS in eu-central-1; correct"),
        (aws.UnknownEndpointError(service_name="sts", region_name="x"), ConfigurationError, "there is no STS"),
        (aws.EndpointProviderError(msg="e"), ConfigurationError, "there is no STS"),
        (aws.ParamValidationError(report="e"), ConfigurationError, "not one that STS takes; check its keys"),
        (aws.BotoCoreError(), STSNotReached, "gave an answer that is none of STS's"),
        (KeyError("Error"), STSNotReached, "gave an answer that is none of STS's"),
        (ValueError("not XML"), STSNotReached, "gave an answer that is none of STS's"),
        (OSError("reset"), STSNotReached, "gave an answer that is none of STS's"),
    ],
)
def test_an_error_of_botocore_s_has_one_meaning(problem: Exception, kind: type[AssumeHelperError], words: str) -> None:
    told = raising(problem)
    assert type(told) is kind
    assert words in str(told)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (reset, STSNotReached, "broke the connection off"),
        (truncated, STSNotReached, ""),
        (html(200), STSNotReached, "gave an answer that is none of STS's"),
        (html(403), STSNotReached, "gave an answer that is none of STS's"),
        (html(511), STSNotReached, "gave an answer that is none of STS's"),
        (denied, STSRefused, f"STS denied AssumeRole on {ROLE} to arn:aws:iam::123456789012:user/sts-user; "),
        (error(403, "ExpiredToken", "The security token is expired"), SourceExpired, "has expired"),
        (error(400, "ValidationError", "1 error: too long"), STSRefused, "1 error: too long (ValidationError)"),
    ],
)
def test_what_comes_over_the_wire_has_the_same_meaning(
    offline_front: Front, fault: Behaviour, kind: type[AssumeHelperError], words: str
) -> None:
    offline_front.behaviour = fault
    told = called(Profile("dev", ROLE, BASE, "us-east-1", endpoint_url=offline_front.url))
    assert type(told) is kind
    assert words in str(told)


def test_nobody_listening_is_not_reached() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    told = called(Profile("dev", ROLE, BASE, "us-east-1", endpoint_url=url))
    assert told.message == f"STS at {url} could not be reached"


def test_a_caller_that_sts_names_is_repeated() -> None:
    caller = "arn:aws:sts::123456789012:assumed-role/hub/me@host"
    told = answering(403, "AccessDenied", f"User: {caller} is not authorized to perform: sts:AssumeRole on x")
    assert told.message == f"STS denied AssumeRole on {ROLE} to {caller}"


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "IncompleteSignature", "InvalidSignatureException"])
def test_a_failed_signature_s_message_is_not_repeated(code: str) -> None:
    canonical = f"The Canonical String should have been 'POST x-amz-security-token:{SECRET * 5}\nhost:sts'"
    told = answering(403, code, canonical)
    assert SECRET not in str(told)
    assert "Canonical" not in str(told)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "ValidationError"),
        (403, "AccessDenied"),
        (403, "InvalidClientTokenId"),
        (403, "ExpiredToken"),
        (400, "Throttling"),
        (500, "InternalFailure"),
        (404, "404"),
    ],
)
@pytest.mark.parametrize(
    "message", [f"token {SECRET}", f"token={SECRET * 10}", f"User: arn:{SECRET} is not authorized"]
)
def test_what_looks_like_a_secret_in_any_message_is_never_repeated(status: int, code: str, message: str) -> None:
    assert SECRET not in str(answering(status, code, message))


def test_a_hostile_message_stays_one_short_printable_line() -> None:
    told = answering(400, "ValidationError", "\x1b[31mred\r\n\u202eback\u2028\x9b" + "word " * 100_000)
    assert len(str(told)) < 1000
    assert "\\x1b[31mred \\u202eback" in str(told)


@pytest.mark.parametrize("code", ["a\x1b[31m", "x" * 100_000, "a b", 5])
def test_a_hostile_code_is_not_repeated(code: object) -> None:
    assert "none of STS's" in str(answering(400, code))


@pytest.mark.parametrize("response", [{}, {"Error": {}}, {"ResponseMetadata": {}}])
def test_an_error_without_anything_in_it_is_no_answer_of_sts_s(response: Any) -> None:
    assert type(raising(aws.ClientError(response, "AssumeRole"))) is STSNotReached


def test_the_endpoint_is_named_where_there_is_one() -> None:
    profile = Profile("dev", ROLE, BASE, "us-east-1", endpoint_url="https://sts.internal")
    assert "STS at https://sts.internal is out of order" in str(answering(500, "", profile=profile))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (BASE, "the access key of profile base"),
        (EnvironmentKeys("AKIA"), "the access key in the environment"),
        (CredentialProcess("other", f"vault {SECRET}"), "the credential_process of profile other"),
        (Profile("hub", ROLE, BASE, "us-east-1"), "the role of profile hub"),
        (StaticKeys("a\x1b[31m", "AKIA", SECRET, SECRET), "the access key of profile a\\x1b[31m"),
    ],
)
def test_whose_credentials_asked_is_named(
    source: StaticKeys | EnvironmentKeys | CredentialProcess | Profile, name: str
) -> None:
    profile = Profile("dev", ROLE, source, "us-east-1")
    assert source_name(profile) == name
    assert str(answering(403, "ExpiredToken", profile=profile)).startswith(f"{name} has expired; ")


def called(profile: Profile) -> AssumeHelperError:
    """What a call for `profile` fails with."""
    clock = Clock(monotonic=lambda: 0.0, sleep=lambda _seconds: None)
    with pytest.raises(AssumeHelperError) as caught:
        sts.assume_role(profile, Credentials("AKIA", "secret"), "me", sts.Deadline(30, 30), clock)
    return caught.value
