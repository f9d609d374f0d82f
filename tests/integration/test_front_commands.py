"""`get` with options, `exec` and `env`: in any form that is typed, both forms print and start the same."""

import json
import os
import shlex
import shutil
import tempfile
import time
from pathlib import Path

import pexpect
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native_front import HANDED_ON, Scene

from assume_helper import answers

POLICY = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture
def full(warm: Scene) -> Scene:
    """With the session of `exec` and `env`, which is that of `get`, remembered as one without a warning."""
    warm.fill("env", "dev", "--shell", "sh")
    return warm


# Options.

TYPED = [
    ["get", "dev", "--duration-seconds", "900"],
    ["get", "--duration-seconds", "900", "dev"],
    ["get", "--duration-seconds=900", "dev"],
    ["get", "dev", "--duration-seconds=900", "--role-session-name", "me"],
    ["get", "--role-session-name=me", "--duration-seconds=900", "dev"],
    ["get", "--duration-seconds=1000", "dev", "--duration-seconds", "900"],
    ["get", "dev", "--read-only"],
    ["get", "--read-only", "dev", "--read-only"],
    ["get", "dev", "--session-tag", "a=b", "--session-tag=c=d"],
    ["get", "dev", "--policy-arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"],
    ["get", "dev", "--session-policy", POLICY],
    ["get", "dev", f"--session-policy= {POLICY}"],
    ["get", "dev", "--role-session-name", "{user}-{host}"],
    ["exec", "--duration-seconds", "900", "dev", "--", "/bin/echo", "--", "x"],
    ["exec", "dev", "--role-session-name=me", "--", "/bin/echo", ""],
    ["env", "--duration-seconds=900", "dev", "--shell", "fish"],
    ["exec", "dev", "--read-only", "--", "/bin/echo", "x"],
    ["exec", "--session-tag=a=b", "dev", "--session-policy", POLICY, "--", "/bin/echo", "x"],
    ["env", "dev", "--shell=sh", "--policy-arn=arn:aws:iam::aws:policy/ReadOnlyAccess", "--session-tag", "a=b"],
    ["env", "--shell=cmd", "dev", "--shell=zsh", "--role-session-name", "me"],
    ["env", "--no-input", "dev", "--shell=sh", "--read-only"],
]


@pytest.mark.parametrize("typed", TYPED, ids=" ".join)
def test_options_are_answered_as_they_were_typed_before(warm: Scene, typed: list[str]) -> None:
    assert warm.run(warm.alone, *typed).code == HANDED_ON
    first = warm.run(warm.python, *typed)
    assert first.code == 0
    again = warm.both(*typed, is_answered=True)
    assert (again.code, again.stdout, again.stderr, again.calls) == (0, first.stdout, b"", ())


SCOPED = [
    ["get", "printed", "--session-policy", POLICY],
    ["get", "--duration-seconds=60", "printed"],
    ["exec", "printed", "--session-policy", POLICY, "--purpose", "in production: deploy", "--", "/bin/echo"],
    ["env", "--purpose=a test", f"--session-policy={POLICY}", "printed", "--shell", "sh"],
]


@pytest.mark.parametrize("typed", SCOPED, ids=" ".join)
def test_a_scoped_session_is_answered_as_it_was_typed_before(warm: Scene, typed: list[str]) -> None:
    """Of a process, which STS narrows: the front knows no difference."""
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    keys = {"AccessKeyId": "ASIAPRINTED000000000", "SecretAccessKey": "secret", "SessionToken": "token"}
    printed = warm.home.folder / "printed.json"
    printed.write_text(json.dumps({"Version": 1, **keys, "Expiration": ends}))
    with warm.home.config.open("a") as config:
        config.write(f"[profile printed]\ncredential_process = cat {printed}\nendpoint_url = {warm.sts.url}\n")
    for path in (warm.home.config, printed):
        os.utime(path, ns=(0, 1_700_000_000_123_456_787))
    assert warm.run(warm.alone, *typed).code == HANDED_ON
    first = warm.run(warm.python, *typed)
    assert (first.code, first.calls) == (0, ("GetScopedCredentials",)), first
    again = warm.both(*typed, is_answered=True)
    assert (again.code, again.stdout, again.stderr, again.calls) == (0, first.stdout, b"", ())
    assert b"ASIAPRINTED" not in again.stdout


