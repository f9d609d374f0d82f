"""What an STS call that failed means: each code and fault has one class, one exit code, and says nothing secret."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, NoReturn

import botocore.exceptions as aws
import pytest
from front import Behaviour, Front, denied, error, free_port, html, reset, truncated
from running import SECRET

from assume_helper.credentials import Credentials
from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    SourceError,
    SourceExpired,
    SourceNotKnown,
    STSNotConnected,
    STSNotReached,
    STSRefused,
    STSThrottled,
    UnknownRegion,
)
from assume_helper.profiles.role import (
    CredentialProcess,
    Endpoint,
    EnvironmentKeys,
    Login,
    Metadata,
    MFADevice,
    Origin,
    Profile,
    StaticKeys,
    WebIdentity,
    described,
)
from assume_helper.sts import calls
from assume_helper.sts.failures import translate_errors
from assume_helper.sts.refusals import answered
from assume_helper.system.context import Clock
from assume_helper.system.deadline import Deadline

ROLE = "arn:aws:iam::123456789012:role/dev"
BASE = StaticKeys("base", "AKIA", "secret", None)
DEV = Profile("dev", ROLE, BASE, Endpoint("eu-central-1"))


def raising(problem: Exception, profile: Profile = DEV) -> AssumeHelperError:
    """Ours for botocore's."""

    def call() -> NoReturn:
        raise problem

    with pytest.raises(AssumeHelperError) as caught:
        translate_errors(call, profile, lambda: 0)
    assert caught.value.__suppress_context__
    assert str(caught.value).isprintable()
    return caught.value


def answering(status: int, code: Any, message: Any = "", profile: Profile = DEV) -> AssumeHelperError:
    """Ours for an error that STS answers with."""
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return raising(aws.ClientError(response, "AssumeRole"), profile)


def test_an_answer_is_handed_on() -> None:
    assert translate_errors(lambda: {"a": "b"}, DEV, lambda: 0) == {"a": "b"}


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
        (403, "InvalidClientTokenId", SourceNotKnown, 4, "STS does not know the access key of profile base (Invalid"),
        (403, "UnrecognizedClientException", SourceNotKnown, 4, "STS does not know"),
        (403, "MissingAuthenticationToken", SourceNotKnown, 4, "STS does not know"),
        (403, "SignatureDoesNotMatch", SourceError, 4, "correct its secret access key, or this machine's clock"),
        (400, "IncompleteSignature", SourceError, 4, "does not accept the signature of the access key of profile base"),
        (400, "RequestExpired", SourceError, 4, "this machine's clock"),
        (403, "AccessDenied", STSRefused, 6, f"STS denied AssumeRole on {ROLE} to the access key of profile base; "),
        (403, "AccessDeniedException", STSRefused, 6, "(1) the role's trust policy does not name that caller"),
        (403, "RegionDisabledException", STSRefused, 6, "STS in eu-central-1 is not activated for the account"),
        (400, "ValidationError", STSRefused, 6, f"STS refused {ROLE}: ValidationError (ValidationError); correct"),
        (400, "MalformedPolicyDocument", STSRefused, 6, "(MalformedPolicyDocument); correct session_policy in [dev]"),
        (400, "PackedPolicyTooLarge", STSRefused, 6, "(PackedPolicyTooLarge); correct session_policy, policy_arns and"),
        (400, "IDPCommunicationError", STSNotReached, 7, "is out of order"),
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
        (aws.EndpointConnectionError(endpoint_url="x"), STSNotConnected, "could not be reached; check the network"),
        (aws.ConnectTimeoutError(endpoint_url="x"), STSNotConnected, "gave no answer in time"),
        (aws.ReadTimeoutError(endpoint_url="x"), STSNotReached, "gave no answer in time"),
        (aws.ProxyConnectionError(proxy_url="x"), STSNotConnected, "could not be reached through the proxy"),
        (aws.ConnectionClosedError(endpoint_url="x"), STSNotReached, "broke the connection off"),
        (
            aws.SSLError(endpoint_url="x", error=Exception("e")),
            STSNotConnected,
            "certificate of STS in eu-central-1 could not be",
        ),
        (aws.SSLError(endpoint_url="x", error=ssl.SSLError()), STSNotConnected, "set AWS_CA_BUNDLE (or ca_bundle)"),
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
        (
            denied,
            STSRefused,
            f"STS denied AssumeRole on {ROLE} to arn:aws:iam::123456789012:user/sts-user (the access ",
        ),
        (error(403, "ExpiredToken", "The security token is expired"), SourceExpired, "has expired"),
        (error(400, "ValidationError", "1 error: too long"), STSRefused, "1 error: too long (ValidationError)"),
    ],
)
def test_what_comes_over_the_wire_has_the_same_meaning(
    offline_front: Front, fault: Behaviour, kind: type[AssumeHelperError], words: str
) -> None:
    offline_front.behaviour = fault
    told = called(Profile("dev", ROLE, BASE, Endpoint("us-east-1", endpoint_url=offline_front.url)))
    assert type(told) is kind
    assert words in str(told)


