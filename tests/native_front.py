"""The native front, built once for the tests, and scenes that both forms of the program play: they must not differ.

The forms: `python` is the console script, `native` the front with that script beside it. `make sanitize` builds the
front with AddressSanitizer and UndefinedBehaviourSanitizer instead.
"""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import fast_path
import preloaded
from front import Front
from running import Home

_ROOT = Path(__file__).resolve().parent.parent
SOURCES = _ROOT / "front"
_WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]
_SANITIZED = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover", "-fno-omit-frame-pointer"]
IS_SANITIZED = os.environ.get("ASSUME_HELPER_SANITIZED_FRONT") == "1"
# strace ends what LeakSanitizer does at the end; a front that is killed says so with this code.
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:exitcode=99:abort_on_error=0:handle_segv=1",
    "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1",
}
# What a neighbour that only says that it was called exits with.
HANDED_ON = fast_path.FULL_WAY
_RECORDER = f"#!/bin/sh\nexit {HANDED_ON}\n"


def console_script() -> Path:
    """The Python program of this environment: beside an installed front it has another name."""
    folder = Path(sys.executable).parent
    beside = folder / "assume-helper-python"
    return beside if beside.exists() else folder / "assume-helper"


def compile_front(folder: Path, *options: str) -> Path:
    """The front, compiled into `folder` by the system's C compiler; what that finds wrong is an error."""
    subprocess.run([sys.executable, str(SOURCES / "generate.py"), str(folder / "generated.h")], check=True)
    program = folder / "assume-helper"
    command = ["cc", "-std=c17", "-D_GNU_SOURCE", *_WARNINGS, *options, f"-I{folder}", f"-I{SOURCES}"]
    subprocess.run([*command, *sorted(map(str, SOURCES.glob("*.c"))), "-o", str(program)], check=True)
    return program


