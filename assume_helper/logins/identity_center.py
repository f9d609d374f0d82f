"""The credentials of a permission set of IAM Identity Center, by the access token of its login."""

import os
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import botocore.exceptions as aws

from assume_helper.credentials import CLOCK_TOLERANCE, LONGEST_SESSION, Answer, Credentials, can_be_sent
from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceRefused, STSNotReached, STSRefused
from assume_helper.light import Any, replace
from assume_helper.logins import error_answer, login_errors, login_lock, service, sso_token
from assume_helper.logins.service import Service
from assume_helper.logins.sso_token import AccessToken
from assume_helper.profiles import login_record
from assume_helper.profiles.login import IdentityCenterLogin, PermissionSet
from assume_helper.system import home
from assume_helper.system.answer_time import answered_at
from assume_helper.system.context import Clock
from assume_helper.system.deadline import ONE_CALL, Deadline, within
from assume_helper.system.retries import retry
from assume_helper.system.unreached import in_time, not_from, not_reached
from assume_helper.text import printable

# A cache entry holds all three fields twice, and must stay within a cache file's 64 KiB.
_LONGEST_FIELD = 16 * 1024
_LONGEST_CREDENTIALS = 24 * 1024
# Seconds before a refusal is believed: the portal refuses now and then what it gives a moment later.
_SECOND_LOOK = (0.1, 0.5)
# Seconds for which the login's lock is waited for, to note that it was revoked.
_TO_NOTE = 1.0


class _Unauthorized(Exception):
    """The portal does not take the access token."""


class _NotAssigned(Exception):
    """The portal says no to the account and role: `status` is 403 or 404."""

    def __init__(self, status: int, name: str) -> None:
        super().__init__(status, name)
        self.status = status
        self.name = name


def credentials(
    permission_set: PermissionSet, environ: Mapping[str, str], clock: Clock, started: float, deadline: Deadline,
    on_throttled: Callable[[], None],
) -> Answer:  # fmt: skip
    """The credentials of `permission_set`; its login is renewed where that is due (see `sso_token`).

    `started` is when this process began (seconds since the epoch). `on_throttled` is called each time the portal
    throttles, and where a renewal is waited for. Raises SourceError, SourceExpired, SourceRefused for the login;
    STSRefused where the role is not assigned; ConfigurationError, SettingFault, UnknownRegion; STSNotReached,
    STSNotConnected, STSUnavailable, STSThrottled; MachineFault.
    """
    token = sso_token.access_token(permission_set.login, environ, clock, started, deadline, on_throttled)
    deadline = deadline.extended(clock.monotonic() + ONE_CALL)

    def attempt(limit: Deadline) -> Answer:
        try:
            return _ask(permission_set, token, clock, limit)
        except _NotAssigned as error:
            pause = random.uniform(*_SECOND_LOOK)
            if clock.monotonic() + pause >= limit.at:
                raise _refused(permission_set, error) from None
        clock.sleep(pause)
        try:
            return _ask(permission_set, token, clock, limit)
        except _NotAssigned as error:
            raise _refused(permission_set, error) from None

    try:
        return retry(attempt, deadline, clock, on_throttled)
    except _Unauthorized:
        pass
    # Another process may have renewed the login, or somebody has logged in, since the file was read.
    if login_record.read_token_file(permission_set.login.token_path).digest != token.file.digest:
        token = sso_token.access_token(permission_set.login, environ, clock, started, deadline, on_throttled)
        try:
            return retry(attempt, deadline, clock, on_throttled)
        except _Unauthorized:
            pass
    raise unauthorized(permission_set.login, token, environ, clock, deadline)


def _ask(wanted: PermissionSet, token: AccessToken, clock: Clock, limit: Deadline) -> Answer:
    """One GetRoleCredentials. Raises _Unauthorized, _NotAssigned, and as `credentials` does."""
    portal = service.of(wanted.login.service, "sso")
    request = {"roleName": wanted.role_name, "accountId": wanted.account_id, "accessToken": token.value}

    def refusal(error: aws.ClientError) -> AssumeHelperError:
        answer = error_answer.read(error, portal)
        if isinstance(answer, STSNotReached):
            return answer
        if answer.status == 401:
            raise _Unauthorized
        if answer.status in {403, 404}:
            raise _NotAssigned(answer.status, answer.name)
        return ConfigurationError(
            f"Identity Center does not accept the account {printable(wanted.account_id, 64)} or the role "
            f"{printable(wanted.role_name, 64)} ({answer.name})",
            f"correct sso_account_id and sso_role_name of profile {printable(wanted.profile, 64)}",
        )

    try:
        answer = within(
            limit.at - clock.monotonic(), lambda: service.call(portal, "GetRoleCredentials", request, refusal)
        )
    except TimeoutError as error:
        raise in_time(portal, error) from None
    return _checked(answer, wanted, portal, clock.now())


