"""Each kind of profile, bare and prefixed, by every command: what is printed, shown, kept, forgotten and logged."""

import json
import re
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import identity_center as ic
import pexpect
import pytest
from front import Front, identity
from identity_center import Center
from kind_scenes import KINDS, NAME, OPERATIONS, PROCESS_ACCOUNT, Scene, document, logged, together
from needs import injected, needs_strace
from running import ACCESS_KEY_ID, PACKAGE, SCRIPT, SECRET, Home

# The interpreter that the virtual environment was made with: it has no libraries.
BASE: str = getattr(sys, "_base_executable", sys.executable)
BOTH = [(kind, is_prefixed) for kind in KINDS for is_prefixed in (False, True)]
IDS = [f"{kind}, {'prefixed' if is_prefixed else 'bare'}" for kind, is_prefixed in BOTH]
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
LIFETIMES = {"console login": 900}


@pytest.fixture(params=BOTH, ids=IDS)
def scene(request: pytest.FixtureRequest, home: Home, center: Center, offline_front: Front) -> Scene:
    """Every kind, written in both ways."""
    kind, is_prefixed = request.param
    return Scene(home, center, offline_front, kind, is_prefixed)


@pytest.fixture(params=KINDS)
def bare(request: pytest.FixtureRequest, home: Home, center: Center, offline_front: Front) -> Scene:
    """Every kind, with bare keys."""
    home.unmeasured()
    return Scene(home, center, offline_front, request.param)


@pytest.fixture(params=KINDS)
def prefixed(request: pytest.FixtureRequest, home: Home, center: Center, offline_front: Front) -> Scene:
    """Every kind, with prefixed keys, as `configure` writes it."""
    return Scene(home, center, offline_front, request.param, is_prefixed=True)


def account(scene: Scene) -> str | None:
    return {"process": PROCESS_ACCOUNT, "access key": None}.get(scene.kind, ic.ACCOUNT)


def test_the_document_is_the_kind_s_own_and_is_printed_again_without_a_question(scene: Scene) -> None:
    first = scene.remembered()
    assert list(first)[:3] == ["Version", "AccessKeyId", "SecretAccessKey"]
    assert first.get("AccountId") == account(scene)
    assert first["SessionToken"]
    left = datetime.fromisoformat(first["Expiration"]).timestamp() - time.time()
    lifetime = LIFETIMES.get(scene.kind, 3600)
    if scene.kind == "access key":
        lifetime = scene.lifetime()
    assert 0.85 * lifetime < left <= lifetime
    assert scene.home.get(NAME) == first
    assert scene.asked == 1
    assert scene.center.malformed == []


def test_exec_and_env_hand_over_the_same_session(scene: Scene) -> None:
    found = scene.home.get(NAME)
    ran = scene.home.run("exec", NAME, "--", sys.executable, "-c", SHOW)
    assert (ran.code, ran.stderr) == (0, "")
    seen = json.loads(ran.stdout)
    names = {
        "AWS_ACCESS_KEY_ID": "AccessKeyId",
        "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
        "AWS_SESSION_TOKEN": "SessionToken",
    }
    assert {name: seen[name] for name in names} == {name: found[field] for name, field in names.items()}
    assert seen["ASSUME_HELPER_PROFILE"] == NAME
    ran = scene.home.run("env", NAME, "--shell", "json")
    assert (ran.code, ran.stderr) == (0, "")
    shown = json.loads(ran.stdout)
    assert {name: shown[name] for name in names} == {name: found[field] for name, field in names.items()}
    assert scene.asked == 1


def test_list_has_its_kind_its_account_and_the_time_left_of_session_and_login(scene: Scene) -> None:
    kind = "permission set" if "permission set" in scene.kind else scene.kind
    scene.home.get(NAME)
    ran = scene.home.run("list", "--json")
    assert (ran.code, ran.stderr) == (0, "")
    (row,) = json.loads(ran.stdout)
    assert (row["profile"], row["kind"], row["cached"], row["problem"]) == (NAME, kind, True, None)
    assert row["role"] == (ic.ROLE if kind == "permission set" else None)
    assert row["has_login"] is (scene.kind in OPERATIONS)
    if scene.kind in OPERATIONS:
        assert 0.9 * LIFETIMES.get(scene.kind, 3600) < row["login_seconds_left"] <= 3600
        assert row["account_id"] == ic.ACCOUNT
    assert ("may not call IAM" in (row["note"] or "")) is (scene.kind == "access key")
    ran = scene.home.run("list")
    lines = ran.stdout.decode().splitlines()
    assert {"KIND", "LOGIN", "CACHED"} <= set(lines[0].split())
    assert lines[1].startswith(NAME)
    assert kind in lines[1]
    assert scene.asked == 1


