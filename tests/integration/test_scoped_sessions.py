"""What AssumeRole cannot narrow is narrowed by GetScopedCredentials: every kind, by every command, and never wider."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import identity_center as ic
import pytest
from front import Front, identity
from identity_center import Center
from kind_scenes import KINDS, NAME, ROLE_ARN, Scene, document, roles, together
from narrowing import (
    COMMANDS,
    NARROWED,
    OTHER,
    POLICY,
    PROGRAM,
    keys,
    known,
    narrowed,
    of_kind,
    of_permission_set,
    policies,
    scoped,
)
from running import ACCESS_KEY_ID, Home
from strict import SERIAL

OF_A_ROLE = [
    ("--read-only",),
    ("--policy-arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
    ("--session-tag", "a=b"),
    ("--role-session-name", "me"),
]


@pytest.fixture(params=KINDS)
def scene(request: pytest.FixtureRequest, home: Home, center: Center, offline_front: Front) -> Scene:
    return of_kind(request.param, home, center, offline_front)


@pytest.fixture
def of_set(home: Home, center: Center, offline_front: Front) -> Scene:
    return of_permission_set(home, center, offline_front)


# Every kind, by every command


def test_each_kind_is_narrowed_and_its_whole_session_is_cached_as_always(scene: Scene) -> None:
    first = narrowed(scene)
    (call,) = scoped(scene)
    assert {name: value for name, value in call.parameters.items() if name not in {"Action", "Version"}} == {
        "Policy": POLICY,
        "ScopedSessionDescription": "assume-helper",
    }
    assert policies(scene, first["AccessKeyId"]) == (POLICY,)
    assert (first["Version"], first["AccountId"]) == (1, scene.home.get(NAME).get("AccountId", ic.ACCOUNT))
    whole = scene.home.get(NAME)
    assert call.access_key_id == whole["AccessKeyId"] != first["AccessKeyId"]
    assert narrowed(scene) == first
    assert (scene.asked, len(scoped(scene)), len(scene.home.entries())) == (1, 1, 2)


def test_an_option_is_never_served_to_who_did_not_ask_for_it_nor_the_reverse(scene: Scene) -> None:
    whole = scene.home.get(NAME)
    found = [narrowed(scene, *NARROWED), narrowed(scene, "--session-policy", OTHER), whole]
    assert len({each["AccessKeyId"] for each in found}) == 3
    for _ in range(2):
        again = [narrowed(scene, *NARROWED), narrowed(scene, "--session-policy", OTHER), scene.home.get(NAME)]
        assert again == found
    assert (scene.asked, len(scoped(scene))) == (1, 2)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_hands_out_the_same_narrowed_session(of_set: Scene, command: str) -> None:
    found = keys(of_set.home.run(command, NAME, *NARROWED, *COMMANDS[command]))
    assert policies(of_set, found[0]) == (POLICY,)
    for other, rest in COMMANDS.items():
        assert keys(of_set.home.run(other, *NARROWED, NAME, *rest)) == found
    assert len(scoped(of_set)) == 1


def test_whoami_asks_with_the_narrowed_session(of_set: Scene) -> None:
    arn = f"arn:aws:sts::{ic.ACCOUNT}:assumed-role/AWSReservedSSO_ReadOnly_0123456789abcdef/me"
    of_set.waits(lambda sts: lambda call: identity(arn)(call) if call.action == "GetCallerIdentity" else sts(call))
    assert of_set.home.run("whoami", NAME, *NARROWED).code == 0
    assert policies(of_set, of_set.front.calls[-1].access_key_id) == (POLICY,)


def test_the_console_is_signed_in_with_the_narrowed_session(of_set: Scene) -> None:
    found, issuer, federation = narrowed(of_set), of_set.center.issuer, of_set.center.signin.federation
    # the sign-in knows this session alone
    del of_set.sts.sessions[issuer.given[-1].access_key_id]
    issuer.given[:] = [
        replace(
            issuer.given[-1],
            access_key_id=found["AccessKeyId"],
            secret_access_key=found["SecretAccessKey"],
            session_token=found["SessionToken"],
        )
    ]
    ran = of_set.home.run("console", NAME, *NARROWED, "--print")
    assert (ran.code, ran.stderr, federation.refused, len(federation.given)) == (0, "", [], 1)
    assert of_set.home.run("console", NAME, "--print").code != 0
    assert len(federation.refused) == 1


def test_the_portal_s_link_is_never_that_of_a_narrowed_profile(of_set: Scene) -> None:
    of_set.home.run("console", NAME, *NARROWED, "--portal", "--print").failed(2, "the access portal makes the session")
    of_set.home.config.write_text(of_set.config(assume_helper_session_policy=POLICY))
    of_set.home.run("console", NAME, "--portal", "--print").failed(3, "session_policy", "leave --portal out")


def test_exec_with_refresh_goes_on_with_the_narrowed_session(of_set: Scene) -> None:
    program = (
        "import os, urllib.request as u; print(u.urlopen(u.Request(os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'],"
        "headers={'Authorization': os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN']})).read().decode())"
    )
    ran = of_set.home.run("exec", "--refresh", NAME, *NARROWED, "--", sys.executable, "-c", program)
    assert ran.code == 0, ran.stderr
    assert policies(of_set, ran.document["AccessKeyId"]) == (POLICY,)


def test_fifty_cold_processes_narrow_once(of_set: Scene) -> None:
    of_set.home.config.write_text(of_set.config(session_policy=POLICY))
    ended = together(of_set.home, [NAME] * 50)
    assert {(done.code, done.stderr) for done in ended} == {(0, "")}
    assert len({done.stdout for done in ended}) == 1
    assert (of_set.asked, len(scoped(of_set))) == (1, 1)


# The profile's own key


@pytest.mark.parametrize("prefix", ["", "assume_helper_"])
def test_a_profile_with_the_key_is_narrowed_by_itself(scene: Scene, prefix: str) -> None:
    scene.home.config.write_text(scene.config(**{f"{prefix}session_policy": POLICY}))
    assert policies(scene, scene.home.get(NAME)["AccessKeyId"]) == (POLICY,)
    (listed,) = json.loads(scene.home.run("list", "--json").stdout)
    assert (listed["profile"], listed["cached"], listed["problem"]) == (NAME, True, None)


def test_a_policy_file_that_changes_counts_on_the_very_next_call(of_set: Scene) -> None:
    file = of_set.home.config.parent / "policy.json"
    file.write_text(POLICY)
    of_set.home.config.write_text(of_set.config(session_policy="policy.json"))
    of_set.home.get(NAME)
    file.write_text(OTHER)
    assert policies(of_set, of_set.home.get(NAME)["AccessKeyId"]) == (OTHER,)
    file.unlink()
    of_set.home.run("get", NAME).failed(3, "there is no such file")


def test_a_narrowed_profile_is_a_narrowed_source(of_set: Scene) -> None:
    of_set.home.config.write_text(of_set.config(session_policy=POLICY) + roles(1))
    of_set.home.get("role-0")
    (call,) = of_set.front.assumed()
    assert policies(of_set, call.access_key_id) == (POLICY,)
    of_set.home.run("get", "role-0", "--purpose", "x-y").failed(2, "is a role, which takes no --purpose")


def test_a_session_that_a_code_gave_is_narrowed(home: Home, center: Center, offline_front: Front) -> None:
    scene = Scene(home, center, offline_front, "access key")
    home.config.write_text(scene.config(mfa_serial=SERIAL))
    home.run("get", NAME, *NARROWED).failed(5)
    ran = home.run("get", NAME, *NARROWED, ASSUME_HELPER_MFA_TOKEN=scene.sts.device.code())
    assert (ran.code, ran.stderr) == (0, "")
    given = scene.sts.sessions[ran.document["AccessKeyId"]]
    assert (given.policies, given.with_mfa) == ((POLICY,), True)


@pytest.mark.parametrize("name", ["aws_session_token", "aws_security_token"])
def test_temporary_keys_are_narrowed_and_never_handed_over(
    home: Home, center: Center, offline_front: Front, name: str
) -> None:
    scene = Scene(home, center, offline_front, "access key")
    known(scene, ACCESS_KEY_ID)
    home.config.write_text(scene.config(**{name: "ProcessToken"}))
    first = narrowed(scene)
    assert policies(scene, first["AccessKeyId"]) == (POLICY,)
    assert narrowed(scene) == first
    assert home.get(NAME)["AccessKeyId"] == ACCESS_KEY_ID
    assert home.run("exec", "--no-session", *NARROWED, NAME, *PROGRAM).code == 2


def test_the_key_itself_of_a_narrowed_profile_is_never_handed_over(
    home: Home, center: Center, offline_front: Front
) -> None:
    scene = Scene(home, center, offline_front, "access key")
    home.config.write_text(scene.config(session_policy=POLICY))
    home.run("exec", "--no-session", NAME, *PROGRAM).failed(3, "has a session_policy", "leave --no-session out")


def test_a_process_that_does_not_say_when_its_session_ends_is_narrowed_and_one_with_a_user_s_key_is_not(
    home: Home, center: Center, offline_front: Front
) -> None:
    scene = Scene(home, center, offline_front, "process")
    known(scene)
    scene.prints(document(seconds=None, SessionToken="ProcessToken"))
    assert policies(scene, narrowed(scene)["AccessKeyId"]) == (POLICY,)
    scene.prints(document("AKIAPROCESS000000000", seconds=None))
    home.run("get", NAME, "--session-policy", OTHER).failed(
        4, "gives a user's key", "STS narrows temporary credentials"
    )
    assert len(scoped(scene)) == 1


# What it is for, and how long it lasts


def test_a_purpose_is_in_the_audit_trail_and_has_an_entry_of_its_own(of_set: Scene) -> None:
    found = {narrowed(of_set)["AccessKeyId"]}
    for text in ("in production: deploy 7", "x" * 256, "für später"):
        found.add(narrowed(of_set, *NARROWED, "--purpose", text)["AccessKeyId"])
        assert scoped(of_set)[-1].parameters["ScopedSessionDescription"] == text
        assert narrowed(of_set, *NARROWED, f"--purpose={text}")["AccessKeyId"] in found
    assert (len(found), len(scoped(of_set))) == (4, 4)


@pytest.mark.parametrize("text", ["x", "x" * 257, "a\nb", "a\x1bb", "a\x85b", "日本", "", " "])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_purpose_that_sts_does_not_take_is_exit_2_before_anything_is_asked(
    of_set: Scene, command: str, text: str
) -> None:
    ran = of_set.home.run(command, NAME, *NARROWED, "--purpose", text, *COMMANDS[command])
    assert (ran.code, ran.stdout) == (2, b"")
    assert "--purpose" in ran.stderr
    assert (of_set.asked, of_set.front.calls) == (0, [])


def test_a_purpose_alone_narrows_nothing_and_is_exit_2(scene: Scene) -> None:
    scene.home.run("get", NAME, "--purpose", "deploy").failed(2, "nothing narrows this one", "--session-policy")
    assert scene.front.calls == []


@pytest.mark.parametrize("seconds", ["1", "60", "1800"])
def test_a_duration_is_the_narrowed_session_s(scene: Scene, seconds: str) -> None:
    if scene.kind == "console login" and seconds == "1800":
        seconds = "800"
    found = narrowed(scene, *NARROWED, "--duration-seconds", seconds)
    assert scoped(scene)[-1].parameters["DurationSeconds"] == seconds
    assert datetime.fromisoformat(found["Expiration"]).timestamp() <= time.time() + int(seconds)
    whole = scene.home.get(NAME)
    assert whole["AccessKeyId"] == scoped(scene)[-1].access_key_id


def test_a_duration_alone_shortens_a_session_that_no_key_is_exchanged_for(scene: Scene) -> None:
    narrowed(scene, "--duration-seconds", "900" if scene.kind == "access key" else "60")
    if scene.kind == "access key":
        assert scoped(scene) == []
    else:
        assert "Policy" not in scoped(scene)[-1].parameters


def test_a_duration_is_never_beyond_what_is_left(of_set: Scene) -> None:
    of_set.home.get(NAME)
    of_set.end_in(1800)
    found = narrowed(of_set, *NARROWED, "--duration-seconds", "3600")
    assert 1700 < int(scoped(of_set)[-1].parameters["DurationSeconds"]) <= 1800
    assert datetime.fromisoformat(found["Expiration"]).timestamp() <= time.time() + 1800


@pytest.mark.parametrize("seconds", ["0", "129601", "soon"])
def test_a_duration_that_sts_does_not_take_is_exit_2(of_set: Scene, seconds: str) -> None:
    of_set.home.run("get", NAME, *NARROWED, "--duration-seconds", seconds).failed(2, "--duration-seconds")


def test_a_duration_of_a_second_is_for_what_is_narrowed_so_alone(
    home: Home, center: Center, offline_front: Front
) -> None:
    scene = Scene(home, center, offline_front, "access key")
    with home.config.open("a") as config:
        config.write(f"[profile role]\nrole_arn = {ROLE_ARN}/x\nsource_profile = {NAME}\n")
    for name in (NAME, "role"):
        home.run("get", name, "--duration-seconds", "899").failed(2, "lasts 900 s at least")
    assert scene.front.calls == []


def test_a_document_s_earlier_end_is_that_of_what_is_made_from_it(
    home: Home, center: Center, offline_front: Front
) -> None:
    scene = Scene(home, center, offline_front, "process")
    known(scene)
    scene.prints(document(seconds=1200))
    found = narrowed(scene)
    assert datetime.fromisoformat(found["Expiration"]).timestamp() <= time.time() + 1200


# What a kind cannot have, and what is no policy


@pytest.mark.parametrize("option", OF_A_ROLE, ids=lambda option: option[0])
@pytest.mark.parametrize("command", [*COMMANDS, "whoami", "console"])
def test_what_only_a_role_can_have_is_exit_2_with_the_way_and_never_the_whole_session(
    scene: Scene, command: str, option: Sequence[str]
) -> None:
    ran = scene.home.run(command, NAME, *option, *COMMANDS.get(command, ("--print",) if command == "console" else ()))
    assert (ran.code, ran.stdout) == (2, b""), ran.stderr
    assert f"takes no {option[0]}; narrow it with --session-policy, or name a role" in ran.stderr
    scene.home.run("get", NAME, *NARROWED, *option).failed(2, option[0])
    assert (scene.asked, scene.front.calls) == (0, [])


@pytest.mark.parametrize(
    ("policy", "code", "words"),
    [
        ("{", 3, "is not JSON"),
        ("{}", 3, "has no Statement"),
        ("gone.json", 3, "there is no such file"),
        (POLICY.replace("s3:Get*", "s3:Get*" + "x" * 2048), 3, "2139 characters"),
        ("", 2, "--session-policy is empty"),
        (" ", 2, "--session-policy is empty"),
    ],
)
def test_what_is_no_policy_is_told_before_anything_is_asked(of_set: Scene, policy: str, code: int, words: str) -> None:
    of_set.home.run("get", NAME, "--session-policy", policy).failed(code, words)
    for command, rest in COMMANDS.items():
        ran = of_set.home.run(command, "--session-policy", policy, NAME, *rest)
        assert (ran.code, ran.stdout) == (code, b"")
    assert (of_set.asked, of_set.front.calls) == (0, [])
