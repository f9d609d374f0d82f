"""What each path of the front costs, counted and not timed: system calls, and memory."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from front import wait_for
from native_front import HANDED_ON, IS_SANITIZED, Scene, calls_made
from needs import needs_strace

from assume_helper import hit

pytestmark = [needs_strace, pytest.mark.skipif(IS_SANITIZED, reason="the sanitizers make calls of their own")]

TRUE = "/bin/true"
# System calls beyond those of `true`, which is linked to libc too; for `exec` beyond those of two of them, for what is
# handed on beyond those of the script that takes over. Measured, and three more for another libc.
ANSWERED: dict[tuple[str, ...], int] = {
    ("get", "dev"): 34,
    ("get", "dev", "--read-only"): 34,
    ("env", "dev", "--shell", "sh"): 35,
    ("completion", "zsh", "--", "get", ""): 26,
    ("completion", "bash"): 15,
    ("--version",): 15,
}
EXECUTED: dict[tuple[str, ...], int] = {("exec", "dev", "--", TRUE): 31, ("exec", "dev", "--", "true"): 32}
HANDED: dict[tuple[str, ...], int] = {("list",): 19, ("get", "other"): 39}
# Memory of a hit in KiB, as `time -v` shows it; the target is 2 MB.
MOST_MEMORY = 2048


@pytest.fixture
def full(warm: Scene) -> Scene:
    for typed in (
        ["env", "dev", "--shell", "sh"],
        ["get", "dev", "--read-only"],
        ["completion", "zsh", "--", "get", ""],
    ):
        warm.fill(*typed)
    warm.home.environ["PATH"] = "/nonexistent:/bin"
    return warm


def calls(scene: Scene, program: Path, *typed: str) -> int:
    """How many system calls a run makes."""
    trace = scene.home.folder / "calls"
    ran = scene.run(program, *typed, before=["/usr/bin/strace", "-f", "-c", "-o", str(trace)])
    assert ran.code in (0, HANDED_ON), ran
    return calls_made(trace.read_text())


@pytest.mark.parametrize("typed", ANSWERED, ids=" ".join)
def test_an_answer_takes_few_calls(full: Scene, typed: tuple[str, ...]) -> None:
    found = calls(full, full.alone, *typed) - calls(full, Path(TRUE))
    assert found <= ANSWERED[typed]


@pytest.mark.parametrize("typed", EXECUTED, ids=" ".join)
def test_exec_takes_few_calls_more(full: Scene, typed: tuple[str, ...]) -> None:
    found = calls(full, full.alone, *typed) - 2 * calls(full, Path(TRUE))
    assert found <= EXECUTED[typed]


@pytest.mark.parametrize("typed", HANDED, ids=" ".join)
def test_handing_on_takes_few_calls_more(full: Scene, typed: tuple[str, ...]) -> None:
    script = calls(full, full.alone.with_name("assume-helper-python"))
    found = calls(full, full.alone, *typed) - calls(full, Path(TRUE)) - script
    assert found <= HANDED[typed]


@pytest.mark.parametrize("typed", [("get", "dev"), ("completion", "zsh", "--", "get", "")], ids=" ".join)
def test_ten_thousand_profiles_take_no_call_more_than_one(full: Scene, typed: tuple[str, ...]) -> None:
    before = calls(full, full.alone, *typed)
    with full.home.config.open("a") as config:
        config.writelines(f"[profile other-{n}]\nregion = eu-central-1\n" for n in range(10_000))
    os.utime(full.home.config, ns=(0, 1_700_000_000_123_456_788))
    full.fill(*typed)
    assert calls(full, full.alone, *typed) <= before + 1


def test_a_hit_takes_little_memory(full: Scene) -> None:
    """Also where all that it reads is as large as it may be. It is held up by a pipe that is full."""
    for entry in full.home.entries():
        payload = hit.unseal(entry.read_bytes())
        entry.write_bytes(hit.seal(payload + b" " * (hit.LARGEST_FILE - len(hit.seal(payload)))))
    for typed in (["get", "dev"], ["env", "dev", "--shell", "sh"], ["--version"]):
        read, write = os.pipe()
        os.set_blocking(write, False)
        with suppress(BlockingIOError):
            while os.write(write, b"x" * 4096):
                pass
        os.set_blocking(write, True)
        with full.start(full.alone, *typed, stdout=write) as child:
            wait_for(lambda pid=child.pid: told(pid, "State")[0] == "S")  # type: ignore[misc]
            used = int(told(child.pid, "VmHWM").split()[0])
            os.close(write)
            with open(read, "rb") as file:
                assert file.read().strip(b"x")
        assert child.returncode == 0
        assert used <= MOST_MEMORY


def told(pid: int, what: str) -> str:
    """What the kernel says of a process that is the front by now."""
    text = Path(f"/proc/{pid}/status").read_text()
    return text.partition(f"{what}:")[2].partition("\n")[0].strip() if "Name:\tassume-helper" in text else "-"
