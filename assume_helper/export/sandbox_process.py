"""The process of `exec --sandbox`: started, sent the signals that this one gets, and waited for.

This process stays, for neither pasta nor bubblewrap hands signals on, and pasta's exit code may be its own. Signals of
the terminal reach the program by themselves. All else in between has them blocked, so that only the program answers.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence

from assume_helper.errors import SettingFault
from assume_helper.system import child_signal, kernel_keyring, process_stat
from assume_helper.text import one_line

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # prctl(2)
_SI_KERNEL = 0x80  # sigaction(2): the kernel has sent it, as for a terminal
_FAILED_BY_SIGNAL = 128
# pasta, bwrap, and its first process inside: the program is that one's first child.
_DEPTH = 3

if sys.platform != "linux":

    def has_terminal() -> bool:
        """There is none for a sandbox."""
        return False

    def run(_words: Sequence[str], _environ: Mapping[str, str], _status: str, _log: str) -> int:
        """There are no such sandboxes."""
        raise NotImplementedError

else:
    _HANDED_ON = {
        signal.SIGINT,
        signal.SIGQUIT,
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGUSR1,
        signal.SIGUSR2,
    }

    def run(words: Sequence[str], environ: Mapping[str, str], status: str, log: str) -> int:
        """Run `words`, which `sandbox.words` has made, and return the exit code of the program, as a shell gives it.

        bwrap writes to the file `status`, pasta to `log`. Raises SettingFault where the sandbox cannot be set up.
        """
        library = ctypes.CDLL(None)  # loaded here: after fork there may be no time for that
        number = os.getpid()

        def prepare() -> None:
            library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != number:
                os._exit(1)
            # Only the keyring of the session is inherited; the user's is hidden by the user namespace.
            kernel_keyring.join_session_keyring()
            signal.pthread_sigmask(signal.SIG_SETMASK, _HANDED_ON)

        # What loses its parent becomes this process's child: pasta may fail, and leave the process behind that it made.
        library.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        there = _children(number)
        had_terminal = has_terminal()
        with child_signal.waiting():
            before = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDED_ON | {signal.SIGCHLD})
            try:
                process = subprocess.Popen(list(words), env=dict(environ), preexec_fn=prepare)  # noqa: PLW1509
                last = _wait(process)
            except (OSError, subprocess.SubprocessError) as error:
                raise _not_set_up(str(error)) from None
            finally:
                _kill(_children(number) - there)
                if had_terminal:
                    _take_terminal()
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        code = _exit_code(status)
        if code is not None:
            return code
        if process.returncode < 0 or last is not None:
            return _FAILED_BY_SIGNAL + (last or -process.returncode)
        raise _not_set_up(_last_line(log))

    def _wait(process: "subprocess.Popen[bytes]") -> int | None:
        """Wait for the end, and hand signals on; the last signal that came before there was a program."""
        last = None
        while process.poll() is None:
            got = signal.sigwaitinfo(_HANDED_ON | {signal.SIGCHLD})
            if got.si_signo == signal.SIGCHLD or got.si_code == _SI_KERNEL:
                continue
            program = _program(process.pid)
            if program is not None:
                try:
                    os.kill(program, got.si_signo)
                except ProcessLookupError:
                    pass  # it has just ended
            else:
                last = got.si_signo
                process.kill()
        return last

    def has_terminal() -> bool:
        """Whether standard input is a terminal, and this process's group the one that it is for."""
        try:
            return os.tcgetpgrp(0) == os.getpgrp()
        except OSError:
            return False

    def _take_terminal() -> None:
        """Have the terminal be this process group's again: a shell inside may have had one of its own."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            os.tcsetpgrp(0, os.getpgrp())
        except OSError:
            pass  # it has gone

    def _children(number: int) -> set[int]:
        return {child for child, parent in process_stat.parents().items() if parent == number}

    def _kill(numbers: Iterable[int]) -> None:
        """Kill what is left of the sandbox, which ends with its first process, and wait for that."""
        for number in numbers:
            try:
                os.kill(number, signal.SIGKILL)
                os.waitpid(number, 0)
            except OSError:
                continue  # it has just ended

    def _program(number: int) -> int | None:
        """The program's number, from that of pasta; None where it has not been started yet."""
        parents = process_stat.parents()
        level = {number}
        for _ in range(_DEPTH):
            level = {child for child, parent in parents.items() if parent in level}
        # What loses its parent there becomes a child of the same process: the program is the one that began first.
        began = {child: process_stat.fields(child) for child in level}
        found = [(int(fields[process_stat.BEGAN]), child) for child, fields in began.items() if fields]
        return min(found)[1] if found else None

    def _exit_code(path: str) -> int | None:
        """The exit code that bwrap has written; None where the sandbox has not come as far as its first step."""
        try:
            with open(path, encoding="utf-8") as file:
                found = [json.loads(line) for line in file]
        except (OSError, ValueError):
            return None
        codes = [one["exit-code"] for one in found if isinstance(one, dict) and "exit-code" in one]
        return codes[-1] if codes and isinstance(codes[-1], int) else None

    def _last_line(log: str) -> str:
        """What pasta has written last, if it is an error (its lines begin with a time and the kind)."""
        try:
            with open(log, encoding="utf-8", errors="replace") as file:
                lines = [line.partition("ERROR:")[2].strip() for line in file if "ERROR:" in line]
        except OSError:
            lines = []
        return lines[-1] if lines else "see the lines above"

    def _not_set_up(why: str) -> SettingFault:
        return SettingFault(
            f"the sandbox cannot be set up ({one_line(why)})",
            "it needs user namespaces and /dev/net/tun, for bwrap and pasta: see docs/how-to/sandbox.md",
        )
