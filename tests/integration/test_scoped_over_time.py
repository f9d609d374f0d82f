"""Narrowed sessions as they end, are refreshed, cleared and refused; which STS is asked; what STS does not narrow."""

import json

import pytest
import scoped_sts
from front import Front, error, identity, wait_for
from identity_center import Center
from kind_scenes import KINDS, NAME, Scene, logged
from narrowing import (
    COMMANDS,
    NARROWED,
    OTHER,
    POLICY,
    keys,
    narrowed,
    of_kind,
    of_permission_set,
    policies,
    scoped,
)
from running import Home
from started import refreshers
from strict import Issued

from assume_helper.cache.session import refresh_stretch, window


@pytest.fixture(params=KINDS)
def scene(request: pytest.FixtureRequest, home: Home, center: Center, offline_front: Front) -> Scene:
    return of_kind(request.param, home, center, offline_front)


@pytest.fixture
def of_set(home: Home, center: Center, offline_front: Front) -> Scene:
    return of_permission_set(home, center, offline_front)


# Over time


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_refreshed_ahead_narrowed_and_its_whole_session_with_it(of_set: Scene, command: str) -> None:
    typed = (command, NAME, *NARROWED, "--purpose", "in a test", *COMMANDS[command])
    first = keys(of_set.home.run(*typed))
    of_set.home.run(*typed)
    lifetime = 3600
    of_set.end_in(window(lifetime) + refresh_stretch(lifetime) / 2)
    assert keys(of_set.home.run(*typed)) == first
    wait_for(lambda: len(scoped(of_set)) == 2)
    wait_for(lambda: not refreshers(of_set.home))
    again = keys(of_set.home.run(*typed))
    assert again != first
    assert policies(of_set, again[0]) == (POLICY,)
    before, after = scoped(of_set)
    assert before.parameters == after.parameters
    assert (of_set.asked, after.access_key_id != before.access_key_id) == (2, True)


def test_a_whole_session_that_sts_does_not_take_any_more_is_replaced_once(of_set: Scene) -> None:
    whole = of_set.home.get(NAME)
    del of_set.sts.sessions[whole["AccessKeyId"]]
    found = narrowed(of_set)
    assert policies(of_set, found["AccessKeyId"]) == (POLICY,)
    assert (of_set.asked, len(scoped(of_set))) == (2, 2)
    assert of_set.home.get(NAME)["AccessKeyId"] == scoped(of_set)[-1].access_key_id


def test_clear_forgets_the_narrowed_and_the_whole_session(scene: Scene) -> None:
    scene.home.config.write_text(scene.config(session_policy=POLICY))
    scene.home.get(NAME)
    narrowed(scene, "--session-policy", OTHER)
    assert len(scene.home.entries()) == 3
    assert scene.home.run("clear", NAME).code == 0
    assert scene.home.entries() == []


def test_logout_forgets_the_narrowed_session_with_the_login(of_set: Scene) -> None:
    narrowed(of_set)
    assert len(of_set.home.entries()) == 2
    assert of_set.home.run("logout", NAME).code == 0
    assert of_set.home.entries() == []
    of_set.home.run("get", NAME, *NARROWED).failed(4)


def test_it_is_logged_as_what_it_is_and_holds_no_secret(of_set: Scene) -> None:
    found = narrowed(of_set)
    (event,) = logged(of_set.home)
    assert (event["kind"], event["outcome"], event["access_key"]) == (
        "permission set",
        "miss",
        found["AccessKeyId"][-4:],
    )
    assert found["SessionToken"] not in json.dumps(event)


# Which STS


def through_proxy(scene: Scene, **environ: str) -> list[str]:
    """Which hosts a narrowed `get` has asked a proxy for, which lets nothing through."""
    with_proxy = {"HTTPS_PROXY": scene.front.url, "NO_PROXY": "127.0.0.1", "AWS_ENDPOINT_URL_STS": ""}
    scene.home.run("get", NAME, *NARROWED, **with_proxy, **environ).failed(7, "proxy")
    return [call.parameters["CONNECT"] for call in scene.front.calls if "CONNECT" in call.parameters]


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "aws-global"])
def test_only_a_regional_endpoint_is_asked_also_where_others_are_to_be_global(of_set: Scene, region: str) -> None:
    hosts = through_proxy(of_set, AWS_REGION=region, AWS_STS_REGIONAL_ENDPOINTS="legacy")
    assert set(hosts) == {f"sts.{'us-east-1' if region == 'aws-global' else region}.amazonaws.com:443"}


