"""A person logs in, once for all who need it: whoever comes while a login is under way waits, and has what came of it.

The login's lock is held from before the browser is opened until the token file is written. After a login that was given
up, those who waited for it fail too: nobody opens another page until a person asks for one.
"""

import contextlib
import errno
import json
import os
import random
from collections.abc import Callable, Mapping

from assume_helper.credentials import LoginMethod
from assume_helper.errors import AssumeHelperError, SourceError
from assume_helper.light import Any, dataclass, replace
from assume_helper.logins import (
    aws_login,
    browser_login,
    console_login,
    device_login,
    login_errors,
    login_lock,
    sso_token,
    start_url,
    state,
    timestamps,
)
from assume_helper.logins.client_registration import Client
from assume_helper.logins.notice import Notice
from assume_helper.logins.sso_answer import TokenAnswer
from assume_helper.logins.start_url import Portal
from assume_helper.logins.state import LoginState
from assume_helper.profiles import login_record
from assume_helper.profiles.login import ConsoleLogin, IdentityCenterLogin, Login
from assume_helper.system import home
from assume_helper.system.context import CallContext
from assume_helper.system.deadline import Deadline
from assume_helper.system.warning import Warning
from assume_helper.text import duration_text, printable

# Seconds between two looks at a login that is under way elsewhere.
_LOOK = (0.05, 0.15)
# Seconds for a renewal that may make a login needless, and for one that is throttled.
_RENEWAL = (15.0, 30.0)
# Seconds that the clock may be off: AWS refuses signatures from one that is more so.
_CLOCK_TOLERANCE = 300
# There are no locks here (a network's file system): each logs in by itself.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


@dataclass(frozen=True)
class Way:
    """How to log in: by `method`. `open_page`: a browser is opened here, also for a code."""

    method: LoginMethod
    open_page: bool


def seen(login: Login) -> str:
    """What tells the token file as it is now from another: "" where there is none."""
    return login_record.read_token_file(login.token_path).digest


def is_good(login: Login, now: float) -> bool:
    """Whether nobody has to log in, as far as the files tell at `now` (seconds since the epoch). Nobody is asked.

    A token of another region than the config's is none: the portal does not take it.
    """
    return _is_good(login, state.of(login, now))


def _is_good(login: Login, found: LoginState) -> bool:
    if found.problem is not None:
        return False
    if isinstance(login, ConsoleLogin) or not start_url.is_of_aws(login.start_url):
        return True
    region = (login_record.read_token_file(login.token_path).tokens or {}).get("region")
    return region is None or region == login.service.region


def is_needed(login: Login, context: CallContext) -> bool:
    """Whether a person must log in. A login that only needs its refresh token is renewed; a good one asks nobody.

    Raises STSNotReached where it cannot be renewed now, ConfigurationError, MachineFault.
    """
    clock = context.clock
    found = state.of(login, clock.now())
    if not _is_good(login, found):
        return True
    window = console_login.WINDOW if isinstance(login, ConsoleLogin) else sso_token.WINDOW
    if not found.is_renewable or (found.seconds_left or 0) > window:
        return False
    now = clock.monotonic()
    deadline = Deadline(now + _RENEWAL[0], now + _RENEWAL[1])
    try:
        if isinstance(login, ConsoleLogin):
            console_login.credentials(login, context.environ, clock, context.started, deadline, _nothing)
        else:
            sso_token.access_token(login, context.environ, clock, context.started, deadline, _nothing)
    except SourceError:
        return True
    return False


def _nothing() -> None:
    """Nobody needs to know that a renewal is waited for."""


def log_in(
    login: Login, way: Way, context: CallContext, show: Callable[[Notice], None], wait: Callable[[], None], *,
    before: str, force: bool,
) -> bool:  # fmt: skip
    """Have a person log in, or wait for the one who does; whether it was done here.

    `before` is what was `seen` of the token file when it was found wanting. `show` is told where to log in, `wait` that
    another process has it under way. A login that somebody has made since is enough; unless `force`, a renewal is, too.
    Raises the failure of a login that was waited for; SourceError where nobody logged in or the token cannot be kept;
    ConfigurationError, STSNotReached, MachineFault.
    """
    path, clock = login.token_path, context.clock
    if home.is_foreign(path, context.environ):
        raise _impossible(login, "it is in another user's HOME")
    _make_folder(login)
    is_waiting = False
    while (descriptor := _acquired(login)) is None:
        if login_lock.is_login_under_way(path) and not is_waiting:
            is_waiting = True
            wait()
        clock.sleep(random.uniform(*_LOOK))
    try:
        now_seen = seen(login)
        # What a renewal writes is in the record; what a login writes is not.
        is_login = now_seen not in login_record.read_record(path).digests
        if now_seen != before and (is_login or not force) and state.of(login, clock.now()).problem is None:
            return False
        _raise_failure(login, context.started, clock.now(), is_waiting=is_waiting)
        if descriptor >= 0:
            with contextlib.suppress(OSError):
                login_record.sweep(path)
            with contextlib.suppress(OSError):  # the disk is full: those who wait take it for a renewal
                login_lock.note_login(descriptor)
        try:
            _log_in(login, way, context, show)
        except BaseException as error:
            _note_failure(login, error, clock.now())
            raise
        return True
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _make_folder(login: Login) -> None:
    """Make the folder of the token file, and those above it, for this user alone. Raises SourceError."""
    folder = os.path.dirname(os.path.realpath(login.token_path))
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for each in reversed(missing):
        try:
            os.mkdir(each, 0o700)
        except FileExistsError:
            pass
        except OSError as error:
            raise _impossible(login, f"{printable(each)} cannot be made ({error.strerror})") from None


