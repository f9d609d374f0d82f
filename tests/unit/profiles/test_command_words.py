"""The words of a command: botocore's, on each system."""

from functools import partial

import botocore.compat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assume_helper.profiles import command_words, helper_command

PLATFORMS = ("win32", "linux")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (r"C:\Tools\assume-helper.exe get dev", [r"C:\Tools\assume-helper.exe", "get", "dev"]),
        (r'"C:\Program Files\a b\x.exe" get "my dev"', [r"C:\Program Files\a b\x.exe", "get", "my dev"]),
        (r'C:\\"Program Files"\x.exe  a	b', [r"C:\Program Files\x.exe", "a", "b"]),
        (r'x "a\\" b', ["x", "a\\", "b"]),
        ("x 'a b' \"\" ", ["x", "'a", "b'", ""]),
        ("", []),
    ],
)
def test_on_windows_a_backslash_is_part_of_a_path(command: str, words: list[str]) -> None:
    assert command_words.split(command, "win32") == words


@pytest.mark.parametrize("command", ['"', r'"C:\Tools\" get', r'x "C:\Tools\"'])
def test_a_quote_that_is_not_closed_is_an_error(command: str) -> None:
    with pytest.raises(ValueError, match="no closing"):
        command_words.split(command, "win32")


@pytest.mark.parametrize("platform", PLATFORMS)
@given(st.text("ab \t\\\"'", max_size=20))
def test_they_are_botocore_s(platform: str, command: str) -> None:
    def of(split: object) -> object:
        try:
            return split(command, platform)  # type: ignore[operator]
        except ValueError:
            return "not closed"

    assert of(command_words.split) == of(botocore.compat.compat_shell_split)


def test_a_command_of_the_helper_s_is_known_by_a_path_of_this_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_words, "split", partial(command_words.split, platform="win32"))
    assert helper_command.target(r"C:\Tools\assume-helper.exe get dev") == "dev"
    assert helper_command.target(r'"C:\my tools\assume-helper.exe" get dev') == "dev"
    assert helper_command.target(r'"C:\my tools\assume-helper.exe get dev') is None
