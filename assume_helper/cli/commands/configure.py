"""`configure`: a profile's section of the AWS config, written so that SDKs call the helper, and back."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import click

from assume_helper.cli.invocation import Invocation
from assume_helper.cli.role_options import DURATION
from assume_helper.configure import editor, writer
from assume_helper.configure.writer import ConfigFile
from assume_helper.errors import AssumeHelperError, ChangedMeanwhile, ConfigurationError
from assume_helper.profiles import aws_config, helper_command, role_chain, value_parsers
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.helper_command import HelperCommand
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.text import printable

CREDENTIAL_SOURCE = click.Choice(["Environment", "Ec2InstanceMetadata", "EcsContainer"])
# How often a file that another program changes is read again.
_TRIES = 20
# The ways to say where a role's source credentials are: to name one takes the others out.
_SOURCES = ("source_profile", "credential_source", "web_identity_token_file")
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True)
class _Change:
    """What is to be written: the whole text, and what it has to say for itself."""

    text: str = field(repr=False)
    command: str | None
    diff: list[str]
    warnings: list[str]


@click.command("configure", short_help="Set up a profile so that SDKs call the helper, or undo it.")
@click.argument("profile")
@click.option("--role-arn", metavar="ARN", help="The role to assume.")
@click.option("--source-profile", metavar="NAME", help="The profile whose credentials assume it.")
@click.option("--credential-source", type=CREDENTIAL_SOURCE, help="What assumes it, in place of a profile.")
@click.option("--mfa-serial", metavar="SERIAL", help="The MFA device of the user that assumes it.")
@click.option("--external-id", metavar="ID", help="The external id that the role's trust policy asks for.")
@click.option("--role-session-name", metavar="NAME", help="The session's name; may hold {user}, {host}, {profile}.")
@click.option("--duration-seconds", type=DURATION, metavar="N", help="How long the session lasts, 900 to 43200.")
@click.option("--region", metavar="REGION", help="The profile's region, for SDKs too.")
@click.option(
    "--fastest/--no-fastest",
    default=None,
    help="Write the form that starts fastest: Python and a path that an upgrade may move. Without either, the form "
    "that is there stays; a new one is the console script.",
)
@click.option("--undo", is_flag=True, help="Take the helper out of the profile: SDKs assume the role themselves.")
@click.option("--yes", is_flag=True, help="Write it without asking.")
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

    Adds credential_process, and gives the role's keys the prefix assume_helper_, which SDKs ignore: beside a role_arn
    most of them would assume the role themselves. Options set a key, of a new profile or of one that is there; on a
    terminal, what a new one still lacks is asked for. --undo takes the prefix away again, and the credential_process.

    The change is shown and, unless --yes, asked about. All else in the file stays as it is; the state before the
    last change is kept beside it, in config.assume-helper.bak.

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

    def changed_file() -> tuple[ConfigFile, _Change]:
        file = writer.read(invocation.environ)
        config = aws_config.load(invocation.environ, file.text)
        if undo:
            return file, _undone(invocation, file, config, profile)
        return file, _configured(invocation, file, config, profile, given, fastest=fastest)

    file, change = changed_file()
    for warning in change.warnings:
        invocation.say(f"assume-helper: {profile}: warning: {warning}")
    changed, backup, unasked = change.text != file.text, None, False
    if changed:
        if not as_json:
            _show(invocation, 1, change.diff)
        elif not yes:
            _show(invocation, 2, change.diff)
        unasked = not yes and not _is_asked(invocation)
        if not unasked:
            if not yes and not _confirmed(f"Write this to {printable(file.path)}?"):
                raise AssumeHelperError("nothing was changed", "answer y to have it written")
            for is_last in (*[False] * _TRIES, True):
                try:
                    backup = writer.replace(file, change.text, invocation.environ)
                    break
                except ChangedMeanwhile:
                    if is_last or not yes:
                        raise  # what was shown is not what would be written
                    file, change = changed_file()
    if as_json:
        done = {"profile": profile, "file": file.path, "changed": changed and not unasked, "backup": backup}
        more = {"credential_process": change.command, "warnings": change.warnings, "diff": change.diff}
        invocation.print(json.dumps(done | more, indent=2).encode() + b"\n")
    elif not unasked:
        invocation.print(_done(profile, file, backup, changed=changed, undo=undo).encode() + b"\n")
    if unasked:
        raise _usage("nothing was changed: there is no terminal to ask on, and --yes writes it without asking")


def _configured(
    invocation: Invocation,
    file: ConfigFile,
    config: AwsConfig,
    profile: str,
    given: dict[str, str],
    *,
    fastest: bool | None,
) -> _Change:
    """The profile with the helper in it. Raises where `get` could not use it: then nothing is written."""
    helper_command.check_profile_name(profile)
    if profile in config.other_sections and profile not in config.profiles:
        role_chain.read_profile(config, invocation.environ, profile)  # says how such a section is to be named
    if "source_profile" in given and "credential_source" in given:
        raise _usage("--source-profile and --credential-source cannot go together")
    ours = _called_by(config, profile)
    as_it_is = ProfileSettings(merge(config, profile)) if profile in config.profiles else None
    has_role = as_it_is is not None and as_it_is.has("role_arn")
    is_pair = ours is not None and not ours.is_for(profile) and not has_role and "role_arn" not in given
    if is_pair and given.keys() - {"region"}:
        raise _usage("the profile asks the helper for another one, which is the one to be configured so")
    if not is_pair:
        has_source = as_it_is is not None and any(as_it_is.has(key) for key in _SOURCES)
        given = _asked_for(invocation, config, profile, given, has_role=has_role, has_source=has_source)
    form = fastest if fastest is not None else ours is not None and ours.is_fastest
    kept = ours is not None and (is_pair or ours.is_for(profile))
    arguments = ours.arguments if ours is not None and kept else ("get", profile)
    line = helper_command.command_line(helper_command.program(fastest=form), arguments)
    values: dict[str, str | None] = dict(given)
    if any(key in given for key in _SOURCES):
        values |= {key: None for key in _SOURCES if key not in given}
    text = editor.configured(file.text, profile, line, values)
    after = aws_config.load(invocation.environ, text)
    editor.check_rest(config, after, profile)
    role_chain.read_profile(after, invocation.environ, profile)
    diff = editor.difference(file.text, text, file.path)
    return _Change(text, line, diff, editor.warnings(config, after, profile))


def _undone(invocation: Invocation, file: ConfigFile, config: AwsConfig, profile: str) -> _Change:
    if profile not in config.profiles:
        role_chain.read_profile(config, invocation.environ, profile)  # says what there is instead
    command = config.config_profiles.get(profile, {}).get("credential_process")
    ours = command is not None and helper_command.parse(command) is not None
    text = editor.undone(file.text, profile, ours=ours)
    after = aws_config.load(invocation.environ, text)
    editor.check_rest(config, after, profile)
    left = after.config_profiles.get(profile, {}).get("credential_process")
    return _Change(text, left, editor.difference(file.text, text, file.path), [])


def _called_by(config: AwsConfig, profile: str) -> HelperCommand | None:
    """The profile's credential_process, if it calls this helper; another program's is its owner's to take out."""
    command = config.config_profiles.get(profile, {}).get("credential_process")
    if not command:
        return None
    ours = helper_command.parse(command)
    if ours is None:
        raise ConfigurationError(
            f"[{printable(profile, 64)}] has a credential_process of another program",
            "take it out; or move it to a profile of its own, and name that with --source-profile",
        )
    return ours


