"""What is answered without the full way says the same as that: the same options, variables and texts."""

import os
from collections.abc import Mapping
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assume_helper import answers, hit
from assume_helper.cli import command_group
from assume_helper.cli.commands import env
from assume_helper.errors import ConfigurationError
from assume_helper.export import shell_syntax

# Options that do not shape a session, or that no hit knows: all of these are left to the full way.
NOT_OF_A_SESSION = {
    "get": {"--refresh-ahead"},
    "exec": {"--source-profile", "--refresh", "--no-session", "--sandbox"},
    "env": {"--source-profile", "--unset", "--json"},
}
PLAIN = st.text(sorted(answers.PLAIN), max_size=12)
NAMES = st.sampled_from([*answers.CREDENTIALS, *answers.IDENTITY, hit.REGION, "AWS_REGION"])


def parameters(command: str) -> dict[str, click.Parameter]:
    """What click knows of a command's options, by each of their names."""
    found = command_group.assume_helper.get_command(click.Context(command_group.assume_helper), command)
    assert found is not None
    return {name: each for each in found.params if isinstance(each, click.Option) for name in each.opts}


# The tables.


@pytest.mark.parametrize("command", answers.SESSION_OPTIONS)
def test_the_options_are_click_s(command: str) -> None:
    known = parameters(command)
    ours = answers.SESSION_OPTIONS[command]
    shell = {answers.SHELL, answers.NO_INPUT} if command == "env" else set()
    assert ours.keys() | NOT_OF_A_SESSION[command] | shell == known.keys()
    for name, kind in ours.items():
        option = known[name]
        assert isinstance(option, click.Option)
        assert (kind == answers.FLAG) is option.is_flag
        assert option.secondary_opts == []
        assert option.nargs == 1
        assert (kind == answers.PATH) is (option.name == "session_policy"), "its value may be a file's name"


def test_the_shells_are_click_s() -> None:
    (option,) = (each for each in env.command.params if each.name == "shell")
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == tuple(answers.SYNTAX)
    assert set(answers.KNOWN_AS.values()) <= answers.SYNTAX.keys()
    assert answers.FAILING.keys() | {"dotenv", "json"} == answers.SYNTAX.keys()


def test_what_is_cleared_is_whatever_names_an_identity() -> None:
    assert set(answers.CREDENTIALS) - {answers.INSIDE, answers.BY_ENV} <= set(answers.IDENTITY)
    assert set(answers.ALWAYS_CLEARED) <= set(answers.IDENTITY)
    assert set(answers.IDENTITY) <= set(answers.STALE)


@given(shell=st.sampled_from(sorted(answers.SYNTAX)), variables=st.dictionaries(NAMES, st.none() | PLAIN, min_size=1))
def test_plain_values_are_written_as_by_the_full_way(shell: str, variables: dict[str, str | None]) -> None:
    """A file clears nothing: `env` takes what is None out of it before (see `cli.commands.env`)."""
    given_ = {n: v for n, v in variables.items() if v is not None} if shell in {"json", "dotenv"} else variables
    if given_:
        assert answers.shell_text(shell, variables) == shell_syntax.lines(shell, given_)


@given(shell=st.sampled_from(sorted(answers.SYNTAX)), value=st.text(max_size=4))
def test_a_value_that_is_not_plain_is_left_to_the_full_way(shell: str, value: str) -> None:
    text = answers.shell_text(shell, {"A": value})
    if not answers.PLAIN.issuperset(value):
        assert text is None
    else:
        assert text == shell_syntax.lines(shell, {"A": value})


def test_a_value_that_is_too_long_for_cmd_is_left_to_the_full_way() -> None:
    for size in (1, 7999, 8000, 8001, 8191):
        text = answers.shell_text("cmd", {"AWS_CREDENTIAL_EXPIRATION": "x" * size})
        try:
            full = shell_syntax.lines("cmd", {"AWS_CREDENTIAL_EXPIRATION": "x" * size})
        except ConfigurationError:
            full = None
        assert text in {None, full}
    assert answers.shell_text("cmd", {"AWS_CREDENTIAL_EXPIRATION": "x" * 8000})


