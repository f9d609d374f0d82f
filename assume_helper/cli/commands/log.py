"""`log`: show the credentials that were issued, and warnings and failures."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from assume_helper.cli import audit_log, display
from assume_helper.cli.invocation import Invocation
from assume_helper.text import printable

_COLUMNS = ("time", "profile", "account", "role", "session_name", "access_key", "caller", "message")
_LONGEST = 1000  # characters: as long as a logged failure may be
_STYLES = {"miss": display.OK, "warning": display.WARNING, "failure": display.FAILURE}
# Characters that the details have at least in a table; on a narrower terminal they stand below.
_NARROWEST_DETAILS = 40


@click.command("log", short_help="Show which credentials were issued, and what went wrong.")
@click.option("--profile", metavar="PROFILE", help="Show only events of PROFILE.")
@click.option(
    "-n", "count", type=click.IntRange(1), default=50, show_default=True, metavar="N", help="Show the last N events."
)
@click.option("--json", "as_json", is_flag=True, help="Print the log's lines as they are: one JSON object a line.")
@click.pass_obj
def command(invocation: Invocation, /, profile: str | None, count: int, *, as_json: bool) -> None:
    """Show the log: which credentials were issued to whom, and the warnings and failures of all commands.

    On a terminal it prints a table, the latest event last; a failure that came several times in a row is one line. In
    a pipe it prints one event a line, in columns separated by tabs: time, event, profile, account, role, session name,
    last four characters of the access key, calling program, message.

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
        text = _table(invocation, _counted(events))
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
    kind = event.get("kind", "role")
    who = f"{kind} {role}".rstrip() if role or kind != "role" else ""
    parts = [who, f"in {account}" if account else "", f"as {name}" if name else ""]
    return printable(" ".join(part for part in parts if part) + f", key ...{key}")


def _local(time: str) -> str:
    """A time of the log in local time."""
    try:
        return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return printable(time, 32)


def _counted(events: Sequence[Mapping[str, str]]) -> list[tuple[Mapping[str, str], int]]:
    """The events, and how often each came: warnings and failures that are the same in a row are one, the latest."""
    counted: list[tuple[Mapping[str, str], int]] = []
    for event in events:
        before, count = counted[-1] if counted else ({}, 0)
        if event["event"] != "issue" and event.items() - {("time", event["time"])} == before.items() - {
            ("time", before.get("time", ""))
        }:
            counted[-1] = (event, count + 1)
        else:
            counted.append((event, 1))
    return counted


def _table(invocation: Invocation, events: Sequence[tuple[Mapping[str, str], int]]) -> str:
    import io

    from rich.cells import cell_len
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    into = io.StringIO()
    console = display.console(invocation, into)
    headings = ("Time", "What", "Profile", "Called by")
    rows = []
    for event, count in events:
        what, times = _what(event), f" ({count} times)" if count > 1 else ""
        profile, called_by = (printable(event.get(name, ""), 64) for name in ("profile", "caller"))
        rows.append(((_local(event["time"]), what, profile, called_by), _details(event) + times))
    widths = [max(map(cell_len, column)) for column in zip(headings, *(cells for cells, _ in rows), strict=True)]
    if sum(widths) + 2 * len(widths) + _NARROWEST_DETAILS <= console.width:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for heading in headings:
            table.add_column(heading, no_wrap=True)
        table.add_column("Details", ratio=1, overflow="fold")
        for cells, details in rows:
            time, what, *others = cells
            table.add_row(time, Text(what, _STYLES.get(what, "")), *map(Text, others), Text(details))
        console.print(table)
    else:
        for (time, what, profile, called_by), details in rows:
            head = Text.assemble(time, "  ", (what, _STYLES.get(what, "")), f"  {profile}", overflow="fold")
            console.print(head.append(f"  called by {called_by}" if called_by else ""))
            console.print(Padding(Text(details, overflow="fold"), (0, 0, 0, 2)))
    return "".join(line.rstrip() + "\n" for line in into.getvalue().splitlines())
