"""The group of commands, as click parses it."""

import importlib

import click

from assume_helper import answers
from assume_helper.cli import app
from assume_helper.cli.invocation import Invocation

# What programs and shells call. All others are typed by people.
_FOR_PROGRAMS = ("get", "completion", "init")


class _Commands(click.Group):
    """The group of commands. Each is imported when it is asked for: most calls are `get`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own names
        return list(app.COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in app.COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"assume_helper.cli.commands.{cmd_name}").command
        return found


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(answers.VERSION, prog_name="assume-helper", message="%(prog)s %(version)s")
@click.pass_context
def assume_helper(context: click.Context) -> None:
    """A credential_process for AWS: it assumes a role and caches the session.

    `assume-helper configure PROFILE` writes this into the AWS config file:

    \b
        [profile NAME]
        credential_process = /path/to/assume-helper get NAME
        assume_helper_role_arn = arn:aws:iam::123456789012:role/ROLE
        assume_helper_source_profile = SOURCE
    """
    invocation = context.find_object(Invocation)
    if invocation is not None and context.invoked_subcommand not in _FOR_PROGRAMS:
        app.warn_of_ambiguity(invocation)


def run(invocation: Invocation, arguments: list[str]) -> None:
    """Run the command that `arguments` name. Raises click's errors, and what the command raises."""
    with assume_helper.make_context("assume-helper", arguments, obj=invocation) as context:
        assume_helper.invoke(context)
