"""`configure`: write a profile into the AWS config so that SDKs call the helper, or take the helper out."""

import os

import click

from assume_helper.cli import display
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.role_argument import DURATION, DURATION_HELP
from assume_helper.configure import backup as backups
from assume_helper.configure import change as changes
from assume_helper.configure import writer
from assume_helper.configure.change import Change, Present
from assume_helper.errors import AssumeHelperError, ConfigurationError
from assume_helper.profiles import value_parsers
from assume_helper.text import printable

CREDENTIAL_SOURCE = click.Choice(["Environment", "Ec2InstanceMetadata", "EcsContainer"])
_COLOURS = {"+": "green", "-": "red", "@": "blue"}


@click.command("configure", short_help="Set up a profile so that SDKs call the helper, or undo it.")
@click.argument("profile")
@click.option("--role-arn", metavar="ARN", help="The role to assume.")
@click.option("--source-profile", metavar="NAME", help="The profile that assumes the role.")
@click.option("--credential-source", type=CREDENTIAL_SOURCE, help="What assumes the role, in place of a profile.")
@click.option("--mfa-serial", metavar="SERIAL", help="The MFA device of the user that assumes the role.")
@click.option("--external-id", metavar="ID", help="The external id that the role's trust policy asks for.")
@click.option(
    "--role-session-name", metavar="NAME", help="The session's name. It may contain {user}, {host} and {profile}."
)
@click.option("--duration-seconds", type=DURATION, metavar="N", help=DURATION_HELP)
@click.option("--region", metavar="REGION", help="The profile's region, for SDKs too.")
@click.option(
    "--fastest/--no-fastest",
    default=None,
    help="Write the form that starts fastest: Python and a path that an upgrade may move. By default the present form "
    "stays, and a new profile gets the console script.",
)
@click.option("--undo", is_flag=True, help="Remove the helper: SDKs assume the role themselves again.")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    profile: str,
    *,
    fastest: bool | None,
    undo: bool,
    yes: bool,
    as_json: bool,
    **options: str | int | None,
) -> None:
    """Set up PROFILE in the AWS config file, so that every SDK and tool that uses it calls the helper.

    This adds credential_process, and gives the role's keys the prefix assume_helper_. SDKs ignore such keys; with a
    bare role_arn most SDKs would assume the role themselves. An option sets the key of the same name. On a terminal,
    a new profile's missing role and source are asked for. --undo removes credential_process and the prefix.

    You see the change, and are asked before it is written (not with --yes). The rest of the file stays as it is. The
    file from before the last change is kept as config.assume-helper.bak. If the file holds a key or a token, the
    backup has only the changed lines.

    \b
    Example:
        $ assume-helper configure dev
        $ assume-helper configure ops --role-arn arn:aws:iam::123456789012:role/ops --source-profile me --yes
        $ assume-helper configure dev --undo
    """
    invocation.subject = profile
    given = {key: str(value) for key, value in options.items() if value is not None}
    if undo and (given or fastest is not None):
        raise _usage("--undo goes with no option but --yes and --json")

    def make_change() -> Change:
        if undo:
            return changes.remove_helper(invocation.environ, profile)
        present = changes.read(invocation.environ, profile, given)
        values = _values(invocation, present, profile, given)
        return changes.add_helper(present, invocation.environ, profile, values, fastest=fastest)

    change = make_change()
    sweep(invocation)
    for warning in change.warnings:
        invocation.say(f"assume-helper: {profile}: warning: {warning}")
    is_needed, backup, cannot_ask = change.is_needed, None, False
    if is_needed:
        if not as_json:
            _show(invocation, 1, change.diff)
        elif not yes:
            _show(invocation, 2, change.diff)
        cannot_ask = not yes and not invocation.can_ask()
        if not cannot_ask:
            if not yes and not _confirmed(f"Write this to {printable(change.file.path)}?"):
                raise AssumeHelperError("nothing was changed", "answer y to write it")
            change, backup = changes.write(change, invocation.environ, make_change if yes else None)
    if as_json:
        display.print_json(
            invocation,
            {
                "profile": profile,
                "file": change.file.path,
                "changed": is_needed and not cannot_ask,
                "backup": backup,
                "backup_is_whole": backup is not None and not backups.holds_secret(change.file.text),
                "credential_process": change.command,
                "warnings": change.warnings,
                "diff": change.diff,
            },
        )
    elif not cannot_ask:
        display.print_lines(invocation, [_result(profile, change, backup, is_needed=is_needed, undo=undo)])
    if cannot_ask:
        raise _usage("nothing was changed: there is no terminal to ask on; use --yes to write without asking")