def test_nobody_listening_is_not_reached() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    told = called(Profile("dev", ROLE, BASE, Endpoint("us-east-1", endpoint_url=url)))
    assert told.message == f"STS at {url} could not be reached"


def test_a_caller_that_sts_names_is_repeated() -> None:
    caller = "arn:aws:sts::123456789012:assumed-role/hub/me@host"
    told = answering(403, "AccessDenied", f"User: {caller} is not authorized to perform: sts:AssumeRole on x")
    assert told.message == f"STS denied AssumeRole on {ROLE} to {caller} (the access key of profile base)"


def refused(profile: Profile, message: str = "not authorized") -> str:
    return str(answering(403, "AccessDenied", message, profile))


def test_a_denial_says_where_to_look_the_likeliest_first() -> None:
    said = refused(DEV)
    places = ["trust policy", "set mfa_serial", "set external_id", "permissions boundary"]
    assert sorted(places, key=said.index) == places


def test_a_denial_says_what_the_profile_has_already() -> None:
    device = MFADevice("GAHT12345678")
    assert "the MFA of another device" in refused(replace(DEV, mfa=device))
    assert "the MFA of another device" in refused(replace(DEV, source=replace(DEV, mfa=device)))
    assert "another external_id" in refused(replace(DEV, external_id="an-id"))
    assert "MFA, which this source cannot give" in refused(replace(DEV, source=Metadata("Ec2InstanceMetadata")))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("because no identity-based policy allows the sts:AssumeRole action", ": no identity-based policy allows it; "),
        ("because no permissions boundary allows the sts:AssumeRole action", ": no permissions boundary allows it; "),
        ("with an explicit deny in a service control policy", ": explicit deny in a service control policy; "),
        ("", "to the access key of profile base; "),
    ],
)
def test_the_kind_of_policy_that_sts_names_is_repeated(text: str, reason: str) -> None:
    assert reason in refused(DEV, f"User: arn:aws:iam::1: is not authorized to perform: sts:AssumeRole {text}")


@pytest.mark.parametrize(("right", "key"), [("TagSession", "session_tags"), ("SetSourceIdentity", "source_identity")])
def test_a_denied_right_to_mark_the_session_is_named_with_its_key(right: str, key: str) -> None:
    caller = "arn:aws:iam::123456789012:user/me"
    said = refused(DEV, f"User: {caller} is not authorized to perform: sts:{right} on resource: {ROLE}")
    assert said == (
        f"STS denied {right} on {ROLE} to {caller} (the access key of profile base); the role's trust policy and "
        f"the caller's own policies must allow sts:{right}; or take {key} out"
    )


def test_a_denial_of_another_kind_is_said_in_sts_s_words() -> None:
    said = refused(DEV, "Roles may not be assumed by root accounts.")
    assert "to the access key of profile base: Roles may not be assumed by root accounts.; check" in said
    assert SECRET not in refused(DEV, f"no {SECRET}")


