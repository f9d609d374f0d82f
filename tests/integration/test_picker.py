"""The picker: with nothing named on a terminal, a role is chosen there."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pexpect
import pytest
from front import Front, session
from running import ACCESS_KEY_ID, SCRIPT, Home

ROLE = "arn:aws:iam::123456789012:role"
DOWN = "\x1b[B"
SHOW = "import os; print('key=' + os.environ['AWS_ACCESS_KEY_ID'] + '.', 'as', os.environ['ASSUME_HELPER_PROFILE'])"


@pytest.fixture
def ready(role: Home, offline_front: Front) -> Home:
    role.config.write_text(
        "".join(f"[profile {n}]\nrole_arn = {ROLE}/{n}-role\nsource_profile = base\n" for n in ("dev", "ops", "audit"))
    )
    role.environ |= {"AWS_ENDPOINT_URL": offline_front.url, "AWS_REGION": "us-east-1", "TERM": "xterm"}
    offline_front.behaviour = session()
    return role


@pytest.fixture
def picker(ready: Home) -> Iterator[Any]:
    child = pexpect.spawn(
        SCRIPT, ["exec", "--", sys.executable, "-c", SHOW], env=ready.environ, encoding="utf-8", timeout=60,
        dimensions=(24, 120),
    )  # fmt: skip
    child.expect_exact("Which one?")
    yield child
    child.close(force=True)


def test_the_roles_are_shown_with_account_and_what_is_cached(ready: Home) -> None:
    ready.get("dev")
    child = pexpect.spawn(SCRIPT, ["exec"], env=ready.environ, encoding="utf-8", timeout=60, dimensions=(24, 120))
    child.expect_exact("Which one?")
    child.expect(r"dev +dev-role +123456789012 +cached, \d+ min \d+ s left")
    child.expect(r"ops +ops-role +123456789012")
    child.expect_exact("type a role's ARN ...")
    child.close(force=True)


def test_arrows_and_enter_take_one_and_its_identity_is_shown(picker: Any) -> None:
    picker.send(DOWN)
    picker.send("\r")
    picker.expect_exact("role of ops")
    picker.expect(r"account +123456789012")
    picker.expect_exact("assumed-role/ops-role/")
    picker.expect_exact("expires")
    picker.expect_exact("key=ASIAFRONT00000000000. as ops")


def test_typing_filters(picker: Any) -> None:
    picker.send("audit")
    picker.expect_exact("audit-role")
    picker.send("\r")
    picker.expect_exact("as audit")


@pytest.mark.parametrize("typed", ["zzz", "my-prod-role", "ö"])
def test_what_matches_nothing_is_said_and_takes_nothing(picker: Any, offline_front: Front, typed: str) -> None:
    picker.send(typed)
    picker.expect_exact(f"nothing matches {typed}: delete some letters")
    picker.send("\r")
    picker.send("\x7f" * len(typed) + "ops")  # it is still there
    picker.send("\r")
    picker.expect_exact("as ops")
    assert [call.parameters["RoleArn"] for call in offline_front.calls] == [f"{ROLE}/ops-role"]


# In this order in the config: of each pair the longer name is first, where it would be found first.
SIMILAR = ("a-prod-b", "production", "prod", "nonprod", "Prod", "größer-dev", "größer", "grer")


def similar(ready: Home) -> Any:
    ready.config.write_text(
        "".join(f"[profile {n}]\nrole_arn = {ROLE}/r{i}\nsource_profile = base\n" for i, n in enumerate(SIMILAR))
        + "[profile pro]\nregion = us-east-1\n[profile broken]\nrole_arn = no-arn\n"
        f"[profile broken-not]\nrole_arn = {ROLE}/x\nsource_profile = base\n"
    )
    child = pexpect.spawn(
        SCRIPT, ["exec", "--", sys.executable, "-c", SHOW], env=ready.environ | {"PYTHONUTF8": "1"}, encoding="utf-8",
        timeout=60, dimensions=(24, 120),
    )  # fmt: skip
    child.expect_exact("Which one?")
    return child


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("prod", "prod"),
        ("Prod", "Prod"),
        ("nonprod", "nonprod"),
        ("größer", "größer"),
        ("produ", "production"),
        ("PRODUCTION", "production"),
        ("nprd", "nonprod"),
        ("prod ", "prod"),
    ],
)
def test_an_exact_name_comes_first_then_what_begins_so_then_what_is_similar(
    ready: Home, typed: str, taken: str
) -> None:
    child = similar(ready)
    child.send(typed)
    child.send("\r")
    child.expect_exact(f"as {taken}\r\n")
    child.close(force=True)


@pytest.mark.parametrize(
    ("typed", "why"), [("pro", "it has nothing to get credentials from"), ("broken", "is not the ARN of a role")]
)
def test_the_name_of_a_profile_that_is_not_shown_takes_no_similar_one(
    ready: Home, offline_front: Front, typed: str, why: str
) -> None:
    child = similar(ready)
    child.send(typed)
    child.expect(f"{typed} cannot be chosen: .*{why}")
    child.send("\r")
    child.send("\x1b")
    child.expect_exact("interrupted; nothing was changed")
    child.close(force=True)
    assert offline_front.calls == []


@pytest.mark.parametrize("asked", ["role", "arn", "source"])
def test_escape_is_an_interrupt_that_runs_nothing(picker: Any, offline_front: Front, asked: str) -> None:
    if asked == "arn":
        picker.send("type a")
        picker.send("\r")
        picker.expect_exact("The role's ARN:")
    if asked == "source":
        picker.send(f"{ROLE}/elsewhere")
        picker.send("\r")
        picker.expect_exact("Which profile assumes it?")
    picker.send("\x1b")
    picker.expect_exact("interrupted; nothing was changed")
    picker.expect(pexpect.EOF)
    picker.close()
    assert picker.exitstatus == 130
    assert offline_front.calls == []


def test_keys_that_are_no_letters_type_nothing(picker: Any) -> None:
    picker.send("\x1b[D\x1bOP\t\x1b[3~\x1b[200~ops\x1b[201~")  # left, F1, tab, delete; pasted: ops
    picker.expect(r"/ \x1b\[[0-9;]*mops\x1b")
    picker.send("\r")
    picker.expect_exact("as ops")


def test_a_role_s_arn_may_be_typed_at_once(picker: Any, offline_front: Front) -> None:
    picker.send(f"{ROLE}/elsewhere")
    picker.send("\r")
    picker.expect_exact("Which profile assumes it?")
    picker.send("nobody")
    picker.expect_exact("nothing matches nobody")
    picker.send("\r")
    picker.send("\x7f" * 6 + "base")
    picker.send("\r")
    picker.expect_exact("assumed-role/elsewhere/")
    assert [call.parameters["RoleArn"] for call in offline_front.calls] == [f"{ROLE}/elsewhere"]


def test_the_last_of_many_profiles_is_found_by_typing(ready: Home, offline_front: Front) -> None:
    with ready.config.open("a") as config:
        for number in range(3000):
            config.write(f"[profile p{number}]\nrole_arn = {ROLE}/p{number}-role\nsource_profile = base\n")
    child = pexpect.spawn(SCRIPT, ["exec", "--", "true"], env=ready.environ, encoding="utf-8", timeout=60)
    child.expect_exact("Which one?")
    child.send("p2999")
    child.send("\r")
    child.expect_exact("assumed-role/p2999-role/")
    child.close(force=True)


def test_control_c_is_an_interrupt_that_runs_nothing(picker: Any) -> None:
    picker.sendintr()
    picker.expect_exact("interrupted; nothing was changed")
    picker.expect(pexpect.EOF)
    picker.close()
    assert picker.exitstatus == 130


def test_a_role_s_arn_may_be_typed_and_its_source_is_asked_for(picker: Any, offline_front: Front) -> None:
    picker.send("type a")
    picker.send("\r")
    picker.expect_exact("The role's ARN:")
    picker.send(f"{ROLE}/other\r")
    picker.expect_exact("Which profile assumes it?")
    picker.send("base")
    picker.send("\r")
    picker.expect_exact("assumed-role/other/")
    picker.expect_exact("key=ASIAFRONT00000000000.")
    assert offline_front.calls[-1].access_key_id == ACCESS_KEY_ID


def test_what_is_no_arn_is_said_where_it_is_typed(picker: Any, offline_front: Front) -> None:
    picker.send("type a")
    picker.send("\r")
    picker.expect_exact("The role's ARN:")
    picker.send("role/other\r")
    picker.expect_exact("An ARN looks like arn:aws:iam::123456789012:role/NAME")
    picker.sendintr()
    picker.expect_exact("interrupted; nothing was changed")
    assert offline_front.calls == []


def test_standard_output_is_left_to_the_program(ready: Home) -> None:
    line = f"{SCRIPT} exec -- {sys.executable} -c 'import json; print(json.dumps([1]))' > out"
    child = pexpect.spawn(
        "/bin/sh", ["-c", line], env=ready.environ, cwd=str(ready.folder), encoding="utf-8", timeout=60
    )
    child.expect_exact("Which one?")
    child.send("\r")
    child.expect(pexpect.EOF)
    assert json.loads((ready.folder / "out").read_text()) == [1]
