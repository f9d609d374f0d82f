"""`assume` where a login is needed: it asks at the terminal, and its prompt never does."""

import re
from pathlib import Path

import pytest
from assuming import SHELLS, Terminal, is_due, with_path
from identity_center import Center
from logging_in import DESKTOP, configured
from running import Home

QUESTION = "log in to sso-session corp now? [Y/n]: "
SHOW = 'echo "+$AWS_PROFILE+$AWSUME_PROFILE+$AWS_ACCESS_KEY_ID+"'


@pytest.fixture
def somebody(home: Home, center: Center, native: Path) -> Home:
    """Who is not logged in, and whose own profile is another one."""
    with_path(home, native.parent)
    home.environ |= {"AWS_REGION": "us-east-1", "AWS_PROFILE": "mine"} | DESKTOP
    return configured(home, center)


@pytest.mark.parametrize("shell", SHELLS)
def test_it_asks_and_goes_on(somebody: Home, center: Center, shell: str) -> None:
    terminal = Terminal(somebody, shell)
    terminal.child.sendline("assume dev")
    terminal.child.expect_exact(QUESTION)
    terminal.child.sendline("y")
    terminal.child.expect_exact("<0> ")
    assert re.search(r"\+\+dev\+ASIA\w+\+", terminal.answer(SHOW))
    assert center.calls("/authorize") == 1
    terminal.child.close(force=True)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("answer", ["n\r", "\x03"])
def test_who_does_not_log_in_has_no_credentials(somebody: Home, center: Center, shell: str, answer: str) -> None:
    terminal = Terminal(somebody, shell)
    terminal.child.sendline("assume dev")
    terminal.child.expect_exact(QUESTION)
    terminal.child.send(answer)
    terminal.child.expect(r"<(1|130)> " if answer == "\x03" else "<4> ")
    assert "++++" in terminal.answer(SHOW)
    terminal.answer("assume -")
    assert "+mine+++" in terminal.answer(SHOW)
    assert center.calls("/authorize") == 0
    terminal.child.close(force=True)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_prompt_says_once_that_a_login_is_needed_and_renews_after_it(somebody: Home, shell: str) -> None:
    terminal = Terminal(somebody, shell)
    terminal.child.sendline("assume dev")
    terminal.child.expect_exact(QUESTION)
    terminal.child.sendline("y")
    terminal.child.expect_exact("<0> ")
    (first,) = re.findall(r"ASIA\w+", terminal.answer(SHOW))
    again = f"rm -rf .cache .aws/sso; {is_due(shell)}; sh -c 'exit 7'"
    terminal.child.sendline(again)
    terminal.child.expect_exact("<7> ")
    said = re.sub(r"\s", "", terminal.child.before)
    assert "assume-helper:dev:sso-sessioncorpisnotloggedin" in said
    assert "[Y/n]" not in said
    terminal.child.sendline(again)
    terminal.child.expect_exact("<7> ")
    assert "notloggedin" not in re.sub(r"\s", "", terminal.child.before)
    assert first in terminal.answer(SHOW)
    terminal.answer("assume-helper login dev")
    terminal.child.sendline(f"{is_due(shell)}; sh -c 'exit 7'")
    terminal.child.expect_exact("<7> ")
    (renewed,) = re.findall(r"ASIA\w+", terminal.answer(SHOW))
    assert renewed != first
    terminal.child.close(force=True)
