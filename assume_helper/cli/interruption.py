"""A command that a person or a program has ended in the middle, where that is not nothing."""

from assume_helper.errors import AssumeHelperError
from assume_helper.sessions.herd_gate import Terminated


class _Interrupted(AssumeHelperError):
    """Ctrl-C or a signal has ended the command: `message` says where things stand."""

    exit_code: int = 130  # type: ignore[misc]


def interrupted(error: KeyboardInterrupt | Terminated, message: str, next_step: str) -> AssumeHelperError:
    """The error in place of `error`, with its exit code."""
    found = _Interrupted(message, next_step)
    if isinstance(error, Terminated):
        found.exit_code = 128 + error.args[0]
    return found
