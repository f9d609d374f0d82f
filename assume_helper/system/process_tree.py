"""A process and the processes that it has started: killed together.

What has left the tree, its parent dead and in a session of its own, is found by the output that it was given: it was
started since, and can still write there. A daemon that has closed it (an agent) lives on.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Collection

from assume_helper.system import process_list, process_stat

# How often the tree is looked at: what starts a process meanwhile is stopped in the next round.
_ROUNDS = 5
# Seconds for `ps`, where there is no /proc.
_PATIENCE = 2.0


def _send(number: int, what: int) -> None:
    try:
        os.kill(number, what)
    except OSError:
        pass  # it has ended, or is another user's (setuid)


if sys.platform == "win32":

    def kill(process: "subprocess.Popen[bytes]", *, has_group: bool, pipes: Collection[int] = ()) -> None:  # noqa: ARG001 - as on other systems
        """Kill `process`, and what it has started: on Windows each process keeps its parent's number.

        A number is given anew once its process has ended: a child is none that began before its parent.
        """
        began = process_list.began(process.pid)
        process.kill()
        found = {process.pid}
        try:
            for _ in range(_ROUNDS):
                new = {
                    number
                    for number, each in process_list.running().items()
                    if each.parent in found and number not in found and process_list.began(number) >= began > 0
                }
                if not new:
                    break
                for number in new:
                    _send(number, signal.SIGTERM)  # TerminateProcess
                found |= new
        except OSError:
            pass  # nothing tells what there is

else:

    def kill(process: "subprocess.Popen[bytes]", *, has_group: bool, pipes: Collection[int] = ()) -> None:
        """Kill `process`, which has not been waited for, and what it has started.

        `has_group`: it leads a process group of its own. `pipes` are the inodes of the pipes that it writes to.
        """
        try:
            for number in _stopped(process.pid, pipes):
                _send(number, signal.SIGKILL)
        except OSError:
            pass  # neither /proc nor ps tells what there is
        if has_group:
            _send(-process.pid, signal.SIGKILL)
        process.kill()

    def _stopped(root: int, pipes: Collection[int]) -> list[int]:
        """The process `root` and what it has started, each stopped, so that it starts no other one."""
        found = [root]
        _send(root, signal.SIGSTOP)
        began = _began(root)
        for _ in range(_ROUNDS):
            parents = _parents()
            new = [number for number, parent in parents.items() if parent in found and number not in found]
            # A server that was there before, and was handed the output (ssh's ControlMaster), is none of its processes.
            new += [
                number
                for number in parents
                if number not in {*found, *new, os.getpid()} and _began(number) >= began > 0 and _writes(number, pipes)
            ]
            if not new:
                break
            for number in new:
                _send(number, signal.SIGSTOP)
            found += new
        return found

    def _began(number: int) -> int:
        """When a process began, as Linux counts it (proc(5), starttime); 0 where it is not told."""
        fields = process_stat.fields(number)
        return int(fields[process_stat.BEGAN]) if fields else 0

    def _writes(number: int, pipes: Collection[int]) -> bool:
        """Whether a process of this user's has one of `pipes` open for writing. Linux alone tells."""
        targets = {f"pipe:[{pipe}]" for pipe in pipes}
        try:
            names = os.listdir(f"/proc/{number}/fd")
        except OSError:  # another user's, or it has ended
            return False
        for name in names:
            try:
                if os.readlink(f"/proc/{number}/fd/{name}") in targets:
                    with open(f"/proc/{number}/fdinfo/{name}", "rb") as file:
                        flags = int(file.read().partition(b"flags:")[2].split()[0], 8)
                    if flags & (os.O_WRONLY | os.O_RDWR) == os.O_WRONLY:
                        return True
            except (OSError, ValueError, IndexError):
                continue
        return False

    def _parents() -> dict[int, int]:
        """The parent of each process. Raises OSError."""
        if os.path.exists("/proc/self/stat"):
            return process_stat.parents()
        found: dict[int, int] = {}
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
