"""The question on the terminal: who is asked, for how long, and how the terminal is left."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from front import wait_for

from assume_helper.system import process_stat, terminal

if sys.platform != "win32":
    import fcntl

    import pexpect

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


def without_terminal(_descriptor: int) -> str:
    raise OSError


def test_what_is_no_terminal_has_nobody_in_front() -> None:
    reader, writer = os.pipe()
    try:
        assert not terminal._is_in_front(reader)
    finally:
        os.close(reader)
        os.close(writer)


def test_one_prompt_waits_for_the_other_and_no_longer_than_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tty"
    path.touch()
    other = os.open(path, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    monkeypatch.setattr(terminal, "name", lambda: str(path))
    try:
        with pytest.raises(TimeoutError), terminal._turn(time.monotonic() - 1):
            pytest.fail("the other one has the terminal")
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            fcntl.flock(other, fcntl.LOCK_UN)

        monkeypatch.setattr(time, "sleep", sleep)
        with terminal._turn(time.monotonic() + 60):
            assert len(slept) == 1
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(other)


def test_a_terminal_that_is_not_known_has_no_turns_and_one_that_has_gone_gives_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(terminal, "name", lambda: "")
    reader, writer = os.pipe()
    try:
        with pytest.raises(EOFError):
            terminal._asked(reader, "what? ", time.monotonic() + 60)  # tcgetattr fails
    finally:
        os.close(reader)
        os.close(writer)


NAME = """
import sys
from assume_helper.system import terminal
with open(sys.argv[1], "w") as file:
    file.write(terminal.name())
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells the terminal of a session")
def test_the_terminal_of_the_session_is_found_where_no_stream_is_one(tmp_path: Path) -> None:
    told = tmp_path / "told"
    command = [sys.executable, "-c", NAME, str(told)]
    shell = pexpect.spawn("/bin/sh", ["-c", f"tty; exec {shlex.join(command)} </dev/null >/dev/null 2>&1"], timeout=30)
    own = shell.readline().decode().strip()
    shell.wait()  # not for the end of the terminal: Python lets go of it before it has told anything
    assert told.read_text() == own


@pytest.mark.parametrize("device", [os.makedev(136, 2**20 - 1), 0])
def test_a_terminal_that_is_not_below_dev_has_no_name(monkeypatch: pytest.MonkeyPatch, device: int) -> None:
    monkeypatch.setattr(os, "ttyname", without_terminal)
    monkeypatch.setattr(process_stat, "fields", lambda _process: [b"0"] * 4 + [str(device).encode()])
    assert terminal.name() == ""


def test_where_the_system_does_not_tell_the_terminal_has_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "ttyname", without_terminal)
    monkeypatch.setattr(process_stat, "fields", lambda _process: [])
    assert terminal.name() == ""
