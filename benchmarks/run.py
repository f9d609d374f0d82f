"""What it costs to be given credentials, by assume-helper and by what people would pick instead, as ratios.

    python benchmarks/run.py [--rounds N] [--only GROUP] [--peer NAME=COMMAND] [--keep DIR] [--here] [--no-peers]

All in one run: within a group each round starts every program once, in turn, so that what else the machine does falls
on all of them. The ratios are those of the medians, with those of the minima beside them. STS is a local one. Programs
that are not here are installed from the package registry, each by itself, in a folder that is deleted (`--keep DIR`: in
DIR, and taken from there next time). Writes result.json and chart.svg beside this file.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chart
import installed
import peers
import scene
import targets
from installed import Environment
from measure import Run, in_turn, load, peak_memory, ran, rows
from scene import HELPED, Scene

HERE = Path(__file__).resolve().parent
SIZES = (1, 100, 10_000)
Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Bench:
    """All that the groups need: where, what, and how often."""

    scene: Scene
    ours: Environment
    old: Environment | None
    found: peers.Found
    rounds: int

    @property
    def package(self) -> str:
        code = "import assume_helper as a; print(a.__path__[0])"
        return ran(Run([self.ours.python, "-I", "-c", code], self.scene.environ())).stdout.decode().strip()

    def bare(self) -> Run:
        return Run([self.ours.python, "-I", "-S", "-c", "pass"], self.scene.environ())

    def fastest(self, profiles: int = 1) -> Run:
        entry = os.path.join(self.package, "__main__.py")
        return Run([self.ours.python, "-I", "-S", entry, "get", HELPED], self.scene.environ(profiles))

    def console(self, before: Callable[[], None] = lambda: None) -> Run:
        return Run([self.ours.script("assume-helper"), "get", HELPED], self.scene.environ(), before)


def hit(bench: Bench) -> Rows:
    """A warm hit in each form, and among many profiles."""
    runs = {targets.BARE: bench.bare(), targets.FASTEST: bench.fastest(), targets.CONSOLE: bench.console()}
    nothing = shutil.which("true", path=os.defpath)
    if nothing is not None:
        runs = {targets.NOTHING: Run([nothing], bench.scene.environ()), **runs}
    if bench.old is not None:
        script = bench.old.script("assume-helper")
        runs[targets.OLD_CONSOLE] = Run([script, "get", HELPED], bench.scene.environ())
    module = [bench.ours.python, "-m", "assume_helper", "get", HELPED]
    runs[targets.MODULE] = Run(module, bench.scene.environ())
    runs[targets.HUNDRED] = bench.fastest(100)
    runs[targets.TEN_THOUSAND] = bench.fastest(10_000)
    return rows(in_turn(filled(runs), bench.rounds), targets.BARE)


def warm(bench: Bench) -> Rows:
    """A warm hit beside those of the peers that remember what they got."""
    runs = {targets.BARE: bench.bare(), targets.FASTEST: bench.fastest(), targets.CONSOLE: bench.console()}
    runs |= {peer.name: peer.run for peer in bench.found.peers if peer.remembers}
    return rows(in_turn(filled(runs), max(bench.rounds // 4, 3)), targets.BARE)


def cold(bench: Bench) -> Rows:
    """A call to STS; and what the full way costs where none is needed."""
    forget = bench.scene.forget
    runs = {peer.name: peer.run for peer in bench.found.peers if not peer.remembers}
    for peer in bench.found.peers:
        if peer.name == targets.BOTO3_CACHED:
            runs[f"{peer.name}, a miss"] = Run(peer.run.command, peer.run.environ, forget)
    runs[targets.MISS] = bench.console(forget)
    runs[targets.EDITED] = bench.console(bench.scene.edit_config)
    against = targets.BOTO3 if targets.BOTO3 in runs else targets.MISS
    return rows(in_turn(filled(runs), max(bench.rounds // 4, 3)), against)


def warm_at_once(bench: Bench, count: int) -> Rows:
    """Many processes that start together, all hits."""
    runs = {targets.BARE: bench.bare(), targets.FASTEST: bench.fastest(), targets.CONSOLE: bench.console()}
    return rows(in_turn(filled(runs), max(bench.rounds // 4, 3), count), targets.BARE)


def cold_at_once(bench: Bench, count: int) -> Rows:
    """Many processes that start together, and nothing is cached."""
    forget = bench.scene.forget
    runs = {targets.BARE: bench.bare(), targets.MISS: bench.console(forget)}
    for peer in bench.found.peers:
        if peer.name == targets.BOTO3_CACHED:
            runs[f"{peer.name}, a miss"] = Run(peer.run.command, peer.run.environ, forget)
    return rows(in_turn(runs, max(bench.rounds // 20, 2), count), targets.BARE)


def memory(bench: Bench) -> Rows:
    """The most memory that a hit takes."""
    found: Rows = {}
    for name, run in filled({targets.BARE: bench.bare(), targets.FASTEST: bench.fastest()}).items():
        peak = peak_memory(run, max(bench.rounds // 10, 3))
        if peak is not None:
            found[name] = {
                "median_kib": peak,
                "ratio": round(peak / found[targets.BARE]["median_kib"], 3) if found else 1,
            }
    return found


GROUPS: dict[str, Callable[[Bench], Rows]] = {
    "hit": hit,
    "warm": warm,
    "warm, 1 at once": lambda bench: warm_at_once(bench, 1),
    "warm, 10 at once": lambda bench: warm_at_once(bench, 10),
    "warm, 100 at once": lambda bench: warm_at_once(bench, 100),
    "memory": memory,
    "cold": cold,
    "cold, 1 at once": lambda bench: cold_at_once(bench, 1),
    "cold, 10 at once": lambda bench: cold_at_once(bench, 10),
    "cold, 100 at once": lambda bench: cold_at_once(bench, 100),
}


def filled(runs: dict[str, Run]) -> dict[str, Run]:
    """`runs`, each started once: what is to be warm is warm. Raises RuntimeError where one fails."""
    for name, run in runs.items():
        done = ran(run)
        if done.returncode != 0:
            raise RuntimeError(f"{name}: exit {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-300:]}")
    return runs


def machine() -> dict[str, Any]:
    """Where this is measured, in words."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def measured(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All groups that are wanted, and what is to be said about them."""
    say("setting up ...")
    ours = Environment(Path(sys.prefix)) if options.here else installed.ours(folder)
    old = None if options.here else installed.ours(folder, installed.OLD_PIP)
    with tempfile.TemporaryDirectory(prefix="assume-helper-bench-") as home, scene.set_up(Path(home), SIZES) as set_up:
        found = peers.Found()
        if options.peers:
            found = peers.found(set_up, folder, ours, options.peer, install=not options.here)
        for name, why in found.left_out.items():
            say(f"not measured: {name}: {why}")
        bench = Bench(set_up, ours, old, found, options.rounds)
        before = load()
        groups = {}
        for name, group in GROUPS.items():
            if not options.only or name in options.only:
                groups[name] = group(bench)
                show(name, groups[name])
    return {
        "machine": machine() | {"load_before": before, "load_after": load()},
        "versions": {peer.name: peer.version for peer in found.peers},
        "left_out": found.left_out,
        "elsewhere": peers.ELSEWHERE,
        "groups": groups,
        "targets": targets.judged(groups),
    }


