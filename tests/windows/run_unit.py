"""Runs the unit tests with the CPython for Windows, under Wine, but for those in `not_run.toml`: three parts at once.

python tests/windows/run_unit.py [TESTS BELOW tests/unit, which one process runs]
"""

import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parents[2] / "front")]

import built
import wine
from built import ROOT
from windows import windows_unit
from windows.windows_unit import UNIT

# Two parts that take about as long as all the rest. Many tests wait, so that two cores run three.
PARTS = ({"cache", "profiles", "sources", "doctor", "sts"}, {"logins", "sessions"})
# Seconds for one part, on a busy machine.
_LONGEST = 1500


def parts() -> list[list[str]]:
    """The folders and files below `unit`, each in one part."""
    names = {path.name for path in UNIT.iterdir() if path.name.startswith("test_") or path.is_dir()} - {"__pycache__"}
    return [sorted(part) for part in (*PARTS, names.difference(*PARTS))]


def unpack(folder: Path) -> Path:
    """A Python for Windows, with the helper of this checkout installed as the tests look for it: beside it is the
    command, its launcher that of pip.
    """
    python = wine.unpack(folder, [ROOT, ROOT / "tests", folder / "own"])
    (folder / "wheel").mkdir()
    with zipfile.ZipFile(built.wheel(folder / "wheel", ASSUME_HELPER_FRONT="none")) as wheel:
        wheel.extractall(folder / "own", [name for name in wheel.namelist() if ".dist-info/" in name])
    launcher = (wine.fetch() / "site/pip/_vendor/distlib/t64.exe").read_bytes()
    script = wine.script(launcher, b"#!" + wine.path(python).encode() + b"\r\n")
    (python.parent / "assume-helper.exe").write_bytes(script)
    return python


def start(python: Path, tests: list[str], folder: Path, number: int) -> "subprocess.Popen[bytes]":
    """pytest for some of the tests, its output in a pipe."""
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", windows_unit.__name__, "--tb=short"]
    places = ["--rootdir", wine.path(ROOT), "--basetemp", wine.path(folder / f"base-{number}")]
    return subprocess.Popen(
        ["wine", str(python), "-m", "pytest", *options, *places, *(wine.path(UNIT / name) for name in tests)],
        cwd=ROOT,
        env=wine.environ(folder / "prefix"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        umask=0o077,
    )


def main() -> int:
    """Run all parts; 1 where a test failed, or one that is left out is not there."""
    stale = windows_unit.stale()
    if stale:
        print("not_run.toml names what is not there: " + ", ".join(stale))
        return 1
    with tempfile.TemporaryDirectory(prefix="windows-unit-") as made:
        folder = Path(made)
        began = time.monotonic()
        python = unpack(folder)
        try:
            running = [
                start(python, tests, folder, number)
                for number, tests in enumerate([sys.argv[1:]] if sys.argv[1:] else parts())
            ]
            codes = []
            for process in running:
                out, _ = process.communicate(timeout=_LONGEST)
                codes.append(process.returncode)
                said = out.decode("utf-8", "replace").replace("\r\n", "\n")
                print(said if process.returncode else said.rstrip().rpartition("\n")[2], flush=True)
            print(f"unit tests for Windows: {time.monotonic() - began:.0f} s")
            return int(any(codes))
        finally:
            subprocess.run(["wineserver", "-k"], env=wine.environ(folder / "prefix"), check=False, timeout=60)


if __name__ == "__main__":
    sys.exit(main())
