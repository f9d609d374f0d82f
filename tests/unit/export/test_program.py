"""A program that is run with credentials: which shell, how it is started, and what is said where it cannot be."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from assume_helper.errors import ProgramNotFound, ProgramNotRunnable
from assume_helper.export import parent_shell, program

if sys.platform != "win32":
    import pwd


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    names = ("SIGINT", "SIGPIPE", "SIGXFSZ")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


# The reasons are the system's.
ABSENT, NO_PROGRAM = ("No such file or directory", "Permission denied") if sys.platform != "win32" else (".+", ".+")


def unknown_user(_number: int) -> None:
    raise KeyError


def test_the_shell_is_the_parent_s_else_the_caller_s_else_the_user_s_else_sh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent_shell, "find", lambda _environ: "/bin/parent")
    assert program.shell({"SHELL": "/bin/mine"}) == ["/bin/parent"]
    monkeypatch.setattr(parent_shell, "find", lambda _environ: None)
    monkeypatch.setattr(pwd, "getpwuid", lambda _number: SimpleNamespace(pw_shell="/bin/theirs"))
    assert program.shell({"SHELL": "/bin/mine"}) == ["/bin/mine"]
    assert program.shell({"SHELL": ""}) == ["/bin/theirs"]
    monkeypatch.setattr(pwd, "getpwuid", lambda _number: SimpleNamespace(pw_shell=""))
    assert program.shell({}) == ["/bin/sh"]
    monkeypatch.setattr(pwd, "getpwuid", unknown_user)
    assert program.shell({}) == ["/bin/sh"]


@pytest.mark.parametrize("code", [0, 7])
def test_beside_this_process_it_has_its_environment_and_gives_its_exit_code(code: int, tmp_path: Path) -> None:
    tells = f"import os; open({str(tmp_path / 'given')!r}, 'w').write(os.environ['GIVEN']); raise SystemExit({code})"
    words = [sys.executable, "-I", "-S", "-c", tells]
    assert program.run(words, {"GIVEN": "a b"}) == code
    assert (tmp_path / "given").read_text() == "a b"


def test_an_interrupt_is_left_to_the_program() -> None:
    assert program.run(["/bin/sh", "-c", 'kill -s INT "$PPID"'], {}) == 0  # it would raise KeyboardInterrupt here


@pytest.mark.parametrize("start", [program.run, program.exec_program])
def test_what_cannot_be_started_is_named(start: object, tmp_path: Path) -> None:
    assert callable(start)
    (tmp_path / "file").write_text("no program")
    with pytest.raises(ProgramNotFound, match=rf"none-such cannot be started \({ABSENT}\); correct"):
        start([str(tmp_path / "none-such")], {})
    with pytest.raises(ProgramNotRunnable, match=rf"file cannot be started \({NO_PROGRAM}\)"):
        start([str(tmp_path / "file")], {})
    with pytest.raises(ProgramNotRunnable, match=r"cannot be started \(it is not a command\)"):
        start(["a\0b"], {})


def test_a_program_in_this_one_s_place_gets_the_signals_that_python_ignores(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def execvpe(name: str, words: list[str], environ: dict[str, str]) -> None:
        seen.extend([name, words, environ, signal.getsignal(signal.SIGPIPE), signal.getsignal(signal.SIGXFSZ)])
        raise PermissionError(13, "stopped here")

    monkeypatch.setattr(os, "execvpe", execvpe)
    with pytest.raises(ProgramNotRunnable, match="stopped here"):
        program.exec_program(["sh", "-c", "true"], {"A": "b"})
    assert seen == ["sh", ["sh", "-c", "true"], {"A": "b"}, signal.SIG_DFL, signal.SIG_DFL]
