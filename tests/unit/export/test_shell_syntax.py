"""What a shell is given: in the real shells that can be had, else by an interpreter of the shell's documented rules."""

import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import dotenv
import pytest
import shellingham  # type: ignore[import-untyped]
from hostile_values import NASTY, many, named, values
from hypothesis import example, given
from hypothesis import strategies as st

from assume_helper import answers
from assume_helper.errors import ConfigurationError
from assume_helper.export import shell_syntax

# How each real shell is started so that it reads no settings of this machine.
REAL = {
    "bash": ["bash", "--norc", "--noprofile"],
    "dash": ["dash"],
    "sh": ["sh"],
    "zsh": ["zsh", "-f"],
    "fish": ["fish", "--no-config"],
}
# These are on every machine that runs the tests; a test that is passed over would prove nothing.
REQUIRED = {"bash", "dash", "sh"}


def evaluated(shell: str, text: str, folder: Path, **environ: str) -> dict[str, str]:
    """The environment after a real shell has evaluated `text`, as a person has it do that."""
    (folder / "lines").write_bytes(text.encode())
    how = "cat lines | source" if shell == "fish" else 'eval "$(cat lines)"'
    (folder / "script").write_text(f"{how}\nexec env -0\n")
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    command = [*REAL[shell], "script"]
    done = subprocess.run(command, cwd=folder, env=clean | environ, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert not (folder / "pwned").exists()
    return dict(line.decode().split("=", 1) for line in done.stdout.split(b"\0") if line)


@pytest.fixture(params=sorted(REAL))
def real(request: pytest.FixtureRequest) -> str:
    """Each real shell."""
    shell: str = request.param
    if shutil.which(shell) is None:
        assert shell not in REQUIRED, f"{shell} must be installed for the tests"
        pytest.skip(f"{shell} is not installed: .ci/run installs it where it may")
    return shell


def written(real: str, variables: Mapping[str, str | None]) -> str:
    return shell_syntax.lines("sh" if real == "dash" else real, variables)


@many
@given(found=st.lists(values, max_size=12))
@example(found=NASTY)
def test_a_real_shell_has_the_very_values(real: str, found: list[str], tmp_path: Path) -> None:
    variables = named(found)
    environ = evaluated(real, written(real, variables), tmp_path)
    assert {name: environ[name] for name in variables} == variables


def test_a_real_shell_has_them_in_the_c_locale_too(real: str, tmp_path: Path) -> None:
    variables = named(NASTY)
    environ = evaluated(real, written(real, variables), tmp_path, LC_ALL="C")
    assert {name: environ[name] for name in variables} == variables


def test_a_real_shell_clears_what_is_none_and_minds_nothing_that_was_not_there(real: str, tmp_path: Path) -> None:
    text = written(real, {"THERE": None, "A": "x", "NOT_THERE": None})
    environ = evaluated(real, text, tmp_path, THERE="1", NEXT="2")
    assert "THERE" not in environ
    assert "NOT_THERE" not in environ
    assert (environ["A"], environ["NEXT"]) == ("x", "2")


def test_what_a_person_types_after_it_is_run_if_it_went_well(real: str, tmp_path: Path) -> None:
    """To clear what was not there is no failure."""
    (tmp_path / "lines").write_text(written(real, {"A": "x", "NOT_THERE": None}))
    line = "cat lines | source; and echo yes" if real == "fish" else 'eval "$(cat lines)" && echo yes'
    command = [*REAL[real], "-c", line]
    done = subprocess.run(command, cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, check=False)
    assert (done.stdout, done.stderr) == (b"yes\n", b"")


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed: .ci/run installs it where it may")
@pytest.mark.parametrize("option", ["rcquotes", "magicequalsubst", "shwordsplit", "globassign", "banghist"])
def test_no_option_of_zsh_changes_a_value(option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REAL, "zsh", ["zsh", "-f", "-o", option])
    variables = named(NASTY)
    environ = evaluated("zsh", shell_syntax.lines("zsh", variables), tmp_path)
    assert {name: environ[name] for name in variables} == variables


def test_bash_has_them_under_errexit_and_nounset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REAL, "bash", ["bash", "--norc", "-eu"])
    assert evaluated("bash", shell_syntax.lines("bash", {"A": "x", "B": None}), tmp_path)["A"] == "x"


# cmd: `cmd /?`, `set /?`; the line may be run as it is, from a batch file, or by FOR, with delayed expansion or not.


def cmd(line: str) -> tuple[str, str]:
    """The variable and its value once cmd has run `line`. Raises ValueError where it would do anything else with it."""
    if "%" in line or "!" in line:
        raise ValueError("a variable may be replaced here")
    quoted = False
    for character in line:
        if character == '"':
            quoted = not quoted
        elif character in "&|<>()^\r\n" and not quoted:
            raise ValueError("a second command, a redirection or an escape")
    found = re.fullmatch(r'set "(.*)".*', line, flags=re.S)  # up to the last quote
    if found is None or "=" not in found[1]:
        raise ValueError(line)
    name, _, value = found[1].partition("=")
    return name, value


