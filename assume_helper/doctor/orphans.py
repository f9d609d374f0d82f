"""Whether orphans that end are collected. If the first process does not do that, they stay as zombies.

In a container that is the job of the program that is started first. Most programs do not do it.
"""

import shutil
import subprocess
import sys
import time

from assume_helper.doctor.check import Check
from assume_helper.system import process_stat

# Seconds for an orphan to end, and to be collected.
_PATIENCE = 2.0
_POLL = 0.02


def examine() -> list[Check]:
    """The check, on Linux: an orphan is made, and looked for after its end. Nothing where that cannot be found out."""
    shell = shutil.which("sh")
    if sys.platform != "linux" or shell is None:
        return []
    try:
        # The inner shell ends at once: what it has started is an orphan then.
        made = subprocess.run(
            [shell, "-c", "(exec sleep 0.1 >/dev/null) & echo $!"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=True,
        )
        orphan = int(made.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return []
    until = time.monotonic() + _PATIENCE
    while (state := _state(orphan)) is not None:
        if time.monotonic() > until:
            return [_zombie(state[1])] if state[0] == "Z" else []
        time.sleep(_POLL)
    return []


def _zombie(parent: str) -> Check:
    what = f"process {parent} does not collect ended processes: each background refresh stays as a zombie"
    return Check("processes", "warn", what, "start the container with an init: docker run --init")


def _state(process: int) -> tuple[str, str] | None:
    """The state of a process and its parent (proc(5)); None where there is no such process."""
    fields = process_stat.fields(process)
    return (fields[process_stat.STATE].decode(), fields[process_stat.PARENT].decode()) if fields else None
