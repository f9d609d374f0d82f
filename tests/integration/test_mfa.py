"""Roles that want MFA: where the code comes from, one code for many roles, and never one code twice."""

import json
import re
import stat
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from botocore.credentials import Credentials
from front import Call, Front, Reply, error, reset, session, wait_for
from mfa_roles import CONFIG, ROLE
from running import ACCESS_KEY_ID, SECRET, Home
from strict import SERIAL, Device, Role, Strict


@pytest.fixture
def codes(role: Home, strict: Strict) -> Path:
    """An `mfa_process` for every profile of the config: it prints what the device shows, and notes that it was run."""
    program = role.folder / "show code"
    noted = role.folder / "noted"
    program.write_text(
        f"#!{sys.executable}\nimport pyotp, sys\n"
        f"open({str(noted)!r}, 'a').write('run\\n')\n"
        f"print(pyotp.TOTP({strict.device.secret!r}).now())\n"
    )
    program.chmod(0o700)
    with role.config.open("a") as config:
        config.write(f'[profile base]\nmfa_process = "{program}"\n')
    return noted


def asked(front: Front, action: str) -> list[dict[str, str]]:
    return [call.parameters for call in front.calls if call.action == action]


# One code, and what it is good for.


def test_a_code_gives_a_session_and_the_session_the_role(role: Home, strict: Strict, offline_front: Front) -> None:
    code = strict.device.code()
    role.get("dev", ASSUME_HELPER_MFA_TOKEN=code)
    exchange, assumed = offline_front.calls
    assert exchange.action == "GetSessionToken"
    assert exchange.access_key_id == ACCESS_KEY_ID
    assert (exchange.parameters["SerialNumber"], exchange.parameters["TokenCode"]) == (SERIAL, code)
    assert exchange.parameters["DurationSeconds"] == "43200"
    assert assumed.access_key_id == "ASIASTRICT0000000000"
    assert not {"SerialNumber", "TokenCode"} & set(assumed.parameters)


def test_the_role_s_credentials_do_on_a_local_aws_what_the_user_s_cannot(real_role: Home, front: Front) -> None:
    keys = dict(re.findall(r"(aws_\w+) = (\S+)", real_role.credentials.read_text()))
    user = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"])
    strict = Strict(user, front.upstream, otherwise=Role(wants_mfa=True))
    front.behaviour = lambda call: strict(call) if call.action in {"GetSessionToken", "AssumeRole"} else None
    real_role.run("get", "sts-role").failed(6, "denied AssumeRole", "set mfa_serial")
    with real_role.config.open("a") as config:
        config.write(f"mfa_serial = {SERIAL}\n")
    document = real_role.get("sts-role", ASSUME_HELPER_MFA_TOKEN=strict.device.code())
    s3 = boto3.client(
        "s3",
        endpoint_url=front.url,
        region_name="us-east-1",
        aws_access_key_id=document["AccessKeyId"],
        aws_secret_access_key=document["SecretAccessKey"],
        aws_session_token=document["SessionToken"],
    )
    assert "a-bucket" in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


def test_one_code_serves_every_role_with_that_device_and_source(role: Home, strict: Strict, codes: Path) -> None:
    role.get("dev")
    role.get("ops")
    role.get("dev", AWS_REGION="eu-central-1")
    assert (len(strict.codes), codes.read_text()) == (1, "run\n")
    assert len([issued for issued in strict.sessions.values() if issued.of_role]) == 3


