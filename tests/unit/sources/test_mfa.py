"""A code of an MFA device: which place it comes from, and that none is used twice."""

import math
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from running import into, joined, no_warning
from strict import SERIAL

from assume_helper.cache import directory as cache_directory
from assume_helper.cache.directory import Cache
from assume_helper.credentials import Answer
from assume_helper.errors import MFACodeRefused, MFANotGiven, MFARequired, STSNotConnected, STSNotReached
from assume_helper.profiles.origin import MFADevice
from assume_helper.sources import mfa
from assume_helper.system import terminal
from assume_helper.system.context import CallContext, Clock

# In the middle of a half minute.
NOW = 2_000_000_010.0 - 2_000_000_010 % 30 + 15
ANSWER: Any = object()


@dataclass
class World:
    """A cache, a clock that only goes on while somebody sleeps, and what was asked on a terminal, if there is one."""

    store: Cache
    now: float = NOW
    typed: list[str] | None = None
    prompts: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds

    def ask(self, prompt: str, seconds: float) -> str | None:
        assert seconds > 0
        if self.typed is None:
            return None
        self.prompts.append(prompt)
        if not self.typed:
            raise TimeoutError
        return self.typed.pop(0)

    def request(
        self, environ: dict[str, str], process: str | None, *, may_ask: bool = True, left: float = 45
    ) -> mfa.CodeRequest:
        context = CallContext(
            environ,
            Clock(lambda: self.now, lambda: self.now, self.sleep),
            self.now,
            self.now,
            "host",
            lambda: "me@host",
            no_warning,
            math.inf,
            may_ask,
        )
        return mfa.CodeRequest(MFADevice(SERIAL, process), "dev", self.store, context, self.now + left)

    def get(
        self, call: Callable[[str], Answer] | None = None, process: str | None = None, token: str = "", **more: Any
    ) -> Answer:
        def taken(code: str) -> Answer:
            self.sent.append(code)
            return call(code) if call is not None else ANSWER

        return mfa.call_with_code(self.request({mfa.TOKEN: token}, process, **more), taken)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    warnings: list[str] = []
    world = World(cache_directory.open_cache({"ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache")}, into(warnings)))
    monkeypatch.setattr(terminal, "ask", world.ask)
    monkeypatch.setattr(terminal, "is_there", lambda: world.typed is not None)
    monkeypatch.setattr(terminal, "screen", lambda: nullcontext(None))
    return world


def refused(_code: str) -> Answer:
    raise MFACodeRefused("wrong", "next")


def counting(tmp_path: Path) -> str:
    """A process whose code is another on each run."""
    program, runs = tmp_path / "count.py", tmp_path / "runs"
    program.write_text(
        f"open({str(runs)!r}, 'a').write('x')\nprint(str(len(open({str(runs)!r}).read())).rjust(6, '0'))\n"
    )
    return joined(sys.executable, "-I", "-S", str(program))


def test_a_code_of_the_environment_is_used(world: World) -> None:
    assert world.get(token=" 123456\n") is ANSWER
    assert world.sent == ["123456"]


def test_the_environment_comes_first_then_the_process_then_the_terminal(world: World) -> None:
    world.typed = ["222222"]
    world.get(token="000000", process="echo 111111")
    world.now += 30
    world.get(process="echo 111111")
    world.get()
    assert world.sent == ["000000", "111111", "222222"]
    assert world.prompts == [f"MFA code of {SERIAL} for dev: "]


def test_a_code_that_was_used_is_not_used_again(world: World) -> None:
    world.get(token="123456")
    with pytest.raises(MFARequired, match="the code in ASSUME_HELPER_MFA_TOKEN was used already"):
        world.get(token="123456")
    assert world.sent == ["123456"]


def test_no_code_of_the_last_minutes_is_used_again(world: World) -> None:
    for code in ("111111", "222222", "333333"):
        world.get(token=code)
    for code in ("111111", "222222", "333333"):
        with pytest.raises(MFARequired, match="used already"):
            world.get(token=code)
    assert world.sent == ["111111", "222222", "333333"]


