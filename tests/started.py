"""Programs that tests start by way of others: which they are, and whether they still run."""

import sys
from pathlib import Path

from front import wait_for
from running import Home

from assume_helper.sessions import refresh_ahead
from assume_helper.system import process_list


def number(path: Path) -> int:
    """The number of the process that wrote it to `path`, once it has."""
    wait_for(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has only not been waited for does not."""
    if sys.platform == "win32":
        return pid in process_list.running()
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def refreshers(home: Home) -> list[int]:
    """The processes that refresh something in `home`."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            environ = (path / "environ").read_bytes().split(b"\0")
            if (
                refresh_ahead.OPTION.encode() in (path / "cmdline").read_bytes()
                and f"HOME={home.folder}".encode() in environ
            ):
                found.append(int(path.name))
        except OSError:
            continue
    return found
