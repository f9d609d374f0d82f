"""`list` and `clear`: show and delete cached sessions."""

import json
import subprocess
import sys

import pytest
from front import Front, session, wait_for
from rewound import rewind
from running import LIKE_ANY_USER, PACKAGE, SCRIPT, Home, no_warning
from strict import SERIAL

from assume_helper.cache.directory import Cache

ROLE = "arn:aws:iam::123456789012:role"
CONFIG = f"""
[default]
region = us-east-1
[profile dev]
role_arn = {ROLE}/team/dev
source_profile = base
[profile ops]
assume_helper_role_arn = {ROLE}/ops
assume_helper_source_profile = dev
mfa_serial = {SERIAL}
[profile pair]
credential_process = assume-helper get dev
[profile broken]
role_arn = {ROLE}/broken
[profile plain]
region = eu-central-1
"""


@pytest.fixture
def ready(role: Home, offline_front: Front) -> Home:
    role.config.write_text(CONFIG)
    role.environ["AWS_ENDPOINT_URL"] = offline_front.url
    offline_front.behaviour = session()
    return role


def listed(home: Home) -> dict[str, dict[str, object]]:
    ran = home.run("list", "--json")
    assert (ran.code, ran.stderr) == (0, "")
    return {row["profile"]: row for row in json.loads(ran.stdout)}


def test_every_profile_that_can_be_served_is_listed_with_what_is_known_of_it(ready: Home, offline_front: Front) -> None:
    rows = listed(ready)
    assert list(rows) == ["dev", "ops", "pair", "broken", "base"]
    assert rows["dev"] == {
        "profile": "dev",
        "kind": "role",
        "role": "team/dev",
        "role_arn": f"{ROLE}/team/dev",
        "account_id": "123456789012",
        "source": "base",
        "mfa_serial": None,
        "has_login": False,
        "login_seconds_left": None,
        "login_is_renewed": None,
        "cached": False,
        "seconds_left": None,
        "note": None,
        "problem": None,
    }
    assert (rows["ops"]["source"], rows["ops"]["mfa_serial"]) == ("dev", SERIAL)
    assert rows["pair"]["role_arn"] == f"{ROLE}/team/dev"
    assert "nothing to assume it with" in str(rows["broken"]["problem"])
    assert (rows["base"]["kind"], rows["base"]["source"]) == ("access key", None)
    assert offline_front.calls == []


def test_what_is_cached_is_listed_with_the_time_that_is_left(ready: Home) -> None:
    ready.get("dev")
    row = listed(ready)["dev"]
    assert row["cached"] is True
    assert 3500 < int(str(row["seconds_left"])) <= 3600


def test_in_a_pipe_it_is_plain_columns(ready: Home) -> None:
    ready.get("dev")
    lines = ready.run("list").stdout.decode().splitlines()
    assert lines[0].split() == ["PROFILE", "KIND", "ROLE", "ACCOUNT", "SOURCE", "MFA", "LOGIN", "CACHED"]
    assert lines[1].split()[:6] == ["dev", "role", "team/dev", "123456789012", "base", "no"]
    assert lines[1].endswith(" left")
    assert "\x1b" not in "".join(lines)


def test_a_config_without_roles_says_what_adds_one(home: Home) -> None:
    ran = home.run("list")
    assert (ran.code, ran.stdout) == (0, b"")
    assert "`assume-helper configure` adds one" in ran.stderr


def test_hostile_names_are_shown_and_not_obeyed(ready: Home) -> None:
    with ready.config.open("a") as config:
        config.write(f"[profile 'a\x1b[31m\u202eb']\nrole_arn = {ROLE}/x\nsource_profile = base\n")
    ran = ready.run("list")
    assert ran.code == 0
    assert b"\x1b" not in ran.stdout
    assert "\u202e" not in ran.stdout.decode()


def test_ten_thousand_profiles_are_listed_without_a_slow_import(ready: Home) -> None:
    with ready.config.open("a") as config:
        for number in range(10_000):
            config.write(f"[profile p{number}]\nrole_arn = {ROLE}/p{number}\nsource_profile = base\n")
    ready.unmeasured()
    listing = "import os; from assume_helper.cli import app; app.main(['list', '--json'], os.environ, 0, 0)"
    spy = f"import sys; {listing}; sys.stderr.write(repr(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", spy], env=ready.environ, capture_output=True, check=True, timeout=300, cwd=PACKAGE.parent
    )
    assert len(json.loads(done.stdout)) == 10_005
    imported = {name.strip("'") for name in done.stderr.decode().strip("[]").split(", ")}
    assert not {"botocore", "boto3", "rich", "filelock"} & imported
    assert not {"click", "typing", "dataclasses", "threading", "_hashlib"} & imported


