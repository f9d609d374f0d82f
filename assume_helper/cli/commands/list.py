"""`list`: the profiles that have a role, and what is cached of them."""

import click

from assume_helper.cli import tables
from assume_helper.cli.invocation import Invocation
from assume_helper.profiles import aws_config
from assume_helper.sessions import role_listing
from assume_helper.text import duration_text

_COLUMNS = ("profile", "role", "account", "source", "MFA", "cached")


@click.command("list", short_help="Show the role profiles: role, source, MFA, what is cached.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(invocation: Invocation, /, as_json: bool) -> None:
    """Show the profiles that have a role, and for how long their cached credentials are good.

    Nobody is asked: no STS, no login service.

    \b
    Example:
        $ assume-helper list
        $ assume-helper list --json
    """
    environ = invocation.environ
    config = aws_config.load(environ)
    rows = role_listing.rows(config, environ, invocation.warn, invocation.clock.now())
    if as_json:
        tables.print_json(
            invocation,
            [
                {
                    "profile": row.profile,
                    "role_arn": row.role_arn or None,
                    "account_id": row.account_id or None,
                    "source": row.source or None,
                    "mfa_serial": row.mfa_serial or None,
                    "cached": row.left is not None,
                    "seconds_left": None if row.left is None else int(row.left),
                    "problem": row.problem or None,
                }
                for row in rows
            ],
        )
        return
    if not rows:
        invocation.say(
            f"assume-helper: no profile in {config.config_path} has a role; `assume-helper configure` adds one"
        )
        return
    tables.print_table(
        invocation,
        _COLUMNS,
        [
            [row.profile, row.problem, "", "", "", ""]
            if row.problem
            else [
                row.profile,
                row.role,
                row.account_id,
                row.source,
                row.mfa_serial,
                "no" if row.left is None else f"{duration_text(row.left)} left",
            ]
            for row in rows
        ],
    )
