"""One call for all: what is served when STS cannot be reached or refuses, and what is shared."""

import errno
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from front import Behaviour, Call, Reply, denied, error, html, reset, truncated
from running import joined
from unit.sessions.world import (
    BAD_SIGNATURE,
    EXPIRED,
    HOUR,
    LATER_CODE,
    START,
    UNKNOWN,
    World,
    failure,
    in_the_window,
    time_of,
    told,
)

from assume_helper.cache import entries
from assume_helper.cache.entries import Entry
from assume_helper.cache.session import expiration_jitter
from assume_helper.credentials import Answer
from assume_helper.errors import (
    ConfigurationError,
    MachineFault,
    SettingFault,
    SourceError,
    SourceExpired,
    SourceRefused,
    STSNotReached,
    STSRefused,
    STSThrottled,
)
from assume_helper.sessions import provider
from assume_helper.sessions.provider import RoleRequest
from assume_helper.sts import calls

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


def jittered(world: World) -> Entry:
    """A session whose printed end is minutes before its true one: this host is one of those that draw much."""
    key = entries.key(world.profile().session_inputs())
    end = datetime.fromtimestamp(START + HOUR, UTC)
    world.host = next(name for name in map(str, range(1000)) if expiration_jitter(HOUR, name, key, end) > 300)
    entry = world.get()
    assert printed_end(entry) < end - timedelta(seconds=299)
    return entry


def printed_end(entry: Entry) -> datetime:
    """The end of a session that has one, as clients are told it."""
    assert entry.session.printed_expiration is not None
    return entry.session.printed_expiration


def test_before_the_printed_end_a_stale_document_is_unchanged(world: World) -> None:
    entry = jittered(world)
    world.front.behaviour = reset
    world.now = printed_end(entry).timestamp() - 120
    assert world.get() == entry


@pytest.mark.parametrize("seconds", [-60, 0, 100])
def test_after_the_printed_end_a_stale_document_has_the_true_end(world: World, seconds: float) -> None:
    entry = jittered(world)
    world.front.behaviour = reset
    world.now = printed_end(entry).timestamp() + seconds
    served = world.get()
    assert time_of(told(served)["Expiration"]) == entry.session.expiration
    assert told(served) | {"Expiration": ""} == told(entry) | {"Expiration": ""}


def test_while_sts_is_left_alone_the_document_has_the_true_end_too(world: World) -> None:
    entry = jittered(world)
    world.front.behaviour = reset
    world.now = printed_end(entry).timestamp()
    world.get()
    asked = world.calls
    world.pass_by(10)
    assert time_of(told(world.get())["Expiration"]) == entry.session.expiration
    assert world.calls == asked


def test_the_printed_end_is_the_same_on_every_call_and_another_on_other_hosts(world: World) -> None:
    ends: dict[str, set[datetime]] = {host: set() for host in "abcdef"}
    for host in [*ends, *ends]:
        world.host = host
        ends[host].add(printed_end(world.get()))
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


def test_after_a_refusal_no_stale_session_is_served(world: World) -> None:
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


SHOW = "import sys; sys.stdout.write(open(sys.argv[1]).read())"


