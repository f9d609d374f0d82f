"""`list`: the profiles that have a role, and what is cached for them."""

import click

from assume_helper.cli import display
from assume_helper.cli.invocation import Invocation
from assume_helper.profiles import aws_config
from assume_helper.sessions import role_listing
from assume_helper.sessions.role_listing import Row
from assume_helper.text import duration_text

_COLUMNS = ("profile", "role", "account", "source", "MFA", "cached")


@click.command("list", short_help="List the role profiles: role, source, MFA, what is cached.")
@click.option("--wide", is_flag=True, help="Show the serial of the MFA device in place of yes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(invocation: Invocation, /, *, wide: bool, as_json: bool) -> None:
    """List the profiles that have a role, and how long their cached credentials last.

    This calls neither STS nor a login service.

    \b
    Example:
        $ assume-helper list
        $ assume-helper list --json
    """
    config = aws_config.load(invocation.environ)
    rows = role_listing.rows(config, invocation.environ, invocation.warn, invocation.clock.now())
    if as_json:
        display.print_json(invocation, [row.as_json() for row in rows])
    elif rows:
        cells = [_cells(row, wide=wide) for row in rows]
        display.print_table(invocation, _COLUMNS, cells, role_listing.problems_once(rows))
    else:
        invocation.say(
            f"assume-helper: no profile in {config.config_path} has a role; `assume-helper configure` adds one"
        )


def _cells(row: Row, *, wide: bool) -> list[str]:
    if row.problem:
        return [row.profile, "", "", "", "", ""]
    cached = "no" if row.left is None else f"{duration_text(row.left)} left"
    mfa = row.mfa_serial if wide else "yes" if row.mfa_serial else "no"
    return [row.profile, row.role, row.account_id, row.source, mfa, cached]
