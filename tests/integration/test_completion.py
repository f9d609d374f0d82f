"""TAB: in real shells on a terminal, with names that shells take apart; and what it costs."""

import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import SCRIPT, Home

from assume_helper.cli import completion
from assume_helper.cli.completion_scripts import SCRIPTS
from assume_helper.profiles import aws_config

# What is typed before TAB, and the one profile that it can become.
NAMES = {
    "sho": "short",
    "tw": "two words",
    "acc:p": "acc:prod",
    "at@h": "at@home",
    "eq=u": "eq=us",
    "it": "it's",
    "st": "st*r",
    "mo": "mo$HOME",
    "gr": "grün",
    "pa": "pa(1);x",
    "bac": "back`tick",
    "do": 'dou"ble',
}
# With the other ways to quote them, in all three shells.
QUOTED = {"'tw": "two words", '"tw': "two words", "two\\ w": "two words", "'two w": "two words", '"mo': "mo$HOME"}
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}


@pytest.fixture
def many(home: Home) -> Home:
    """A home with all these profiles, in both files, and with names that nobody may see."""
    home.config.write_text(
        "[default]\n[profile acc:test]\n[services x]\n[sso-session y]\n[profile 'es\x1b[31mc']\n[profile]\n"
        + "".join(f"[profile {name}]\nregion = x\n" for name in NAMES.values() if re.fullmatch(r"[\w:@=*$();`]+", name))
        + '[profile "two words"]\n',
        encoding="utf-8",
    )
    home.credentials.write_text(
        "".join(f"[{name}]\n" for name in NAMES.values() if "'" in name or '"' in name) + "[es\u202ecaped]\n",
        encoding="utf-8",
    )
    home.environ |= {"PATH": f"{Path(SCRIPT).parent}:{home.environ['PATH']}", "LC_ALL": "C.UTF-8", "TERM": "xterm"}
    return home


@pytest.fixture(params=sorted(START))
def shell(request: pytest.FixtureRequest, many: Home) -> "Iterator[pexpect.spawn[str]]":
    """Each real shell on a terminal, with the completion that the documents say how to have."""
    name: str = request.param
    if shutil.which(name) is None:
        assert name != "bash", "bash must be installed for the tests"
        pytest.skip(f"{name} is not installed: .ci/run installs it where it may")
    child = pexpect.spawn(
        START[name][0],
        START[name][1:],
        env=many.environ,
        cwd=str(many.folder),
        encoding="utf-8",
        timeout=60,
        dimensions=(50, 300),
    )
    load = "assume-helper completion fish | source" if name == "fish" else f'eval "$(assume-helper completion {name})"'
    child.sendline(f"{load}; echo lo''aded")
    child.expect("loaded")
    yield child
    child.close(force=True)


def words(child: "pexpect.spawn[str]", typed: str) -> list[str]:
    """The words of the command after `typed` and TAB, as the shell understands them: it is had to print them."""
    child.send(typed + "\t")
    child.send("\x01printf '<%s>\\n' \x05 'e''nd'\r")  # to the beginning of the line, to its end
    child.expect("<end>")
    return re.findall(r"<([^<>\r\n]*)>\r?\n", child.before.rpartition("<assume-helper>")[2])


def test_each_name_is_completed_and_arrives_as_one_word(shell: "pexpect.spawn[str]", many: Home) -> None:
    got = {typed: words(shell, f"assume-helper get {typed}") for typed in (NAMES | QUOTED)}
    assert got == {typed: ["get", name] for typed, name in (NAMES | QUOTED).items()}
    assert {path.suffix for path in many.cache.glob("*")} == {".names"}, "nothing was run"


def test_commands_options_and_their_values(shell: "pexpect.spawn[str]") -> None:
    assert words(shell, "assume-helper comp") == ["completion"]
    assert words(shell, "assume-helper completion fi") == ["completion", "fish"]
    assert words(shell, "assume-helper get short --role-s") == ["get", "short", "--role-session-name"]
    for command in ("get", "exec", "env", "console"):
        assert words(shell, f"assume-helper {command} --session-pol") == [command, "--session-policy"]
    assert words(shell, "assume-helper get --read-only tw") == ["get", "--read-only", "two words"]
    assert words(shell, "assume-helper keys ro") == ["keys", "rotate"]
    assert words(shell, "assume-helper keys rotate tw") == ["keys", "rotate", "two words"]
    assert words(shell, "assume-helper keys rotate --kee") == ["keys", "rotate", "--keep-old"]