@pytest.mark.parametrize("shell", answers.FAILING)
def test_the_text_that_fails_clears_each_name_once(shell: str) -> None:
    text = answers.failing(shell, ["AWS_A", "AWS_B"])
    assert text.count("AWS_A") == text.count("AWS_B") == 1
    assert text.endswith("\n")
    assert text.count("\n") == 1 or shell == "cmd"


def test_a_file_has_no_text_that_fails() -> None:
    assert answers.failing("json", ["A"]) == answers.failing("dotenv", ["A"]) == ""


# The command line.


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("get dev", ("get", "dev", (), [])),
        ("get dev --read-only", ("get", "dev", ("--read-only",), [])),
        ("get --session-tag=a=b dev", ("get", "dev", ("--session-tag=a=b",), [])),
        ("get --session-tag a=b dev", ("get", "dev", ("--session-tag", "a=b"), [])),
        ("get --policy-arn a dev --policy-arn b", ("get", "dev", ("--policy-arn", "a", "--policy-arn", "b"), [])),
        ("exec dev -- a --read-only -- b", ("exec", "dev", (), ["a", "--read-only", "--", "b"])),
        ("env dev --shell fish", ("env", "dev", (), ["fish"])),
        ("env dev --shell=fish --shell=sh", ("env", "dev", (), ["sh"])),
        ("env --duration-seconds 900 dev", ("env", "dev", ("--duration-seconds", "900"), [])),
        ("get dev --session-policy /p", ("get", "dev", ("--session-policy", "/p"), [])),
        ("get dev --session-policy {}", ("get", "dev", ("--session-policy", "{}"), [])),
        ("exec dev --read-only -- a", ("exec", "dev", ("--read-only",), ["a"])),
        ("exec --policy-arn=a dev -- b --read-only", ("exec", "dev", ("--policy-arn=a",), ["b", "--read-only"])),
        ("env dev --session-tag a=b --shell sh", ("env", "dev", ("--session-tag", "a=b"), ["sh"])),
        ("env dev --session-policy {} --purpose x", ("env", "dev", ("--session-policy", "{}", "--purpose", "x"), [])),
    ],
)
def test_a_line_that_a_hit_may_answer(line: str, found: "answers.Request") -> None:
    assert answers.request(line.split(" ")) == found


@pytest.mark.parametrize(
    "line",
    [
        "",
        "get",
        "get ",
        "list dev",
        "get arn:aws:iam::1:role/x",
        "get a b",
        "get dev --nothing",
        "get dev --read-only=x",
        "get dev --session-tag",
        "get dev --session-tag=",
        "get dev --session-tag -x",
        "get dev --session-policy ~/p",
        "exec dev",
        "exec dev --",
        "exec -- a",
        "exec dev a",
        "exec dev --read-only=1 -- a",
        "exec dev --purpose -- a",
        "exec --sandbox --read-only dev -- a",
        "exec dev --read-only --sandbox -- a",
        "env dev --session-policy ~/p",
        "env",
        "env dev --shell",
        "get dev --shell sh",
        "get dev --",
        "--version",
    ],
)
def test_a_line_that_only_the_full_way_can_tell(line: str) -> None:
    assert answers.request(line.split(" ") if line else []) is None


def test_a_relative_file_is_one_of_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = answers.request(["get", "dev", "--session-policy", "p.json"])
    assert found is not None
    assert found[2] == ("--session-policy", "p.json", f"{answers.FOLDER}{tmp_path}")


def test_no_word_that_is_typed_is_taken_for_a_folder() -> None:
    """A refresh is asked for with all words but that one."""
    for text in ("in production", answers.FOLDER + "x"):
        found = answers.request(["env", "dev", "--purpose", text])
        assert found is None or not any(word.startswith(answers.FOLDER) for word in found[2])
    assert answers.request(["env", "dev", "--purpose", "in production"]) is not None


def test_in_a_folder_that_is_gone_it_is_left_to_the_full_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert answers.request(["get", "dev", "--session-policy", "p.json"]) is None
    assert answers.request(["get", "dev", "--session-policy", "/p.json"]) is not None


