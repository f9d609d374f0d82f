"""`exec`: run a program, or a shell, with a profile's credentials."""

import click

from assume_helper.cache.entries import Entry
from assume_helper.cli import exec_each, refreshing
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.role_argument import role_options, session
from assume_helper.export import program, variables
from assume_helper.light import Any
from assume_helper.sessions.provider import RoleRequest
from assume_helper.text import duration_text, printable

_COMMAND = "command"


class _WithCommand(click.Command):
    """A command whose own arguments end at `--`: the rest belongs to the program that it runs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            at = args.index("--")
            ctx.meta[_COMMAND] = args[at + 1 :]
            args = args[:at]
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if "unexpected extra argument" in error.message:
                raise click.UsageError("put -- before the command: assume-helper exec dev -- aws s3 ls", ctx) from None
            raise

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


@click.command("exec", cls=_WithCommand, short_help="Run a program, or a shell, with a profile's credentials.")
@role_options
@click.option("--refresh", is_flag=True, help="Keep the credentials fresh while the program runs.")
@click.option("--no-session", is_flag=True, help="Hand over the access key itself, not a session of it.")
@click.pass_context
def command(ctx: click.Context, /, role: str | None, *, refresh: bool, no_session: bool, **options: Any) -> None:
    """Run COMMAND, or your shell, with the profile's credentials and region in its environment.

    Without PROFILE it takes AWS_PROFILE; if that is not set, you choose a profile on the terminal. Other credentials
    are removed from the environment. COMMAND replaces this process.

    The session of an access key may not call IAM without an MFA code. With --no-session COMMAND gets the key itself.

    PROFILE may be a pattern: COMMAND runs in each profile that matches, one after the other, each line of its output
    behind the profile's name. It goes on after a failure, and ends with the first exit code that is not 0.

    With --refresh COMMAND gets a local endpoint in place of credentials: its SDK asks there again before they end. The
    endpoint is a process of its own, which ends with COMMAND. SDKs look at [default] first, so a file where [default]
    has credentials is hidden from COMMAND.

    \b
    Example:
        $ assume-helper exec dev -- aws s3 ls
        $ assume-helper exec dev
        $ assume-helper exec --refresh dev -- terraform apply
        $ assume-helper exec 'team-*' -- aws s3 ls
        $ assume-helper exec arn:aws:iam::123456789012:role/dev --source-profile me -- env
    """
    invocation: Invocation = ctx.obj
    named: list[str] = ctx.meta.get(_COMMAND, [])
    outer = invocation.environ.get(variables.INSIDE)
    if outer is not None and variables.BY_ENV not in invocation.environ:
        invocation.say(f"assume-helper: warning: this already runs inside `assume-helper exec {printable(outer, 64)}`")
    if refresh and no_session:
        raise click.UsageError("an access key does not end: leave --refresh or --no-session out")
    if role is not None and exec_each.is_pattern(invocation, role):
        if refresh or not named:
            raise click.UsageError("a pattern is for a command: leave --refresh out, and put the command after --")
        ctx.exit(exec_each.run(invocation, role, named, options | {"no_session": no_session}))
    request, profile, entry = session(invocation, role, **options, no_session=no_session)
    words = named or program.shell(invocation.environ)
    if not named:
        _greet(invocation, request, entry, refresh=refresh)
    if refresh:
        ctx.exit(refreshing.run(invocation, request, profile, entry, words))
    invocation.record_issue(profile, entry.session)
    invocation.show_warnings()
    given = variables.variables(entry.session, profile)
    ctx.exit(program.exec_program(words, variables.environment(invocation.environ, request.name, given)))


def _greet(invocation: Invocation, request: RoleRequest, entry: Entry, *, refresh: bool) -> None:
    if refresh:
        until = "refreshed while this shell runs"
    elif entry.session.expiration is None:
        until = "good until you change that key"
    else:
        until = f"good for {duration_text(entry.session.left(invocation.clock.now()))}"
    arn = printable(entry.session.assumed_role_arn or request.name, 200)
    invocation.say(f"assume-helper: you are {arn}, {until}; `exit` leaves this shell")