def test_a_file_is_completed_where_one_is_wanted(shell: "pexpect.spawn[str]", many: Home) -> None:
    (many.folder / "policy.json").write_text("{}")
    got = words(shell, "assume-helper get short --session-policy pol")
    assert got == ["get", "short", "--session-policy", "policy.json"]
    assert words(shell, "assume-helper exec --session-policy pol") == ["exec", "--session-policy", "policy.json"]
    assert words(shell, "assume-helper get pol") == ["get", "pol"], "and nowhere else"


def test_behind_two_dashes_exec_has_the_shell_s_own_commands_and_files(shell: "pexpect.spawn[str]", many: Home) -> None:
    (many.folder / "bin").mkdir()
    program = many.folder / "bin" / "own-program-of-this-test"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (many.folder / "a-file.txt").write_text("")
    for line in ("PATH=$PWD/bin:$PATH", "set -gx PATH $PWD/bin $PATH"):
        shell.sendline(line)
    assert words(shell, "assume-helper exec short -- own-pro") == ["exec", "short", "--", program.name]
    assert words(shell, "assume-helper exec short -- cat a-fi") == ["exec", "short", "--", "cat", "a-file.txt"]
    assert words(shell, "assume-helper exec acc:prod --read-only -- own-pro")[-1] == program.name
    assert words(shell, "assume-helper exec two\\ words -- ls bin/own") == [
        "exec", "two words", "--", "ls", "bin/own-program-of-this-test"]  # fmt: skip
    assert words(shell, "assume-helper exec sho") == ["exec", "short"]


def test_with_bash_completion_it_is_the_program_s_own(many: Home) -> None:
    """A program's own completion, as bash-completion's `_command_offset` finds it."""
    child = pexpect.spawn(
        START["bash"][0], START["bash"][1:], env=many.environ, cwd=str(many.folder), encoding="utf-8", timeout=60,
        dimensions=(50, 300),
    )  # fmt: skip
    child.sendline("_command_offset() { COMPREPLY=(from-$1-${COMP_WORDS[$1]}); }")
    child.sendline("eval \"$(assume-helper completion bash)\"; echo lo''aded")
    child.expect("loaded")
    assert words(child, "assume-helper exec short -- tool su")[-1] == "from-4-tool"
    child.close(force=True)


def test_what_is_common_to_several_is_completed(shell: "pexpect.spawn[str]") -> None:
    assert words(shell, "assume-helper get ac") == ["get", "acc:"]


def asked(home: Home, *said: str, script: str = "zsh") -> list[str]:
    ran = home.run("completion", script, "--", *said)
    assert (ran.code, ran.stderr) == (0, "")
    return [line.partition("\t")[0] for line in ran.stdout.decode().splitlines()]


def test_the_names_are_those_of_both_files_but_for_hostile_ones(many: Home) -> None:
    assert asked(many, "get", "") == sorted(["default", "acc:test", *NAMES.values()])


@pytest.mark.parametrize("said", [("login", "--sso-session", ""), ("login", "--sso-session=")])
def test_a_session_is_completed_where_one_is_wanted(many: Home, said: tuple[str, ...]) -> None:
    assert [word.removeprefix("--sso-session=") for word in asked(many, *said)] == ["y"]


@pytest.mark.parametrize("command", ["add", "rotate", "remove", "list"])
def test_the_commands_of_a_group_are_completed_and_their_profiles_too(many: Home, command: str) -> None:
    assert command in asked(many, "keys", "")
    assert "short" in asked(many, "keys", command, "")
    assert "--json" in asked(many, "keys", command, "--j")


def test_a_broken_file_is_completed_nevertheless_and_a_missing_one_has_no_names(home: Home) -> None:
    assert asked(home, "get", "") == []
    home.config.write_text("[profile a]\nthis is broken\n[profile b]\n[profile b]\n")
    assert asked(home, "get", "") == ["a", "b"]
    home.config.write_bytes(b"\xff")
    assert asked(home, "get", "") == []


def test_the_config_is_the_one_of_the_environment(home: Home) -> None:
    (home.folder / "other").write_text("[profile elsewhere]\n")
    home.environ["AWS_CONFIG_FILE"] = str(home.folder / "other")
    assert asked(home, "get", "") == ["elsewhere"]