def built(shared: Path) -> Path:
    """The front in `shared`, with the Python program beside it: built by whoever comes first, the others wait."""
    folder = shared / "front"
    with open(shared / "front.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            new = Path(tempfile.mkdtemp(dir=shared))
            compile_front(new, *(_SANITIZED if IS_SANITIZED else ["-O2"]))
            shutil.copy(console_script(), new / "assume-helper-python")
            new.rename(folder)
    return folder / "assume-helper"


def with_recorder(native: Path, folder: Path) -> Path:
    """A copy of the front, beside which is no Python: handing on is exit code HANDED_ON, at once."""
    folder.mkdir()
    shutil.copy(native, folder / "assume-helper")
    recorder, beside = folder / "recorder", folder / "assume-helper-python"
    recorder.write_text(_RECORDER)
    beside.write_text(f"#!{recorder}\n")
    for each in (recorder, beside):
        each.chmod(0o755)
    return folder / "assume-helper"


@contextmanager
def for_everybody(native: Path) -> Iterator[Path]:
    """A copy of the front and its neighbour in a folder that every user can read."""
    with tempfile.TemporaryDirectory(prefix="front-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for each in ("assume-helper", "assume-helper-python"):
            shutil.copy(native.parent / each, folder / each)
        yield folder / "assume-helper"


def interpreter(script: Path) -> str:
    """What the first line of a script names."""
    return script.read_text().partition("\n")[0].removeprefix("#!").strip()


@dataclass(frozen=True)
class Seen:
    """What a run has printed, and what it has done: the calls to STS, and the cache's files afterwards."""

    code: int
    stdout: bytes
    stderr: bytes
    calls: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def said(self) -> str:
        return self.stderr.decode("utf-8", "replace")


@dataclass
class Scene:
    """A home with its STS, in which both forms do the same.

    `raw` are entries of the environment, as they are, behind the others: of those that have no `=` or a name that is
    there already, a mapping knows nothing. `before` comes before the program's path, `{}` in it is replaced by the
    whole command, quoted for a shell. Beside the front `alone` there is no Python (see `with_recorder`).
    """

    home: Home
    sts: Front
    python: Path
    native: Path
    alone: Path

    def start(
        self,
        program: Path,
        *arguments: str | bytes,
        before: Sequence[str] = (),
        raw: Sequence[bytes] = (),
        environ: Mapping[str, str] | None = None,
        **more: object,
    ) -> "subprocess.Popen[bytes]":
        env = {os.fsencode(n): os.fsencode(v) for n, v in (environ or self.home.environ).items()}
        command = [*map(os.fsencode, before), os.fsencode(program), *map(os.fsencode, arguments)]
        if any(b"{}" in word for word in command[: len(before)]):
            words = command[len(before) :]
            typed = b" ".join(b"'" + word.replace(b"'", b"'\\''") + b"'" for word in words)
            command = [os.fsencode(word).replace(b"{}", typed) for word in before]
        if raw:
            entries = self.home.folder / "entries"
            entries.write_bytes(b"\0".join([*(n + b"=" + v for n, v in env.items()), *raw]))
            launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("raw_execve.py")), str(entries)]
            command = [*map(os.fsencode, launcher), *command]
        options: dict[str, object] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "cwd": self.home.folder,
            "start_new_session": True,
        }
        return subprocess.Popen(command, env=env, **{**options, **more})  # type: ignore[call-overload,no-any-return]

    def fill(self, *arguments: str, **environ: str) -> None:
        """Let the Python program write the cache, its libraries loaded already."""
        given = self.home.environ | environ
        ran = preloaded.run(str(self.python), arguments, given, self.home.folder, 90)
        assert ran is not None
        assert ran.returncode == 0, ran.stderr

    def run(self, program: Path, *arguments: str | bytes, **options: object) -> Seen:
        """One form, to its end."""
        self.sts.calls.clear()
        with self.start(program, *arguments, **options) as child:  # type: ignore[arg-type]
            stdout, stderr = child.communicate(timeout=120)
        return Seen(child.returncode, stdout or b"", stderr or b"", self.calls(), self.files())

    def both(
        self,
        *arguments: str | bytes,
        is_answered: bool | None = None,
        before: Sequence[str] = (),
        **options: object,
    ) -> Seen:
        """Both forms, each from the same state of the cache: what both did, which is the same.

        `is_answered` says whether the front is to have executed no Python program, or is to have handed on.
        """
        with self.kept():
            python = self.run(self.python, *arguments, before=before, **options)
        trace = self.home.folder / "trace"
        tracing = ["strace", "-f", "-qq", "--seccomp-bpf", "-s", "4096", "-e", "trace=execve", "-o", str(trace)]
        with self.kept():
            native = self.run(self.native, *arguments, before=[*tracing, *before], **options)
        assert self.alike(native) == self.alike(python), _difference(native, python)
        if is_answered is not None:
            count = pythons(trace.read_text(errors="replace"), self.native)
            assert (count == 0) is is_answered, trace.read_text(errors="replace")
        return native

    def quick(
        self,
        *arguments: str | bytes,
        is_answered: bool | None = None,
        raw: Sequence[bytes] = (),
        environ: Mapping[str, str] | None = None,
        **more: str,
    ) -> Seen:
        """What both fast paths do, the front's and Python's, which is the same; the code is HANDED_ON where they go on.

        Where nothing is said of `is_answered` the front may hand on what Python answers.
        """
        given = self.home.environ | dict(environ or {}) | more
        variables = {os.fsencode(name): os.fsencode(value) for name, value in given.items()}
        for entry in raw:
            name, equals, value = entry.partition(b"=")
            if equals:
                variables.setdefault(name, value)
        with self.kept():
            python = Seen(*fast_path.run(arguments, variables, str(self.home.folder)), files=self.files())
        with self.kept():
            native = self.run(self.alone, *arguments, environ=given, raw=raw)
        if is_answered is not None:
            assert (native.code != HANDED_ON) is is_answered, native
        if is_answered is not None or native.code != HANDED_ON:
            assert native == python, _difference(native, python)
        return native

    def alike(self, seen: Seen) -> Seen:
        """Without the program's own path, in which the forms differ.

        And without a new session's `Expiration`: it is less than the true end by a part of what the session lasts, and
        the second run's lasts less.
        """
        stdout, stderr = seen.stdout, seen.stderr
        if seen.calls:
            stdout = re.sub(rb'"Expiration":"[^"]*"', b'"Expiration":""', stdout)
        for program in (self.python, self.native):
            stdout, stderr = (text.replace(os.fsencode(program), b"PROGRAM") for text in (stdout, stderr))
        return Seen(seen.code, stdout, stderr, seen.calls, seen.files)

    def calls(self) -> tuple[str, ...]:
        return tuple(call.action for call in self.sts.calls)

    def files(self) -> dict[str, str]:
        """The cache's files: owner, mode, and the content of those in which there is no time."""
        found = {}
        for path in sorted(self.home.cache.rglob("*")):
            status = path.lstat()
            told = f"{status.st_mode:o} {status.st_uid}"
            if path.suffix == ".hit" and path.is_file() and not path.is_symlink():
                told += f" {_timeless(path.read_bytes()).hex()}"
            found[path.name] = told
        return found

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Bring the cache, and all else in the home but the config, back to what it was."""
        before = self.home.folder.with_name("before")
        subprocess.run(["cp", "-a", "--", str(self.home.folder), str(before)], check=True)
        try:
            yield
        finally:
            for name in (".cache", ".local"):
                subprocess.run(["rm", "-rf", "--", str(self.home.folder / name)], check=True)
                if os.path.lexists(before / name):
                    subprocess.run(["cp", "-a", "--", str(before / name), str(self.home.folder / name)], check=True)
            subprocess.run(["rm", "-rf", "--", str(before)], check=True)


def _timeless(content: bytes) -> bytes:
    """A `.hit` file without its seal, and without the time and the mark of a failure."""
    return re.sub(rb"\n-\n[0-9.]+\n([0-9]+)\n[0-9a-f]*\n", rb"\n-\n\1\n", content.partition(b"\n")[2])


def pythons(trace: str, native: Path) -> int:
    """How many times the Python program was executed, by the account of strace."""
    beside = native.with_name("assume-helper-python")
    programs = {interpreter(beside), str(beside)}
    executed = re.findall(r'execve\("([^"]+)".* = 0$', trace, flags=re.M)
    return sum(json.loads(f'"{path}"') in programs for path in executed)


def calls_made(trace: str) -> int:
    """How many system calls, by the account of `strace -c`."""
    found = re.search(r"^100\.00 +\S+ +\S+ +([0-9]+) .*total$", trace, flags=re.M)
    assert found is not None, trace
    return int(found.group(1))


def is_waiting(pid: int) -> bool:
    """Whether a process waits at the gate: a signal that ends it is caught, and it holds the gate's file open."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        links = [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return False
    (caught,) = (int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(caught & 1 << signal.SIGTERM - 1) and any(link.endswith(".door") for link in links)


def _difference(native: Seen, python: Seen) -> str:
    pairs = ((name, getattr(native, name), getattr(python, name)) for name in ("code", "stdout", "stderr", "calls"))
    told = [f"{name}: native {one!r}, python {two!r}" for name, one, two in pairs if one != two]
    names = sorted(native.files.items() ^ python.files.items())
    return "\n".join([*told, *(f"{name} {value}" for name, value in names)])
