"""Who called: the program that started this process, as the log names it."""

import os

UNKNOWN = "unknown"
# Most SDKs have a shell start the credential process (see proc(5) for what is read here).
_SHELLS = {"sh", "dash", "bash", "zsh", "ash", "busybox"}
_FARTHEST = 4


def name() -> str:
    """The name of the parent process, past a shell that runs one command (`sh -c`); `unknown` where it is not told.

    At most 15 bytes of it, as Linux keeps it. The other systems have it only for those who call them in C.
    """
    process = str(os.getppid())
    try:
        for _ in range(_FARTHEST):
            found = _read(process, "comm").removesuffix("\n")
            if found not in _SHELLS or _read(process, "cmdline").split("\0")[1:2] != ["-c"]:
                return found or UNKNOWN
            process = _read(process, "stat").rpartition(")")[2].split()[1]  # the name before it may have blanks
    except (OSError, IndexError):
        pass
    return UNKNOWN


def _read(process: str, what: str) -> str:
    with open(f"/proc/{process}/{what}", "rb") as file:
        return file.read(4096).decode("utf-8", "backslashreplace")