def test_a_code_that_was_typed_and_used_before_a_wrong_one_is_asked_for_again(world: World) -> None:
    world.get(token="123456")
    world.typed = ["111111", "123456", "222222"]
    world.get(call=lambda code: refused(code) if code == "111111" else ANSWER)
    assert world.sent == ["123456", "111111", "222222"]


def test_after_a_while_the_same_digits_are_another_code(world: World) -> None:
    world.get(token="123456")
    world.now += 901
    world.get(token="123456")
    assert world.sent == ["123456", "123456"]


def test_a_process_is_run_when_the_half_minute_of_the_last_code_is_over(world: World, tmp_path: Path) -> None:
    world.get(token="123456")
    world.get(process=counting(tmp_path))
    assert world.sent == ["123456", "000001"]
    assert world.now == NOW + 15
    world.now += 30
    world.get(process=counting(tmp_path))
    assert world.now == NOW + 45, "nothing was used in this half minute: it is not waited for"


def test_a_process_whose_code_was_used_is_run_again_in_the_next_half_minute(world: World, tmp_path: Path) -> None:
    """Its clock is behind."""
    world.get(token="000001")
    world.now += 15
    world.get(process=counting(tmp_path))
    assert world.sent == ["000001", "000002"]
    assert world.now == NOW + 45


def test_where_the_time_does_not_reach_to_the_next_code_it_is_said(world: World) -> None:
    world.get(token="123456")
    with pytest.raises(MFARequired, match="used already, the next is 15 s away"):
        world.get(process="echo 111111", left=10)


def test_a_process_that_fails_leaves_the_terminal(world: World) -> None:
    world.typed = ["222222"]
    world.get(process="exit 1")
    assert world.sent == ["222222"]


def test_a_typed_code_that_was_used_is_asked_for_again(world: World) -> None:
    world.get(token="123456")
    world.typed = ["123456", "222222"]
    world.get()
    assert world.sent == ["123456", "222222"]
    assert world.prompts[1].startswith("that code was used already, wait for the next one. MFA code of")


def test_on_a_terminal_a_refused_code_of_any_place_is_asked_for_again(world: World) -> None:
    world.typed = ["222222"]
    world.get(call=lambda code: refused(code) if code == "000000" else ANSWER, token="000000")
    assert world.sent == ["000000", "222222"]


def test_a_person_is_asked_three_times_at_most(world: World) -> None:
    world.typed = ["111111", "222222", "333333", "444444"]
    with pytest.raises(MFACodeRefused):
        world.get(call=refused)
    assert world.sent == ["111111", "222222", "333333"]


def test_three_answers_that_are_no_codes_are_the_end(world: World) -> None:
    world.typed = ["", "abc", "12345", "123456"]
    with pytest.raises(MFANotGiven):
        world.get()
    assert (len(world.prompts), world.sent) == (3, [])


def test_nobody_answers(world: World) -> None:
    world.typed = []
    with pytest.raises(MFANotGiven, match="in time"):
        world.get()


def test_without_a_terminal_a_refused_code_is_the_end(world: World) -> None:
    with pytest.raises(MFACodeRefused):
        world.get(call=refused, process="echo 111111")
    assert world.sent == ["111111"]


def test_nobody_is_asked_who_may_not_be(world: World, tmp_path: Path) -> None:
    world.typed = ["111111"]
    with pytest.raises(MFARequired, match="nobody is asked while cached credentials are good"):
        world.get(may_ask=False, process=counting(tmp_path))
    assert world.prompts == []
    assert not (tmp_path / "runs").exists()


def test_a_program_that_gave_no_code_is_not_run_by_those_who_wait(world: World) -> None:
    with pytest.raises(MFANotGiven, match=r"mfa_process failed \(exit 1\)"):
        world.get(process="exit 1")


