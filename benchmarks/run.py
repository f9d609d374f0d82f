"""What it costs to be given credentials, by assume-helper and by what people would pick instead, as ratios.

    python benchmarks/run.py [--rounds N] [--only GROUP] [--peer NAME=COMMAND] [--keep DIR] [--here] [--no-peers]

All in one run: within a group each round starts every program once, in turn, so that what else the machine does falls
on all of them. The ratios are those of the medians, with those of the minima beside them. STS is a local one. Compiled
programs are measured where they are on PATH or named; what was not run in this run is not shown. Python programs
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
from pathlib import Path
from typing import Any

import chart
import commands
import installed
import peers
import scene
import targets
from bench import Bench, Rows, filled
from installed import Environment
from measure import Run, in_turn, load, peak_memory, rows
from scene import HELPED

HERE = Path(__file__).resolve().parent
SIZES = (1, 40, 100, 10_000)


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
    "the front": commands.front,
    "memory of the front": commands.front_memory,
    "without the front": commands.without_front,
    "warm": warm,
    "warm, 1 at once": lambda bench: warm_at_once(bench, 1),
    "warm, 10 at once": lambda bench: warm_at_once(bench, 10),
    "warm, 100 at once": lambda bench: warm_at_once(bench, 100),
    "memory": memory,
    "a miss, STS answers at once": commands.miss,
    "herd": commands.herd,
    "cold": cold,
    "cold, 1 at once": lambda bench: cold_at_once(bench, 1),
    "cold, 10 at once": lambda bench: cold_at_once(bench, 10),
    "cold, 100 at once": lambda bench: cold_at_once(bench, 100),
}


def machine() -> dict[str, Any]:
    """Where this is measured, in words."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def measure_all(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All groups that are wanted, and what is to be said about them."""
    say("setting up ...")
    ours = Environment(Path(sys.prefix)) if options.here else installed.ours(folder)
    old = None if options.here else installed.ours(folder, installed.OLD_PIP)
    front, static, left_out = (None, None, {}) if options.here else _fronts(folder)
    with tempfile.TemporaryDirectory(prefix="assume-helper-bench-") as home, scene.set_up(Path(home), SIZES) as set_up:
        found = peers.Found()
        if options.peers:
            found = peers.found(set_up, folder, ours, options.peer, install=not options.here)
        found.left_out |= left_out
        for name, why in found.left_out.items():
            say(f"not measured: {name}: {why}")
        bench = Bench(set_up, ours, old, front, static, found, options.rounds)
        before = load()
        groups = {}
        for name, group in GROUPS.items():
            if not options.only or name in options.only:
                measured = group(bench)
                if measured:
                    groups[name] = measured
                    show(name, measured)
    return {
        "machine": machine() | {"load_before": before, "load_after": load()},
        "versions": {peer.name: peer.version for peer in found.peers},
        "left_out": found.left_out,
        "groups": groups,
        "targets": targets.judged(groups),
    }


def _fronts(folder: Path) -> tuple[Environment | None, Environment | None, dict[str, str]]:
    """The environments with the front, linked dynamically and statically; and why there is none."""
    front, why = installed.with_front(folder, installed.DYNAMIC)
    static, why_static = installed.with_front(folder, *installed.STATIC)
    left_out = {"the front": why, "the static front": why_static}
    return front, static, {name: reason for name, reason in left_out.items() if reason}


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
            ratio = f"{values['ratio']:7.2f}" if "ratio" in values else ""
            say(f"  {row:46}{values['median_kib']:9.0f} KiB{ratio}")


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
        result = measure_all(options, folder)
    options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    options.chart.write_text(chart.drawn(result), encoding="utf-8")
    say("\ntargets")
    for target in result["targets"]:
        word = "reached" if target["reached"] else "MISSED"
        say(f"  {word:8}{target['measured']:7.2f} <= {target['limit']:<5} {target['group']}: {target['what']}")
    for missing in targets.not_measured(result["groups"]):
        say(f"  not measured      {missing.group}: {missing.what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
