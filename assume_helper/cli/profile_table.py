"""The table that `list` prints, or its JSON."""

from assume_helper.cli import display
from assume_helper.cli.invocation import Invocation
from assume_helper.profiles import aws_config
from assume_helper.sessions import profile_listing
from assume_helper.sessions.profile_listing import Row
from assume_helper.text import duration_text

_COLUMNS = ("profile", "kind", "role", "account", "source", "MFA", "login", "cached")


def show(invocation: Invocation, *, wide: bool, as_json: bool) -> None:
    """Print the profiles that can be served; `wide` with the serial of the MFA device. Raises ConfigurationError."""
    config = aws_config.load(invocation.environ)
    rows = profile_listing.rows(config, invocation.environ, invocation.warn, invocation.clock.now())
    if as_json:
        display.print_json(invocation, [row.as_json() for row in rows])
    elif rows:
        cells = [_cells(row, wide=wide) for row in rows]
        display.print_table(invocation, _COLUMNS, cells, profile_listing.problems_once(rows))
        for note in dict.fromkeys(row.note for row in rows if row.note):
            invocation.say(f"assume-helper: {note}")
    else:
        invocation.say(
            f"assume-helper: no profile in {config.config_path} can be served; `assume-helper configure` adds one"
        )


def _cells(row: Row, *, wide: bool) -> list[str]:
    if row.problem:
        return [row.profile, *[""] * (len(_COLUMNS) - 1)]
    cached = "no" if row.left is None else f"{duration_text(row.left)} left"
    mfa = row.mfa_serial if wide else "yes" if row.mfa_serial else "no"
    return [row.profile, row.kind, row.role, row.account_id, row.source, mfa, row.login, cached]
