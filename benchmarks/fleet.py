"""A fleet that was booted together: how many calls a second STS gets, with what this helper does and without.

    python benchmarks/fleet.py [--hosts N] [--hours N] [--lifetime SECONDS] [--svg FILE] [--json FILE]

Each host has one session, programs that run all day, and perhaps commands of the AWS CLI. When something is asked
for, served and refreshed is not written down here: a `Session` of the helper's own says it, with its own window, jitter
and refresh ahead, and `single_flight` how long STS is left alone after a failure. When a program asks again was
measured with the real SDKs. Hosts meet nowhere but at STS, so they are gone through one by one.
"""

import argparse
import heapq
import json
import math
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import plot

from assume_helper.cache.session import Session, printed_expiration
from assume_helper.credentials import LAST_RESORT, Credentials
from assume_helper.sessions.time_budget import BACK_OFF

# Programs that run on, by the SDK that they are written with: with less than so many seconds left they ask again.
PROGRAMS = {
    "botocore": 900,
    "JavaScript v3": 300,
    "JavaScript v2": 15,
    "Java": 15,
    "Kotlin": 10,
    "Rust": 10,
    "Go": 0,
}
# On average, in seconds: between two requests of such a program, and between two commands of the AWS CLI on a host
# that has any, which is every other one. A command is a new process, which always asks.
REQUESTS = 1.0
COMMANDS = 600.0
# With cron they come on all hosts at once.
CRON = 300
# Hosts that are booted together are up within so many seconds. What they ask until twice that is the boot's own.
BOOT = 5.0
EPOCH = 1_800_000_000
KEY = "0" * 64
_NOBODY = Credentials("", "")


@dataclass(frozen=True)
class Trial:
    """What is tried: whether clients see a jittered end, whether the helper goes by one itself, and the pause after
    a failure. And where: whether all hosts run the same programs, or each some of them; whether it is cron that runs
    the commands; and when STS is away (seconds after the boot).
    """

    prints_jittered: bool = True
    refreshes_by_jittered: bool = True
    retry_after: tuple[float, float] = BACK_OFF
    alike: bool = True
    cron: bool = False
    away: tuple[float, float] = (math.inf, math.inf)


NEITHER = Trial(prints_jittered=False, refreshes_by_jittered=False)
REFRESH_JITTER = Trial(prints_jittered=False)
JITTERED = Trial()
# Ten minutes, in which all that is cached comes to its window for the first time.
_AWAY = (2400.0, 3000.0)
_EQUAL = (sum(BACK_OFF) / 2,) * 2
DRAWN = {
    "no jitter": NEITHER,
    "jitter of the helper's own refresh only": REFRESH_JITTER,
    "jittered, as the helper is": JITTERED,
}
TRIALS = DRAWN | {
    "each host with other programs, neither": replace(NEITHER, alike=False),
    "each host with other programs, jittered": replace(JITTERED, alike=False),
    "STS away for 10 min, neither, equal pauses": replace(NEITHER, retry_after=_EQUAL, away=_AWAY),
    "STS away for 10 min, neither": replace(NEITHER, away=_AWAY),
    "STS away for 10 min, jittered": replace(JITTERED, away=_AWAY),
    "commands by cron every 5 min, neither": replace(NEITHER, cron=True),
    "commands by cron every 5 min, jittered": replace(JITTERED, cron=True),
}


@dataclass(frozen=True)
class Program:
    """Something that wants credentials: `margin` seconds before their end; `pause` is the mean between two wishes."""

    margin: float
    pause: float
    by_cron: bool = False

    def next(self, earliest: float, draw: random.Random) -> float:
        """When it first wants something at or after `earliest`. (A Poisson process has no memory.)"""
        if self.by_cron:
            return math.ceil(earliest / CRON) * CRON + draw.random()
        return earliest + draw.expovariate(1 / self.pause)


def programs(trial: Trial, draw: random.Random) -> list[Program]:
    """What runs on a host."""
    some = draw.choices(list(PROGRAMS), k=draw.randint(1, 3))
    found = [Program(PROGRAMS[name], REQUESTS) for name in (PROGRAMS if trial.alike else some)]
    if draw.random() < 0.5:
        found.append(Program(math.inf, COMMANDS, trial.cron))
    return found