def test_a_denied_web_identity_is_told_of_its_provider_and_of_aud_and_sub() -> None:
    said = refused(
        replace(DEV, source=WebIdentity("/token")), "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    )
    assert "denied AssumeRoleWithWebIdentity" in said
    assert "aud and sub" in said


def test_a_web_identity_that_sts_does_not_know_is_told_of_its_provider() -> None:
    pod = replace(DEV, source=WebIdentity("/token"))
    assert "needs an identity provider" in str(answering(400, "InvalidIdentityToken", profile=pod))
    assert "the provider says that the token is not good" in str(answering(403, "IDPRejectedClaim", profile=pod))


def test_a_denied_mfa_session_is_told_of_get_session_token() -> None:
    session = replace(DEV, mfa=MFADevice("GAHT12345678")).mfa_session
    response: Any = {"Error": {"Code": "AccessDenied", "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    said = str(answered(aws.ClientError(response, "GetSessionToken"), session, 0))  # type: ignore[arg-type]
    assert said.startswith("STS denied GetSessionToken to the access key of profile base; ")


@pytest.mark.parametrize(
    ("behind", "words"),
    [
        (7_500, "this machine's clock is 2 h 5 min behind STS's"),
        (-301, "this machine's clock is 5 min 1 s ahead of STS's"),
        (90_000, "this machine's clock is 1 d 1 h behind STS's"),
        (299, "does not accept the signature"),
        (-299, "does not accept the signature"),
    ],
)
@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "RequestExpired", "InvalidSignatureException"])
def test_a_clock_that_is_off_is_named_with_the_difference(behind: int, words: str, code: str) -> None:
    response: Any = {
        "Error": {"Code": code, "Message": "Signature expired"},
        "ResponseMetadata": {"HTTPStatusCode": 403},
    }
    response["ResponseMetadata"]["HTTPHeaders"] = {"date": format_datetime(datetime.fromtimestamp(behind, UTC))}
    said = answered(aws.ClientError(response, "AssumeRole"), DEV, 0)
    assert type(said) is SourceError
    assert words in str(said)


def test_the_clock_of_sts_is_in_its_text_too() -> None:
    text = "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T001500Z - 5 min.)"
    response: Any = {"Error": {"Code": "SignatureDoesNotMatch", "Message": text}}
    now = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert "clock is 15 min behind STS's" in str(answered(aws.ClientError(response, "AssumeRole"), DEV, now))


def test_an_unknown_region_is_named_with_the_nearest_ones() -> None:
    problem = aws.EndpointConnectionError(endpoint_url="x")
    said = raising(problem, replace(DEV, endpoint=Endpoint("eu-centrl-1")))
    assert type(said) is UnknownRegion
    assert str(said).startswith("there is no STS in eu-centrl-1, a region that is not known; did you mean eu-central-1")
    assert type(raising(problem, replace(DEV, endpoint=Endpoint("eu-central-1")))) is STSNotConnected
    elsewhere = Endpoint("eu-centrl-1", endpoint_url="https://sts.internal")
    assert "https://sts.internal" in str(raising(problem, replace(DEV, endpoint=elsewhere)))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (Login("me", "sso", (), "/c", "/k"), "run: aws sso login --profile me"),
        (Login("a b", "login", (), "/c", "/k"), "run: aws login --profile 'a b'"),
        (BASE, "renew the session token in [base]"),
        (EnvironmentKeys("AKIA"), "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew"),
        (WebIdentity("/token"), "have its writer write a new token"),
    ],
)
def test_an_expired_source_is_told_how_to_renew_it(source: Origin, words: str) -> None:
    assert words in str(answering(403, "ExpiredToken", profile=replace(DEV, source=source)))


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
    profile = Profile("dev", ROLE, BASE, Endpoint("us-east-1", endpoint_url="https://sts.internal"))
    assert "STS at https://sts.internal is out of order" in str(answering(500, "", profile=profile))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (BASE, "the access key of profile base"),
        (EnvironmentKeys("AKIA"), "the access key in the environment"),
        (CredentialProcess("other", f"vault {SECRET}"), "the credential_process of profile other"),
        (Profile("hub", ROLE, BASE, Endpoint("us-east-1")), "the role of profile hub"),
        (StaticKeys("a\x1b[31m", "AKIA", SECRET, SECRET), "the access key of profile a\\x1b[31m"),
    ],
)
def test_whose_credentials_asked_is_named(
    source: StaticKeys | EnvironmentKeys | CredentialProcess | Profile, name: str
) -> None:
    profile = Profile("dev", ROLE, source, Endpoint("us-east-1"))
    assert described(profile.source) == name
    assert str(answering(403, "ExpiredToken", profile=profile)).startswith(f"{name} has expired; ")


def called(profile: Profile) -> AssumeHelperError:
    """What a call for `profile` fails with."""
    clock = Clock(monotonic=lambda: 0.0, sleep=lambda _seconds: None)
    with pytest.raises(AssumeHelperError) as caught:
        calls.assume_role(profile, Credentials("AKIA", "secret"), "me", Deadline(30, 30), clock)
    return caught.value