def test_twenty_processes_for_as_many_roles_ask_once(role: Home, strict: Strict, codes: Path) -> None:
    with role.config.open("a") as config:
        for number in range(20):
            config.write(f"[profile r{number}]\nrole_arn = {ROLE}/r{number}\nsource_profile = base\n")
            config.write(f"mfa_serial = {SERIAL}\n")
    processes = [role.start("get", f"r{number}") for number in range(20)]
    documents = [process.communicate(timeout=90)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 20
    assert len({json.loads(document)["AccessKeyId"] for document in documents}) == 20
    assert (len(strict.codes), codes.read_text()) == (1, "run\n")


def test_a_session_of_more_than_an_hour_is_assumed_with_the_code_itself(
    role: Home, strict: Strict, offline_front: Front
) -> None:
    code = strict.device.code()
    role.get("long", ASSUME_HELPER_MFA_TOKEN=code)
    (call,) = offline_front.calls
    assert (call.action, call.access_key_id) == ("AssumeRole", ACCESS_KEY_ID)
    assert (call.parameters["SerialNumber"], call.parameters["TokenCode"]) == (SERIAL, code)
    assert call.parameters["DurationSeconds"] == "7200"


def test_an_option_of_more_than_an_hour_has_the_code_itself_too(
    role: Home, strict: Strict, offline_front: Front
) -> None:
    ran = role.run("get", "dev", "--duration-seconds", "7200", ASSUME_HELPER_MFA_TOKEN=strict.device.code())
    assert ran.code == 0, ran.stderr
    assert [call.action for call in offline_front.calls] == ["AssumeRole"]


def test_the_session_lasts_as_long_as_the_profile_says(role: Home, strict: Strict, offline_front: Front) -> None:
    text = role.config.read_text()
    role.config.write_text(text.replace("[profile ops]", "mfa_session_duration_seconds = 900\n[profile ops]"))
    role.get("dev", ASSUME_HELPER_MFA_TOKEN=strict.device.code())
    assert asked(offline_front, "GetSessionToken")[0]["DurationSeconds"] == "900"
    assert len(role.entries()) == 2
    role.config.write_text(text.replace("[profile ops]", "mfa_session_duration_seconds = 129601\n[profile ops]"))
    role.run("get", "dev").failed(3, "mfa_session_duration_seconds of [dev] is 129601", "from 900 to 129600")


def test_a_session_that_sts_no_longer_takes_is_had_anew(role: Home, strict: Strict, codes: Path) -> None:
    role.get("dev")
    strict.sessions.clear()
    strict.device.used.clear()
    for path in role.cache.glob("*.code"):
        path.unlink()
    role.get("ops")
    assert len(strict.codes) == 2


def test_a_source_that_is_a_session_itself_has_the_code_with_the_role(
    role: Home, strict: Strict, offline_front: Front
) -> None:
    """GetSessionToken is for a user's own key."""
    with role.credentials.open("a") as credentials:
        credentials.write("aws_session_token = a-token\n")
    role.get("dev", ASSUME_HELPER_MFA_TOKEN=strict.device.code())
    (call,) = offline_front.calls
    assert (call.action, call.parameters["SerialNumber"]) == ("AssumeRole", SERIAL)


def test_a_process_s_own_key_has_a_session_too_and_is_run_once_for_it(
    role: Home, strict: Strict, offline_front: Front, codes: Path
) -> None:
    program, ran = role.folder / "keys", role.folder / "ran"
    document = {"Version": 1, "AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": SECRET}
    program.write_text(f"#!/bin/sh\necho run >> '{ran}'\ncat <<'.'\n{json.dumps(document)}\n.\n")
    program.chmod(0o700)
    with role.config.open("a") as config:
        config.write(f"credential_process = {program}\n")
    role.credentials.write_text("")
    role.get("dev")
    role.get("ops")
    assert [call.action for call in offline_front.calls] == ["GetSessionToken", "AssumeRole", "AssumeRole"]
    assert ran.read_text() == "run\n"


# Whose device it is.


def test_a_role_without_a_device_has_its_source_profile_s(role: Home, strict: Strict, codes: Path) -> None:
    text = role.config.read_text().replace(f"mfa_serial = {SERIAL}\n", "")
    role.config.write_text(text.replace("[profile base]", f"[profile base]\nmfa_serial = {SERIAL}"))
    role.get("dev")
    role.get("ops")
    assert len(strict.codes) == 1


def test_the_role_s_own_device_comes_before_its_source_profile_s(
    role: Home, strict: Strict, offline_front: Front
) -> None:
    with role.config.open("a") as config:
        config.write("[profile base]\nmfa_serial = GAHT87654321\nmfa_process = echo 000000\n")
    role.get("dev", ASSUME_HELPER_MFA_TOKEN=strict.device.code())
    assert asked(offline_front, "GetSessionToken")[0]["SerialNumber"] == SERIAL


def test_a_role_further_on_has_its_code_asked_where_the_chain_begins(
    role: Home, strict: Strict, offline_front: Front
) -> None:
    """STS takes a code from a user only, not from a role."""
    role.config.write_text(
        f"[profile dev]\nrole_arn = {ROLE}/dev\nsource_profile = hub\nmfa_serial = {SERIAL}\n"
        f"[profile hub]\nrole_arn = {ROLE}/hub\nsource_profile = base\n"
    )
    strict.roles[f"{ROLE}/dev"] = Role()
    role.get("dev", ASSUME_HELPER_MFA_TOKEN=strict.device.code())
    assert [call.action for call in offline_front.calls] == ["GetSessionToken", "AssumeRole", "AssumeRole"]


@pytest.mark.parametrize(
    ("partition", "serial"),
    [
        ("aws-us-gov", "arn:aws-us-gov:iam::123456789012:mfa/me"),
        ("aws-cn", "arn:aws-cn:iam::123456789012:mfa/me@example.com"),
        ("aws", "GAHT12345678"),
        ("aws", "arn:aws:iam::123456789012:sms-mfa/me"),
    ],
)
def test_devices_of_every_partition_and_kind(
    role: Home, strict: Strict, offline_front: Front, partition: str, serial: str
) -> None:
    strict.devices = {serial: Device()}
    text = CONFIG.replace(SERIAL, serial).replace(
        "arn:aws:iam::123456789012:role", f"arn:{partition}:iam::123456789012:role"
    )
    role.config.write_text(text)
    role.get("dev", ASSUME_HELPER_MFA_TOKEN=strict.device.code())
    assert asked(offline_front, "GetSessionToken")[0]["SerialNumber"] == serial


def test_a_security_key_has_no_codes(role: Home, strict: Strict) -> None:
    role.config.write_text(CONFIG.replace(SERIAL, "arn:aws:iam::123456789012:u2f/user/me/key"))
    role.run("get", "dev").failed(3, "mfa_serial for [dev] is that of a security key")


def test_a_serial_that_is_none_is_refused(role: Home, strict: Strict) -> None:
    role.config.write_text(CONFIG.replace(SERIAL, "my phone"))
    role.run("get", "dev").failed(3, "mfa_serial of [dev] is not one that STS takes")


def test_the_device_is_in_the_cache_key(role: Home, strict: Strict) -> None:
    role.get("dev", ASSUME_HELPER_MFA_TOKEN=strict.device.code())
    strict.devices["GAHT12345678"] = Device()
    role.config.write_text(CONFIG.replace(SERIAL, "GAHT12345678"))
    role.run("get", "dev").failed(5, "GAHT12345678")
    role.config.write_text(CONFIG.replace(f"mfa_serial = {SERIAL}\n", ""))
    role.run("get", "dev").failed(6, "denied")


# Where the code comes from.


def test_without_a_source_of_codes_it_says_at_once_what_to_set(
    role: Home, strict: Strict, offline_front: Front
) -> None:
    ran = role.run("get", "dev")
    ran.failed(5, f"[dev] needs a code of its mfa_serial {SERIAL}", "there is no terminal")
    ran.failed(5, "ASSUME_HELPER_MFA_TOKEN", "mfa_process", "ASSUME_HELPER_ASKPASS")
    assert offline_front.calls == []


def test_the_environment_comes_before_the_process(role: Home, strict: Strict, codes: Path) -> None:
    role.get("dev", ASSUME_HELPER_MFA_TOKEN=strict.device.code())
    assert not codes.exists()


@pytest.mark.parametrize(
    "value", ["12345", "1234567", "abcdef", "12 456", "\uff11\uff12\uff13\uff14\uff15\uff16", "$(id)"]
)
def test_what_is_no_code_in_the_environment_is_not_sent(
    role: Home, strict: Strict, offline_front: Front, value: str
) -> None:
    role.run("get", "dev", ASSUME_HELPER_MFA_TOKEN=value).failed(5, "ASSUME_HELPER_MFA_TOKEN is not a code of six")
    assert offline_front.calls == []


def test_mfa_process_is_run_by_a_shell_without_the_caller_s_standard_input(role: Home, strict: Strict) -> None:
    program, noted = role.folder / "show code", role.folder / "noted"
    program.write_text(
        f"#!{sys.executable}\nimport json, os, pyotp, sys\n"
        f"seen = [sys.argv[1:], sys.stdin.read(), 'ASSUME_HELPER_MFA_TOKEN' in os.environ]\n"
        f"open({str(noted)!r}, 'w').write(json.dumps(seen))\n"
        f"print('  ' + pyotp.TOTP({strict.device.secret!r}).now())\n"
    )
    program.chmod(0o700)
    command = f'A=b "{program}" ~/x \'a b\' "$A-$HOME" | cat'
    role.config.write_text(CONFIG.replace("[profile ops]", f"mfa_process = {command}\n[profile ops]"))
    role.get("dev", ASSUME_HELPER_MFA_TOKEN="used up")
    assert json.loads(noted.read_text()) == [[f"{role.folder}/x", "a b", f"-{role.folder}"], "", False]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("false", ["mfa_process failed (exit 1)", "(program: false)"]),
        ("sh -c 'echo no key >&2; exit 3'", ["mfa_process failed (exit 3): no key", "(program: sh)"]),
        ("echo nothing", ["mfa_process did not print a code of six digits", "(program: echo)"]),
        ("/there/is/none", ["mfa_process cannot be started (exit 127)", "(program: /there/is/none)"]),
        ('"half', ["mfa_process failed (exit 2)", '(program: "half)']),
        (f"A={SECRET} false {SECRET}", ["mfa_process failed (exit 1) (program: false)"]),
        (f"~/nowhere/codes --pin {SECRET}", ["mfa_process cannot be started (exit 127)", "(program: ~/nowhere/codes)"]),
        ("head -c 1000000 /dev/zero", ["mfa_process", "(program: head)"]),
        (r"printf '123456\n123457\n'", ["mfa_process did not print a code of six digits"]),
    ],
)
def test_a_process_that_gives_no_code_is_said(role: Home, strict: Strict, command: str, words: list[str]) -> None:
    role.config.write_text(CONFIG.replace("[profile ops]", f"mfa_process = {command}\n[profile ops]"))
    role.run("get", "dev").failed(5, *words)


