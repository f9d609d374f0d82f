"""`clear`: forget cached credentials."""

from dataclasses import replace

import click

from assume_helper.cache import storage
from assume_helper.cache.directory import Cache
from assume_helper.cli import tables
from assume_helper.cli.invocation import Invocation
from assume_helper.credentials import Storage
from assume_helper.errors import AssumeHelperError
from assume_helper.sessions import provider, purge
from assume_helper.system.warning import Warning
from assume_helper.text import printable


@click.command("clear", short_help="Forget cached credentials and MFA sessions.")
@click.argument("profiles", metavar="[PROFILE...]", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Those of every profile.")
@click.option("--expired", is_flag=True, help="Those that have ended.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(
    invocation: Invocation, /, profiles: tuple[str, ...], everything: bool, expired: bool, as_json: bool
) -> None:
    """Forget the cached credentials of each PROFILE, and the MFA session behind them.

    What other processes are getting meanwhile is left to them. Sessions with options of their own
    (`get --read-only`) are forgotten by --all.

    \b
    Example:
        $ assume-helper clear dev
        $ assume-helper clear --expired
        $ assume-helper clear --all
    """
    if bool(profiles) + everything + expired != 1:
        raise click.UsageError("name profiles, or say --all or --expired")
    found: list[tuple[Cache, dict[str, str]]] = []
    for name in profiles:
        invocation.subject = name
        _, profile = provider.read_profile(provider.RoleRequest(name), invocation.environ)
        store = _opened(invocation, profile.storage)
        found.append((store, purge.of_profile(store, profile)))
    invocation.subject = " ".join(profiles)
    if not profiles:
        now = invocation.clock.now()
        _opened(invocation, "file")
        found = [
            (store, purge.ended(store, now) if expired else purge.all_of(store))
            for store in storage.all_stores(invocation.environ, invocation.warn)
        ]
    outcomes = [
        (store.path(name), what, purge.delete(store, name)) for store, files in found for name, what in files.items()
    ]
    removed, busy = (
        [what for path, what, outcome in outcomes if outcome == which and path.endswith(".entry")]
        for which in ("removed", "busy")
    )
    if as_json:
        tables.print_json(invocation, {"removed": removed, "left": busy})
    else:
        lines = [f"removed: {printable(what, 200)}" for what in removed]
        lines += [f"left: {printable(what, 200)}, which a process is replacing" for what in busy]
        text = "\n".join(lines or ["nothing was cached"]) + "\n"
        invocation.print(text.encode("utf-8", "backslashreplace"))
    stays = [path for path, _, outcome in outcomes if outcome == "stays"]
    if stays:
        raise AssumeHelperError(f"{printable(stays[0])} cannot be removed", "look at who may write to its directory")


def _opened(invocation: Invocation, kept: Storage) -> Cache:
    """The cache for what is `kept` so. Raises AssumeHelperError where it is not used: what lies there is not forgotten
    by that.
    """
    warnings: list[Warning] = []
    store = storage.open_store(invocation.environ, warnings.append, kept)
    if store.directory is None and warnings:
        raise AssumeHelperError(f"nothing was deleted: {warnings[0].what}", warnings[0].next_step)
    return replace(store, warn=invocation.warn)
