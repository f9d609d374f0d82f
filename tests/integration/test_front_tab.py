"""TAB, the completion scripts and the version: the front prints what Python prints, from the names' file alone."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native_front import HANDED_ON, Scene

from assume_helper import hit
from assume_helper.cli import tab
from assume_helper.cli.completion_scripts import SCRIPTS
from assume_helper.cli.shell_functions import COMMAND, FUNCTIONS

BREAKS = " \t\n\"'@><=;|&(:"
NAMES = [
    "acc:prod",
    "acc:test",
    "at@home",
    "default",
    "dev",
    "dev-2",
    "eq=us",
    "x/y",
    "x.y",
    "x_y",
    "x%y",
    "x+y",
    "x,y",
]
ODD = [
    "a b",
    "it's",
    "st*r",
    "mo$x",
    'dou"ble',
    "back`tick",
    "semi;colon",
    "(p)",
    "~t",
    "#h",
    "\\b",
    "-dash",
    "{a,b}",
    "!x",
]


def names(scene: Scene, *given_: str) -> Path:
    """Have these names cached, without a config that has them."""
    file, stamp = tab.stamp(scene.home.environ)
    scene.home.cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = scene.home.cache / file
    path.write_bytes(hit.seal(tab.pack(stamp, sorted(given_))))
    path.chmod(0o600)
    return path


def line(shell: str, *words: str) -> list[str]:
    if shell == "bash":
        return ["completion", "bash", "--", " ".join(["assume-helper", *words]), BREAKS]
    return ["completion", shell, "--", *((f".{word}" for word in words) if shell == "powershell" else words)]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_script_is_the_same(cold: Scene, shell: str) -> None:
    seen = cold.both("completion", shell, is_answered=True)
    assert seen.stdout.decode() == SCRIPTS[shell]


@pytest.mark.parametrize("shell", FUNCTIONS)
@pytest.mark.parametrize("named", [[], ["--command", "aws-as"], ["--command", "a" * 32]])
def test_the_function_is_the_same(cold: Scene, shell: str, named: list[str]) -> None:
    seen = cold.both("init", shell, *named, is_answered=True)
    assert seen.stdout.decode() == FUNCTIONS[shell].replace(COMMAND, named[1] if named else "assume")


@pytest.mark.parametrize(
    "typed",
    [
        ["init"],
        ["init", "tcsh"],
        ["init", "bash", "--command"],
        ["init", "bash", "--command", ""],
        ["init", "bash", "--command", "a b"],
        ["init", "bash", "--command", "1a"],
        ["init", "bash", "--command", "-a"],
        ["init", "bash", "--command", "_a"],
        ["init", "bash", "--command", "unset"],
        ["init", "bash", "--command", "a.b"],
        ["init", "bash", "--command", "a" * 33],
        ["init", "bash", "--command", "assume-helper"],
        ["init", "tcsh", "--command", "a"],
        ["init", "bash", "more"],
        ["init", "bash", "--command", "a", "more"],
    ],
    ids=repr,
)
def test_what_is_no_line_of_init_is_python_s_to_refuse(cold: Scene, typed: list[str]) -> None:
    assert cold.both(*typed, is_answered=False).code == 2


def test_the_version_is_the_same(cold: Scene) -> None:
    assert cold.both("--version", is_answered=True).stdout.startswith(b"assume-helper ")
    for environ in ({"HOME": "/nonexistent"}, {"ASSUME_HELPER_LOG_HITS": "1"}, {"AWS_CONFIG_FILE": "x"}):
        cold.quick("--version", is_answered=True, environ=environ)


@pytest.mark.parametrize(
    "typed", [["completion"], ["completion", "tcsh"], ["completion", "bash", "x"], ["--version", "get"]], ids=repr
)
def test_what_is_neither_is_python_s(cold: Scene, typed: list[str]) -> None:
    cold.quick(*typed, is_answered=False)


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_first_tab_writes_the_names_and_the_next_one_is_the_front_s(cold: Scene, shell: str) -> None:
    typed = line(shell, "get", "")
    first = cold.both(*typed, is_answered=False)
    assert (first.code, first.stderr) == (0, b"")
    assert b"dev" in first.stdout
    cold.fill(*typed)
    assert cold.both(*typed, is_answered=True).stdout == first.stdout


@pytest.mark.parametrize("shell", SCRIPTS)
@pytest.mark.parametrize("command", tab.COMMANDS)
def test_each_command_that_takes_a_profile_is_the_front_s(cold: Scene, shell: str, command: str) -> None:
    names(cold, *NAMES[:2])
    assert b"acc:prod" in cold.quick(*line(shell, command, "ac"), is_answered=True).stdout or shell == "bash"


PLACES = [
    ["get", "dev", ""],
    ["get", "--read-only", ""],
    ["ge"],
    [""],
    ["list", ""],
    ["log", "d"],
    ["nothing", "d"],
    ["get", "-"],
    ["get", "--re"],
    ["--", "d"],
    ["completion", "d"],
    ["exec", "dev", "--", "d"],
    ["get", "'d"],
    ["get", '"d'],
    ["get", "\\d"],
    ["get", "grü"],
    ["get", "\t"],
]


@pytest.mark.parametrize("shell", SCRIPTS)
@pytest.mark.parametrize("words", PLACES, ids=repr)
def test_any_other_place_is_answered_as_by_python_or_handed_on(cold: Scene, shell: str, words: list[str]) -> None:
    names(cold, *NAMES, *ODD)
    cold.quick(*line(shell, *words))


WORDS = st.lists(
    st.sampled_from(
        [*tab.COMMANDS, "d", "acc:", "at@", "eq=", "x", "", "-", "--", "assume-helper", " ", ".", ".get", ".d", "'d"]
    )
    | st.text(st.characters(min_codepoint=1, max_codepoint=0x2FF), max_size=5),
    max_size=5,
)


@settings(max_examples=250)
@given(
    shell=st.sampled_from([*SCRIPTS, "tcsh", ""]),
    words=WORDS,
    joined=st.booleans(),
    breaks=st.sampled_from([BREAKS, "", "@:"]),
)
def test_any_typed_line_is_answered_as_by_python(
    cold: Scene, shell: str, words: list[str], joined: bool, breaks: str
) -> None:
    names(cold, *NAMES, *ODD)
    typed = ["completion", shell, "--", *words]
    if joined:
        typed = ["completion", shell, "--", " ".join(["x", *words]), breaks]
    cold.quick(*typed)


@settings(max_examples=100)
@given(
    found=st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=0x17F), min_size=1, max_size=9), max_size=6),
    shell=st.sampled_from(list(SCRIPTS)),
    typed=st.sampled_from(["", "a", "-", "x:"]),
)
def test_any_names_are_quoted_as_by_python(cold: Scene, found: list[str], shell: str, typed: str) -> None:
    names(cold, *(name for name in found if name.isprintable()))
    cold.quick(*line(shell, "get", typed))


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def a_link(path: Path) -> None:
    path.rename(path.with_suffix(".x"))
    path.symlink_to(path.with_suffix(".x"))


def longer(more: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(hit.seal(hit.unseal(path.read_bytes()) + more))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "open to others": lambda path: path.chmod(0o644),
    "a byte has changed": lambda path: path.write_bytes(path.read_bytes().replace(b"dev", b"Dev")),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "another version's": lambda path: path.write_bytes(path.read_bytes().replace(b" 1 ", b" 2 ", 1)),
    "a pipe": a_pipe,
    "a link": a_link,
    "a NUL": longer(b"a\0b\n"),
    "no end of a line": longer(b"last"),
    "too large": longer(b"x" * tab.LARGEST + b"\n"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_names_that_cannot_be_believed_are_python_s(cold: Scene, damage: str) -> None:
    DAMAGES[damage](names(cold, *NAMES))
    assert cold.run(cold.alone, *line("zsh", "get", "")).code == HANDED_ON


def test_a_changed_config_has_names_of_its_own(cold: Scene) -> None:
    names(cold, *NAMES)
    cold.quick(*line("zsh", "get", ""), is_answered=True)
    with cold.home.config.open("a") as config:
        config.write("[profile new]\n")
    cold.quick(*line("zsh", "get", ""), is_answered=False)
    seen = cold.both(*line("zsh", "get", ""), is_answered=False)
    assert b"new\n" in seen.stdout


def test_ten_thousand_names_and_names_of_the_largest_size(cold: Scene) -> None:
    names(cold, *(f"account-{number:05d}" for number in range(10_000)))
    assert cold.quick(*line("bash", "get", "acc"), is_answered=True).stdout.count(b"\n") == 10_000
    path = names(cold, "dev", "x" * (tab.LARGEST - 1000))
    room = tab.LARGEST - path.stat().st_size
    names(cold, "dev", "x" * (tab.LARGEST - 1000 + room))
    assert path.stat().st_size == tab.LARGEST
    cold.quick(*line("zsh", "get", ""), is_answered=True)


def test_names_elsewhere_are_found_elsewhere(cold: Scene, tmp_path: Path) -> None:
    names(cold, *NAMES)
    for environ in ({"AWS_CONFIG_FILE": str(tmp_path / "none")}, {"ASSUME_HELPER_CACHE_DIR": str(tmp_path)}):
        cold.quick(*line("fish", "get", ""), is_answered=False, environ=environ)
    cold.quick(*line("fish", "get", ""), is_answered=True, AWS_REGION="x", ASSUME_HELPER_CALLERS=json.dumps([]))
