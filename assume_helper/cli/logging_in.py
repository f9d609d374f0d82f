"""A person logs in from a command: by `login`, or because another command needs it and the person says yes."""

import click

from assume_helper.cli import login_screen, picker
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import ConfigurationError, SourceError
from assume_helper.light import dataclass
from assume_helper.profiles import aws_config, login_settings, profile_variables, role_chain
from assume_helper.profiles.endpoint import EndpointSettings
from assume_helper.profiles.login import IdentityCenterLogin, Login
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.system.context import CallContext
from assume_helper.text import printable


@dataclass(frozen=True)
class Options:
    """What a person asked for: `device_code`, a code for a browser anywhere; `open_page`, whether a browser is opened
    here, None where that is by the rule; `force`, a new login in any case.
    """

    device_code: bool = False
    open_page: bool | None = None
    force: bool = False


def log_in(invocation: Invocation, login: Login, options: Options, context: CallContext, before: str) -> bool:
    """Have a person log in, or wait for the one who does; whether it was done here. Raises as `logins.log_in` does.

    A browser is opened where the person sits at this machine. Else, or if the config or the options say so, a code is
    shown. The person asked for it when `context` started: a login that has failed since then is not tried again.
    `before` is what was `seen` of the login then.
    """
    from assume_helper.logins import log_in as logins
    from assume_helper.logins import login_errors
    from assume_helper.system import browser

    obstacle = browser.obstacle(invocation.environ)
    is_legacy = isinstance(login, IdentityCenterLogin) and login.session_name is None
    by_rule = options.open_page is None and not options.device_code
    if by_rule:
        wants_code = login.method == "device" or obstacle is not None
    else:
        wants_code = options.device_code or not options.open_page
    may_open = not wants_code if options.open_page is None else options.open_page
    way = logins.Way("device" if wants_code or is_legacy else "browser", may_open)
    why = obstacle if by_rule else None
    with login_screen.screen(invocation, login_errors.name(login), login.command, why) as screen:
        return logins.log_in(
            login, way, context, screen.show, screen.wait, before=before, force=options.force
        )  # fmt: skip


def offer(invocation: Invocation, login: Login | None, error: SourceError) -> bool:
    """Ask on the terminal, once for each login, whether to log in now; whether somebody did.

    Not where the login is good, so that the error is about something else. Raises what logging in raises, and
    KeyboardInterrupt.
    """
    if login is None or login.token_path in invocation.offered_logins or not invocation.can_ask():
        return False
    from assume_helper.logins import log_in as logins
    from assume_helper.logins import login_errors, state

    before = logins.seen(login)
    if state.of(login, invocation.clock.now()).problem is None:
        return False
    invocation.offered_logins.add(login.token_path)
    invocation.say(f"assume-helper: {printable(error.message)}")
    answer = invocation.read_line(f"log in to {login_errors.name(login)} now? [Y/n]").strip().lower()
    if answer not in {"", "y", "yes"}:
        return False
    log_in(invocation, login, Options(), invocation.call_context_from_now(), before)
    return True


def login_of(invocation: Invocation, name: str | None, sso_session: str | None) -> Login:
    """The login that a command is for: of the session, or of the profile, `name` or the one that is picked.

    Raises ConfigurationError, click.UsageError, KeyboardInterrupt.
    """
    environ = invocation.environ
    if name == "" or sso_session == "":
        raise click.UsageError("the name is empty: give one, or leave it out")
    if name is not None and sso_session is not None:
        raise click.UsageError("name a profile or --sso-session, not both")
    if sso_session is not None:
        invocation.subject = sso_session
        return login_settings.of_session(aws_config.load(environ), sso_session, environ)
    found = name or profile_variables.profile(environ)
    if found is None:
        if not invocation.can_ask():
            raise click.UsageError("name a profile, or --sso-session NAME, or set AWS_PROFILE")
        found = picker.pick(invocation)
    invocation.subject = found
    config = aws_config.load(environ)
    settings = ProfileSettings(merge(config, found))
    if found in config.profiles and settings.sso_session and not settings.sso_account_id and not settings.role_arn:
        return login_settings.identity_center(settings, environ, EndpointSettings())
    profile = role_chain.read_profile(config, environ, found)
    login = profile.login
    if login is None:
        raise ConfigurationError(
            f"this {profile.kind} begins with no login to IAM Identity Center or to the console",
            "name a profile with sso_session or login_session, or --sso-session NAME",
        )
    return login
