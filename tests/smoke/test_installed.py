"""What is installed works, each command once: for another Python, and for the lowest versions of the dependencies.

SMOKE_SCRIPT is the script `assume-helper` of the environment to try; without it, it is the one of the tests' own.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
import running
from front import Front, identity, session
from running import ACCESS_KEY_ID, Home, Ran

SCRIPT = os.environ.get("SMOKE_SCRIPT", running.SCRIPT)
COMMANDS = ["get", "exec", "env", "whoami", "console", "login", "logout", "sync", "root", "list", "clear", "configure",
            "doctor", "keys", "init", "completion", "log"]  # fmt: skip
SHOW = "import os; print('key=' + os.environ['AWS_ACCESS_KEY_ID'] + '.')"
KEY = "key=ASIAFRONT00000000000."
KEYRING = """
import os
from keyring.backends import SecretService
PATH = os.environ["TEST_KEYRING"]
def get(self, service, name):
    return open(PATH).read() if os.path.exists(PATH) else None
def set(self, service, name, text):
    with open(PATH, "w") as file:
        file.write(text)
# A back end that protects a key, with no service behind it.
Backend = SecretService.Keyring
Backend.get_password, Backend.set_password, Backend.priority = get, set, 5
"""


@pytest.fixture
def ready(role: Home, offline_front: Front) -> Home:
    """The profile `dev`, on an STS that answers."""
    who = identity("arn:aws:iam::123456789012:user/base")
    offline_front.behaviour = lambda call: (who if call.action == "GetCallerIdentity" else session())(call)
    role.environ |= {"TERM": "xterm", "LC_ALL": "C.UTF-8"}
    return role


@pytest.fixture
def picker(ready: Home) -> "Iterator[pexpect.spawn[str]]":
    words = ["exec", "--", sys.executable, "-c", SHOW]
    child = pexpect.spawn(SCRIPT, words, env=ready.environ, encoding="utf-8", timeout=60, dimensions=(24, 120))
    child.expect_exact("Which one?")
    yield child
    child.close(force=True)


def ran(home: Home, *arguments: str) -> Ran:
    """`arguments`, which must do without an error and without a word on stderr."""
    done = home.run(*arguments, command=[SCRIPT])
    assert (done.code, done.stderr) == (0, ""), done.stdout.decode() + done.stderr
    return done


def test_the_version(home: Home) -> None:
    assert re.fullmatch(rb"assume-helper \d+\.\d+\.\d+\n", ran(home, "--version").stdout)


def test_the_help_names_every_command(home: Home) -> None:
    said = ran(home, "--help").stdout.decode()
    assert re.findall(r"^  ([a-z]+) {2,}\S", said.partition("Commands:")[2], flags=re.M) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command(home: Home, command: str) -> None:
    assert f"$ assume-helper {command}" in ran(home, command, "--help").stdout.decode()


def test_a_miss_and_a_hit(ready: Home, offline_front: Front) -> None:
    miss = ran(ready, "get", "dev")
    assert miss.document["AccessKeyId"] == "ASIAFRONT00000000000"
    assert ran(ready, "get", "dev").stdout == miss.stdout
    assert len(offline_front.calls) == 1


def test_a_failure_is_one_line(ready: Home) -> None:
    ready.run("get", "nowhere", command=[SCRIPT]).failed(3, "nowhere")


def test_an_encrypted_cache(ready: Home, offline_front: Front, tmp_path: Path) -> None:
    (tmp_path / "smoke_keyring.py").write_text(KEYRING)
    # By keyring's own file: the front starts Python without PYTHONPATH.
    settings = tmp_path / "python_keyring" / "keyringrc.cfg"
    settings.parent.mkdir()
    settings.write_text(f"[backend]\ndefault-keyring = smoke_keyring.Backend\nkeyring-path = {tmp_path}\n")
    ready.environ |= {"XDG_CONFIG_HOME": str(tmp_path), "TEST_KEYRING": str(tmp_path / "keyring")}
    ready.config.write_text(ready.config.read_text() + "assume_helper_cache = encrypted\n")
    miss = ran(ready, "get", "dev")
    assert ran(ready, "get", "dev").stdout == miss.stdout
    assert len(offline_front.calls) == 1


@pytest.mark.parametrize(
    ("shell", "typed", "found"),
    [
        ("bash", ["assume-helper get d"], "dev"),
        ("zsh", ["comp"], "completion"),
        ("fish", ["get", "--role-s"], "--role-session-name"),
    ],
)
def test_tab(ready: Home, shell: str, typed: list[str], found: str) -> None:
    assert "assume-helper" in ran(ready, "completion", shell).stdout.decode()
    said = ran(ready, "completion", shell, "--", *typed).stdout.decode()
    assert found in [line.partition("\t")[0].strip() for line in said.splitlines()]


def test_a_program_and_a_shell(ready: Home) -> None:
    assert ran(ready, "exec", "dev", "--", sys.executable, "-c", SHOW).stdout.decode().strip() == KEY
    lines = ran(ready, "env", "dev", "--shell", "sh").stdout.decode().splitlines()
    assert "export AWS_ACCESS_KEY_ID='ASIAFRONT00000000000'" in lines


def test_an_access_key_s_session_and_the_key_itself(ready: Home, offline_front: Front) -> None:
    ready.environ |= {"AWS_ENDPOINT_URL_STS": offline_front.url}
    show = [sys.executable, "-c", SHOW]
    assert ran(ready, "exec", "base", "--", *show).stdout.decode().strip() == KEY
    assert ran(ready, "exec", "--no-session", "base", "--", *show).stdout.decode().strip() == f"key={ACCESS_KEY_ID}."
    assert [call.action for call in offline_front.calls] == ["GetSessionToken"]
    both = ready.run("exec", "--no-session", "--refresh", "base", "--", *show, command=[SCRIPT])
    assert (both.code, "leave --refresh or --no-session out" in both.stderr) == (2, True)
    ready.run("exec", "--no-session", "dev", "--", *show, command=[SCRIPT]).failed(3, "leave --no-session out")


def test_the_tables(ready: Home) -> None:
    ran(ready, "get", "dev")
    assert [row["profile"] for row in json.loads(ran(ready, "list", "--json").stdout)] == ["dev", "base"]
    done = ready.run("list", command=[SCRIPT])
    assert (done.code, "dev" in done.stdout.decode()) == (0, True)
    assert "the session of an access key may not call IAM" in done.stderr
    assert "dev" in ran(ready, "log").stdout.decode()
    ran(ready, "clear", "dev")
    assert ready.entries() == []


def test_a_profile_is_written_and_the_doctor_finds_it_well(ready: Home) -> None:
    ran(ready, "configure", "dev", "--yes")
    assert "credential_process = " in ready.config.read_text()
    done = ready.run("doctor", "dev", "--json", command=[SCRIPT])
    checks: list[dict[str, Any]] = json.loads(done.stdout)
    assert done.code == 0, done.stdout.decode()
    assert checks


def test_the_picker_filters_and_takes_what_is_found(picker: "pexpect.spawn[str]") -> None:
    picker.send("dev")
    picker.send("\r")
    picker.expect_exact(KEY)


def test_the_picker_takes_nothing_that_was_not_meant(picker: "pexpect.spawn[str]", offline_front: Front) -> None:
    picker.send("zzz")
    picker.expect_exact("nothing matches zzz")
    picker.send("\r")
    picker.send("\x1b")
    picker.expect_exact("interrupted")
    assert offline_front.calls == []