def _asked_for(
    invocation: Invocation,
    config: AwsConfig,
    profile: str,
    given: Mapping[str, str],
    *,
    has_role: bool,
    has_source: bool,
) -> dict[str, str]:
    """What was `given`, and what a person says where a role or its source is missing."""
    answers = dict(given)
    needs_role = not has_role and "role_arn" not in given
    needs_source = not has_source and not any(key in given for key in _SOURCES)
    if (needs_role or needs_source) and not _is_asked(invocation):
        missing = ["--role-arn"] * needs_role + ["--source-profile (or --credential-source)"] * needs_source
        raise _usage(f"there is no terminal to ask on: give {' and '.join(missing)}")

    # botocore: a profile may name itself, to have its role and its access key in one place
    own = profile if config.profiles.get(profile, {}).get("aws_access_key_id") else None

    def is_role(value: str) -> str:
        try:
            return value_parsers.role_arn(value.strip(), "role_arn")
        except ConfigurationError as error:
            raise click.BadParameter(str(error)) from None

    def is_profile(value: str) -> str:
        if value.strip() not in config.profiles:
            raise click.BadParameter(f"there is no profile {printable(value.strip(), 64)}")
        return value.strip()

    try:
        if needs_role:
            answers["role_arn"] = click.prompt("ARN of the role", value_proc=is_role, err=True)
        if needs_source:
            answers["source_profile"] = click.prompt(
                "Profile whose credentials assume it", default=own, value_proc=is_profile, err=True
            )
    except click.Abort:
        raise KeyboardInterrupt from None
    return answers


def _is_asked(invocation: Invocation) -> bool:
    """Whether a person can be asked: standard input and error are a terminal."""
    return invocation.is_terminal(0) and invocation.is_terminal(2)


def _confirmed(question: str) -> bool:
    try:
        return click.confirm(question, default=False, err=True)
    except click.Abort:
        raise KeyboardInterrupt from None


def _show(invocation: Invocation, descriptor: int, diff: list[str]) -> None:
    coloured = invocation.is_terminal(descriptor) and not invocation.environ.get("NO_COLOR")
    lines = [click.style(line, fg=_COLOURS.get(line[:1])) if coloured else line for line in diff]
    if descriptor == 1:
        invocation.print("".join(line + "\n" for line in lines).encode("utf-8"))
    else:
        invocation.say("\n".join(lines))


def _done(profile: str, file: ConfigFile, backup: str | None, *, changed: bool, undo: bool) -> str:
    where = printable(file.path)
    if not changed:
        return (
            f"Nothing to change: {printable(profile, 64)} in {where} is {'without the helper' if undo else 'set up'}."
        )
    before = f"; as it was before: {printable(os.path.basename(backup))}" if backup is not None else ""
    return f"Written to {where}{before}."


def _usage(message: str) -> click.UsageError:
    return click.UsageError(message, click.get_current_context())
