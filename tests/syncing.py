"""Accounts, and the config file as `sync` leaves it, for tests of either."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from identity_center import sso_session
from running import WRITTEN, windows

from assume_helper.configure import change, sync, sync_undo
from assume_helper.configure.sync import Plan, Wish
from assume_helper.logins.accounts import Account

A, B = "111111111111", "222222222222"


def account(account_id: str, *roles: str, name: str = "", problem: str = "") -> Account:
    return Account(account_id, name, f"{account_id}@example.com", roles, problem)


MAIN = account(A, "Admin", "Reader", name="main")
OTHER = account(B, "Admin", name="other")


def section(
    name: str, account_id: str, role: str, region: str = "", *, session: str = "corp", script: str = WRITTEN
) -> str:
    """A synced profile as it is written."""
    return (
        f"[profile {name}]\ncredential_process = {script} get {name}\nassume_helper_sso_session = {session}\n"
        f"assume_helper_sso_account_id = {account_id}\nassume_helper_sso_role_name = {role}\n"
        + (f"region = {region}\n" if region else "")
        + f"assume_helper_synced = {session}\n"
    )


SECTIONS = {
    "main.Admin": section("main.Admin", A, "Admin"),
    "main.Reader": section("main.Reader", A, "Reader"),
    "other.Admin": section("other.Admin", B, "Admin"),
}
SESSION = sso_session()
SYNCED = SESSION + "".join("\n" + text for text in SECTIONS.values())


def environ_of(folder: Path) -> dict[str, str]:
    return {
        "HOME": str(folder),
        **windows(folder),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
    }


def write_config(environ: Mapping[str, str], text: str) -> None:
    Path(environ["AWS_CONFIG_FILE"]).write_bytes(text.encode("utf-8"))


def config_of(environ: Mapping[str, str]) -> str:
    return Path(environ["AWS_CONFIG_FILE"]).read_bytes().decode("utf-8")


def planned(environ: Mapping[str, str], accounts: Sequence[Account], wish: Wish | None = None) -> Plan:
    return sync.plan(change.load(environ), environ, wish or Wish("corp"), accounts)


def synced(environ: Mapping[str, str], accounts: Sequence[Account], wish: Wish | None = None) -> str:
    """The config file after a sync, as it is written."""
    plan = planned(environ, accounts, wish)
    if plan.change.is_needed:
        sync_undo.write(plan, "corp", environ, None)
    return config_of(environ)


def states(plan: Plan) -> dict[str, str]:
    return {entry.profile: entry.state for entry in plan.entries}


def without(text: str, names: Iterable[str]) -> str:
    """`text` without these synced profiles and the blank line before each."""
    for name in names:
        assert f"\n{SECTIONS[name]}" in text
        text = text.replace(f"\n{SECTIONS[name]}", "")
    return text