def test_clear_forgets_it_and_the_log_says_what_was_issued(scene: Scene) -> None:
    first = scene.home.get(NAME)
    ran = scene.home.run("clear", NAME)
    assert (ran.code, ran.stderr) == (0, "")
    assert scene.home.entries() == []
    scene.center.portal.seconds = 3000
    if scene.kind == "process":
        scene.prints(document("ASIAPROCESS000000001"))
    second = scene.home.get(NAME)
    if scene.kind != "console login":  # its credentials are those of its own file
        assert second["AccessKeyId"] != first["AccessKeyId"]
        assert scene.asked == 2
    lines = [line for line in logged(scene.home) if line["outcome"] == "miss"]
    assert [line["profile"] for line in lines] == [NAME, NAME]
    text = scene.home.log.read_text()
    assert first["SecretAccessKey"] not in text
    assert first["SessionToken"] not in text
    assert SECRET not in text
    ran = scene.home.run("log")
    assert ran.code == 0
    assert ran.stdout.decode().count(NAME) >= 2


def test_whoami_asks_sts_who_the_session_is(scene: Scene) -> None:
    scene.home.get(NAME)
    arn = f"arn:aws:sts::{ic.ACCOUNT}:assumed-role/AWSReservedSSO_{ic.ROLE}_0123456789abcdef/me"
    given = scene.home.get(NAME)["AccessKeyId"]
    scene.front.behaviour = identity(arn)
    ran = scene.home.run("whoami", NAME)
    assert ran.code == 0, ran.stderr
    assert arn in ran.stdout.decode()
    assert ic.ACCOUNT in ran.stdout.decode()
    assert given in {call.access_key_id for call in scene.front.calls if call.action == "GetCallerIdentity"}


def test_tab_completes_its_name_and_the_picker_shows_it(scene: Scene) -> None:
    ran = scene.home.run("completion", "zsh", "--", "get", "")
    assert [line.partition("\t")[0] for line in ran.stdout.decode().splitlines()] == [NAME]
    child = pexpect.spawn(
        SCRIPT, ["exec", "--", "sh", "-c", 'echo as "$ASSUME_HELPER_PROFILE" .'],
        env=scene.home.environ | {"TERM": "xterm"}, encoding="utf-8", timeout=60, dimensions=(24, 120),
    )  # fmt: skip
    try:
        child.expect(r"Which \w+\?")
        child.expect(NAME)
        child.send("\r")
        child.expect_exact(f"as {NAME} .")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)


# A hit


@needs_strace
def test_a_hit_opens_the_cache_alone_takes_no_lock_and_imports_nothing(bare: Scene) -> None:
    """The interpreter alone, with `-S`, has no site-packages."""
    found = bare.remembered()
    bare.breaks()
    trace = bare.home.folder / "trace"
    names = ("openat", "open", "flock", "socket", "connect", "fork", "vfork", "clone", "clone3")
    command = [*injected(*names, into=str(trace)), BASE, "-I", "-S", str(PACKAGE / "__main__.py")]
    ran = bare.home.run("get", NAME, command=command)
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.document == found
    calls = trace.read_text()
    assert not re.search(r"\b(flock|socket|connect|fork|vfork|clone3?)\(", calls)
    opened = re.findall(rf'open(?:at)?\((?:AT_FDCWD, )?"({re.escape(str(bare.home.folder))}[^"]*)"', calls)
    assert [Path(path).suffix for path in opened] == [".hit", ".entry"]


# Many at once


def test_fifty_cold_processes_ask_once_and_print_one_document(bare: Scene) -> None:
    ended = together(bare.home, [NAME] * 50)
    assert {(done.code, done.stderr) for done in ended} == {(0, "")}
    assert len({done.stdout for done in ended}) == 1
    assert bare.asked == 1
    assert bare.center.malformed == []


# What narrows a session, and what only a role has


OF_A_ROLE = {
    "policy_arns": "arn:aws:iam::aws:policy/ReadOnlyAccess",
    "session_tags": "a=b",
    "source_identity": "me",
}


def test_a_key_that_only_a_role_s_session_has_is_exit_3_and_never_left_aside(bare: Scene) -> None:
    """Without a policy that was to narrow it, the session would be wider than was meant."""
    for key, value in OF_A_ROLE.items():
        bare.home.config.write_text(bare.config(**{key: value}))
        bare.home.run("get", NAME).failed(3, key, "source_profile of a role")
    assert bare.asked == 0


def test_a_pair_of_profiles_serves_each_kind(bare: Scene) -> None:
    with bare.home.config.open("a") as config:
        config.write(f"[profile sdk]\ncredential_process = {SCRIPT} get {NAME}\n")
    assert bare.home.get("sdk") == bare.home.get(NAME)
    assert bare.asked == 1


def test_an_sdk_gets_the_prefixed_kind_s_session_through_the_helper(prefixed: Scene) -> None:
    program = "import botocore.session as s; print(s.Session(profile='dev').get_credentials().access_key)"
    ran = subprocess.run(
        [sys.executable, "-c", program], env=prefixed.home.environ, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.strip() == prefixed.home.get(NAME)["AccessKeyId"]
    assert ran.stdout.strip() != ACCESS_KEY_ID
    assert prefixed.asked == 1