def test_what_is_cached_is_served_when_the_source_s_process_fails(world: World, tmp_path: Path) -> None:
    printed = tmp_path / "printed"
    printed.write_text(json.dumps({"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "s"}))
    command = joined(sys.executable, "-c", SHOW, str(printed))
    world.home.credentials.write_text(f"[base]\ncredential_process = {command}\n")
    entry = in_the_window(world)
    printed.unlink()
    assert world.get().session == entry.session
    assert world.calls == 0


def test_an_expired_source_without_anything_cached_is_told(world: World) -> None:
    world.front.behaviour = EXPIRED
    with pytest.raises(SourceExpired) as caught:
        world.get()
    assert caught.value.exit_code == 4


def by_the_clock_of(world: World, code: str, message: str, seconds: float = 0) -> Behaviour:
    """An error whose Date is this world's clock, moved by so many seconds."""

    def answer(call: Call) -> Reply | None:
        reply = error(403, code, message)(call)
        return reply and replace(reply, date=datetime.fromtimestamp(world.now + seconds, UTC))

    return answer


def refusals(world: World) -> dict[str, Behaviour]:
    return {
        "denied": denied,
        "invalid": LATER_CODE,
        "deactivated": UNKNOWN,
        "signature": by_the_clock_of(world, "SignatureDoesNotMatch", BAD_SIGNATURE),
        "incomplete": by_the_clock_of(world, "IncompleteSignature", BAD_SIGNATURE),
    }


@pytest.mark.parametrize("kind", ["denied", "invalid", "deactivated", "signature", "incomplete"])
def test_after_a_no_nothing_is_served_though_sts_is_out_of_reach_then(world: World, kind: str) -> None:
    in_the_window(world)
    world.front.behaviour = refusals(world)[kind]
    with pytest.raises((STSRefused, SourceRefused)):
        world.get()
    assert world.files("entry") == []
    world.front.behaviour = html(503)
    world.pass_by(1)
    with pytest.raises(STSNotReached):
        world.get()


@pytest.mark.parametrize("kind", ["denied", "deactivated", "signature"])
def test_a_no_in_the_background_takes_away_what_is_cached(world: World, kind: str) -> None:
    entry = world.get()
    world.now = entry.session.refreshed_from + 1
    world.front.behaviour = refusals(world)[kind]
    with pytest.raises((STSRefused, SourceRefused)):
        provider.refresh(RoleRequest("dev"), world.context(), lambda _until: None)
    assert world.files("entry") == []


def test_who_waited_is_not_served_what_a_no_has_taken_away_meanwhile(world: World) -> None:
    in_the_window(world)

    def cleared(call: Call) -> Reply | None:
        for path in world.files("entry"):
            path.unlink()
        return reset(call)

    world.front.behaviour = cleared
    with pytest.raises(STSNotReached):
        world.get()


# Whatever else fails.


@pytest.mark.parametrize(
    ("code", "message", "seconds"),
    [
        ("SignatureDoesNotMatch", "Signature expired", 3600),
        ("SignatureDoesNotMatch", "Signature not yet current", -3600),
        ("SignatureDoesNotMatch", "Signature expired: 1 is now earlier than 2 (20350101T150000Z - 5 min.)", 0),
        ("SignatureDoesNotMatch", "Signature expired: 1 is now earlier than 2 (20350101T125100Z - 5 min.)", 0),
        ("RequestExpired", "Request has expired.", 0),
        ("RequestTimeTooSkewed", "The difference is too large.", 0),
        ("InternalFailure", "later", 0),
        ("RequestLimitExceeded", "later", 0),
        ("ExpiredToken", "The token has expired", 0),
    ],
)
def test_an_error_that_is_no_refusal_leaves_what_is_cached(
    world: World, code: str, message: str, seconds: float
) -> None:
    entry = in_the_window(world)
    world.front.behaviour = by_the_clock_of(world, code, message, seconds)
    assert world.get().session == entry.session
    assert len(world.warnings) == 1


@pytest.mark.parametrize(
    "fault",
    [
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        OSError("no number"),
        ImportError("cannot import name 'x' from 'y'", name="y"),
        ModuleNotFoundError("No module named 'y'"),
        AttributeError("module 'y' has no attribute 'x'"),
        SyntaxError("half a file"),
        RuntimeError("can't start new thread"),
        MemoryError(),
        RecursionError(),
        UnicodeDecodeError("utf-8", b"", 0, 1, "no text"),
        SettingFault("no bundle", "mend it"),
        SourceError("no document", "mend it"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_what_nobody_expects_leaves_what_is_cached_and_is_warned_of(
    world: World, fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = in_the_window(world)

    def failing(*_arguments: object) -> Answer:
        raise fault

    monkeypatch.setattr(calls, "request_session", failing)
    assert world.get().session == entry.session
    (warning,) = world.warnings
    words = (type(fault).__name__, str(fault).partition(";")[0], "no memory left")
    assert any(word in warning for word in words if word)
    monkeypatch.undo()
    world.pass_by(5)
    assert world.get().session == entry.session
    assert world.calls == 0, "left alone for a while"
    world.pass_by(60)
    assert world.get().session != entry.session


@pytest.mark.parametrize("fault", [ImportError, SettingFault])
def test_what_nobody_expects_is_raised_as_it_is_where_nothing_is_cached(
    world: World, fault: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    raised = fault("a", "b")

    def failing(*_arguments: object) -> Answer:
        raise raised

    monkeypatch.setattr(calls, "request_session", failing)
    with pytest.raises(fault) as caught:
        world.get()
    assert caught.value is raised


def test_no_memory_is_a_fault_of_this_machine(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_arguments: object) -> Answer:
        raise MemoryError

    monkeypatch.setattr(calls, "request_session", failing)
    with pytest.raises(MachineFault, match="no memory left"):
        world.get()


def test_a_config_that_is_wrong_serves_nothing_and_takes_nothing_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_window(world)

    def failing(*_arguments: object) -> Answer:
        raise ConfigurationError("it is wrong", "mend it")

    monkeypatch.setattr(calls, "request_session", failing)
    with pytest.raises(ConfigurationError):
        world.get()
    assert len(world.files("entry")) == 1


@pytest.mark.parametrize(
    "command", ["/nowhere/program", "echo '<html>log in</html>'", "echo", "false", "sh -c 'kill -9 $$'", "/etc"]
)
def test_whatever_becomes_of_the_source_s_program_leaves_what_is_cached(
    world: World, tmp_path: Path, command: str
) -> None:
    program = tmp_path / "program"
    program.write_text(
        f"#!/bin/sh\nif [ -e {tmp_path}/broken ]; then {command}; else "
        """echo '{"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "s"}'; fi\n"""
    )
    program.chmod(0o700)
    world.home.credentials.write_text(f"[base]\ncredential_process = {program}\n")
    entry = in_the_window(world)
    (tmp_path / "broken").touch()
    assert world.get().session == entry.session
    assert world.calls == 0
    program.unlink()
    world.pass_by(61)
    assert world.get().session == entry.session


def test_a_bundle_that_is_not_there_leaves_what_is_cached(world: World) -> None:
    entry = in_the_window(world)
    assert world.get(AWS_CA_BUNDLE="/nowhere/bundle.pem").session == entry.session
    assert "/nowhere/bundle.pem is not there" in world.warnings[0]


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "http://not a proxy", "http://:0"])
def test_a_proxy_that_cannot_be_used_leaves_what_is_cached(world: World, proxy: str) -> None:
    entry = in_the_window(world)
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patched:
        patched.setenv("HTTP_PROXY", proxy)
        assert world.get().session == entry.session
