"""How a login is, by its token file alone: whether it is there, until when, and how it is renewed. Nobody is asked."""

from dataclasses import dataclass
from datetime import UTC, datetime

from assume_helper.errors import AssumeHelperError
from assume_helper.logins import console_login, login_lock, renewal, sso_token
from assume_helper.logins.login_errors import expired
from assume_helper.profiles import login_record
from assume_helper.profiles.login import ConsoleLogin, IdentityCenterLogin, Login
from assume_helper.profiles.login_record import Record


@dataclass(frozen=True)
class LoginState:
    """A login as it is now.

    `is_there`: there is a token file with a login in it. `problem` is why it cannot be used, an error with message and
    next step; None where it can. `until` (UTC, aware) is the end of what the file holds, `seconds_left` the time until
    then, 0 where it is over; both None where that is not known. `is_renewable`: it is renewed when that is due.
    `renewed_how` says how, in words.
    """

    is_there: bool
    problem: AssumeHelperError | None
    until: datetime | None
    seconds_left: int | None
    is_renewable: bool
    renewed_how: str


def of(login: Login, now: float) -> LoginState:
    """The state of a login of either kind at `now` (seconds since the epoch)."""
    return of_console_login(login, now) if isinstance(login, ConsoleLogin) else of_identity_center(login, now)


def of_identity_center(login: IdentityCenterLogin, now: float) -> LoginState:
    """The state of `login` at `now` (seconds since the epoch)."""
    file = login_record.read_token_file(login.token_path)
    record = login_record.read_record(login.token_path)
    try:
        token = sso_token.read(login, file, record, now)
    except AssumeHelperError as error:
        return LoginState(file.tokens is not None, error, None, None, False, _by_hand(login))  # noqa: FBT003
    if token.is_renewable:
        how = f"by itself, in the last {sso_token.WINDOW // 60} minutes of an access token"
    elif login.session_name is None:
        how = f"not by itself, as any login without an sso-session; {_by_hand(login)}"
    else:
        how = _by_hand(login)
    return _state(login, record, file.digest, token.ends, now, is_renewable=token.is_renewable, how=how)


def of_console_login(login: ConsoleLogin, now: float) -> LoginState:
    """The state of `login` at `now` (seconds since the epoch)."""
    file = login_record.read_token_file(login.token_path)
    record = login_record.read_record(login.token_path)
    try:
        held = console_login.read(login, file, record)
    except AssumeHelperError as error:
        return LoginState(file.tokens is not None, error, None, None, False, _by_hand(login))  # noqa: FBT003
    how = "by itself, for 12 hours after it was made" if held.is_renewable else _by_hand(login)
    ends = held.ends if held.credentials is not None else now
    return _state(login, record, file.digest, ends, now, is_renewable=held.is_renewable, how=how)


def is_under_way(login: Login) -> bool:
    """Whether somebody is logging in just now."""
    return login_lock.is_login_under_way(login.token_path)


def _state(
    login: Login, record: Record, digest: str, ends: float, now: float, *, is_renewable: bool, how: str
) -> LoginState:
    left = max(0, int(ends - now))
    problem = None
    if not left and not is_renewable:
        problem = renewal.final_failure(record, digest) or expired(login)
    return LoginState(True, problem, datetime.fromtimestamp(int(ends), UTC), left, is_renewable, how)  # noqa: FBT003


def _by_hand(login: Login) -> str:
    return f"run: {login.command}"
