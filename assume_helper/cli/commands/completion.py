"""`completion`: the completion script of a shell, and the candidates that it asks for."""

import click

from assume_helper.cli import completion
from assume_helper.cli.completion_scripts import SCRIPTS
from assume_helper.cli.invocation import Invocation


@click.command("completion", short_help="Print the script that completes commands and profiles with TAB.")
@click.argument("shell", type=click.Choice(sorted(SCRIPTS)))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="")
@click.pass_context
def command(context: click.Context, /, shell: str, arguments: tuple[str, ...]) -> None:
    """Print a script for SHELL that completes commands, options and profile names with TAB.

    \b
    Example:
        $ assume-helper completion bash
    Put one of these lines into your shell's start-up file:
        bash, ~/.bashrc:             eval "$(assume-helper completion bash)"
        zsh, ~/.zshrc:               eval "$(assume-helper completion zsh)"
        fish, ~/.config/fish/config.fish:
                                     assume-helper completion fish | source
        PowerShell, $PROFILE:        assume-helper completion powershell | Invoke-Expression
    """
    invocation = context.ensure_object(Invocation)
    if not arguments:
        invocation.print(SCRIPTS[shell].encode())
        return
    line = completion.parse_line(shell, arguments)
    found = completion.candidates(context.find_root().command, invocation, line)
    if found is None:
        context.exit(1)
    invocation.print(completion.format_candidates(shell, found, line).encode("utf-8", "surrogateescape"))
