"""`sync SSO_SESSION`: from the local Identity Center to profiles that SDKs use, and what stops it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pexpect
import pyte
import pytest
from behaviours import held, reset, status
from configuring import by_boto3
from front import Front, identity
from identity_center import ACCOUNT, ROLE, Center, SsoFile, sso_session
from json_service import Answer, Behaviour, Request
from logging_in import DESKTOP
from running import SCRIPT, Home, Ran

OTHER = "210987654321"
ROLES = "ListAccountRoles"
MINE = "# mine\r\n[profile dev]\r\nregion=eu-west-1\r\n\r\n"
TWICE = "--region", "us-east-1", "--yes"


@pytest.fixture
def login(home: Home, center: Center) -> SsoFile:
    """A home with an [sso-session] that is logged in, and two accounts with a role each."""
    center.assign(OTHER, "Admin", name="Büro (EU)")
    home.config.write_text(MINE + sso_session(), newline="")
    home.environ |= center.environ()
    return center.log_in(home)


def only(account_id: str, behaviour: Behaviour) -> Behaviour:
    """Only an account's roles are met with `behaviour`."""

    def behave(request: Request, proceed: Callable[[], Answer]) -> Answer:
        return behaviour(request, proceed) if request.query["account_id"] == account_id else proceed()

    return behave


def sync(home: Home, *arguments: str, code: int = 0) -> Ran:
    ran = home.run("sync", "corp", *arguments)
    assert ran.code == code, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran


def beside(home: Home) -> list[str]:
    return sorted(path.name for path in home.config.parent.iterdir() if path.name != "sso")


@pytest.mark.usefixtures("login")
def test_a_synced_profile_is_served_by_get_and_by_boto3(home: Home, center: Center, offline_front: Front) -> None:
    home.environ |= {"AWS_ENDPOINT_URL_STS": offline_front.url}
    ran = sync(home, *TWICE)
    assert ran.stderr == ""
    assert ran.stdout.decode().endswith(
        "sso-session corp: 2 accounts, 2 roles\n  new      2\n  changed  0\n  removed  0\n  gone     0\n  kept     0\n"
        f"Written to {home.config}. The old file is config.assume-helper.bak.\n"
    )
    assert home.get("Buro-EU.Admin")["AccountId"] == OTHER
    method, access_key_id = by_boto3(home, f"main.{ROLE}")
    assert method == "custom-process"
    assert access_key_id == home.get(f"main.{ROLE}")["AccessKeyId"]
    assert center.calls("GetRoleCredentials") == 2
    assert center.malformed == []
    listed = {row["profile"]: row for row in json.loads(home.run("list", "--json").stdout)}
    assert listed["Buro-EU.Admin"]["kind"] == "permission set"
    offline_front.behaviour = identity(f"arn:aws:sts::{OTHER}:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/me")
    checks = json.loads(home.run("doctor", "Buro-EU.Admin", "--json").stdout)
    assert [check for check in checks if check["status"] == "fail"] == []
    assert "assume_helper_synced" not in json.dumps(checks)


@pytest.mark.usefixtures("login")
def test_a_second_run_changes_nothing_and_the_rest_stays_to_the_byte(home: Home) -> None:
    before = home.config.read_bytes()
    sync(home, *TWICE)
    text = home.config.read_bytes()
    assert text.startswith(before)
    assert text.count(b"\r\n") == text.count(b"\n") - sso_session().count("\n")
    state = {path: path.stat().st_mtime_ns for path in home.config.parent.iterdir() if path.is_file()}
    assert sync(home, *TWICE).stdout.decode().endswith(f"  kept     2\nNothing to change in {home.config}.\n")
    assert home.config.read_bytes() == text
    assert {path: path.stat().st_mtime_ns for path in home.config.parent.iterdir() if path.is_file()} == state
    assert len(beside(home)) == 3


@pytest.mark.usefixtures("login")
def test_dry_run_shows_the_change_and_writes_nothing(home: Home) -> None:
    before = home.config.read_bytes()
    shown = sync(home, "--dry-run").stdout.decode()
    assert "+[profile Buro-EU.Admin]\n" in shown
    assert shown.endswith(f"Nothing was written to {home.config} (--dry-run).\n")
    assert sync(home, "--dry-run", "--json").document["changed"] is False
    assert (home.config.read_bytes(), beside(home)) == (before, ["config"])


