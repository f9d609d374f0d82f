"""`configure`: write profiles into the AWS config so that SDKs call the helper, or take the helper out."""

from collections.abc import Sequence

import click

from assume_helper.cli import config_change, display, role_questions
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.session_options import DURATION_HELP
from assume_helper.configure import backup as backups
from assume_helper.configure import change as changes
from assume_helper.configure import every_profile
from assume_helper.configure.change import Change
from assume_helper.credentials import LONGEST_USER_SESSION, SHORTEST_SESSION
from assume_helper.errors import AssumeHelperError
from assume_helper.profiles import role_chain
from assume_helper.text import error_line, printable

_DURATION = click.IntRange(SHORTEST_SESSION, LONGEST_USER_SESSION)
CREDENTIAL_SOURCE = click.Choice(["Environment", "Ec2InstanceMetadata", "EcsContainer"])


@click.command("configure", short_help="Set up profiles so that SDKs call the helper, or undo it.")
@click.argument("profiles", metavar="[PROFILE...]", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Set up every profile that can be served.")
@click.option("--role-arn", metavar="ARN", help="The role to assume.")
@click.option("--source-profile", metavar="NAME", help="The profile that assumes the role.")
@click.option("--credential-source", type=CREDENTIAL_SOURCE, help="What assumes the role, in place of a profile.")
@click.option("--mfa-serial", metavar="SERIAL", help="The MFA device of the user that assumes the role.")
@click.option("--external-id", metavar="ID", help="The external id that the role's trust policy asks for.")
@click.option(
    "--role-session-name", metavar="NAME", help="The session's name. It may contain {user}, {host} and {profile}."
)
@click.option("--duration-seconds", type=_DURATION, metavar="N", help=DURATION_HELP)
@click.option("--region", metavar="REGION", help="The profile's region, for SDKs too.")
@click.option(
    "--fastest/--no-fastest",
    default=None,
    help="Write the form that starts fastest. If this installation is pure Python, that is Python and a path that an "
    "upgrade may move. By default the present form stays, and a new profile gets the command assume-helper.",
)
@click.option("--undo", is_flag=True, help="Remove the helper: SDKs use what the profile has by themselves again.")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    profiles: tuple[str, ...],
    *,
    everything: bool,
    fastest: bool | None,
    undo: bool,
    yes: bool,
    as_json: bool,
    **options: str | int | None,
) -> None:
    """Set up each PROFILE in the AWS config file, so that every SDK and tool that uses it calls the helper.

    This adds credential_process, and gives the prefix assume_helper_ to every key that SDKs would use in its place:
    those of a role, of IAM Identity Center (sso_...), of a console login (login_session), an access key, another
    program's credential_process. SDKs ignore such keys. What no longer works is said. The keys in the credentials file
    and the [sso-session] sections stay as they are. --undo removes credential_process and the prefix; with --all it
    gives back the file as it was, if --all made the last change.

    An option sets the key of the same name, for one PROFILE alone. On a terminal, a role and its source are asked for
    if the profile has neither a role nor credentials.

    With several names it is one change: if one cannot be set up, nothing is written. With --all those that cannot be
    set up, and those that go through the helper already, are named and left.

    You see the change, and are asked before it is written (not with --yes). The rest of the file stays as it is. The
    file from before the last change is kept as config.assume-helper.bak. If the file holds a key or a token, the
    backup has only the changed lines.

    \b
    Example:
        $ assume-helper configure dev
        $ assume-helper configure ops --role-arn arn:aws:iam::123456789012:role/ops --source-profile me --yes
        $ assume-helper configure --all
        $ assume-helper configure dev --undo
    """
    names = tuple(dict.fromkeys(profiles))
    invocation.subject = names[0] if len(names) == 1 else ""
    given = {key: str(value) for key, value in options.items() if value is not None}
    _check_usage(names, given, everything=everything, undo=undo, fastest=fastest)

    def make_change() -> Change:
        return _change(invocation, names, given, fastest=fastest, undo=undo)

    change = make_change()
    config_change.sweep(invocation)
    _say_warnings(invocation, names, change)
    is_needed, backup, cannot_ask = change.is_needed, None, False
    if is_needed:
        if not as_json:
            config_change.show(invocation, 1, change.diff)
        elif not yes:
            config_change.show(invocation, 2, change.diff)
        cannot_ask = not yes and not invocation.can_ask()
        if not cannot_ask:
            if not yes and not config_change.is_confirmed(f"Write this to {printable(change.file.path)}?"):
                raise AssumeHelperError("nothing was changed", "answer y to write it")
            change, backup = changes.write(change, invocation.environ, make_change if yes else None)
    if as_json:
        display.print_json(invocation, _document(names, change, backup, is_written=is_needed and not cannot_ask))
    elif not cannot_ask:
        display.print_lines(invocation, [_result(names, change, backup, is_needed=is_needed, undo=undo)])
    if cannot_ask:
        raise config_change.nobody_to_ask()


