"""From a profile's name to a document: what the cache serves, when STS is called, and what its failures mean."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from front import Front, denied, error, reset, session
from running import Home

from assume_helper import cache, hit, resolve
from assume_helper.credentials import Clock
from assume_helper.errors import ConfigurationError, STSNotReached, STSRefused
from assume_helper.resolve import Surroundings

EXPIRED = error(400, "ExpiredToken", "The security token included in the request is expired")


@dataclass
class Hands:
    """A clock whose hands are moved by the test, and by whoever sleeps on it."""

    now: float
    monotonic: float = 1000.0

    def move(self, seconds: float) -> None:
        self.now += seconds
        self.monotonic += seconds

    def clock(self) -> Clock:
        return Clock(lambda: self.now, lambda: self.monotonic, self.move)


@pytest.fixture
def hands() -> Hands:
    return Hands(datetime.now(UTC).timestamp())


@pytest.fixture
def ask(role: Home, offline_front: Front, hands: Hands) -> Callable[[], cache.Entry]:
    """Asks for the profile `dev`, as a process would that begins now."""
    offline_front.behaviour = session()
    return lambda: resolve.get_credentials("dev", around(role, hands))


def around(role: Home, hands: Hands, **environ: str) -> Surroundings:
    return Surroundings(
        environ={**role.environ, **environ},
        clock=hands.clock(),
        started=hands.now,
        started_monotonic=hands.monotonic,
        host="host",
        session_name=lambda: "user@host",
        warn=lambda _message: None,
    )


def printed(entry: cache.Entry) -> datetime:
    return datetime.fromisoformat(json.loads(entry.document)["Expiration"])


def test_credentials_are_handed_out_until_the_window_and_then_replaced(
    ask: Callable[[], cache.Entry], offline_front: Front, hands: Hands
) -> None:
    first = ask()
    window_begins = printed(first).timestamp() - 960
    hands.move(window_begins - hands.now - 1)
    assert ask() == first
    assert len(offline_front.calls) == 1
    hands.move(1)
    offline_front.behaviour = session(seconds=7200, access_key_id="ASIASECOND0000000000")
    assert ask().session.credentials.access_key_id == "ASIASECOND0000000000"


def test_what_sts_said_of_its_time_makes_the_lifetime(ask: Callable[[], cache.Entry], offline_front: Front) -> None:
    """The machine's clock may be off by a day: what was just given is handed out, and is an hour long."""
    offline_front.behaviour = session(seconds=3600, date=datetime.now(UTC) + timedelta(days=1))
    assert ask().session.lifetime == 3600


@pytest.mark.parametrize("fault", [reset, EXPIRED])
def test_what_is_good_is_served_and_sts_is_left_alone_for_half_a_minute_at_least(
    ask: Callable[[], cache.Entry], offline_front: Front, hands: Hands, fault: Callable[..., None]
) -> None:
    first = ask()
    hands.move(first.session.served_until - hands.now)
    offline_front.behaviour = fault
    assert ask() == first
    tried = len(offline_front.calls)
    hands.move(29)
    assert ask() == first
    assert len(offline_front.calls) == tried
    hands.move(32)
    assert ask() == first
    assert len(offline_front.calls) > tried, "after a minute at most it is tried again"


def test_with_a_minute_left_a_failure_is_a_failure(
    ask: Callable[[], cache.Entry], offline_front: Front, hands: Hands
) -> None:
    first = ask()
    offline_front.behaviour = reset
    hands.move(first.session.left(hands.now) - 60)
    with pytest.raises(STSNotReached):
        ask()


def test_when_the_printed_end_has_come_the_true_one_is_printed(
    ask: Callable[[], cache.Entry], offline_front: Front, hands: Hands, role: Home
) -> None:
    text = role.config.read_text()
    first = ask()
    for number in range(100):  # how early is drawn: until it is early enough to show this
        role.config.write_text(f"{text}role_session_name = s{number}\n")
        first = ask()
        if first.session.expiration - first.session.printed_expiration > timedelta(seconds=60):
            break
    offline_front.behaviour = reset
    hands.move(first.session.left(hands.now) - 61)
    assert printed(ask()) == first.session.expiration


def test_a_refusal_takes_the_entry_away(
    ask: Callable[[], cache.Entry], offline_front: Front, hands: Hands, role: Home
) -> None:
    first = ask()
    hands.move(first.session.served_until - hands.now)
    offline_front.behaviour = denied
    with pytest.raises(STSRefused):
        ask()
    assert role.entries() == []


def test_a_clock_that_has_jumped_back_makes_a_miss(
    ask: Callable[[], cache.Entry], offline_front: Front, hands: Hands
) -> None:
    ask()
    hands.move(-299)
    ask()
    assert len(offline_front.calls) == 1
    hands.move(-300)
    ask()
    assert len(offline_front.calls) == 2


