"""`get`: the credential process."""

import functools
import os
from dataclasses import replace

import click

from assume_helper.cli.invocation import Invocation
from assume_helper.credentials import LONGEST_SESSION, SHORTEST_SESSION
from assume_helper.errors import AssumeHelperError
from assume_helper.sessions import provider, refresh_ahead
from assume_helper.sessions.provider import RoleRequest

DURATION = click.IntRange(SHORTEST_SESSION, LONGEST_SESSION)


@click.command("get", short_help="Print a profile's credentials, as every AWS SDK reads them.")
@click.argument("profile")
@click.option("--role-session-name", metavar="NAME", help="The session's name; may hold {user}, {host}, {profile}.")
@click.option("--duration-seconds", type=DURATION, metavar="N", help="How long the session lasts, 900 to 43200.")
@click.option("--session-tag", "session_tags", metavar="KEY=VALUE", multiple=True, help="A session tag; repeatable.")
@click.option("--session-policy", metavar="FILE|JSON", help="A policy that narrows the session.")
@click.option("--policy-arn", "policy_arns", metavar="ARN", multiple=True, help="A policy that narrows it; repeatable.")
@click.option("--read-only", is_flag=True, help="Narrow the session to AWS's ReadOnlyAccess policy.")
@click.option(refresh_ahead.OPTION, "refresh_lock", type=int, hidden=True)
@click.pass_obj
def command(
    invocation: Invocation, /, profile: str, refresh_lock: int | None, **options: str | int | tuple[str, ...] | None
) -> None:
    """Print the temporary credentials of PROFILE as the JSON document of a credential process.

    From the cache while they are fresh, else from STS. Nothing else is printed on standard output; on a failure
    there is one line on standard error.

    An option wins over the profile's key of the same name, and has a session of its own in the cache.

    \b
    Example:
        $ assume-helper get dev
        $ assume-helper get dev --read-only
    """
    invocation.subject = profile
    if invocation.stdout_closed:
        raise AssumeHelperError("standard output is closed", "the credentials are printed there: open it")
    given = {name: _written(name, value) for name, value in options.items() if value not in (None, (), False)}
    if "session_policy" in given and not given["session_policy"].lstrip().startswith("{"):
        given["session_policy"] = os.path.abspath(os.path.expanduser(given["session_policy"]))
    wanted = RoleRequest(profile, given)
    if refresh_lock is not None:
        put_off = functools.partial(refresh_ahead.back_off, refresh_lock)
        session = provider.refresh(wanted, invocation.call_context(), put_off)
        if session is not None:
            invocation.record_issue(session, behind=True)
        return
    due: list[str] = []
    entry = provider.session(wanted, replace(invocation.call_context(), due=due.append))[1]
    invocation.print(entry.document + b"\n")
    invocation.record_issue(entry.session)
    invocation.refresh_behind(due, invocation.arguments)


def _written(name: str, value: str | int | tuple[str, ...] | None) -> str:
    """An option as the profile's key would hold it. An empty one is a variable of a script that was not set: without
    it the session would be wider than was meant.
    """
    if not all(str(part).strip() for part in (value if isinstance(value, tuple) else (value,))):
        option = {"session_tags": "session-tag", "policy_arns": "policy-arn"}.get(name, name.replace("_", "-"))
        raise click.UsageError(f"--{option} is empty")
    if isinstance(value, tuple):
        if any("," in part for part in value):
            raise click.UsageError("a comma cannot be in a session tag or a policy's ARN")
        return ",".join(value)
    return "true" if value is True else str(value)
