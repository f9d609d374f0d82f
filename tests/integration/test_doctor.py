"""`doctor`: each check in a real process, well and not well, and nothing secret in what it prints."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pexpect
import pytest
from botocore.credentials import Credentials
from front import ACCOUNT, Behaviour, Call, Front, Reply, denied, error, free_port, html, identity, session
from running import ACCESS_KEY_ID, LIKE_ANY_USER, SCRIPT, SECRET, Home
from strict import SERIAL, USER, Role, Strict

GIVEN_SECRET = "GivenSecretCanary+0123456789/abcdefghijk"
GIVEN_TOKEN = "GivenTokenCanary0123456789+/=" * 6
SOURCE_TOKEN = "SourceTokenCanary0123456789+/=" * 6
KEY = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\naws_session_token = {SOURCE_TOKEN}\n"
CODE = "493817"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
UNKNOWN = error(403, "InvalidClientTokenId", "The security token included in the request is invalid.")


def sts(off: float = 0, assume: Behaviour | None = None, user: str = ACCESS_KEY_ID) -> Behaviour:
    """STS for GetCallerIdentity, its clock `off` by so many seconds; what else it is asked is for `assume`."""

    def behave(call: Call) -> Reply | None:
        if call.action != "GetCallerIdentity":
            return (assume or session(SecretAccessKey=GIVEN_SECRET, SessionToken=GIVEN_TOKEN))(call)
        reply = (identity(USER) if call.access_key_id == user else UNKNOWN)(call)
        return reply and replace(reply, date=datetime.now(UTC) + timedelta(seconds=off))

    return behave


@pytest.fixture
def dev(role: Home, offline_front: Front) -> Home:
    """A home where all is well: `dev` calls this helper, and the front is an STS that knows the source."""
    text = role.config.read_text().replace("role_arn", "assume_helper_role_arn")
    text = text.replace("source_profile", "assume_helper_source_profile")
    role.config.write_text(f"{text}credential_process = {SCRIPT} get dev\n")
    offline_front.behaviour = sts()
    return role


Found = dict[str, list[dict[str, str]]]


def doctor(home: Home, *arguments: str, code: int = 0, **environ: str) -> Found:
    """The checks of `doctor --json`, by name; those that are not ok say what mends them."""
    ran = home.run("doctor", "--json", *arguments, **environ)
    assert (ran.code, ran.stderr) == (code, ""), ran
    checks: list[dict[str, str]] = json.loads(ran.stdout)
    found: Found = {}
    for check in checks:
        assert list(check) == ["name", "status", "what", "mend"]
        assert bool(check["mend"]) == (check["status"] != "ok"), check
        found.setdefault(check["name"], []).append(check)
    assert code == int(any(check["status"] == "fail" for check in checks))
    return found


def only(found: Found, name: str, status: str, *words: str) -> None:
    """The check of that name that is not ok, or the only one, has this status and these words."""
    checks = [check for check in found[name] if check["status"] != "ok"] or found[name]
    assert [check["status"] for check in checks] == [status], checks
    for word in words:
        assert word in f"{checks[0]['what']} {checks[0]['mend']}", checks


def test_where_all_is_well_every_line_is_ok(real_role: Home) -> None:
    found = doctor(real_role, "sts-role")
    assert {check["status"] for checks in found.values() for check in checks} == {"ok"}
    assert list(found) == ["config", "profile", "keys", "sdks", "process", "environment", "cache", "sts", "clock",
                           "source", "role", "duration"]  # fmt: skip
    only(found, "source", "ok", f"the access key of profile sts-user is {USER}")
    only(found, "role", "ok", f"arn:aws:sts::{ACCOUNT}:assumed-role/sts-role/", "from STS in ")
    assert re.search(r"answered in \d+\.\d\d s", found["sts"][0]["what"])


def test_a_role_that_is_cached_is_said_to_be(dev: Home, offline_front: Front) -> None:
    dev.get("dev")
    only(doctor(dev, "dev"), "role", "ok", "from the cache", "59 min")
    assert len(offline_front.assumed()) == 1


def test_without_a_terminal_there_are_plain_lines(dev: Home) -> None:
    dev.config.write_text(dev.config.read_text() + "regoin = x\n")
    ran = dev.run("doctor", "dev")
    lines = ran.stdout.decode().splitlines()
    assert (ran.code, ran.stderr) == (0, "")
    assert all(re.match(r"(ok  |warn|fail)  [a-z]+: \S|      mend: \S", line) for line in lines[:-1]), lines
    assert "      mend: did you mean region? rename the key" in lines
    assert lines[-1] == f"{len(lines) - 3} ok, 1 warn, 0 fail"
    assert "\x1b" not in ran.stdout.decode()


def test_on_a_terminal_there_are_colours(dev: Home) -> None:
    dev.config.write_text(dev.config.read_text() + "assume_helper_regoin = x\n")
    environ = dev.environ | {"TERM": "xterm-256color", "COLUMNS": "80"}
    child = pexpect.spawn(SCRIPT, ["doctor", "dev"], env=environ, timeout=60, encoding="utf-8", dimensions=(50, 80))
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1
    output = child.before or ""
    assert "\x1b[32mok" in output
    assert "\x1b[1;31mfail" in output
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output)  # colours, and what the sign moves the cursor with
    assert "1 fail" in plain
    assert all(len(line) <= 80 for line in plain.splitlines())


def test_without_a_profile_every_profile_is_looked_at(dev: Home, offline_front: Front) -> None:
    dev.config.write_text(
        dev.config.read_text() + f"[profile a]\nrole_arn = {ROLE}/a\nsource_profile = b\n"
        f"[profile b]\nrole_arn = {ROLE}/b\nsource_profile = a\n[profile ops]\ncredential_process = ~/x get dev\n"
        f"[profile pair]\ncredential_process = {SCRIPT} get dev\n"
    )
    found = doctor(dev, code=1)
    only(found, "dev", "ok", f"{ROLE}/dev <- the access key of profile base")
    assert [check["status"] for check in found["a"]] == ["fail", "warn"]
    assert "a -> b -> a" in found["a"][0]["what"]
    only(found, "pair", "ok", f"{ROLE}/dev")
    only(found, "sts", "ok", offline_front.url)
    assert found["ops"][0]["status"] == "fail", "another program's, which no SDK can run"
    only(found, "base", "ok", "an access key")
    assert [call.action for call in offline_front.calls] == ["GetCallerIdentity"], "one call, and nobody's"
    assert dev.entries() == []


def test_an_unknown_profile_is_a_failure_and_the_rest_is_still_looked_at(dev: Home) -> None:
    found = doctor(dev, "dve", code=1)
    only(found, "profile", "fail", "did you mean dev?")
    assert "cache" in found
    assert "role" not in found


def test_a_config_that_cannot_be_read_is_a_failure_and_the_rest_is_still_looked_at(
    dev: Home, offline_front: Front
) -> None:
    dev.credentials.write_text(f"[base]\n{SECRET}\n")
    found = doctor(dev, "dev", code=1, AWS_ENDPOINT_URL=offline_front.url)
    only(found, "config", "fail", "line 2")
    only(found, "sts", "ok", offline_front.url)


def test_a_bad_setting_of_the_connection_to_sts_is_a_failure(dev: Home) -> None:
    found = doctor(dev, code=1, AWS_ENDPOINT_URL="nonsense")
    only(found, "sts", "fail", "is not valid")


def test_who_wins_where_is_told(dev: Home) -> None:
    dev.config.write_text(dev.config.read_text().replace("assume_helper_", ""))
    only(doctor(dev, "dev", code=1), "sdks", "fail", "Go v1", "configure dev (it", "role_arn to assume_helper_role_arn")


def test_a_key_in_the_environment_is_told(dev: Home) -> None:
    dev.environ |= {"AWS_PROFILE": "dev", "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    only(doctor(dev, "dev"), "environment", "warn", "unset AWS_ACCESS_KEY_ID")


def test_a_process_that_does_not_start_is_told(dev: Home) -> None:
    dev.config.write_text(dev.config.read_text().replace(SCRIPT, "/old/venv/bin/assume-helper"))
    only(doctor(dev, "dev", code=1), "process", "fail", "/old/venv/bin/assume-helper, which does not exist", SCRIPT)


def test_the_processes_of_the_pair_and_of_the_source_are_looked_at(dev: Home) -> None:
    dev.config.write_text(
        f"[profile ops]\ncredential_process = assume-helper get dev\n[profile dev]\nrole_arn = {ROLE}/dev\n"
        "source_profile = broker\n[profile broker]\ncredential_process = /no/broker --token " + SECRET + "\n"
    )
    path = f"{Path(SCRIPT).parent}:{os.environ['PATH']}"
    for name in ("ops", "dev"):
        ran = dev.run("doctor", "--json", name, PATH=path)
        checks = [check for check in json.loads(ran.stdout) if check["name"] == "process"]
        assert {check["status"] for check in checks if "[ops]" in check["what"]} == {"warn", "ok"}
        assert [check["status"] for check in checks if "[broker]" in check["what"]] == ["fail"]
        assert SECRET.encode() not in ran.stdout


# The cache.


def test_a_cache_that_is_open_is_a_failure(dev: Home) -> None:
    dev.get("dev")
    dev.cache.chmod(0o750)
    found = doctor(dev, "dev", code=1)
    only(found, "cache", "fail", f"chmod 700 {dev.cache}")
    only(found, "role", "warn", "no cache")


@pytest.mark.skipif(os.geteuid() == 0 and not LIKE_ANY_USER, reason="root passes over modes")
def test_a_cache_that_cannot_be_written_is_told(dev: Home) -> None:
    dev.get("dev")
    dev.cache.chmod(0o500)
    ran = dev.run("doctor", "--json", "dev", command=[*LIKE_ANY_USER, SCRIPT])
    checks = {check["name"]: check for check in json.loads(ran.stdout)}
    assert checks["cache"]["status"] == "warn", ran
    assert "ASSUME_HELPER_CACHE_DIR" in checks["cache"]["mend"]


def test_what_was_left_behind_is_told(dev: Home) -> None:
    dev.get("dev")
    only(doctor(dev, "dev"), "leftovers", "ok")
    left = dev.cache / ("tmp-1-" + "0" * 16)
    left.write_text("x")
    os.utime(left, (0, 0))
    only(doctor(dev, "dev"), "leftovers", "warn", f"rm -rf -- {left}")


# STS and its clock.


def test_an_sts_that_is_not_there_is_a_failure_and_what_is_cached_is_still_had(dev: Home, offline_front: Front) -> None:
    dev.get("dev")
    gone = f"http://127.0.0.1:{free_port()}"
    text = dev.config.read_text().replace(offline_front.url, gone)
    dev.config.write_text(text)
    found = doctor(dev, "dev", code=1)
    only(found, "sts", "fail", "could not be reached")
    only(found, "source", "warn", "was not reached")
    only(found, "role", "fail", "could not be reached")


def test_cached_credentials_are_had_while_sts_is_out_of_order(dev: Home, offline_front: Front) -> None:
    dev.get("dev")
    offline_front.behaviour = error(503, "ServiceUnavailable", "later")
    found = doctor(dev, "dev", code=1)
    only(found, "sts", "fail", "out of order")
    only(found, "role", "ok", "from the cache")


@pytest.mark.parametrize("behaviour", [html(200), html(403), session()])
def test_what_is_not_sts_is_a_failure(dev: Home, offline_front: Front, behaviour: Behaviour) -> None:
    offline_front.behaviour = behaviour
    only(doctor(dev, code=1), "sts", "fail", "not from STS")


def test_an_sts_that_says_nothing_is_given_up(dev: Home, offline_front: Front) -> None:
    offline_front.behaviour = offline_front.hang
    only(doctor(dev, code=1), "sts", "fail", "no answer in time")


@pytest.mark.parametrize(
    ("off", "status", "word"),
    [
        (0, "ok", "right"),
        (100, "warn", "behind"),
        (-100, "warn", "ahead of"),
        (-400, "fail", "6 min"),
        (9e5, "fail", ""),
    ],
)
def test_a_clock_that_is_off_is_told(dev: Home, offline_front: Front, off: float, status: str, word: str) -> None:
    offline_front.behaviour = sts(off)
    only(doctor(dev, code=int(status == "fail")), "clock", status, word, "" if status == "ok" else "timedatectl")


# The source.


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (sts(user="AKIASOMEBODYELSE0000"), "STS does not know the access key of profile base"),
        (error(403, "AccessDenied", "no"), "denied GetCallerIdentity"),
    ],
)
def test_a_source_that_sts_does_not_take_is_a_failure(
    dev: Home, offline_front: Front, behaviour: Behaviour, words: str
) -> None:
    offline_front.behaviour = behaviour
    found = doctor(dev, "dev", code=1)
    only(found, "source", "fail", words)


def test_an_identity_that_is_none_is_a_failure(dev: Home, offline_front: Front) -> None:
    def odd(call: Call) -> Reply | None:
        reply = sts()(call)
        assert reply is not None
        return Reply(reply.status, reply.body.replace(USER.encode(), b"x y"))

    offline_front.behaviour = odd
    only(doctor(dev, "dev", code=1), "source", "fail", "not from STS")


def test_a_web_identity_token_is_read(dev: Home) -> None:
    token = dev.folder / "token"
    token.write_text("a.web.identity.token")
    text = dev.config.read_text().replace(
        "assume_helper_source_profile = base", f"assume_helper_web_identity_token_file = {token}"
    )
    dev.config.write_text(text)
    only(doctor(dev, "dev"), "source", "ok", str(token))
    token.unlink()
    dev.config.write_text(text)
    ran = dev.run("doctor", "dev", ASSUME_HELPER_CACHE_DIR=str(dev.folder / "other"))
    assert ran.code == 1
    assert b"fail  source: the web identity token" in ran.stdout


def test_a_process_that_leads_back_here_is_a_failure_that_draws_the_loop(dev: Home) -> None:
    program = dev.folder / "broker"
    program.write_text(f"#!/bin/sh\nexec {SCRIPT} get dev\n")
    program.chmod(0o755)
    dev.config.write_text(
        f"[profile dev]\nassume_helper_role_arn = {ROLE}/dev\nassume_helper_source_profile = broker\n"
        f"[profile broker]\ncredential_process = {program}\n"
    )
    found = doctor(dev, "dev", code=1)
    for name in ("source", "role"):
        only(found, name, "fail", "loop", "dev -> broker -> dev")


# The role, MFA and durations.


def test_a_role_that_is_refused_is_a_failure(dev: Home, offline_front: Front) -> None:
    offline_front.behaviour = sts(assume=denied)
    only(doctor(dev, "dev", code=1), "role", "fail", "denied AssumeRole", "trust policy")


def strict_sts(front: Front, role: Role) -> Strict:
    """The strict STS behind the front, which answers GetCallerIdentity too."""
    strict = Strict(Credentials(ACCESS_KEY_ID, SECRET), otherwise=role)
    front.behaviour = sts(assume=strict)
    return strict


def test_a_session_longer_than_the_role_s_longest_is_told(dev: Home, offline_front: Front) -> None:
    strict_sts(offline_front, Role(longest=7200))
    dev.config.write_text(dev.config.read_text() + "duration_seconds = 7200\n")
    only(doctor(dev, "dev"), "duration", "ok", "2 h")
    dev.config.write_text(dev.config.read_text().replace("7200", "10800"))
    only(doctor(dev, "dev", code=1), "duration", "fail", "10800 s", "MaxSessionDuration")


def test_a_chain_s_session_lasts_an_hour_at_most(dev: Home, offline_front: Front) -> None:
    strict_sts(offline_front, Role(longest=43_200))
    text = dev.config.read_text().replace("= base", "= mid") + "duration_seconds = 7200\n"
    dev.config.write_text(
        f"{text}[profile mid]\nassume_helper_role_arn = {ROLE}/mid\nassume_helper_source_profile = base\n"
        f"endpoint_url = {offline_front.url}\n"
    )
    found = doctor(dev, "dev", code=1)
    assert [check["status"] for check in found["duration"]] == ["fail", "fail"], "the config's, and STS's word"
    assert "lasts an hour at most" in found["duration"][1]["what"]
    dev.config.write_text(dev.config.read_text().replace("7200", "3600"))
    only(doctor(dev, "dev"), "source", "ok", f"the access key of profile base is {USER}")


@pytest.fixture
def wants_mfa(dev: Home, offline_front: Front) -> Strict:
    """`dev`'s role wants MFA."""
    dev.config.write_text(dev.config.read_text() + f"mfa_serial = {SERIAL}\n")
    return strict_sts(offline_front, Role(wants_mfa=True))


