"""What Linux tells of a process in `/proc/PID/stat` (proc(5))."""

import os
import sys
import time

# Of `fields`: its first is the third one there.
STATE, PARENT, TERMINAL, BEGAN = 0, 1, 4, 19


def fields(process: int | str) -> list[bytes]:
    """The fields behind the name, which may hold blanks and brackets; none where the system does not tell.

    `process` is a number, or `self`.
    """
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:  # another system, or it has ended
        return []


def parents() -> dict[int, int]:
    """The parent of each process, by their numbers. Raises OSError where there is no /proc."""
    found = {}
    for name in os.listdir("/proc"):
        told = fields(name) if name.isdigit() else []
        if told:
            found[int(name)] = int(told[PARENT])
    return found


if sys.platform == "linux":

    def age() -> float:
        """How long this process is there (seconds), also while it waits for a processor; 0 where it is not known."""
        try:
            began = int(fields("self")[BEGAN]) / os.sysconf("SC_CLK_TCK")
            return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - began)
        except (IndexError, ValueError, OSError):  # no /proc
            return 0.0

else:

    def age() -> float:
        """It is not known here."""
        return 0.0