def _acquired(login: Login) -> int | None:
    """A descriptor with the login's lock, -1 where there are no locks; None where another process has it."""
    try:
        return login_lock.try_acquire(login.token_path)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return -1
        lock = printable(login_record.beside(login.token_path, login_record.LOCK), 200)
        raise _impossible(login, f"{lock}: {error.strerror or error}") from None


def _impossible(login: Login, reason: str) -> SourceError:
    what = f"nobody can log in to {login_errors.name(login)} here: {printable(reason, 320)}"
    return SourceError(what, f"correct that, then run: {login.command}")


def _raise_failure(login: Login, started: float, now: float, *, is_waiting: bool) -> None:
    """Raise the failure of the login that was waited for, or that failed since this process began.

    One of the future was noted by a clock that was ahead: it says nothing.
    """
    record = login_record.read_record(login.token_path)
    if record.login_failure is not None and started <= record.login_failed_at <= now:
        raise login_errors.as_error(record.login_failure)
    if is_waiting:  # it was killed
        raise login_errors.given_up(login)


def _note_failure(login: Login, error: BaseException, at: float) -> None:
    """Note why, for those who wait."""
    failure = login_errors.noted(error if isinstance(error, AssumeHelperError) else login_errors.given_up(login))
    path = login.token_path
    with contextlib.suppress(OSError):
        record = login_record.read_record(path)
        login_record.write_record(path, replace(record, login_failure=failure, login_failed_at=at))


def _log_in(login: Login, way: Way, context: CallContext, show: Callable[[Notice], None]) -> None:
    if isinstance(login, ConsoleLogin):
        aws_login.log_in(login, context.environ, context.clock, is_remote=way.method == "device")
        return
    portal = start_url.resolve(login)

    def keep(client: Client, answer: TokenAnswer) -> None:
        now = context.clock.now()
        _keep(login, portal, client, answer, now)
        if answer.answered_at is not None and abs(now - answer.answered_at) > _CLOCK_TOLERANCE:
            context.warn(_clock_is_off(now - answer.answered_at))

    if way.method == "browser":
        browser_login.log_in(login, portal, context.environ, context.clock, show, keep)
    else:
        device_login.log_in(
            login, portal, context.environ, context.clock, show, keep, open_page=way.open_page
        )  # fmt: skip


def _clock_is_off(difference: float) -> Warning:
    """The warning for a clock that is so many seconds ahead of Identity Center's (behind, where negative)."""
    relation = "ahead of" if difference > 0 else "behind"
    what = f"this machine's clock is {duration_text(difference)} {relation} Identity Center's"
    return Warning(what, "set it: AWS refuses what is signed by it, and programs take the login for longer or shorter")


def _keep(login: IdentityCenterLogin, portal: Portal, client: Client, answer: TokenAnswer, now: float) -> None:
    """Write the token file in the AWS CLI's form; fields that we do not know stay. Raises SourceError."""
    found: dict[str, Any] = {
        "startUrl": login.start_url,
        "region": portal.region,
        "accessToken": answer.access_token,
        "expiresAt": timestamps.write(now + answer.seconds),
        "clientId": client.client_id,
        "clientSecret": client.client_secret,
        "registrationExpiresAt": timestamps.write(client.expires),
        "refreshToken": answer.refresh_token,
    }
    path = login.token_path
    before: Mapping[str, Any] = login_record.read_token_file(path).tokens or {}
    found |= {name: value for name, value in before.items() if name not in found}
    content = {name: value for name, value in found.items() if value is not None}
    try:
        login_record.write_beside(os.path.realpath(path), json.dumps(content).encode())
    except OSError as error:
        raise SourceError(
            f"the login of {login_errors.name(login)} cannot be kept: {printable(path)} cannot be written "
            f"({error.strerror})",
            f"free some space, or correct its rights, then run: {login.command}",
        ) from None
