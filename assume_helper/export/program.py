"""A program that is run with credentials: in this process's place, or beside it."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

from assume_helper.errors import AssumeHelperError, ProgramNotFound, ProgramNotRunnable
from assume_helper.export import parent_shell, windows_command
from assume_helper.system import child_signal
from assume_helper.text import printable


def shell(environ: Mapping[str, str]) -> list[str]:
    """The shell that this was called from, else the user's: SHELL, else the one in the password database.

    On Windows: else COMSPEC.
    """
    found = parent_shell.find(environ)
    if found is not None:
        return [found]
    if sys.platform == "win32":
        return [environ.get("COMSPEC") or "cmd.exe"]
    given = environ.get("SHELL")
    if given:
        return [given]
    import pwd

    try:
        return [pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh"]
    except KeyError:
        return ["/bin/sh"]


def exec_program(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Replace this process by `command`. Windows has no exec: there, run it and return its exit code.

    Raises AssumeHelperError where it cannot be started.
    """
    if sys.platform == "win32":
        return run(command, environ)
    # Python ignores these two signals, and the program would inherit that.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    child_signal.restore()
    try:
        os.execvpe(command[0], list(command), dict(environ))  # noqa: S606 - the user's own command
    except (OSError, ValueError) as error:
        raise not_started(command[0], error) from None


def run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run `command` beside this process, with its streams, and return its exit code: for Windows, which has no exec.

    Ctrl-C and Ctrl-Break reach both, and are the command's to answer. Raises AssumeHelperError where it cannot be
    started.
    """
    for name in ("SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _leave_to_the_program)
    try:
        # Descriptors that the caller opened for the program stay open. Those opened here are not inheritable anyway.
        process = subprocess.Popen(windows_command.of(command, environ), env=dict(environ), close_fds=False)
    except (OSError, ValueError) as error:
        raise not_started(command[0], error) from None
    return process.wait()


def _leave_to_the_program(_number: int, _frame: object) -> None:
    """Nothing: it ends with the program."""


def not_started(program: str, error: Exception) -> AssumeHelperError:
    """What is said where `program` cannot be started because of `error`."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not a command"
    kind = ProgramNotFound if isinstance(error, FileNotFoundError) else ProgramNotRunnable
    return kind(f"{printable(program)} cannot be started ({reason})", "correct the command after --, or SHELL")
