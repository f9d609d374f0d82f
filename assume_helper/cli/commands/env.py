"""`env`: print the lines that set, or clear, a profile's credentials in a shell."""

import click

from assume_helper import answers
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.role_argument import role_options, session
from assume_helper.cli.session_options import are_given
from assume_helper.export import shell_syntax, variables
from assume_helper.light import Any


@click.command("env", short_help="Print the lines that set a profile's credentials in a shell.")
@role_options
@click.option(
    "--shell", type=click.Choice(shell_syntax.SHELLS), help="Print lines for this shell. Default: the shell you are in."
)
@click.option("--unset", is_flag=True, help="Print the lines that clear the credentials.")
@click.option(answers.NO_INPUT, "no_input", is_flag=True, help="Ask nothing: fail where a person would be asked.")
@click.option("--json", "as_json", is_flag=True, help="The same as --shell json.")
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    role: str | None,
    shell: str | None,
    *,
    unset: bool,
    no_input: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Print the lines that set a profile's credentials and region in a shell. The shell evaluates them.

    Without PROFILE it takes AWS_PROFILE; if that is not set, you choose a profile on the terminal. On a terminal it
    also prints the line to run.

    \b
    Example:
        $ assume-helper env dev
        $ eval "$(assume-helper env dev)"
        $ eval "$(assume-helper env --unset)"
        fish> assume-helper env dev | source
        $ assume-helper env dev --shell dotenv > .env
        PS> assume-helper env dev --shell powershell | Invoke-Expression
    """
    invocation.may_ask = not no_input
    which = "json" if as_json else shell or shell_syntax.detected(invocation.environ)
    values: dict[str, str | None]
    if unset:
        if role is not None or are_given(options):
            raise click.UsageError("--unset clears whatever is set: give it no profile and no option of a session")
        if which == "dotenv":
            raise click.UsageError("a dotenv file cannot clear a variable: name a shell")
        values = variables.unset(invocation.environ)
        words = ["--unset"]
    else:
        request, profile, entry = session(invocation, role, **options)
        values = variables.for_shell(entry.session, profile, invocation.environ, request.name)
        if which in {"json", "dotenv"}:  # a file that other programs read: it clears nothing
            values = {name: value for name, value in values.items() if value is not None}
        if not shell_syntax.can_hold(which, request.name):
            values |= {variables.INSIDE: None, variables.FOR_PROMPTS: None}
        words = request.words()
        invocation.record_issue(profile, entry.session)
    invocation.print(shell_syntax.lines(which, values).encode("utf-8"))
    line = shell_syntax.how_to_apply(which, ["assume-helper", "env", *words]) if invocation.is_terminal(1) else ""
    if line:
        invocation.say(f"# to apply it, run: {line}")
