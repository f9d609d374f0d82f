"""`logout`: end a login, and delete what was got with it."""

from collections.abc import Sequence

import click

from assume_helper.cli import display, logging_in
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import AssumeHelperError
from assume_helper.light import dataclass
from assume_helper.profiles import aws_config, every_login
from assume_helper.profiles.login import Login
from assume_helper.sessions import end_of_login
from assume_helper.sessions.end_of_login import Deleted
from assume_helper.text import error_line, printable


@click.command("logout", short_help="Log out, and delete what was got with that login.")
@click.argument("profile", metavar="[PROFILE]", required=False)
@click.option("--sso-session", metavar="NAME", help="The session to log out of, whatever profiles use it.")
@click.option("--all", "everything", is_flag=True, help="Log out of everything.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    invocation: Invocation, /, profile: str | None, sso_session: str | None, *, everything: bool, as_json: bool
) -> None:
    """Log out of the IAM Identity Center of PROFILE, or of the AWS console.

    Identity Center is told to end the login, its token file is deleted, and so are all cached sessions that came of it,
    those in the AWS CLI's cache too. The login is that of every profile and program that uses the same [sso-session],
    start URL or login_session. --all logs out of each login that is there.

    \b
    Example:
        $ assume-helper logout dev
        $ assume-helper logout --sso-session corp
        $ assume-helper logout --all
    """
    if everything and (profile is not None or sso_session is not None):
        raise click.UsageError("--all goes with neither a profile nor --sso-session")
    config = aws_config.load(invocation.environ)
    if everything:
        logins = every_login.every_login(config, invocation.environ)
    else:
        logins = [logging_in.login_of(invocation, profile, sso_session)]
    with display.spinner(invocation, "logging out ..."):
        outcomes = [_log_out(invocation, login) for login in logins]
        ended = [each.login for each in outcomes if each.was_logged_in is not None]
        deleted = end_of_login.delete(ended, config, invocation.call_context())
    if as_json:
        counts = {name: value for name, value in vars(deleted).items() if name != "stays"}
        display.print_json(invocation, {"logins": [each.as_json() for each in outcomes], **counts})
    else:
        display.print_lines(invocation, [*_of_logins(outcomes, everything=everything), *_of_sessions(deleted)])
    problems = [each.problem for each in outcomes if each.problem is not None]
    problems += [
        AssumeHelperError(f"{printable(path)} cannot be removed", "check who may write to its directory")
        for path in deleted.stays
    ]
    for problem in problems[1:]:
        invocation.say(error_line(invocation.subject, str(problem)))
    if problems:
        raise problems[0]


@dataclass(frozen=True)
class _Outcome:
    """What became of a login: `was_logged_in` is None where nothing was done, `problem` what did not work."""

    login: Login
    name: str
    was_logged_in: bool | None
    problem: AssumeHelperError | None

    def as_json(self) -> dict[str, object]:
        problem = None if self.problem is None else str(self.problem)
        return {"login": self.name, "was_logged_in": self.was_logged_in, "problem": problem}


def _log_out(invocation: Invocation, login: Login) -> _Outcome:
    from assume_helper.logins import log_out, login_errors  # they load the SDK

    name = login_errors.name(login)
    try:
        found = log_out.log_out(login, invocation.environ, invocation.clock)
    except AssumeHelperError as error:
        return _Outcome(login, name, None, error)
    return _Outcome(login, name, found.was_there, found.problem)


def _of_logins(outcomes: Sequence[_Outcome], *, everything: bool) -> list[str]:
    """What is said of each login; of one with a problem that is said at the end."""
    fine = [each for each in outcomes if each.problem is None]
    lines = [f"{each.name} is logged out" for each in fine if each.was_logged_in]
    if everything:
        return lines or ["no login was there"] * (len(fine) == len(outcomes))
    return lines or [f"{each.name} was not logged in" for each in fine]


def _of_sessions(deleted: Deleted) -> list[str]:
    lines = []
    if deleted.removed:
        lines.append(f"removed: {_sessions(deleted.removed)} from the cache")
    if deleted.removed_from_aws_cli:
        lines.append(f"removed: {_sessions(deleted.removed_from_aws_cli)} from the AWS CLI's cache")
    if deleted.left:
        lines.append(f"left: {_sessions(deleted.left)} that another process is replacing; no call uses what was there")
    return lines


def _sessions(number: int) -> str:
    return "1 session" if number == 1 else f"{number} sessions"
