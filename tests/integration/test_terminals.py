"""`list`, `log`, `doctor` and the picker on terminals of 60 and 80 columns, with colours, without, and dumb ones."""

import json
import re
from dataclasses import dataclass
from typing import Any

import pexpect
import pyte
import pytest
from front import Front, session
from running import SCRIPT, Home
from strict import SERIAL

ROLE = "arn:aws:iam::123456789012:role"
ACCOUNT = "123456789012"
LONG = "production-administrator"
CONFIG = f"""
[profile dev]
credential_process = {SCRIPT} get dev
assume_helper_role_arn = {ROLE}/dev
assume_helper_source_profile = base
[profile {LONG}]
role_arn = {ROLE}/OrganizationAccountAccessRole
source_profile = base
mfa_serial = {SERIAL}
[profile gov]
role_arn = arn:aws-us-gov:iam::123456789012:role/a/path/that/is/rather/long/for/a/terminal/of/sixty/columns
source_profile = base
[profile one]
role_arn = {ROLE}/one
source_profile = hub
[profile two]
role_arn = {ROLE}/two
source_profile = hub
[profile hub]
role_arn = {ROLE}/hub
source_profile = nobody
"""
PROBLEM = "[hub] names profile nobody, which is not there"
KINDS = {"colours": {}, "NO_COLOR": {"NO_COLOR": "1"}, "dumb": {"TERM": "dumb"}}
EVERYWHERE = [(width, kind) for width in (60, 80, 120) for kind in KINDS]


@dataclass
class Shown:
    """What a terminal shows, line by line, and what was sent to it."""

    lines: list[str]
    sent: bytes

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def unbroken(self) -> str:
        """The words, as if no line had been broken between them."""
        return " ".join(self.text.split())


@pytest.fixture
def ready(role: Home, offline_front: Front) -> Home:
    role.config.write_text(CONFIG)
    role.environ |= {"AWS_ENDPOINT_URL": offline_front.url, "AWS_REGION": "us-east-1", "PYTHONUTF8": "1"}
    offline_front.behaviour = session()
    role.get("dev")
    return role


def started(home: Home, width: int, kind: str, *arguments: str) -> Any:
    environ = home.environ | {"TERM": "xterm-256color"} | KINDS[kind]
    return pexpect.spawn(SCRIPT, [*arguments], env=environ, cwd=str(home.folder), timeout=60, dimensions=(100, width))


def drawn(sent: bytes, width: int) -> Shown:
    screen = pyte.Screen(width, 100)
    pyte.ByteStream(screen).feed(sent)
    return Shown([line.rstrip() for line in screen.display], sent)


def on(home: Home, width: int, kind: str, *arguments: str) -> Shown:
    """What the terminal shows at the end; what must be true of every command is checked."""
    child = started(home, width, kind, *arguments)
    child.expect(pexpect.EOF)
    child.close()
    shown = drawn(child.before, width)
    is_legible(shown, kind, home)
    return shown


def is_legible(shown: Shown, kind: str, home: Home) -> None:
    """Account numbers are whole, colours can be read on white and on black, and there are none if so wanted."""
    # The folder of a test run and a server's port are numbers as well: `pytest-901`.
    elsewhere = f"{home.folder} {home.environ['AWS_ENDPOINT_URL']}"
    digits = [part for part in re.findall(r"\d+", shown.text) if part not in elsewhere]
    assert not [part for part in digits if len(part) > 2 and part in ACCOUNT and part != ACCOUNT], shown.text
    assert not re.search(rb"\x1b\[[0-9;]*\b(2|33|36|37|9[0-7]|38)[;m]", shown.sent), shown.sent
    if kind != "colours":
        assert b"\x1b" not in shown.sent, shown.sent


@pytest.mark.parametrize(("width", "kind"), EVERYWHERE)
def test_list_is_legible_and_its_mfa_column_is_a_word(ready: Home, width: int, kind: str) -> None:
    shown = on(ready, width, kind, "list")
    assert shown.text.count(ACCOUNT) == 3
    assert SERIAL not in shown.unbroken.replace(" ", "")
    words = shown.unbroken.replace("MFA: ", "")
    assert re.search(rf"{LONG} .*?OrganizationAccountAccessRole .*?{ACCOUNT} .*?base .*?yes .*?no", words), words
    assert re.search(rf"dev .*?dev .*?{ACCOUNT} .*?base .*?no .*?\d+ min( \d+ s)? left", words), words
    assert shown.unbroken.count(PROBLEM) == 1
    assert shown.unbroken.count("the same problem as one") == 2


