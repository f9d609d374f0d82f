"""What `init` prints: each shell's text has everything filled in; the batch file as cmd reads it."""

import re

import pytest

from assume_helper import answers
from assume_helper.cli.shell_functions import COMMAND, FUNCTIONS, is_name, named


@pytest.mark.parametrize("shell", FUNCTIONS)
def test_nothing_is_left_to_be_filled_in(shell: str) -> None:
    assert set(re.findall(r"@[A-Z_]+@", FUNCTIONS[shell])) == {COMMAND}
    assert COMMAND not in named(shell, "take")
    assert FUNCTIONS[shell].isascii()


@pytest.mark.parametrize("shell", FUNCTIONS)
def test_every_variable_of_env_is_kept_and_brought_back(shell: str) -> None:
    handed_on = [name for mark, names in answers.HANDED_ON.items() for name in (mark, *names)]
    for name in (*answers.CREDENTIALS, *answers.IDENTITY, *handed_on):
        assert re.search(rf"[ '(]{name}[ ',);]", FUNCTIONS[shell]), name


def test_the_batch_file_has_the_ends_of_line_that_labels_need_and_shows_no_line() -> None:
    lines = named("cmd", "assume").split("\r\n")
    assert not any("\n" in line for line in lines)
    assert all(line.startswith(("@", ":")) for line in lines[:-1])
    assert {line for line in lines if line.startswith(":")} == {":save", ":usage"}


@pytest.mark.parametrize(
    ("name", "is_one"), [("a", True), ("aws-as_1", True), ("", False), ("1", False), ("a b", False)]
)
def test_a_name(name: str, is_one: bool) -> None:
    assert is_name(name) is is_one


# What bash 3.2, which macOS has, does not know (CHANGES of bash 4.0 to 5.3).
NEWER_THAN_BASH_3_2 = [
    r"\b(declare|local|typeset) -\w*[Agnlu]",
    r"\b(mapfile|readarray|coproc)\b",
    r"\$\{\w+(\[[^]]*\])?[,^@]",  # ${x,,} ${x^^} ${x@Q}
    r"\$\{\w+:[^}]*:-",  # a length from the end
    r"\[-\d+\]",
    r"\|&|&>>|;&|;;&",
    r"\[\[ -[vR] ",
    r"\bwait -n",
    r"\b(BASHPID|EPOCHSECONDS|EPOCHREALTIME|SRANDOM)\b",
]


def test_bash_s_text_is_for_bash_3_2_too() -> None:
    text = FUNCTIONS["bash"]
    assert [pattern for pattern in NEWER_THAN_BASH_3_2 if re.search(pattern, text)] == []
    for line in text.splitlines():
        if "compopt" in line or "%(%s)T" in line:  # these two have a way without them
            assert "2>/dev/null" in line


@pytest.mark.parametrize(
    "newer", ["local -n x", "${x,,}", "${x[0]@Q}", "a |& b", "${x:0:-1}", "${x[-1]}", "[[ -v x ]]"]
)
def test_what_is_newer_is_found(newer: str) -> None:
    assert any(re.search(pattern, newer) for pattern in NEWER_THAN_BASH_3_2)
