"""Calls to STS: what is sent, how often, for how long, and what comes of it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from front import ACCOUNT, Behaviour, Call, Front, Reply, denied, error, free_port, html, reset, session, truncated

from assume_helper.credentials import Answer, Credentials, Identity
from assume_helper.errors import ConfigurationError, STSNotReached, STSRefused, STSThrottled, STSUnavailable
from assume_helper.profiles.origin import StaticKeys
from assume_helper.profiles.role import Endpoint, Profile
from assume_helper.sts import calls, request
from assume_helper.system.context import Clock
from assume_helper.system.deadline import Deadline
from assume_helper.system.retries import ATTEMPTS

ROLE = "arn:aws:iam::123456789012:role/dev"
SOURCE = Credentials("AKIASOURCE", "source-secret", "source-token")
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
THROTTLED = error(400, "Throttling", "Rate exceeded")


@dataclass
class Time:
    """A clock that only goes on while somebody sleeps."""

    at: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    @property
    def clock(self) -> Clock:
        return Clock(now=NOW.timestamp, monotonic=lambda: self.at, sleep=self.sleep)


def profile(url: str | None, **values: Any) -> Profile:
    settings = {"name": "dev", "role_arn": ROLE, "source": StaticKeys("base", "AKIASOURCE", "s", None)}
    way = {name: values.pop(name) for name in ("region", "ca_bundle") if name in values}
    endpoint = Endpoint(way.get("region", "us-east-1"), url, way.get("ca_bundle"))
    return Profile(**{**settings, "endpoint": endpoint, **values})


def assume(
    of: Profile,
    time: Time | None = None,
    *,
    patience: float = 15,
    throttled: float = 30,
    on_throttled: Callable[[], None] = lambda: None,
) -> Answer:
    time = time or Time()
    deadline = Deadline(time.at + patience, time.at + throttled)
    return calls.request_session(request.assume_role(of, "a-session"), SOURCE, deadline, time.clock, on_throttled)


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The first for the first call, and so on; the last one for all further calls."""
    left = list(behaviours)

    def behave(call: Call) -> Reply | None:
        behaviour = left.pop(0) if len(left) > 1 else left[0]
        return behaviour(call)

    return behave


# What is asked.


def test_the_request_names_role_and_session_and_nothing_that_the_profile_does_not_say(offline_front: Front) -> None:
    offline_front.behaviour = session(date=NOW)
    assume(profile(offline_front.url))
    (call,) = offline_front.calls
    assert call.access_key_id == "AKIASOURCE"
    assert call.parameters == {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": ROLE,
        "RoleSessionName": "a-session",
    }


def test_the_request_has_what_the_profile_says(offline_front: Front) -> None:
    offline_front.behaviour = session(date=NOW)
    assume(profile(offline_front.url, duration_seconds=900, external_id="an-id"))
    (call,) = offline_front.calls
    assert (call.parameters["DurationSeconds"], call.parameters["ExternalId"]) == ("900", "an-id")


def test_the_answer_has_credentials_their_end_and_who_they_are(offline_front: Front) -> None:
    offline_front.behaviour = session(1800, date=NOW)
    answer = assume(profile(offline_front.url))
    end = NOW + timedelta(seconds=1800)
    assert answer.credentials.access_key_id == "ASIAFRONT00000000000"
    assert answer.credentials.expiration == answer.expiration == end
    assert answer.lifetime == 1800
    assert answer.assumed_role_arn == "arn:aws:sts::123456789012:assumed-role/dev/a-session"
    assert answer.account_id == "123456789012"


@pytest.mark.parametrize(
    "text", ["[profile broken\n", "[default]\nregion = nowhere\nendpoint_url = http://127.0.0.1:9\n"]
)
def test_no_config_file_is_read(
    offline_front: Front, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    (tmp_path / "file").write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "file"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "file"))
    offline_front.behaviour = session(date=NOW)
    assert assume(profile(offline_front.url)).account_id == "123456789012"