def test_an_askpass_program_is_asked_where_there_is_no_terminal(role: Home, strict: Strict) -> None:
    program, noted = role.folder / "ask pass", role.folder / "noted"
    program.write_text(
        f"#!{sys.executable}\nimport json, pyotp, sys\n"
        f"open({str(noted)!r}, 'w').write(json.dumps(sys.argv[1:]))\n"
        f"print(pyotp.TOTP({strict.device.secret!r}).now())\n"
    )
    program.chmod(0o700)
    role.get("dev", ASSUME_HELPER_ASKPASS=str(program))
    assert json.loads(noted.read_text()) == [f"MFA code of {SERIAL} for dev: "]


def test_an_askpass_program_that_was_cancelled_gives_none(role: Home, strict: Strict) -> None:
    role.run("get", "dev", ASSUME_HELPER_ASKPASS="/bin/false").failed(5, "ASSUME_HELPER_ASKPASS failed (exit 1)")


# A login has no device.


def test_a_web_identity_is_assumed_without_a_code(role: Home, offline_front: Front) -> None:
    (role.folder / "token").write_text("a.web.token")
    role.config.write_text(
        f"[profile dev]\nrole_arn = {ROLE}/dev\nweb_identity_token_file = {role.folder}/token\nmfa_serial = {SERIAL}\n"
        f"endpoint_url = {offline_front.url}\n"
    )
    offline_front.behaviour = session()
    role.get("dev")
    assert [call.action for call in offline_front.calls] == ["AssumeRoleWithWebIdentity"]


