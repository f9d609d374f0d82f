"""`exec`: a program, or a shell, with a role's credentials."""

from dataclasses import replace
from typing import Any

import click

from assume_helper.cache.session import Session
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.role_options import role_options, session
from assume_helper.export import container_endpoint, program
from assume_helper.sessions import provider
from assume_helper.text import duration_text, printable

_COMMAND = "command"


class _WithCommand(click.Command):
    """A command whose arguments end at `--`: what is behind it is another program's."""

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


@click.command("exec", cls=_WithCommand, short_help="Run a program, or a shell, with a role's credentials.")
@role_options
@click.option("--refresh", is_flag=True, help="Keep them fresh for as long as the program runs.")
@click.pass_context
def command(ctx: click.Context, /, refresh: bool, **options: Any) -> None:
    """Be COMMAND (your shell, if none is named) with the role's credentials and region in its environment.

    Other credentials are taken out of it. With --refresh the program gets the address of an endpoint on this
    machine instead, where its SDK asks again before the credentials end. (SDKs look at [default] before that: a file
    where that has credentials is hidden from the program.)

    \b
    Example:
        $ assume-helper exec dev -- aws s3 ls
        $ assume-helper exec dev
        $ assume-helper exec --refresh dev -- terraform apply
        $ assume-helper exec arn:aws:iam::123456789012:role/dev --source-profile me -- env
    """
    invocation: Invocation = ctx.obj
    named: list[str] = ctx.meta.get(_COMMAND, [])
    outer = invocation.environ.get(program.INSIDE)
    if outer is not None:
        invocation.say(f"assume-helper: warning: this is inside `assume-helper exec {printable(outer, 64)}` already")
    what, profile, entry = session(invocation, **options)
    words = named or program.shell(invocation.environ)
    name = what.name
    if not named:
        left = duration_text(entry.session.left(invocation.clock.now()))
        until = "renewed while it runs" if refresh else f"good for {left}"
        arn = printable(entry.session.assumed_role_arn or name, 200)
        invocation.say(f"assume-helper: you are {arn}, {until}; `exit` leaves this shell")
    if not refresh:
        given = program.variables(entry.session, profile)
        invocation.record_issue(entry.session)
        for warning in invocation.warnings:
            invocation.say(f"assume-helper: warning: {printable(str(warning))}")
        ctx.exit(program.exec_program(words, program.environment(invocation.environ, name, given)))

    def renewed() -> Session:
        # Nobody is asked for an MFA code now: the terminal is the program's.
        context = replace(invocation.call_context(), may_ask=False)
        now, monotonic = invocation.clock.now(), invocation.clock.monotonic()
        found = provider.session(what, replace(context, started=now, started_monotonic=monotonic))[1].session
        invocation.record_issue(found)
        return found

    with container_endpoint.serving(renewed) as endpoint:
        hiding = program.without_default_credentials(invocation.environ)
        for variable in hiding:
            invocation.say(
                f"assume-helper: warning: {variable} is hidden from the program: the credentials of [default] in that "
                "file would come before; profiles in it are not seen there"
            )
        given = program.region(profile) | dict(endpoint) | hiding
        code = program.run(words, program.environment(invocation.environ, name, given))
    ctx.exit(code)
