"""A profile's name in, a session out: when STS is asked, when what is cached is served, and when it is not."""

import json
import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from front import Behaviour, Call, Front, Reply, denied, error, html, reset, session, truncated
from running import ACCESS_KEY_ID, Home

from assume_helper import hit
from assume_helper.cache import entries
from assume_helper.cache.entries import Entry
from assume_helper.credentials import expiration_jitter
from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    MFARequired,
    SourceError,
    SourceExpired,
    STSNotReached,
    STSRefused,
    STSThrottled,
)
from assume_helper.hit import CALLERS
from assume_helper.profiles import role_chain
from assume_helper.profiles.aws_config import load
from assume_helper.profiles.role import Profile
from assume_helper.sessions.provider import get_credentials
from assume_helper.system import terminal
from assume_helper.system.context import CallContext, Clock

# Far from the files' own times, so that the config counts as settled.
START = datetime(2035, 1, 1, 12, tzinfo=UTC).timestamp()
HOUR = 3600
EXPIRED = error(403, "ExpiredToken", "The security token included in the request is expired")
LATER_CODE = error(400, "ValidationError", "not so")


@dataclass
class World:
    """A home, a front that is its STS, and a clock that goes on only when told to, or while somebody sleeps."""

    home: Home
    front: Front
    now: float = START
    host: str = "host"
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        paths = {"AWS_CONFIG_FILE": self.home.config, "AWS_SHARED_CREDENTIALS_FILE": self.home.credentials}
        self.home.environ |= {name: str(path) for name, path in paths.items()}
        self.front.behaviour = self.giving()

    def giving(self, seconds: float = HOUR, **values: str) -> Behaviour:
        """STS by this world's clock."""

        def answer(call: Call) -> Reply | None:
            return session(seconds, date=datetime.fromtimestamp(self.now, UTC), **values)(call)

        return answer

    def pass_by(self, seconds: float) -> None:
        self.now += seconds

    def get(self, name: str = "dev", *, started: Any = None, **environ: str) -> Entry:
        context = CallContext(
            environ=self.home.environ | environ,
            clock=Clock(now=lambda: self.now, monotonic=lambda: self.now, sleep=self.pass_by),
            started=self.now if started is None else started,
            started_monotonic=self.now,
            host=self.host,
            session_name=lambda: "me@host",
            warn=self.warnings.append,
        )
        return get_credentials(name, context)

    def shorter_mfa_session(self) -> Entry:
        """A session whose last stretch has come, and whose MFA session is over."""
        self.front.behaviour = lambda call: self.giving(840 if call.action == "GetSessionToken" else 900)(call)
        first = self.get(ASSUME_HELPER_MFA_TOKEN="123456")
        self.pass_by(820)
        return first

    @property
    def calls(self) -> int:
        return len(self.front.calls)

    def files(self, ending: str) -> list[Path]:
        return sorted(self.home.cache.glob(f"*.{ending}"))

    def profile(self, name: str = "dev") -> Profile:
        return role_chain.read_profile(load(self.home.environ), self.home.environ, name)

    def add(self, text: str) -> None:
        with self.home.config.open("a") as file:
            file.write(text)


@pytest.fixture
def world(role: Home, offline_front: Front) -> World:
    return World(role, offline_front)


def told(entry: Entry) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(entry.document)
    return document