def test_without_a_source_of_codes_the_role_is_not_tried(dev: Home, wants_mfa: Strict) -> None:
    found = doctor(dev, "dev", code=1)
    only(found, "mfa", "warn", SERIAL, "ASSUME_HELPER_MFA_TOKEN")
    only(found, "role", "fail", "needs a code")


def test_a_code_in_the_environment_is_a_source_of_codes(dev: Home, wants_mfa: Strict) -> None:
    code = wants_mfa.device.code()
    ran = dev.run("doctor", "dev", ASSUME_HELPER_MFA_TOKEN=code)
    assert ran.code == 0, ran
    assert f"ok    mfa: a code of {SERIAL} is needed; it comes from ASSUME_HELPER_MFA_TOKEN\n" in ran.stdout.decode()
    assert code.encode() not in ran.stdout


def test_mfa_process_is_a_source_of_codes(dev: Home, wants_mfa: Strict) -> None:
    program = dev.folder / "codes"
    program.write_text(f"#!/bin/sh\necho {wants_mfa.device.code()}\n")
    program.chmod(0o755)
    text = dev.config.read_text()
    dev.config.write_text(f"{text}mfa_process = {program} --pin {SECRET}\n")
    found = doctor(dev, "dev", ASSUME_HELPER_ASKPASS="/bin/true")
    only(found, "mfa", "ok", f"mfa_process ({program}), then ASSUME_HELPER_ASKPASS")
    only(found, "role", "ok", "from STS")
    assert SECRET not in repr(found)
    for line in (f"A={SECRET} {program} | cat", f"echo {SECRET} | {program}", "command -v sh", "~/codes | cat"):
        dev.config.write_text(f"{text}mfa_process = {line}\n")
        found = doctor(dev, "dev", ASSUME_HELPER_ASKPASS="/bin/true")
        only(found, "mfa", "ok", "mfa_process (")
        assert SECRET not in repr(found)
    for program_, line in (
        ("/no/codes", "/no/codes"),
        ("~/nowhere", f"A=b ~/nowhere {SECRET}"),
        ("none-such", "none-such"),
    ):
        dev.config.write_text(f"{text}mfa_process = {line}\n")
        only(doctor(dev, "dev", code=1), "mfa", "fail", f"mfa_process ({program_}) does not exist")