def _check_usage(
    names: Sequence[str], given: dict[str, str], *, everything: bool, undo: bool, fastest: bool | None
) -> None:
    """Raise click.UsageError for arguments that do not go together."""
    if everything == bool(names):
        raise config_change.usage_error("name one or more profiles, or use --all")
    if undo and (given or fastest is not None):
        raise config_change.usage_error("--undo goes with no option but --all, --yes and --json")
    if given and len(names) != 1:
        option = "--" + next(iter(given)).replace("_", "-")
        raise config_change.usage_error(f"{option} goes with one profile: name that alone")


def _change(
    invocation: Invocation, names: Sequence[str], given: dict[str, str], *, fastest: bool | None, undo: bool
) -> Change:
    """The change for the profiles `names`, for all where there are none. Raises AssumeHelperError, click.UsageError.

    While one of several is looked at, it is the call's subject: an error names it.
    """

    def looking_at(name: str) -> None:
        invocation.subject = name

    environ, before = invocation.environ, invocation.subject
    loaded = changes.load(environ)
    if undo and names:
        change = changes.remove_helper(loaded, environ, names, looking_at=looking_at)
    elif undo:
        change = every_profile.remove_helper(loaded, environ, looking_at=looking_at)
    elif not names:
        change = every_profile.add_helper(loaded, environ, fastest=fastest)
    else:
        edits = []
        for name in names:
            looking_at(name)
            if len(names) > 1:  # a person is not asked about one of several
                role_chain.read_profile(loaded.config, environ, name)
            present = changes.read(loaded, environ, name, given)
            values = role_questions.values(invocation, loaded, present, given) if len(names) == 1 else {}
            edits.append(changes.edit(loaded, present, values, fastest=fastest))
        change = changes.add_helper(loaded, environ, edits, looking_at=looking_at)
    invocation.subject = before
    return change


def _say_warnings(invocation: Invocation, names: Sequence[str], change: Change) -> None:
    for name, reason in change.left.items():
        invocation.say(error_line(name, f"left as it is: {reason}"))
    for profile in change.profiles:
        for warning in profile.warnings:
            invocation.say(f"assume-helper: {printable(profile.name, 64)}: warning: {warning}")
    subject = f"{names[0]}: " if len(names) == 1 else ""
    for warning in change.warnings:
        invocation.say(f"assume-helper: {subject}warning: {warning}")


def _document(names: Sequence[str], change: Change, backup: str | None, *, is_written: bool) -> dict[str, object]:
    """What was done, for a program. One profile's own values stand in the document itself, too."""
    profiles: list[dict[str, object]] = [
        {
            "profile": profile.name,
            "changed": profile.is_needed and is_written,
            "credential_process": profile.command,
            "warnings": profile.warnings,
        }
        for profile in change.profiles
    ]
    own = profiles[0] if len(names) == 1 else {}
    of_profile = change.profiles[0].warnings if len(names) == 1 else []
    return {
        **own,
        "file": change.file.path,
        "changed": is_written,
        "backup": backup,
        "backup_is_whole": backup is not None and not backups.holds_secret(change.file.text),
        "warnings": [*of_profile, *change.warnings],
        "diff": change.diff,
        "profiles": profiles,
        "left": [{"profile": name, "reason": reason} for name, reason in change.left.items()],
    }


def _result(names: Sequence[str], change: Change, backup: str | None, *, is_needed: bool, undo: bool) -> str:
    path = printable(change.file.path)
    if not is_needed:
        if len(names) == 1:
            state = "does not use the helper" if undo else "is set up"
            return f"Nothing to change: {printable(names[0], 64)} in {path} {state}."
        return f"Nothing to change in {path}."
    return config_change.written(change, backup)