def test_a_config_that_has_just_changed_is_not_remembered_for_a_hit_yet(
    role: Home, offline_front: Front, hands: Hands
) -> None:
    offline_front.behaviour = session()
    hands.now = role.config.stat().st_mtime
    resolve.get_credentials("dev", around(role, hands))
    assert not list(role.cache.glob("*.hit"))
    hands.move(1)
    resolve.get_credentials("dev", around(role, hands))
    assert len(list(role.cache.glob("*.hit"))) == 1
    assert hit.answer("dev", role.environ, hands.now) is not None


def test_a_config_with_whole_seconds_is_remembered_later(role: Home, offline_front: Front, hands: Hands) -> None:
    offline_front.behaviour = session()
    second = int(hands.now) - 1
    os.utime(role.config, (second, second))
    resolve.get_credentials("dev", around(role, hands))
    assert not list(role.cache.glob("*.hit")), "its next mtime may be the same"
    hands.move(2)
    resolve.get_credentials("dev", around(role, hands))
    assert len(list(role.cache.glob("*.hit"))) == 1


def test_a_failure_is_for_those_who_began_before_it(role: Home, offline_front: Front, hands: Hands) -> None:
    offline_front.behaviour = denied
    early = around(role, hands)
    hands.move(1)
    with pytest.raises(STSRefused):
        resolve.get_credentials("dev", around(role, hands))
    with pytest.raises(STSRefused):
        resolve.get_credentials("dev", early)
    assert len(offline_front.calls) == 1
    hands.move(1)
    with pytest.raises(STSRefused):
        resolve.get_credentials("dev", around(role, hands))
    assert len(offline_front.calls) == 2


def test_a_result_is_for_those_who_began_before_it_however_short_it_lasts(
    role: Home, offline_front: Front, hands: Hands
) -> None:
    offline_front.behaviour = session(seconds=50)
    early = around(role, hands)
    hands.move(1)
    first = resolve.get_credentials("dev", around(role, hands))
    assert resolve.get_credentials("dev", early) == first
    assert len(offline_front.calls) == 1


def test_throttling_goes_on_longer_than_other_failures(
    ask: Callable[[], cache.Entry], offline_front: Front, hands: Hands
) -> None:
    offline_front.behaviour = error(400, "Throttling", "Rate exceeded")
    begun = hands.monotonic
    with pytest.raises(STSNotReached):
        ask()
    assert 10 < hands.monotonic - begun <= 30
    assert len(offline_front.calls) > 3


def test_a_source_process_is_waited_for_longer_since_it_may_ask_a_person(role: Home) -> None:
    from assume_helper import aws_config, chain

    with role.config.open("a") as config:
        config.write("[profile p]\nrole_arn = arn:aws:iam::123456789012:role/p\nsource_profile = b\n")
        config.write("[profile q]\nrole_arn = arn:aws:iam::123456789012:role/q\nsource_profile = p\n")
        config.write("[profile b]\ncredential_process = ask-me\n")
    loaded = aws_config.load(role.environ)
    for name, seconds in (("dev", 15), ("p", 55), ("q", 55)):
        profile = chain.read(loaded, {}, name)
        assert resolve._patience(profile, has_cached=False) == seconds
        assert resolve._patience(profile, has_cached=True) == 4


@pytest.mark.parametrize(
    "callers", ['[["{config}", "dev"]]', '[["{config}", "a"], ["{config}", "dev"], ["{config}", "b"]]']
)
def test_a_call_that_leads_back_to_itself_is_drawn(role: Home, hands: Hands, callers: str) -> None:
    environ = {hit.CALLERS: callers.replace("{config}", str(role.config))}
    with pytest.raises(ConfigurationError, match=r"dev -> (b -> )?dev;"):
        resolve.get_credentials("dev", around(role, hands, **environ))


@pytest.mark.parametrize("callers", ["", "rubbish", "{}", "[1]", '[["/elsewhere", "dev"]]'])
def test_other_callers_are_no_loop(role: Home, offline_front: Front, hands: Hands, callers: str) -> None:
    offline_front.behaviour = session()
    resolve.get_credentials("dev", around(role, hands, **{hit.CALLERS: callers}))


def test_without_a_cache_the_credentials_are_had_all_the_same(role: Home, offline_front: Front, hands: Hands) -> None:
    offline_front.behaviour = session()
    warnings: list[str] = []
    nowhere = replace(around(role, hands, ASSUME_HELPER_CACHE_DIR="relative"), warn=warnings.append)
    resolve.get_credentials("dev", nowhere)
    assert len(warnings) == 1
    assert not Path("relative").exists()