def test_clear_deletes_one_profile_s_session_and_no_other(ready: Home) -> None:
    ready.get("dev")
    ready.run("get", "ops", ASSUME_HELPER_MFA_TOKEN="123456")
    ran = ready.run("clear", "ops")
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout == b"removed: the credentials of ops\nremoved: the MFA session of " + SERIAL.encode() + b"\n"
    rows = listed(ready)
    assert (rows["dev"]["cached"], rows["ops"]["cached"]) == (True, False)


def test_after_clear_sts_is_asked_again(ready: Home, offline_front: Front) -> None:
    first = ready.get("dev")
    offline_front.behaviour = session(access_key_id="ASIASECOND0000000000")
    assert ready.get("dev") == first
    ready.run("clear", "dev")
    assert ready.get("dev")["AccessKeyId"] == "ASIASECOND0000000000"
    ran = ready.run("clear", "dev")
    assert ran.stdout == b"removed: the credentials of dev\n"
    assert ready.run("clear", "dev").stdout == b"nothing was cached\n"


def test_clear_all_deletes_everything_but_locks_and_used_codes(ready: Home) -> None:
    ready.get("dev")
    ready.run("get", "ops", ASSUME_HELPER_MFA_TOKEN="123456")
    ready.run("get", "dev", "--read-only")
    ran = ready.run("clear", "--all", "--json")
    assert len(json.loads(ran.stdout)["removed"]) == 5  # dev, dev read-only, the MFA session, dev and ops behind it
    assert {path.suffix for path in ready.cache.iterdir()} <= {".lock", ".code"}
    assert list(ready.cache.glob("*.code"))


def test_clear_expired_deletes_only_ended_sessions(ready: Home, offline_front: Front) -> None:
    ready.get("dev")
    offline_front.behaviour = session(seconds=1)
    ready.run("get", "dev", "--read-only")
    assert len(ready.entries()) == 2
    wait_for(lambda: len(json.loads(ready.run("clear", "--expired", "--json").stdout)["removed"]) == 1)
    assert len(ready.entries()) == 1
    assert listed(ready)["dev"]["cached"] is True


def test_clear_leaves_an_entry_whose_process_calls_sts(ready: Home, offline_front: Front) -> None:
    ready.get("dev")
    for path in ready.entries():
        path.unlink()
    offline_front.behaviour = offline_front.held_back(session())
    offline_front.arrived.clear()
    process = ready.start("get", "dev")
    offline_front.arrived.wait(30)
    assert ready.run("clear", "--all").code == 0
    offline_front.released.set()
    out, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, b"")
    assert json.loads(out)["Version"] == 1
    assert listed(ready)["dev"]["cached"] is True


def test_an_entry_that_is_being_replaced_is_left_and_reported(ready: Home, offline_front: Front) -> None:
    ready.get("dev")
    rewind(Cache(str(ready.cache), no_warning), ready.entries()[0].stem, 50)  # to be replaced by whoever asks next
    offline_front.behaviour = offline_front.held_back(session())
    offline_front.arrived.clear()
    process = ready.start("get", "dev")
    offline_front.arrived.wait(30)
    ran = ready.run("clear", "dev")
    told = json.loads(ready.run("clear", "--all", "--json").stdout)
    offline_front.released.set()
    process.communicate(timeout=60)
    assert (ran.code, ran.stdout) == (0, b"left: the credentials of dev, which a process is replacing\n")
    assert told["removed"] == []
    assert len(told["left"]) == 1


def test_without_locks_clear_deletes_too(ready: Home) -> None:
    ready.get("dev")
    for path in ready.cache.glob("*.lock"):
        path.unlink()
        path.mkdir()
    assert ready.run("clear", "dev").stdout == b"removed: the credentials of dev\n"
    assert ready.entries() == []


@pytest.mark.parametrize("what", [["dev"], ["--all"], ["--expired"]])
def test_a_cache_that_is_not_used_is_not_said_to_be_empty(ready: Home, what: list[str]) -> None:
    ready.get("dev")
    ready.cache.chmod(0o755)
    ready.run("clear", *what).failed(1, "nothing was deleted", "is open to other users", "mode 0700")
    assert len(ready.entries()) == 1


def test_an_entry_that_cannot_be_removed_is_not_reported_as_removed(ready: Home) -> None:
    ready.get("dev")
    ready.cache.chmod(0o500)
    ran = ready.run(SCRIPT, "clear", "--all", command=LIKE_ANY_USER or ["env"])
    ready.cache.chmod(0o700)
    assert ran.code == 1
    assert b"removed" not in ran.stdout
    assert "cannot be removed" in ran.stderr
    assert len(ready.entries()) == 1


@pytest.mark.parametrize("arguments", [[], ["dev", "--all"], ["--all", "--expired"]])
def test_clear_needs_a_profile_or_an_option(ready: Home, arguments: list[str]) -> None:
    ready.run("clear", *arguments).failed(2, "name profiles, or use --all or --expired")


def test_a_profile_that_is_not_there_is_named(ready: Home) -> None:
    ready.run("clear", "dve").failed(3, "did you mean dev")
