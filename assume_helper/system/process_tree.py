"""A process and the processes that it has started: killed together."""

import os
import signal
import subprocess
import sys

# How often the tree is looked at: what starts a process meanwhile is stopped in the next round.
_ROUNDS = 5
# Seconds for `ps`, where there is no /proc.
_PATIENCE = 2.0


if sys.platform == "win32":

    def kill(process: "subprocess.Popen[bytes]", *, has_group: bool) -> None:  # noqa: ARG001 - as on other systems
        """Kill `process`. Windows knows no groups."""
        process.kill()

else:

    def kill(process: "subprocess.Popen[bytes]", *, has_group: bool) -> None:
        """Kill `process`, which has not been waited for, and what it has started.

        `has_group`: it leads a process group of its own. Otherwise its descendants are looked for.
        """
        try:
            if has_group:
                os.killpg(process.pid, signal.SIGKILL)
                return
            for number in _stopped(process.pid):
                _send(number, signal.SIGKILL)
        except OSError:
            pass
        process.kill()

    def _stopped(root: int) -> list[int]:
        """The process `root` and its descendants, each stopped, so that it starts no other one."""
        found = [root]
        _send(root, signal.SIGSTOP)
        for _ in range(_ROUNDS):
            parents = _parents()
            new = [number for number, parent in parents.items() if parent in found and number not in found]
            if not new:
                break
            for number in new:
                _send(number, signal.SIGSTOP)
            found += new
        return found

    def _send(number: int, what: int) -> None:
        try:
            os.kill(number, what)
        except OSError:
            pass  # it has ended, or is another user's (setuid)

    def _parents() -> dict[int, int]:
        """The parent of each process. Raises OSError."""
        found = {}
        if os.path.exists("/proc/self/stat"):
            for name in os.listdir("/proc"):
                if name.isdigit():
                    try:
                        with open(f"/proc/{name}/stat", "rb") as file:
                            found[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
                    except (OSError, ValueError, IndexError):
                        continue
            return found
        try:
            words = ["/bin/ps", "-A", "-o", "pid=,ppid="]
            said = subprocess.run(words, capture_output=True, check=False, timeout=_PATIENCE).stdout
        except subprocess.TimeoutExpired:
            return found
        for line in said.decode("ascii", "replace").splitlines():
            number, _, parent = line.strip().partition(" ")
            if number.isdigit() and parent.strip().isdigit():
                found[int(number)] = int(parent)
        return found
