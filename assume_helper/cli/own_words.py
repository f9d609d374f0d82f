"""A command whose own words end at `--`: the rest is the program that it runs, and that program's words."""

import click

from assume_helper.light import ClassVar

_COMMAND = "command"


class WithCommand(click.Command):
    """Such a command; `example` is how its own words may look."""

    example: ClassVar[str] = "dev"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what is behind `--` for `program_of`, and parse the rest."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[_COMMAND] = args[at + 1 :]
            args = args[:at]
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if "unexpected extra argument" in error.message:
                line = f"assume-helper {self.name} {self.example} -- aws s3 ls"
                raise click.UsageError(f"put -- before the command: {line}", ctx) from None
            raise

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The parts of the line that says how the command is used."""
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


def program_of(ctx: click.Context) -> list[str]:
    """The program that is named behind `--`, and its words; empty where none is named."""
    found: list[str] = ctx.meta.get(_COMMAND, [])
    return found
