"""What STS says of tokens, and of root sessions: each refusal has one meaning, and its next step."""

from dataclasses import replace
from typing import Any

import botocore.exceptions as aws
import pytest

from assume_helper.credentials import SAMLAssertion, WebIdentityToken
from assume_helper.errors import (
    AssumeHelperError,
    SourceExpired,
    SourceNotKnown,
    STSNotReached,
    STSRefused,
    STSUnavailable,
)
from assume_helper.profiles.origin import GitHubActions, SAMLProcess, StaticKeys, WebIdentityProcess
from assume_helper.profiles.role import Endpoint, Profile
from assume_helper.sts import request
from assume_helper.sts.refusals import refusal
from assume_helper.sts.request import Request

ARN = "arn:aws:iam::123456789012:role/dev"
PROVIDER = "arn:aws:iam::123456789012:saml-provider/corp"
SECRET = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJDYW5hcnkifQ.c2lnbmF0dXJlMDEyMzQ1Njc4OQ"
DEV = Profile("dev", ARN, WebIdentityProcess("dev", "tokens"), Endpoint("eu-central-1"))
JOB = replace(DEV, source=GitHubActions("https://x"))
SAML = replace(DEV, source=SAMLProcess("dev", "saml"))
ROOT = replace(
    DEV,
    source=StaticKeys("org", "AKIA", "s", None),
    role_arn="arn:aws:iam::210987654321:root",
    root_task="S3UnlockBucketPolicy",
    duration_seconds=900,
)


def asked(profile: Profile) -> Request:
    if isinstance(profile.source, SAMLProcess):
        return request.assume_role(profile, "me", token=SAMLAssertion(SECRET, PROVIDER))
    token = None if profile.root_task else WebIdentityToken(SECRET)
    return request.assume_role(profile, "me", token=token)


def told(profile: Profile, code: str, said: str = "", status: int = 400) -> AssumeHelperError:
    answer: Any = {"Error": {"Code": code, "Message": said}, "ResponseMetadata": {"HTTPStatusCode": status}}
    wanted = asked(profile)
    found = refusal(aws.ClientError(answer, wanted.operation), wanted, 0)
    assert str(found).isprintable()
    assert SECRET not in str(found)
    return found


@pytest.mark.parametrize(
    ("profile", "code", "kind", "words"),
    [
        (
            DEV,
            "ExpiredTokenException",
            SourceExpired,
            "the web identity token of profile dev has expired; log in to the",
        ),
        (JOB, "ExpiredTokenException", SourceExpired, "this job of GitHub Actions has expired; try again"),
        (SAML, "ExpiredTokenException", SourceExpired, "the SAML assertion of profile dev has expired; log in to the"),
        (DEV, "InvalidIdentityToken", SourceNotKnown, "register its issuer in IAM"),
        (JOB, "InvalidIdentityToken", SourceNotKnown, "register its issuer in IAM"),
        (SAML, "InvalidIdentityToken", SourceNotKnown, "with the metadata of the SAML provider in IAM"),
        (DEV, "IDPRejectedClaim", SourceNotKnown, "get another token"),
        (SAML, "IDPRejectedClaim", SourceNotKnown, "have its command print another assertion"),
        (DEV, "AccessDenied", STSRefused, "STS denied AssumeRoleWithWebIdentity on"),
        (DEV, "AccessDenied", STSRefused, "its aud and its sub"),
        (SAML, "AccessDenied", STSRefused, "STS denied AssumeRoleWithSAML on"),
        (SAML, "AccessDenied", STSRefused, "it must name the SAML provider"),
        (
            ROOT,
            "AccessDenied",
            STSRefused,
            "STS denied AssumeRoot on the root user of 210987654321 to the access key of",
        ),
        (ROOT, "AccessDenied", STSRefused, "the management account or the delegated administrator for IAM may call it"),
        (ROOT, "ExpiredTokenException", SourceExpired, "the access key of profile org has expired"),
        (ROOT, "RegionDisabledException", STSRefused, "STS in eu-central-1 is not activated"),
        (ROOT, "ValidationError", STSRefused, "STS refused AssumeRoot on the root user of 210987654321: "),
    ],
)
def test_a_refusal_has_one_meaning(profile: Profile, code: str, kind: type[AssumeHelperError], words: str) -> None:
    found = told(profile, code)
    assert type(found) is kind
    assert words in str(found)


def test_an_issuer_that_sts_does_not_reach_is_no_refusal() -> None:
    said = "Couldn't retrieve verification key from your identity provider, please reference the documentation"
    for code, text in (("IDPCommunicationError", ""), ("InvalidIdentityToken", said)):
        found = told(DEV, code, text)
        assert type(found) is STSUnavailable
        assert isinstance(found, STSNotReached)
        assert "could not reach the identity provider of the web identity token of profile dev" in str(found)


def test_a_token_that_sts_repeats_is_not_shown() -> None:
    assert "[...]" in str(told(DEV, "ValidationError", f"Value '{SECRET}' at 'webIdentityToken' failed to satisfy"))


def test_a_kind_of_policy_that_sts_names_is_told_who_can_change_it() -> None:
    said = (
        "User: arn:aws:iam::123456789012:user/me is not authorized to perform: sts:AssumeRoot on resource: x with an "
        "explicit deny in a service control policy"
    )
    found = told(ROOT, "AccessDenied", said, 403)
    assert "explicit deny in a service control policy" in found.message
    assert "organization" in found.next_step


# What is asked


def test_an_assertion_takes_the_place_of_a_name_and_of_credentials() -> None:
    wanted = asked(SAML)
    assert wanted.values == {"RoleArn": ARN, "PrincipalArn": PROVIDER, "SAMLAssertion": SECRET}
    assert SECRET not in repr(wanted)


def test_a_root_task_is_asked_for_at_a_regional_endpoint() -> None:
    wanted = asked(replace(ROOT, endpoint=Endpoint("us-gov-west-1", sts_regional_endpoints="legacy")))
    assert wanted.operation == "AssumeRoot"
    assert wanted.endpoint.sts_regional_endpoints == "regional"
    assert wanted.values["TaskPolicyArn"] == {"arn": "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"}
    of_gov = replace(ROOT, role_arn="arn:aws-us-gov:iam::210987654321:root")
    assert asked(of_gov).values["TaskPolicyArn"] == {
        "arn": "arn:aws-us-gov:iam::aws:policy/root-task/S3UnlockBucketPolicy"
    }