def test_a_process_that_prints_one_code_for_ever_is_said(world: World) -> None:
    world.get(process="echo 111111")
    with pytest.raises(MFARequired, match="mfa_process prints a code that was used already"):
        world.get(process="echo 111111", left=100)


def test_a_process_is_not_begun_without_time(world: World, tmp_path: Path) -> None:
    with pytest.raises(MFARequired, match="no time left for mfa_process"):
        world.get(process=counting(tmp_path), left=1)
    assert not (tmp_path / "runs").exists()


def test_why_a_process_gave_none_is_in_the_question(world: World) -> None:
    world.typed = ["222222"]
    world.get(process="exit 1")
    assert world.prompts == [f"mfa_process failed (exit 1) (program: exit). MFA code of {SERIAL} for dev: "]


@pytest.mark.parametrize("token", ["123 456", "\ufeff123456", " 123456\n"])
def test_a_code_is_taken_as_it_is_shown(world: World, token: str) -> None:
    world.get(token=token)
    world.typed = [token.replace("123", "654")]
    world.get()
    world.now += 30
    printed = f"import sys; sys.stdout.buffer.write({token.replace('123', '321')!a}.encode())"
    world.get(process=joined(sys.executable, "-I", "-S", "-c", printed))
    assert world.sent == ["123456", "654456", "321456"]


def test_a_code_that_sts_has_not_seen_may_be_used_again(world: World) -> None:
    def unreached(_code: str) -> Answer:
        raise STSNotConnected("away", "wait")

    with pytest.raises(STSNotConnected):
        world.get(call=unreached, token="123456")
    world.get(token="123456")


def test_a_code_that_sts_may_have_seen_is_used(world: World) -> None:
    def reset(_code: str) -> Answer:
        raise STSNotReached("reset", "wait")

    with pytest.raises(STSNotReached):
        world.get(call=reset, token="123456")
    with pytest.raises(MFARequired, match="used already"):
        world.get(token="123456")


def test_a_code_counts_as_used_before_it_is_sent(world: World) -> None:
    """Who is killed meanwhile has used it."""

    def killed(_code: str) -> Answer:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.get(call=killed, token="123456")
    with pytest.raises(MFARequired, match="used already"):
        world.get(token="123456")


def test_another_device_has_codes_of_its_own(world: World) -> None:
    world.get(token="123456")
    request = world.request({mfa.TOKEN: "123456"}, None)
    other = mfa.CodeRequest(MFADevice("GAHT12345678"), "dev", world.store, request.context, request.until)
    assert mfa.call_with_code(other, lambda _code: ANSWER) is ANSWER


def test_without_a_cache_a_code_is_used_all_the_same(world: World) -> None:
    world.store = Cache(None, no_warning)
    world.get(token="123456")
    assert world.sent == ["123456"]


@pytest.mark.parametrize(
    ("environ", "process", "typed", "may_ask", "there"),
    [
        ({}, None, None, True, False),
        ({mfa.TOKEN: "123456"}, None, None, False, True),
        ({}, "command", None, True, True),
        ({}, "command", None, False, False),
        ({}, None, [], True, True),
        ({}, None, [], False, False),
        ({mfa.ASKPASS: "/program"}, None, None, True, True),
        ({mfa.ASKPASS: "/program"}, None, None, False, False),
    ],
)
def test_whether_there_is_a_way_to_a_code_is_known_before_it_is_wanted(
    world: World, environ: dict[str, str], process: str | None, typed: list[str] | None, may_ask: bool, there: bool
) -> None:
    world.typed = typed
    request = world.request(environ, process, may_ask=may_ask)
    try:
        mfa.check(request.device, "dev", request.context)
        found = True
    except MFARequired:
        found = False
    assert found is there


def test_a_code_is_in_no_representation(world: World) -> None:
    assert "654321" not in repr(world.request({mfa.TOKEN: "654321"}, "oathtool 654321"))
