"""TAB from the names' file offers what the full way offers, and leaves to that what it does not know."""

from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opened import open_to_others

from assume_helper import hit
from assume_helper.cli import app, command_group, completion, tab
from assume_helper.cli.invocation import Invocation
from assume_helper.system.context import Clock
from assume_helper.text import has_control_character

NAMES = ["a b", "acc:prod", "acc:test", "at@home", "default", "dev", "dev-2", "eq=us", "it's", "st*r", "x/y"]
SHELLS = ("bash", "zsh", "fish", "powershell")
BREAKS = " \t\n\"'@><=;|&(:"


@pytest.fixture
def there(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """An environment in whose cache the names are."""
    (tmp_path / "cache").mkdir(mode=0o700)
    write(environ, NAMES)
    return environ


def write(environ: dict[str, str], names: list[str], content: bytes | None = None) -> Path:
    file, stamp = tab.stamp(environ)
    path = Path(environ["ASSUME_HELPER_CACHE_DIR"]) / file
    path.write_bytes(hit.seal(tab.pack(stamp, names)) if content is None else content)
    path.chmod(0o600)
    return path


def full_way(shell: str, words: list[str], names: list[str], monkeypatch: pytest.MonkeyPatch) -> bytes | None:
    """What `completion SHELL -- WORDS` prints the full way, None where it wants a file's name."""
    monkeypatch.setattr(completion._PROFILE, "_names", lambda _invocation: names)
    line = completion.parse_line(shell, words)
    invocation = Invocation({}, Clock(), 0, 0, stdout_closed=False)
    found = completion.candidates(command_group.assume_helper, invocation, line)
    return (
        None if found is None else completion.format_candidates(shell, found, line).encode("utf-8", "surrogateescape")
    )


def line_for(shell: str, words: list[str], breaks: str) -> list[str]:
    """What the script of `shell` passes, where these words are typed without quotes."""
    if shell == "bash":
        return [" ".join(["assume-helper", *words]), breaks]
    return [f".{word}" for word in words] if shell == "powershell" else words


WORDS = st.lists(
    st.sampled_from(
        [
            *tab.COMMANDS,
            *NAMES,
            "",
            "d",
            "acc:",
            "at@",
            "-",
            "--",
            "--read-only",
            "list",
            "completion",
            "'d",
            "\\d",
            "log",
        ]
    )
    | st.text("ade:@=-'\" ", max_size=4),
    min_size=1,
    max_size=4,
)


@given(shell=st.sampled_from(SHELLS), words=WORDS, breaks=st.sampled_from([BREAKS, "", ":", "@"]))
def test_what_it_offers_is_what_the_full_way_offers(
    there: dict[str, str], shell: str, words: list[str], breaks: str
) -> None:
    typed = line_for(shell, words, breaks)
    found = tab.answer(["completion", shell, "--", *typed], there)
    if found is not None:
        with pytest.MonkeyPatch.context() as patch:
            assert found == full_way(shell, typed, NAMES, patch)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("command", tab.COMMANDS)
def test_every_command_that_takes_a_profile_is_answered(
    there: dict[str, str], shell: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = tab.answer(["completion", shell, "--", *line_for(shell, [command, "de"], BREAKS)], there)
    assert found == full_way(shell, line_for(shell, [command, "de"], BREAKS), NAMES, monkeypatch)
    assert found
    assert b"dev" in found


def test_the_commands_are_those_whose_first_argument_is_a_profile() -> None:
    found = []
    for name in app.COMMANDS:
        command = command_group.assume_helper.get_command(click.Context(command_group.assume_helper), name)
        assert command is not None
        arguments = [each for each in command.params if isinstance(each, click.Argument)]
        if arguments and completion._TYPES.get(str(arguments[0].name)) is completion._PROFILE:
            found.append(name)
    assert set(found) == set(tab.COMMANDS)


@given(
    names=st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), min_size=1, max_size=8), max_size=5)
)
def test_any_names_are_quoted_as_by_the_full_way(there: dict[str, str], names: list[str]) -> None:
    names = sorted({name for name in names if not has_control_character(name)})
    write(there, names)
    for shell in SHELLS:
        typed = line_for(shell, ["get", ""], BREAKS)
        found = tab.answer(["completion", shell, "--", *typed], there)
        if found is None:
            assert not all(name.isascii() for name in names) or shell == "powershell"
        else:
            with pytest.MonkeyPatch.context() as patch:
                assert found == full_way(shell, typed, names, patch)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--version"],
        ["completion"],
        ["completion", "bash"],
        ["completion", "bash", "--"],
        ["completion", "tcsh", "--", "x"],
        ["completion", "bash", "-", "assume-helper get "],
        ["completion", "bash", "--", "assume-helper get 'd", BREAKS],
        ["completion", "bash", "--", "assume-helper get --read", BREAKS],
        ["completion", "bash", "--", "assume-helper ge", BREAKS],
        ["completion", "bash", "--", "assume-helper log ", BREAKS],
        ["completion", "zsh", "--", "get"],
        ["completion", "zsh", "--", "get", "dev", ""],
        ["completion", "fish", "--", "get", "-"],
        ["get", "dev"],
        ["completion", "powershell", "--", ".get", ".-"],
        ["completion", "bash", "--", ""],
    ],
)
def test_all_else_is_left_to_the_full_way(there: dict[str, str], arguments: list[str]) -> None:
    assert tab.answer(arguments, there) is None


def test_a_changed_config_has_other_names(there: dict[str, str], tmp_path: Path) -> None:
    arguments = ["completion", "zsh", "--", "get", ""]
    assert tab.answer(arguments, there)
    (tmp_path / ".aws" / "config").write_text("[profile dev]\n[profile new]\n")
    assert tab.answer(arguments, there) is None


def test_a_file_that_cannot_be_believed_is_none(there: dict[str, str]) -> None:
    arguments = ["completion", "zsh", "--", "get", ""]
    path = write(there, NAMES)
    whole = path.read_bytes()
    for damage in (whole[:-1], whole.replace(b"dev", b"Dev"), whole.replace(b" 1 ", b" 2 ", 1), b""):
        path.write_bytes(damage)
        assert tab.answer(arguments, there) is None
    path.write_bytes(whole)
    open_to_others(path, 0o644)
    assert tab.answer(arguments, there) is None
    open_to_others(path, 0o600)
    assert tab.answer(arguments, there) is not None
    open_to_others(Path(there["ASSUME_HELPER_CACHE_DIR"]), 0o755)
    assert tab.answer(arguments, there) is None


def test_without_a_cache_there_are_no_names(environ: dict[str, str]) -> None:
    assert tab.answer(["completion", "zsh", "--", "get", ""], environ) is None
    assert tab.answer(["completion", "zsh", "--", "get", ""], {"ASSUME_HELPER_CACHE_DIR": "relative"}) is None


def test_a_name_that_is_not_ascii_is_left_to_the_full_way_where_it_is_offered(there: dict[str, str]) -> None:
    write(there, ["dev", "grün"])
    assert tab.answer(["completion", "zsh", "--", "get", ""], there) is None
    assert tab.answer(["completion", "bash", "--", "assume-helper get d", BREAKS], there) == b"dev\n"


def test_names_survive_their_file(there: dict[str, str]) -> None:
    names = ["a\udcffb", "grün", "plain"]
    write(there, names)
    assert tab.read(there) == names