def test_nothing_of_the_environment_is_needed(offline_front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    offline_front.behaviour = session(date=NOW)
    assert assume(profile(offline_front.url)).account_id == "123456789012"


def test_keys_and_endpoints_in_the_environment_change_nothing(
    offline_front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "other")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    offline_front.behaviour = session(date=NOW)
    assume(profile(offline_front.url))
    assert [call.access_key_id for call in offline_front.calls] == ["AKIASOURCE"]


def test_a_ca_bundle_that_is_not_there_is_named(offline_front: Front) -> None:
    with pytest.raises(ConfigurationError, match="the CA bundle /does/not/exist is not there"):
        assume(profile(offline_front.url, ca_bundle="/does/not/exist"))
    assert offline_front.calls == []


# How often, and for how long.


@pytest.mark.parametrize("fault", [reset, truncated, html(200), html(503), error(500, "InternalFailure", "")])
def test_sts_that_is_not_reached_is_asked_three_times(offline_front: Front, fault: Behaviour) -> None:
    offline_front.behaviour = fault
    with pytest.raises(STSNotReached) as caught:
        assume(profile(offline_front.url))
    assert type(caught.value) in {STSNotReached, STSUnavailable}
    assert len(offline_front.calls) == ATTEMPTS == 3


def test_nobody_listening_is_not_reached_after_three_attempts() -> None:
    time = Time()
    with pytest.raises(STSNotReached, match="could not be reached"):
        assume(profile(f"http://127.0.0.1:{free_port()}"), time)
    assert len(time.slept) == 2


def test_between_attempts_is_a_short_random_pause(offline_front: Front) -> None:
    offline_front.behaviour = reset
    time = Time()
    with pytest.raises(STSNotReached):
        assume(profile(offline_front.url), time)
    first, second = time.slept
    assert 0 <= first <= 0.5
    assert 0 <= second <= 1
    assert first != second


@pytest.mark.parametrize("faults", [[reset], [reset, html(503)], [truncated, reset], [THROTTLED], [THROTTLED, reset]])
def test_a_call_that_succeeds_after_failures_is_a_success(offline_front: Front, faults: list[Behaviour]) -> None:
    offline_front.behaviour = in_turn(*faults, session(date=NOW))
    assert assume(profile(offline_front.url)).lifetime == 3600
    assert len(offline_front.calls) == len(faults) + 1


@pytest.mark.parametrize("refusal", [denied, error(400, "ValidationError", "no"), error(403, "AccessDenied", "no")])
def test_a_refusal_is_not_asked_again(offline_front: Front, refusal: Behaviour) -> None:
    offline_front.behaviour = refusal
    time = Time()
    with pytest.raises(STSRefused):
        assume(profile(offline_front.url), time)
    assert len(offline_front.calls) == 1
    assert time.slept == []


def test_a_refusal_after_a_fault_is_a_refusal(offline_front: Front) -> None:
    offline_front.behaviour = in_turn(reset, denied)
    with pytest.raises(STSRefused):
        assume(profile(offline_front.url))


def test_throttling_is_waited_out_until_its_own_deadline(offline_front: Front) -> None:
    offline_front.behaviour = THROTTLED
    time = Time()
    with pytest.raises(STSThrottled):
        assume(profile(offline_front.url), time, patience=15, throttled=300)
    assert 300 - 8 < sum(time.slept) < 300
    assert len(offline_front.calls) == len(time.slept) + 1 > 3
    assert all(pause <= 8 for pause in time.slept)


def test_a_throttled_call_that_succeeds_late_is_a_success(offline_front: Front) -> None:
    time = Time()
    given = session(date=NOW)
    offline_front.behaviour = lambda call: given(call) if time.at > 1020 else THROTTLED(call)
    assert assume(profile(offline_front.url), time, patience=15, throttled=60).lifetime == 3600


def test_whoever_waits_for_this_call_is_told_each_time_sts_throttles(offline_front: Front) -> None:
    told: list[str] = []
    offline_front.behaviour = in_turn(THROTTLED, reset, THROTTLED, session(date=NOW))
    assume(profile(offline_front.url), throttled=60, on_throttled=lambda: told.append("throttled"))
    assert told == ["throttled", "throttled"]


def test_nothing_is_tried_again_behind_the_deadline(offline_front: Front) -> None:
    time = Time()

    def late(call: Call) -> Reply | None:
        time.at += 20
        return reset(call)

    offline_front.behaviour = late
    with pytest.raises(STSNotReached):
        assume(profile(offline_front.url), time, patience=15)
    assert len(offline_front.calls) == 1
    assert time.slept == []


def test_a_server_that_hangs_is_given_up_at_the_deadline(offline_front: Front) -> None:
    offline_front.behaviour = offline_front.hang
    clock = Clock()
    deadline = Deadline(clock.monotonic() + 0.3, clock.monotonic() + 0.3)
    with pytest.raises(STSNotReached, match="gave no answer in time"):
        calls.request_session(request.assume_role(profile(offline_front.url), "a-session"), SOURCE, deadline, clock)
    assert not offline_front.released.is_set()
    assert len(offline_front.calls) <= 1


def assumed_without_pauses(front: Front) -> Answer:
    clock = Clock(sleep=lambda _seconds: None)
    now = clock.monotonic()
    keys = StaticKeys("b", "AKIA", "s", None)
    profile = Profile("dev", "arn:aws:iam::123456789012:role/dev", keys, Endpoint("us-east-1", front.url))
    asked = request.assume_role(profile, "me")
    return calls.request_session(asked, Credentials("AKIA", "s"), Deadline(now + 15, now + 30), clock)


def test_throttling_does_not_use_up_the_attempts_that_the_network_has(offline_front: Front) -> None:
    throttle = error(400, "Throttling", "Rate exceeded")
    offline_front.behaviour = in_turn(throttle, throttle, reset, session())
    assumed_without_pauses(offline_front)
    assert len(offline_front.calls) == 4


@pytest.mark.parametrize("expiration", ["99999999999999999999", "-1", "1e999"])
def test_a_date_that_is_none_is_no_answer(offline_front: Front, expiration: str) -> None:
    offline_front.behaviour = session(Expiration=expiration)
    with pytest.raises(STSNotReached):
        assumed_without_pauses(offline_front)


# Who somebody is.


def identity(**values: str) -> Behaviour:
    """STS's answer to GetCallerIdentity."""
    fields = {"Arn": f"arn:aws:iam::{ACCOUNT}:user/me", "UserId": "AIDAME", "Account": ACCOUNT} | values
    body = (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        + "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value)
        + "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
    return lambda _call: Reply(200, body.encode())


def whoami(front: Front) -> Identity:
    time = Time()
    asked = request.get_caller_identity(Endpoint("us-east-1", front.url), StaticKeys("base", "AKIASOURCE", "s", None))
    return calls.get_caller_identity(asked, SOURCE, Deadline(time.at + 15, time.at + 30), time.clock)


def test_an_identity_is_the_caller_s(offline_front: Front) -> None:
    offline_front.behaviour = identity()
    assert whoami(offline_front) == Identity(f"arn:aws:iam::{ACCOUNT}:user/me", ACCOUNT, "AIDAME")
    (call,) = offline_front.calls
    assert (call.action, call.access_key_id, call.session_token) == (
        "GetCallerIdentity",
        "AKIASOURCE",
        SOURCE.session_token,
    )


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/dev/me",
        f"arn:aws:sts::{ACCOUNT}:federated-user/me",
    ],
)
def test_everybody_has_an_account(offline_front: Front, arn: str) -> None:
    offline_front.behaviour = identity(Arn=arn)
    assert (whoami(offline_front).arn, whoami(offline_front).account_id) == (arn, ACCOUNT)


@pytest.mark.parametrize("values", [{"Arn": ""}, {"Arn": "me"}, {"UserId": ""}, {"UserId": "a b"}])
def test_an_identity_that_is_none_is_no_answer(offline_front: Front, values: dict[str, str]) -> None:
    offline_front.behaviour = identity(**values)
    with pytest.raises(STSNotReached, match="not from STS"):
        whoami(offline_front)


def test_a_denied_identity_is_not_taken_for_a_denied_role(offline_front: Front) -> None:
    offline_front.behaviour = denied
    with pytest.raises(STSRefused, match=r"denied GetCallerIdentity to .* \(the access key of profile base\)"):
        whoami(offline_front)
