"""Builds what is published: the sdist, the pure wheel, and a wheel with the front for each system.

python front/wheels.py [FOLDER], with hatchling and ziglang installed (the dependency group `wheels`). Two builds of the
same files make the same bytes, whatever the folder, the time or the umask.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from build_hook import FORM, TARGET, TARGETS

ROOT = Path(__file__).resolve().parent.parent


def artifacts() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each thing to build: its name, hatchling's name of its kind, and the variables that say which form."""
    yield "sdist", "sdist", {}
    yield "pure", "wheel", {FORM: "none"}
    for name in TARGETS:
        yield name, "wheel", {FORM: "zig", TARGET: name}


def build(kind: str, variables: dict[str, str], folder: Path) -> Path:
    """The file that hatchling builds, moved into `folder`. Where it fails, it ends the program with what was said."""
    with tempfile.TemporaryDirectory() as empty:
        command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", empty]
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        if done.returncode != 0:
            sys.exit(done.stdout.decode("utf-8", "replace"))
        (made,) = Path(empty).iterdir()
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / made.name
        target.write_bytes(made.read_bytes())
        return target


def main() -> None:
    """Build all, and say what each is called, how large it is, and how long it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dist")
    folder: Path = parser.parse_args().folder
    for old in folder.glob("assume_helper-*"):
        old.unlink()
    for name, kind, variables in artifacts():
        begun = time.monotonic()
        made = build(kind, variables, folder)
        print(f"{name:14} {made.name} ({made.stat().st_size // 1024} KB, {time.monotonic() - begun:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
