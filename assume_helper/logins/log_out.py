"""The end of a login, as a person wants it: its service is told, and its token file goes.

The service comes first: whoever is killed in between has a token file whose token nobody takes, and may log out again.
A token file that is gone would leave a token behind that works until it ends.
"""

import errno
import os
import random
import re
from collections.abc import Mapping
from contextlib import suppress

import botocore.exceptions as aws

from assume_helper.credentials import can_be_sent
from assume_helper.errors import AssumeHelperError, SourceError, STSNotReached, STSRefused
from assume_helper.light import Any, dataclass, replace
from assume_helper.logins import error_answer, login_errors, login_lock, renewal_process, service
from assume_helper.profiles import login_record
from assume_helper.profiles.login import IdentityCenterLogin, Login
from assume_helper.profiles.login_record import Record, TokenFile
from assume_helper.system import home, private_files
from assume_helper.system.context import Clock
from assume_helper.system.deadline import Deadline, within
from assume_helper.system.retries import retry
from assume_helper.system.unreached import in_time, not_from, not_reached
from assume_helper.text import printable

# Seconds for Identity Center to answer, and where it throttles.
_PATIENCE = (15.0, 30.0)
# Seconds between two looks at a renewal that is under way.
_LOOK = (0.05, 0.15)
_REGION = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True)
class LoggedOut:
    """What became of a login: `was_there`, there was a token file with a login. `problem` is what did not work."""

    was_there: bool
    problem: AssumeHelperError | None = None


class _Unauthorized(Exception):
    """Identity Center does not know the token any more."""


def log_out(login: Login, environ: Mapping[str, str], clock: Clock) -> LoggedOut:
    """Log out of `login`: call Logout of Identity Center (of a console login nobody is told), delete the token file.

    A renewal that is under way is waited for. Where Identity Center cannot be told, the file goes all the same. Raises
    SourceError where the file is in another user's HOME, or somebody is logging in; STSNotReached where a renewal comes
    to no end: then nothing was done.
    """
    path = login.token_path
    if home.is_foreign(path, environ):
        raise SourceError(
            f"{login_errors.name(login)} cannot be logged out here: it is in another user's HOME",
            "run this as that user, or set HOME to yours",
        )
    lock = _acquired(login, clock)
    try:
        if lock is not None:
            with suppress(OSError):
                login_record.sweep(path)
        file = login_record.read_token_file(path)
        if not file.digest and not file.problem:
            return LoggedOut(was_there=False)
        problem = _end(login, file, clock) if isinstance(login, IdentityCenterLogin) else None
        was_there = file.tokens is not None or bool(file.problem)
        return LoggedOut(was_there, _remove(path, file.digest) or problem)
    finally:
        if lock is not None:
            os.close(lock)


def _acquired(login: Login, clock: Clock) -> int | None:
    """A descriptor with the login's lock; None where there is none to be had: then nobody renews it either."""
    until = clock.monotonic() + renewal_process.LONGEST
    while True:
        try:
            found = login_lock.try_acquire(login.token_path)
        except OSError:
            return None
        if found is not None:
            return found
        if login_lock.is_login_under_way(login.token_path):
            raise login_errors.under_way(login)
        if clock.monotonic() >= until:
            raise STSNotReached(
                f"the login of {login_errors.name(login)} is still being renewed", "try again in a moment"
            )
        clock.sleep(random.uniform(*_LOOK))


def _end(login: IdentityCenterLogin, file: TokenFile, clock: Clock) -> AssumeHelperError | None:
    """End the login at Identity Center; the error where that cannot be done."""
    why = login_errors.unreadable(login, file) if file.problem else _tell(login, file.tokens or {}, clock)
    if why is None:
        return None
    what = f"{login_errors.name(login)} is logged out here, but Identity Center was not told: {why.message}"
    return type(why)(what, f"sign out at {printable(login.start_url, 160)} to end it there too")


def _tell(login: IdentityCenterLogin, tokens: Mapping[str, Any], clock: Clock) -> AssumeHelperError | None:
    """Call Logout; why that failed. A token that Identity Center does not take is no failure: it has ended already."""
    token, region = tokens.get("accessToken"), tokens.get("region")
    if not can_be_sent(token):
        return None
    where = login.service
    if isinstance(region, str) and _REGION.fullmatch(region):
        where = replace(where, region=region)  # the token's own: in another one it would not be taken
    portal = service.of(where, "sso")

    def refusal(error: aws.ClientError) -> AssumeHelperError:
        answer = error_answer.read(error, portal)
        if isinstance(answer, STSNotReached):
            return answer
        if answer.status == 401:
            raise _Unauthorized
        return STSRefused(f"Identity Center refuses it ({answer.name})", "try again")

    def attempt(limit: Deadline) -> None:
        try:
            seconds = limit.at - clock.monotonic()
            answer = within(seconds, lambda: service.call(portal, "Logout", {"accessToken": token}, refusal))
        except TimeoutError as error:
            raise in_time(portal, error) from None
        if "html" in answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("content-type", ""):
            raise not_reached(portal, not_from(portal))  # the answer has no content: a captive portal's page would do

    now = clock.monotonic()
    try:
        retry(attempt, Deadline(now + _PATIENCE[0], now + _PATIENCE[1]), clock, lambda: None)
    except _Unauthorized:
        return None
    except AssumeHelperError as error:
        return error
    return None


def _remove(path: str, digest: str) -> AssumeHelperError | None:
    """Delete the token file, also where a link leads to it; why that cannot be done.

    The record has its digest from then on: the same file, from a backup perhaps, is no login any more.
    """
    with suppress(OSError):
        login_record.write_record(path, Record(revoked=digest))
    try:
        private_files.remove(os.path.realpath(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = error.strerror or errno.errorcode.get(error.errno or 0, "it is in the way")
        what = f"the token file {printable(path)} cannot be removed ({reason})"
        return AssumeHelperError(what, "correct the rights of its folder, then run this again")
    return None
