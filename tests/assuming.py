"""The function of `init` in real shells: how each is started and told what to do, and what its programs see."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest
from front import Call, Reply, session
from running import Home

# What a program of the shell sees, in a line of its own.
SHOW = (
    "import json, os; print(json.dumps({n: v for n, v in os.environ.items()"
    " if n.startswith(('AWS', 'ASSUME_')) and n not in ('AWS_EC2_METADATA_DISABLED', 'ASSUME_HELPER_CACHE_DIR')}))"
)
LOAD = {
    "bash": 'eval "$(assume-helper init bash)"',
    "zsh": 'eval "$(assume-helper init zsh)"',
    "fish": "assume-helper init fish | source",
}
START = {
    "bash": ["bash", "--norc", "--noprofile"],
    "zsh": ["zsh", "-f"],
    "fish": ["fish", "--no-config"],
}
SHELLS = sorted(START)
PROMPT = {"bash": "_assume_helper_prompt", "zsh": "_assume_helper_prompt", "fish": "__assume_helper_prompt"}
STATUS = {"bash": "$?", "zsh": "$?", "fish": "$status"}


class Counting:
    """STS whose keys are numbered, the first one 1."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, call: Call) -> Reply | None:
        self.count += 1
        return session(access_key_id=f"ASIA{self.count}")(call)


def is_due(shell: str) -> str:
    """The line that makes a renewal due, which else would be in a while."""
    return "set -g __assume_helper_due 1" if shell == "fish" else "_assume_helper_due=1"


def export(shell: str, name: str, value: str) -> str:
    """The line that exports a variable."""
    return f"set -gx {name} '{value}'" if shell == "fish" else f"export {name}='{value}'"


def required(shell: str) -> str:
    """The path of a shell; the test is skipped where it is not installed, which only bash has to be."""
    found = shutil.which(shell)
    if found is None:
        assert shell != "bash", "bash must be installed for the tests"
        pytest.skip(f"{shell} is not installed: .ci/run installs it where it may")
    return found


class Script:
    """Lines for one shell, behind the one that loads the function. Each `show` notes what a program sees."""

    def __init__(self, home: Home, shell: str) -> None:
        required(shell)
        self.home, self.shell = home, shell
        self.lines = [LOAD[shell]]
        self.stderr = ""
        self.is_configured = False  # with its start-up files, and fish with its universal variables

    def do(self, *lines: str) -> "Script":
        self.lines += lines
        return self

    def export(self, name: str, value: str) -> "Script":
        return self.do(export(self.shell, name, value))

    def show(self) -> "Script":
        show = self.home.folder / "show.py"
        show.write_text(SHOW)
        return self.do(f"{sys.executable} {show}")

    def say_status(self) -> "Script":
        return self.do(f"echo {STATUS[self.shell]}")

    def run(self, *options: str, **environ: str) -> list[Any]:
        """What was shown and said, in order; there is no other output."""
        start = START[self.shell][: 1 if self.is_configured else None]
        done = subprocess.run(
            [*start, *options, "-c", "\n".join(self.lines)],
            env=self.home.environ | environ, cwd=self.home.folder, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=120, check=False, start_new_session=True, encoding="utf-8",
        )  # fmt: skip
        self.stderr = done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


class Terminal:
    """A shell at a terminal, whose prompt is `status> `."""

    def __init__(self, home: Home, shell: str, *before: str) -> None:
        required(shell)
        self.shell = shell
        self.child: Any = pexpect.spawn(
            START[shell][0], [*START[shell][1:], "-i"], env=home.environ, cwd=str(home.folder), encoding="utf-8",
            timeout=60, dimensions=(40, 200),
        )  # fmt: skip
        prompt = {
            "bash": "PS1='<$?> '",
            "zsh": "PROMPT='<%?> '; unsetopt zle prompt_cr prompt_sp",
            "fish": 'function fish_prompt; echo -n "<$status> "; end',
        }[shell]
        for line in (prompt, *before, LOAD[shell], "echo lo''aded"):
            self.child.sendline(line)
        self.child.expect_exact("loaded\r\n")
        self.answer("true")

    def answer(self, line: str, status: int = 0) -> str:
        """What `line` prints; the prompt behind it must have its `status`."""
        self.child.sendline(f"{line}; echo e''nd {STATUS[self.shell]}")
        self.child.expect(r"end (\d+)\r\n")
        found = self.child.before
        assert int(self.child.match[1]) == status, found
        return str(found)


def with_path(home: Home, folder: Path) -> None:
    """Have `folder`, where assume-helper is, first on the PATH."""
    home.environ |= {"PATH": f"{folder}:{home.environ['PATH']}", "LC_ALL": "C.UTF-8", "TERM": "xterm"}