# Never twice.


def test_a_code_in_the_environment_is_not_used_a_second_time(role: Home, strict: Strict, offline_front: Front) -> None:
    code = strict.device.code()
    role.get("long", ASSUME_HELPER_MFA_TOKEN=code)
    role.run("get", "longer", ASSUME_HELPER_MFA_TOKEN=code).failed(5, "the code in ASSUME_HELPER_MFA_TOKEN was used")
    assert strict.codes == [code]


def test_a_process_is_asked_for_the_next_code_when_this_half_minute_s_was_used(
    role: Home, strict: Strict, codes: Path
) -> None:
    """Two that ask for more than an hour need a code each."""
    processes = [role.start("get", name) for name in ("long", "longer")]
    for process in processes:
        _, said = process.communicate(timeout=90)
        assert process.returncode == 0, said
    assert len(strict.codes) == len(set(strict.codes)) == 2


def test_what_is_remembered_of_a_code_does_not_tell_it(role: Home, strict: Strict) -> None:
    code = strict.device.code()
    role.get("long", ASSUME_HELPER_MFA_TOKEN=code)
    (path,) = role.cache.glob("*.code")
    assert code not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for other in role.folder.rglob("*"):
        assert not other.is_file() or code.encode() not in other.read_bytes()


def test_a_code_that_sts_never_saw_is_still_good(role: Home, strict: Strict, offline_front: Front) -> None:
    code = strict.device.code()
    role.run("get", "dev", ASSUME_HELPER_MFA_TOKEN=code, AWS_ENDPOINT_URL="http://127.0.0.1:9").failed(7, "reached")
    role.get("dev", ASSUME_HELPER_MFA_TOKEN=code)
    assert strict.codes == [code]


