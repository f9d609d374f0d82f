"""`assume-helper get PROFILE`: the document of a role's credentials, through every kind of source."""

import json
import os
import pwd
import re
import socket
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from front import Front, session
from running import ACCESS_KEY_ID, PACKAGE, SCRIPT, SECRET, Home


def identity(document: dict[str, Any], url: str) -> str:
    sts = boto3.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id=document["AccessKeyId"],
        aws_secret_access_key=document["SecretAccessKey"],
        aws_session_token=document["SessionToken"],
    )
    arn: str = sts.get_caller_identity()["Arn"]
    return arn


def test_prints_the_document_of_the_assumed_role(real_role: Home, front: Front) -> None:
    ran = real_role.run("get", "sts-role")
    assert (ran.code, ran.stderr) == (0, "")
    document = ran.document
    assert list(document) == ["Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "AccountId"]
    assert document["Version"] == 1
    assert document["AccountId"] == "123456789012"
    assert datetime.strptime(document["Expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) > datetime.now(UTC)
    assert len(ran.stdout) < 8192
    assert ran.stdout == json.dumps(document, separators=(",", ":")).encode() + b"\n"
    assert identity(document, front.url).startswith("arn:aws:sts::123456789012:assumed-role/sts-role/")


def test_an_sdk_uses_the_role_and_does_not_know_of_the_helper(real_role: Home, front: Front) -> None:
    program = (
        "import boto3\n"
        "s = boto3.Session(profile_name='sts-role')\n"
        "print(s.client('sts').get_caller_identity()['Arn'])\n"
        "print([b['Name'] for b in s.client('s3').list_buckets()['Buckets']])\n"
    )
    ran = real_role.run("-c", program, command=[sys.executable])
    assert ran.code == 0, ran.stderr
    arn, buckets = ran.stdout.decode().splitlines()
    assert "assumed-role/sts-role/" in arn
    assert "a-bucket" in buckets
    assert len(front.assumed()) == 1


def test_the_user_alone_is_denied_what_the_role_may(real_role: Home) -> None:
    program = "import boto3; boto3.Session(profile_name='sts-user').client('s3').list_buckets()"
    ran = real_role.run("-c", program, command=[sys.executable])
    assert ran.code != 0
    assert "AccessDenied" in ran.stderr


def test_the_second_call_is_served_from_the_cache(real_role: Home, front: Front) -> None:
    assert real_role.get("sts-role") == real_role.get("sts-role")
    assert len(front.assumed()) == 1


def test_a_chain_of_roles_is_assumed_link_by_link_and_each_link_is_cached(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = lambda call: session(
        access_key_id="ASIA" + call.parameters["RoleArn"].rpartition("/")[2].upper().ljust(16, "0")
    )(call)
    role.config.write_text(
        "[profile a]\nrole_arn = arn:aws:iam::111111111111:role/a\nsource_profile = b\n"
        "[profile c]\nrole_arn = arn:aws:iam::111111111111:role/c\nsource_profile = b\n"
        "[profile b]\nrole_arn = arn:aws:iam::222222222222:role/b\nsource_profile = base\n"
        "[default]\n[services x]\n[profile base]\nregion = us-east-1\n"
    )
    environ = {"AWS_ENDPOINT_URL_STS": offline_front.url}
    assert role.get("a", **environ)["AccessKeyId"].startswith("ASIAA")
    assert [(c.parameters["RoleArn"][-1], c.access_key_id) for c in offline_front.calls] == [
        ("b", ACCESS_KEY_ID),
        ("a", "ASIAB000000000000000"),
    ]
    assert role.get("c", **environ)["AccessKeyId"].startswith("ASIAC")
    assert role.get("b", **environ)["AccessKeyId"].startswith("ASIAB")
    assert [c.parameters["RoleArn"][-1] for c in offline_front.calls] == ["b", "a", "c"]
    assert len(role.entries()) == 3


def test_a_real_chain_ends_in_the_last_role(real_role: Home, front: Front) -> None:
    with real_role.config.open("a") as config:
        config.write(
            "[profile next]\nrole_arn = arn:aws:iam::123456789012:role/sts-role\nsource_profile = sts-role\n"
            f"role_session_name = second\nregion = us-east-1\nendpoint_url = {front.url}\n"
        )
    ran = real_role.run("get", "next")
    ran.failed(6, "denied", "assumed-role/sts-role/")  # who asked is the first role, which may not assume itself
    assert len(front.assumed()) == 2


def test_credential_source_environment_takes_the_keys_of_the_environment(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    role.config.write_text(
        "[profile ci]\nrole_arn = arn:aws:iam::123456789012:role/ci\ncredential_source = Environment\n"
        f"endpoint_url = {offline_front.url}\n"
    )
    keys = {"AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT00000", "AWS_SECRET_ACCESS_KEY": SECRET}
    role.get("ci", **keys)
    assert offline_front.calls[0].access_key_id == "AKIAENVIRONMENT00000"
    role.get("ci", **keys)
    role.get("ci", **keys | {"AWS_ACCESS_KEY_ID": "AKIAANOTHER000000000"})
    assert len(offline_front.calls) == 2, "another key is another source"


def test_a_source_that_is_a_credential_process_is_run(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    document = {"Version": 1, "AccessKeyId": "AKIAPROCESS000000000", "SecretAccessKey": SECRET}
    program = role.folder / "source program"
    program.write_text(f"#!/bin/sh\necho run >> '{role.folder}/runs'\necho '{json.dumps(document)}'\n")
    program.chmod(0o755)
    role.config.write_text(
        "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = broker\n"
        f'[profile broker]\ncredential_process = "{program}" --for dev\n'
    )
    environ = {"AWS_ENDPOINT_URL": offline_front.url}
    role.get("dev", **environ)
    role.get("dev", **environ)
    assert [c.access_key_id for c in offline_front.calls] == ["AKIAPROCESS000000000"]
    assert (role.folder / "runs").read_text() == "run\n", "a hit does not run the source"


def test_a_source_process_gets_no_terminal_input_and_no_keys_of_the_caller(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    document = json.dumps({"Version": 1, "AccessKeyId": "AKIAPROCESS000000000", "SecretAccessKey": SECRET})
    program = role.folder / "source"
    program.write_text(f"#!/bin/sh\nenv > '{role.folder}/seen'\ncat >> '{role.folder}/seen'\necho '{document}'\n")
    program.chmod(0o755)
    role.config.write_text(
        "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = broker\n"
        f"[profile broker]\ncredential_process = {program}\n"
    )
    environ = {
        "AWS_ENDPOINT_URL": offline_front.url,
        "AWS_PROFILE": "dev",
        "AWS_DEFAULT_PROFILE": "dev",
        "AWS_DATA_PATH": "/nowhere",
        "AWS_ACCESS_KEY_ID": "AKIACALLER0000000000",
        "AWS_SECRET_ACCESS_KEY": "CallersOwnSecret",
        "AWS_SESSION_TOKEN": "CallersOwnToken",
        "KEPT": "as it was",
    }
    child = subprocess.Popen(
        [SCRIPT, "get", "dev"],
        env=role.environ | environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:  # standard input stays open and is never written: a helper that read it would wait
        assert child.wait(60) == 0
    finally:
        child.communicate()
    seen = (role.folder / "seen").read_text()
    assert "KEPT=as it was" in seen
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_DATA_PATH", "AWS_ACCESS_KEY_ID", "CallersOwn"):
        assert name not in seen


@pytest.mark.parametrize("form", ["prefixed", "pair"])
def test_both_forms_serve_an_sdk_that_would_go_round_the_helper(real_role: Home, front: Front, form: str) -> None:
    arn = "arn:aws:iam::123456789012:role/sts-role"
    where = f"region = us-east-1\nendpoint_url = {front.url}\n"
    texts = {
        "prefixed": f"[profile x]\ncredential_process = {SCRIPT} get x\nassume_helper_role_arn = {arn}\n"
        f"assume_helper_source_profile = sts-user\n{where}",
        "pair": f"[profile x]\ncredential_process = {SCRIPT} get x-role\n{where}"
        f"[profile x-role]\nrole_arn = {arn}\nsource_profile = sts-user\n{where}",
    }
    with real_role.config.open("a") as config:
        config.write(texts[form])
    program = "import boto3; print(boto3.Session(profile_name='x').client('sts').get_caller_identity()['Arn'])"
    ran = real_role.run("-c", program, command=[sys.executable], AWS_PROFILE="x")
    assert ran.code == 0, ran.stderr
    assert b"assumed-role/sts-role/" in ran.stdout
    assert len(front.assumed()) == 1
    assert real_role.get("x")["AccountId"] == "123456789012"


def test_a_prefixed_key_wins_over_the_bare_one(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    with role.config.open("a") as config:
        config.write("assume_helper_role_arn = arn:aws:iam::999999999999:role/ours\n")
        config.write("assume_helper_duration_seconds = 900\n")
    role.get("dev")
    assert offline_front.calls[0].parameters["RoleArn"] == "arn:aws:iam::999999999999:role/ours"
    assert offline_front.calls[0].parameters["DurationSeconds"] == "900"


def test_every_key_arrives_at_sts(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    with role.config.open("a") as config:
        config.write("external_id = tenant-7\nrole_session_name = release@ci\nduration_seconds = 7200\n")
    role.get("dev")
    sent = offline_front.calls[0].parameters
    assert sent["ExternalId"] == "tenant-7"
    assert sent["RoleSessionName"] == "release@ci"
    assert sent["DurationSeconds"] == "7200"


def test_the_default_session_name_says_who_and_where(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    role.get("dev", USER="somebody-else", LOGNAME="somebody-else")
    name = offline_front.calls[0].parameters["RoleSessionName"]
    assert re.fullmatch(r"[\w+=,.@-]{2,64}", name)
    assert name.partition("@")[0] == pwd.getpwuid(os.getuid()).pw_name
    assert name.partition("@")[2] == socket.gethostname().partition(".")[0]


@pytest.mark.parametrize(
    ("form", "environ"),
    [
        ("endpoint_url = {url}", {}),
        ("services = local\n[services local]\nsts =\n  endpoint_url = {url}\n", {}),
        ("endpoint_url = http://127.0.0.1:9", {"AWS_ENDPOINT_URL": "{url}"}),
        (
            "endpoint_url = http://127.0.0.1:9",
            {"AWS_ENDPOINT_URL_STS": "{url}", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        ),
    ],
)
def test_the_endpoint_is_found_where_the_sdks_look(
    role: Home, offline_front: Front, form: str, environ: dict[str, str]
) -> None:
    offline_front.behaviour = session()
    config = role.config.read_text().partition("endpoint_url")[0]
    role.config.write_text(config + form.format(url=offline_front.url))
    role.get("dev", **{name: value.format(url=offline_front.url) for name, value in environ.items()})
    assert len(offline_front.calls) == 1


@pytest.mark.parametrize(
    "environ",
    [
        {"AWS_REGION": "eu-west-3"},
        {"AWS_DEFAULT_REGION": "eu-west-3"},
        {"AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": "x"},
    ],
)
def test_the_environments_region_counts(role: Home, offline_front: Front, environ: dict[str, str]) -> None:
    offline_front.behaviour = session()
    role.get("dev")
    role.get("dev", **environ)
    assert len(offline_front.calls) == 2, "another region is another session"


def test_a_profile_name_may_hold_anything_that_prints(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    names = ["with space", "päröfile-1.dev", "../up", "a/b", "x" * 300]
    for name in names:
        with role.config.open("a", encoding="utf-8") as config:
            config.write(f'[profile "{name}"]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n')
    for name in names:
        role.get(name, AWS_ENDPOINT_URL=offline_front.url, AWS_REGION="us-east-1")
        role.get(name, AWS_ENDPOINT_URL=offline_front.url, AWS_REGION="us-east-1")
    assert len(offline_front.calls) == 1, "all are one role with one source"
    assert {path.parent for path in role.folder.rglob("*.hit")} == {role.cache}


def test_python_dash_m_and_the_path_of_the_package_do_the_same(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    first = role.get("dev")
    for command in (
        [sys.executable, "-m", "assume_helper"],
        [sys.executable, "-I", "-S", str(PACKAGE / "__main__.py")],
    ):
        ran = role.run("get", "dev", command=command)
        assert (ran.code, ran.document) == (0, first)
        role.run("get", "nowhere", command=command).failed(3, "no such profile")