NOT_TYPED = [
    ["get"],
    ["get", ""],
    ["get", "--", "dev"],
    ["get", "-h"],
    ["get", "dev", "more"],
    ["get", "dev", "--read-only=1"],
    ["get", "dev", "--duration-seconds"],
    ["get", "dev", "--duration-seconds="],
    ["get", "dev", "--duration-seconds", " "],
    ["get", "dev", "--duration-seconds", "-1"],
    ["get", "dev", "--duration", "900"],
    ["get", "dev", "--session-policy", "~/p"],
    ["get", "--read-only"],
    ["get", "arn:aws:iam::123456789012:role/x"],
    ["get", "dev", "--help"],
    ["get", "dev", "--read-onl"],
    ["get", "dev", "--role-session-name", "grün"],
    ["get", "dev", "--role-session-name=\t"],
    ["get", "dév"],
    ["get", "d\nv"],
    ["get", "dev", "--shell", "sh"],
    ["exec"],
    ["exec", "dev"],
    ["exec", "dev", "--"],
    ["exec", "--", "true"],
    ["exec", "dev", "--refresh", "--", "true"],
    ["exec", "--no-session", "dev", "--", "true"],
    ["exec", "--sandbox", "--read-only", "dev", "--", "true"],
    ["exec", "dev", "--read-only", "--sandbox", "--", "true"],
    ["exec", "dev", "true"],
    ["exec", "dev", "--read-only=1", "--", "true"],
    ["env", "dev", "--session-policy", "~/p"],
    ["exec", "dev", "--", ""],
    ["env"],
    ["env", "--unset"],
    ["env", "--json", "dev"],
    ["get", "dev", "--no-input"],
    ["env", "dev", "--no-input=1", "--shell", "sh"],
    ["env", "dev", "--shell", "tcsh"],
    ["env", "dev", "--shell"],
    ["env", "dev", "--shell", "SH"],
    ["env", "dev", "--shell=tcsh", "--shell=sh"],
    ["env", "dev", "--", "x"],
    ["", "dev"],
    [],
    ["GET", "dev"],
    ["whoami", "dev"],
    ["--version", "x"],
    ["--help"],
    ["get", "dev", ""],
]


@pytest.mark.parametrize("typed", NOT_TYPED, ids=repr)
def test_what_is_no_such_line_is_handed_on(full: Scene, typed: list[str]) -> None:
    assert full.quick(*typed).code == HANDED_ON


@pytest.mark.parametrize(
    "typed",
    [
        ["get", "dev", "more"],
        ["get", "dev", "--duration-seconds", "x"],
        ["env", "dev", "--shell=tcsh"],
        ["get", "nobody"],
        ["env", "nobody", "--shell", "sh"],
        ["exec", "nobody", "--", "true"],
        ["nothing"],
        ["get", "a\nb"],
        [],
    ],
    ids=repr,
)
def test_what_is_wrong_is_said_by_both(full: Scene, typed: list[str]) -> None:
    seen = full.both(*typed, is_answered=False)
    assert typed == [] or seen.code != 0


def test_a_relative_policy_is_one_of_its_folder_and_its_content(warm: Scene) -> None:
    folder = warm.home.folder / "folder"
    folder.mkdir()
    for path in (warm.home.folder / "p.json", folder / "p.json"):
        path.write_text(POLICY)
        os.utime(path, ns=(0, 1_700_000_000_123_456_789))
    typed = ["get", "dev", "--session-policy", "p.json"]
    warm.run(warm.python, *typed)
    warm.both(*typed, is_answered=True)
    assert warm.run(warm.alone, *typed, cwd=folder).code == HANDED_ON
    warm.both("get", "dev", f"--session-policy={warm.home.folder}/p.json", is_answered=False)
    (warm.home.folder / "p.json").write_text(POLICY + " ")
    warm.quick(*typed, is_answered=False)
    seen = warm.both(*typed, is_answered=False)
    assert seen.calls == (), "the same policy"


WORDS = st.one_of(
    st.sampled_from(
        [
            "dev",
            "other",
            "--",
            "--read-only",
            "--shell",
            "--shell=sh",
            "sh",
            "--duration-seconds",
            "900",
            "--session-tag",
            "--duration-seconds=900",
            "--role-session-name",
            "--policy-arn=x",
            "--session-policy",
            "p.json",
            "{",
            "/p",
            "~",
            "",
            "arn:x",
            "-",
            "-x",
            "=",
            "--=",
            "--session-policy=",
            " ",
            "true",
            "get",
        ]
    ),
    st.text(st.characters(min_codepoint=1, max_codepoint=0x17F), max_size=6),
)


@settings(max_examples=300)
@given(command=st.sampled_from(["get", "exec", "env", ""]), words=st.lists(WORDS, max_size=7))
def test_any_line_is_answered_as_python_answers_it_or_handed_on(full: Scene, command: str, words: list[str]) -> None:
    before = [*words[:1], "dev"] if "--" in words[:1] else words
    seen = full.quick(*([command, *before] if command else before))
    assert seen.code in (0, HANDED_ON, 126, 127) or command == "exec"


# `env`.