# Who may be served.


def may_serve(command: str, environ: Mapping[str, str], own: list[str] | None = None) -> bool:
    return answers.may_serve((command, "dev", (), own or []), environ)


@pytest.mark.parametrize("command", ["get", "exec", "env"])
def test_hits_that_are_logged_are_left_to_the_full_way(command: str, tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    assert may_serve(command, environ, ["sh"])
    assert not may_serve(command, environ | {answers.LOG_HITS: "1"}, ["sh"])
    assert may_serve(command, environ | {answers.LOG_HITS: "0"}, ["sh"])


def test_two_profile_variables_that_differ_are_to_be_warned_of(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "AWS_PROFILE": "a"}
    for command in ("exec", "env"):
        assert may_serve(command, environ, ["sh"])
        assert may_serve(command, environ | {"AWS_DEFAULT_PROFILE": "a"}, ["sh"])
        assert not may_serve(command, environ | {"AWS_DEFAULT_PROFILE": ""}, ["sh"])


def test_exec_in_exec_is_to_be_warned_of(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), answers.INSIDE: "a"}
    assert not may_serve("exec", environ)
    assert may_serve("exec", environ | {answers.BY_ENV: "1"})
    assert may_serve("env", environ, ["sh"])


def test_a_home_that_is_not_there_is_nobody_s(tmp_path: Path) -> None:
    assert may_serve("exec", {"HOME": str(tmp_path / "none")})
    assert may_serve("exec", {})


@pytest.mark.parametrize(
    ("called", "environ", "shell"),
    [
        (b"bash\0-c\0x\0", {}, "bash"),
        (b"/usr/bin/zsh\0", {}, "zsh"),
        (b"-fish\0", {}, "fish"),
        (b"dash\0", {}, "sh"),
        (b"-bash\0", {"SHELL": "/bin/fish"}, "fish"),
        (b"-bash\0", {"SHELL": ""}, "bash"),
        (b"PWSH\0", {}, "powershell"),
        (b"python3\0bash\0", {}, ""),
        (b"", {}, ""),
        (b"-\0", {}, ""),
        (b"bash.exe\0", {}, ""),
        (b"\xff/bash", {}, "bash"),
    ],
)
def test_the_shell_is_the_parent_by_its_first_word(
    called: bytes, environ: dict[str, str], shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cmdline").write_bytes(called)
    real = os.open
    monkeypatch.setattr(os, "open", lambda _path, flags: real(tmp_path / "cmdline", flags))
    assert answers.parent_shell(environ) == shell


# The variables.


def test_a_program_has_no_other_identity() -> None:
    environ = dict.fromkeys(answers.STALE, "x") | {
        "A": "1",
        answers.BY_ENV: "1",
        "": "x",
        hit.REGION: "r",
        "AWS_REGION": "r",
    }
    found = answers.program_environment("dev", [("AWS_ACCESS_KEY_ID", "k")], environ)
    assert found == {"A": "1", "AWS_ACCESS_KEY_ID": "k", answers.INSIDE: "dev", answers.FOR_PROMPTS: "dev"}


def test_what_a_person_has_set_since_stays() -> None:
    environ = {hit.REGION: "r", "AWS_REGION": "mine", "AWS_DEFAULT_REGION": "r"}
    assert answers.left_over(environ) == ["AWS_DEFAULT_REGION", hit.REGION]


def test_an_endpoint_of_exec_is_cleared_after_a_failure_and_a_container_s_is_not() -> None:
    uri = answers.CONTAINER[0]
    assert uri in answers.after_failure({answers.INSIDE: "dev", uri: "http://127.0.0.1:1/"})
    assert uri not in answers.after_failure({uri: "http://127.0.0.1:1/"})
    assert uri not in answers.after_failure({answers.INSIDE: "dev", uri: "http://169.254.170.2/"})


def test_lines_become_pairs() -> None:
    assert answers.pairs("A=b\nC=d=e\nF=\n") == [("A", "b"), ("C", "d=e"), ("F", "")]
    assert answers.pairs("") == []
