"""The programs that are started for a session: without the caller's credentials, and gone when this process is."""

import json
import os
import signal

import pexpect
import pytest
from front import ACCOUNT, Front, session, wait_for
from running import SCRIPT, Home
from started import is_alive
from strict_tokens import SAML_PROVIDER, SAMLProvider

CALLERS = {
    "AWS_ACCESS_KEY_ID": "caller",
    "AWS_SECRET_ACCESS_KEY": "caller",
    "AWS_SESSION_TOKEN": "caller",
    "AWS_SECURITY_TOKEN": "caller",
    "AWS_ACCESS_KEY": "caller",
    "AWS_SECRET_KEY": "caller",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "caller",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "caller",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/caller",
}
DOCUMENT = json.dumps({"Version": 1, "AccessKeyId": "AKIASOURCE", "SecretAccessKey": "s"})
TOKENS = ("web_identity_token_process", "saml_process")
ASSERTION = SAMLProvider().assertion(f"arn:aws:iam::{ACCOUNT}:role/dev,{SAML_PROVIDER}")
# The kinds: what the program prints where all is well.
KINDS = {"mfa_process": "123456", "askpass": "123456", "source": DOCUMENT}
KINDS |= dict(zip(TOKENS, ("a.web.token", ASSERTION), strict=True))


@pytest.fixture
def ready(role: Home, offline_front: Front) -> Home:
    offline_front.behaviour = session()
    return role


def started(home: Home, kind: str, script: str) -> None:
    """Have the shell script run as a program of this `kind` when `dev` is asked for."""
    program = home.folder / "program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    if kind == "source":
        home.credentials.write_text("")
        home.config.write_text(home.config.read_text() + f"[profile base]\ncredential_process = {program}\n")
        return
    if kind in TOKENS:
        home.config.write_text(home.config.read_text() + f"{kind} = {program}\n")
        return
    device = "mfa_serial = GAHT12345678\n" + (f"mfa_process = {program}\n" if kind == "mfa_process" else "")
    home.config.write_text(home.config.read_text() + device)
    if kind == "askpass":
        home.environ["ASSUME_HELPER_ASKPASS"] = str(program)


def number(home: Home) -> int:
    file = home.folder / "number"
    wait_for(lambda: file.exists() and file.read_text().endswith("\n"))
    return int(file.read_text())


@pytest.mark.parametrize("kind", KINDS)
def test_it_does_not_get_the_caller_s_credentials(ready: Home, kind: str) -> None:
    started(ready, kind, f"env > '{ready.folder}/seen'\necho '{KINDS[kind]}'")
    assert ready.run("get", "dev", **CALLERS, OTHER="kept").code == 0
    seen = (ready.folder / "seen").read_text()
    assert "caller" not in seen
    assert "OTHER=kept\n" in seen


def test_an_address_without_a_token_stays(ready: Home) -> None:
    started(ready, "source", f"env > '{ready.folder}/seen'\necho '{DOCUMENT}'")
    assert ready.run("get", "dev", AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.0.0.1:9/").code == 0
    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:9/\n" in (ready.folder / "seen").read_text()


@pytest.mark.parametrize("number_of_signal", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("kind", KINDS)
def test_its_children_end_with_this_process(ready: Home, kind: str, number_of_signal: signal.Signals) -> None:
    started(ready, kind, f"sleep 300 &\necho $! > '{ready.folder}/number'\nwait")
    process = ready.start("get", "dev")
    left = number(ready)
    process.send_signal(number_of_signal)
    process.communicate(timeout=60)
    assert process.returncode in {128 + number_of_signal, 130}
    wait_for(lambda: not is_alive(left), 10)


@pytest.mark.parametrize("kind", ["mfa_process", "source", *TOKENS])
def test_they_do_so_on_a_terminal_too_where_it_may_read(ready: Home, kind: str) -> None:
    script = f"read line < /dev/tty\nsleep 300 &\necho $! > '{ready.folder}/number'\nwait"
    started(ready, kind, f"echo ready > /dev/tty\n{script}")
    child = pexpect.spawn(
        SCRIPT, ["get", "dev"], env=ready.environ, cwd=str(ready.folder), timeout=60, encoding="utf-8"
    )
    child.expect_exact("ready")
    child.sendline("go on")
    left = number(ready)
    os.kill(child.pid, signal.SIGTERM)
    child.expect(pexpect.EOF)
    child.close()
    wait_for(lambda: not is_alive(left), 10)


@pytest.mark.parametrize("kind", ["mfa_process", *TOKENS])
def test_what_a_shell_s_command_says_reaches_the_terminal_without_control_characters(ready: Home, kind: str) -> None:
    started(ready, kind, f"printf 'touch \\033]0;x\\007 your \\302\\233 key\\n' >&2\necho {KINDS[kind]}")
    line = f"{SCRIPT} get dev > out 2> err"
    child = pexpect.spawn(
        "/bin/sh", ["-c", line], env=ready.environ, cwd=str(ready.folder), timeout=60, encoding="utf-8"
    )
    child.expect(pexpect.EOF)
    assert child.before == "touch \\x1b]0;x\\x07 your \\x9b key\r\n"
    assert (ready.folder / "err").read_text() == ""
    assert json.loads((ready.folder / "out").read_text())["Version"] == 1
