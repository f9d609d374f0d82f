"""How long processes take, and how much memory: every one in turn, so that what else the machine does falls on all."""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

# Rounds that are not counted: files come into memory, modules are compiled.
_UNCOUNTED = 2
_LONGEST = 300.0
# Runs a program's file as its path would be run, and prints the most memory that this took, in KiB. (What `wait4` says
# is no less than what the process had that started it.)
_PEAK = """
import os, sys, time
def tell(code=0):
    with open("/proc/self/status") as file:
        os.write(2, [line.split()[1] for line in file if line.startswith("VmHWM")][0].encode())
    leave(code)
leave, os._exit = os._exit, tell
entry, sys.argv = sys.argv[1], sys.argv[1:]
if entry:
    as_main = {"__name__": "__main__", "__file__": entry, "__package__": None}
    exec(compile(open(entry).read(), entry, "exec"), as_main)
tell()
"""


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Run:
    """A command, the environment that it runs in, and what is done before it is started, which is not measured.

    `beside` are further commands, which are started right behind it: the time is until all have ended.
    """

    command: Sequence[str]
    environ: Mapping[str, str] = field(repr=False)
    before: Callable[[], None] = _nothing
    beside: Sequence[Sequence[str]] = ()


def ran(run: Run) -> "subprocess.CompletedProcess[bytes]":
    """Run it once; what it printed, and how it ended."""
    run.before()
    return subprocess.run(
        list(run.command), env=dict(run.environ), stdin=subprocess.DEVNULL, capture_output=True,
        timeout=_LONGEST, check=False,
    )  # fmt: skip


def problem(run: Run) -> str | None:
    """None where it prints credentials, else what is the matter, in a line that holds no secret."""
    try:
        done = ran(run)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"cannot be started ({type(error).__name__})"
    try:
        document = json.loads(done.stdout)
        has_credentials = "AccessKeyId" in document.get("Credentials", document)
    except (ValueError, AttributeError):
        has_credentials = False
    if done.returncode == 0 and has_credentials:
        return None
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"exit {done.returncode}" + (f": {said[-1][:200]}" if said else ", and no credentials")


def in_turn(runs: Mapping[str, Run], rounds: int, at_once: int = 1) -> dict[str, list[float]]:
    """Seconds of each in every round, from the start of the first process to the end of the last of `at_once`."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    uncounted = _UNCOUNTED if rounds > _UNCOUNTED else 0
    for number in range(uncounted + rounds):
        for name, run in runs.items():
            if hasattr(signal, "alarm"):
                signal.alarm(int(_LONGEST))  # what hangs ends all of this
            run.before()
            environ = dict(run.environ)
            begun = time.perf_counter()
            processes = [
                subprocess.Popen(
                    command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                for _ in range(at_once)
                for command in (run.command, *run.beside)
            ]  # fmt: skip
            # Without a limit: with one, Python looks after 1, 2, 4, 8 ms and so on whether it has ended, and that
            # would be what is measured.
            codes = [process.wait() for process in processes]
            took = time.perf_counter() - begun
            if number >= uncounted:
                times[name].append(took)
            if any(codes):
                raise RuntimeError(f"{name}: {sum(1 for code in codes if code)} of {len(codes)} failed")
    if hasattr(signal, "alarm"):
        signal.alarm(0)
    return times


def peak_memory(run: Run, rounds: int) -> float | None:
    """The most memory that a run of a Python file took, in KiB, in the median; None where that cannot be told.

    `run.command` is an interpreter with its options, then the file and its arguments; `-c pass` for the bare one.
    """
    if sys.platform != "linux":
        return None
    at = next((n for n, word in enumerate(run.command) if word == "-c" or word.endswith(".py")), None)
    if at is None:
        return None
    program = [] if run.command[at] == "-c" else list(run.command[at:])
    peaks = []
    for _ in range(rounds):
        done = ran(Run([*run.command[:at], "-c", _PEAK, *(program or [""])], run.environ))
        peaks.append(float(done.stderr.split()[-1]))
    return statistics.median(peaks)


def largest_size(run: Run, rounds: int) -> float | None:
    """The most memory that a program took, in KiB, in the median: the maximum resident set size that `time -v` shows.

    GNU time is a small program: what Python starts is said to have had at least what Python has. None without it.
    """
    gnu_time = shutil.which("time", path=os.defpath)
    if gnu_time is None:
        return None
    sizes = []
    for _ in range(rounds):
        done = ran(Run([gnu_time, "-f", "%M", *run.command], run.environ))
        if done.returncode != 0:
            return None
        sizes.append(float(done.stderr.split()[-1]))
    return statistics.median(sizes)


def rows(times: Mapping[str, Sequence[float]], against: str) -> dict[str, dict[str, float | str]]:
    """Each one's milliseconds and ratios; `against` is the one that is 1."""
    base = times[against]
    return {
        name: {
            "median_ms": round(statistics.median(values) * 1000, 2),
            "minimum_ms": round(min(values) * 1000, 2),
            "ratio": round(statistics.median(values) / statistics.median(base), 3),
            "ratio_of_minima": round(min(values) / min(base), 3),
            "against": against,
            "rounds": len(values),
        }
        for name, values in times.items()
    }


def load() -> float | None:
    """How many processes wanted to run in the last minute."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
