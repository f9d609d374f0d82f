"""What a hit costs, as a ratio to a bare interpreter, all measured in one run.

    python benchmarks/hit.py [--rounds N] [--json FILE]

Each round starts every form once, in turn, so that what else the machine does falls on all of them; the ratio is that
of the medians (and, beside it, of the minima). STS is a local one, and is asked once, before the measuring begins.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples" / "walkthrough"))

import boto3
import local_aws
import prepare

PROFILES = 10_000


def forms(home: Path, large: Path) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Each form by its name: the command, and the environment it runs in."""
    import assume_helper

    # The same interpreter in every form: a virtual environment's own.
    python = sys.executable
    entry = str(Path(assume_helper.__file__).parent / "__main__.py")
    script = str(Path(sysconfig.get_path("scripts")) / "assume-helper")
    small_environ = {"HOME": str(home)}
    large_environ = {"HOME": str(large)}
    return {
        "python -I -S -c pass": ([python, "-I", "-S", "-c", "pass"], small_environ),
        "python -I -S .../__main__.py get": ([python, "-I", "-S", entry, "get", prepare.ROLE], small_environ),
        f"the same, {PROFILES} profiles": ([python, "-I", "-S", entry, "get", prepare.ROLE], large_environ),
        "console script": ([script, "get", prepare.ROLE], small_environ),
        "python -m assume_helper": ([sys.executable, "-m", "assume_helper", "get", prepare.ROLE], small_environ),
    }


def measured(rounds: int, runs: dict[str, tuple[list[str], dict[str, str]]]) -> dict[str, list[float]]:
    """Seconds of each form, in every round."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 3):
        for name, (command, environ) in runs.items():
            begun = time.perf_counter()
            subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
            if number >= 3:
                times[name].append(time.perf_counter() - begun)
    return times


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure a hit beside a bare interpreter.")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="assume-helper-bench-") as folder, local_aws.started() as url:
        home, large = Path(folder, "small"), Path(folder, "large")
        (home / ".aws").mkdir(parents=True)
        (large / ".aws").mkdir(parents=True)
        administrator = boto3.Session("local", "local", region_name="us-east-1")
        prepare.prepare(administrator, url, home / ".aws", "assume-helper")
        local_aws.close(url)
        config = (home / ".aws" / "config").read_text()
        others = "".join(f"[profile other-{n}]\nregion = eu-central-1\nrole_arn = x\n" for n in range(PROFILES))
        (large / ".aws" / "config").write_text(config + others)
        (large / ".aws" / "credentials").write_text((home / ".aws" / "credentials").read_text())
        runs = forms(home, large)
        for command, environ in runs.values():  # fill the caches: one miss each
            subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        times = measured(options.rounds, runs)
    bare = times["python -I -S -c pass"]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {options.rounds} rounds")
    rows = {}
    for name, values in times.items():
        median, minimum = statistics.median(values), min(values)
        rows[name] = {
            "median_ms": median * 1000,
            "ratio_of_medians": median / statistics.median(bare),
            "ratio_of_minima": minimum / min(bare),
        }
        print(
            f"{name:36} {median * 1000:7.2f} ms   median {rows[name]['ratio_of_medians']:5.2f}"
            f"   minimum {rows[name]['ratio_of_minima']:5.2f}"
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
