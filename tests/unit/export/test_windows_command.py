"""How a command is started on Windows: found by PATH and PATHEXT, and safe in a batch file."""

from pathlib import Path

import pytest

from assume_helper.errors import ProgramNotRunnable
from assume_helper.export import windows_command

BATCH = r"C:\a b\x.cmd"


def test_on_other_systems_the_words_are_the_command() -> None:
    assert windows_command.of(["npm", "a&b"], {"PATH": "/nowhere"}, "linux") == ["npm", "a&b"]


@pytest.mark.parametrize(
    ("word", "typed"),
    [
        ("run", "run"),
        ("a b", '"a b"'),
        ("", '""'),
        ("a&b", '"a&b"'),
        ("(x)\\", '"(x)\\\\"'),
        ("100%", "100%"),
        ('{"a": 1}', r'"{\"a\": 1}"'),
    ],
)
def test_what_cmd_would_take_for_its_own_is_in_quotes(word: str, typed: str) -> None:
    assert windows_command.batch_line([BATCH, word]) == f'"{BATCH}" {typed}'


@pytest.mark.parametrize("words", [["%PATH%"], ["a\nb"], ['"&calc'], ['c"d', "x&y"]])
def test_what_no_quotes_keep_from_cmd_is_refused(words: list[str]) -> None:
    with pytest.raises(ProgramNotRunnable, match="is a batch file"):
        windows_command.batch_line([BATCH, *words])


def test_what_is_not_found_stays_as_it_is(tmp_path: Path) -> None:
    assert windows_command.of(["no-such-tool", "x"], {"PATH": str(tmp_path)}, "win32") == ["no-such-tool", "x"]
