"""`mfa_process`: how it is started, and which of its words is the program."""

import sys

import pytest

from assume_helper.sources import shell_command


@pytest.mark.skipif(sys.platform == "win32", reason="there it is a line for cmd")
def test_a_shell_runs_it() -> None:
    assert shell_command.words("A=b ~/codes | cat") == ["/bin/sh", "-c", "A=b ~/codes | cat"]


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("codes --pin 1234", "codes"),
        ('A=b C="d e" codes', "codes"),
        ('"/my programs/codes" x', "/my programs/codes"),
        ("~/bin/codes | tail -1", "~/bin/codes"),
        ('codes "half', "codes"),
        ("A=b", None),
        ("", None),
    ],
)
def test_its_program_is_the_first_word_that_sets_no_variable(command: str, program: str | None) -> None:
    assert shell_command.program(command) == program


def test_a_program_that_looks_like_a_secret_is_not_shown() -> None:
    assert shell_command.name("Canary5ecretAccessKey0123456789abcdefABCDEF x") == "[...]"
    assert shell_command.name("A=b") == "none"