def test_on_a_terminal_a_code_is_asked_for(dev: Home, wants_mfa: Strict) -> None:
    child = pexpect.spawn(
        SCRIPT, ["doctor", "dev"], env=dev.environ, timeout=60, encoding="utf-8", dimensions=(50, 200)
    )
    child.expect("it comes from this terminal")
    child.expect("MFA code of .*: ")
    code = wants_mfa.device.code()
    child.sendline(code)
    child.expect("assumed-role/dev/.* from STS")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert code not in (child.before or "")


def broken(dev: Home) -> dict[str, str]:
    dev.config.write_text(dev.config.read_text() + f"mfa_serial = {SERIAL}\nmfa_process = x {SECRET}\n{SECRET} = x\n")
    return {"ASSUME_HELPER_MFA_TOKEN": CODE}


def in_the_profile(dev: Home) -> dict[str, str]:
    dev.config.write_text(dev.config.read_text() + KEY)
    return {"AWS_PROFILE": "dev", "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}


def in_the_commands(dev: Home) -> dict[str, str]:
    text = dev.config.read_text().replace(f"{SCRIPT} get dev", f"TOKEN={SECRET} ~/x {SOURCE_TOKEN}")
    more = f"[profile broker]\ncredential_process = /bin/sh -c 'echo {SECRET} >&2; exit 1'\n"
    dev.config.write_text(text.replace("= base", "= broker") + more)
    return {"HTTPS_PROXY": f"http://me:{SECRET}@127.0.0.1:9"}


def in_the_endpoint(dev: Home) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL": f"http://me:{GIVEN_SECRET}@127.0.0.1:9"}


DENIED = sts(assume=error(403, "AccessDenied", f"{SECRET} {GIVEN_TOKEN} {SOURCE_TOKEN}"))
UNSIGNED = error(403, "SignatureDoesNotMatch", f"x-amz-security-token:{SOURCE_TOKEN} {SECRET}")


@pytest.mark.parametrize("made", [lambda _dev: {}, broken, in_the_profile, in_the_commands, in_the_endpoint])
@pytest.mark.parametrize(
    ("behaviour", "arguments"),
    [
        (sts(), ("--json", "dev")),
        (DENIED, ("--json", "dev")),
        (DENIED, ("dev",)),
        (DENIED, ()),
        (UNSIGNED, ("--json", "dev")),
    ],
)
def test_no_secret_is_printed(
    dev: Home,
    offline_front: Front,
    made: Callable[[Home], dict[str, str]],
    behaviour: Behaviour,
    arguments: tuple[str, ...],
) -> None:
    offline_front.behaviour = behaviour
    dev.credentials.write_text(f"[base]\n{KEY}")
    ran = dev.run("doctor", *arguments, **made(dev))
    assert ran.code in {0, 1}
    assert ran.stderr == ""
    printed = ran.stdout.decode().lower()
    for secret in (SECRET, GIVEN_SECRET, GIVEN_TOKEN, SOURCE_TOKEN, CODE):
        assert secret.lower() not in printed


def test_no_control_character_of_a_config_is_printed(dev: Home) -> None:
    dev.config.write_text(
        dev.config.read_text() + "\x1b]0;x\x07 = 1\n[profile \x1b[31mred]\nrole_arn = \x1b\nregion = \x07\n[a\x1bb]\n",
        newline="",
    )
    ran = dev.run("doctor")
    assert ran.code == 1
    assert all(c.isprintable() or c == "\n" for c in ran.stdout.decode())


def test_ten_thousand_profiles_are_looked_at_in_a_few_seconds(dev: Home) -> None:
    more = "".join(
        f"[profile p{n}]\nrole_arn = {ROLE}/p{n}\nsource_profile = base\nregoin = x\n" for n in range(10_000)
    )
    dev.config.write_text(dev.config.read_text() + more)
    dev.unmeasured()
    # 30 s of processor time: on a busy machine, time alone says nothing.
    ran = dev.run("-c", 'ulimit -t 30; exec "$0" doctor', SCRIPT, command=["/bin/sh"])
    assert ran.code == 0
    assert ran.stdout.count(b"did you mean region") == 10_000


def test_standard_output_that_is_closed_is_an_error(dev: Home) -> None:
    ran = dev.run("-c", '"$0" doctor dev >&-', SCRIPT, command=["/bin/sh"])
    ran.failed(1, "standard output is closed")


def test_nothing_is_called_but_sts(dev: Home, offline_front: Front) -> None:
    """The source is asked for once, and the role once."""
    doctor(dev, "dev")
    actions: list[Any] = [(call.action, call.access_key_id == ACCESS_KEY_ID) for call in offline_front.calls]
    assert actions == [("GetCallerIdentity", False), ("GetCallerIdentity", True), ("AssumeRole", True)]
