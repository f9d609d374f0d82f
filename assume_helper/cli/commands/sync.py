"""`sync`: a profile for each account and role that a login to IAM Identity Center may use."""

from collections.abc import Callable, Sequence

import click

from assume_helper.cli import config_change, display, logging_in
from assume_helper.cli.invocation import Invocation
from assume_helper.configure import backup as backups
from assume_helper.configure import change as changes
from assume_helper.configure import sync, sync_names, sync_undo
from assume_helper.configure.sync import Plan, State, Wish
from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceError, STSRefused
from assume_helper.light import TYPE_CHECKING
from assume_helper.profiles import login_settings, value_parsers
from assume_helper.profiles.login import IdentityCenterLogin
from assume_helper.system.context import CallContext
from assume_helper.text import error_line, printable

if TYPE_CHECKING:
    from assume_helper.logins.accounts import Account

# The rows of the summary that are always there, then those that are only where there is something to count.
_ALWAYS: tuple[State, ...] = ("new", "changed", "removed", "gone", "kept")
_WHERE_THERE_ARE: tuple[State, ...] = ("own", "left")
# What these are called where a sync is taken back.
_TAKEN_BACK: dict[State, str] = {"removed": "taken out", "new": "put back", "changed": "changed back", "left": "left"}


@click.command("sync", short_help="Write a profile for each account and role of a login.")
@click.argument("sso_session", metavar="SSO_SESSION")
@click.option(
    "--template",
    default=sync_names.TEMPLATE,
    show_default=True,
    metavar="TEMPLATE",
    help="The names of new profiles; the fields are " + ", ".join(f"{{{field}}}" for field in sync_names.FIELDS) + ".",
)
@click.option("--region", metavar="REGION", help="The region of new profiles, and of synced ones without one.")
@click.option("--prune", is_flag=True, help="Remove synced profiles whose account or role is gone.")
@click.option("--dry-run", is_flag=True, help="Show the change and write nothing.")
@click.option("--undo", is_flag=True, help="Take back what the last sync of SSO_SESSION wrote.")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    sso_session: str,
    *,
    template: str,
    region: str | None,
    prune: bool,
    dry_run: bool,
    undo: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Write a profile into the AWS config file for each account and role that the login of SSO_SESSION may use.

    SSO_SESSION is the name of an [sso-session] section. SDKs call the helper for these profiles, as for those of
    `configure`. You see the change, and are asked before it is written (not with --yes).

    Only profiles that sync wrote are ever changed or removed; they have the key assume_helper_synced. They keep their
    names, and what you change in them. What is not there any more is told; --prune removes it. Names are made safe, and
    unique: if several accounts have one name, their numbers are added.

    \b
    Example:
        $ assume-helper sync corp
        $ assume-helper sync corp --region eu-central-1 --dry-run
        $ assume-helper sync corp --template '{sso_session}/{account_name}/{role_name}' --prune --yes
        $ assume-helper sync corp --undo
    """
    invocation.subject = sso_session
    wish = Wish(sso_session, template, region, prune)
    _check_usage(wish, undo=undo)
    environ = invocation.environ
    accounts: list[Account] = []
    if undo:
        make = _undoing(invocation, sso_session)
    else:
        accounts = _listed(invocation, login_settings.of_session(changes.load(environ).config, sso_session, environ))

        def make() -> Plan:
            return sync.plan(changes.load(environ), environ, wish, accounts)

    plan = make()
    if not accounts and plan.count("removed") and not undo:
        raise STSRefused(
            f"Identity Center lists no account for the login of sso-session {printable(sso_session, 64)}",
            "nothing was removed: have one assigned, or take the profiles out by hand",
        )
    _say_notes(invocation, accounts, plan, undo=undo)
    is_needed, backup, cannot_ask = plan.change.is_needed, None, False
    if not dry_run:
        config_change.sweep(invocation)
    if is_needed:
        if not as_json:
            config_change.show(invocation, 1, plan.change.diff)
        elif not yes and not dry_run:
            config_change.show(invocation, 2, plan.change.diff)
        cannot_ask = not yes and not dry_run and not invocation.can_ask()
    is_written = is_needed and not dry_run and not cannot_ask
    if is_written:
        if not yes and not config_change.is_confirmed(_question(plan)):
            raise AssumeHelperError("nothing was changed", "answer y to write it")
        write = sync_undo.write_back if undo else sync_undo.write
        plan, backup = write(plan, sso_session, environ, make if yes else None)
        is_needed = is_written = plan.change.is_needed  # another process may have been faster
    if as_json:
        display.print_json(invocation, _document(wish, accounts, plan, backup, is_written=is_written, undo=undo))
    elif not cannot_ask:
        lines = _taken_back(wish, plan) if undo else _summary(wish, accounts, plan)
        result = _result(plan, backup, is_needed=is_needed, is_written=is_written, undo=undo)
        display.print_lines(invocation, [*([""] if is_needed else []), *lines, result])
    if cannot_ask:
        raise config_change.nobody_to_ask()


def _check_usage(wish: Wish, *, undo: bool) -> None:
    """Raise click.UsageError for arguments that do not go together, or cannot be."""
    if not wish.session:
        raise config_change.usage_error("SSO_SESSION is empty: name one")
    if undo and (wish.prunes or wish.region is not None or wish.template != sync_names.TEMPLATE):
        raise config_change.usage_error("--undo goes with no option but --dry-run, --yes and --json")
    wrong = sync_names.problem(wish.template)
    if wrong is not None:
        raise config_change.usage_error(f"--template {printable(wish.template, 64)}: {wrong}")
    if wish.region is not None:
        try:
            value_parsers.parsed(value_parsers.region, wish.region, "--region")
        except ConfigurationError as error:
            raise config_change.usage_error(str(error)) from None


def _listed(invocation: Invocation, login: IdentityCenterLogin) -> "list[Account]":
    """The accounts and roles of a login, with a bar on the terminal meanwhile. Raises AssumeHelperError.

    Where there is no login, a person is asked once whether to log in.
    """
    from assume_helper.logins import accounts as account_listing  # loads the SDK

    def ask(context: CallContext) -> "list[Account]":
        with display.progress(invocation, "Listing accounts") as progress:
            return account_listing.list_accounts(login, context.environ, context.clock, context.started, progress)

    try:
        return ask(invocation.call_context())
    except SourceError as error:
        if not logging_in.offer(invocation, login, error):
            raise
    return ask(invocation.call_context_from_now())


def _undoing(invocation: Invocation, session: str) -> Callable[[], Plan]:
    """What makes the plan that takes the last sync back. Where there is none, it changes nothing."""

    def make() -> Plan:
        loaded = changes.load(invocation.environ)
        found = sync_undo.plan(loaded, invocation.environ, session)
        if found is None:
            login_settings.of_session(loaded.config, session, invocation.environ)  # raises for one that never was
        return found or Plan(changes.to_text(loaded, invocation.environ, loaded.file.text), [])

    return make


def _say_notes(invocation: Invocation, accounts: "Sequence[Account]", plan: Plan, *, undo: bool) -> None:
    subject = invocation.subject
    if not accounts and not undo:
        invocation.say(error_line(subject, "Identity Center lists no account for this login; have one assigned"))
    for account in accounts:
        if account.problem:
            name = f" ({printable(account.name, 64)})" if account.name else ""
            what = f"account {account.account_id}{name} could not be listed ({account.problem})"
            invocation.say(error_line(subject, f"{what}; its profiles stay as they are"))
    for entry in plan.entries:
        profile = printable(entry.profile, 100)
        if entry.state == "gone" and entry.pair is not None:
            what = f"{profile} (account {entry.pair.account_id}, role {printable(entry.pair.role_name, 64)})"
            invocation.say(error_line(subject, f"{what} is not there any more; --prune removes it"))
        elif entry.state == "left":
            invocation.say(error_line(subject, f"{profile} is left as it is: {entry.reason}"))
    for warning in plan.change.warnings:
        invocation.say(f"assume-helper: {printable(subject, 64)}: warning: {warning}")


def _question(plan: Plan) -> str:
    counts = [f"{plan.count(state)} {state}" for state in ("new", "changed", "removed") if plan.count(state)]
    return f"Write this ({', '.join(counts)}) to {printable(plan.change.file.path)}?"


def _summary(wish: Wish, accounts: "Sequence[Account]", plan: Plan) -> list[str]:
    rows: list[tuple[str, str]] = [(state, str(plan.count(state))) for state in _ALWAYS]
    rows += [(state, str(plan.count(state))) for state in _WHERE_THERE_ARE if plan.count(state)]
    unlisted = sum(bool(account.problem) for account in accounts)
    rows += [("not listed", _counted(unlisted, "account"))] if unlisted else []
    counted = _counted(len(accounts), "account"), _counted(sum(len(account.roles) for account in accounts), "role")
    return display.block(f"sso-session {printable(wish.session, 64)}: {', '.join(counted)}", rows)


def _taken_back(wish: Wish, plan: Plan) -> list[str]:
    rows = [(word, str(plan.count(state))) for state, word in _TAKEN_BACK.items() if plan.count(state)]
    return display.block(f"the last sync of sso-session {printable(wish.session, 64)}", rows) if rows else []


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _result(plan: Plan, backup: str | None, *, is_needed: bool, is_written: bool, undo: bool) -> str:
    if not is_needed and undo and not plan.entries:
        return f"Nothing to take back in {printable(plan.change.file.path)}."
    if not is_needed:
        return f"Nothing to change in {printable(plan.change.file.path)}."
    if not is_written:
        return f"Nothing was written to {printable(plan.change.file.path)} (--dry-run)."
    return config_change.written(plan.change, backup)


def _document(
    wish: Wish, accounts: "Sequence[Account]", plan: Plan, backup: str | None, *, is_written: bool, undo: bool
) -> dict[str, object]:
    """What was done, for a program."""
    change = plan.change
    return {
        "sso_session": wish.session,
        "undo": undo,
        "file": change.file.path,
        "changed": is_written,
        "backup": backup,
        "backup_is_whole": backup is not None and not backups.holds_secret(change.file.text),
        "accounts": len(accounts),
        "roles": sum(len(account.roles) for account in accounts),
        "counts": {state: plan.count(state) for state in (*_ALWAYS, *_WHERE_THERE_ARE)},
        "profiles": [
            {
                "profile": entry.profile,
                "state": entry.state,
                "account_id": entry.pair.account_id if entry.pair is not None else None,
                "account_name": entry.account_name or None,
                "role_name": entry.pair.role_name if entry.pair is not None else None,
                "reason": entry.reason or None,
            }
            for entry in plan.entries
        ],
        "not_listed": [
            {"account_id": account.account_id, "account_name": account.name or None, "reason": account.problem}
            for account in accounts
            if account.problem
        ],
        "warnings": change.warnings,
        "diff": change.diff,
    }