@pytest.mark.parametrize("shell", answers.SYNTAX)
def test_each_shell_has_its_text_from_both(full: Scene, shell: str) -> None:
    seen = full.both("env", "dev", "--shell", shell, is_answered=True)
    assert (seen.code, seen.stderr) == (0, b"")
    assert b"ASIAFRONT" in seen.stdout


SET = {
    "another identity": dict.fromkeys(answers.IDENTITY, "x"),
    "empty ones": dict.fromkeys(answers.IDENTITY[7:], ""),
    "inside env": {"ASSUME_HELPER_PROFILE": "x", "ASSUME_HELPER_ENV": "1"},
    "a token for MFA": {"ASSUME_HELPER_MFA_TOKEN": "123456"},
    "AWS_PROFILE alone": {"AWS_PROFILE": "x"},
    "both, the same": {"AWS_PROFILE": "x", "AWS_DEFAULT_PROFILE": "x"},
    "a container": {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "x"},
}
HANDED = {
    "a region": {"AWS_REGION": "eu", "AWS_DEFAULT_REGION": "eu", "ASSUME_HELPER_REGION": "eu"},
    "a region, changed since": {"AWS_REGION": "us", "AWS_DEFAULT_REGION": "eu", "ASSUME_HELPER_REGION": "eu"},
    "an endpoint": {"AWS_ENDPOINT_URL": "http://x", "ASSUME_HELPER_ENDPOINT_URL": "http://x"},
}


@pytest.mark.parametrize("variables", SET)
@pytest.mark.parametrize(
    "typed", [["env", "dev", "--shell", "sh"], ["env", "dev", "--shell", "json"], ["exec", "dev", "--", "/usr/bin/env"]]
)
def test_other_identities_are_cleared_by_both(full: Scene, variables: str, typed: list[str]) -> None:
    environ = {n: v for n, v in SET[variables].items() if n != "AWS_ACCESS_KEY_ID"}
    if variables == "another identity":
        environ["AWS_DEFAULT_PROFILE"] = environ["AWS_PROFILE"]
    full.quick(*typed, is_answered=True, environ=environ)


@pytest.mark.parametrize("variables", HANDED)
@pytest.mark.parametrize("typed", [["env", "dev", "--shell", "fish"], ["exec", "dev", "--", "/usr/bin/env"]])
def test_what_another_profile_has_handed_on_is_cleared_by_both(full: Scene, variables: str, typed: list[str]) -> None:
    full.fill("env", "dev", "--shell", "sh", **HANDED[variables])
    full.quick(*typed, is_answered=True, environ=HANDED[variables])


def test_two_profile_variables_that_differ_are_for_python_to_warn_of(full: Scene) -> None:
    environ = {"AWS_PROFILE": "x", "AWS_DEFAULT_PROFILE": "y"}
    for typed in (["env", "dev", "--shell", "sh"], ["exec", "dev", "--", "/bin/true"]):
        full.quick(*typed, is_answered=False, environ=environ)
        assert full.both(*typed, environ=full.home.environ | environ).code == 0


ODD_VALUES = ["a b", "'", '"', "$HOME", "a;b", "*", "\\", "`x`", "a,b", "%", "!", "#", "(x)", "a&b", "~", "x" * 9000]


@pytest.mark.parametrize("value", ODD_VALUES, ids=range(len(ODD_VALUES)))
def test_a_value_that_a_shell_may_touch_is_python_s(full: Scene, value: str) -> None:
    """A profile's name is one of the values."""
    with full.home.config.open("a") as config:
        config.write(
            f"[profile named]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\nregion = {value}\n"
        )
        config.write(f"endpoint_url = {full.sts.url}\n")
    os.utime(full.home.config, ns=(0, 1_700_000_000_123_456_788))
    full.run(full.python, "exec", "named", "--", "/bin/true")
    for shell in ("sh", "cmd", "json"):
        seen = full.quick("env", "named", "--shell", shell)
        assert seen.code == HANDED_ON or (shell != "cmd" and value.startswith("x"))


# `env` by the shell that it is called from.

SHELLS = ["bash", "zsh", "fish", "sh", "dash"]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_that_calls_is_found_by_both(full: Scene, shell: str) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed: .ci/run installs it where it may")
    seen = full.both("env", "dev", before=[path, "-c", "{}; true"], is_answered=True)
    assert (seen.code, seen.stderr) == (0, b"")
    assert (b"set -gx" if shell == "fish" else b"export ") in seen.stdout


