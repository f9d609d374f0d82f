"""`login`: log in to IAM Identity Center, or to the AWS console, once for all who need it."""

import click

from assume_helper.cli import display, logging_in
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.logging_in import Options
from assume_helper.errors import SourceError
from assume_helper.light import Any, replace
from assume_helper.profiles.login import Login
from assume_helper.system import process_stat
from assume_helper.system.context import CallContext
from assume_helper.text import duration_text

# Seconds. A process that is older has become this program later.
_LONGEST_WAIT = 60.0


@click.command("login", short_help="Log in where a login is needed, once for all who wait.")
@click.argument("profile", metavar="[PROFILE]", required=False)
@click.option("--sso-session", metavar="NAME", help="The session to log in to, whatever profiles use it.")
@click.option("--check", is_flag=True, help="Only say by the exit code whether a login is good (0) or needed (4).")
@click.option("--force", is_flag=True, help="Log in anew, also where the login is good.")
@click.option("--device-code", is_flag=True, help="Show a code for a browser on any machine.")
@click.option(
    "--browser/--no-browser",
    default=None,
    help="Open a browser here, or open none. By default one is opened if you sit at this machine.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    profile: str | None,
    sso_session: str | None,
    *,
    check: bool,
    force: bool,
    device_code: bool,
    browser: bool | None,
    as_json: bool,
) -> None:
    """Log in to the IAM Identity Center of PROFILE, or to the AWS console.

    A login that is good is left alone, and one that only needs its refresh token is renewed. Otherwise a browser is
    opened. Over SSH, in CI and without a display it shows a code instead, for a browser on any machine; so does
    assume_helper_login = device in the profile or its [sso-session]. All who need the login meanwhile wait for it.

    The token is kept where the AWS CLI keeps it, and serves every SDK. For a profile with login_session this runs the
    AWS CLI's `aws login`.

    \b
    Example:
        $ assume-helper login dev
        $ assume-helper login --sso-session corp
        $ assume-helper login --sso-session corp --device-code
        $ assume-helper login dev --check || echo not logged in
    """
    if check and (force or device_code or browser is not None or as_json):
        raise click.UsageError("--check goes with no other option but --sso-session")
    login = logging_in.login_of(invocation, profile, sso_session)
    from assume_helper.logins import log_in

    if check:
        is_good = log_in.is_good(login, invocation.clock.now())
        click.get_current_context().exit(0 if is_good else SourceError.exit_code)
    is_new = False
    context, before = _since_asked(invocation), log_in.seen(login)
    with display.spinner(invocation, "looking at the login ..."):
        is_needed = force or log_in.is_needed(login, context)
    if is_needed:
        is_new = logging_in.log_in(invocation, login, Options(device_code, browser, force), context, before)
    found = _state(invocation, login)
    if as_json:
        display.print_json(invocation, found | {"logged_in_now": is_new})
    else:
        until = (
            "" if found["until"] is None else f" until {found['until']} ({duration_text(found['seconds_left'])} left)"
        )
        how = "; it is renewed by itself" if found["is_renewed"] else ""
        display.print_lines(invocation, [f"{found['login']} is logged in{until}{how}"])


def _since_asked(invocation: Invocation) -> CallContext:
    """The context, as of when this process was made: on a busy machine it waits long before it can look at a clock.

    Many that are started together so share the failure of the first.
    """
    context = invocation.call_context()
    return replace(context, started=min(context.started, context.clock.now() - min(process_stat.age(), _LONGEST_WAIT)))


def _state(invocation: Invocation, login: Login) -> dict[str, Any]:
    """The login as it is now. Raises what is wrong with it."""
    from assume_helper.logins import login_errors, state

    found = state.of(login, invocation.clock.now())
    if found.problem is not None:
        raise found.problem
    return {
        "login": login_errors.name(login),
        "until": None if found.until is None else found.until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "seconds_left": found.seconds_left,
        "is_renewed": found.is_renewable,
    }
