"""Programs that are run to their end: their exit codes, what they leave, what they say on a terminal."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from front import wait_for
from started import is_alive, number

from assume_helper.system import child_signal, process, terminal

if sys.platform != "win32":
    import pty

ENVIRON = {"PATH": os.environ["PATH"]}


@pytest.fixture
def ignored() -> Iterator[None]:
    old = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGCHLD, old)


def test_its_exit_code_its_output_and_its_errors_are_kept() -> None:
    code = "import os, sys; os.write(1, b'out'); os.write(2, b'error'); sys.exit(7)"
    finished = process.run([sys.executable, "-c", code], os.environ, 60)
    assert (finished.returncode, finished.communicate(), finished.too_long) == (7, (b"out", b"error"), False)


def test_it_has_a_limit_of_time_and_one_of_its_output() -> None:
    with pytest.raises(TimeoutError):
        process.run([sys.executable, "-c", "import time; time.sleep(300)"], os.environ, 0.2)
    finished = process.run([sys.executable, "-c", "print('x' * 1000000)"], os.environ, 60, longest=100)
    assert (finished.stdout, finished.too_long) == (b"x" * 100, True)


@pytest.mark.usefixtures("ignored")
@pytest.mark.parametrize("code", [0, 1, 7])
def test_the_exit_code_is_known_where_sigchld_is_ignored_and_that_stays(code: int) -> None:
    finished = process.run(["sh", "-c", f"echo out; exit {code}"], ENVIRON, 60)
    assert (finished.returncode, finished.stdout) == (code, b"out\n")
    assert signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN


@pytest.mark.usefixtures("ignored")
def test_for_a_program_in_this_one_s_place_it_is_as_it_was() -> None:
    with child_signal.waiting():
        assert signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL
        with child_signal.waiting():
            pass
        child_signal.restore()
        assert signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN


@pytest.mark.parametrize("on_terminal", [False, True])
@pytest.mark.parametrize("depth", [1, 3])
def test_out_of_time_what_it_has_started_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_terminal: bool, depth: int
) -> None:
    monkeypatch.setattr(terminal, "is_there", lambda: on_terminal)
    command = f"sleep 300 & echo $! > {tmp_path}/number; wait"
    for _ in range(depth - 1):
        command = (
            f"sh -c '{command}' & wait"
            if "'" not in command
            else f'sh -c "{command.replace("$", chr(92) + "$")}" & wait'
        )
    with pytest.raises(TimeoutError):
        process.run(["sh", "-c", command], ENVIRON, 1)
    left = number(tmp_path / "number")
    wait_for(lambda: not is_alive(left), 5)


@pytest.mark.skipif(shutil.which("setsid") is None, reason="needs setsid")
@pytest.mark.parametrize("on_terminal", [False, True])
@pytest.mark.parametrize("is_orphan", [False, True])
def test_out_of_time_what_has_left_its_session_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_terminal: bool, is_orphan: bool
) -> None:
    monkeypatch.setattr(terminal, "is_there", lambda: on_terminal)
    own_session = f"setsid sh -c 'sleep 300 & echo $! > {tmp_path}/number; wait' &"
    command = f"({own_session}) ; sleep 300" if is_orphan else f"{own_session} wait"
    with pytest.raises(TimeoutError):
        process.run(["sh", "-c", command], ENVIRON, 1)
    left = number(tmp_path / "number")
    wait_for(lambda: not is_alive(left), 5)


@pytest.mark.parametrize("on_terminal", [False, True])
def test_what_it_leaves_behind_when_it_ends_by_itself_lives_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_terminal: bool
) -> None:
    """An agent."""
    monkeypatch.setattr(terminal, "is_there", lambda: on_terminal)
    command = f"sleep 300 > /dev/null 2>&1 & echo $! > {tmp_path}/number"
    assert process.run(["sh", "-c", command], ENVIRON, 60).returncode == 0
    left = number(tmp_path / "number")
    assert is_alive(left)
    os.kill(left, signal.SIGKILL)


def test_without_a_terminal_it_has_a_group_of_its_own_and_on_one_it_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """There a program in another group may not read from the terminal."""
    program = [sys.executable, "-c", "import os; print(os.getpgrp())"]
    for on_terminal in (False, True):
        monkeypatch.setattr(terminal, "is_there", lambda found=on_terminal: found)
        group = int(process.run(program, ENVIRON, 60).stdout)
        assert (group == os.getpgrp()) is on_terminal


def shown(command: str, seconds: float = 60) -> str:
    """What a program that says something on standard error puts on a terminal."""
    master, screen = pty.openpty()
    try:
        process.run(["sh", "-c", command], ENVIRON, seconds, screen)
        os.write(screen, b"END")
        data = b""
        while not data.endswith(b"END"):
            data += os.read(master, 4096)
    finally:
        os.close(master)
        os.close(screen)
    return data.decode()[:-3]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("touch your key\\n", "touch your key\r\n"),
        ("no end", "no end"),
        ("a\\tb\\r\\nc", "a       b\r\nc"),
        ("\\033]0;title\\007\\033[2J", "\\x1b]0;title\\x07\\x1b[2J"),
        ("yes\\rno", "yes\r\nno"),
        ("\\302\\233x\\302\\205", "\\x9bx\\x85"),
        ("\\342\\200\\256abc", "\\u202eabc"),
        ("\\377", "\ufffd"),
        ("gr\\303\\274n", "gr\u00fcn"),
    ],
)
def test_what_it_says_is_shown_without_control_characters(said: str, expected: str) -> None:
    assert shown(f"printf '{said}' >&2") == expected


def test_it_is_shown_at_once_and_the_output_is_kept_apart() -> None:
    master, screen = pty.openpty()
    reader, writer = os.pipe()
    try:
        # It ends when it is told to, which is after its words were seen.
        command = "printf 'touch it' >&2; read line < /dev/fd/3; echo 123456"
        program = [sys.executable, "-c", f"import os; os.dup2({reader}, 3); os.execvp('sh', ['sh', '-c', {command!r}])"]
        os.set_inheritable(reader, True)
        import threading

        seen = []

        def watch() -> None:
            seen.append(os.read(master, 100))
            os.write(writer, b"go\n")

        threading.Thread(target=watch, daemon=True).start()
        real = subprocess.Popen
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(subprocess, "Popen", lambda *a, **k: real(*a, **k, pass_fds=[reader]))
            finished = process.run(program, ENVIRON, 60, screen)
        assert (seen, finished.stdout, finished.stderr) == ([b"touch it"], b"123456\n", b"")
    finally:
        for descriptor in (master, screen, reader, writer):
            os.close(descriptor)


def test_far_too_much_is_not_shown_and_does_not_block() -> None:
    begin = time.monotonic()
    master, screen = pty.openpty()
    import threading

    read = bytearray()

    def drain() -> None:
        try:
            while data := os.read(master, 65536):
                read.extend(data)
        except OSError:
            pass

    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    process.run(["sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x >&2"], ENVIRON, 60, screen)
    os.close(screen)
    thread.join(10)
    os.close(master)
    assert 0 < len(read) <= 64 * 1024
    assert time.monotonic() - begin < 30