@dataclass
class Host:
    """One host: what its helper has cached, and which calls it has made."""

    name: str
    lifetime: int
    trial: Trial
    draw: random.Random
    called: Callable[[float], None]
    told: float = 0.0
    true_end: float = 0.0
    entry: Session | None = None
    retry_at: float = -math.inf

    def asked(self, now: float) -> tuple[float, float]:
        """The helper is asked: the end that it prints, and until when asking again would change nothing."""
        found = self.entry
        if found is not None and found.is_fresh(EPOCH + now):
            told = self.told
            if now >= found.refreshed_from - EPOCH and now >= self.retry_at:
                self._call(now)
            return told, self._unchanged(now)
        usable = found is not None and found.left(EPOCH + now) > LAST_RESORT
        if (usable and now < self.retry_at) or self._call(now) or usable:
            assert self.entry is not None
            return self.told if self.told - now > LAST_RESORT else self.true_end, self._unchanged(now)
        return now, now

    def _unchanged(self, now: float) -> float:
        assert self.entry is not None
        if self.entry.is_fresh(EPOCH + now):
            return max(self.entry.refreshed_from - EPOCH, self.retry_at)
        return min(self.retry_at, self.true_end - LAST_RESORT)

    def _call(self, now: float) -> bool:
        self.called(now)
        if self.trial.away[0] <= now < self.trial.away[1]:
            self.retry_at = now + self.draw.uniform(*self.trial.retry_after)
            return False
        end = datetime.fromtimestamp(int(EPOCH + now) + self.lifetime, UTC)
        jittered = printed_expiration(end, self.lifetime, self.name, KEY)
        by = jittered if self.trial.refreshes_by_jittered else end
        self.entry = Session(_NOBODY, end, by, EPOCH + now, self.lifetime)
        self.true_end = end.timestamp() - EPOCH
        self.told = jittered.timestamp() - EPOCH if self.trial.prints_jittered and jittered else self.true_end
        return True


def simulated(trial: Trial, hosts: int, hours: float, lifetime: int = 3600) -> list[int]:
    """How many calls STS gets in each second after the boot. The same hosts run the same programs in all trials."""
    seconds = int(hours * 3600)
    calls = [0] * seconds

    def called(now: float) -> None:
        calls[int(now)] += 1

    for number in range(hosts):
        draw = random.Random(number)
        host = Host(f"host-{number}", lifetime, trial, draw, called)
        booted = draw.uniform(0, BOOT)
        running = programs(trial, draw)
        waiting = [(program.next(booted, draw), index) for index, program in enumerate(running)]
        heapq.heapify(waiting)
        while waiting[0][0] < seconds:
            now, index = waiting[0]
            told, unchanged = host.asked(now)
            earliest = max(now, told - running[index].margin, unchanged)
            heapq.heapreplace(waiting, (running[index].next(earliest, draw), index))
    return calls


def later(calls: list[int], trial: Trial) -> list[int]:
    """Without the first seconds, in which every host has nothing and calls; and without those in which STS is away."""
    return calls[int(2 * BOOT if trial.away[1] == math.inf else trial.away[1]) :]


def main() -> int:
    parser = argparse.ArgumentParser(description="Simulate a fleet that was booted together.")
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--lifetime", type=int, default=3600)
    parser.add_argument("--svg", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    print(f"{options.hosts:,} hosts, {options.hours:g} h, sessions of {options.lifetime} s")
    print(f"{'calls a second:':44} {'boot':>6} {'peak':>6}   calls an hour and host")
    rows = {}
    drawn = {}
    for name, trial in TRIALS.items():
        calls = simulated(trial, options.hosts, options.hours, options.lifetime)
        rest = later(calls, trial)
        hourly = sum(rest) / len(rest) * 3600 / options.hosts
        rows[name] = {"boot": max(calls[: int(2 * BOOT)]), "peak": max(rest), "hourly": hourly}
        print(f"{name:44} {rows[name]['boot']:6} {rows[name]['peak']:6}   {hourly:.2f}", flush=True)
        if name in DRAWN:
            drawn[name] = calls
    if options.svg:
        title = f"Calls to STS a second (the most in five minutes), {options.hosts:,} hosts booted together"
        options.svg.write_text(plot.peaks(drawn, title), encoding="utf-8")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
