"""`whoami`: who the environment is, or a role beside what assumes it."""

import json
import re

from front import Call, Front, Reply, identity, session
from running import SECRET, Home

IDENTITY = ("account_id", "arn", "user_id", "session_name", "seconds_left", "whose")


def keys(home: Home) -> dict[str, str]:
    found = dict(re.findall(r"(aws_\w+) = (\S+)", home.credentials.read_text()))
    return {name.upper(): value for name, value in found.items()}


def test_the_environment_s_identity_is_shown(real_role: Home, front: Front) -> None:
    environ = keys(real_role) | {"AWS_ENDPOINT_URL": front.url, "AWS_REGION": "us-east-1"}
    ran = real_role.run("whoami", **environ)
    assert (ran.code, ran.stderr) == (0, "")
    said = ran.stdout.decode()
    assert said.startswith("the environment (env)\n")
    assert re.search(r"^  account +123456789012$", said, re.M)
    assert re.search(r"^  ARN +arn:aws:iam::123456789012:user/sts-user$", said, re.M)
    assert "expires" not in said


def test_a_profile_of_the_environment_s_is_whoever_an_sdk_is_with_it(real_role: Home, front: Front) -> None:
    ran = real_role.run("whoami", "--json", AWS_PROFILE="sts-role", AWS_ENDPOINT_URL=front.url)
    assert ran.code == 0, ran.stderr
    found = json.loads(ran.stdout)["environment"]
    assert found["arn"].startswith("arn:aws:sts::123456789012:assumed-role/sts-role/")
    assert found["whose"] == "the environment (custom-process)"
    assert found["seconds_left"] > 0


def test_a_role_is_shown_beside_its_source(real_role: Home) -> None:
    ran = real_role.run("whoami", "sts-role")
    assert (ran.code, ran.stderr) == (0, "")
    source, role = ran.stdout.decode().split("role of sts-role\n")
    assert source.startswith("source: sts-user\n")
    assert "arn:aws:iam::123456789012:user/sts-user" in source
    assert "assumed-role/sts-role/" in role
    assert re.search(r"^  session +\S+@", role, re.M)
    assert re.search(r"^  expires +in (59 min|1 h)", role, re.M)


def test_as_json(real_role: Home) -> None:
    found = json.loads(real_role.run("whoami", "--json", "sts-role").stdout)
    assert set(found) == {"source", "role"}
    assert set(found["source"]) == set(found["role"]) == set(IDENTITY)
    assert found["source"]["seconds_left"] is None
    assert 3500 < found["role"]["seconds_left"] <= 3600
    assert found["role"]["account_id"] == "123456789012"


def test_a_role_s_arn_may_be_named(real_role: Home, front: Front) -> None:
    environ = {"AWS_ENDPOINT_URL": front.url, "AWS_REGION": "us-east-1"}
    arn = "arn:aws:iam::123456789012:role/sts-role"
    ran = real_role.run("whoami", arn, "--source-profile", "sts-user", "--role-session-name", "me-here", **environ)
    assert ran.code == 0, ran.stderr
    assert b"assumed-role/sts-role/me-here" in ran.stdout


def test_a_chain_s_source_is_the_role_before_it(role: Home, offline_front: Front) -> None:
    def answer(call: Call) -> Reply | None:
        if call.action == "AssumeRole":
            return session(access_key_id=f"ASIA{len(offline_front.calls):016}")(call)
        whose = {"ASIA0000000000000001": "hub", "ASIA0000000000000002": "next"}[call.access_key_id]
        return identity(f"arn:aws:sts::123456789012:assumed-role/{whose}/me")(call)

    offline_front.behaviour = answer
    with role.config.open("a") as config:
        config.write("[profile next]\nrole_arn = arn:aws:iam::123456789012:role/next\nsource_profile = dev\n")
    found = json.loads(role.run("whoami", "--json", "next", AWS_ENDPOINT_URL=offline_front.url).stdout)
    assert found["source"]["arn"].endswith("assumed-role/hub/me")
    assert found["role"]["arn"].endswith("assumed-role/next/me")


def test_options_of_a_role_that_is_not_named_are_not_passed_over(real_role: Home) -> None:
    for options in (["--source-profile", "sts-user"], ["--role-session-name", "x-1"], ["--duration-seconds", "900"]):
        real_role.run("whoami", *options, AWS_PROFILE="sts-role").failed(2, "go with PROFILE or ROLE_ARN")


def test_without_credentials_it_says_so(home: Home) -> None:
    home.run("whoami").failed(4, "an SDK finds no credentials in this environment")


def test_credentials_that_sts_does_not_know_are_named(real_role: Home, front: Front) -> None:
    environ = {"AWS_ACCESS_KEY_ID": "AKIANOBODY0000000000", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}
    ran = real_role.run("whoami", AWS_ENDPOINT_URL=front.url, **environ)
    ran.failed(4, "STS does not know the access key in the environment")


def test_no_secret_is_shown(real_role: Home) -> None:
    secret = keys(real_role)["AWS_SECRET_ACCESS_KEY"]
    document = real_role.get("sts-role")
    for arguments in (["sts-role"], ["--json", "sts-role"]):
        ran = real_role.run("whoami", *arguments)
        for hidden in (secret, document["SecretAccessKey"], document["SessionToken"]):
            assert hidden not in ran.stdout.decode() + ran.stderr


def test_a_profile_of_the_environment_s_that_is_not_there_is_named(role: Home) -> None:
    role.run("whoami", AWS_PROFILE="nope").failed(3, "the environment names profile nope, which is not there")


def test_an_empty_profile_of_the_environment_s_is_named(role: Home) -> None:
    """Here it is none; but the question is what boto3 does with it."""
    role.run("whoami", AWS_PROFILE="").failed(3, "AWS_PROFILE is empty", "unset AWS_PROFILE")
    role.run("whoami", AWS_DEFAULT_PROFILE="").failed(3, "AWS_DEFAULT_PROFILE is empty")


def test_a_broken_config_is_named(role: Home) -> None:
    role.config.write_text("[profile x\n")
    role.run("whoami").failed(3, "config, line 1")


def test_a_missing_ca_bundle_is_named(real_role: Home, front: Front) -> None:
    environ = keys(real_role) | {"AWS_ENDPOINT_URL": front.url, "AWS_CA_BUNDLE": "/nope", "AWS_REGION": "us-east-1"}
    real_role.run("whoami", **environ).failed(3, "the CA bundle /nope is not there")
