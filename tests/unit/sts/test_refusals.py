"""STS's error answers: each code has one meaning, one class and one exit code, and nothing secret is repeated."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import botocore.exceptions as aws
import pytest
from running import SECRET

from assume_helper.credentials import WebIdentityToken
from assume_helper.errors import (
    AssumeHelperError,
    MFACodeRefused,
    SourceError,
    SourceExpired,
    SourceNotKnown,
    STSNotReached,
    STSRefused,
    STSThrottled,
    STSUnavailable,
)
from assume_helper.profiles.login import ConsoleLogin, IdentityCenterLogin, LoginService, PermissionSet
from assume_helper.profiles.origin import (
    CredentialProcess,
    EnvironmentKeys,
    Metadata,
    MFADevice,
    Origin,
    StaticKeys,
    WebIdentity,
)
from assume_helper.profiles.role import Endpoint, Profile
from assume_helper.sts import request
from assume_helper.sts.refusals import refusal
from assume_helper.sts.request import Request

ROLE = "arn:aws:iam::123456789012:role/dev"
BASE = StaticKeys("base", "AKIA", "secret", None)
DEV = Profile("dev", ROLE, BASE, Endpoint("eu-central-1"))
TOKEN = WebIdentityToken("a.b.c")
SERVICE = LoginService("eu-west-1")
PERMISSION_SET = PermissionSet(
    "me",
    "123456789012",
    "Reader",
    IdentityCenterLogin("https://x.awsapps.com/start", None, "/token.json", "assume-helper login me", SERVICE),
)
CONSOLE_LOGIN = ConsoleLogin(
    "a b", "arn:aws:iam::123456789012:user/me", "/token.json", "assume-helper login 'a b'", SERVICE
)


def requesting(profile: Profile) -> Request:
    token = TOKEN if isinstance(profile.source, WebIdentity) else None
    return request.assume_role(profile, "me", token=token)


def answering(status: int, code: Any, message: Any = "", profile: Profile = DEV) -> AssumeHelperError:
    """Ours for an error that STS answers with."""
    return refused_with(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},
        requesting(profile),
    )


def refused_with(response: Any, asked: Request, now: float = 0) -> AssumeHelperError:
    told = refusal(aws.ClientError(response, asked.operation), asked, now)
    assert str(told).isprintable()
    return told


@pytest.mark.parametrize(
    ("status", "code", "kind", "exit_code", "words"),
    [
        (400, "Throttling", STSThrottled, 7, "throttles (Throttling); wait a minute"),
        (400, "ThrottlingException", STSThrottled, 7, "throttles"),
        (400, "RequestLimitExceeded", STSThrottled, 7, "throttles"),
        (503, "SlowDown", STSThrottled, 7, "throttles"),
        (429, "Anything", STSThrottled, 7, "throttles"),
        (500, "InternalFailure", STSUnavailable, 7, "STS in eu-central-1 is out of order (HTTP 500)"),
        (503, "ServiceUnavailable", STSUnavailable, 7, "is out of order (HTTP 503)"),
        (400, "RequestTimeout", STSUnavailable, 7, "is out of order"),
        (502, "502", STSNotReached, 7, "is out of order (HTTP 502)"),
        (504, "", STSNotReached, 7, "is out of order (HTTP 504)"),
        (403, "", STSNotReached, 7, "gave an answer that is not from STS"),
        (404, "404", STSNotReached, 7, "gave an answer that is not from STS (HTTP 404)"),
        (407, "<html>", STSNotReached, 7, "gave an answer that is not from STS (HTTP 407)"),
        (403, "ExpiredToken", SourceExpired, 4, "the access key of profile base has expired; log in"),
        (403, "ExpiredTokenException", SourceExpired, 4, "has expired"),
        (403, "InvalidClientTokenId", SourceNotKnown, 4, "STS does not know the access key of profile base (Invalid"),
        (403, "UnrecognizedClientException", SourceNotKnown, 4, "STS does not know"),
        (403, "MissingAuthenticationToken", SourceNotKnown, 4, "STS does not know"),
        (403, "SignatureDoesNotMatch", SourceError, 4, "correct its secret access key, or this machine's clock"),
        (400, "IncompleteSignature", SourceError, 4, "does not accept the signature of the access key of profile base"),
        (400, "RequestExpired", SourceError, 4, "this machine's clock"),
        (403, "AccessDenied", STSRefused, 6, f"STS denied AssumeRole on {ROLE} to the access key of profile base; "),
        (403, "AccessDeniedException", STSRefused, 6, "check the role's trust policy: it must name this caller"),
        (403, "RegionDisabledException", STSRefused, 6, "STS in eu-central-1 is not activated for the account"),
        (403, "OptInRequired", STSRefused, 6, "STS in eu-central-1 is not activated for the account"),
        (400, "ValidationError", STSRefused, 6, f"STS refused {ROLE}: ValidationError (ValidationError); correct"),
        (400, "MalformedPolicyDocument", STSRefused, 6, "(MalformedPolicyDocument); correct session_policy in [dev]"),
        (400, "PackedPolicyTooLarge", STSRefused, 6, "(PackedPolicyTooLarge); correct session_policy, policy_arns and"),
        (400, "IDPCommunicationError", STSUnavailable, 7, "could not reach the identity provider of"),
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
    assert "MFA (of another device" in refused(replace(DEV, mfa=device))
    assert "MFA (of another device" in refused(replace(DEV, source=replace(DEV, mfa=device)))
    assert "another external_id" in refused(replace(DEV, external_id="an-id"))
    assert "MFA (this source cannot give it)" in refused(replace(DEV, source=Metadata("Ec2InstanceMetadata")))


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
        f"STS denied {right} on {ROLE} to {caller} (the access key of profile base); allow sts:{right} in the role's "
        f"trust policy and the caller's policies, or remove {key}"
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
    assert "its aud and its sub" in said


def test_a_web_identity_that_sts_does_not_know_is_told_of_its_provider() -> None:
    pod = replace(DEV, source=WebIdentity("/token"))
    assert "register its issuer in IAM" in str(answering(400, "InvalidIdentityToken", profile=pod))
    assert "get another token" in str(answering(403, "IDPRejectedClaim", profile=pod))


def test_a_denied_mfa_session_is_told_of_get_session_token() -> None:
    session = replace(DEV, mfa=MFADevice("GAHT12345678")).user_session
    assert session is not None
    response = {"Error": {"Code": "AccessDenied", "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    said = str(refused_with(response, request.get_session_token(session, "123456")))
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
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=behind)
    response["ResponseMetadata"]["HTTPHeaders"] = {"date": format_datetime(at)}
    said = refused_with(response, requesting(DEV))
    assert type(said) is SourceError
    assert words in str(said)


def test_the_clock_of_sts_is_in_its_text_too() -> None:
    text = "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T001500Z - 5 min.)"
    response: Any = {"Error": {"Code": "SignatureDoesNotMatch", "Message": text}}
    now = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert "clock is 15 min behind STS's" in str(refused_with(response, requesting(DEV), now))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (PERMISSION_SET, "run: assume-helper login me"),
        (CONSOLE_LOGIN, "run: assume-helper login 'a b'"),
        (Profile("me", None, PERMISSION_SET, DEV.endpoint), "run: assume-helper login me"),
        (Profile("a b", None, CONSOLE_LOGIN, DEV.endpoint), "run: assume-helper login 'a b'"),
        (BASE, "renew the session token in [base]"),
        (EnvironmentKeys("AKIA"), "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew"),
        (WebIdentity("/token"), "have its issuer write a new token"),
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
    assert "not from STS" in str(answering(400, code))


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
    assert str(answering(403, "ExpiredToken", profile=profile)).startswith(f"{name} has expired; ")


def test_a_device_that_is_not_the_caller_s_is_named() -> None:
    text = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number."
    asked = request.assume_role(replace(DEV, mfa=MFADevice("GAHT12345678")), "me", code="123456")
    response = {"Error": {"Code": "AccessDenied", "Message": text}}
    said = str(refused_with(response, asked))
    assert said.startswith("STS knows no MFA device GAHT12345678 of the access key of profile base; correct mfa_serial")


def test_a_refused_code_is_of_its_device() -> None:
    text = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
    asked = request.assume_role(replace(DEV, mfa=MFADevice("GAHT12345678")), "me", code="654321")
    told = refused_with({"Error": {"Code": "AccessDenied", "Message": text}}, asked)
    assert type(told) is MFACodeRefused
    assert told.message == "STS refused the MFA code of GAHT12345678"
    assert "654321" not in str(told)


def test_a_refused_identity_is_not_taken_for_a_refused_role() -> None:
    asked = request.get_caller_identity(Endpoint("us-east-1"), BASE)
    told = refused_with({"Error": {"Code": "ValidationError", "Message": "no"}}, asked)
    assert str(told) == "STS refused GetCallerIdentity: no (ValidationError); check the endpoint"


@pytest.mark.parametrize("operation", ["AssumeRole", "GetSessionToken"])
@pytest.mark.parametrize("code", ["AccessDenied", "ValidationError", "ExpiredToken", "RequestExpired", "Throttling"])
def test_a_refusal_without_names_is_short(operation: str, code: str) -> None:
    asked = Request(operation, DEV.endpoint, requesting(DEV).source, {}, "dev")
    told = refused_with({"Error": {"Code": code, "Message": ""}}, asked)
    assert len(told.next_step) <= 200
    assert len(told.message) <= 200


# The kind of policy that denies.

DENIED = "User: arn:aws:iam::123456789012:user/me is not authorized to perform: sts:AssumeRole on resource: x "
SCP = "arn:aws:organizations::111122223333:policy/o-abc/service_control_policy/p-def"


@pytest.mark.parametrize(
    ("text", "reason", "whom"),
    [
        (
            "with an explicit deny in a service control policy",
            "explicit deny in a service control policy",
            "ask who administers your AWS organization to change it: nothing in the caller's account can",
        ),
        (f"with an explicit deny in a service control policy: {SCP}", f"policy ({SCP})", "AWS organization"),
        ("because no service control policy allows the x action", "no service control policy allows", "organization"),
        ("with an explicit deny in a resource control policy", "a resource control policy", "nothing in the role's"),
        ("because no resource control policy allows the x action", "resource control policy", "nothing in the role's"),
        ("with an explicit deny in a permissions boundary", "in a permissions boundary", "permissions boundary"),
        ("because no permissions boundary allows the x action", "no permissions boundary", "administers the caller's"),
        ("with an explicit deny in a session policy", "in a session policy", "use a source whose session_policy"),
        ("because no session policy allows the x action", "no session policy allows it", "session_policy"),
        ("with an explicit deny in a VPC endpoint policy", "in a VPC endpoint policy", "who runs the network"),
        ("because no VPC endpoint policy allows the x action", "no VPC endpoint policy", "who runs the network"),
        ("with an explicit deny in a resource-based policy", "a resource-based policy", "ask who owns the role"),
        ("with an explicit deny in the role trust policy", "in the role trust policy", "ask who owns the role"),
        ("with an explicit deny in an identity-based policy", "in an identity-based policy", "the caller's policies"),
        ("because no identity-based policy allows the x action", "no identity-based policy allows it", "allow it in"),
        ("with an explicit deny", ": explicit deny; ", "the organization's policies"),
        ("with an explicit deny in a new kind of policy", "in a new kind of policy", "ask who administers"),
    ],
)
def test_a_policy_that_denies_is_named_with_who_can_change_it(text: str, reason: str, whom: str) -> None:
    said = refused(DEV, DENIED + text)
    message, _, next_step = said.partition("; ")
    assert reason in said
    assert whom in next_step
    assert "check the role's trust policy" not in said
    assert len(next_step) <= 200
    assert "ask who" not in message


@pytest.mark.parametrize("kind", ["resource-based", "role trust"])
def test_a_trust_policy_that_does_not_allow_is_told_with_what_it_may_ask_for(kind: str) -> None:
    said = refused(DEV, f"{DENIED}because no {kind} policy allows the sts:AssumeRole action")
    assert f": no {kind} policy allows it; check the role's trust policy: it must name this caller" in said


def test_a_right_and_a_session_that_a_policy_denies_are_told_likewise() -> None:
    text = DENIED.replace("AssumeRole", "TagSession") + "with an explicit deny in a service control policy"
    assert "AWS organization" in refused(DEV, text)
    session = replace(DEV, mfa=MFADevice("GAHT12345678")).user_session
    assert session is not None
    text = DENIED.replace("AssumeRole", "GetSessionToken") + "with an explicit deny in a service control policy"
    response = {"Error": {"Code": "AccessDenied", "Message": text}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    assert "AWS organization" in str(refused_with(response, request.get_session_token(session, "123456")))


# A key that STS does not know.


@pytest.mark.parametrize(
    ("endpoint", "asked", "first"),
    [
        (
            Endpoint("us-east-1"),
            "in us-east-1",
            "the key was deleted, deactivated or mistyped, or is of another partition",
        ),
        (Endpoint("cn-north-1"), "in cn-north-1", "only a key of an account of aws-cn is known there"),
        (Endpoint("us-gov-west-1"), "in us-gov-west-1", "only a key of an account of aws-us-gov is known there"),
        (Endpoint("me-south-1"), "in me-south-1", "enable me-south-1 for the account, where it is off by default"),
        (Endpoint("af-south-1"), "in af-south-1", "enable af-south-1"),
        (Endpoint("eu-central-2"), "in eu-central-2", "enable eu-central-2"),
        (
            Endpoint("us-east-1", "http://localhost:4566"),
            "at http://localhost:4566",
            "check that the key is of the AWS behind http://localhost",
        ),
    ],
)
def test_the_endpoint_that_does_not_know_a_key_is_named_and_what_may_be_wrong_with_it(
    endpoint: Endpoint, asked: str, first: str
) -> None:
    said = str(answering(403, "InvalidClientTokenId", profile=replace(DEV, endpoint=endpoint)))
    assert said.startswith(f"STS does not know the access key of profile base (InvalidClientTokenId {asked}); {first}")
    assert said.endswith("set a valid one")


def test_a_token_that_no_provider_vouches_for_is_not_blamed_on_the_region() -> None:
    pod = replace(DEV, source=WebIdentity("/token"), endpoint=Endpoint("me-south-1"))
    assert "; register its issuer" in str(answering(400, "InvalidIdentityToken", profile=pod))


def test_a_region_that_is_off_is_told_with_what_turns_it_on() -> None:
    said = str(answering(403, "RegionDisabledException"))
    assert said.endswith(
        "activate STS there (IAM console, account settings), or set region or AWS_REGION to another region"
    )
