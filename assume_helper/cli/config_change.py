"""A change of the config file as a person meets it: the diff, the question, and what was written."""

import os
from collections.abc import Sequence

import click

from assume_helper.cli import display
from assume_helper.cli.invocation import Invocation
from assume_helper.configure import backup as backups
from assume_helper.configure import writer
from assume_helper.configure.change import Change
from assume_helper.text import printable

_COLOURS = {"+": "green", "-": "red", "@": "blue"}


def show(invocation: Invocation, descriptor: int, diff: Sequence[str]) -> None:
    """Write the diff to standard output (1) or error (2)."""
    coloured = invocation.is_terminal(descriptor) and not display.is_plain(invocation)
    lines = [click.style(line, fg=_COLOURS.get(line[:1])) if coloured else line for line in diff]
    if descriptor == 1:
        display.print_lines(invocation, lines)
    else:
        invocation.say("\n".join(lines))


def is_confirmed(question: str) -> bool:
    """Whether a person says yes. Raises KeyboardInterrupt."""
    try:
        return click.confirm(question, default=False, err=True)
    except click.Abort:
        raise KeyboardInterrupt from None


def written(change: Change, backup: str | None) -> str:
    """What was written, and where the old file is."""
    path = printable(change.file.path)
    if backup is None:
        return f"Written to {path}."
    name = printable(os.path.basename(backup))
    if backups.holds_secret(change.file.text):
        return f"Written to {path}. It holds a key or a token, so no copy is kept: {name} has the changed lines alone."
    return f"Written to {path}. The old file is {name}."


def sweep(invocation: Invocation) -> list[str]:
    """Delete what a killed writer left beside the config file; the paths. What stays is told, terminal or not."""
    removed, left = writer.sweep(invocation.environ)
    for warning in left:
        invocation.say(f"assume-helper: warning: {warning}")
    return removed


def nobody_to_ask() -> click.UsageError:
    """The error where a change is not written, since nobody can be asked about it."""
    return usage_error("nothing was changed: there is no terminal to ask on; use --yes to write without asking")


def usage_error(message: str) -> click.UsageError:
    """The error for arguments that do not go together, of the command that runs."""
    return click.UsageError(message, click.get_current_context())