def refused(shell: str, value: str, instead: str) -> bool:
    """Whether `value` is refused for `shell`, with another one named."""
    try:
        shell_syntax.lines(shell, {"A": value})
    except ConfigurationError as error:
        return instead in str(error)
    return False


@given(value=values)
def test_cmd_has_the_very_value_by_its_rules_or_it_is_refused(value: str) -> None:
    if refused("cmd", value, "--shell powershell"):
        assert set(value) & set('"%!') or not value.replace("\t", "").isprintable() or not value.isascii()
        return
    text = shell_syntax.lines("cmd", {"A": value})
    assert text.count("\n") == 1
    assert cmd(text[:-1]) == ("A", value)


IN_CMD = [v for v in NASTY if v and v.isascii() and not set(v) & set('"%!\r\n\x01')]


def test_cmd_is_given_all_that_it_can_have() -> None:
    assert len(IN_CMD) > 12
    assert shell_syntax.lines("cmd", {"A": "x&y", "B": None}) == 'set "A=x&y"\nset "B="\n'
    for value in IN_CMD:
        shell_syntax.lines("cmd", {"A": value})


@pytest.mark.parametrize("value", ['"', "%", "!", "\r", "\n", "\x1a", "é", "x" * 8192])
def test_what_cmd_cannot_have_is_refused_without_saying_it(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"cmd cannot hold the value of A; .*--shell powershell"):
        shell_syntax.lines("cmd", {"A": value})


@pytest.mark.skipif(
    shutil.which("wine") is None, reason="wine is not installed: the documented rules of cmd are tested"
)
def test_the_cmd_of_wine_has_them(tmp_path: Path) -> None:
    """From a batch file: wine (8.0) has not learnt that FOR may run what it has read, with arguments."""
    variables = named([value for value in IN_CMD if len(value) < 1000])
    text = "@echo off\n" + shell_syntax.lines("cmd", {**variables, "GONE": None}) + "set\n"
    (tmp_path / "lines.cmd").write_bytes(text.replace("\n", "\r\n").encode())
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "WINEPREFIX": str(tmp_path / "prefix")}
    environ |= {"WINEDEBUG": "-all", "GONE": "1"}
    try:
        command = ["wine", "cmd", "/c", "lines.cmd"]
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, timeout=300, check=True)
    finally:
        subprocess.run(["wineserver", "-k"], env=environ, check=False, timeout=60)
    found = dict(line.split("=", 1) for line in done.stdout.decode().split("\r\n") if "=" in line)
    assert {name: found.get(name) for name in variables} == variables
    assert "GONE" not in found


# dotenv and JSON: python-dotenv itself; docker's rule is that a line is all there is, without quotes.


@many
@given(found=st.lists(values, max_size=12))
def test_a_dotenv_file_holds_the_very_values_or_they_are_refused(found: list[str]) -> None:
    out = [value for value in found if refused("dotenv", value, "--shell json")]
    assert all("${" in value or value.endswith("\\") for value in out)
    variables = named([value for value in found if value not in out])
    text = shell_syntax.lines("dotenv", variables)
    assert dotenv.dotenv_values(stream=io.StringIO(text, newline=None)) == variables


def test_what_credentials_are_made_of_is_bare_so_that_docker_reads_it() -> None:
    token = "IQoJb3JpZ2luX2VjE+/abc=="
    assert shell_syntax.lines("dotenv", {"A": token, "B": "2026-11-23T18:59:54Z", "C": "a b", "D": None, "E": ""}) == (
        f"A={token}\nB=2026-11-23T18:59:54Z\nC='a b'\nE=\n"
    )


@given(found=st.lists(values))
def test_json_is_one_object(found: list[str]) -> None:
    variables = {**named(found), "GONE": None}
    text = shell_syntax.lines("json", variables)
    assert json.loads(text) == variables
    assert text.isascii()


# What all have in common.


