"""What STS answered: each field is checked, and nothing odd in an answer gets further."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from assume_helper.credentials import LONGEST_SESSION, LONGEST_USER_SESSION, Answer, Credentials, WebIdentityToken
from assume_helper.errors import STSNotReached
from assume_helper.profiles.origin import MFADevice, StaticKeys
from assume_helper.profiles.role import Endpoint, Profile, UserSession
from assume_helper.sts import request, response

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
KEYS = StaticKeys("base", "AKIASOURCE", "s", None)
STS = Endpoint("us-east-1", "https://sts")
DEV = Profile("dev", "arn:aws:iam::123456789012:role/dev", KEYS, STS)


def given(**changes: Any) -> dict[str, Any]:
    """An answer as botocore hands it on; None takes a part away."""
    parts = {
        "AccessKeyId": "ASIA",
        "SecretAccessKey": "secret",
        "SessionToken": "token",
        "Expiration": NOW + timedelta(hours=1),
        "Arn": "arn:aws:sts::123456789012:assumed-role/dev/a-session",
        "date": format_datetime(NOW, usegmt=True),
    } | changes
    parts = {name: value for name, value in parts.items() if value is not None}
    return {
        "Credentials": {k: parts[k] for k in parts if k not in ("Arn", "date")},
        "AssumedRoleUser": {k: parts[k] for k in parts if k == "Arn"},
        "ResponseMetadata": {"HTTPHeaders": {k: parts[k] for k in parts if k == "date"}},
    }


def check(answer: Any, now: datetime = NOW) -> Answer:
    return response.session(answer, request.assume_role(DEV, "a-session"), now.timestamp())


def test_a_good_answer_is_taken() -> None:
    answer = check(given())
    assert answer.credentials == Credentials("ASIA", "secret", "token", NOW + timedelta(hours=1))
    assert (answer.expiration, answer.lifetime) == (NOW + timedelta(hours=1), 3600)


@pytest.mark.parametrize("name", ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "Arn"])
def test_an_answer_without_a_field_is_none(name: str) -> None:
    with pytest.raises(STSNotReached, match="STS at https://sts gave an answer that is not from STS"):
        check(given(**{name: None}))


@pytest.mark.parametrize("name", ["Credentials", "AssumedRoleUser"])
@pytest.mark.parametrize("value", [None, "text", 1, [], {}])
def test_an_answer_without_a_part_is_none(name: str, value: object) -> None:
    with pytest.raises(STSNotReached, match="gave an answer that is not from STS"):
        check(given() | {name: value})


def test_an_empty_answer_is_none() -> None:
    with pytest.raises(STSNotReached, match="gave an answer that is not from STS"):
        check({})


@pytest.mark.parametrize(
    "value",
    ["", 1, b"bytes", ["x"], "a b", "a\nb", "a\x00b", "a\x1b[31m", "gr\u00fcn", "\u202e", "x" * (16 * 1024 + 1)],
)
@pytest.mark.parametrize("name", ["AccessKeyId", "SecretAccessKey", "SessionToken"])
def test_credentials_that_cannot_be_used_are_refused_and_not_repeated(name: str, value: object) -> None:
    with pytest.raises(STSNotReached, match="gave credentials that cannot be used; check the network") as caught:
        check(given(**{name: value}))
    assert str(caught.value).isprintable()


def test_a_session_token_may_be_as_long_as_they_get() -> None:
    assert check(given(SessionToken="x" * 16 * 1024)).credentials.session_token == "x" * 16 * 1024


@pytest.mark.parametrize("value", ["2030-01-01T13:00:00Z", 1893502800, ["x"]])
def test_an_end_that_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(STSNotReached, match="gave an answer that is not from STS"):
        check(given(Expiration=value))


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "dev",
        "arn:aws:iam::123456789012:role/dev",
        "arn:aws:sts::12345:assumed-role/dev/s",
        "arn:aws:sts::123456789012:assumed-role/",
        "arn:aws:sts::123456789012:assumed-role/dev\x1b[31m",
        "arn:aws:sts::123456789012:assumed-role/d\u00e9v/s",
        "arn:aws:sts::123456789012:federated-user/dev",
    ],
)
def test_an_answer_that_does_not_say_who_it_is_for_is_refused(arn: str) -> None:
    with pytest.raises(STSNotReached, match="did not say which role was assumed"):
        check(given(Arn=arn))


@pytest.mark.parametrize("arn", [1, ["x"], {"x": "y"}])
def test_a_caller_that_is_no_text_is_refused(arn: object) -> None:
    with pytest.raises(STSNotReached, match="gave an answer that is not from STS"):
        check(given(Arn=arn))


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_the_account_is_the_assumed_role_s(partition: str) -> None:
    answer = check(given(Arn=f"arn:{partition}:sts::123456789012:assumed-role/dev/a-session"))
    assert answer.account_id == "123456789012"


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sts::210987654321:assumed-role/dev/a-session",
        "arn:aws:sts::123456789012:assumed-role/ops/a-session",
        "arn:aws:sts::123456789012:assumed-role/developer/a-session",
        "arn:aws:sts::123456789012:assumed-role/team/dev",
        "arn:aws:sts::123456789012:assumed-role/de/v/a-session",
    ],
)
def test_another_role_s_session_is_refused(arn: str) -> None:
    with pytest.raises(STSNotReached, match="assumed another role"):
        check(given(Arn=arn))


@pytest.mark.parametrize("role", ["dev", "team/dev", "a/b/c/dev", "DEV"])
@pytest.mark.parametrize("token", [None, WebIdentityToken("token")])
def test_a_role_is_told_by_account_and_name_whatever_its_path(role: str, token: WebIdentityToken | None) -> None:
    profile = replace(DEV, role_arn=f"arn:aws:iam::123456789012:role/{role}")
    answer = response.session(given(), request.assume_role(profile, "a-session", token=token), NOW.timestamp())
    assert answer.account_id == "123456789012"


@pytest.mark.parametrize("seconds", [0, -1, -86400])
def test_credentials_that_have_expired_already_are_refused(seconds: int) -> None:
    with pytest.raises(STSNotReached, match="gave credentials that have already expired"):
        check(given(Expiration=NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize("days", [-400, 0, 400])
def test_the_lifetime_is_by_sts_s_own_clock(days: float) -> None:
    assert check(given(), NOW + timedelta(days=days)).lifetime == 3600


@pytest.mark.parametrize("days", [-400, 0, 400])
def test_how_far_this_machine_s_clock_is_off_is_kept(days: float) -> None:
    assert check(given(), NOW + timedelta(days=days)).clock_difference == days * 86_400


def test_a_date_that_a_proxy_has_kept_is_not_sts_s() -> None:
    answer = check(given(date=format_datetime(NOW - timedelta(days=1), usegmt=True)))
    assert (answer.lifetime, answer.clock_difference) == (3600, 0.0)


@pytest.mark.parametrize(
    "date",
    [
        None,
        "",
        "soon",
        "Tue, 32 Jan 2030 12:00:00 GMT",
        f"Fri, 07 Jan {10**30} 08:00:00 GMT",
        f"Fri, 07 Jan 2030 08:00:00 +{10**30}",
        "Mon, 01 Jan 0001 00:00:00 -0000",
        "Mon, 01 Jan 0001 00:00:00 +2359",
    ],
)
def test_without_sts_s_time_the_lifetime_is_by_this_machine_s_clock(date: str | None) -> None:
    assert check(given(date=date), NOW + timedelta(minutes=10)).lifetime == 3000


@pytest.mark.parametrize("metadata", [{}, {"HTTPHeaders": None}, None])
def test_an_answer_without_headers_is_timed_by_this_machine_s_clock(metadata: object) -> None:
    assert check(given() | {"ResponseMetadata": metadata}, NOW).lifetime == 3600


def test_a_lifetime_is_never_longer_than_any_session() -> None:
    assert check(given(Expiration=NOW + timedelta(days=365))).lifetime == LONGEST_SESSION


def test_an_end_is_kept_in_utc_and_whole_seconds() -> None:
    end = datetime(2030, 1, 1, 14, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert check(given(Expiration=end)).expiration == datetime(2030, 1, 1, 13, tzinfo=UTC)


def test_a_user_s_mfa_session_names_no_role_and_may_last_longer() -> None:
    session = UserSession("dev", KEYS, MFADevice("GAHT12345678"), LONGEST_USER_SESSION, STS, "aws")
    asked = request.get_session_token(session, "123456")
    answer = given(Arn=None, Expiration=NOW + timedelta(days=365))
    found = response.session(answer, asked, NOW.timestamp())
    assert (found.lifetime, found.assumed_role_arn, found.account_id) == (LONGEST_USER_SESSION, None, None)
