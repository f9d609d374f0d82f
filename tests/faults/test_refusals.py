"""Refusals are final: what they delete, and what followers are told."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from botocore.credentials import Credentials
from front import Call, Front, Reply, error, session, wait_for
from mfa_roles import ROLE
from running import ACCESS_KEY_ID, SECRET, Home, is_at_the_lock
from strict import SERIAL, WRONG_CODE, Strict

UNKNOWN = error(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
LATER = error(503, "ServiceUnavailable", "later")


def test_a_deactivated_access_key_deletes_the_session(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session(date=datetime.now(UTC) - timedelta(seconds=3100))
    role.get("dev")
    offline_front.behaviour = UNKNOWN
    role.run("get", "dev").failed(4, "does not know the access key")
    assert role.entries() == []
    offline_front.behaviour = LATER
    role.run("get", "dev").failed(7, "out of order")


@pytest.mark.parametrize(
    ("account", "name"), [("210987654321", "dev"), ("123456789012", "admin"), ("123456789012", "dev-admin")]
)
def test_another_role_s_session_is_exit_7_and_nothing_is_kept(
    role: Home, offline_front: Front, account: str, name: str
) -> None:
    good = session()

    def another(call: Call) -> Reply | None:
        reply = good(call)
        assert reply is not None
        arn = f"arn:aws:sts::{account}:assumed-role/{name}/me".encode()
        return Reply(200, re.sub(rb"arn:aws:sts::[^<]*", arn, reply.body))

    offline_front.behaviour = another
    role.run("get", "dev").failed(7, "assumed another role")
    assert role.entries() == []
    offline_front.behaviour = good
    role.get("dev")


# Told to those whom it concerns.


@contextmanager
def first_and_second(
    home: Home, front: Front, first: dict[str, str], second: dict[str, str]
) -> Iterator[tuple["subprocess.Popen[bytes]", "subprocess.Popen[bytes]"]]:
    """A process that leads, and one that waits for it."""
    home.unmeasured()
    with ExitStack() as stack:
        leader = stack.enter_context(home.start("get", "dev", **first))
        wait_for(front.arrived.is_set)
        follower = stack.enter_context(home.start("get", "dev", **second))
        wait_for(lambda: is_at_the_lock(follower))
        yield leader, follower


def ended(process: "subprocess.Popen[bytes]") -> int:
    process.communicate(timeout=90)
    return process.returncode


def test_a_bad_session_token_does_not_fail_other_processes(role: Home, offline_front: Front) -> None:
    role.config.write_text(role.config.read_text().replace("source_profile = base", "credential_source = Environment"))
    keys = {"AWS_ACCESS_KEY_ID": "ASIAENVIRONMENT00000", "AWS_SECRET_ACCESS_KEY": "of-the-environment"}
    refused = offline_front.held_back(UNKNOWN)
    good = session()
    offline_front.behaviour = lambda call: (refused if call.session_token == "bad" else good)(call)
    first, second = ({**keys, "AWS_SESSION_TOKEN": token} for token in ("bad", "good"))
    with first_and_second(role, offline_front, first, second) as (leader, follower):
        offline_front.released.set()
        assert (ended(leader), ended(follower)) == (4, 0)


def test_a_dead_proxy_does_not_fail_other_processes(role: Home, offline_front: Front) -> None:
    role.unmeasured()
    offline_front.behaviour = session()
    with socket.create_server(("127.0.0.1", 0)) as proxy, ExitStack() as stack:
        environ = {"HTTP_PROXY": f"http://127.0.0.1:{proxy.getsockname()[1]}"}
        leader = stack.enter_context(role.start("get", "dev", **environ))
        proxy.settimeout(60)
        connection, _ = proxy.accept()
        follower = stack.enter_context(role.start("get", "dev"))
        wait_for(lambda: is_at_the_lock(follower))
        proxy.close()
        connection.close()
        assert (ended(leader), ended(follower)) == (7, 0)


def test_a_wrong_mfa_code_does_not_fail_other_processes(role: Home, offline_front: Front) -> None:
    role.config.write_text(role.config.read_text() + f"mfa_serial = {SERIAL}\n")
    refused = offline_front.held_back(error(403, "AccessDenied", WRONG_CODE))
    good = session()
    offline_front.behaviour = lambda call: (refused if call.parameters.get("TokenCode") == "000000" else good)(call)
    first, second = ({"ASSUME_HELPER_MFA_TOKEN": code} for code in ("000000", "123456"))
    with first_and_second(role, offline_front, first, second) as (leader, follower):
        offline_front.released.set()
        assert (ended(leader), ended(follower)) == (6, 0)


# An MFA session that STS does not take any more.


def test_ten_roles_replace_a_refused_mfa_session_with_one_code(role: Home, offline_front: Front) -> None:
    strict = Strict(Credentials(ACCESS_KEY_ID, SECRET))
    offline_front.behaviour = strict
    program = role.folder / "code"
    program.write_text(f"#!{sys.executable}\nimport pyotp\nprint(pyotp.TOTP({strict.device.secret!r}).now())\n")
    program.chmod(0o700)
    endpoint = f"region = us-east-1\nendpoint_url = {offline_front.url}\n"
    role.config.write_text(
        "".join(
            f"[profile r{number}]\nrole_arn = {ROLE}/r{number}\nsource_profile = base\nmfa_serial = {SERIAL}\n"
            f"mfa_process = {program}\n{endpoint}"
            for number in range(11)
        )
    )
    role.get("r10", ASSUME_HELPER_MFA_TOKEN=pyotp.TOTP(strict.device.secret).at(time.time() - 30))
    strict.sessions.clear()
    for path in role.cache.glob("*.code"):
        path.unlink()  # or the next code would have to be waited for
    offline_front.calls.clear()
    before, begun = len(strict.codes), time.monotonic()
    children = [role.start("get", f"r{number}") for number in range(10)]
    assert [ended(child) for child in children] == [0] * 10
    assert len(strict.codes) == before + 1
    assert [call.action for call in offline_front.calls].count("GetSessionToken") == 1
    assert time.monotonic() - begun < 25, "a second code is half a minute away"


# Locks.


def test_many_chains_at_once_do_not_deadlock_and_leave_at_most_64_lock_files(role: Home, offline_front: Front) -> None:
    role.unmeasured()
    offline_front.behaviour = session()
    environ = {"AWS_ENDPOINT_URL": offline_front.url, "AWS_REGION": "us-east-1"}
    lines = []
    for number in range(16):
        for depth, source in ((1, "base"), (2, f"a{number % 4}"), (3, f"b{number}"), (4, f"c{number}")):
            name = f"{'xabcd'[depth]}{number if depth > 1 else number % 4}"
            lines.append(f"[profile {name}]\nrole_arn = {ROLE}/{name}\nsource_profile = {source}\n")
    role.config.write_text("".join(dict.fromkeys(lines)))
    begun = time.monotonic()
    children = [role.start("get", f"d{number}", **environ) for number in range(16)]
    said = [child.communicate(timeout=120) for child in children]
    assert [child.returncode for child in children] == [0] * 16, [stderr for _, stderr in said]
    assert time.monotonic() - begun < 60
    assert len(offline_front.calls) == 4 + 3 * 16
    assert "no lock" not in role.log.read_text()


def test_many_sets_of_options_share_64_lock_files(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    for number in range(80):
        ran = role.run("get", "dev", "--session-tag", f"number={number}")
        assert json.loads(ran.stdout)["Version"] == 1
    assert len(list(role.cache.glob("*.entry"))) == 80
    assert len(list(role.cache.glob("*.lock"))) <= 64


def test_what_the_program_imports_is_not_taken_from_the_callers_folder(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    (role.folder / "click.py").write_text("import os\nos.write(2, b'HOSTILE')\nos._exit(9)\n")
    ran = role.run("get", "dev", command=[sys.executable, "-m", "assume_helper"])
    assert (ran.code, ran.stderr) == (0, "")