def test_a_code_is_not_sent_again_where_sts_may_have_seen_it(role: Home, strict: Strict, offline_front: Front) -> None:
    offline_front.behaviour = reset
    role.run("get", "long", ASSUME_HELPER_MFA_TOKEN=strict.device.code()).failed(7, "broke off the connection")
    assert len(offline_front.calls) == 1


def test_a_wrong_code_of_the_environment_is_refused(role: Home, strict: Strict) -> None:
    role.run("get", "dev", ASSUME_HELPER_MFA_TOKEN="000000").failed(6, f"STS refused the MFA code of {SERIAL}")


def test_a_device_that_is_not_the_user_s_is_named(role: Home, strict: Strict) -> None:
    strict.devices = {"GAHT12345678": Device()}
    role.run("get", "dev", ASSUME_HELPER_MFA_TOKEN="123456").failed(
        6, f"knows no MFA device {SERIAL} of the access key of profile base", "correct mfa_serial"
    )


def test_a_clock_that_is_off_does_not_take_the_mfa_session(role: Home, strict: Strict, offline_front: Front) -> None:
    role.get("dev", ASSUME_HELPER_MFA_TOKEN=strict.device.code())

    def skewed(call: Call) -> Reply | None:
        reply = error(403, "SignatureDoesNotMatch", "Signature expired")(call)
        assert reply is not None
        return replace(reply, date=datetime.now(UTC) + timedelta(minutes=20))

    offline_front.behaviour = skewed
    role.run("get", "ops").failed(4, "this machine's clock is", "behind STS's")
    offline_front.behaviour = strict
    role.get("ops")
    assert len(strict.codes) == 1


def test_where_no_new_session_can_be_had_the_first_error_is_said(role: Home, strict: Strict) -> None:
    role.get("dev", ASSUME_HELPER_MFA_TOKEN=strict.device.code())
    kept = dict(strict.sessions)
    strict.sessions.clear()
    role.run("get", "ops").failed(4, "STS does not know the access key of profile base")
    strict.sessions |= kept
    role.get("ops")
    assert len(strict.codes) == 1


def test_followers_do_not_run_a_cancelled_askpass_program_again(role: Home, strict: Strict) -> None:
    """The dialog stays until all have come."""
    program, shown, go = role.folder / "ask", role.folder / "shown", role.folder / "go"
    program.write_text(f"#!/bin/sh\necho >> '{shown}'\nwhile [ ! -e '{go}' ]; do sleep 0.1; done\nexit 1\n")
    program.chmod(0o700)
    environ = {"ASSUME_HELPER_ASKPASS": str(program)}
    first = role.start("get", "dev", **environ)
    wait_for(shown.exists)
    others = [role.start("get", "dev", **environ) for _ in range(4)]
    for process in others:  # at the lock, each has noted when it began
        maps = Path(f"/proc/{process.pid}/maps")
        wait_for(lambda maps=maps: "/fcntl." in maps.read_text())  # type: ignore[misc]
    go.touch()
    for process in (first, *others):
        process.communicate(timeout=60)
        assert process.returncode == 5
    assert shown.read_text() == "\n"


def test_a_throttled_code_is_not_sent_again(role: Home, strict: Strict, offline_front: Front) -> None:
    offline_front.behaviour = error(400, "Throttling", "Rate exceeded")
    role.run("get", "long", ASSUME_HELPER_MFA_TOKEN=strict.device.code()).failed(7, "throttles")
    assert len(offline_front.calls) == 1
