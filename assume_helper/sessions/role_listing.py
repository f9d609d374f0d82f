"""The profiles that have a role, each with what is known without a call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assume_helper.cache import entries, storage
from assume_helper.cache.directory import Cache
from assume_helper.credentials import Storage
from assume_helper.errors import AssumeHelperError
from assume_helper.profiles import role_chain
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.role import (
    CredentialProcess,
    EnvironmentKeys,
    Login,
    Metadata,
    Profile,
    StaticKeys,
    WebIdentity,
)
from assume_helper.system.warning import Warning
from assume_helper.text import duration_text, printable


@dataclass(frozen=True)
class Row:
    """One profile; `left` is how many seconds its cached credentials have, `problem` why it cannot be read."""

    profile: str
    role_arn: str = ""
    source: str = ""
    mfa_serial: str = ""
    left: float | None = None
    problem: str = ""

    @property
    def role(self) -> str:
        """The role's name, with its path."""
        return self.role_arn.partition(":role/")[2]

    @property
    def account_id(self) -> str:
        """The role's account."""
        return self.role_arn.split(":")[4] if self.role_arn else ""

    @property
    def cached(self) -> str:
        """Whether credentials are cached, and for how long, in words."""
        return "no" if self.left is None else duration_text(self.left)

    def as_json(self) -> dict[str, object]:
        """The row for a program; what is not known is None."""
        return {
            "profile": self.profile,
            "role_arn": self.role_arn or None,
            "account_id": self.account_id or None,
            "source": self.source or None,
            "mfa_serial": self.mfa_serial or None,
            "cached": self.left is not None,
            "seconds_left": None if self.left is None else int(self.left),
            "problem": self.problem or None,
        }


def rows(config: AwsConfig, environ: Mapping[str, str], warn: Callable[[Warning], None], now: float) -> list[Row]:
    """A row for each profile that has a role, in the config's order. `now` is in seconds since the epoch."""
    opened: dict[Storage, Cache] = {}

    def store(kept: Storage) -> Cache:
        if kept not in opened:
            opened[kept] = storage.open_store(environ, warn, kept)
        return opened[kept]

    return [_row(config, environ, store, now, name) for name in config.profiles if role_chain.has_role(config, name)]


def _row(
    config: AwsConfig, environ: Mapping[str, str], store: Callable[[Storage], Cache], now: float, name: str
) -> Row:
    try:
        profile = role_chain.read_profile(config, environ, name)
    except AssumeHelperError as error:
        return Row(name, problem=str(error))
    key = entries.key(profile.session_inputs())
    found = storage.find_store(store(profile.storage), environ, key, lambda entry: entry.session.left(now) > 0)
    entry = entries.read(found, key)
    left = entry.session.left(now) if entry is not None else 0
    device = profile.first_link.mfa
    return Row(
        name, profile.role_arn, source_name(profile), device.serial if device else "", left if left > 0 else None
    )


def source_name(profile: Profile) -> str:
    """What assumes the role, in a word or two."""
    match profile.source:
        case StaticKeys(profile=name) | CredentialProcess(profile=name) | Login(profile=name) | Profile(name=name):
            return name
        case EnvironmentKeys():
            return "Environment"
        case Metadata(credential_source=kind):
            return kind
        case WebIdentity(token_file=path):
            return printable(path, 64)


def problems_once(rows: Sequence[Row]) -> list[str]:
    """The problem of each row, empty where it has none; one that many profiles have is said once.

    A source that cannot be read is the problem of every role behind it.
    """
    first: dict[str, str] = {}
    problems = []
    for row in rows:
        said_by = first.setdefault(row.problem, row.profile)
        is_new = not row.problem or said_by == row.profile
        problems.append(row.problem if is_new else f"the same problem as {printable(said_by, 64)}")
    return problems
