"""Runs the unit tests with the CPython for Windows, under Wine, but for those in `not_run.toml`: two at a time.

python tests/windows/run_unit.py [FOLDER OF THE REPORTS]
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parents[2] / "front")]

import wine
from built import ROOT

# In two halves that take about as long.
HALVES = (
    ("cache", "profiles", "sources", "doctor"),
    ("sts", "sessions", "logins", "configure", "cli", "export", "system"),
)
_PLUGIN = "windows_unit"
# Seconds for one half, on a busy machine.
_LONGEST = 1500


def words(half: tuple[str, ...], folder: Path) -> list[str]:
    """The command line of pytest for one half, in a folder of its own."""
    tests = [wine.path(ROOT / "tests/unit" / name) for name in half]
    if half is HALVES[0]:
        tests += [wine.path(path) for path in sorted((ROOT / "tests/unit").glob("test_*.py"))]
    return ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", _PLUGIN, "--tb=short",
            "--rootdir", wine.path(ROOT), "--basetemp", wine.path(folder), *tests]  # fmt: skip


def main() -> int:
    """Run both halves; 1 where a test failed."""
    with tempfile.TemporaryDirectory(prefix="windows-unit-") as made:
        folder = Path(made)
        python = wine.unpack(folder, [ROOT, ROOT / "tests", ROOT / "tests/windows"])
        environ = wine.environ(folder / "prefix")
        try:
            began = time.monotonic()
            running = [
                subprocess.Popen(
                    ["wine", str(python), *words(half, folder / f"base-{number}")],
                    cwd=ROOT,
                    env=environ,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    umask=0o077,
                )
                for number, half in enumerate(HALVES)
            ]
            codes = []
            for process in running:
                out, _ = process.communicate(timeout=_LONGEST)
                codes.append(process.returncode)
                said = out.decode("utf-8", "replace").replace("\r\n", "\n")
                print(said if process.returncode else said[-200:], flush=True)
            print(f"unit tests for Windows: {time.monotonic() - began:.0f} s")
            return int(any(codes))
        finally:
            subprocess.run(["wineserver", "-k"], env=environ, check=False, timeout=60)


if __name__ == "__main__":
    sys.exit(main())
