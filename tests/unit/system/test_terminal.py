"""The question on the terminal: who is asked, for how long, and how the terminal is left."""

import subprocess
import sys
from typing import Any

import pexpect
import pytest
from front import wait_for

ASK = """
import sys
from assume_helper.system import terminal
try:
    print("answer", repr(terminal.ask("what? ", float(sys.argv[1]))), terminal.is_there())
except (TimeoutError, EOFError) as error:
    print("answer", type(error).__name__)
"""


def child(seconds: float) -> Any:
    return pexpect.spawn(sys.executable, ["-c", ASK, str(seconds)], encoding="utf-8", timeout=30)


def test_without_a_terminal_nobody_is_asked() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK, "30"], input=b"no\n", capture_output=True, start_new_session=True, check=True
    )
    assert done.stdout == b"answer None False\n"


@pytest.mark.parametrize(
    ("typed", "answer"), [("123456\n", "'123456'"), ("  a b \n", "'a b'"), ("\n", "''"), ("1\x7f2\n", "'2'")]
)
def test_what_is_typed_is_the_answer_and_not_shown(typed: str, answer: str) -> None:
    asked = child(30)
    asked.expect_exact("what? ")
    wait_for(lambda: not asked.getecho())
    asked.send(typed)
    asked.expect_exact(f"\r\nanswer {answer} True")
    assert asked.before == ""
    assert asked.getecho()


def test_an_answer_that_does_not_come_in_time_is_not_waited_for() -> None:
    asked = child(0.05)
    asked.expect_exact("answer TimeoutError")
    assert asked.getecho()


def test_the_end_of_the_input_is_no_answer() -> None:
    asked = child(30)
    asked.expect_exact("what? ")
    wait_for(lambda: not asked.getecho())
    asked.sendeof()
    asked.expect_exact("answer EOFError")
    assert asked.getecho()


def test_half_an_answer_at_the_end_of_the_time_is_none() -> None:
    asked = child(1)
    asked.expect_exact("what? ")
    asked.send("1234")
    asked.expect_exact("answer TimeoutError")
    assert "1234" not in asked.before
