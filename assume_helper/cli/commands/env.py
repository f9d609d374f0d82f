"""`env`: the lines that set, or clear, a role's credentials in a shell."""

from typing import Any

import click

from assume_helper import hit
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.role_options import role_options, session
from assume_helper.export import program, shell_syntax

# What a person clears by hand, the old name of the session token with it, and what tells its end.
_CLEARED = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
)


@click.command("env", short_help="Print the lines that set a role's credentials in a shell.")
@role_options
@click.option(
    "--shell", type=click.Choice(shell_syntax.SHELLS), help="For which shell; default: the one this is called from."
)
@click.option("--unset", is_flag=True, help="The lines that clear them.")
@click.option("--json", "as_json", is_flag=True, help="The same as --shell json.")
@click.pass_obj
def command(
    invocation: Invocation, /, role: str | None, shell: str | None, unset: bool, as_json: bool, **options: Any
) -> None:
    """Print what sets the credentials and the region of a role in a shell, for that shell to read.

    \b
    Example:
        $ assume-helper env dev
        $ eval "$(assume-helper env dev)"
        $ eval "$(assume-helper env --unset)"
        fish> assume-helper env dev | source
        $ assume-helper env dev --shell dotenv > .env
        PS> assume-helper env dev --shell powershell | Out-String | Invoke-Expression
    """
    which = "json" if as_json else shell or shell_syntax.detected(invocation.environ)
    if unset:
        if role is not None or any(value is not None for value in options.values()):
            raise click.UsageError("--unset is for whatever is set: name no profile, and nothing of a session")
        if which == "dotenv":
            raise click.UsageError("a dotenv file cannot clear a variable: name a shell")
        variables: dict[str, str | None] = dict.fromkeys(_CLEARED)
        if invocation.environ.get(hit.REGION):  # it came with the credentials
            variables |= dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION", hit.REGION))
        called = ["assume-helper", "env", "--unset"]
    else:
        what, profile, entry = session(invocation, role, **options)
        variables = dict(program.variables(entry.session, profile))
        if which not in {"json", "dotenv"}:
            # With what is left of a session before, an SDK would not take these, or look elsewhere.
            variables |= dict.fromkeys(("AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"))
        called = ["assume-helper", "env", *what.words()]
        invocation.record_issue(entry.session)
    invocation.print(shell_syntax.lines(which, variables).encode("utf-8"))
    line = shell_syntax.how_to_apply(which, called) if invocation.is_terminal(1) else ""
    if line:
        invocation.say(f"# to apply it: {line}")
