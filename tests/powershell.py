"""A real PowerShell for the tests, with the AWS SDK for .NET: from `../shared/pwsh`, else the `pwsh` of PATH, alone.

It takes a second to start, so one process evaluates many scripts (`PowerShell`).
"""

import base64
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SHARED = Path(__file__).resolve().parents[2] / "shared" / "pwsh"
# No call home, and no look for a newer version.
QUIET = {"POWERSHELL_TELEMETRY_OPTOUT": "1", "POWERSHELL_UPDATECHECK": "Off"}
# How people apply text that a program prints for PowerShell.
APPLIED = ["{} | iex", "{} | Out-String | iex", 'iex "$({})"', "iex (& {})"]
MISSING = "there is no PowerShell here: neither ../shared/pwsh nor a pwsh on PATH"

# Reads a line for each script: itself, the environment and the working directory, in base64. Answers with a line of
# JSON. `failed` is what the script has thrown. PSModulePath is PowerShell's own. Only null removes a variable.
_SERVER = r"""
$utf8 = [Text.UTF8Encoding]::new($false)
while ($null -ne ($line = [Console]::In.ReadLine())) {
    $script, $variables, $folder = $line.Split(' ').ForEach({ $utf8.GetString([Convert]::FromBase64String($_)) })
    foreach ($name in @([Environment]::GetEnvironmentVariables().Keys) -ne 'PSModulePath') {
        [Environment]::SetEnvironmentVariable($name, [NullString]::Value)
    }
    foreach ($variable in $variables.Split("`0")) {
        $name, $value = $variable.Split('=', 2)
        [Environment]::SetEnvironmentVariable($name, $value)
    }
    Set-Location -LiteralPath $folder
    $failed, $global:LASTEXITCODE = $null, 0
    $Error.Clear()
    $output = try {
        & ([scriptblock]::Create($script)) 2>&1
    } catch {
        $failed = $_.Exception.Message
    }
    $answer = @{
        environ = [Environment]::GetEnvironmentVariables(); output = @($output.ForEach({ "$_" })); failed = $failed
        errors = @($Error.ForEach({ "$_" }))
    }
    [Console]::Out.WriteLine((ConvertTo-Json -Compress $answer))
}
"""


def folder() -> Path | None:
    """Where `../shared/pwsh` is, or is to be, unpacked, outside the work tree; None where that cannot be run here.

    It has `powershell`, and `awssdk` with the assemblies of the SDK.
    """
    archives = sorted(SHARED.glob("pwsh-*.tar.xz"))
    if not archives or (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return None
    if "POWERSHELL_CACHE" in os.environ:  # in the tests, whose home is none
        base = Path(os.environ["POWERSHELL_CACHE"])
    else:
        given = os.environ.get("XDG_CACHE_HOME", "")
        base = (Path(given) if os.path.isabs(given) else Path.home() / ".cache") / "assume-helper-powershell"
    return base / archives[-1].name.removesuffix(".tar.xz")


@cache
def program() -> str | None:
    """The path of `pwsh`, unpacked where that was not done before; None where there is none."""
    into = folder()
    if into is None:
        return shutil.which("pwsh")
    import fcntl  # Windows has none, and comes no further

    found = into / "powershell" / "pwsh"
    into.parent.mkdir(parents=True, exist_ok=True)
    with open(into.with_name(into.name + ".lock"), "wb") as lock:  # whoever comes first; the others wait
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            command = ["sh", str(SHARED / "unpack"), str(into)]
            subprocess.run(command, env=os.environ | QUIET, check=True, stdout=subprocess.DEVNULL)
    return str(found)


@dataclass(frozen=True)
class Evaluated:
    """What a script has left: the variables, what it has printed, and what it has thrown, or None.

    `errors` are those that PowerShell remembers, thrown or not.
    """

    environ: Mapping[str, str]
    output: list[str]
    failed: str | None
    errors: list[str]


class PowerShell:
    """A process that evaluates scripts, one after the other, each with its environment and folder."""

    def __init__(self, program: str, home: Path) -> None:
        self.program = program
        server = home / "server.ps1"
        server.write_text(_SERVER)
        self._process = subprocess.Popen(
            [program, "-NoLogo", "-NoProfile", "-NonInteractive", "-File", str(server)],
            env={"PATH": os.environ["PATH"], "HOME": str(home), **QUIET},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, script: str, environ: Mapping[str, str], folder: Path) -> Evaluated:
        """Evaluate `script`. What its programs write to standard output is to be captured by it, or piped."""
        variables = "\0".join(f"{name}={value}" for name, value in environ.items())
        parts = [base64.b64encode(text.encode()).decode() for text in (script, variables, str(folder))]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join(parts) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return Evaluated(**answer)

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        assert self._process.stdout is not None
        self._process.stdout.close()
