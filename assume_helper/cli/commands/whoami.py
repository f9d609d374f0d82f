"""`whoami`: the identity of the environment, or of a profile and of a role's source."""

from collections.abc import Callable

import click

from assume_helper.cache.entries import Entry
from assume_helper.cli import display
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.role_argument import role_options, session
from assume_helper.cli.session_options import are_given
from assume_helper.credentials import Identity
from assume_helper.light import Any, replace
from assume_helper.profiles.origin import WebIdentity
from assume_helper.profiles.role import Profile
from assume_helper.sessions import assume, caller_identity, profile_listing


@click.command("whoami", short_help="Show who you are: now, or with a profile.")
@role_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(invocation: Invocation, /, as_json: bool, role: str | None, **options: Any) -> None:
    """Show your identity as AWS sees it (GetCallerIdentity).

    Without PROFILE: that of the credentials that an SDK finds in this environment. With PROFILE: that of its source and
    of its role, and how long the role's credentials last; of a profile that is no role, its own.

    \b
    Example:
        $ assume-helper whoami
        $ assume-helper whoami dev
        $ assume-helper whoami --json dev
    """
    if role is None and are_given(options):
        raise click.UsageError("--source-profile and the options of a session go with PROFILE or ROLE_ARN: name it")
    if role is None:
        ask = caller_identity.of_environment(invocation.environ, invocation.clock)
        with display.spinner(invocation, "asking AWS ..."):
            found = [ask()]
        names = ["environment"]
    else:
        _, profile, entry = session(invocation, role, **options)
        with display.spinner(invocation, "asking AWS ...") as stop:
            found = identities(invocation, profile, entry, stop)
        names = ["source", "role"][-len(found) :] if profile.role_arn is not None else ["session"]
    if as_json:
        display.print_json(invocation, dict(zip(names, (who.as_json() for who in found), strict=True)))
    else:
        display.print_blocks(invocation, [(who.whose, who.pairs()) for who in found])


def identities(invocation: Invocation, profile: Profile, entry: Entry, asking: Callable[[], None]) -> list[Identity]:
    """The identity of a role's source, if that has credentials, and of the profile's session.

    `asking` is called before a person is asked. Raises AssumeHelperError.
    """
    clock = invocation.clock
    whose = f"{profile.kind} of {profile.name}"
    role = caller_identity.of(whose, entry.session.credentials, profile, profile.endpoint, clock)
    if entry.session.expiration is not None:
        role = replace(role, left=entry.session.left(clock.now()))
    if isinstance(profile.source, WebIdentity) or profile.role_arn is None:
        return [role]
    credentials = assume.source_credentials(profile, replace(invocation.call_context(), asking=asking))
    whose = f"source: {profile_listing.source_name(profile)}"
    source = caller_identity.of(whose, credentials, profile.source, profile.endpoint, clock)
    return [source, role]
