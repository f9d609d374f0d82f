"""IAM: what is sent, where, and what each answer is made of."""

from collections.abc import Callable
from datetime import UTC, datetime

import botocore.session
import pytest
from front import Call, Front, Reply, error, html
from iam_users import User
from running import ACCESS_KEY_ID, SECRET

from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    SourceNotKnown,
    SourceRefused,
    STSNotConnected,
    STSNotReached,
    STSRefused,
    STSThrottled,
    STSUnavailable,
)
from assume_helper.keys import iam
from assume_helper.keys.iam import IAM, IAMService
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.system import sdk_client
from assume_helper.system.context import Clock

PAIR = KeyPair(ACCESS_KEY_ID, SECRET)
CLOCK = Clock(sleep=lambda _seconds: None)


@pytest.fixture
def user(offline_front: Front) -> User:
    user = User()
    user.key(ACCESS_KEY_ID, SECRET)
    offline_front.behaviour = user
    return user


def asked(front: Front) -> IAM:
    return IAM(IAMService("us-east-1", front.url), PAIR, CLOCK)


def test_every_call_is_iam_s_and_names_no_user(offline_front: Front, user: User) -> None:
    found = asked(offline_front)
    keys, now = found.list_keys()
    assert [(key.access_key_id, key.is_active) for key in keys] == [(ACCESS_KEY_ID, True)]
    assert now is not None
    assert abs(now - datetime.now(UTC).timestamp()) < 5
    made = found.create_key()
    assert (made.secret_access_key, made.created) == (
        user.keys[made.access_key_id].secret,
        user.keys[made.access_key_id].created.timestamp(),
    )
    assert not found.was_used(made.access_key_id)
    assert found.was_used(ACCESS_KEY_ID)
    found.deactivate(made.access_key_id)
    assert not user.keys[made.access_key_id].is_active
    found.delete(made.access_key_id)
    found.delete(made.access_key_id)  # it is gone
    found.deactivate(made.access_key_id)
    assert [*user.keys] == [ACCESS_KEY_ID]
    assert not any("UserName" in call.parameters for call in offline_front.calls)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1"])
def test_it_is_where_botocore_has_it(region: str) -> None:
    client = botocore.session.Session().create_client(
        "iam", region_name=region, aws_access_key_id="x", aws_secret_access_key="x"
    )
    rules = {"UseFIPS": False, "UseDualStack": False}
    ours = sdk_client.client("iam/2010-05-08", IAMService(region), rules, (3, 5), "ListAccessKeys")
    assert ours.url == client.meta.endpoint_url
    assert ours.signing_region == {"cn-north-1": "cn-north-1", "us-gov-west-1": "us-gov-west-1"}.get(
        region, "us-east-1"
    )


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (error(403, "InvalidClientTokenId", "x"), SourceNotKnown),
        (error(403, "SignatureDoesNotMatch", f"secret {SECRET}"), SourceRefused),
        (error(403, "AccessDenied", "not authorized to perform: iam:ListAccessKeys"), STSRefused),
        (error(409, "LimitExceeded", "x"), ConfigurationError),
        (error(400, "Throttling", "x"), STSThrottled),
        (error(503, "ServiceUnavailable", "x"), STSUnavailable),
        (html(200), STSNotReached),
    ],
)
def test_each_refusal_is_an_error_of_its_own(
    offline_front: Front, behaviour: Callable[[Call], Reply | None], kind: type[AssumeHelperError]
) -> None:
    offline_front.behaviour = behaviour
    times = iter(range(0, 10_000, 3))
    found = IAM(
        IAMService("us-east-1", offline_front.url), PAIR, Clock(monotonic=lambda: next(times), sleep=lambda _s: None)
    )
    with pytest.raises(kind) as caught:
        found.list_keys()
    assert type(caught.value) is kind
    assert SECRET not in str(caught.value)


def test_create_is_sent_once_where_no_usable_answer_comes(offline_front: Front) -> None:
    for behaviour in (error(500, "InternalFailure", "x"), html(200)):
        offline_front.calls.clear()
        offline_front.behaviour = behaviour
        with pytest.raises(STSNotReached) as caught:
            asked(offline_front).create_key()
        assert len(offline_front.calls) == 1
        assert iam.is_ambiguous(caught.value)


def test_where_nothing_was_sent_nothing_was_made() -> None:
    with pytest.raises(STSNotConnected) as caught:
        IAM(IAMService("us-east-1", "http://127.0.0.1:9"), PAIR, CLOCK).create_key()
    assert not iam.is_ambiguous(caught.value)


def test_no_secret_is_in_a_repr() -> None:
    assert SECRET not in repr(IAM(IAMService("us-east-1"), PAIR, CLOCK))
