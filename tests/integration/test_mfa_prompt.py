"""The prompt for an MFA code: on the terminal alone, unseen, one at a time, and gone when it is broken off."""

import json
import os
import re
import signal
from collections.abc import Iterator
from typing import Any

import pexpect
import pytest
from front import Front, wait_for
from mfa_roles import CONFIG
from running import SCRIPT, Home
from strict import SERIAL, Device, Strict


class Terminal:
    """The helper on a terminal of its own, its standard streams elsewhere, as an SDK has them."""

    def __init__(self, home: Home, profile: str, *, line: str = "{} > out 2> err < /dev/zero") -> None:
        command = line.format(f"{SCRIPT} get {profile}")
        self.home = home
        self.child: Any = pexpect.spawn(
            "/bin/sh", ["-c", command], env=home.environ, cwd=str(home.folder), timeout=60, encoding="utf-8"
        )

    def asks(self, words: str = f"MFA code of {SERIAL} for dev: ") -> None:
        self.child.expect_exact(words)

    def types(self, line: str) -> None:
        wait_for(lambda: not self.child.getecho())
        self.child.sendline(line)

    def ended(self) -> int:
        """Its exit code."""
        self.child.expect(pexpect.EOF)
        self.child.close()
        return int(self.child.exitstatus if self.child.exitstatus is not None else 128 + self.child.signalstatus)

    @property
    def out(self) -> str:
        return (self.home.folder / "out").read_text()

    @property
    def err(self) -> str:
        return (self.home.folder / "err").read_text()


@pytest.fixture
def terminal(role: Home, strict: Strict) -> Iterator[Terminal]:
    """`get dev` on a terminal."""
    terminal = Terminal(role, "dev")
    yield terminal
    terminal.child.close(force=True)


def test_a_code_is_asked_for_on_the_terminal_and_not_shown(terminal: Terminal, strict: Strict) -> None:
    code = strict.device.code()
    terminal.asks()
    terminal.types(code)
    assert terminal.ended() == 0
    assert code not in terminal.child.before
    assert json.loads(terminal.out)["Version"] == 1
    assert terminal.err == ""


def test_three_wrong_codes_are_the_end(terminal: Terminal, strict: Strict) -> None:
    for number in range(3):
        terminal.asks("STS did not accept that code. MFA code of" if number else "MFA code of")
        terminal.types(str((int(strict.device.code()) + 1 + number) % 1_000_000).zfill(6))
    assert terminal.ended() == 6
    assert len(strict.codes) == 3
    assert terminal.out == ""
    assert terminal.err.startswith("assume-helper: dev: STS refused the MFA code of")


def test_the_right_code_after_a_wrong_one_is_taken(terminal: Terminal, strict: Strict) -> None:
    terminal.asks()
    terminal.types(str((int(strict.device.code()) + 1) % 1_000_000).zfill(6))
    terminal.asks("STS did not accept that code. MFA code of")
    terminal.types(strict.device.code())
    assert terminal.ended() == 0


def test_what_is_no_code_is_asked_for_again_without_sts(terminal: Terminal, strict: Strict) -> None:
    terminal.asks()
    terminal.types("my password")
    terminal.asks("a code has six digits. MFA code of")
    code = strict.device.code()
    terminal.types(f"{code[:3]} {code[3:]}")
    assert terminal.ended() == 0
    assert len(strict.codes) == 1


def test_control_d_at_the_prompt_is_no_code(terminal: Terminal, strict: Strict) -> None:
    terminal.asks()
    wait_for(lambda: not terminal.child.getecho())
    terminal.child.sendeof()
    assert terminal.ended() == 5
    assert "no MFA code was typed" in terminal.err


def test_a_process_in_the_background_of_its_terminal_does_not_stop_there(role: Home, strict: Strict) -> None:
    terminal = Terminal(role, "dev", line="set -m; {} > out 2> err & wait $!; echo ended with $?.")
    terminal.child.expect_exact("ended with 5.")
    assert terminal.ended() == 0
    assert "there is no terminal to ask on" in terminal.err