@pytest.mark.parametrize("width", [60, 80, 120])
def test_list_shows_the_device_where_that_is_asked_for(ready: Home, width: int) -> None:
    assert SERIAL in on(ready, width, "colours", "list", "--wide").text


@pytest.mark.parametrize(("width", "kind"), EVERYWHERE)
def test_log_is_legible_and_says_a_failure_once(ready: Home, width: int, kind: str) -> None:
    for _ in range(3):
        ready.run("get", "one")
    shown = on(ready, width, kind, "log")
    assert shown.text.count(ACCOUNT) == 1
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  miss ", shown.text)
    assert shown.unbroken.count(PROBLEM) == 1
    assert "(3 times)" in shown.unbroken
    assert len(json.loads(f"[{','.join(ready.run('log', '--json').stdout.decode().splitlines())}]")) == 4


@pytest.mark.parametrize(("width", "kind"), EVERYWHERE)
def test_doctor_is_legible_and_says_a_failure_once(ready: Home, width: int, kind: str) -> None:
    shown = on(ready, width, kind, "doctor")
    assert shown.unbroken.count(PROBLEM) == 1
    assert shown.unbroken.count("the same as one says") == 2
    assert re.search(rf"warn +{LONG}", shown.text)


def test_doctor_says_once_that_sts_is_out_of_reach(ready: Home) -> None:
    ready.run("clear", "--all")
    ready.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
    shown = on(ready, 80, "colours", "doctor", "dev")
    assert shown.unbroken.count("could not be reached") == 1
    assert "fail role the same as sts says mend: see sts above" in shown.unbroken


@pytest.mark.parametrize(("width", "kind"), EVERYWHERE)
def test_the_picker_is_legible(ready: Home, width: int, kind: str) -> None:
    child = started(ready, width, kind, "exec", "--", "true")
    child.expect(b"Number, name or a role's ARN" if kind == "dumb" else b"type a role's ARN|ARN \\.\\.\\.")
    shown = drawn(child.before + child.after, width)
    child.close(force=True)
    assert shown.text.count(ACCOUNT) == 3, shown.text
    assert max(map(len, shown.lines)) < width
    assert "production-a" in shown.text
    assert re.search(r"dev +dev +123456789012  cached", shown.text)
    colours = re.findall(rb"\x1b\[[0-9;]*m", shown.sent)
    assert not [one for one in colours if re.search(rb"\b(2|3[0-9]|38|9[0-7])\b", one)], colours
    if kind == "dumb":
        assert b"\x1b" not in shown.sent
    else:
        assert "Esc to leave)" in shown.text


@pytest.mark.parametrize("typed", ["1", "dev", f"{ROLE}/elsewhere"])
def test_on_a_dumb_terminal_a_number_a_name_or_an_arn_is_typed(ready: Home, offline_front: Front, typed: str) -> None:
    child = started(ready, 80, "dumb", "exec", "--", "printenv", "AWS_ACCESS_KEY_ID")
    for wrong, why in (("", "no number or name of these"), ("9", "no number"), ("one", PROBLEM), ("arn", "no number")):
        child.expect_exact("Number, name or a role's ARN: ")
        child.sendline(wrong)
        child.expect_exact(f"{wrong} cannot be chosen: ")
        child.expect_exact(why)
    child.sendline(typed)
    if typed.startswith("arn"):
        child.expect_exact("Number or name: ")
        child.sendline("base")
    child.expect_exact("ASIAFRONT")
    child.close(force=True)
    assert len(offline_front.calls) == 1 + typed.startswith("arn")


def test_on_a_dumb_terminal_control_d_leaves(ready: Home) -> None:
    child = started(ready, 80, "dumb", "exec")
    child.expect_exact("Number, name or a role's ARN: ")
    child.sendeof()
    child.expect_exact("interrupted; nothing was changed")
    child.close(force=True)


def test_in_a_pipe_a_problem_widens_no_column(ready: Home) -> None:
    lines = ready.run("list").stdout.decode().splitlines()
    assert lines[0].split() == ["PROFILE", "KIND", "ROLE", "ACCOUNT", "SOURCE", "MFA", "LOGIN", "CACHED"]
    (problem,) = [line for line in lines if PROBLEM in line]
    assert problem.split()[:6] == ["one", "-", "-", "-", "-", "-"]
    assert lines[2].split()[5] == "yes"
