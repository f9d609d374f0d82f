"""Wheels, built from this source tree as an installer builds them, and what is in them."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import build_hook

ROOT = Path(__file__).resolve().parent.parent
# What `make wheels` has made.
PUBLISHED = Path(os.environ.get("WHEELS", ROOT / "dist"))
SCRIPT = "data/scripts/assume-helper"


def environ(**more: str) -> dict[str, str]:
    """The environment of a build or an installer: without what coverage and pytest put there, and with `more`."""
    ours = ("COVERAGE_", "PYTEST_", "ASSUME_HELPER_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | more


def wheel(folder: Path, *, root: Path = ROOT, **more: str) -> Path:
    """The wheel that is built into `folder`; `more` are variables. The build must do."""
    done = run_build(folder, root=root, **more)
    assert done.returncode == 0, done.stdout
    (built,) = folder.glob("*.whl")
    return built


def run_build(folder: Path, *, root: Path = ROOT, **more: str) -> "subprocess.CompletedProcess[str]":
    """A build of a wheel into `folder`, with hatchling as it is in this environment: nothing is fetched."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    return subprocess.run(
        command, cwd=root, env=environ(**more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def published(name: str) -> Path:
    """The wheel that is published for a system, one of `build_hook.TARGETS`, or the pure one."""
    tags = build_hook.TARGETS[name].platforms if name != "pure" else "any"
    (found,) = PUBLISHED.glob(f"assume_helper-*-py3-none-{tags}.whl")
    return found


def metadata(wheel: Path, name: str) -> str:
    """The text of a file of the wheel's .dist-info."""
    with zipfile.ZipFile(wheel) as file:
        (found,) = [each for each in file.namelist() if each.endswith(f".dist-info/{name}")]
        return file.read(found).decode()


def commands(wheel: Path) -> list[str]:
    """The names of the wheel's entry points."""
    lines = metadata(wheel, "entry_points.txt").splitlines()
    assert lines[0] == "[console_scripts]"
    assert all(line.endswith(" = assume_helper.start:main") for line in lines[1:])
    return [line.partition(" ")[0] for line in lines[1:]]


def program(wheel: Path) -> bytes | None:
    """The front in the wheel; None in a pure one. It is a file that may be executed."""
    with zipfile.ZipFile(wheel) as file:
        scripts = [each for each in file.infolist() if ".data/" in each.filename]
        if not scripts:
            return None
        (script,) = scripts
        assert script.filename.removesuffix(".exe").endswith(SCRIPT)
        assert script.external_attr >> 16 & 0o777 == 0o755
        return file.read(script)
