"""Which role a command is for: the argument PROFILE|ROLE_ARN, its options, and the session that they ask for."""

from collections.abc import Callable, Mapping

import click

from assume_helper.cache.entries import Entry
from assume_helper.cli import display, logging_in, picker
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.session_options import as_keys, session_options
from assume_helper.errors import SourceError
from assume_helper.light import Any, TypeVar, replace
from assume_helper.profiles import aws_config, profile_variables
from assume_helper.profiles.role import Profile
from assume_helper.sessions import caller_identity, herd_gate, provider
from assume_helper.sessions.provider import RoleRequest
from assume_helper.system.context import CallContext

F = TypeVar("F", bound=Callable[..., Any])


def role_options(command: F) -> F:
    """Add the argument PROFILE|ROLE_ARN and the options that go with it to `command`."""
    for add in (
        session_options,
        click.option("--source-profile", metavar="NAME", help="The profile that assumes ROLE_ARN."),
        click.argument("role", metavar="[PROFILE|ROLE_ARN]", required=False),
    ):
        command = add(command)
    return command


def session(invocation: Invocation, role: str | None, **options: Any) -> tuple[RoleRequest, Profile, Entry]:
    """The request of `requested`, its profile and its session. Raises AssumeHelperError, and as `requested` does."""
    request = requested(invocation, role, **options)
    return request, *session_of(invocation, request)


def requested(
    invocation: Invocation, role: str | None, source_profile: str | None, *, no_session: bool = False, **options: Any
) -> RoleRequest:
    """What the argument and its options ask for; nothing is asked of AWS. Raises as `role_request` does."""
    given = as_keys(options)
    if source_profile == "":
        raise click.UsageError("--source-profile is empty: give it a value, or leave it out")
    asked = role_request(invocation, role, source_profile, given)
    request = replace(asked, no_session=no_session, typed=invocation.typed)
    if no_session and given:
        raise click.UsageError("--no-session hands over the key itself: leave the session's options out")
    return request


def session_of(invocation: Invocation, request: RoleRequest) -> tuple[Profile, Entry]:
    """The profile that is requested, and its session. Raises AssumeHelperError, KeyboardInterrupt."""
    due: list[str] = []

    def ask(context: CallContext) -> tuple[Profile, Entry]:
        with display.spinner(invocation, "asking AWS ...") as stop:
            return provider.session(request, replace(context, asking=stop, due=due.append))

    try:
        profile, entry = ask(invocation.call_context())
    except SourceError as error:
        login = provider.read_profile(request, invocation.environ)[1].login
        if not logging_in.offer(invocation, login, error):
            raise
        profile, entry = ask(invocation.call_context_from_now())
    herd_gate.leave()
    if request.keys is None:  # `get`, which refreshes, does not take a role's ARN
        invocation.refresh_behind(due, ["get", *request.words()])
    if request.picked:
        found = caller_identity.of_session(profile, entry.session, invocation.clock.now())
        for line in display.block(found.whose, found.pairs()):
            invocation.say(line)
    return profile, entry


def role_request(
    invocation: Invocation, named: str | None, source_profile: str | None, options: Mapping[str, str]
) -> RoleRequest:
    """The role that is `named`, else the one that the environment names, else the one that a person picks.

    Raises click.UsageError where none is named and no terminal is there; KeyboardInterrupt, ConfigurationError.
    """
    if named == "":
        raise click.UsageError("PROFILE is empty: name one, or leave it out")
    found = named or profile_variables.profile(invocation.environ)
    picked = found is None
    if found is None:
        if not invocation.can_ask():
            raise click.UsageError("name a profile or a role's ARN, or set AWS_PROFILE")
        found = picker.pick(invocation)
    invocation.subject = found
    if not found.startswith("arn:"):
        if source_profile is not None:
            raise click.UsageError("--source-profile is for a role's ARN; a profile names its own")
        return RoleRequest(found, options, picked=picked)
    return RoleRequest(found, options, {"role_arn": found, **source_keys(invocation, source_profile)}, picked)


def source_keys(invocation: Invocation, source_profile: str | None) -> dict[str, str]:
    """The source of a role that has no profile: the profile that is named, else the environment's own credentials.

    Raises click.UsageError where none is named and no terminal is there; KeyboardInterrupt, ConfigurationError.
    """
    environ = invocation.environ
    if source_profile is not None:
        return {"source_profile": source_profile}
    if environ.get("AWS_ACCESS_KEY_ID"):
        return {"credential_source": "Environment"}
    name = profile_variables.profile(environ) or "default"
    if name in aws_config.load(environ).profiles:
        return {"source_profile": name}
    if invocation.can_ask():
        return {"source_profile": picker.pick_source(invocation)}
    raise click.UsageError("name the profile that calls STS: --source-profile NAME")
