"""`log`: show the credentials that were issued, and warnings and failures."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from assume_helper.cli import audit_log
from assume_helper.cli.invocation import Invocation
from assume_helper.text import printable

_COLUMNS = ("time", "profile", "account", "role", "session_name", "access_key", "caller", "message")
_LONGEST = 1000  # characters: as long as a logged failure may be
_STYLES = {"hit": "dim", "miss": "green", "warning": "yellow", "failure": "red"}


@click.command("log", short_help="Show which credentials were issued, and what went wrong.")
@click.option("--profile", metavar="PROFILE", help="Show only events of PROFILE.")
@click.option(
    "-n", "count", type=click.IntRange(1), default=50, show_default=True, metavar="N", help="Show the last N events."
)
@click.option("--json", "as_json", is_flag=True, help="Print the log's lines as they are: one JSON object a line.")
@click.pass_obj
def command(invocation: Invocation, /, profile: str | None, count: int, *, as_json: bool) -> None:
    """Show the log: which credentials were issued to whom, and the warnings and failures of all commands.

    On a terminal it prints a table, the latest event last. In a pipe it prints one event a line, in columns separated
    by tabs: time, event, profile, account, role, session name, last four characters of the access key, calling program,
    message.

    Cache hits are logged only with ASSUME_HELPER_LOG_HITS=1 in the environment. That makes them slower.

    \b
    Example:
        $ assume-helper log
        $ assume-helper log --profile=dev
        $ assume-helper log --json | jq 'select(.event == "failure")'
    """
    logged_as = None if profile is None else printable(profile, 64)
    events = [event for event in audit_log.events() if logged_as in {None, event.get("profile")}][-count:]
    if as_json:
        text = "".join(json.dumps(event).replace("\x7f", "\\u007f") + "\n" for event in events)
    elif not invocation.is_terminal(1):
        text = "".join("\t".join(_columns(event)) + "\n" for event in events)
    elif events:
        text = _table(events)
    else:
        invocation.say(f"assume-helper: nothing is logged yet{'' if logged_as is None else f' for {logged_as}'}")
        return
    invocation.print(text.encode())


def _columns(event: Mapping[str, str]) -> list[str]:
    time, *others = (printable(event.get(name, ""), _LONGEST) for name in _COLUMNS)
    return [time, _what(event), *others]


def _what(event: Mapping[str, str]) -> str:
    return printable(event.get("outcome") or event.get("event", ""), 16)


def _details(event: Mapping[str, str]) -> str:
    """An event in words."""
    if event["event"] != "issue":
        return printable(event.get("message", ""), _LONGEST)
    role, account, name, key = (event.get(field, "") for field in ("role", "account", "session_name", "access_key"))
    parts = [f"role {role}" if role else "", f"in {account}" if account else "", f"as {name}" if name else ""]
    return printable(" ".join(part for part in parts if part) + f", key ...{key}")


def _local(time: str) -> str:
    """A time of the log in local time."""
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
