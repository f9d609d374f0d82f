"""A process that outlives the one that starts it, on Windows: elsewhere `fork` and `setsid` make one.

The native front, an installer's launcher or a terminal may have put this process into a job that ends with them. What
is detached breaks away from it where the job allows that (CREATE_BREAKAWAY_FROM_JOB, "Process Creation Flags" of the
Windows API). It has a console of its own that nobody sees, and so does what it starts: with DETACHED_PROCESS it would
have none, and the interpreter that the launcher of a virtual environment starts would open one in a window.
"""

import subprocess
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

if sys.platform == "win32":

    def start(command: "Sequence[str]", environ: "Mapping[str, str]", stdin: int) -> "subprocess.Popen[bytes]":
        """The process that runs `command`, without the caller's handles; `stdin` as for Popen. Raises OSError."""
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        try:
            return _start(command, environ, stdin, flags | subprocess.CREATE_BREAKAWAY_FROM_JOB)
        except PermissionError:  # the job does not allow it
            return _start(command, environ, stdin, flags)

    def _start(
        command: "Sequence[str]", environ: "Mapping[str, str]", stdin: int, flags: int
    ) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=True,
            env=dict(environ),
            creationflags=flags,
        )
