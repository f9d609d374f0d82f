"""`whoami`: who the environment is, or a role and what assumes it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from assume_helper.cache.entries import Entry
from assume_helper.cli import tables, waiting
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.role_options import role_options, session
from assume_helper.credentials import Identity
from assume_helper.profiles.role import Profile, WebIdentity
from assume_helper.sessions import assume, caller_identity, role_listing


@click.command("whoami", short_help="Show who you are: now, or with a role.")
@role_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(invocation: Invocation, /, as_json: bool, role: str | None, **options: Any) -> None:
    """Show who AWS takes you for: without PROFILE, with the credentials that an SDK finds in this environment; with
    one, its source and its role, and how long the role's credentials are good.

    \b
    Example:
        $ assume-helper whoami
        $ assume-helper whoami dev
        $ assume-helper whoami --json dev
    """
    if role is None and any(value is not None for value in options.values()):
        raise click.UsageError("--source-profile and what a session is to be like go with PROFILE or ROLE_ARN: name it")
    if role is None:
        ask = caller_identity.of_environment(invocation.environ, invocation.clock)
        with waiting.sign(invocation, "asking STS ..."):
            found = [ask()]
    else:
        _, profile, entry = session(invocation, role, **options)
        with waiting.sign(invocation, "asking STS ...") as stop:
            found = identities(invocation, profile, entry, stop)
    if as_json:
        names = ("environment",) if role is None else ("source", "role") if len(found) == 2 else ("role",)
        tables.print_json(invocation, dict(zip(names, (who.as_json() for who in found), strict=True)))
        return
    tables.print_beside(invocation, [(who.whose, who.pairs()) for who in found])


def identities(invocation: Invocation, profile: Profile, entry: Entry, asking: Callable[[], None]) -> list[Identity]:
    """The source's identity, where it is credentials, and the role's; `asking` is called before a person is asked."""
    clock = invocation.clock
    whose = f"role of {profile.name}"
    role = caller_identity.of(whose, entry.session.credentials, profile, profile.endpoint, clock)
    role = replace(role, left=entry.session.left(clock.now()))
    if isinstance(profile.source, WebIdentity):
        return [role]
    credentials = assume.source_credentials(profile, replace(invocation.call_context(), asking=asking))
    whose = f"source: {role_listing.source_name(profile)}"
    source = caller_identity.of(whose, credentials, profile.source, profile.endpoint, clock)
    return [source, role]
