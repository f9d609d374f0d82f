"""The options that commands for a role share: who it is, and what its session is to be like."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click

from assume_helper.cache.entries import Entry
from assume_helper.cli import tables, waiting
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.wanted import role_request
from assume_helper.credentials import LONGEST_SESSION, SHORTEST_SESSION
from assume_helper.profiles.role import Profile
from assume_helper.sessions import caller_identity, provider

F = TypeVar("F", bound=Callable[..., Any])
DURATION = click.IntRange(SHORTEST_SESSION, LONGEST_SESSION)


def role_options(command: F) -> F:
    """The argument PROFILE|ROLE_ARN, and the options that go with it."""
    for add in (
        click.option(
            "--duration-seconds", type=DURATION, metavar="N", help="How long the session lasts, 900 to 43200."
        ),
        click.option("--role-session-name", metavar="NAME", help="The session's name in the audit trail."),
        click.option("--source-profile", metavar="NAME", help="The profile that assumes ROLE_ARN."),
        click.argument("role", metavar="[PROFILE|ROLE_ARN]", required=False),
    ):
        command = add(command)
    return command


def session(
    invocation: Invocation,
    role: str | None,
    source_profile: str | None,
    role_session_name: str | None,
    duration_seconds: int | None,
) -> tuple[provider.RoleRequest, Profile, Entry]:
    """What the options want, its profile and its session. Raises AssumeHelperError, click.UsageError."""
    options = {"role_session_name": role_session_name, "duration_seconds": duration_seconds}
    given = {name: str(value) for name, value in options.items() if value is not None}
    if "" in {value.strip() for value in given.values()} or source_profile == "":
        raise click.UsageError("an option is empty")
    what = role_request(invocation, role, source_profile, given)
    due: list[str] = []
    with waiting.sign(invocation, "asking STS ...") as stop:
        profile, entry = provider.session(what, replace(invocation.call_context(), asking=stop, due=due.append))
    if what.keys is None:  # `get` has no words for a role's ARN
        invocation.refresh_behind(due, ["get", *what.words()])
    if what.picked:
        found = caller_identity.of_session(what.name, entry.session, invocation.clock.now())
        for line in tables.block(found.whose, found.pairs()):
            invocation.say(line)
    return what, profile, entry
