"""The words of a `credential_process`, beside those that botocore starts."""

from functools import partial

import pytest
from botocore.compat import compat_shell_split
from hypothesis import given
from hypothesis import strategies as st

from assume_helper.profiles import command_words, helper_command


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (r"C:\Users\me\bin\assume-helper.exe get dev", [r"C:\Users\me\bin\assume-helper.exe", "get", "dev"]),
        (r'"C:\my tools\assume-helper.exe" get "my dev"', [r"C:\my tools\assume-helper.exe", "get", "my dev"]),
        (r"C:\O'Brien\x.exe get 'a b'", [r"C:\O'Brien\x.exe", "get", "'a", "b'"]),
        ("", []),
        (' a "" ', ["a", ""]),
    ],
)
def test_a_line_of_windows_keeps_its_backslashes(line: str, words: list[str]) -> None:
    assert command_words.split(line, "win32") == words


def test_elsewhere_it_is_a_line_of_a_shell() -> None:
    assert command_words.split(r"/bin/'my tool' a\ b", "linux") == ["/bin/my tool", "a b"]


@given(st.text(alphabet="ab\\\" \t'é", max_size=30))
def test_windows_words_are_those_of_botocore(line: str) -> None:
    try:
        expected = compat_shell_split(line, platform="win32")
    except ValueError:
        with pytest.raises(ValueError, match="not closed"):
            command_words.split(line, "win32")
    else:
        assert command_words.split(line, "win32") == expected


def test_a_command_of_the_helper_s_is_known_by_a_path_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_words, "split", partial(command_words.split, platform="win32"))
    assert helper_command.target(r"C:\Tools\assume-helper.exe get dev") == "dev"
    assert helper_command.target(r'"C:\my tools\assume-helper.exe" get dev') == "dev"
    assert helper_command.target(r'"C:\my tools\assume-helper.exe get dev') is None
