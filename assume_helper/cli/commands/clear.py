"""`clear`: delete cached credentials."""

import click

from assume_helper.cli import config_change, display
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import AssumeHelperError
from assume_helper.sessions import cached_files, purge
from assume_helper.sessions.cached_files import CachedFile
from assume_helper.text import printable


@click.command("clear", short_help="Delete cached credentials and MFA sessions.")
@click.argument("profiles", metavar="[PROFILE...]", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Delete those of every profile.")
@click.option("--expired", is_flag=True, help="Delete only those that have expired.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    invocation: Invocation, /, profiles: tuple[str, ...], everything: bool, expired: bool, as_json: bool
) -> None:
    """Delete the cached credentials of each PROFILE, and the MFA session that it uses.

    An entry that another process is replacing is left alone. Sessions with options of their own
    (`get --read-only`) are deleted only by --all, and so is what killed processes left behind, in the cache and beside
    the config file.

    \b
    Example:
        $ assume-helper clear dev
        $ assume-helper clear --expired
        $ assume-helper clear --all
    """
    if bool(profiles) + everything + expired != 1:
        raise click.UsageError("name profiles, or use --all or --expired")
    files: list[CachedFile] = []
    for name in profiles:
        invocation.subject = name
        files += purge.find_of_profile(name, invocation.environ, invocation.warn)
    invocation.subject = " ".join(profiles)
    beside = config_change.sweep(invocation) if everything else []
    if not profiles:
        ended_by = invocation.clock.now() if expired else None
        files = purge.find_all(invocation.environ, invocation.warn, ended_by=ended_by)
    outcomes = [(file, cached_files.delete(file)) for file in files]
    removed = [file.what for file, outcome in outcomes if outcome == "removed" and file.is_entry]
    removed += beside
    busy = [file.what for file, outcome in outcomes if outcome == "busy" and file.is_entry]
    if as_json:
        display.print_json(invocation, {"removed": removed, "left": busy})
    else:
        lines = [f"removed: {printable(what, 200)}" for what in removed]
        lines += [f"left: {printable(what, 200)}, which a process is replacing" for what in busy]
        display.print_lines(invocation, lines or ["nothing was cached"])
    for file, outcome in outcomes:
        if outcome == "stays":
            raise AssumeHelperError(f"{printable(file.path)} cannot be removed", "check who may write to its directory")