def time_of(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


# MFA: nobody is asked while there is something to serve.


@pytest.fixture
def mfa_world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """`dev` wants MFA; there is a terminal, and whoever is asked there fails the test."""
    world.add("mfa_serial = GAHT12345678\nmfa_session_duration_seconds = 900\n")
    monkeypatch.setattr(terminal, "is_there", lambda: True)
    monkeypatch.setattr(terminal, "ask", lambda _prompt, _seconds: pytest.fail("asked"))
    return world


def test_a_role_s_credentials_are_renewed_without_a_code_while_its_mfa_session_lasts(mfa_world: World) -> None:
    mfa_world.front.behaviour = lambda call: mfa_world.giving(HOUR * (4 if call.action == "GetSessionToken" else 1))(
        call
    )
    mfa_world.get(ASSUME_HELPER_MFA_TOKEN="123456")
    mfa_world.pass_by(HOUR)
    mfa_world.get()
    assert [call.action for call in mfa_world.front.calls] == ["GetSessionToken", "AssumeRole", "AssumeRole"]


def test_an_mfa_session_past_its_window_is_used_to_its_end_without_asking(mfa_world: World) -> None:
    mfa_world.front.behaviour = mfa_world.giving(900)
    mfa_world.get(ASSUME_HELPER_MFA_TOKEN="123456")
    for path in mfa_world.home.cache.glob("*.hit"):
        path.unlink()
    mfa_world.pass_by(700)
    mfa_world.front.behaviour = mfa_world.giving()
    mfa_world.get()
    assert [call.action for call in mfa_world.front.calls] == ["GetSessionToken", "AssumeRole", "AssumeRole"]
    assert any("no new ones could be had: [dev] needs a code" in warning for warning in mfa_world.warnings)


def test_credentials_past_their_window_are_served_where_a_new_code_would_have_to_be_asked_for(mfa_world: World) -> None:
    first = mfa_world.shorter_mfa_session()
    assert mfa_world.get().session == first.session
    assert mfa_world.calls == 2


def test_when_nothing_is_left_to_serve_somebody_is_asked(mfa_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mfa_world.front.behaviour = mfa_world.giving(900)
    mfa_world.get(ASSUME_HELPER_MFA_TOKEN="123456")
    mfa_world.pass_by(900)
    monkeypatch.setattr(terminal, "ask", lambda _prompt, _seconds: "654321")
    mfa_world.get()
    assert mfa_world.front.calls[-2].parameters["TokenCode"] == "654321"


def test_a_wrong_code_does_not_take_what_is_cached(mfa_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = mfa_world.shorter_mfa_session()
    text = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
    mfa_world.front.behaviour = error(403, "AccessDenied", text)
    wrong = {"ASSUME_HELPER_MFA_TOKEN": "654321"}
    assert mfa_world.get(**wrong).session == first.session
    assert mfa_world.front.calls[-1].parameters["TokenCode"] == "654321"
    mfa_world.pass_by(60)
    monkeypatch.setattr(terminal, "is_there", lambda: False)
    monkeypatch.setattr(terminal, "ask", lambda _prompt, _seconds: None)
    with pytest.raises(MFARequired, match="was used already"):
        mfa_world.get(**wrong)


# A first call, and those that follow it.


def test_the_first_call_asks_sts_and_hands_out_what_it_gave(world: World) -> None:
    entry = world.get()
    (call,) = world.front.calls
    assert (call.access_key_id, call.parameters["RoleSessionName"]) == (ACCESS_KEY_ID, "me@host")
    document = told(entry)
    assert document["AccessKeyId"] == "ASIAFRONT00000000000"
    assert document["AccountId"] == "123456789012"
    assert entry.session.expiration == datetime.fromtimestamp(START + HOUR, UTC)
    assert time_of(document["Expiration"]) == entry.session.printed_expiration <= entry.session.expiration
    assert world.warnings == []


def test_a_fresh_session_is_handed_out_again_without_sts(world: World) -> None:
    first = world.get()
    world.pass_by(60)
    assert world.get() == first
    assert world.calls == 1


def test_the_last_second_before_the_window_is_fresh_and_the_next_one_is_not(world: World) -> None:
    end = world.get().session.served_until
    world.now = end - 1
    world.get()
    assert world.calls == 1
    world.now = end
    world.get()
    assert world.calls == 2


def test_a_new_session_replaces_the_old_one(world: World) -> None:
    world.get()
    world.pass_by(HOUR)
    world.front.behaviour = world.giving(access_key_id="ASIASECOND")
    second = world.get()
    assert told(second)["AccessKeyId"] == "ASIASECOND"
    assert world.get() == second
    assert len(world.files("entry")) == 1


def test_a_session_name_of_the_profile_s_own_is_used(world: World) -> None:
    world.add("role_session_name = mine\n")
    world.get()
    assert world.front.calls[0].parameters["RoleSessionName"] == "mine"


@pytest.mark.parametrize(
    "change", ["external_id = other\n", "duration_seconds = 1800\n", "role_session_name = other\n"]
)
def test_whatever_shapes_the_session_has_a_session_of_its_own(world: World, change: str) -> None:
    world.get()
    world.add(change)
    world.get()
    assert world.calls == 2
    assert len(world.files("entry")) == 2


def test_two_profiles_of_the_same_session_share_it(world: World) -> None:
    world.add(world.home.config.read_text().replace("[profile dev]", "[profile twin]"))
    assert world.get() == world.get("twin")
    assert world.calls == 1


def test_a_clock_that_has_jumped_back_is_a_new_call(world: World) -> None:
    world.get()
    world.pass_by(-HOUR)
    entry = world.get()
    assert world.calls == 2
    assert entry.session.expiration == datetime.fromtimestamp(START, UTC)


def test_a_clock_that_is_put_right_by_seconds_is_no_new_call(world: World) -> None:
    world.get()
    world.pass_by(-200)
    world.get()
    assert world.calls == 1


def test_a_session_from_before_a_jump_back_is_not_served_when_sts_is_not_reached(world: World) -> None:
    world.get()
    world.pass_by(-HOUR)
    world.front.behaviour = reset
    with pytest.raises(STSNotReached):
        world.get()


# STS is not reached.


def in_the_window(world: World, left: float = 600) -> Entry:
    """A cached session of an hour with so much of it left."""
    entry = world.get()
    world.now = START + HOUR - left
    world.front.calls.clear()
    return entry


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


# Chains.

HUB = "[profile far]\nrole_arn = arn:aws:iam::123456789012:role/far\nsource_profile = dev\n"


def test_a_chain_s_links_are_cached_each_by_itself(world: World) -> None:
    world.add(f"{HUB}region = us-east-1\nendpoint_url = {world.front.url}\n")
    world.front.behaviour = lambda call: world.giving(access_key_id="ASIA" + call.parameters["RoleArn"][-3:])(call)
    assert told(world.get("far"))["AccessKeyId"] == "ASIAfar"
    assert [call.access_key_id for call in world.front.calls] == [ACCESS_KEY_ID, "ASIAdev"]
    assert told(world.get("dev"))["AccessKeyId"] == "ASIAdev"
    assert world.calls == 2


def test_a_refused_link_is_told(world: World) -> None:
    world.add(f"{HUB}region = us-east-1\nendpoint_url = {world.front.url}\n")
    world.front.behaviour = lambda call: (
        denied(call) if call.parameters["RoleArn"].endswith("/far") else world.giving()(call)
    )
    with pytest.raises(STSRefused, match="role/far"):
        world.get("far")
    world.get("dev")


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


# What is remembered for a hit.


def test_what_the_answer_depends_on_is_remembered(world: World) -> None:
    world.get()
    assert len(world.files("hit")) == 1


def test_nothing_is_remembered_when_there_is_no_answer(world: World) -> None:
    world.front.behaviour = denied
    with pytest.raises(STSRefused):
        world.get()
    assert hit.answer("dev", world.home.environ, world.now) is None


@pytest.mark.parametrize("which", ["config", "credentials"])
@pytest.mark.parametrize(
    ("tick", "settles_in"),
    [
        (0.123_456_789, 0.021),
        (0.0, 2.001),  # a file system that counts whole seconds
    ],
)
def test_an_answer_is_remembered_only_once_the_config_has_settled(
    world: World, which: str, tick: float, settles_in: float
) -> None:
    changed = int(START) * 10**9 + round(tick * 10**9)
    os.utime(getattr(world.home, which), ns=(changed, changed))
    world.now = START + tick + settles_in / 2
    world.get()
    assert world.files("hit") == []
    world.now = START + tick + settles_in
    world.get()
    assert len(world.files("hit")) == 1


# The helper that calls itself through other programs.


def callers(world: World, *names: str, path: str | None = None) -> str:
    return json.dumps([[path or str(world.home.config), name] for name in names])


def test_a_caller_that_is_this_profile_is_drawn_as_a_loop(world: World) -> None:
    with pytest.raises(ConfigurationError) as caught:
        world.get(**{CALLERS: callers(world, "dev")})
    assert caught.value.message == "the sources form a loop: dev -> dev"
    assert world.calls == 0


def test_a_loop_through_several_callers_is_drawn_from_where_it_begins(world: World) -> None:
    with pytest.raises(ConfigurationError) as caught:
        world.get(**{CALLERS: callers(world, "first", "dev", "other")})
    assert caught.value.message == "the sources form a loop: dev -> other -> dev"


def test_a_loop_that_closes_further_on_is_drawn_with_the_way_to_it(world: World) -> None:
    world.add(f"{HUB}region = us-east-1\nendpoint_url = {world.front.url}\n")
    with pytest.raises(ConfigurationError) as caught:
        world.get("far", **{CALLERS: callers(world, "dev", "other")})
    assert caught.value.message == "the sources form a loop: dev -> other -> far -> dev"


def test_other_callers_are_no_loop(world: World) -> None:
    world.get(**{CALLERS: callers(world, "other", "and another")})


def test_the_same_name_in_another_config_is_no_loop(world: World) -> None:
    world.get(**{CALLERS: callers(world, "dev", path="/another/config")})


@pytest.mark.parametrize("value", ["", "x", "1", "{}", "[1]", '["ab"]', "[[1]]", '[["a","b","c"]]', "null"])
def test_callers_that_none_has_written_are_none(world: World, value: str) -> None:
    world.get(**{CALLERS: value})


def test_a_process_is_told_who_called_it(world: World, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    document = json.dumps({"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "s"})
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\nprintf %s \"${CALLERS}\" > {seen}\necho '{document}'\n")
    script.chmod(0o700)
    world.home.credentials.write_text(f"[base]\ncredential_process = {script}\n")
    world.get(**{CALLERS: callers(world, "before")})
    assert json.loads(seen.read_text()) == json.loads(callers(world, "before", "dev", "base"))


# Without a cache.


def test_without_a_cache_each_call_asks_sts_and_says_so(world: World) -> None:
    (world.home.folder / "open").mkdir()
    (world.home.folder / "open").chmod(0o777)
    for _ in range(2):
        world.get(ASSUME_HELPER_CACHE_DIR=str(world.home.folder / "open"))
    assert world.calls == 2
    assert "is open to other users" in world.warnings[0]


def test_a_failure_without_a_cache_is_told(world: World) -> None:
    world.front.behaviour = denied
    with pytest.raises(AssumeHelperError, match="denied"):
        world.get(ASSUME_HELPER_CACHE_DIR="relative")


@pytest.mark.parametrize("damage", [b"", b"rubbish", b"assume-helper 1 0\nx"])
def test_an_entry_that_cannot_be_read_is_a_new_call(world: World, damage: bytes) -> None:
    world.get()
    (entry,) = world.files("entry")
    entry.write_bytes(damage)
    world.get()
    assert world.calls == 2


def test_the_environment_is_in_no_representation(world: World) -> None:
    context = CallContext({"AWS_SECRET_ACCESS_KEY": "CanarySecret"}, Clock(), 0, 0, "host", str, print)
    assert "CanarySecret" not in repr(replace(context, host="other"))


def failure(world: World) -> dict[str, Any]:
    """What is kept about the one call that failed."""
    (file,) = world.files("failure")
    record: dict[str, Any] = json.loads(file.read_bytes().split(b"\n", 1)[1])
    return record
