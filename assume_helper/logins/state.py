"""How a login is, by its token file alone: until when it is good, whether it is renewed, and if not, why. Nobody is
asked, and nothing is written.
"""

from collections.abc import Mapping
from datetime import datetime

from assume_helper.errors import AssumeHelperError
from assume_helper.light import Any, dataclass
from assume_helper.logins import console_login, login_errors, renewal, sso_token, timestamps
from assume_helper.profiles import login_record
from assume_helper.profiles.login import ConsoleLogin, IdentityCenterLogin, Login
from assume_helper.profiles.login_record import Record, TokenFile
from assume_helper.text import printable


@dataclass(frozen=True)
class LoginState:
    """A login as it is now.

    `problem` is why it cannot be used, an error with message and next step; None where it can. `until` (UTC, aware) is
    the end of what the file holds, None where it holds no login; `seconds_left` the time until then, 0 where it is
    over. `is_renewable`: it is renewed when that is due, until `renewable_until` at the latest, where that is known.
    Otherwise `not_renewed` is why, and what to do; "" where no login of this form ever is. `last_failure` is when the
    last renewal failed (seconds since the epoch), and the error.
    """

    problem: AssumeHelperError | None
    until: datetime | None = None
    seconds_left: int | None = None
    is_renewable: bool = False
    renewable_until: datetime | None = None
    not_renewed: tuple[str, str] = ("", "")
    last_failure: tuple[float, AssumeHelperError] | None = None


def of(login: Login, now: float) -> LoginState:
    """The state of `login` at `now` (seconds since the epoch)."""
    file = login_record.read_token_file(login.token_path)
    record = login_record.read_record(login.token_path)
    failure = renewal.failure_of(record) if file.digest and record.failed == file.digest else None
    last_failure = None if failure is None else (record.failed_at, failure)
    renewable_until, not_renewed = None, ("", "")
    try:
        if isinstance(login, ConsoleLogin):
            held = console_login.read(login, file, record)
            ends, is_renewable = held.ends if held.credentials is not None else now, held.is_renewable
            if not is_renewable:
                not_renewed = ("its refresh token was spent or refused", f"run: {login.command}")
        else:
            token = sso_token.read(login, file, record, now)
            ends, is_renewable = token.ends, token.is_renewable
            renewable_until = timestamps.parse((file.tokens or {}).get("registrationExpiresAt"))
            if not is_renewable:
                not_renewed = _not_renewed(login, file, record, renewable_until, now)
    except AssumeHelperError as error:
        return LoginState(error, last_failure=last_failure)
    left = max(0, int(ends - now))
    problem = None
    if not left and not is_renewable:
        problem = renewal.final_failure(record, file.digest) or login_errors.expired(login)
    return LoginState(
        problem,
        timestamps.utc(int(ends)),
        left,
        is_renewable,
        None if renewable_until is None else timestamps.utc(int(renewable_until)),
        not_renewed,
        last_failure,
    )


def _not_renewed(
    login: IdentityCenterLogin, file: TokenFile, record: Record, renewable_until: float | None, now: float
) -> tuple[str, str]:
    """Why an access token is not renewed, and what mends that."""
    tokens: Mapping[str, Any] = file.tokens or {}
    again = f"run: {login.command}"
    if login.session_name is None:
        return "only a login of an [sso-session] is", ""
    if not tokens.get("refreshToken"):
        section = f"[sso-session {printable(login.session_name, 64)}]"
        scopes = f"add sso_registration_scopes = sso:account:access to {section}, then "
        return "it has no refresh token", (scopes if login.registration_scopes is None else "") + again
    if renewable_until is not None and renewable_until <= now:
        ended = timestamps.utc(renewable_until)
        return f"the registration of its client ended {ended:%Y-%m-%d %H:%M UTC}", again
    if record.spent == file.digest:
        return "Identity Center does not take its refresh token any more", again
    return "what a renewal takes is not in its token file", again
