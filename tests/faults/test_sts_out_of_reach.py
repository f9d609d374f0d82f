"""When STS cannot be reached, what is cached and still good is served; when STS refuses, it is not."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from front import Behaviour, Front, denied, error, html, reset, session, truncated
from running import Home


def past_its_window() -> Behaviour:
    """A session of an hour that has 500 s left: good, and due to be replaced before it is handed out again."""
    return session(seconds=3600, date=datetime.now(UTC) - timedelta(seconds=3100))


@pytest.mark.parametrize(
    "fault",
    [reset, truncated, html(200), error(500, "InternalFailure", "x"), error(400, "Throttling", "x")],
)
def test_the_cached_credentials_are_served_and_sts_is_then_left_alone(
    role: Home, offline_front: Front, fault: Behaviour
) -> None:
    offline_front.behaviour = past_its_window()
    first = role.get("dev")
    offline_front.behaviour = fault
    before = len(offline_front.calls)
    assert role.get("dev") == first
    tried = len(offline_front.calls)
    assert tried > before
    assert role.get("dev") == first
    assert len(offline_front.calls) == tried, "STS was tried a moment ago"
    assert "cached credentials were served, and no new ones could be had" in role.log.read_text()


def test_a_source_that_has_expired_is_bridged_too(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = past_its_window()
    first = role.get("dev")
    offline_front.behaviour = error(400, "ExpiredToken", "The security token included in the request is expired")
    assert role.get("dev") == first


def test_sts_that_hangs_does_not_keep_the_cached_credentials_back(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = past_its_window()
    first = role.get("dev")
    offline_front.behaviour = offline_front.hang
    assert role.get("dev") == first


def test_a_refusal_is_never_papered_over_and_takes_the_cached_entry_with_it(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = past_its_window()
    role.get("dev")
    offline_front.behaviour = denied
    role.run("get", "dev").failed(6, "denied")
    assert role.entries() == []


def test_credentials_that_sts_has_just_given_are_handed_out_however_little_is_left(
    role: Home, offline_front: Front
) -> None:
    offline_front.behaviour = session(seconds=30)
    assert role.get("dev")["Version"] == 1
    assert role.get("dev")["Version"] == 1
    assert len(offline_front.calls) == 2


def test_when_sts_is_back_the_next_call_gets_new_credentials(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = past_its_window()
    role.get("dev")
    offline_front.behaviour = reset
    role.get("dev")
    (failure,) = role.cache.glob("*.failure")
    failure.unlink()  # as if its time had passed
    offline_front.behaviour = session(access_key_id="ASIANEW0000000000000")
    assert role.get("dev")["AccessKeyId"] == "ASIANEW0000000000000"
    assert not list(role.cache.glob("*.failure"))


def test_the_printed_expiration_is_early_by_a_share_of_the_lifetime_and_always_the_same(
    role: Home, offline_front: Front
) -> None:
    offline_front.behaviour = session(seconds=3600)
    printed = {role.get("dev")["Expiration"] for _ in range(3)}
    assert len(printed) == 1
    (entry,) = role.entries()
    record = json.loads(entry.read_bytes().split(b"\n")[-1])
    early = record["expiration"] - datetime.fromisoformat(printed.pop()).timestamp()
    assert 0 <= early < 361