@pytest.mark.usefixtures("login")
def test_without_a_terminal_it_is_not_written_unless_that_was_said(home: Home) -> None:
    before = home.config.read_bytes()
    ran = home.run("sync", "corp")
    assert ran.code == 2
    assert b"+[profile Buro-EU.Admin]\n" in ran.stdout
    assert "there is no terminal to ask on; use --yes to write without asking" in ran.stderr
    ran = home.run("sync", "corp", "--json")
    assert (ran.code, ran.document["changed"]) == (2, False)
    assert (home.config.read_bytes(), beside(home)) == (before, ["config"])


@pytest.mark.usefixtures("login")
def test_json_has_every_profile_with_its_account_and_role(home: Home, center: Center) -> None:
    sync(home, *TWICE)
    center.unassign(OTHER, "Admin")
    center.assign(ACCOUNT, "New")
    ran = sync(home, "--yes", "--json")
    found = ran.document
    assert (found["sso_session"], found["changed"], found["accounts"], found["roles"]) == ("corp", True, 1, 2)
    assert found["file"] == str(home.config)
    assert found["backup"] == f"{home.config}.assume-helper.bak"
    assert found["counts"] == {"new": 1, "changed": 0, "removed": 0, "gone": 1, "kept": 1, "own": 0, "left": 0}
    assert [(each["profile"], each["state"], each["account_id"], each["role_name"]) for each in found["profiles"]] == [
        ("main.New", "new", ACCOUNT, "New"),
        (f"main.{ROLE}", "kept", ACCOUNT, ROLE),
        ("Buro-EU.Admin", "gone", OTHER, "Admin"),
    ]
    assert ran.stderr == (
        f"assume-helper: corp: Buro-EU.Admin (account {OTHER}, role Admin) is not there any more; --prune removes it\n"
    )
    assert "+[profile main.New]" in found["diff"]


@pytest.mark.usefixtures("login")
def test_prune_removes_what_is_gone_and_undo_gives_it_back(home: Home, center: Center) -> None:
    before = home.config.read_bytes()
    sync(home, *TWICE)
    first = home.config.read_bytes()
    center.unassign(OTHER, "Admin")
    sync(home, "--prune", "--yes")
    assert b"Buro" not in home.config.read_bytes()
    ran = sync(home, "--undo", "--yes")
    assert home.config.read_bytes() == first
    assert "the last sync of sso-session corp\n  put back  1\nWritten to" in ran.stdout.decode()
    calls = len(center.server.requests)
    for arguments in (("--undo", "--yes"), ("--undo",), ("--undo", "--dry-run")):
        assert sync(home, *arguments).stdout.decode() == f"Nothing to take back in {home.config}.\n"
    assert len(center.server.requests) == calls, "undo asks nobody"
    assert before in first


@pytest.mark.usefixtures("login")
def test_undo_gives_back_the_very_file(home: Home) -> None:
    before = home.config.read_bytes()
    sync(home, *TWICE)
    text = home.config.read_bytes()
    assert sync(home, "--undo", "--dry-run", "--json").document["counts"]["removed"] == 2
    assert home.run("sync", "corp", "--undo").code == 2
    assert home.config.read_bytes() == text
    sync(home, "--undo", "--yes")
    assert home.config.read_bytes() == before
    sync(home, *TWICE)
    assert home.config.read_bytes() == text


@pytest.mark.usefixtures("login")
def test_two_hundred_accounts_with_five_roles_are_one_run(home: Home, center: Center) -> None:
    for number in range(200):
        center.assign(f"{300_000_000_000 + number}", *(f"Role{role}" for role in range(5)), name=f"account {number}")
    center.once(ROLES, *[status(429, "TooManyRequestsException", message="slow")] * 5)
    before = home.config.read_bytes()
    found = sync(home, *TWICE, "--json").document
    assert (found["accounts"], found["roles"], found["counts"]["new"]) == (202, 1002, 1002)
    assert (center.calls("ListAccounts"), center.calls(ROLES)) == (3, 202 + 5)
    assert center.malformed == []
    assert home.get("account-199.Role4")["AccountId"] == "300000000199"
    sync(home, "--undo", "--yes")
    assert home.config.read_bytes() == before


