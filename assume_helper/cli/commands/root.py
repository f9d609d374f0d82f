"""`root`: a short session of a member account's root user, for one task (AssumeRoot)."""

import click

from assume_helper.cli import own_words, role_argument
from assume_helper.cli.invocation import Invocation
from assume_helper.export import program, variables
from assume_helper.light import ClassVar
from assume_helper.profiles import root_user
from assume_helper.profiles.root_user import LONGEST, TASKS, RootTask
from assume_helper.sessions.provider import RoleRequest
from assume_helper.text import duration_text, printable


class _Root(own_words.WithCommand):
    example: ClassVar[str] = "123456789012 --task S3UnlockBucketPolicy"


@click.command("root", cls=_Root, short_help="Run a program as a member account's root user, for one task.")
@click.argument("account")
@click.option("--task", type=click.Choice(TASKS), required=True, metavar="NAME", help="What the session may do.")
@click.option("--source-profile", metavar="NAME", help="The profile that calls AssumeRoot. Default: AWS_PROFILE.")
@click.option(
    "--duration-seconds",
    type=click.IntRange(1, LONGEST),
    default=LONGEST,
    metavar="N",
    help="How long the session lasts, in seconds: 900 at most, which is the default.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the credentials, as a credential process does.")
@click.pass_context
def command(
    ctx: click.Context, /, account: str, task: str, source_profile: str | None, duration_seconds: int, as_json: bool
) -> None:
    """Run COMMAND, or your shell, as the root user of a member account of your organization, for one task.

    ACCOUNT is its 12 digits, or arn:aws:iam::ACCOUNT:root. The profile behind it is of the management account, or of
    the delegated administrator for IAM, and may call sts:AssumeRoot. The session lasts 15 minutes at most. It is in the
    environment of COMMAND alone, as by `exec`; --json prints it instead, also for a credential_process.

    \b
    Tasks:
        IAMAuditRootUserCredentials   see the root user's password, keys, certificates and MFA devices
        IAMCreateRootUserPassword     let the root user set a password again
        IAMDeleteRootUserCredentials  delete these
        S3UnlockBucketPolicy          delete a bucket's policy that denies everybody
        SQSUnlockQueuePolicy          delete a queue's policy that denies everybody

    \b
    Example:
        $ assume-helper root 123456789012 --task IAMAuditRootUserCredentials -- aws iam get-account-summary
        $ assume-helper root 123456789012 --task S3UnlockBucketPolicy --source-profile org -- aws s3api ...
        $ assume-helper root 123456789012 --task SQSUnlockQueuePolicy --json
    """
    invocation: Invocation = ctx.obj
    named = own_words.program_of(ctx)
    if as_json and named:
        raise click.UsageError("--json prints the credentials: leave it or the command out")
    if source_profile == "":
        raise click.UsageError("--source-profile is empty: give it a value, or leave it out")
    found = root_user.account(account)
    if found is None:
        raise click.UsageError("ACCOUNT is the 12 digits of an account, or arn:aws:iam::123456789012:root")
    account_id, partition = found
    asked = RootTask(account_id, task, duration_seconds, partition)
    source = role_argument.source_keys(invocation, source_profile)
    invocation.subject = f"root of {account_id}"
    if as_json:
        invocation.require_stdout("the credentials")
    request = RoleRequest(f"root of {account_id}", keys=source, root=asked)
    profile, entry = role_argument.session_of(invocation, request)
    if as_json:
        invocation.print(entry.document + b"\n")
        invocation.record_issue(profile, entry.session)
        return
    if not named:
        left = duration_text(entry.session.left(invocation.clock.now()))
        who = f"the root user of {account_id} for {printable(task, 64)}"
        invocation.say(f"assume-helper: you are {who}, good for {left}; `exit` leaves this shell")
    invocation.record_issue(profile, entry.session)
    invocation.show_warnings()
    given = variables.variables(entry.session, profile)
    words = named or program.shell(invocation.environ)
    ctx.exit(program.exec_program(words, variables.environment(invocation.environ, request.name, given)))
