"""`exec`: run a program, or a shell, with a profile's credentials."""

from collections.abc import Mapping

import click

from assume_helper.cache.entries import Entry
from assume_helper.cli import exec_each, own_words, refreshing
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.role_argument import role_options, session
from assume_helper.export import program, variables
from assume_helper.light import Any
from assume_helper.sessions.provider import RoleRequest
from assume_helper.text import duration_text, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assume_helper.cli.sandboxing import Sandbox


@click.command("exec", cls=own_words.WithCommand, short_help="Run a program, or a shell, with a profile's credentials.")
@role_options
@click.option("--refresh", is_flag=True, help="Keep the credentials fresh while the program runs.")
@click.option("--no-session", is_flag=True, help="Hand over the access key itself, not a session of it.")
@click.option("--sandbox", is_flag=True, help="Keep all other credentials out of COMMAND's reach. Linux only.")
@click.pass_context
def command(
    ctx: click.Context, /, role: str | None, *, refresh: bool, no_session: bool, sandbox: bool, **options: Any
) -> None:
    """Run COMMAND, or the shell that you are in, with the profile's credentials and region in its environment.

    Without PROFILE it takes AWS_PROFILE; if that is not set, you choose a profile on the terminal. Other credentials
    are removed from the environment. COMMAND replaces this process.

    The options that narrow the session are those of get, and each set of them is cached separately.

    The session of an access key may not call IAM without an MFA code. With --no-session COMMAND gets the key itself.

    PROFILE may be a pattern: COMMAND runs in each profile that matches, one after the other, each line of its output
    behind the profile's name. It goes on after a failure, and ends with the first exit code that is not 0.

    With --refresh COMMAND gets a local endpoint in place of credentials: its SDK asks there again before they end. The
    endpoint is a process of its own, which ends with COMMAND. SDKs look at [default] first, so a file where [default]
    has credentials is hidden from COMMAND.

    With --sandbox COMMAND has a narrowed session and cannot get another one: it does not see the cache, ~/.aws, agents,
    other processes or the metadata services, and writes to the working directory and a /tmp of its own alone. It needs
    bubblewrap, pasta and iproute2, and one of --read-only, --session-policy and --policy-arn.

    \b
    Example:
        $ assume-helper exec dev -- aws s3 ls
        $ assume-helper exec dev
        $ assume-helper exec dev --read-only -- ./report
        $ assume-helper exec --refresh dev -- terraform apply
        $ assume-helper exec --sandbox --read-only dev -- ./agent
        $ assume-helper exec 'team-*' -- aws s3 ls
        $ assume-helper exec arn:aws:iam::123456789012:role/dev --source-profile me -- env
    """
    invocation: Invocation = ctx.obj
    named = own_words.program_of(ctx)
    outer = invocation.environ.get(variables.INSIDE)
    if outer and not invocation.environ.get(variables.BY_ENV):
        invocation.say(f"assume-helper: warning: this already runs inside `assume-helper exec {printable(outer, 64)}`")
    if refresh and no_session:
        raise click.UsageError("an access key does not end: leave --refresh or --no-session out")
    if role is not None and exec_each.is_pattern(invocation, role):
        if refresh or sandbox or not named:
            what = "a pattern is for a command: leave --refresh and --sandbox out, and put the command after --"
            raise click.UsageError(what)
        ctx.exit(exec_each.run(invocation, role, named, options | {"no_session": no_session}))
    made = None
    if sandbox:
        made, options = _sandbox(invocation, options, no_session=no_session)
    request, profile, entry = session(invocation, role, **options, no_session=no_session)
    words = named or program.shell(invocation.environ)
    if not named:
        _greet(invocation, request, entry, refresh=refresh)

    def launch(given: Mapping[str, str]) -> int:
        if made is not None:
            return made.run(invocation, request.name, given, words, is_shell=not named)
        return program.exec_program(words, variables.environment(invocation.environ, request.name, given))

    if refresh:
        ctx.exit(refreshing.run(invocation, request, profile, entry, launch))
    invocation.record_issue(profile, entry.session)
    invocation.show_warnings()
    ctx.exit(launch(variables.variables(entry.session, profile)))


def _sandbox(
    invocation: Invocation, options: Mapping[str, Any], *, no_session: bool
) -> tuple["Sandbox", dict[str, Any]]:
    """The sandbox, before AWS is asked, and the options for it.

    Raises click.UsageError and ConfigurationError where it cannot be.
    """
    from assume_helper.cli import sandboxing

    if no_session:
        raise click.UsageError("--sandbox is for a narrowed session: leave --no-session out")
    sandboxing.require_narrowing(options)
    return sandboxing.prepare(invocation, options), sandboxing.with_policy_itself(options)


def _greet(invocation: Invocation, request: RoleRequest, entry: Entry, *, refresh: bool) -> None:
    if refresh:
        until = "refreshed while this shell runs"
    elif entry.session.expiration is None:
        until = "good until you change that key"
    else:
        until = f"good for {duration_text(entry.session.left(invocation.clock.now()))}"
    arn = printable(entry.session.assumed_role_arn or request.name, 200)
    invocation.say(f"assume-helper: you are {arn}, {until}; `exit` leaves this shell")
