"""One run of the command line: its warnings, its environment, and its streams, which nobody else uses."""

import ast
import io
import os
from pathlib import Path

import pytest

import assume_helper
from assume_helper import hit
from assume_helper.cli import audit_log
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import AssumeHelperError
from assume_helper.system.context import Clock
from assume_helper.system.warning import Warning

SECRET = "DummySecretAccessKey0123456789+/abcdefgh"
PACKAGE = Path(str(assume_helper.__file__)).parent
WINGS = sorted(path for wing in ("cli", "doctor", "configure", "export") for path in (PACKAGE / wing).rglob("*.py"))


def test_a_warning_is_kept_once() -> None:
    invocation = Invocation({}, Clock(), 0, 0, stdout_closed=False)
    one, two = Warning("one", "mend it"), Warning("two", "mend it")
    for warning in (one, two, one):
        invocation.warn(warning)
    assert invocation.warnings == [one, two]


def test_an_invocation_does_not_show_its_environment() -> None:
    invocation = Invocation({"AWS_SECRET_ACCESS_KEY": SECRET}, Clock(), 0, 0, stdout_closed=False)
    assert SECRET not in repr(invocation)
    assert SECRET not in repr(invocation.call_context())


def test_a_closed_standard_output_is_said_before_anything_is_done() -> None:
    invocation = Invocation({}, Clock(), 0, 0, stdout_closed=True)
    with pytest.raises(AssumeHelperError, match="standard output is closed; open it: the credentials would"):
        invocation.require_stdout("the credentials")
    with pytest.raises(AssumeHelperError, match="standard output is closed"):
        invocation.print(b"x")


@pytest.mark.parametrize("terminals", [(), (0,), (2,), (1, 2)])
def test_a_person_is_asked_only_where_input_and_error_are_terminals(
    terminals: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Invocation, "is_terminal", lambda _self, descriptor: descriptor in terminals)
    invocation = Invocation({}, Clock(), 0, 0, stdout_closed=False)
    assert not invocation.can_ask()
    monkeypatch.setattr(Invocation, "is_terminal", lambda _self, descriptor: descriptor in {*terminals, 0, 2})
    assert invocation.can_ask()


# The one place for streams; a program that is started by itself, and a child that may not return to its parent's code.
MAY_USE = {
    "invocation.py": {"sys.stdout", "sys.stderr"},
    "sandbox_first_step.py": {"sys.argv", "os._exit"},
    "sandbox_process.py": {"os._exit"},
}


@pytest.mark.parametrize("path", WINGS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_environment_and_the_streams_are_handed_in(path: Path) -> None:
    used = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    } & {"os.environ", "os.getenv", "os._exit", "sys.stdin", "sys.stdout", "sys.stderr", "sys.argv"}
    assert used == MAY_USE.get(path.name, set())


def an_invocation() -> Invocation:
    return Invocation({}, Clock(), 0, 0, stdout_closed=False, subject="dev")


def failing(*_given: object) -> None:
    raise OSError


def test_the_screen_is_as_wide_as_standard_error_s_terminal_else_as_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "33")
    monkeypatch.setattr(os, "get_terminal_size", lambda _descriptor: os.terminal_size((120, 40)))
    assert (an_invocation().screen_width(), an_invocation().terminal_width()) == (120, 33)
    monkeypatch.setattr(os, "get_terminal_size", lambda _descriptor: os.terminal_size((0, 0)))
    assert an_invocation().screen_width() == 33
    monkeypatch.setattr(os, "get_terminal_size", failing)
    assert an_invocation().screen_width() == 33


def test_what_is_closed_is_no_terminal_and_a_line_that_nobody_reads_is_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[object] = []
    monkeypatch.setattr(os, "isatty", failing)
    assert not an_invocation().is_terminal(0)

    def write(descriptor: int, data: bytes) -> None:
        tried.append((descriptor, data))
        raise BrokenPipeError

    monkeypatch.setattr(hit, "write", write)
    an_invocation().say("ü\udc80")
    assert tried == [(2, b"\xc3\xbc\\udc80\n")]


def test_a_line_is_read_behind_its_prompt_and_the_end_of_the_input_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[int, bytes]] = []
    monkeypatch.setattr(hit, "write", lambda *given: said.append(given))
    monkeypatch.setattr("sys.stdin", io.StringIO(" dev \n"))
    assert an_invocation().read_line("Number or name") == " dev "
    assert said == [(2, b"Number or name: ")]
    with pytest.raises(KeyboardInterrupt):
        an_invocation().read_line("Number or name")


def test_warnings_are_logged_and_said_once_before_a_program_takes_this_one_s_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[bytes] = []
    logged: list[tuple[str, str]] = []
    monkeypatch.setattr(hit, "write", lambda _descriptor, data: said.append(data))
    monkeypatch.setattr(audit_log, "append", lambda _at, event: logged.append((event["profile"], event["message"])))
    invocation = an_invocation()
    invocation.warn(Warning("one", "mend it"))
    for _ in range(2):
        invocation.show_warnings()
    assert said == [b"assume-helper: warning: one; mend it\n"]
    assert logged == [("dev", "one; mend it")]
