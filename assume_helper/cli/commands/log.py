"""`log`: the credentials that were issued, and the warnings and failures that nobody saw."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from assume_helper.cli import audit_log
from assume_helper.cli.invocation import Invocation
from assume_helper.text import printable

_COLUMNS = ("time", "profile", "account", "role", "session_name", "access_key", "caller", "message")
_LONGEST = 1000  # as failures are logged
_STYLES = {"hit": "dim", "miss": "green", "warning": "yellow", "failure": "red"}


@click.command("log", short_help="Show which credentials were issued, and what went wrong.")
@click.option("--profile", metavar="PROFILE", help="Only what is about PROFILE.")
@click.option("-n", "count", type=click.IntRange(1), default=50, show_default=True, metavar="N", help="The last N.")
@click.option("--json", "as_json", is_flag=True, help="Print the lines as they are in the log, JSON.")
@click.pass_obj
def command(invocation: Invocation, /, profile: str | None, count: int, *, as_json: bool) -> None:
    """Show the log: which credentials were issued to whom, and the warnings and failures of all commands.

    On a terminal it is a table, the latest at its end; elsewhere a line each, its columns apart by tabs: time, what it
    is, profile, account, role, session name, the access key's last four, the calling program, message.

    Hits are logged with ASSUME_HELPER_LOG_HITS=1 in the environment only, and are then no longer fast.

    \b
    Example:
        $ assume-helper log
        $ assume-helper log --profile=dev
        $ assume-helper log --json | jq 'select(.event == "failure")'
    """
    wanted = None if profile is None else printable(profile, 64)  # as it is logged
    events = [event for event in audit_log.events() if wanted in {None, event.get("profile")}][-count:]
    if as_json:
        text = "".join(json.dumps(event).replace("\x7f", "\\u007f") + "\n" for event in events)
    elif not invocation.is_terminal(1):
        text = "".join("\t".join(_columns(event)) + "\n" for event in events)
    elif events:
        text = _table(events)
    else:
        invocation.say(f"assume-helper: nothing is logged yet{'' if wanted is None else f' of {wanted}'}")
        return
    invocation.print(text.encode())


def _columns(event: Mapping[str, str]) -> list[str]:
    time, *others = (printable(event.get(name, ""), _LONGEST) for name in _COLUMNS)
    return [time, _what(event), *others]


def _what(event: Mapping[str, str]) -> str:
    return printable(event.get("outcome") or event.get("event", ""), 16)


def _details(event: Mapping[str, str]) -> str:
    """What an event says, in words."""
    if event["event"] != "issue":
        return printable(event.get("message", ""), _LONGEST)
    role, account, name, key = (event.get(part, "") for part in ("role", "account", "session_name", "access_key"))
    said = [f"role {role}" if role else "", f"in {account}" if account else "", f"as {name}" if name else ""]
    return printable(" ".join(part for part in said if part) + f", key ...{key}")


def _local(time: str) -> str:
    """A moment of the log by the clock on the wall."""
    try:
        return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return printable(time, 32)


def _table(events: Sequence[Mapping[str, str]]) -> str:
    import io

    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Time", no_wrap=True)
    for heading in ("What", "Profile", "Called by"):
        table.add_column(heading, overflow="fold")
    table.add_column("Details", ratio=1, overflow="fold")
    for event in events:
        what = _what(event)
        profile, called_by = (Text(printable(event.get(name, ""), 64)) for name in ("profile", "caller"))
        texts = (Text(_local(event["time"])), Text(what, _STYLES.get(what, "")), profile, called_by)
        table.add_row(*texts, Text(_details(event)))
    into = io.StringIO()
    Console(file=into, force_terminal=True, legacy_windows=False).print(table)
    return into.getvalue()