# What stops it.


def test_without_a_login_it_is_exit_4_with_the_command(home: Home, center: Center, login: SsoFile) -> None:
    login.path.unlink()
    home.run("sync", "corp", "--yes").failed(4, "sso-session corp is not logged in", "login")
    login = center.log_in(home)
    center.revoke(login.read()["accessToken"])
    home.run("sync", "corp", "--yes").failed(4, "was revoked")
    assert beside(home) == ["config"]


@pytest.mark.usefixtures("login")
def test_a_session_that_is_not_there_is_exit_3_with_the_one_that_was_meant(home: Home) -> None:
    home.run("sync", "crop", "--yes").failed(3, "there is no [sso-session crop]", "did you mean corp?")
    home.run("sync", "crop", "--undo", "--yes").failed(3, "there is no [sso-session crop]")


@pytest.mark.usefixtures("login")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument 'SSO_SESSION'"),
        (["corp", "--template", "{account}"], "there is no field {account}: there are {account_name}, {account_id}"),
        (["corp", "--template", "x"], "it has no field"),
        (["corp", "--region", "eu west"], "the region eu west is not valid"),
        (["corp", "--undo", "--prune"], "--undo goes with no option but --dry-run, --yes and --json"),
        (["corp", "--undo", "--region", "eu-west-1"], "--undo goes with no option but"),
        (["corp", "--undo", "--template", "{account_id}"], "--undo goes with no option but"),
    ],
)
def test_what_cannot_be_is_a_usage_error(home: Home, center: Center, arguments: list[str], said: str) -> None:
    ran = home.run("sync", *arguments)
    assert (ran.code, ran.stdout) == (2, b"")
    assert said in ran.stderr
    assert center.server.requests == []


@pytest.mark.usefixtures("login")
@pytest.mark.parametrize("behaviour", [reset, status(500)])
def test_a_network_that_goes_away_in_the_middle_writes_nothing(
    home: Home, center: Center, behaviour: Behaviour
) -> None:
    before = home.config.read_bytes()
    center.always(ROLES, only(OTHER, behaviour))
    home.run("sync", "corp", "--prune", "--yes").failed(7, "Identity Center")
    assert (home.config.read_bytes(), beside(home)) == (before, ["config"])


@pytest.mark.usefixtures("login")
def test_an_account_that_cannot_be_listed_is_said_and_its_profiles_stay(home: Home, center: Center) -> None:
    sync(home, *TWICE)
    text = home.config.read_bytes()
    center.always(ROLES, only(OTHER, status(403, "ForbiddenException", message="no")))
    ran = sync(home, "--prune", "--yes")
    assert ran.stderr == (
        f"assume-helper: corp: account {OTHER} (Büro (EU)) could not be listed (ForbiddenException); its profiles stay "
        "as they are\n"
    )
    assert "  not listed  1 account\n" in ran.stdout.decode()
    found = sync(home, "--prune", "--yes", "--json").document
    assert found["not_listed"] == [{"account_id": OTHER, "account_name": "Büro (EU)", "reason": "ForbiddenException"}]
    assert home.config.read_bytes() == text


@pytest.mark.usefixtures("login")
def test_an_empty_answer_is_said_and_removes_nothing(home: Home, center: Center) -> None:
    sync(home, *TWICE)
    text = home.config.read_bytes()
    center.unassign(ACCOUNT, ROLE)
    center.unassign(OTHER, "Admin")
    ran = sync(home, "--yes")
    assert "Identity Center lists no account for this login; have one assigned" in ran.stderr
    assert ran.stderr.count("--prune removes it") == 2
    home.run("sync", "corp", "--prune", "--yes").failed(6, "lists no account", "nothing was removed")
    assert home.config.read_bytes() == text