def test_the_global_endpoint_by_name_is_exit_3(of_set: Scene) -> None:
    ran = of_set.home.run("get", NAME, *NARROWED, AWS_ENDPOINT_URL_STS="https://sts.amazonaws.com")
    ran.failed(3, "sts.amazonaws.com, which narrows no session", "a regional one")


# STS does not narrow it


ERRORS = {
    "MalformedPolicyDocument": (6, "correct session_policy in [dev], or the option"),
    "PackedPolicyTooLarge": (6, "the session's token is too large"),
    "InsufficientSessionLifetime": (6, "does not last"),
    "InvalidSubjectCredentials": (4, "no session that STS can narrow"),
    "InvalidAction": (6, "does not know GetScopedCredentials (InvalidAction), so the session cannot be narrowed"),
    "UnknownOperationException": (6, "does not know GetScopedCredentials"),
    "ValidationError": (6, "refused to narrow the session of [dev]"),
    "AccessDenied": (6, "denied GetScopedCredentials"),
}


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.parametrize("command", COMMANDS)
def test_each_refusal_is_told_apart_and_is_never_the_whole_session(of_set: Scene, command: str, code: str) -> None:
    exit_code, words = ERRORS[code]
    of_set.home.get(NAME)
    typed = (command, NAME, *NARROWED, *COMMANDS[command])
    first = keys(of_set.home.run(*typed))
    of_set.end_in(90)
    refused = error(403 if code == "AccessDenied" else 400, code, "What STS says.")
    of_set.waits(lambda sts: lambda call: refused(call) if call.action == scoped_sts.ACTION else sts(call))
    ran = of_set.home.run(*typed)
    assert ran.code == exit_code, ran.stderr
    assert words in ran.stderr
    assert b"ASIA" not in ran.stdout
    assert of_set.home.run(*typed).code == exit_code, "a no is final: the narrowed session that was cached is gone"
    of_set.waits(lambda sts: sts)
    assert keys(of_set.home.run(*typed)) != first


def test_a_duration_that_no_session_of_the_profile_has_is_refused_and_says_so(of_set: Scene) -> None:
    of_set.home.run("get", NAME, *NARROWED, "--duration-seconds", "43200").failed(
        6, "does not last 43200 s more (InsufficientSessionLifetime)", "lower duration_seconds in [dev]"
    )


def test_a_fourth_policy_is_denied_with_the_reason(of_set: Scene) -> None:
    whole = of_set.home.get(NAME)["AccessKeyId"]
    issued = of_set.sts.sessions[whole]
    of_set.sts.sessions[whole] = Issued(issued.credentials, True, False, issued.expires, policies=(POLICY,) * 3)
    of_set.home.run("get", NAME, *NARROWED).failed(6, "A session can have 3 scope down policies", "three times at most")


@pytest.mark.parametrize("command", COMMANDS)
def test_while_sts_is_out_of_order_the_cached_narrowed_session_serves_and_never_the_whole(
    of_set: Scene, command: str
) -> None:
    typed = (command, NAME, *NARROWED, *COMMANDS[command])
    first = keys(of_set.home.run(*typed))
    of_set.end_in(90)
    of_set.front.behaviour = error(503, "ServiceUnavailable", "out of order")
    assert keys(of_set.home.run(*typed)) == first
    other = of_set.home.run(command, NAME, "--session-policy", OTHER, *COMMANDS[command])
    assert other.code == 7
    assert b"ASIA" not in other.stdout
    assert "out of order" in of_set.home.log.read_text()


# How it is stored, and what is said of it


def test_a_narrowed_session_and_its_whole_one_are_stored_as_the_profile_says(of_set: Scene) -> None:
    narrowed(of_set)
    assert len(of_set.home.entries()) == 2
    of_set.home.config.write_text(of_set.config(assume_helper_cache="none"))
    found = narrowed(of_set)
    assert policies(of_set, found["AccessKeyId"]) == (POLICY,)
    assert of_set.home.entries() == [], "what leads to it is deleted where it was stored in a laxer way"
    assert narrowed(of_set) != found


def test_doctor_examines_the_narrowed_session(of_set: Scene) -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_ReadOnly_0123456789abcdef/me"
    of_set.waits(lambda sts: lambda call: identity(arn)(call) if call.action == "GetCallerIdentity" else sts(call))
    of_set.home.config.write_text(of_set.config(session_policy=POLICY))
    checks = json.loads(of_set.home.run("doctor", NAME, "--json").stdout)
    (session,) = [each for each in checks if each["name"] == "session"]
    (duration,) = [each for each in checks if each["name"] == "duration"]
    assert (session["status"], duration["status"]) == ("ok", "ok"), checks
    assert "as the session that they are made from" in duration["what"]
    assert policies(of_set, of_set.front.calls[-1].access_key_id) == (POLICY,)
