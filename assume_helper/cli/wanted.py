"""Which role a command is about: a profile, a role's ARN, AWS_PROFILE, or what somebody picks on the terminal."""

from collections.abc import Mapping

import click

from assume_helper.cli import picker
from assume_helper.cli.invocation import Invocation
from assume_helper.profiles import aws_config
from assume_helper.sessions.provider import RoleRequest

Options = Mapping[str, str]


def role_request(
    invocation: Invocation, named: str | None, source_profile: str | None, options: Options
) -> RoleRequest:
    """What is `named`, else what the environment names, else what is picked.

    Raises click.UsageError where nothing is named and there is nobody to ask, KeyboardInterrupt, ConfigurationError.
    """
    environ = invocation.environ
    found = named or environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")
    picked = found is None
    if found is None:
        if not _can_pick(invocation):
            raise click.UsageError("name a profile or a role's ARN, or set AWS_PROFILE")
        found = picker.pick(invocation)
    invocation.subject = found
    if not found.startswith("arn:"):
        if source_profile is not None:
            raise click.UsageError("--source-profile is for a role's ARN; a profile names its own")
        return RoleRequest(found, options, picked=picked)
    return RoleRequest(found, options, {"role_arn": found, **_source(invocation, source_profile)}, picked)


def _can_pick(invocation: Invocation) -> bool:
    return invocation.is_terminal(0) and invocation.is_terminal(2)


def _source(invocation: Invocation, source_profile: str | None) -> dict[str, str]:
    """What assumes a role that has no profile: what is named, else the environment's own credentials."""
    environ = invocation.environ
    if source_profile is not None:
        return {"source_profile": source_profile}
    if environ.get("AWS_ACCESS_KEY_ID"):
        return {"credential_source": "Environment"}
    name = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or "default"
    if name in aws_config.load(environ).profiles:
        return {"source_profile": name}
    if _can_pick(invocation):
        return {"source_profile": picker.pick_source(invocation)}
    raise click.UsageError("name the profile that assumes the role: --source-profile NAME")
