"""Fuzzes every parser of the native front with libFuzzer, AddressSanitizer and UndefinedBehaviourSanitizer.

    python front/fuzz/fuzz_front.py [--seconds N | --runs N] [--jobs N] [TARGET...]

It needs clang. N is shared by all targets. The seeds are front/fuzz/corpus; what else reaches something new is kept in
.fuzz/front, from where the next run goes on. An input that fails is left in .fuzz/front/failed.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
FRONT = HERE.parent
FOUND = FRONT.parent / ".fuzz" / "front"
TARGETS = ("line", "seal", "hit", "entry", "names", "tab", "script", "tries")
_SANITIZERS = ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"]
_LONGEST = 4096


def build() -> Path:
    """The fuzzer, compiled by clang."""
    FOUND.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, str(FRONT / "generate.py"), str(FOUND / "generated.h")], check=True)
    command = ["clang", "-std=c17", "-D_GNU_SOURCE", "-g", "-O1", *_SANITIZERS, f"-I{FOUND}", f"-I{FRONT}"]
    subprocess.run([*command, str(HERE / "harness.c"), "-o", str(FOUND / "harness")], check=True)
    return FOUND / "harness"


def tried(harness: Path, target: str, limit: str) -> tuple[str, int, str]:
    """Run one target: its name, how many inputs it has had, and what it said if it failed."""
    found, failed = FOUND / target, FOUND / "failed"
    for folder in (found, failed):
        folder.mkdir(exist_ok=True)
    command = [str(harness), str(found), str(HERE / "corpus" / target), f"-artifact_prefix={failed}/{target}-", limit]
    command += [f"-max_len={_LONGEST}", "-timeout=30", "-print_final_stats=1", "-verbosity=0"]
    environ = {**os.environ, "FRONT_FUZZ_TARGET": target}
    begun = time.monotonic()
    done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    said = done.stdout.decode("utf-8", "replace")
    units = re.search(r"stat::number_of_executed_units: +(\d+)", said)
    count = int(units.group(1)) if units else 0
    is_well = done.returncode == 0 and count > 0
    print(
        f"{target:8} {count:11,} inputs in {time.monotonic() - begun:5.0f} s  {'ok' if is_well else 'failed'}",
        flush=True,
    )
    return target, count, "" if is_well else said or f"exit {done.returncode}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the native front.")
    how_long = parser.add_mutually_exclusive_group()
    how_long.add_argument("--seconds", type=int, default=60)
    how_long.add_argument("--runs", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    options = parser.parse_args()
    targets = options.targets or list(TARGETS)
    each = options.runs // len(targets) if options.runs else options.seconds * options.jobs // len(targets)
    limit = f"-runs={each}" if options.runs else f"-max_total_time={max(each, 1)}"
    harness = build()
    with ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda target: tried(harness, target, limit), targets))
    print(f"all      {sum(count for _, count, _ in results):11,} inputs")
    for target, _, said in results:
        if said:
            print(f"== {target}\n{said}")
    return int(any(said for _, _, said in results))


if __name__ == "__main__":
    sys.exit(main())
