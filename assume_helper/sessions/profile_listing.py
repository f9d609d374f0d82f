"""The profiles that can be served, each with what is known without a call."""

from collections.abc import Callable, Mapping, Sequence

from assume_helper.cache import entries, storage
from assume_helper.cache.directory import Cache
from assume_helper.credentials import Storage
from assume_helper.errors import AssumeHelperError
from assume_helper.light import TYPE_CHECKING, dataclass
from assume_helper.profiles import process_resolution, role_chain
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.login import ConsoleLogin, Login, PermissionSet
from assume_helper.profiles.origin import (
    CredentialProcess,
    EnvironmentKeys,
    GitHubActions,
    KeptKey,
    Metadata,
    SAMLProcess,
    StaticKeys,
    WebIdentity,
    WebIdentityProcess,
)
from assume_helper.profiles.resolution import Resolution
from assume_helper.profiles.role import Profile
from assume_helper.profiles.source_description import KEYRINGS
from assume_helper.sessions import session_keys
from assume_helper.system.warning import Warning
from assume_helper.text import duration_text, printable

if TYPE_CHECKING:
    from assume_helper.logins.state import LoginState

# A user's own session without MFA calls no API of IAM (API reference of GetSessionToken).
NO_IAM = "the session of an access key may not call IAM: set mfa_serial, or use `assume-helper exec --no-session`"


@dataclass(frozen=True)
class Row:
    """One profile; `left` is how many seconds its cached credentials have, `problem` why it cannot be read.

    `role` is the role's name with its path, or the permission set's; `login_left` how many seconds the login has that
    the session is made with, None where there is no login to be had, or none is needed (`has_login` is false).
    `is_renewed`: when that is over the login renews itself. `is_user_session`: the session is an access key's user's.
    """

    profile: str
    kind: str = ""
    role: str = ""
    role_arn: str = ""
    account_id: str = ""
    source: str = ""
    mfa_serial: str = ""
    left: float | None = None
    has_login: bool = False
    login_left: float | None = None
    problem: str = ""
    is_renewed: bool = False
    is_user_session: bool = False

    @property
    def cached(self) -> str:
        """Whether credentials are cached, and for how long, in words."""
        return "no" if self.left is None else duration_text(self.left)

    @property
    def login(self) -> str:
        """How long the login lasts, in words; empty where none is needed."""
        if not self.has_login:
            return ""
        if self.login_left is None:
            return "none"
        if self.login_left <= 0 and self.is_renewed:
            return "renewed at the next call"
        return f"{duration_text(self.login_left)} left"

    @property
    def note(self) -> str:
        """What the session cannot do, for a person; empty for most."""
        return NO_IAM if self.is_user_session and not self.mfa_serial else ""

    def as_json(self) -> dict[str, object]:
        """The row for a program; what is not known is None."""
        return {
            "profile": self.profile,
            "kind": self.kind or None,
            "role": self.role or None,
            "role_arn": self.role_arn or None,
            "account_id": self.account_id or None,
            "source": self.source or None,
            "mfa_serial": self.mfa_serial or None,
            "has_login": self.has_login,
            "login_seconds_left": None if self.login_left is None else int(self.login_left),
            "login_is_renewed": self.is_renewed if self.has_login else None,
            "cached": self.left is not None,
            "seconds_left": None if self.left is None else int(self.left),
            "note": self.note or None,
            "problem": self.problem or None,
        }


def rows(config: AwsConfig, environ: Mapping[str, str], warn: Callable[[Warning], None], now: float) -> list[Row]:
    """A row for each profile that can be served, in the config's order. `now` is in seconds since the epoch."""
    opened: dict[Storage, Cache] = {}

    def store(kept: Storage) -> Cache:
        if kept not in opened:
            opened[kept] = storage.open_store(environ, warn, kept)
        return opened[kept]

    # Many profiles have one login: its files are read once.
    tokens: dict[str, Resolution] = {}
    states: dict[str, LoginState] = {}

    def state_of(login: Login) -> "LoginState":
        if login.token_path not in states:
            from assume_helper.logins import state  # it loads the SDK, which a list of roles does not need

            states[login.token_path] = state.of(login, now)
        return states[login.token_path]

    found = []
    for name in config.profiles:
        if role_chain.can_be_served(config, name):
            try:
                profile = role_chain.read_profile(config, environ, name, tokens=tokens)
            except AssumeHelperError as error:
                found.append(Row(name, problem=str(error)))
            else:
                found.append(_row(name, profile, environ, store, state_of, now))
    return found


def _row(
    name: str,
    profile: Profile,
    environ: Mapping[str, str],
    store: Callable[[Storage], Cache],
    state_of: Callable[[Login], "LoginState"],
    now: float,
) -> Row:
    key = session_keys.of_profile(profile)
    found = storage.find_store(store(profile.storage), environ, key, lambda entry: entry.session.left(now) > 0)
    entry = entries.read(found, key)
    left = entry.session.left(now) if entry is not None else 0
    device = profile.mfa_device
    login = state_of(profile.login) if profile.login is not None else None
    role = profile.role_arn.partition(":role/")[2] if profile.role_arn is not None else ""
    return Row(
        name,
        profile.kind,
        profile.source.role_name if isinstance(profile.source, PermissionSet) else role,
        profile.role_arn or "",
        profile.account_id or "",
        source_name(profile),
        device.serial if device else "",
        left if left > 0 else None,
        login is not None,
        login.seconds_left if login is not None else None,
        is_renewed=login is not None and login.is_renewable,
        is_user_session=profile.role_arn is None and profile.user_session is not None,
    )


def source_name(profile: Profile) -> str:
    """What assumes the role, or has the credentials, in a word or two."""
    match profile.source:
        case StaticKeys(profile=name):
            return name if profile.role_arn is not None else ""
        case KeptKey(profile=name, place=place):
            return name if profile.role_arn is not None else KEYRINGS[place]
        case Profile(of_environment=True):
            return "WebIdentity"
        case Profile(name=name):
            return name
        case PermissionSet(login=login):
            return login.session_name or printable(login.start_url, 64)
        case ConsoleLogin(login_session=who):
            return printable(who.rpartition(":")[2], 64)
        case CredentialProcess(command=command):
            return process_resolution.program_name(command)
        case EnvironmentKeys():
            return "Environment"
        case Metadata(credential_source=kind):
            return kind
        case WebIdentity(token_file=path):
            return printable(path, 64) or "WebIdentity"
        case WebIdentityProcess(command=command) | SAMLProcess(command=command):
            from assume_helper.sources import shell_command  # few profiles have one

            return shell_command.name(command)
        case GitHubActions():
            return "GitHubActions"


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
