"""`completion`: the script for TAB, and what it asks for."""

import click

from assume_helper.cli import completion
from assume_helper.cli.completion_scripts import SCRIPTS
from assume_helper.cli.invocation import Invocation


@click.command("completion", short_help="Print the script that completes commands and profiles with TAB.")
@click.argument("shell", type=click.Choice(sorted(SCRIPTS)))
@click.argument("said", nargs=-1, type=click.UNPROCESSED, metavar="")
@click.pass_context
def command(context: click.Context, /, shell: str, said: tuple[str, ...]) -> None:
    """Print the script that has SHELL complete commands, options and profile names with TAB.

    \b
    Example:
        $ assume-helper completion bash
    For the file that the shell reads when it starts:
        bash, ~/.bashrc:             eval "$(assume-helper completion bash)"
        zsh, ~/.zshrc:               eval "$(assume-helper completion zsh)"
        fish, ~/.config/fish/config.fish:
                                     assume-helper completion fish | source
        PowerShell, $PROFILE:        assume-helper completion powershell | Out-String | Invoke-Expression
    """
    invocation = context.ensure_object(Invocation)
    if not said:
        invocation.print(SCRIPTS[shell].encode())
        return
    line = completion.typed(shell, said)
    found = completion.candidates(context.find_root().command, invocation, line)
    if found is None:
        context.exit(1)
    invocation.print(completion.written(shell, found, line).encode("utf-8", "surrogateescape"))
