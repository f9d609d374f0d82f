"""`console`: the AWS console in the browser, as a profile."""

import click

from assume_helper.cli import browsing, display
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.role_argument import requested, role_options, session_of
from assume_helper.cli.session_options import as_keys
from assume_helper.credentials import LONGEST_SESSION, SHORTEST_SESSION
from assume_helper.errors import ConfigurationError
from assume_helper.export import console_url, federation
from assume_helper.light import Any
from assume_helper.profiles.login import PermissionSet
from assume_helper.profiles.role import Profile
from assume_helper.sessions import provider
from assume_helper.sessions.provider import RoleRequest
from assume_helper.system.warning import Warning
from assume_helper.text import printable

_SECONDS = click.IntRange(SHORTEST_SESSION, LONGEST_SESSION)


@click.command("console", short_help="Open the AWS console in the browser, as a profile.")
@role_options
@click.option("--service", metavar="NAME", help="Open the page of this service, such as s3.")
@click.option("--destination", metavar="URL|PATH", help="Open this page of the console.")
@click.option("--region", metavar="REGION", help="Open the console of this region. Default: the profile's.")
@click.option("--duration", type=_SECONDS, metavar="N", help="How long the console session lasts, in seconds.")
@click.option("--portal", is_flag=True, help="Of a permission set: have the access portal sign you in.")
@click.option("--print", "only_print", is_flag=True, help="Print the URL, and open no browser.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    invocation: Invocation, /, service: str | None, destination: str | None, region: str | None, duration: int | None,
    portal: bool, only_print: bool, as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Open the AWS console in the browser, signed in as the profile's role or permission set.

    Without PROFILE it takes AWS_PROFILE; if that is not set, you choose a profile on the terminal. Where no browser can
    be opened (over SSH, in CI, without a display) it exits 1: --print prints the URL, and nothing else. Whoever opens
    that within 15 minutes is signed in.

    AWS takes a --duration of 900 to 43200 for a permission set, and for a role that is assumed with an access key or
    with a web identity token; not for a role that is assumed with another session.

    The session of an access key is a user's own, and cannot sign in. --portal opens, or prints, the access portal's own
    link to a permission set: no credentials are needed for it, and it holds no secret.

    \b
    Example:
        $ assume-helper console dev
        $ assume-helper console dev --service s3 --region eu-central-1
        $ assume-helper console dev --print
        $ assume-helper console corp --portal --destination /cloudwatch/home
    """
    if service is not None and destination is not None:
        raise click.UsageError("--service and --destination both name a page: leave one of them out")
    if region is not None and destination is not None and console_url.is_url(destination):
        raise click.UsageError("a URL names its own region: leave --region out, or give --destination a path")
    if portal and (duration is not None or as_keys(options)):
        raise click.UsageError("the access portal makes the session by itself: leave the session's options out")
    if only_print or as_json:
        invocation.require_stdout("the URL")
    if not only_print:
        browsing.check(invocation)
    request = requested(invocation, **options)
    config, profile = provider.read_profile(request, invocation.environ)
    partition = console_url.partition(profile)
    page = _page(profile, partition, region, service, destination)
    found: dict[str, object] = {"destination": page, "identity": profile.identity, "account_id": profile.account_id,
                                "duration_seconds": None}  # fmt: skip
    if portal:
        if service is None and destination is None and region is None:
            found["destination"] = None  # the portal's own choice
        url = console_url.of_portal(_permission_set(profile), None if found["destination"] is None else page)
    else:
        to = federation.service(config, profile, partition, invocation.environ)
        url = _signed_in(invocation, request, profile, to, page, duration, found)
    if not only_print:
        browsing.open_page(invocation, url, is_secret=not portal)
    if as_json:
        display.print_json(invocation, {"url": url, **found, "is_opened": not only_print})
    elif only_print:
        invocation.print(f"{url}\n".encode())
    else:
        invocation.say(f"assume-helper: the browser opens the console as {printable(str(found['identity']), 200)}")


def _page(profile: Profile, partition: str, region: str | None, service: str | None, destination: str | None) -> str:
    """The page of the console that is wanted. Raises click.UsageError, ConfigurationError."""
    try:
        where = console_url.region(profile, partition, region)
        if service is not None:
            return console_url.of_service(partition, where, service)
        if destination is not None:
            return console_url.destination(partition, where, destination)
        return console_url.home(partition, where)
    except console_url.NotAPage as error:
        raise click.UsageError(str(error)) from None


def _permission_set(profile: Profile) -> PermissionSet:
    if profile.role_arn is None and isinstance(profile.source, PermissionSet):
        return profile.source
    raise ConfigurationError(
        f"profile {printable(profile.name, 64)} is no permission set, and --portal is the link to one in the access "
        "portal of Identity Center",
        "leave --portal out",
    )


def _signed_in(
    invocation: Invocation, request: RoleRequest, profile: Profile, to: federation.SignInService, page: str,
    duration: int | None, found: dict[str, object],
) -> str:  # fmt: skip
    """The URL that signs in; `found` gets what is known of the session. Raises AssumeHelperError, click.UsageError."""
    from assume_helper.system import plain_text

    federation.check_kind(profile)
    over = federation.takes_no_duration(profile, invocation.environ) if duration is not None else None
    if over is not None:
        raise click.UsageError(f"AWS takes no --duration for a role that is assumed with {over}: leave it out")
    profile, entry = session_of(invocation, request)
    credentials = entry.session.credentials
    federation.check_credentials(profile, credentials)
    plain = plain_text.plain_text_warning(to.endpoint_url)
    if plain is not None:
        invocation.warn(plain)
    with display.spinner(invocation, "signing in ..."):
        token = federation.sign_in(to, profile, credentials, duration, invocation.clock)
    if token.seconds != duration:
        invocation.warn(
            Warning(
                f"the sign-in service takes no duration of {duration} s for this session, which lasts as AWS has it",
                "give no more than the role's maximum session duration, and none to a role over another session",
            )
        )
    invocation.record_issue(profile, entry.session, caller="console")
    arn = entry.session.assumed_role_arn
    found |= {"duration_seconds": token.seconds, "account_id": entry.session.account_id or profile.account_id}
    found |= {"identity": arn} if arn is not None else {}
    return console_url.login(to.endpoint_url, page, token.token)
