"""`init`: the function that sets a shell's credentials, its prompt's hook, and completion."""

import click

from assume_helper.cli import shell_functions
from assume_helper.cli.invocation import Invocation


@click.command("init", short_help="Print the function `assume` for a shell: it sets that shell's credentials.")
@click.argument("shell", type=click.Choice(tuple(shell_functions.FUNCTIONS)))
@click.option("--command", "name", metavar="NAME", default=shell_functions.DEFAULT_COMMAND, show_default=True,
              help="What the function is called.")  # fmt: skip
@click.pass_obj
def command(invocation: Invocation, /, shell: str, name: str) -> None:
    """Print completion for SHELL, and a function that sets the credentials of the shell that it is called in.

    `assume dev` sets them, with any option of `env`; `assume` alone lets you choose; `assume -` clears them and brings
    back what was there. The prompt renews them before they end. For cmd it is a batch file.

    \b
    Example:
        $ assume-helper init bash
    Put one of these lines into your shell's start-up file:
        bash, ~/.bashrc:             eval "$(assume-helper init bash)"
        zsh, ~/.zshrc, behind compinit:
                                     eval "$(assume-helper init zsh)"
        fish, ~/.config/fish/config.fish:
                                     assume-helper init fish | source
        PowerShell, $PROFILE:        assume-helper init powershell | Invoke-Expression
        cmd, once, in a folder of PATH:
                                     assume-helper init cmd > assume.cmd
    """
    if not shell_functions.is_name(name):
        what = "use letters, digits, - and _, 32 at most, and no word of a shell"
        raise click.UsageError(f"--command is no name for a function: {what}")
    invocation.print(shell_functions.named(shell, name).encode())