def _values(invocation: Invocation, present: Present, profile: str, given: dict[str, str]) -> dict[str, str]:
    """The keys to set: those that are `given`, and those that a person is asked for. Raises click.UsageError."""
    if "source_profile" in given and "credential_source" in given:
        raise _usage("--source-profile and --credential-source cannot go together")
    if not present.is_pair:
        return _ask_for_missing(invocation, present, profile, given)
    if given.keys() - {"region"}:
        raise _usage("this profile only asks the helper for another profile: configure that one")
    return given


def _ask_for_missing(invocation: Invocation, present: Present, profile: str, given: dict[str, str]) -> dict[str, str]:
    """`given`, and a person's answers where a role or its source is missing."""
    answers = dict(given)
    needs_role = not present.has_role and "role_arn" not in given
    needs_source = not present.has_source and not any(key in given for key in changes.SOURCE_KEYS)
    if (needs_role or needs_source) and not invocation.can_ask():
        missing = ["--role-arn"] * needs_role + ["--source-profile (or --credential-source)"] * needs_source
        raise _usage(f"there is no terminal to ask on: give {' and '.join(missing)}")
    config = present.config
    # As for botocore, a profile that has a role and an access key may name itself.
    own = profile if config.profiles.get(profile, {}).get("aws_access_key_id") else None

    def parse_role(value: str) -> str:
        try:
            return value_parsers.role_arn(value.strip(), "role_arn")
        except ConfigurationError as error:
            raise click.BadParameter(str(error)) from None

    def parse_profile(value: str) -> str:
        if value.strip() not in config.profiles:
            raise click.BadParameter(f"there is no profile {printable(value.strip(), 64)}")
        return value.strip()

    try:
        if needs_role:
            answers["role_arn"] = click.prompt("ARN of the role", value_proc=parse_role, err=True)
        if needs_source:
            answers["source_profile"] = click.prompt(
                "Profile that assumes it", default=own, value_proc=parse_profile, err=True
            )
    except click.Abort:
        raise KeyboardInterrupt from None
    return answers


def _confirmed(question: str) -> bool:
    try:
        return click.confirm(question, default=False, err=True)
    except click.Abort:
        raise KeyboardInterrupt from None


def _show(invocation: Invocation, descriptor: int, diff: list[str]) -> None:
    coloured = invocation.is_terminal(descriptor) and not display.is_plain(invocation)
    lines = [click.style(line, fg=_COLOURS.get(line[:1])) if coloured else line for line in diff]
    if descriptor == 1:
        display.print_lines(invocation, lines)
    else:
        invocation.say("\n".join(lines))


def _result(profile: str, change: Change, backup: str | None, *, is_needed: bool, undo: bool) -> str:
    path = printable(change.file.path)
    if not is_needed:
        state = "does not use the helper" if undo else "is set up"
        return f"Nothing to change: {printable(profile, 64)} in {path} {state}."
    if backup is None:
        return f"Written to {path}."
    name = printable(os.path.basename(backup))
    if backups.holds_secret(change.file.text):
        return f"Written to {path}. It holds a key or a token, so no copy is kept: {name} has the changed lines alone."
    return f"Written to {path}. The old file is {name}."


def sweep(invocation: Invocation) -> list[str]:
    """Delete what a killed `configure` left beside the config file; the paths. What stays is told, terminal or not."""
    removed, left = writer.sweep(invocation.environ)
    for warning in left:
        invocation.say(f"assume-helper: warning: {warning}")
    return removed


def _usage(message: str) -> click.UsageError:
    return click.UsageError(message, click.get_current_context())
