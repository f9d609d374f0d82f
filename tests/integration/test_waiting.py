"""The spinner: on a terminal, on standard error, and never in the way of a question."""

from pathlib import Path

import pexpect
import pytest
from front import ACCOUNT, Call, Front, Reply, identity, session
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home

SPINNER = "asking AWS ..."
# A person who is not fast: long enough for the spinner to be drawn again, many times.
ASKS = "#!/bin/sh\nprintf 'Passphrase' >/dev/tty\nsleep 1\nprintf ': ' >/dev/tty\nread line </dev/tty\n"
SOURCE = f'{{"Version": 1, "AccessKeyId": "{ACCESS_KEY_ID}", "SecretAccessKey": "{SECRET}"}}'


@pytest.fixture
def ready(role: Home, offline_front: Front) -> Home:
    role.environ |= {"AWS_ENDPOINT_URL": offline_front.url, "AWS_REGION": "us-east-1", "TERM": "xterm"}
    offline_front.behaviour = answer
    return role


def answer(call: Call) -> Reply | None:
    if call.action == "GetCallerIdentity":
        return identity(f"arn:aws:iam::{ACCOUNT}:user/me")(call)
    return session()(call)


def on_a_terminal(home: Home, *arguments: str, **environ: str) -> "pexpect.spawn[str]":
    return pexpect.spawn(
        SCRIPT, list(arguments), env=home.environ | environ, encoding="utf-8", timeout=60, dimensions=(24, 120)
    )


def asking(home: Home, name: str, printed: str) -> str:
    """The path of a program that asks for something on the terminal, and then prints this."""
    path: Path = home.folder / name
    path.write_text(f"{ASKS}echo '{printed}'\n")
    path.chmod(0o700)
    return str(path)


@pytest.mark.parametrize(
    "arguments", [["exec", "dev", "--", "echo", "done"], ["env", "dev"], ["whoami", "dev"], ["doctor", "dev"]]
)
def test_a_spinner_is_shown_while_sts_is_asked(ready: Home, offline_front: Front, arguments: list[str]) -> None:
    offline_front.behaviour = offline_front.held_back(answer)
    child = on_a_terminal(ready, *arguments)
    child.expect_exact(SPINNER)
    offline_front.released.set()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_the_spinner_is_not_on_standard_output(ready: Home, offline_front: Front) -> None:
    offline_front.behaviour = offline_front.held_back(answer)
    line = f"{SCRIPT} env dev > out"
    child = pexpect.spawn("/bin/sh", ["-c", line], env=ready.environ, cwd=str(ready.folder), encoding="utf-8")
    child.expect_exact(SPINNER, timeout=60)
    offline_front.released.set()
    child.expect(pexpect.EOF, timeout=60)
    assert (ready.folder / "out").read_text().startswith("export AWS_ACCESS_KEY_ID=")
    assert SPINNER not in (ready.folder / "out").read_text()


def test_get_shows_no_spinner(ready: Home, offline_front: Front) -> None:
    offline_front.behaviour = offline_front.held_back(answer)
    child = on_a_terminal(ready, "get", "dev")
    offline_front.arrived.wait(30)
    offline_front.released.set()
    child.expect(pexpect.EOF)
    assert child.before.startswith('{"Version":1,')
    assert child.before.count("\n") == 1


@pytest.mark.parametrize("command", [["exec", "dev", "--", "echo", "done"], ["whoami", "dev"], ["doctor", "dev"]])
@pytest.mark.parametrize("whose", ["the source", "mfa_process"])
def test_another_program_s_question_stays_on_the_terminal(ready: Home, command: list[str], whose: str) -> None:
    if whose == "the source":
        ready.credentials.write_text(f"[base]\ncredential_process = {asking(ready, 'source', SOURCE)}\n")
    else:
        with ready.config.open("a") as config:
            config.write(f"mfa_serial = arn:aws:iam::{ACCOUNT}:mfa/me\nmfa_process = {asking(ready, 'code', '123456')}")
    child = on_a_terminal(ready, *command)
    asked = 0
    while child.expect_exact(["Passphrase", pexpect.EOF]) == 0:  # the source is asked again, for its identity
        asked += 1
        child.expect_exact(": ")
        assert child.before == "", "nothing is written over a question"
        child.sendline("typed")
    assert asked
    child.close()
    assert child.exitstatus == 0


def test_the_question_of_the_environment_s_process_stays_too(ready: Home) -> None:
    with ready.config.open("a") as config:
        config.write(f"[profile asks]\ncredential_process = {asking(ready, 'source', SOURCE)}\n")
    child = on_a_terminal(ready, "whoami", AWS_PROFILE="asks")
    child.expect_exact("Passphrase")
    child.expect_exact(": ")
    assert child.before == ""
    child.sendline("typed")
    child.expect_exact("the environment (custom-process)")
    child.expect(pexpect.EOF)
