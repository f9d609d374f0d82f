"""The access token of a login to Identity Center: good, to be renewed, or over."""

from collections.abc import Callable, Mapping

from assume_helper.credentials import can_be_sent
from assume_helper.errors import AssumeHelperError, SourceRefused
from assume_helper.light import dataclass, field
from assume_helper.logins import login_errors, renewal, service, timestamps
from assume_helper.logins.renewal_process import Job
from assume_helper.profiles import login_record
from assume_helper.profiles.login import IdentityCenterLogin
from assume_helper.profiles.login_record import Record, TokenFile
from assume_helper.system.context import Clock
from assume_helper.system.deadline import ONE_CALL, Deadline

# Seconds before its end from which a token is renewed (botocore, `SSOTokenProvider._REFRESH_WINDOW`).
WINDOW = 900
# A token that is replaced by one which is over as well is not renewed for ever.
_MOST_RENEWALS = 2


@dataclass(frozen=True)
class AccessToken:
    """An access token; `file` is where it was, `ends` when it is over (seconds since the epoch)."""

    value: str = field(repr=False)
    ends: float
    file: TokenFile = field(repr=False)
    is_renewable: bool


def read(login: IdentityCenterLogin, file: TokenFile, record: Record, now: float) -> AccessToken:
    """The token in `file` at `now` (seconds since the epoch), good or not.

    Raises SourceRefused where there is no login, or it was revoked; SourceError where the file cannot be used;
    SourceExpired where somebody is logging in.
    """
    renewal.check_there(login, file)
    tokens = file.tokens
    if tokens is None:
        raise login_errors.unreadable(login, file)
    value, ends = tokens.get("accessToken"), timestamps.parse(tokens.get("expiresAt"))
    if not can_be_sent(value) or ends is None:
        raise login_errors.unreadable(login, file)
    if record.revoked == file.digest:
        raise login_errors.revoked(login)
    if not _is_of(login, tokens):
        raise login_errors.not_logged_in(login)
    return AccessToken(value, ends, file, _is_renewable(login, tokens, now) and record.spent != file.digest)


def _is_of(login: IdentityCenterLogin, tokens: Mapping[str, object]) -> bool:
    """Whether the token is of the start URL in the config: a session's file outlives a change of that."""
    start_url = tokens.get("startUrl")
    return not isinstance(start_url, str) or start_url.rstrip("/#") == login.start_url.rstrip("/#")


def _is_renewable(login: IdentityCenterLogin, tokens: Mapping[str, object], now: float) -> bool:
    """Whether there is what a renewal takes. The AWS CLI does not renew a legacy login either."""
    registered_until = timestamps.parse(tokens.get("registrationExpiresAt"))
    return (
        login.session_name is not None
        and all(can_be_sent(tokens.get(name)) for name in ("refreshToken", "clientId", "clientSecret"))
        and registered_until is not None
        and registered_until > now
    )


def access_token(
    login: IdentityCenterLogin,
    environ: Mapping[str, str],
    clock: Clock,
    started: float,
    deadline: Deadline,
    on_late: Callable[[], None],
) -> AccessToken:
    """An access token of `login` that is good now, renewed where its end is near.

    Where it cannot be renewed, for whatever reason, the old one serves while it is good. `on_late` is called before a
    renewal is waited for that may take longer than the deadline's first part: nothing else can be served. Raises
    SourceError, SourceExpired, SourceRefused, STSNotReached, and what a service's call raises.
    """
    file = login_record.read_token_file(login.token_path)
    for number in range(_MOST_RENEWALS + 1):
        record = login_record.read_record(login.token_path)
        now = clock.now()
        token = read(login, file, record, now)
        left = token.ends - now
        if left > (0 if number else WINDOW):
            return token
        is_good = left > 0
        if not token.is_renewable or number == _MOST_RENEWALS:
            if is_good:
                return token
            raise renewal.why_over(login, record, file.digest)
        if is_good and renewal.has_just_failed(record, file.digest, now):
            return token
        if not is_good:
            on_late()
        try:
            file = renewal.renew(
                login, _job(login, file), file, environ, clock, started, _until(deadline, clock, is_good=is_good)
            )
        except SourceRefused:
            raise
        except AssumeHelperError:
            if token.ends > clock.now():
                return token
            raise
    raise AssertionError  # the last turn returns or raises


def _until(deadline: Deadline, clock: Clock, *, is_good: bool) -> float:
    """Until when a renewal is waited for: with a token that is good, time is left for the call that needs it.

    Without one, a renewal that is under way is worth a little more patience: the machine may be busy.
    """
    now = clock.monotonic()
    return now + (deadline.at - now) / 2 if is_good else deadline.extended(deadline.at + ONE_CALL).at


def _job(login: IdentityCenterLogin, file: TokenFile) -> Job:
    where = service.of(login.service, "sso-oidc")
    return Job(
        "sso-oidc", file.path, file.digest, where, login_errors.name(login), login.command, start_url=login.start_url
    )