def test_a_shell_of_another_name_is_found_by_its_first_word(full: Scene) -> None:
    """bash as sh, as a login shell, and under names in upper case or unknown ones."""
    for called, shell, is_answered in (
        ("sh", "", True),
        ("-bash", "/bin/fish", True),
        ("-bash", "", True),
        ("-zsh", "/x/tcsh", None),
        ("/x/BASH", "", True),
        ("mksh", "", True),
        ("tcsh", "", None),
        ("", "", None),
        ("xonsh", "", None),
    ):
        before = ["bash", "-c", f"exec -a {shlex.quote(called)} bash -c {shlex.quote('{}; true')}"]
        environ = full.home.environ | ({"SHELL": shell} if shell else {})
        quoted = [word.replace("{}", "$HELPER env dev") for word in before]
        alone, native, python = (
            full.run(Path("bash"), *quoted[1:], environ=environ | {"HELPER": str(program)})
            for program in (full.alone, full.native, full.python)
        )
        assert not is_answered or b"AWS_ACCESS_KEY_ID" in alone.stdout, called
        assert (native.stdout, native.stderr) == (python.stdout, python.stderr), called


def test_under_a_parent_that_is_no_shell_python_looks_further(full: Scene) -> None:
    program = ["python3", "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"]
    seen = full.both(
        "env", "dev", before=["fish" if shutil.which("fish") else "bash", "-c", f"{shlex.join(program)} {{}}; true"]
    )
    assert seen.code == 0
    assert full.run(full.alone, "env", "dev", before=program).code == HANDED_ON


def test_env_on_a_terminal_is_python_s(full: Scene) -> None:
    said = []
    for program in (full.python, full.native):
        line = f"{program} env dev --shell sh 2>&1; {program} env dev; :"
        child = pexpect.spawn(
            "/bin/bash", ["-c", line], env=full.home.environ, cwd=str(full.home.folder), encoding="utf-8"
        )
        child.expect(pexpect.EOF, timeout=120)
        said.append(child.before)
    assert said[0] == said[1]
    assert said[0].count("# to apply it, run: ") == 2
    child = pexpect.spawn(str(full.alone), ["env", "dev", "--shell", "sh"], env=full.home.environ)
    child.expect(pexpect.EOF, timeout=120)
    child.close()
    assert child.exitstatus == HANDED_ON


# What is not for hits.


@pytest.mark.parametrize("how", ["encrypted", "none", "memory"])
def test_what_a_hit_cannot_open_is_python_s_and_nobody_waits_at_the_gate(full: Scene, how: str) -> None:
    """In memory: without a runtime directory it is kept nowhere."""
    stored(full, how)
    first = full.run(full.python, "get", "dev")
    assert full.run(full.alone, "get", "dev").code == HANDED_ON
    assert not list(full.home.cache.glob("*.door")), "the gate was not taken"
    seen = full.both("get", "dev", is_answered=False)
    assert seen.code == first.code


def test_what_is_kept_in_memory_is_a_hit(full: Scene) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as runtime:
        full.home.environ["XDG_RUNTIME_DIR"] = runtime
        stored(full, "memory")
        first = full.run(full.python, "get", "dev")
        assert list(Path(runtime).rglob("*.entry"))
        assert full.both("get", "dev", is_answered=True).stdout == first.stdout


def stored(scene: Scene, how: str) -> None:
    text = scene.home.config.read_text()
    scene.home.config.write_text(text.replace("[profile dev]", f"[profile dev]\nassume_helper_cache = {how}"))
    os.utime(scene.home.config, ns=(0, 1_700_000_000_123_456_788))


def test_a_process_whose_keys_do_not_end_is_python_s(cold: Scene) -> None:
    program = cold.home.folder / "program"
    program.write_text('#!/bin/sh\necho \'{"Version":1,"AccessKeyId":"AKIAX","SecretAccessKey":"s"}\'\n')
    program.chmod(0o700)
    cold.home.config.write_text(f"[profile dev]\ncredential_process = {program}\n")
    os.utime(cold.home.config, ns=(0, 1_700_000_000_123_456_788))
    first = cold.run(cold.python, "get", "dev")
    assert cold.run(cold.alone, "get", "dev").code == HANDED_ON
    assert not list(cold.home.cache.glob("*.door"))
    assert json.loads(cold.both("get", "dev", is_answered=False).stdout) == json.loads(first.stdout)


def test_what_there_is_to_warn_of_is_python_s(full: Scene) -> None:
    with full.home.config.open("a") as config:
        config.write("[profile default]\n[default]\n")
    os.utime(full.home.config, ns=(0, 1_700_000_000_123_456_788))
    full.run(full.python, "env", "dev", "--shell", "sh")
    full.quick("get", "dev", is_answered=True)
    for typed in (["env", "dev", "--shell", "sh"], ["exec", "dev", "--", "/bin/true"]):
        full.quick(*typed, is_answered=False)
        seen = full.both(*typed, is_answered=False)
        assert (seen.code, "are the same" in seen.said) == (0, True)
