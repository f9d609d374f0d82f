"""A command as aws-vault runs it (`mfa_process` and the like): by `/bin/sh -c`, by cmd on Windows.

And its program's name for messages.
"""

import os
import re
import sys
from collections.abc import Sequence

from assume_helper.profiles import command_words
from assume_helper.text import redacted

# What may come before the program in a shell's command: `NAME=value`.
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)


if sys.platform == "win32":

    def words(command: str) -> Sequence[str]:
        """What is started for `command`: a line, since cmd does not read quotes as other programs do."""
        return f'"{os.environ.get("COMSPEC") or "cmd.exe"}" /d /s /c "{command}"'

else:

    def words(command: str) -> Sequence[str]:
        """What is started for `command`."""
        return ["/bin/sh", "-c", command]


def program(command: str) -> str | None:
    """The first program that `command` runs, as it is written there; None where it has none.

    Not its arguments, nor the variables that are set for it: these may be secrets.
    """
    try:
        split = command_words.split(command)
    except ValueError:  # a quote that is not closed
        split = command.split()
    return next((word for word in split if not _ASSIGNMENT.fullmatch(word)), None)


def name(command: str) -> str:
    """The program of `command` as a message names it."""
    return redacted(program(command) or "none")