def test_the_terminal_comes_before_an_askpass_program(role: Home, strict: Strict) -> None:
    role.environ["ASSUME_HELPER_ASKPASS"] = "/bin/false"
    terminal = Terminal(role, "dev")
    terminal.asks()
    terminal.types(strict.device.code())
    assert terminal.ended() == 0


def test_followers_do_not_repeat_the_prompt_on_the_terminal(role: Home, strict: Strict, offline_front: Front) -> None:
    """Twenty on one terminal: one prompt."""
    line = "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do {} > out$n & done; wait; echo all ended"
    terminal = Terminal(role, "dev", line=line)
    terminal.asks()
    terminal.types(strict.device.code())
    terminal.child.expect_exact("all ended")
    assert "MFA code" not in terminal.child.before
    assert len({(role.folder / f"out{n}").read_text() for n in range(1, 21)}) == 1
    assert [call.action for call in offline_front.calls].count("GetSessionToken") == 1


@pytest.mark.parametrize(
    ("number", "code", "words"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_a_prompt_that_is_broken_off_leaves_a_terminal_that_shows_what_is_typed(
    role: Home, strict: Strict, number: int, code: int, words: str
) -> None:
    terminal = Terminal(role, "dev", line="exec {} > out 2> err")
    terminal.asks()
    wait_for(lambda: not terminal.child.getecho())
    if number == signal.SIGINT:
        terminal.child.sendintr()  # Ctrl-C
    else:
        os.kill(terminal.child.pid, number)
    wait_for(terminal.child.getecho)
    assert terminal.ended() == code
    assert terminal.err == f"assume-helper: dev: {words}; nothing was changed, run it again\n"
    assert terminal.out == ""


def test_two_questions_on_one_terminal_come_one_after_the_other(role: Home, strict: Strict) -> None:
    devices = strict.devices | {"GAHT12345678": Device()}
    strict.devices = devices
    dev, rest = CONFIG.split("[profile ops]")
    role.config.write_text(dev + "[profile ops]" + rest.replace(SERIAL, "GAHT12345678", 1))
    both = f"{SCRIPT} get dev > out & {SCRIPT} get ops > out2 & wait; echo all ended; : {{}}"
    terminal = Terminal(role, "dev", line=both)
    for _ in range(2):
        terminal.child.expect(r"MFA code of (\S+) for")
        assert "MFA code" not in terminal.child.before
        terminal.types(devices[terminal.child.match.group(1)].code())
    terminal.child.expect_exact("all ended")
    assert terminal.child.getecho()
    assert json.loads((role.folder / "out2").read_text()) != json.loads(terminal.out)


def test_who_comes_back_to_the_question_is_asked_again_unseen(role: Home, strict: Strict) -> None:
    """Ctrl-Z and `fg`: the shell puts its own modes back."""
    terminal = Terminal(role, "dev", line="set -m; {} > out 2> err; stty echo; echo stopped.; fg; echo ended $?.")
    terminal.asks()
    wait_for(lambda: not terminal.child.getecho())
    terminal.child.sendcontrol("z")
    terminal.child.expect_exact("stopped.")
    terminal.asks()
    terminal.types(strict.device.code())
    terminal.child.expect_exact("ended 0.")
    assert json.loads(terminal.out)["Version"] == 1


def test_a_terminal_in_raw_mode_takes_its_enter_key(role: Home, strict: Strict) -> None:
    terminal = Terminal(role, "dev", line="stty raw; {} > out 2> err; code=$?; stty sane; echo ended $code.")
    terminal.asks()
    wait_for(lambda: not terminal.child.getecho())
    terminal.child.send(strict.device.code() + "\r")
    terminal.child.expect_exact("ended 0.")


@pytest.mark.parametrize("line", ["exec {} > out 2> err", "trap '' HUP; exec {} > out 2> err"])
def test_a_terminal_that_goes_away_is_no_error_of_its_own(role: Home, strict: Strict, line: str) -> None:
    terminal = Terminal(role, "dev", line=line)
    terminal.asks()
    os.close(terminal.child.child_fd)
    wait_for(lambda: "\n" in terminal.err)
    assert re.match("assume-helper: dev: (no MFA code was typed|terminated); ", terminal.err)