@pytest.mark.usefixtures("login")
def test_names_from_the_service_reach_neither_terminal_nor_config_as_they_are(home: Home, center: Center) -> None:
    evil = "x\x1b[31m]\n[profile evil]\ncredential_process = /bin/evil\n#"
    center.assign("310987654321", "Admin", name=evil)
    center.always(ROLES, only("310987654321", status(403, "ForbiddenException", message=evil)))
    ran = sync(home, *TWICE)
    center.as_usual(ROLES)
    ran = Ran(ran.code, ran.stdout + sync(home, *TWICE).stdout, ran.stderr)
    assert "\x1b" not in ran.stdout.decode() + ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert home.get("x-31m-profile-evil-credential_process-/bin/evil".replace("/", "-").replace("--", "-") + ".Admin")
    assert b"\x1b" not in home.config.read_bytes()
    assert b"/bin/evil" not in home.config.read_bytes()


# On a terminal.


@contextmanager
def terminal(home: Home, *arguments: str, **environ: str) -> "Iterator[pexpect.spawn[bytes]]":
    child: Any = pexpect.spawn(
        SCRIPT,
        ["sync", "corp", *arguments],
        env=home.environ | {"TERM": "xterm"} | environ,
        timeout=60,
        dimensions=(60, 100),
    )
    try:
        yield child
    finally:
        child.close(force=True)


def screen(sent: bytes) -> str:
    shown = pyte.Screen(100, 60)
    pyte.ByteStream(shown).feed(sent)
    return "\n".join(line.rstrip() for line in shown.display).rstrip()


@pytest.mark.usefixtures("login")
def test_a_bar_is_shown_while_accounts_are_listed_then_the_change_a_question_and_a_summary(
    home: Home, center: Center
) -> None:
    before = home.config.read_bytes()
    event = threading.Event()
    center.always(ROLES, only(OTHER, held(event)))
    with terminal(home) as child:
        try:
            child.expect_exact(b"1/2")
            assert "Listing accounts" in screen(child.before)
            assert home.config.read_bytes() == before
        finally:
            event.set()
        child.expect_exact(f"Write this (2 new) to {home.config}? [y/N]: ".encode())
        shown = screen(child.before)
        assert "Listing accounts" not in shown, "the bar is taken away"
        assert "+[profile Buro-EU.Admin]" in shown
        child.sendline(b"y")
        child.expect_exact(b"sso-session corp: 2 accounts, 2 roles\r\n  new      2\r\n")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 0
    assert home.get("Buro-EU.Admin")["AccountId"] == OTHER


def test_a_person_is_asked_to_log_in_and_it_goes_on(home: Home, login: SsoFile) -> None:
    login.path.unlink()
    question = b"log in to sso-session corp now? [Y/n]: "
    with terminal(home, "--yes", **DESKTOP) as child:
        child.expect_exact(question)
        child.sendline(b"n")
        child.expect_exact(b"is not logged in; run: assume-helper login --sso-session corp")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 4
    with terminal(home, "--yes", **DESKTOP) as child:
        child.expect_exact(question)
        child.sendline(b"y")
        child.expect_exact(b"sso-session corp: 2 accounts, 2 roles")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 0


@pytest.mark.usefixtures("login")
def test_who_says_no_or_leaves_changes_nothing(home: Home) -> None:
    before = home.config.read_bytes()
    for answer, code in ((b"n\r", 1), (b"\r", 1), (b"\x03", 130), (b"\x04", 130)):
        with terminal(home) as child:
            child.expect_exact(b"[y/N]: ")
            child.send(answer)
            child.expect(pexpect.EOF)
            child.wait()
            assert child.exitstatus == code
    assert (home.config.read_bytes(), beside(home)) == (before, ["config"])


@pytest.mark.usefixtures("login")
def test_who_leaves_while_accounts_are_listed_changes_nothing(home: Home, center: Center) -> None:
    event = threading.Event()
    center.always(ROLES, held(event))
    try:
        with terminal(home, "--yes") as child:
            child.expect_exact(b"0/2")
            child.send(b"\x03")
            child.expect_exact(b"interrupted; nothing was changed, run it again")
            child.expect(pexpect.EOF)
            child.wait()
            assert child.exitstatus == 130
    finally:
        event.set()
    assert beside(home) == ["config"]


@pytest.mark.usefixtures("login")
@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_a_terminal_that_is_to_be_plain_gets_no_bar(home: Home, environ: dict[str, str]) -> None:
    with terminal(home, "--yes", **environ) as child:
        child.expect(pexpect.EOF)
        assert b"\x1b" not in child.before
        assert b"Listing" not in child.before
        assert b"new      2" in child.before
