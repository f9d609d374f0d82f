"""The fuzzer: each target in a process of its own, guided by what of our code an input reaches (atheris, libFuzzer).

    python tests/fuzz/run.py [--seconds N | --runs N] [--jobs N] [TARGET...]

N is shared by all targets. The seeds are tests/fuzz/corpus; what else reaches something new is kept in .fuzz, from
where the next run goes on. An input that fails is left in .fuzz/failed: it is to become a seed, once it no longer does.
"""

import argparse
import importlib.util
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOUND = HERE.parent.parent / ".fuzz"
# A few kilobytes hold all that the parsers know; longer inputs are for the tests.
LONGEST = 4096


def fuzz(target: str, arguments: list[str]) -> None:
    """Run one target in this process; ends it."""
    import atheris

    sys.path.insert(0, str(HERE.parent))
    with atheris.instrument_imports(include=["assume_helper", "configparser", "json"]):
        from fuzz import targets

    atheris.enabled_hooks.add("RegEx")
    atheris.enabled_hooks.add("str")
    atheris.Setup([sys.argv[0], *arguments], targets.TARGETS[target])
    atheris.Fuzz()


def tried(target: str, limit: str) -> tuple[str, int, str]:
    """Run one target in a process of its own: its name, how many inputs it has had, and what it said if it failed."""
    found, failed = FOUND / target, FOUND / "failed"
    for folder in (found, failed):
        folder.mkdir(parents=True, exist_ok=True)
    arguments = [str(found), str(HERE / "corpus" / target), f"-artifact_prefix={failed}/{target}-", limit]
    arguments += [f"-max_len={LONGEST}", "-timeout=30", "-rss_limit_mb=1024", "-print_final_stats=1", "-verbosity=0"]
    command = [sys.executable, str(Path(__file__)), "--one", target, "--", *arguments]
    begun = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    said = done.stdout.decode("utf-8", "replace")
    units = re.search(r"stat::number_of_executed_units: +(\d+)", said)
    count = int(units.group(1)) if units else 0
    is_well = done.returncode == 0 and count > 0
    seconds = time.monotonic() - begun
    print(f"{target:12} {count:9,} inputs in {seconds:5.0f} s  {'ok' if is_well else 'failed'}", flush=True)
    return target, count, "" if is_well else said or f"exit {done.returncode}"


def main() -> int:
    if sys.argv[1:2] == ["--one"]:
        fuzz(sys.argv[2], sys.argv[4:])
    parser = argparse.ArgumentParser(description="Fuzz the parsers.")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not here: it has wheels for Linux on x86-64 only. tests/unit/test_any_bytes.py needs none.")
        return 1
    targets = options.targets or sorted(path.name for path in (HERE / "corpus").iterdir())
    seconds = max(1, options.seconds * options.jobs // len(targets))
    limit = f"-runs={options.runs // len(targets)}" if options.runs else f"-max_total_time={seconds}"
    with ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(tried, targets, [limit] * len(targets)))
    failures = {target: said for target, _, said in results if said}
    for said in failures.values():
        print(said)
    print(f"{sum(count for _, count, _ in results):,} inputs; failed: {', '.join(failures) or 'none'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
