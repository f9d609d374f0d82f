"""What Linux tells of a process in `/proc/PID/stat` (proc(5))."""

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
