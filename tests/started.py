"""Programs that tests start by way of others: which they are, and whether they still run."""

from pathlib import Path

from front import wait_for


def number(path: Path) -> int:
    """The number of the process that wrote it to `path`, once it has."""
    wait_for(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has only not been waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
