"""The conformance suite: builds the clients that are missing, checks all, and writes the matrix into the documents.

python tests/conformance/run.py            # what is missing on this machine is skipped, and said so
CI=true python tests/conformance/run.py    # nothing may be missing
python tests/conformance/run.py go-v2 rust # these alone; the page stays as it is
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import powershell
from conformance import building, matrix
from conformance.clients import CLIENTS, ROOT, Client

# Two builds at once are what two cores and the memory of the largest allow; checks wait more than they compute.
BUILDS = 2
WORKERS = os.environ.get("CONFORMANCE_WORKERS", "4")


def built(client: Client) -> bool:
    """Build `client` if need be; whether it is there now."""
    if client.missing():
        print(f"{client.label}: cannot be built or run here: install {', '.join(client.missing())}", flush=True)
        return False
    if building.is_built(client):
        return True
    began = time.monotonic()
    log = building.cache() / f"{client.name}.log"
    with log.open("w", encoding="utf-8") as file:
        done = building.build(client, file)
    took = f"{time.monotonic() - began:.0f} s"
    if done:
        print(f"{client.label}: built in {took}", flush=True)
    else:
        print(f"{client.label}: NOT built, after {took}: {log} ends with", flush=True)
        print(*log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:], sep="\n", flush=True)
    return done


def checked(clients: list[Client]) -> tuple[int, dict[str, dict[str, str]]]:
    """pytest's exit code, and the cells of the matrix."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        chosen = [] if len(clients) == len(CLIENTS) else ["-k", " or ".join(f"[{client.name}]" for client in clients)]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", WORKERS, "--durations", "10", *chosen, "tests/conformance"],
            cwd=ROOT,
            env=os.environ | {"CONFORMANCE_RESULTS": str(results)},
            check=False,
        )
        return done.returncode, json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}


def main() -> int:
    began = time.monotonic()
    clients = [client for client in CLIENTS if client.name in sys.argv[1:] or len(sys.argv) == 1]
    powershell.program()  # for the SDK for .NET
    building.cache().mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(BUILDS) as pool:
        there = list(pool.map(built, sorted(clients, key=lambda client: -client.build_minutes)))
    builds = time.monotonic() - began
    code, cells = checked(clients)
    found = matrix.measured(clients, cells)
    print(matrix.table(found))
    holes = matrix.holes(found, clients)
    for hole in holes:
        print(f"a hole: {hole}")
    print(f"{len(clients)} clients: {builds:.0f} s for what was to be built, {time.monotonic() - began:.0f} s in all")
    if code != 0 or (not all(there) and os.environ.get("CI") == "true"):
        return 1
    if holes:
        print("Not all is here: docs/reference/sdk-matrix.md stays as it is.")
        return int(os.environ.get("CI") == "true")
    if len(clients) == len(CLIENTS):
        matrix.write(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
