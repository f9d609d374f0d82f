"""`doctor` for the profiles that are no role: what they are, whose session it is, and the login behind them."""

import json
from pathlib import Path

import pytest
from front import ACCOUNT, Call, Front, Reply, error, identity, session
from identity_center import Center, permission_set, sso_session
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home
from strict import USER

SSO_ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_ReadOnly_0123456789abcdef/me"
PREFIX = "assume_helper_"
SCOPES = sso_session(sso_registration_scopes="sso:account:access")
KEY = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n"
Found = dict[str, list[dict[str, str]]]


def sts(call: Call) -> Reply | None:
    """STS: it knows everybody but the one who only asks whether it is there."""
    if call.action != "GetCallerIdentity":
        return session()(call)
    if call.access_key_id == "AKIAIOSFODNN7EXAMPLE":
        return error(403, "InvalidClientTokenId", "no")(call)
    return identity(USER if call.access_key_id == ACCESS_KEY_ID else SSO_ARN)(call)


@pytest.fixture
def somebody(home: Home, center: Center, offline_front: Front) -> Home:
    """A home whose STS and login services are local."""
    offline_front.behaviour = sts
    home.environ |= center.environ() | {"AWS_ENDPOINT_URL_STS": offline_front.url, "AWS_REGION": "us-east-1"}
    return home


def doctor(home: Home, text: str, *arguments: str, code: int = 0) -> Found:
    """The checks of `doctor --json` with this config, by name."""
    home.config.write_text(text)
    ran = home.run("doctor", "--json", *arguments)
    wrong = [check for check in json.loads(ran.stdout or b"[]") if check["status"] == "fail"]
    assert (ran.code, ran.stderr) == (code, ""), f"{ran.stderr}{wrong}"
    assert SECRET.encode() not in ran.stdout
    found: Found = {}
    for check in json.loads(ran.stdout):
        found.setdefault(check["name"], []).append(check)
    return found


def process(name: str) -> str:
    return f"credential_process = {SCRIPT} get {name}\n"


def said(found: Found, name: str) -> str:
    return "\n".join(f"{check['status']}: {check['what']} {check['mend']}" for check in found[name])


def test_a_permission_set_has_a_login_and_a_session_and_no_source(somebody: Home, center: Center) -> None:
    center.log_in(somebody)
    found = doctor(somebody, permission_set("dev", prefix=PREFIX) + process("dev") + SCOPES, "dev")
    assert {check["status"] for checks in found.values() for check in checks} == {"ok"}
    assert list(found) == ["config", "profile", "keys", "sdks", "process", "environment", "login", "cache", "sts",
                           "clock", "session", "duration"]  # fmt: skip
    assert "a permission set: the login of profile dev" in said(found, "profile")
    assert "sso-session corp is logged in until" in said(found, "login")
    assert f"ok: {SSO_ARN}, got in " in said(found, "session")
    assert "as its permission set in IAM Identity Center says" in said(found, "duration")


def test_bare_keys_beside_the_process_go_round_the_helper(somebody: Home, center: Center) -> None:
    center.log_in(somebody)
    text = permission_set("dev") + process("dev") + SCOPES
    found = doctor(somebody, text, "dev", code=1)
    assert "fail: [dev] has sso_account_id beside credential_process: SSO wins in boto3" in said(found, "sdks")
    assert "assume-helper configure dev" in said(found, "sdks")
    found = doctor(somebody, text + permission_set("bare"), code=1)
    assert "fail: [dev] has sso_account_id" in said(found, "dev")
    assert "warn: [bare] has no credential_process" in said(found, "bare")
    assert len(found["login"]) == 1, "one login, looked at once"


def test_without_a_login_the_command_is_named(somebody: Home) -> None:
    text = permission_set("dev", prefix=PREFIX) + process("dev") + SCOPES
    found = doctor(somebody, text, "dev", code=1)
    for name in ("login", "session"):
        assert "not logged in" in said(found, name)
        assert "assume-helper login --sso-session corp" in said(found, name)


def test_a_console_login_has_a_session(somebody: Home, center: Center) -> None:
    center.console_log_in(somebody, USER)
    found = doctor(somebody, f"[profile dev]\n{PREFIX}login_session = {USER}\n{process('dev')}", "dev")
    assert "the console login of profile dev has credentials until" in said(found, "login")
    assert "`assume-helper login dev` logs in; `aws login --profile dev` does not see" in said(found, "login")
    assert f"ok: {SSO_ARN}, got in " in said(found, "session")
    assert "then the login is renewed" in said(found, "duration")


def program(home: Home, **fields: str) -> Path:
    """A program of somebody else's that prints credentials."""
    document = {"Version": 1, "AccessKeyId": "ASIABROKER0000000000", "SecretAccessKey": SECRET} | fields
    path = home.folder / "broker"
    path.write_text(f"#!/bin/sh\ncat <<'E'\n{json.dumps(document)}\nE\n")
    path.chmod(0o755)
    return path


def test_a_process_has_a_session(somebody: Home) -> None:
    text = f"[profile dev]\n{PREFIX}credential_process = {program(somebody, SessionToken='t')}\n{process('dev')}"
    found = doctor(somebody, text, "dev")
    assert "a process: the credential_process of profile dev" in said(found, "profile")
    assert "does not say when it ends, and is not kept" in said(found, "session")
    assert "duration" not in found
    assert "source" not in found


def test_a_role_over_a_process_has_a_source_too(somebody: Home) -> None:
    role = f"[profile dev]\n{PREFIX}role_arn = arn:aws:iam::{ACCOUNT}:role/dev\n{PREFIX}source_profile = broker\n"
    broker = f"[profile broker]\ncredential_process = {program(somebody, SessionToken='t')}\n"
    found = doctor(somebody, role + process("dev") + broker, "dev")
    assert f"ok: the credential_process of profile broker is {SSO_ARN}" in said(found, "source")
    assert "from STS in" in said(found, "role")


def test_an_access_key_has_its_own_identity_and_a_session(somebody: Home) -> None:
    keys = KEY.replace("aws_", f"{PREFIX}aws_")
    found = doctor(somebody, f"[profile dev]\n{keys}{process('dev')}", "dev")
    assert f"ok: the access key of profile dev is {USER}" in said(found, "source")
    assert "warn: the session of the access key of [dev] may not call IAM" in said(found, "session")
    assert f"ok: {SSO_ARN}, got in " in said(found, "session")
    assert "which is the default" in said(found, "duration")


def test_temporary_keys_are_handed_over(somebody: Home) -> None:
    found = doctor(somebody, f"[profile dev]\n{KEY}aws_session_token = t\n", "dev")
    assert f"ok: the access key of profile dev is {USER}" in said(found, "source")
    assert "does not say when it ends, and is not kept" in said(found, "session")
