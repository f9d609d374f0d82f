"""`doctor`: check everything that can be wrong, and print how to fix it."""

import io
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain

import click

from assume_helper.cli import audit_log, display
from assume_helper.cli.invocation import Invocation
from assume_helper.doctor.check import Check, Status, failed
from assume_helper.doctor.examination import examine
from assume_helper.light import asdict, replace

_COLOURS: dict[Status, str] = {"ok": display.OK, "warn": display.WARNING, "fail": display.FAILURE}
# Characters of the column of names. On a narrow terminal a longer name has a line of its own.
_SHORTEST_COLUMN, _LONGEST_COLUMN = 11, 24
_NARROW = 100


@click.command("doctor", short_help="Find what is wrong, and how to fix it.")
@click.argument("profile", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects: name, status, what, mend.")
@click.pass_obj
def command(invocation: Invocation, /, profile: str | None, *, as_json: bool) -> None:
    """Check everything that can be wrong. Each line is ok, warn or fail, with the command or edit that fixes it.

    With PROFILE it also tries the profile's source and its session, as `get` would. Without, it checks what every
    profile says, the logins behind them, and whether it reaches STS. The exit code is 1 if a check fails, and 0 if
    there are only warnings.

    It prints no key, token or code: you can paste the output into an issue.

    \b
    Example:
        $ assume-helper doctor dev
        $ assume-helper doctor --json
    """
    invocation.subject = profile or ""
    invocation.require_stdout("the result of the checks")
    context = replace(invocation.call_context(), warn=lambda _message: None)
    checks = chain(examine(profile, context, partial(display.spinner, invocation, "asking AWS ...")), _log())
    found = list(checks) if as_json else list(_printed(invocation, checks))
    if as_json:
        display.print_json(invocation, [asdict(check) for check in found])
    if any(check.status == "fail" for check in found):
        raise click.exceptions.Exit(1)


def _log() -> list[Check]:
    problem = audit_log.problem()
    return [] if problem is None else [failed("log", problem)]


def _printed(invocation: Invocation, checks: Iterable[Check]) -> Iterator[Check]:
    """The checks. Each is printed as it comes; at the end, the number of each kind."""
    write = _terminal_writer(invocation) if invocation.is_terminal(1) else None
    counts: dict[Status, int] = {"ok": 0, "warn": 0, "fail": 0}
    for check, shown in _said_once(checks):
        counts[check.status] += 1
        if write is not None:
            write(shown)
        else:
            mend = f"\n      mend: {shown.mend}" if shown.mend else ""
            invocation.print(f"{shown.status:4}  {shown.name}: {shown.what}{mend}\n".encode())
        yield check
    total = f"{counts['ok']} ok, {counts['warn']} warn, {counts['fail']} fail"
    invocation.print(f"{total}\n".encode())


def _said_once(checks: Iterable[Check]) -> Iterator[tuple[Check, Check]]:
    """Each check, and how it is shown: what one that is not ok has in common with an earlier one is said there alone.

    A source that cannot be read is the failure of every role behind it.
    """
    said: dict[tuple[str, str], str] = {}
    for check in checks:
        first = said.setdefault((check.what, check.mend), check.name)
        is_new = check.status == "ok" or first == check.name
        yield (
            check,
            check if is_new else Check(check.name, check.status, f"the same as {first} says", f"see {first} above"),
        )


def _terminal_writer(invocation: Invocation) -> Callable[[Check], None]:
    """A function that prints a check in columns and colours."""
    from rich.table import Table
    from rich.text import Text

    def write(check: Check) -> None:
        into = io.StringIO()
        console = display.console(invocation, into)
        longest = _SHORTEST_COLUMN if console.width < _NARROW else _LONGEST_COLUMN
        status, text = Text(check.status, _COLOURS[check.status]), Text(check.what)
        if check.mend:
            text.append("\nmend: ", "bold").append(check.mend)
        name = Text(check.name)
        if name.cell_len > longest:
            console.print(Text.assemble(status, "  ", name, overflow="fold"))
            status, name = Text(), Text()
        row = Table.grid(padding=(0, 2))
        row.add_column(width=4)
        row.add_column(width=max(_SHORTEST_COLUMN, name.cell_len))
        row.add_column(overflow="fold")
        row.add_row(status, name, text)
        console.print(row)
        lines = (line.rstrip() + "\n" for line in into.getvalue().splitlines())
        invocation.print("".join(lines).encode("utf-8", "backslashreplace"))

    return write
