"""Hostile text from all sides: nothing of it gets into the document, a shell, a terminal, the log or a file's name."""

import json
import os
import re
import shlex
import shutil
import subprocess
from html import escape
from pathlib import Path
from typing import Any

import pexpect
import pytest
from front import Behaviour, Front, Reply, error, session
from running import SCRIPT, SECRET, Home

from assume_helper.cache import directory as cache_directory
from assume_helper.text import has_control_character

FIELDS = ["Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "AccountId"]
ROLE = "role_arn = arn:aws:iam::123456789012:role/dev\n"
SHELL = "$(touch${IFS}pwned)`touch${IFS}pwned`';touch${IFS}pwned;'\"&|>pwned\\"
# Well below what an argument or a variable may have on Linux (128 KiB).
LONG = "x" * 100_000
TEXTS = {
    "newline": "a\nb",
    "escape": "a\x1b]0;title\x07\x1b[2Jb",
    "c1": "a\x9b31mb",
    "right to left": "a\u202eb\u2066\u061c",
    "separator": "a\u2028b",
    "not utf-8": "a\udcff\udcfeb",
    "shell": SHELL,
    "path": "../../../pwned/x",
    "format": "%s%n{0}{user}%(x)s",
    "long": LONG,
}


def said_harmlessly(home: Home, code: int, stdout: bytes, stderr: bytes) -> None:
    """A document and nothing else, or one line that may stand on a terminal; the log is JSON lines of the same kind."""
    text = stderr.decode("utf-8")
    if code == 0:
        assert list(json.loads(stdout)) == FIELDS
        assert stdout.count(b"\n") == 1
    else:
        assert code in {1, 2, 3, 4, 5, 6, 7}
        assert stdout == b""
        assert text.count("\n") == 1
    for line in text.splitlines():
        assert line.startswith("assume-helper: ")
        assert line.isprintable(), ascii(line)
        assert len(line) < 2000
    assert SECRET not in text
    if home.log.exists():
        for line in home.log.read_text(encoding="utf-8").splitlines():
            assert not has_control_character("".join(map(str, json.loads(line).values()))), ascii(line)


def nothing_elsewhere(home: Home) -> None:
    """All that is there is what was there, and the files of the cache and of the log."""
    assert not list(home.folder.parent.rglob("pwned"))
    for path in home.folder.rglob("*"):
        if path.is_dir() or path.is_relative_to(home.folder / ".aws"):
            continue
        if path.parent == home.cache:
            assert cache_directory.is_ours(path.name) or re.fullmatch(r"[0-9a-f]{2}\.lock", path.name), path.name
        else:
            assert path.parent == home.log.parent, path


def ran(home: Home, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[bytes]":
    """`assume-helper`, its output as it is: it may be no text."""
    done = home.completed(*arguments, **environ)
    said_harmlessly(home, done.returncode, done.stdout, done.stderr)
    nothing_elsewhere(home)
    return done


# Profile names


@pytest.mark.parametrize("name", [*TEXTS.values(), "-n", "--help", "it's", 'a"b', "[x]", "\u200bzero"], ids=ascii)
def test_a_profiles_name_harms_nothing(role: Home, offline_front: Front, name: str) -> None:
    offline_front.behaviour = session()
    body = role.config.read_text().partition("\n")[2]
    role.config.write_bytes(os.fsencode(f"[profile {shlex.quote(name)}]\n{body}[profile dev]\n{body}"))
    first = ran(role, "get", "--", name)
    again = ran(role, "get", "--", name)
    if first.returncode == 0:
        assert again.stdout == first.stdout
        assert len(offline_front.calls) == 1
    for command in (["list"], ["clear", "--", name], ["completion", "bash"], ["env", "--shell", "sh", "--", name]):
        done = role.run(*command) if "\udcff" not in name else None
        if done is not None:
            shown = (done.stdout.decode() + done.stderr).replace("\n", "").replace("\t", "")
            assert not has_control_character(shown), ascii(shown)
    nothing_elsewhere(role)


# Values of the config and the environment

# Those that differ in kind; the fuzzer tries the others (tests/fuzz, `config`).
FEW = [TEXTS[name] for name in ("newline", "escape", "right to left", "not utf-8", "shell", "path", "long")]
KEYS = ["role_arn", "source_profile", "external_id", "region", "endpoint_url", "role_session_name", "session_tags",
        "session_policy", "mfa_serial", "ca_bundle", "services", "include_profile"]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_a_value_of_the_config_harms_nothing(role: Home, offline_front: Front, key: str) -> None:
    offline_front.behaviour = session()
    rest = role.config.read_text().partition("\n")[2]
    kept = "".join(line for line in rest.splitlines(keepends=True) if not line.startswith(key + " "))
    sections = []
    for number, text in enumerate(FEW):
        value = text.replace("\n", "\n  ")
        sections.append(f"[profile p{number}]\n{kept}{key} = {value}\n")
    role.config.write_bytes("".join(sections).encode("utf-8", "replace"))
    for number in range(len(FEW)):
        ran(role, "get", f"p{number}")
    assert all(call.action == "AssumeRole" for call in offline_front.calls)


VARIABLES = ["AWS_REGION", "AWS_ENDPOINT_URL_STS", "AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
             "ASSUME_HELPER_MFA_TOKEN", "ASSUME_HELPER_ASKPASS", "ASSUME_HELPER_CALLERS", "HTTP_PROXY",
             "AWS_STS_REGIONAL_ENDPOINTS", "AWS_USE_FIPS_ENDPOINT", "AWS_PROFILE"]  # fmt: skip


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_value_of_the_environment_harms_nothing(role: Home, offline_front: Front, variable: str) -> None:
    offline_front.behaviour = session()
    if "MFA" in variable or "ASKPASS" in variable:
        with role.config.open("a") as config:
            config.write("mfa_serial = arn:aws:iam::123456789012:mfa/me\n")
    for text in FEW:
        ran(role, "get", "dev", **{variable: text})


@pytest.mark.parametrize("name", TEXTS)
def test_a_cache_directory_with_any_name_is_used_or_said_harmlessly(
    role: Home, offline_front: Front, tmp_path: Path, name: str
) -> None:
    offline_front.behaviour = session()
    where = tmp_path / "caches" / "down" / "here" / "in"
    where.mkdir(parents=True)
    for _ in range(2):
        done = role.completed("get", "dev", ASSUME_HELPER_CACHE_DIR=f"{where}/{TEXTS[name]}")
        said_harmlessly(role, done.returncode, done.stdout, done.stderr)
        assert done.returncode == 0
    assert len(offline_front.calls) == (2 if name == "long" else 1), "no file has so long a name"


# What STS says


def with_body(status: int, body: bytes) -> Behaviour:
    return lambda _call: Reply(status, body)


# Strange as they are, a request can be signed with them.
TAKEN = {"shell", "path", "format"}


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "not utf-8"])
@pytest.mark.parametrize("field", ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"])
def test_a_field_of_stss_answer_harms_nothing(role: Home, offline_front: Front, field: str, name: str) -> None:
    given: dict[str, Any] = {field: escape(TEXTS[name])}
    offline_front.behaviour = session(**given)
    done = ran(role, "get", "dev")
    if name in TAKEN and field != "Expiration":
        assert json.loads(done.stdout)[field] == TEXTS[name]
    else:
        assert done.returncode == 7


@pytest.mark.parametrize("code", ["AccessDenied", "ValidationError", "ExpiredToken", "Strange"])
def test_an_error_of_sts_harms_nothing(role: Home, offline_front: Front, code: str) -> None:
    for text in [*FEW, "x" * 1_000_000, f"the key {SECRET} is none"]:
        offline_front.behaviour = error(403, code, escape(text.encode("utf-8", "replace").decode()))
        assert ran(role, "get", "dev").returncode in {4, 6, 7}


def test_an_error_code_of_sts_harms_nothing(role: Home, offline_front: Front) -> None:
    for text in FEW:
        offline_front.behaviour = error(400, escape(text.encode("utf-8", "replace").decode()), "no")
        assert ran(role, "get", "dev").returncode in {6, 7}


@pytest.mark.parametrize(
    "body",
    [b"\0" * 1000, b"\x1b[31m" * 1000, b"<" * 100_000, b"<a>" * 20_000, b"x" * 1_000_000, b"\xff\xfe<\0a\0>\0",
     b'<!DOCTYPE a [<!ENTITY b "%s"><!ENTITY d "%s">]><a>%s</a>' % (b"c" * 1000, b"&b;" * 1000, b"&d;" * 1000),
     b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><AssumeRoleResponse>&b;</AssumeRoleResponse>'],
    ids=["nul", "escapes", "brackets", "nested", "1 MB", "utf-16", "billion laughs", "external entity"],
)  # fmt: skip
@pytest.mark.parametrize("status", [200, 400])
def test_a_body_that_is_none_of_stss_harms_nothing(role: Home, offline_front: Front, status: int, body: bytes) -> None:
    offline_front.behaviour = with_body(status, body)
    assert ran(role, "get", "dev").returncode in {6, 7}


# What programs print

OUTPUTS = {
    "two codes": b"123456\n654321\n",
    "escape": b"\x1b[31m123456\n",
    "wide digits": "\uff11\uff12\uff13\uff14\uff15\uff16\n".encode(),
    "arabic digits": "\u0661\u0662\u0663\u0664\u0665\u0666\n".encode(),
    "nul": b"123456\0\n",
    "right to left": "\u202e123456\n".encode(),
    "not utf-8": b"\xff123456\n",
    "long": b"1" * 1_000_000,
    "none": b"",
}


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
@pytest.mark.parametrize("stream", ["1", "2"])
def test_what_mfa_process_prints_is_a_code_or_harms_nothing(
    role: Home, offline_front: Front, output: bytes, stream: str
) -> None:
    offline_front.behaviour = session()
    (role.folder / ".aws" / "printed").write_bytes(output)
    program = role.folder / ".aws" / "program"
    program.write_text(f"#!/bin/sh\ncat '{role.folder}/.aws/printed' >&{stream}\nexit {int(stream) - 1}\n")
    program.chmod(0o700)
    with role.config.open("a") as config:
        config.write(f"mfa_serial = arn:aws:iam::123456789012:mfa/me\nmfa_process = {program}\n")
    assert ran(role, "get", "dev").returncode == 5
    assert offline_front.calls == []


# A shell


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh", "fish"])
def test_a_shell_takes_the_very_values_that_a_hostile_sts_gave(role: Home, offline_front: Front, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed: .ci/run installs it where it may")
    given = {"AccessKeyId": SHELL, "SecretAccessKey": "-n" + SHELL[::-1], "SessionToken": "=ls" + SHELL * 20}
    fields: dict[str, Any] = {name: escape(value) for name, value in given.items()}
    offline_front.behaviour = session(**fields)
    named = "sh" if shell == "dash" else shell
    take = (
        f"{SCRIPT} env dev --shell fish | source" if shell == "fish" else f'eval "$({SCRIPT} env dev --shell {named})"'
    )
    done = role.run("-c", f"{take}\nexec env -0", command=[shutil.which(shell) or shell])
    assert (done.code, done.stderr) == (0, "")
    environ = dict(line.decode().split("=", 1) for line in done.stdout.split(b"\0") if b"=" in line)
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    assert [environ[name] for name in names] == list(given.values())
    assert not list(role.folder.rglob("pwned"))


# A terminal

ON_A_TERMINAL = [
    "a\x1b[31mb",
    "a\u202eb",
    "[red]x[/red]",
    "[/red]",
    ":smile:",
    "[link=http://x]y[/link]",
    "a\tb",
    "a\\[b",
]


@pytest.mark.parametrize("command", [["list"], ["list", "--json"], ["completion", "bash"]])
def test_names_on_a_terminal_are_only_text(role: Home, offline_front: Front, command: list[str]) -> None:
    body = role.config.read_text().partition("\n")[2]
    sections = (f"[profile {shlex.quote(name)}]\n{body}" for name in ON_A_TERMINAL)
    role.config.write_text("".join(sections), encoding="utf-8")
    child = pexpect.spawn(SCRIPT, command, env=role.environ | {"TERM": "xterm", "COLUMNS": "200"}, dimensions=(60, 200))
    child.expect(pexpect.EOF, timeout=60)
    text = child.before.decode()
    child.close()
    assert child.exitstatus == 0, text
    # Colours of our own are the only escapes, and a line has no other controls.
    plain = re.sub(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]", "", text).replace("\r\n", "\n")
    assert not has_control_character(plain.replace("\n", "")), ascii(text)
    if command == ["list"]:
        for name in ("[red]x[/red]", "[/red]", ":smile:", "[link=http://x]y[/link]", "a\\x1b[31mb", "a\\u202eb"):
            assert name in plain, name
