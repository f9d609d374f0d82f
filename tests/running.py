"""Real processes of the helper, in an environment made for them: a home, a config, a cache, and nothing else."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import preloaded
import pytest

# What is tested: the console script, or the native front where its path is given (see CONTRIBUTING.md).
FRONT = os.environ.get("ASSUME_HELPER_TESTED_FRONT", "")
SCRIPT = FRONT or str(Path(sys.executable).parent / f"assume-helper{'.exe' * (sys.platform == 'win32')}")
PACKAGE = Path(__file__).resolve().parent.parent / "assume_helper"
# The same in the config.
WRITTEN = f'"{SCRIPT}"' if " " in SCRIPT else SCRIPT
# Below a user's home, on this system.
_LOCAL = "AppData/Local/assume-helper"
CACHE = ".cache/assume-helper" if sys.platform != "win32" else f"{_LOCAL}/Cache"
LOG = ".local/state/assume-helper/log.jsonl" if sys.platform != "win32" else f"{_LOCAL}/log.jsonl"
# Before a command: root without its right to pass over modes, who then is a user like any other.
_BARRED = "-dac_override,-dac_read_search"
LIKE_ANY_USER = (
    ["setpriv", f"--bounding-set={_BARRED}", f"--inh-caps={_BARRED}"]
    if sys.platform != "win32" and os.geteuid() == 0
    else []
)
# Secrets that no output but the document may ever show (see test_secrets).
SECRET = "CanarySecretAccessKey0123456789+/abcdefg"
ACCESS_KEY_ID = "AKIACANARY0123456789"


def windows(folder: Path) -> dict[str, str]:
    """What HOME is to Windows: the variables of a home in `folder`."""
    return {"USERPROFILE": str(folder), "LOCALAPPDATA": str(folder / "AppData/Local")}


def joined(*words: str) -> str:
    """A command line as the config has it, on this system."""
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def no_warning(warning: object) -> None:
    """What a test hands in where nothing is to be warned of."""
    pytest.fail(f"a warning: {warning}")


def into(lines: list[str]) -> "Callable[[object], None]":
    """What takes warnings and adds each to `lines` as text."""
    return lambda warning: lines.append(str(warning))


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """This process's umask, for a while."""
    old = os.umask(mask)
    try:
        yield
    finally:
        os.umask(old)


def is_at_the_lock(child: "subprocess.Popen[bytes]") -> bool:
    """Whether a process waits at the herd gate or the lock: the library for that is loaded, and signals that end it are
    caught.
    """
    try:
        maps, status = (Path(f"/proc/{child.pid}/{name}").read_text(encoding="utf-8") for name in ("maps", "status"))
    except OSError:
        return False
    (caught,) = (int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt:"))
    return "fcntl" in maps and bool(caught & 1 << signal.SIGTERM - 1)


@dataclass
class Home:
    """A user's home: its folder, the AWS config in it, and the environment of what runs there."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / ".aws").mkdir(parents=True, exist_ok=True)
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            **windows(self.folder),
            "AWS_EC2_METADATA_DISABLED": "true",
            # as where the helper is installed by itself: without botocore's crt extra, which would sign the calls, too
            "BOTO_DISABLE_CRT": "true",
            # what coverage needs to measure the processes too
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
        } | self.environ

    @property
    def config(self) -> Path:
        return self.folder / ".aws" / "config"

    @property
    def credentials(self) -> Path:
        return self.folder / ".aws" / "credentials"

    @property
    def cache(self) -> Path:
        return self.folder / CACHE

    @property
    def log(self) -> Path:
        return self.folder / LOG

    def unmeasured(self) -> None:
        """Leave coverage out of what runs here: a process that is killed would leave half a file of it."""
        self.environ = {n: v for n, v in self.environ.items() if not n.startswith("COVERAGE_")}

    def entries(self) -> list[Path]:
        return sorted(self.cache.glob("*.entry"))

    def start(self, *arguments: str, command: Sequence[str] = (SCRIPT,), **environ: str) -> "subprocess.Popen[bytes]":
        """`assume-helper` with `arguments`, its streams in pipes, standard input empty."""
        return subprocess.Popen(
            [*command, *arguments],
            env=self.environ | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            start_new_session=True,  # no terminal, also where the tests have one
        )

    def run(self, *arguments: str, command: Sequence[str] = (SCRIPT,), **environ: str) -> "Ran":
        """Run it to its end; a minute is far more than any deadline."""
        done = self.completed(*arguments, command=command, **environ)
        return Ran(done.returncode, done.stdout, done.stderr.decode("utf-8"))

    def completed(
        self, *arguments: str, command: Sequence[str] = (SCRIPT,), **environ: str
    ) -> "subprocess.CompletedProcess[bytes]":
        """As `run`, its output as it is: it may be no text.

        Where nothing is said of `command`, the libraries are loaded already (see preloaded); `[SCRIPT]` starts it from
        nothing.
        """
        env = self.environ | environ
        done = preloaded.run(SCRIPT, arguments, env, self.folder, 90) if command == (SCRIPT,) and not FRONT else None
        return done or subprocess.run(
            [os.fsencode(word) for word in (*command, *arguments)],
            env={os.fsencode(name): os.fsencode(value) for name, value in env.items()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=self.folder,
            start_new_session=True,
            timeout=180,
            check=False,
        )

    def get(self, profile: str, **environ: str) -> dict[str, Any]:
        """The document of `profile`, which must be had, and with nothing on stderr."""
        ran = self.run("get", profile, **environ)
        assert (ran.code, ran.stderr) == (0, ""), ran.stderr
        return ran.document


@dataclass(frozen=True)
class Ran:
    """A process that has ended."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.stdout)
        return found

    def failed(self, code: int, *words: str) -> None:
        """It ended with `code`, printed nothing, and said one line that has all `words` in it and no secret."""
        assert (self.code, self.stdout) == (code, b""), self.stderr
        assert self.stderr.startswith("assume-helper: ")
        assert self.stderr.endswith("\n")
        assert self.stderr.count("\n") == 1
        assert "; " in self.stderr
        assert all(c.isprintable() for c in self.stderr[:-1])
        assert "Traceback" not in self.stderr
        assert SECRET not in self.stderr
        for word in words:
            assert word in self.stderr, self.stderr


def warned(home: Home) -> str:
    return "\n".join(json.loads(line).get("message", "") for line in home.log.read_text().splitlines())
