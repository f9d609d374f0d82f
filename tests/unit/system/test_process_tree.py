"""What is killed with a process, and what is not."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from front import wait_for
from needs import needs_ps
from started import is_alive, number

from assume_helper.system import process_tree


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe as `process.run` makes one: what reads from it, and what the program writes to."""
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        os.close(descriptor)


def inode(pipe: tuple[int, int]) -> int:
    return os.fstat(pipe[0]).st_ino


def ends_by_itself(program: "subprocess.Popen[bytes]") -> bool:
    """Whether nobody has killed or stopped a program: it ends by the next signal."""
    program.terminate()
    return program.wait(60) == -signal.SIGTERM


def now() -> float:
    """In the ticks of the kernel by which it tells when a process began."""
    return float(Path("/proc/uptime").read_text().split()[0]) * os.sysconf("SC_CLK_TCK")


# Starts itself so many times, each the next one's parent, and then writes its number.
NESTED = """
import os, subprocess, sys, time
if sys.argv[2] == "0":
    with open(sys.argv[1], "w") as file:
        file.write(f"{os.getpid()}\\n")
    time.sleep(300)
subprocess.call([sys.executable, __file__, sys.argv[1], str(int(sys.argv[2]) - 1)])
"""


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_what_a_process_has_started_is_killed_with_it(tmp_path: Path, depth: int) -> None:
    (tmp_path / "nested.py").write_text(NESTED)
    beside = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    words = [sys.executable, str(tmp_path / "nested.py"), str(tmp_path / "number"), str(depth)]
    with subprocess.Popen(words) as child:
        left = number(tmp_path / "number")
        process_tree.kill(child, has_group=False)
    wait_for(lambda: not is_alive(left), 5)
    assert beside.poll() is None, "it is of the same parent"
    beside.kill()
    beside.wait(60)


@needs_ps
def test_without_proc_ps_tells_whose_children_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.path.exists
    monkeypatch.setattr(os.path, "exists", lambda path: path != "/proc/self/stat" and real(path))
    child = subprocess.Popen(["sh", "-c", f"sleep 300 & echo $! > {tmp_path}/number; wait"])
    left = number(tmp_path / "number")
    process_tree.kill(child, has_group=False)
    child.wait(60)
    wait_for(lambda: not is_alive(left), 5)


@pytest.mark.parametrize("output", ["", "> /dev/null"])
def test_an_orphan_is_found_by_the_output_that_it_still_has_and_a_daemon_has_none(
    tmp_path: Path, pipe: tuple[int, int], output: str
) -> None:
    command = f"(setsid sh -c 'echo $$ > {tmp_path}/number; exec sleep 300' {output} &); exec sleep 300"
    with subprocess.Popen(["sh", "-c", command], stdout=pipe[1]) as child:
        left = number(tmp_path / "number")
        process_tree.kill(child, has_group=False, pipes=[inode(pipe)])
    if not output:
        wait_for(lambda: not is_alive(left), 5)
        return
    assert is_alive(left)
    os.kill(left, signal.SIGKILL)


def test_a_server_that_was_there_before_and_was_handed_the_output_lives_on(
    tmp_path: Path, pipe: tuple[int, int]
) -> None:
    """As ssh hands it to its ControlMaster."""
    os.mkfifo(tmp_path / "handed")
    server = subprocess.Popen(
        ["sh", "-c", f"read output < {tmp_path}/handed; exec > $output; echo $$ > {tmp_path}/number; exec sleep 300"]
    )
    began = int(Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()[19])
    wait_for(lambda: now() > began + 1)
    command = f"exec 3>&1; echo /proc/$$/fd/3 > {tmp_path}/handed; exec sleep 300"
    with subprocess.Popen(["sh", "-c", command], stdout=pipe[1]) as child:
        assert number(tmp_path / "number") == server.pid
        process_tree.kill(child, has_group=False, pipes=[inode(pipe)])
    assert ends_by_itself(server)


def test_who_reads_the_output_lives_on(pipe: tuple[int, int]) -> None:
    readers = [subprocess.Popen(["sleep", "300"], stdin=pipe[0])]
    with subprocess.Popen(["sleep", "300"], stdout=pipe[1]) as child:
        readers.append(subprocess.Popen(["sleep", "300"], stdin=pipe[0]))
        process_tree.kill(child, has_group=False, pipes=[inode(pipe)])
    assert [ends_by_itself(reader) for reader in readers] == [True, True]


def test_what_is_not_told_of_a_process_is_none() -> None:
    none = 2**22 + 1  # more than the kernel ever gives (proc(5), pid_max)
    assert process_tree._began(none) == 0
    assert process_tree._began(os.getpid()) > 0
    assert not process_tree._writes(none, [1])
    process_tree._send(none, signal.SIGSTOP)


def test_a_ps_that_does_not_answer_tells_of_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(words: list[str], **given: float) -> None:
        raise subprocess.TimeoutExpired(words, given["timeout"])

    monkeypatch.setattr(os.path, "exists", lambda _path: False)
    monkeypatch.setattr(subprocess, "run", run)
    assert process_tree._parents() == {}


def test_a_program_is_killed_where_nothing_tells_what_it_has_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def parents() -> dict[int, int]:
        raise OSError

    monkeypatch.setattr(process_tree, "_parents", parents)
    child = subprocess.Popen(["sleep", "300"])
    process_tree.kill(child, has_group=False)
    assert child.wait(60) == -signal.SIGKILL
