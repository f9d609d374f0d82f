"""`get`: the credential_process that SDKs run."""

import functools

import click

from assume_helper.cli import handing_out
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.session_options import as_keys, session_options
from assume_helper.light import Any
from assume_helper.sessions import provider, refresh_ahead
from assume_helper.sessions.provider import RoleRequest


@click.command("get", short_help="Print a profile's credentials for an AWS SDK.")
@click.argument("profile")
@session_options
@click.option(refresh_ahead.OPTION, "refresh_lock", type=int, hidden=True)
@click.pass_obj
def command(invocation: Invocation, /, profile: str, refresh_lock: int | None, **options: Any) -> None:
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
    request = RoleRequest(profile, as_keys(options), typed=invocation.typed)
    if refresh_lock is not None:
        back_off = functools.partial(refresh_ahead.back_off, refresh_lock)
        refreshed = provider.refresh(request, invocation.call_context(), back_off)
        if refreshed is not None:
            invocation.record_issue(*refreshed, behind=True)
        return
    handing_out.to_process(invocation, request)
