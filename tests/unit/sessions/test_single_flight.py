"""One call for all: what is served when STS cannot be reached or refuses, and what is shared."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from front import Behaviour, Call, Reply, denied, error, html, reset, truncated
from unit.sessions.world import (
    EXPIRED,
    HOUR,
    LATER_CODE,
    START,
    World,
    failure,
    in_the_window,
    time_of,
    told,
)

from assume_helper.cache import entries
from assume_helper.cache.entries import Entry
from assume_helper.cache.session import expiration_jitter
from assume_helper.errors import (
    SourceError,
    SourceExpired,
    STSNotReached,
    STSRefused,
    STSThrottled,
)

# STS is not reached.


@pytest.mark.parametrize("fault", [reset, truncated, html(200), html(503), error(400, "Throttling", "Rate exceeded")])
def test_what_is_cached_is_served_when_sts_is_not_reached(world: World, fault: Behaviour) -> None:
    entry = in_the_window(world)
    world.front.behaviour = fault
    assert world.get().session == entry.session
    assert world.calls > 0


def test_what_is_cached_is_served_when_sts_hangs(world: World) -> None:
    entry = in_the_window(world)

    def hang(call: Call) -> Reply | None:
        world.pass_by(10)
        return reset(call)

    world.front.behaviour = hang
    assert world.get().session == entry.session
    assert world.calls == 1


def test_a_failed_refresh_leaves_sts_alone_for_half_a_minute_to_a_minute(world: World) -> None:
    entry = in_the_window(world)
    world.front.behaviour = reset
    world.get()
    failed_at, asked = world.now, world.calls
    world.now = failed_at + 29
    assert world.get().session == entry.session
    assert world.calls == asked
    world.now = failed_at + 61
    world.get()
    assert world.calls > asked


def test_sts_is_left_alone_until_the_time_that_was_drawn(world: World) -> None:
    in_the_window(world)
    world.front.behaviour = reset
    world.get()
    asked = world.calls
    retry_at = float(failure(world)["retry_at"])
    assert 30 <= retry_at - world.now <= 60
    world.now = retry_at - 0.1
    world.get()
    assert world.calls == asked
    world.now = retry_at
    world.get()
    assert world.calls > asked


def test_sts_that_is_back_is_asked_again_and_the_failure_forgotten(world: World) -> None:
    entry = in_the_window(world)
    world.front.behaviour = reset
    world.get()
    world.pass_by(61)
    world.front.behaviour = world.giving()
    assert world.get().session.issued > entry.session.issued
    assert world.files("failure") == []


def test_a_time_of_patience_that_lies_far_ahead_is_not_believed(world: World) -> None:
    in_the_window(world, left=700)
    world.front.behaviour = reset
    world.get()
    asked = world.calls
    world.pass_by(-120)
    world.get()
    assert world.calls > asked


@pytest.mark.parametrize("left", [60, 59, 1, 0, -1])
def test_with_a_minute_or_less_left_there_is_nothing_to_serve(world: World, left: float) -> None:
    in_the_window(world, left)
    world.front.behaviour = reset
    with pytest.raises(STSNotReached) as caught:
        world.get()
    assert caught.value.exit_code == 7


def test_with_more_than_a_minute_left_it_is_served(world: World) -> None:
    entry = in_the_window(world, left=61)
    world.front.behaviour = reset
    assert world.get().session == entry.session


def test_while_sts_is_to_be_left_alone_one_without_cached_credentials_still_asks(world: World) -> None:
    world.front.behaviour = reset
    with pytest.raises(STSNotReached):
        world.get()
    world.pass_by(2)
    world.front.behaviour = world.giving()
    world.get()


def test_without_anything_cached_the_failure_is_told(world: World) -> None:
    world.front.behaviour = html(503)
    with pytest.raises(STSNotReached):
        world.get()
    assert world.files("entry") == []


def test_throttling_without_anything_cached_is_waited_out_for_half_a_minute(world: World) -> None:
    world.front.behaviour = error(400, "Throttling", "Rate exceeded")
    with pytest.raises(STSThrottled):
        world.get()
    assert 15 < world.now - START < 30


def test_throttling_with_something_cached_is_not_waited_out(world: World) -> None:
    in_the_window(world)
    begun = world.now
    world.front.behaviour = error(400, "Throttling", "Rate exceeded")
    world.get()
    assert world.now - begun < 4


# The end that is printed, and the true one.


def shaded(world: World) -> Entry:
    """A session whose printed end is minutes before its true one: this host is one of those that draw much."""
    key = entries.key(world.profile().session_inputs())
    end = datetime.fromtimestamp(START + HOUR, UTC)
    world.host = next(name for name in map(str, range(1000)) if expiration_jitter(HOUR, name, key, end) > 300)
    entry = world.get()
    assert entry.session.printed_expiration < end - timedelta(seconds=299)
    return entry


def test_before_the_printed_end_a_bridged_document_is_as_it_was(world: World) -> None:
    entry = shaded(world)
    world.front.behaviour = reset
    world.now = entry.session.printed_expiration.timestamp() - 120
    assert world.get() == entry


@pytest.mark.parametrize("seconds", [-60, 0, 100])
def test_once_the_printed_end_has_come_a_bridged_document_has_the_true_one(world: World, seconds: float) -> None:
    entry = shaded(world)
    world.front.behaviour = reset
    world.now = entry.session.printed_expiration.timestamp() + seconds
    served = world.get()
    assert time_of(told(served)["Expiration"]) == entry.session.expiration
    assert told(served) | {"Expiration": ""} == told(entry) | {"Expiration": ""}


def test_while_sts_is_left_alone_the_document_has_the_true_end_too(world: World) -> None:
    entry = shaded(world)
    world.front.behaviour = reset
    world.now = entry.session.printed_expiration.timestamp()
    world.get()
    asked = world.calls
    world.pass_by(10)
    assert time_of(told(world.get())["Expiration"]) == entry.session.expiration
    assert world.calls == asked


def test_the_printed_end_is_the_same_on_every_call_and_another_on_other_hosts(world: World) -> None:
    ends: dict[str, set[datetime]] = {host: set() for host in "abcdef"}
    for host in [*ends, *ends]:
        world.host = host
        ends[host].add(world.get().session.printed_expiration)
        for file in world.files("entry"):
            file.unlink()
    assert {len(end) for end in ends.values()} == {1}
    assert len(set.union(*ends.values())) > 3  # two of a few hundred seconds may be the same


# STS refuses, or the source has run out.


@pytest.mark.parametrize("refusal", [denied, LATER_CODE])
def test_a_refusal_is_told_and_takes_away_what_is_cached(world: World, refusal: Behaviour) -> None:
    in_the_window(world)
    world.front.behaviour = refusal
    with pytest.raises(STSRefused) as caught:
        world.get()
    assert caught.value.exit_code == 6
    assert world.files("entry") == []


def test_after_a_refusal_nothing_is_bridged_any_more(world: World) -> None:
    in_the_window(world)
    world.front.behaviour = denied
    with pytest.raises(STSRefused):
        world.get()
    world.front.behaviour = reset
    world.pass_by(2)
    with pytest.raises(STSNotReached):
        world.get()


def test_a_refusal_that_was_mended_is_asked_again_at_once(world: World) -> None:
    world.front.behaviour = denied
    with pytest.raises(STSRefused):
        world.get()
    world.pass_by(2)
    world.front.behaviour = world.giving()
    world.get()


def test_what_is_cached_is_served_when_the_source_has_expired(world: World) -> None:
    entry = in_the_window(world)
    world.front.behaviour = EXPIRED
    assert world.get().session == entry.session
    assert world.calls == 1
    world.pass_by(10)
    world.get()
    assert world.calls == 1


def test_what_is_cached_is_served_when_the_source_s_process_fails(world: World, tmp_path: Path) -> None:
    printed = tmp_path / "printed"
    printed.write_text(json.dumps({"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "s"}))
    world.home.credentials.write_text(f"[base]\ncredential_process = cat {printed}\n")
    entry = in_the_window(world)
    printed.unlink()
    assert world.get().session == entry.session
    assert world.calls == 0


def test_an_expired_source_without_anything_cached_is_told(world: World) -> None:
    world.front.behaviour = EXPIRED
    with pytest.raises(SourceExpired) as caught:
        world.get()
    assert caught.value.exit_code == 4


def test_a_source_that_is_not_accepted_is_told_whatever_is_cached(world: World) -> None:
    in_the_window(world)
    world.front.behaviour = error(403, "InvalidClientTokenId", "The security token is invalid")
    with pytest.raises(SourceError):
        world.get()


# What others have found out.


def test_a_failure_is_shared_with_those_that_began_before_it(world: World) -> None:
    world.front.behaviour = denied
    with pytest.raises(STSRefused) as first:
        world.get()
    failed_at, asked = world.now, world.calls
    world.front.behaviour = world.giving()
    world.pass_by(1)
    with pytest.raises(STSRefused) as second:
        world.get(started=failed_at - 1)
    assert str(second.value) == str(first.value)
    assert world.calls == asked


def test_a_failure_is_not_shared_with_those_that_began_after_it(world: World) -> None:
    world.front.behaviour = denied
    with pytest.raises(STSRefused):
        world.get()
    world.front.behaviour = world.giving()
    world.pass_by(1)
    world.get(started=world.now)
    assert world.calls == 2


def test_a_session_that_came_after_this_one_began_is_taken_though_it_is_short(world: World) -> None:
    world.front.behaviour = world.giving(seconds=50)
    entry = world.get()
    world.pass_by(5)
    assert world.get(started=START - 1) == entry
    assert world.calls == 1
    world.get()
    assert world.calls == 2
