"""A profile's session: from the cache or from STS, and what is remembered of it."""

import json
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from front import denied, reset
from hit_answers import fresh_document
from opened import open_to_others
from running import ACCESS_KEY_ID, joined
from unit.sessions.world import (
    HOUR,
    START,
    World,
    time_of,
    told,
)

from assume_helper import answers
from assume_helper.cli import session_options
from assume_helper.cli.commands import get
from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    STSNotReached,
    STSRefused,
)
from assume_helper.hit import CALLERS
from assume_helper.sessions.provider import RoleRequest
from assume_helper.system.context import CallContext, Clock

# The words of a request.

POLICY = os.path.abspath("/p")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, []),
        ({"read_only": "true"}, ["--read-only"]),
        ({"session_tags": "a=b,c=d"}, ["--session-tag", "a=b", "--session-tag", "c=d"]),
        ({"policy_arns": "x,y", "purpose": "a, b"}, ["--policy-arn", "x", "--policy-arn", "y", "--purpose", "a, b"]),
        (
            {"session_policy": POLICY, "duration_seconds": "900"},
            ["--session-policy", POLICY, "--duration-seconds", "900"],
        ),
    ],
)
def test_a_request_is_asked_for_again_with_the_options_that_get_knows(
    options: dict[str, str], words: list[str]
) -> None:
    request = RoleRequest("dev", options)
    assert request.words() == ["dev", *words]
    made = get.command.make_context("get", request.words(), resilient_parsing=False)
    assert session_options.as_keys(made.params) == options
    typed = RoleRequest("dev", options, typed=("--session-policy", "p", f"{answers.FOLDER}/x", "--purpose", "in y"))
    assert typed.words()[1:] == (["--session-policy", "p", "--purpose", "in y"] if options else [])


# A first call, and those that follow it.


def test_the_first_call_asks_sts_and_hands_out_what_it_gave(world: World) -> None:
    entry = world.get()
    (call,) = world.front.calls
    assert (call.access_key_id, call.parameters["RoleSessionName"]) == (ACCESS_KEY_ID, "me@host")
    document = told(entry)
    assert document["AccessKeyId"] == "ASIAFRONT00000000000"
    assert document["AccountId"] == "123456789012"
    end = datetime.fromtimestamp(START + HOUR, UTC)
    assert entry.session.expiration == end
    assert time_of(document["Expiration"]) == entry.session.printed_expiration
    assert time_of(document["Expiration"]) <= end
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


HUB = "[profile far]\nrole_arn = arn:aws:iam::123456789012:role/far\nsource_profile = dev\n"

# What is remembered for a hit.


def test_what_the_answer_depends_on_is_remembered(world: World) -> None:
    world.get()
    assert len(world.files("hit")) == 1


def test_nothing_is_remembered_when_there_is_no_answer(world: World) -> None:
    world.front.behaviour = denied
    with pytest.raises(STSRefused):
        world.get()
    assert fresh_document("dev", world.home.environ, world.now) is None


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
    script.write_text(f"import os\nopen({str(seen)!r}, 'w').write(os.environ[{CALLERS!r}])\nprint({document!r})\n")
    command = joined(sys.executable, "-I", "-S", str(script))
    world.home.credentials.write_text(f"[base]\ncredential_process = {command}\n")
    world.get(**{CALLERS: callers(world, "before")})
    assert json.loads(seen.read_text()) == json.loads(callers(world, "before", "dev", "base"))


# Without a cache.


def test_without_a_cache_each_call_asks_sts_and_says_so(world: World) -> None:
    (world.home.folder / "open").mkdir()
    open_to_others(world.home.folder / "open", 0o777)
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
