"""`get`: the credential_process that SDKs run."""

import functools
import os

import click

from assume_helper.cli import handing_out
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.role_argument import DURATION, DURATION_HELP
from assume_helper.sessions import provider, refresh_ahead
from assume_helper.sessions.provider import RoleRequest


@click.command("get", short_help="Print a profile's credentials for an AWS SDK.")
@click.argument("profile")
@click.option(
    "--role-session-name", metavar="NAME", help="The session's name. It may contain {user}, {host} and {profile}."
)
@click.option("--duration-seconds", type=DURATION, metavar="N", help=DURATION_HELP)
@click.option("--session-tag", "session_tags", metavar="KEY=VALUE", multiple=True, help="A session tag. Repeatable.")
@click.option("--session-policy", metavar="FILE|JSON", help="Limit the session to this policy.")
@click.option(
    "--policy-arn",
    "policy_arns",
    metavar="ARN",
    multiple=True,
    help="Limit the session to this managed policy. Repeatable.",
)
@click.option("--read-only", is_flag=True, help="Limit the session to AWS's ReadOnlyAccess policy.")
@click.option(refresh_ahead.OPTION, "refresh_lock", type=int, hidden=True)
@click.pass_obj
def command(
    invocation: Invocation, /, profile: str, refresh_lock: int | None, **options: str | int | tuple[str, ...] | None
) -> None:
    """Print the temporary credentials of PROFILE, as the JSON document that a credential_process prints.

    They come from the cache while they are fresh, else from AWS. Standard output gets the document and nothing else. A
    failure is one line on standard error.

    An option wins over the profile's key of the same name. Each set of options is cached separately.

    \b
    Example:
        $ assume-helper get dev
        $ assume-helper get dev --read-only
    """
    invocation.subject = profile
    invocation.require_stdout("the credentials")
    given = {name: _as_key(name, value) for name, value in options.items() if value not in (None, (), False)}
    if "session_policy" in given and not given["session_policy"].lstrip().startswith("{"):
        given["session_policy"] = os.path.abspath(os.path.expanduser(given["session_policy"]))
    request = RoleRequest(profile, given, typed=invocation.typed)
    if refresh_lock is not None:
        back_off = functools.partial(refresh_ahead.back_off, refresh_lock)
        refreshed = provider.refresh(request, invocation.call_context(), back_off)
        if refreshed is not None:
            invocation.record_issue(*refreshed, behind=True)
        return
    handing_out.to_process(invocation, request)


def _as_key(name: str, value: str | int | tuple[str, ...] | None) -> str:
    """An option as the profile's key would hold it. Raises click.UsageError for an empty one.

    It may come from a script's variable that was not set: without it, the session would have more rights than meant.
    """
    if not all(str(part).strip() for part in (value if isinstance(value, tuple) else (value,))):
        option = {"session_tags": "session-tag", "policy_arns": "policy-arn"}.get(name, name.replace("_", "-"))
        raise click.UsageError(f"--{option} is empty: give it a value, or leave it out")
    if isinstance(value, tuple):
        if any("," in part for part in value):
            raise click.UsageError("a session tag or a policy's ARN cannot contain a comma: repeat the option")
        return ",".join(value)
    return "true" if value is True else str(value)
