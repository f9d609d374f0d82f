"""What the environment or the config says twice: served as promised, with a warning for people."""

import json
import sys
from dataclasses import replace
from typing import Any

import pytest
from front import Call, Front, identity, session
from running import Home

ROLE = "arn:aws:iam::123456789012:role"
BOTH = {"AWS_PROFILE": "dev", "AWS_DEFAULT_PROFILE": "ops"}
DIFFER = "assume-helper: warning: AWS_PROFILE is dev and AWS_DEFAULT_PROFILE is ops: "
SHOW = "import os; print(os.environ['ASSUME_HELPER_PROFILE'])"
TYPED = [
    ["exec", "--", sys.executable, "-c", SHOW],
    ["exec", "dev", "--", sys.executable, "-c", "", "-h"],
    ["env", "--shell", "bash"],
    ["env", "--json"],
    ["env", "dev", "--shell", "bash"],
    ["env", "--unset", "--shell", "bash"],
    ["whoami"],
    ["whoami", "--json", "dev"],
    ["list"],
    ["list", "--json"],
    ["log"],
    ["clear", "dev"],
    ["clear", "--all"],
    ["doctor", "--json"],
    ["configure", "dev", "--yes"],
    ["exec", "--no-such-option"],
]


@pytest.fixture
def ready(role: Home, offline_front: Front) -> Home:
    offline_front.behaviour = lambda call: (
        identity(f"{ROLE}/dev") if call.action == "GetCallerIdentity" else session()
    )(call)
    role.environ |= {
        "AWS_ENDPOINT_URL": offline_front.url,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with role.config.open("a") as config:
        config.write(f"[profile ops]\nrole_arn = {ROLE}/ops\nsource_profile = base\n")
    return role


def roles(front: Front) -> list[Call]:
    return [call for call in front.calls if call.action == "AssumeRole"]


def checks(home: Home, name: str, **environ: str) -> list[dict[str, Any]]:
    found = json.loads(home.run("doctor", "--json", **environ).stdout)
    return [check for check in found if check["name"] == name and check["status"] == "fail"]


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_two_profiles_in_the_environment_are_told_by_every_command_that_people_type(
    ready: Home, words: list[str]
) -> None:
    ran = ready.run(*words, **BOTH)
    assert ran.stderr.count(DIFFER) == 1, ran.stderr
    assert "warning" not in ready.run(*words, **BOTH | {"AWS_DEFAULT_PROFILE": "dev"}).stderr


@pytest.mark.parametrize("words", [["get", "dev"], ["completion", "bash"], ["exec", "--help"], ["--version"]])
def test_what_programs_call_says_nothing_of_two_profiles(ready: Home, words: list[str]) -> None:
    for _ in range(2):
        ran = ready.run(*words, **BOTH)
        assert (ran.code, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (BOTH, "dev"),
        ({"AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "ops"}, "ops"),
        ({"AWS_DEFAULT_PROFILE": "ops"}, "ops"),
    ],
)
def test_the_first_is_taken_by_every_command(
    ready: Home, offline_front: Front, given: dict[str, str], taken: str
) -> None:
    ran = ready.run("exec", "--", sys.executable, "-c", SHOW, **given)
    assert ran.stdout.decode().split() == [taken]
    assert ready.run("env", "--json", **given).code == 0
    assert ready.run("whoami", **given).code == 0
    assert {call.parameters["RoleArn"] for call in roles(offline_front)} == {f"{ROLE}/{taken}"}


@pytest.mark.parametrize("words", [["exec", "", "--", "true"], ["env", ""], ["whoami", ""]])
def test_an_empty_name_takes_no_profile_of_the_environment(ready: Home, words: list[str]) -> None:
    ran = ready.run(*words, AWS_PROFILE="dev")
    if words[0] == "env":  # what a shell evaluates must fail, too
        assert ran.stdout.startswith(b"unset AWS_ACCESS_KEY_ID ")
        assert ran.stdout.endswith(b"; false\n")
        ran = replace(ran, stdout=b"")
    ran.failed(2, "PROFILE is empty: name one, or leave it out")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (BOTH, ["AWS_PROFILE is dev and AWS_DEFAULT_PROFILE is ops"]),
        ({"AWS_PROFILE": ""}, ["AWS_PROFILE is empty"]),
        ({"AWS_DEFAULT_PROFILE": ""}, ["AWS_DEFAULT_PROFILE is empty"]),
        ({"AWS_PROFILE": "dev", "AWS_DEFAULT_PROFILE": ""}, ["AWS_DEFAULT_PROFILE is empty", "is dev and"]),
        ({"AWS_PROFILE": "no"}, ["AWS_PROFILE names no, which does not exist"]),
        ({"AWS_PROFILE": "dev", "AWS_DEFAULT_PROFILE": "no"}, ["AWS_DEFAULT_PROFILE names no,", "is dev and"]),
        ({"AWS_PROFILE": "dev", "AWS_DEFAULT_PROFILE": "dev"}, []),
    ],
)
def test_doctor_fails_where_they_differ_or_one_is_empty_or_names_nothing(
    ready: Home, given: dict[str, str], words: list[str]
) -> None:
    found = checks(ready, "environment", **given)
    assert len(found) == len(words)
    assert all(any(word in check["what"] for check in found) for word in words)
    assert all(check["mend"] for check in found)
    assert ready.run("doctor", **given).code == bool(words)


# Sections that are the same.


def twice(home: Home, first: str, second: str) -> None:
    rest = "source_profile = base\n"
    home.config.write_text(f"[{first}]\nrole_arn = {ROLE}/one\n{rest}[{second}]\nrole_arn = {ROLE}/two\n{rest}")


SAME = [
    ("default", "profile default"),
    ("profile default", "default"),
    ("profile a", 'profile "a"'),
    ("profile 'a'", "profile a"),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_two_sections_for_one_profile_are_served_as_by_botocore_and_told(
    ready: Home, offline_front: Front, first: str, second: str
) -> None:
    twice(ready, first, second)
    name = "default" if "default" in first else "a"
    for _ in range(2):
        assert ready.get(name)["Version"] == 1
    assert [call.parameters["RoleArn"] for call in roles(offline_front)] == [f"{ROLE}/two"]
    told = f"[{first}] (line 1) and [{second}] (line 4) are the same: "
    for words in (["exec", name, "--", "true"], ["env", name, "--shell", "bash"], ["whoami", name], ["list"]):
        ran = ready.run(*words)
        assert ran.code == 0
        assert f"assume-helper: warning: {told}" in ran.stderr
    (check,) = checks(ready, "config")
    assert check["what"].startswith(told)
    assert ready.run("doctor").code == 1
    ran = ready.run("configure", name, "--yes")
    assert ran.code == 3
    assert "has 2 sections in the config file; merge them into one" in ran.stderr
