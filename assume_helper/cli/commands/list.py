"""`list`: the profiles that can be served, their logins, and what is cached for them."""

import click

from assume_helper.cli import profile_table
from assume_helper.cli.invocation import Invocation


@click.command("list", short_help="List the profiles: kind, role, source, login, what is cached.")
@click.option("--wide", is_flag=True, help="Show the serial of the MFA device in place of yes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(invocation: Invocation, /, *, wide: bool, as_json: bool) -> None:
    """List the profiles that can be served, and how long their logins and their cached credentials last.

    This calls neither STS nor a login service.

    \b
    Example:
        $ assume-helper list
        $ assume-helper list --json
    """
    profile_table.show(invocation, wide=wide, as_json=as_json)