def say(text: str) -> None:
    print(text, flush=True)


def show(name: str, group: Rows) -> None:
    say(f"\n{name}")
    for row, values in group.items():
        if "median_ms" in values:
            say(
                f"  {row:46}{values['median_ms']:9.1f} ms{values['ratio']:8.2f}"
                f"   of minima{values['ratio_of_minima']:8.2f}   of: {values['against']}"
            )
        else:
            say(f"  {row:46}{values['median_kib']:9.0f} KiB{values['ratio']:7.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure assume-helper beside what people would pick instead.")
    parser.add_argument("--rounds", type=int, default=80, help="how often the quick ones are started (default: 80)")
    parser.add_argument("--only", action="append", choices=list(GROUPS), help="this group only; repeatable")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND", help="one more; {profile} in it")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="assume-helper alone")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where what is installed is kept")
    parser.add_argument("--here", action="store_true", help="install nothing: measure this environment")
    parser.add_argument("--json", type=Path, default=HERE / "result.json")
    parser.add_argument("--chart", type=Path, default=HERE / "chart.svg")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="assume-helper-bench-") as throwaway:
        folder = (options.keep or Path(throwaway)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        result = measured(options, folder)
    options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    options.chart.write_text(chart.drawn(result), encoding="utf-8")
    say("\ntargets")
    for target in result["targets"]:
        word = "reached" if target["reached"] else "MISSED"
        say(f"  {word:8}{target['measured']:7.2f} <= {target['limit']:<5}{target['group']}: {target['what']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
