"""A process beside another one: it is told of that one's end by the kernel, or looks."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from front import wait_for
from started import is_alive

from assume_helper.system import process_beside

# Starts the process, which writes its number and lives on until the end of the one that becomes `sleep`.
PROGRAM = """
import os, select, sys
from assume_helper.system import process_beside
{before}
def run(watch):
    with open(sys.argv[1], "w") as file:
        file.write(f"{{os.getpid()}} {{watch.descriptor is None}}\\n")
    looks = set()
    while not watch.is_over():
        looks.add(getattr(watch, "next_look", 0))
        with open(sys.argv[1] + ".looks", "w") as file:
            file.write("+" * len(looks))
        select.select([] if watch.descriptor is None else [watch.descriptor], [], [], 0.1)
process_beside.start(run)
print("started", flush=True)
os.execvp("sleep", ["sleep", "60"])
"""
KINDS = {
    "pidfd": "",
    "none here": "del os.pidfd_open",
    "not allowed": "def refuse(_): raise PermissionError(1, 'Operation not permitted')\nos.pidfd_open = refuse",
    "neither": "del os.pidfd_open\nprocess_beside._began = lambda _: ''",
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_ends_with_the_process_that_it_watches(tmp_path: Path, kind: str) -> None:
    words = [sys.executable, "-c", PROGRAM.format(before=KINDS[kind]), str(tmp_path / "said")]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"
    wait_for(lambda: (tmp_path / "said").exists() and (tmp_path / "said").read_text().endswith("\n"))
    number, looks = (tmp_path / "said").read_text().split()
    assert looks == str(kind != "pidfd")
    if kind != "pidfd":
        looked = tmp_path / "said.looks"
        wait_for(lambda: looked.exists() and len(looked.read_text()) > 2)
    assert is_alive(int(number))
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    wait_for(lambda: not is_alive(int(number)), 10)
    assert process.stdout.read() == b"", "it does not hold the caller's streams open"
    process.stdout.close()


def test_what_cannot_be_started_is_said(tmp_path: Path) -> None:
    before = "def refuse(): raise BlockingIOError(11, 'Resource temporarily unavailable')\nos.fork = refuse"
    words = [sys.executable, "-c", PROGRAM.format(before=before), str(tmp_path / "said")]
    done = subprocess.run(words, capture_output=True, check=False, timeout=60)
    assert b"cannot be started (Resource temporarily unavailable); try again" in done.stderr


def test_a_process_that_is_watched_by_its_number_is_over_when_it_has_ended_or_another_has_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process_beside, "_LOOK", 0.0)
    child = subprocess.Popen(["sleep", "300"])
    try:
        watch = process_beside._own_watch(child.pid)
        assert not watch.is_over()
        assert process_beside._ByNumber(child.pid, "an earlier start").is_over()
    finally:
        child.kill()
        child.wait(60)
    assert watch.is_over()
    assert process_beside._began(child.pid) == ""


def test_it_is_looked_at_once_a_second_and_may_become_another_user_s(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def kill(number: int, _signal: int) -> None:
        looked.append(number)
        raise PermissionError

    monkeypatch.setattr(os, "kill", kill)
    watch = process_beside._ByNumber(os.getpid(), process_beside._began(os.getpid()))
    assert [watch.is_over(), watch.is_over()] == [False, False]
    assert looked == [os.getpid()]


def test_a_kernel_without_descriptors_of_processes_has_them_watched_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_number: int) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "pidfd_open", unknown, raising=False)
    watch = process_beside._watch(os.getpid())
    assert isinstance(watch, process_beside._ByNumber)
    assert (watch.number, watch.began) == (os.getpid(), process_beside._began(os.getpid()))


def test_where_open_descriptors_are_not_listed_all_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {0, 1, 2} <= set(process_beside._open_descriptors())

    def listdir(_path: str) -> list[str]:
        raise OSError

    monkeypatch.setattr(os, "listdir", listdir)
    monkeypatch.setattr(os, "sysconf", lambda _name: 10**9)
    assert process_beside._open_descriptors() == list(range(4096))