@pytest.mark.parametrize("shell", shell_syntax.SHELLS)
def test_a_nul_is_refused_and_the_value_not_said(shell: str) -> None:
    with pytest.raises(ConfigurationError, match="the value of A contains a NUL") as caught:
        shell_syntax.lines(shell, {"A": "secret\0"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("shell", shell_syntax.SHELLS)
def test_no_variables_are_no_lines(shell: str) -> None:
    assert shell_syntax.lines(shell, {}) == ("{}\n" if shell == "json" else "")


@pytest.mark.parametrize("name", ["", "1A", "A B", "A;B", "A=B", "é", "A\n"])
def test_a_name_that_no_shell_takes_is_a_mistake_of_the_caller(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a variable"):
        shell_syntax.lines("bash", {name: "x"})


# How to apply it.


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", 'eval "$(assume-helper env dev)"'),
        ("zsh", 'eval "$(assume-helper env dev)"'),
        ("sh", 'eval "$(assume-helper env dev)"'),
        ("fish", "assume-helper env dev | source"),
        ("powershell", "assume-helper env dev --shell powershell | Invoke-Expression"),
        ("cmd", "for /f \"delims=\" %i in ('assume-helper env dev --shell cmd') do @%i"),
        ("dotenv", ""),
        ("json", ""),
    ],
)
def test_the_line_to_type(shell: str, line: str) -> None:
    assert shell_syntax.how_to_apply(shell, ["assume-helper", "env", "dev"]) == line


def test_a_shell_that_was_named_is_named_once() -> None:
    command = ["assume-helper", "env", "--shell", "cmd", "--unset"]
    assert shell_syntax.how_to_apply("cmd", command).count("--shell") == 1


@pytest.mark.parametrize("profile", ["two words", "it's", "$(touch pwned)", "~", "-x", "a\\b", "*"])
def test_what_is_to_be_typed_means_that_profile(real: str, profile: str, tmp_path: Path) -> None:
    line = shell_syntax.how_to_apply("sh" if real == "dash" else real, ["./say", "env", profile])
    (tmp_path / "say").write_text('#!/bin/sh\nprintf %s "$2" >said\n')
    (tmp_path / "say").chmod(0o700)
    command = [*REAL[real], "-c", line]
    done = subprocess.run(command, cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "said").read_text() == profile
    assert not (tmp_path / "pwned").exists()


def test_words_in_powershell_and_cmd() -> None:
    assert "env 'it''s \u2019\u2019'" in shell_syntax.how_to_apply(
        "powershell", ["assume-helper", "env", "it's \u2019"]
    )
    assert 'env "two words" --shell' in shell_syntax.how_to_apply("cmd", ["assume-helper", "env", "two words"])
    with pytest.raises(ConfigurationError, match="cmd cannot hold the word 100%"):
        shell_syntax.how_to_apply("cmd", ["assume-helper", "env", "100%"])


def test_no_control_character_reaches_the_terminal() -> None:
    assert "\x1b" not in shell_syntax.how_to_apply("bash", ["assume-helper", "env", "\x1b[31m"])


# Which shell it is.


def test_the_real_shell_is_detected(real: str, tmp_path: Path) -> None:
    """By its process, whatever $SHELL says; and something between the two does not matter."""
    python = shutil.which("python3")
    assert python is not None
    package = str(Path(shell_syntax.__file__).parents[2])
    libraries = str(Path(shellingham.__file__).parent.parent)
    program = tmp_path / "program.py"
    program.write_text(
        f"import sys\nsys.path[:0] = [{package!r}, {libraries!r}]\n"
        "from assume_helper.export import shell_syntax\nprint(shell_syntax.detected({'SHELL': '/bin/elvish'}))\n"
    )
    command = [*REAL[real], "-c", f"{python} {program}; true"]  # not replaced by the last command
    done = subprocess.run(command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (("sh" if real == "dash" else real) + "\n", "")


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ("/usr/bin/zsh", "zsh"),
        ("/opt/x/fish", "fish"),
        ("C:\\Program Files\\Git\\bin\\bash.exe", "bash"),
        ("/bin/dash", "sh"),
        ("pwsh", "powershell"),
        ("", "sh"),
    ],
)
@pytest.mark.parametrize("error", [shellingham.ShellDetectionFailure(), RuntimeError()])
def test_where_no_parent_is_a_shell_it_is_the_users_own(
    shell: str, expected: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise error

    monkeypatch.setattr(shellingham, "detect_shell", fails)
    assert shell_syntax.detected({"SHELL": shell} if shell else {}) == expected


def test_without_either_it_is_powershell_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shellingham, "detect_shell", lambda: ("", ""))
    monkeypatch.setattr("sys.platform", "win32")
    assert shell_syntax.detected({}) == "powershell"


@pytest.mark.parametrize("name", ["tcsh", "nu", "elvish"])
def test_a_shell_that_is_not_known_is_not_guessed_at(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shellingham, "detect_shell", lambda: (name, f"/bin/{name}"))
    with pytest.raises(ConfigurationError, match=f"the shell {name} is not supported; .*--shell"):
        shell_syntax.detected({"SHELL": "/bin/bash"})


def test_every_shell_is_known_by_its_name() -> None:
    assert set(answers.KNOWN_AS.values()) == set(shell_syntax.SHELLS) - {"dotenv", "json"}
    assert set(shell_syntax._WRITERS) == set(shell_syntax.SHELLS) - {"json"}