def test_what_follows_two_dashes_is_a_command_of_the_system(many: Home) -> None:
    ran = many.run("completion", "zsh", "--", "get", "--", "")
    assert (ran.code, ran.stdout, ran.stderr) == (1, b"", "")


def test_nothing_is_logged_and_nothing_is_said_of_what_is_half_typed(many: Home) -> None:
    for said in (["nonsense", ""], ["get", "a", "b", "c"], ["--nonsense"]):
        assert asked(many, *said) == []
    assert not many.log.exists()


def test_powershell_is_told_the_text_to_insert_the_name_and_what_it_is(many: Home) -> None:
    ran = many.run("completion", "powershell", "--", ".get", ".tw")
    assert ran.stdout == b"'two words'\ttwo words\ttwo words\n"
    ran = many.run("completion", "powershell", "--", ".get", ".it")
    assert ran.stdout == b"'it''s'\tit's\tit's\n"
    assert asked(many, ".get", ".--rea", script="powershell") == ["--read-only"]
    assert asked(many, ".", script="powershell")[0] == "get"


@pytest.mark.parametrize("shell", sorted(SCRIPTS))
def test_the_script_is_what_is_printed(home: Home, shell: str) -> None:
    ran = home.run("completion", shell)
    assert (ran.code, ran.stdout.decode(), ran.stderr) == (0, SCRIPTS[shell], "")


def test_another_shell_is_a_usage_error(home: Home) -> None:
    home.run("completion", "tcsh").failed(2, "'tcsh' is not one of", "assume-helper completion --help")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("assume-helper ", ([], "", 0, "")),
        ("assume-helper get", ([], "get", 0, "")),
        ("assume-helper get a\\ b\tc:d", (["get", "a b"], "c:d", 2, "")),
        ("assume-helper get a\\:b", (["get"], "a:b", 0, "")),
        ("assume-helper get 'a:\\'", (["get"], "a:\\", 0, "")),
        ("assume-helper get 'a b", (["get"], "a b", 0, "'")),
        ('assume-helper get x"a\\"b\\c', (["get"], 'xa"b\\c', 1, '"')),
        ("assume-helper get a\\", (["get"], "a", 0, "")),
        ("assume-helper get '' --x=y", (["get", ""], "--x=y", 4, "")),
    ],
)
def test_a_line_of_bash(line: str, expected: tuple[list[str], str, int, str]) -> None:
    typed = completion.parse_line("bash", [line, " \t\n\"'@><=;|&(:"])
    assert typed == completion.TypedLine(*expected)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_no_line_of_bash_is_too_odd(line: str) -> None:
    completion.parse_line("bash", [line, ":="])


def test_the_names_are_those_that_the_full_way_reads(many: Home) -> None:
    assert aws_config.profile_names(many.environ) == sorted(aws_config.load(many.environ).profiles)
    many.credentials.unlink()
    many.config.write_bytes(
        b"[profile a] ; x\r\nkey = value\r\n  [profile no]\r\n[profile b]]\r\n#[profile c]\r\n; [profile d]\r\n"
    )
    assert aws_config.profile_names(many.environ) == sorted(aws_config.load(many.environ).profiles) == ["a", "b]"]


# What it costs.


def test_no_sdk_and_nothing_for_looks_is_imported(many: Home) -> None:
    command = [sys.executable, "-X", "importtime", SCRIPT]
    for said in (["get", ""], [""], ["get", "--"]):
        ran = many.run("completion", "zsh", "--", *said, command=command)
        names = {line.rpartition("|")[2].strip().partition(".")[0] for line in ran.stderr.splitlines() if "|" in line}
        assert ran.code == 0
        assert "click" in names
        assert not names & {"boto3", "botocore", "rich", "questionary", "configupdater", "filelock", "platformdirs"}


def test_ten_thousand_profiles_are_a_small_multiple_of_starting_python(home: Home) -> None:
    """Measured 11; reading them all with configparser would be 30 more. In time of the processor: machines are busy."""
    home.unmeasured()
    keys = "role_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = base\nregion = eu-central-1\n"
    home.config.write_text("".join(f"[profile p-{n}]\n{keys}" for n in range(10_000)))

    def seconds(*command: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, env=home.environ, capture_output=True, check=True)
        assert done.stdout.count(b"\n") in {0, 10_000}
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    bare = min(seconds(sys.executable, "-c", "pass") for _ in range(5))
    full = min(seconds(SCRIPT, "completion", "bash", "--", "assume-helper get ", ":") for _ in range(5))
    assert full / bare < 30
