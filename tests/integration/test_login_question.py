"""The commands that people type ask on a terminal, once, whether to log in; and what a login shows there."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest
from front import Front, identity
from identity_center import Center, permission_set
from logging_in import DESKTOP, approving, configured, noting, pages
from running import SCRIPT, Home

QUESTION = "log in to sso-session corp now? [Y/n]: "
ARN = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_ReadOnly_0123456789abcdef/me"
COMMANDS = {
    "exec": (["exec", "dev", "--", "sh", "-c", "echo key $AWS_ACCESS_KEY_ID"], "key ASIA"),
    "env": (["env", "dev"], "AWS_ACCESS_KEY_ID='?ASIA"),
    "console": (["console", "dev", "--print"], "Action=login"),
    "whoami": (["whoami", "dev"], "assumed-role/AWSReservedSSO_ReadOnly"),
}


@pytest.fixture
def somebody(home: Home, center: Center, offline_front: Front) -> Home:
    offline_front.behaviour = identity(ARN)
    home.environ |= {"AWS_ENDPOINT_URL_STS": offline_front.url, "AWS_REGION": "us-east-1", "TERM": "xterm"}
    return configured(home, center)


@contextmanager
def terminal(home: Home, *arguments: str, columns: str = "200", **environ: str) -> Iterator["pexpect.spawn[str]"]:
    around = home.environ | environ
    child = pexpect.spawn(
        SCRIPT,
        [*arguments],
        env=around,
        cwd=str(home.folder),
        encoding="utf-8",
        timeout=90,
        dimensions=(50, int(columns)),
    )
    try:
        yield child
    finally:
        child.close(force=True)


def ended(child: "pexpect.spawn[str]") -> tuple[int, str]:
    child.expect(pexpect.EOF)
    said = child.before or ""
    child.wait()
    return (child.exitstatus if child.exitstatus is not None else -1), said


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("answer", ["", "y", "Yes"])
def test_a_command_that_needs_the_login_asks_and_goes_on(
    somebody: Home, center: Center, command: str, answer: str
) -> None:
    arguments, shown = COMMANDS[command]
    with terminal(somebody, *arguments, **DESKTOP) as child:
        child.expect_exact("assume-helper: sso-session corp is not logged in")
        child.expect_exact(QUESTION)
        child.sendline(answer)
        child.expect(shown)
        assert ended(child)[0] == 0
    assert center.calls("/authorize") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_who_says_no_has_the_error_and_no_browser(somebody: Home, tmp_path: Path, command: str) -> None:
    with terminal(somebody, *COMMANDS[command][0], **noting(tmp_path)) as child:
        child.expect_exact(QUESTION)
        child.sendline("n")
        code, said = ended(child)
    assert code == 4
    assert "sso-session corp is not logged in; run: assume-helper login --sso-session corp" in said
    assert pages(tmp_path) == []


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_who_leaves_the_question_is_exit_130(somebody: Home, tmp_path: Path, key: str) -> None:
    with terminal(somebody, "exec", "dev", "--", "true", **noting(tmp_path)) as child:
        child.expect_exact(QUESTION)
        child.send(key)
        assert ended(child)[0] == 130
    assert pages(tmp_path) == []


def test_it_asks_once(somebody: Home, center: Center) -> None:
    center.oidc.approves = False
    with terminal(somebody, "exec", "dev", "--", "true", **DESKTOP) as child:
        child.expect_exact(QUESTION)
        child.sendline("y")
        code, said = ended(child)
    assert code == 4
    assert "was denied in the browser" in said
    assert "[Y/n]" not in said


@pytest.mark.parametrize("answer", ["y", "n"])
def test_a_pattern_asks_once_for_all_profiles_over_the_login(somebody: Home, center: Center, answer: str) -> None:
    second = permission_set("dev-2", prefix="assume_helper_")
    somebody.config.write_text(somebody.config.read_text() + second)
    with terminal(somebody, "exec", "dev*", "--", "sh", "-c", "echo key $AWS_ACCESS_KEY_ID", **DESKTOP) as child:
        child.expect_exact(QUESTION)
        child.sendline(answer)
        code, said = ended(child)
    assert "[Y/n]" not in said
    assert [f"{name}: key ASIA" in said for name in ("dev", "dev-2")] == [answer == "y"] * 2
    if answer == "y":
        assert code == 0
        assert re.search(r"dev: key ASIA.*dev-2: key ASIA", said, re.DOTALL)
        assert center.calls("/authorize") == 1
    else:
        assert code == 4
        assert [said.count(f"assume-helper: {name}: sso-session corp is not") for name in ("dev", "dev-2")] == [1, 1]
        assert center.calls("/authorize") == 0


def test_a_role_over_the_login_asks_for_it_too(somebody: Home, center: Center) -> None:
    over = "[profile over]\nrole_arn = arn:aws:iam::123456789012:role/over\nsource_profile = dev\n"
    somebody.config.write_text(somebody.config.read_text() + over)
    with terminal(somebody, "exec", "over", "--", "true", **DESKTOP) as child:
        child.expect_exact(QUESTION)
        child.sendline("y")
        ended(child)
    assert center.calls("/authorize") == 1


def test_an_error_that_is_not_the_logins_asks_nothing(somebody: Home, center: Center) -> None:
    center.log_in(somebody)
    center.unassign("123456789012", "ReadOnly")
    with terminal(somebody, "exec", "dev", "--", "true", **DESKTOP) as child:
        code, said = ended(child)
    assert (code, "[Y/n]" in said) == (6, False)


def test_get_asks_nothing_even_on_a_terminal(somebody: Home, tmp_path: Path) -> None:
    with terminal(somebody, "get", "dev", **noting(tmp_path)) as child:
        code, said = ended(child)
    assert (code, "[Y/n]" in said) == (4, False)
    assert pages(tmp_path) == []


@pytest.mark.parametrize("columns", ["20", "60", "80", "120"])
def test_the_code_is_in_a_box_and_the_page_is_whole(somebody: Home, center: Center, columns: str) -> None:
    approving(center)
    with terminal(somebody, "login", "dev", "--device-code", columns=columns) as child:
        code, said = ended(child)
    assert code == 0
    (shown,) = {page.partition("=")[2] for page in said.split() if "user_code=" in page}
    assert f"https://x.awsapps.com/start/#/device?user_code={shown}" in said  # no line break of ours
    boxed = [line for line in said.splitlines() if "┃" in line]
    assert any(shown in line for line in boxed)
    assert len(boxed) >= 3
    assert "If it shows another one, do not go on" in " ".join(said.split())
    assert columns == "20" or "Ctrl-C gives up" in said


def test_a_browsers_login_shows_its_page_and_what_to_do_when_nothing_happens(somebody: Home) -> None:
    with terminal(somebody, "login", "dev", columns="80", **DESKTOP) as child:
        code, said = ended(child)
    assert code == 0
    assert "Your browser opens this page" in said
    assert "assume-helper login --sso-session corp --device-code" in said.replace("\r\n", " ")
    assert "waiting for the login: 5 min at most, Ctrl-C gives up" in said


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_a_plain_terminal_gets_lines_without_escape_sequences(
    somebody: Home, center: Center, environ: dict[str, str]
) -> None:
    approving(center)
    with terminal(somebody, "login", "dev", "--device-code", **environ) as child:
        code, said = ended(child)
    assert code == 0
    assert "\x1b" not in said
    assert "code: " in said


def test_a_hostile_name_reaches_no_terminal(somebody: Home, center: Center) -> None:
    text = permission_set("dev", session_name="co\x1b[31mrp")
    somebody.config.write_text(text + "[sso-session co\x1b[31mrp]\nsso_start_url = https://x\nsso_region = us-east-1\n")
    with terminal(somebody, "exec", "dev", "--", "true", **DESKTOP) as child:
        code, said = ended(child)
    assert code in {3, 4}
    assert "\x1b[31m" not in said
    assert center.calls("RegisterClient") == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"), [(["dev"], 4, "sso-session corp is not logged in"), ([], 2, "name a profile")]
)
def test_without_input_env_asks_nothing_on_a_terminal(
    somebody: Home, center: Center, arguments: list[str], code: int, said: str
) -> None:
    with terminal(somebody, "env", "--no-input", *arguments, **DESKTOP) as child:
        ended_with, shown = ended(child)
    assert (ended_with, said in shown, "[Y/n]" in shown) == (code, True, False)
    assert center.calls("/authorize") == 0