def _checked(response: Mapping[str, Any], wanted: PermissionSet, portal: Service, now: float) -> Answer:
    """The credentials in `response`. Raises STSNotReached where a field is missing or cannot be used."""
    try:
        given = response["roleCredentials"]
        fields = [given["accessKeyId"], given["secretAccessKey"], given["sessionToken"]]
        milliseconds = given["expiration"]
        if isinstance(milliseconds, bool) or not isinstance(milliseconds, int):
            raise TypeError
        expiration = datetime.fromtimestamp(milliseconds // 1000, UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise not_reached(portal, not_from(portal)) from None
    if not all(can_be_sent(value) and len(value) <= _LONGEST_FIELD for value in fields) or (
        sum(map(len, fields)) > _LONGEST_CREDENTIALS
    ):
        raise not_reached(portal, "gave credentials that cannot be used")
    difference = _clock_difference(response, expiration.timestamp(), now)
    lifetime = min(int(expiration.timestamp() - (now - difference)), LONGEST_SESSION)
    if lifetime <= 0:
        raise not_reached(portal, "gave credentials that have already expired")
    access_key_id, secret_access_key, session_token = fields
    found = Credentials(access_key_id, secret_access_key, session_token, expiration)
    return Answer(found, expiration, lifetime, None, wanted.account_id, difference)


def _clock_difference(response: Mapping[str, Any], end: float, now: float) -> float:
    """The difference of this machine's clock to the portal's, in seconds (positive: ahead); 0 where it is not known.

    A `Date` that a proxy has cached is not the portal's time (see `sts.response`).
    """
    start = answered_at(response)
    longest = LONGEST_SESSION + CLOCK_TOLERANCE
    if start is None or (end - start > longest and 0 < end - now <= longest):
        return 0.0
    return now - start


def _refused(wanted: PermissionSet, error: _NotAssigned) -> STSRefused:
    role, account = printable(wanted.role_name, 64), printable(wanted.account_id, 64)
    who = login_errors.name(wanted.login)
    what = "is not assigned to" if error.status == 403 else "is not there for"
    return STSRefused(
        f"role {role} of account {account} {what} the login of {who} ({error.name})",
        f"correct sso_role_name and sso_account_id of profile {printable(wanted.profile, 64)}, or have it assigned",
    )


def unauthorized(
    login: IdentityCenterLogin, token: AccessToken, environ: Mapping[str, str], clock: Clock, deadline: Deadline
) -> ConfigurationError | SourceRefused:
    """The error for a token that the portal does not take: it was revoked, or it is another region's.

    That it was revoked is noted, so that nothing is asked with it any more.
    """
    theirs = (token.file.tokens or {}).get("region")
    if isinstance(theirs, str) and theirs != login.service.region:
        return ConfigurationError(
            f"{login_errors.name(login)} has sso_region = {printable(login.service.region, 64)}, and its login is of "
            f"{printable(theirs, 64)}",
            f"correct sso_region, or run: {login.command}",
        )
    _note_revoked(token, environ, clock, deadline)
    return login_errors.revoked(login)


def _note_revoked(token: AccessToken, environ: Mapping[str, str], clock: Clock, deadline: Deadline) -> None:
    """Have this token never be tried again, where that can be noted."""
    path = token.file.path
    if home.is_foreign(path, environ):
        return
    until = min(clock.monotonic() + _TO_NOTE, deadline.at)
    try:
        while (descriptor := login_lock.try_acquire(path)) is None:
            if clock.monotonic() >= until:
                return
            clock.sleep(random.uniform(0.02, 0.06))
        try:
            if login_record.read_token_file(path).digest == token.file.digest:
                record = login_record.read_record(path)
                login_record.write_record(path, replace(record, revoked=token.file.digest))
        finally:
            os.close(descriptor)
    except OSError:
        return
