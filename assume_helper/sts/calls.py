"""AssumeRole and GetSessionToken: one call to STS within a deadline, its answer checked, its refusals told apart."""

import os
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import botocore.exceptions as aws
from botocore.utils import get_environ_proxies

from assume_helper.credentials import (
    CLOCK_TOLERANCE,
    DEFAULT_SESSION,
    LONGEST_MFA_SESSION,
    LONGEST_SESSION,
    Answer,
    Credentials,
    Identity,
    WebIdentityToken,
    can_be_sent,
)
from assume_helper.errors import ConfigurationError, STSNotConnected, STSNotReached, STSRefused, STSThrottled
from assume_helper.profiles.role import Endpoint, MFASession, Profile, described
from assume_helper.sts.client import Client, client
from assume_helper.sts.failures import translate_errors
from assume_helper.sts.refusals import not_reached
from assume_helper.system.context import Clock
from assume_helper.system.deadline import Deadline, within
from assume_helper.text import printable, redacted

T = TypeVar("T")

ATTEMPTS = 3
# The names of what STS answers are checked against these: a proxy or a portal answers too.
_ARN = re.compile(r"arn:aws[a-z-]*:sts::([0-9]{12}):assumed-role/[\x21-\x7e]+")
_CALLER_ARN = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::([0-9]{12}):[\x21-\x7e]{1,500}")
_USER_ID = re.compile(r"[\x21-\x7e]{1,200}")
# All three, twice, as an entry holds them, are less than a cache file may have.
_LONGEST_FIELD = 16 * 1024
_LONGEST_CREDENTIALS = 24 * 1024


def assume_role(
    profile: Profile, source: Credentials | WebIdentityToken, role_session_name: str, deadline: Deadline, clock: Clock,
    waiting: Callable[[], None] = lambda: None, code: str | None = None,
) -> Answer:  # fmt: skip
    """Call AssumeRole (with a token, AssumeRoleWithWebIdentity) for `profile`; `waiting` is called when STS throttles,
    `code` is the one of its MFA device.

    Raises STSNotReached, STSThrottled, STSRefused, MFACodeRefused, SourceError, SourceExpired, ConfigurationError.
    """
    request: dict[str, object] = {"RoleArn": profile.role_arn, "RoleSessionName": role_session_name}
    if profile.duration_seconds is not None:
        request["DurationSeconds"] = profile.duration_seconds
    if profile.external_id is not None:
        request["ExternalId"] = profile.external_id
    request |= profile.parameters.request()
    if isinstance(source, WebIdentityToken):
        call = Call(profile, "AssumeRoleWithWebIdentity", request | {"WebIdentityToken": source.token}, source)
    else:
        if code is not None and profile.mfa is not None:
            request |= {"SerialNumber": profile.mfa.serial, "TokenCode": code}
        call = Call(profile, "AssumeRole", request, source, has_code=code is not None)
    return _answer(call, deadline, clock, waiting)


def get_session_token(
    session: MFASession, source: Credentials, code: str, deadline: Deadline, clock: Clock,
    waiting: Callable[[], None] = lambda: None,
) -> Answer:  # fmt: skip
    """Call GetSessionToken with a `code` of the source's MFA device; as `assume_role` otherwise."""
    request = {
        "DurationSeconds": session.device.session_duration_seconds,
        "SerialNumber": session.device.serial,
        "TokenCode": code,
    }
    return _answer(Call(session, "GetSessionToken", request, source, has_code=True), deadline, clock, waiting)


def get_caller_identity(
    asked: Profile | MFASession, credentials: Credentials, deadline: Deadline, clock: Clock
) -> Identity:
    """Call GetCallerIdentity with `credentials`, at the STS of `asked`; raises as `assume_role` does."""

    def identity(response: dict[str, Any]) -> Identity:
        now = clock.now()
        try:
            arn = _CALLER_ARN.fullmatch(response["Arn"])
            user_id = _USER_ID.fullmatch(response["UserId"])
        except (KeyError, TypeError):
            arn = user_id = None
        if arn is None or user_id is None:
            raise not_reached(asked, "gave an answer that is none of STS's")
        their_time = answered_at(response)
        return Identity(arn.group(), arn.group(1), user_id.group(), now - their_time if their_time is not None else 0.0)

    try:
        return _asked(Call(asked, "GetCallerIdentity", {}, credentials), deadline, clock, lambda: None, identity)
    except STSRefused:
        # Nobody needs a right for this one.
        raise STSRefused(
            f"STS denied GetCallerIdentity to {described(asked.source)}", "the VPC endpoint's policy must allow it"
        ) from None


@dataclass(frozen=True)
class Call:
    """One call to STS: for whom, botocore's name of it, and with what."""

    asked: Profile | MFASession
    operation: str
    request: Mapping[str, object] = field(repr=False)
    source: Credentials | WebIdentityToken
    has_code: bool = False


def _answer(call: Call, deadline: Deadline, clock: Clock, waiting: Callable[[], None]) -> Answer:
    return _asked(call, deadline, clock, waiting, lambda response: checked(response, call.asked, clock.now()))


def _asked(
    call: Call, deadline: Deadline, clock: Clock, waiting: Callable[[], None], check: Callable[[dict[str, Any]], T]
) -> T:
    """What STS says to `call`, looked at by `check`; tried again while there is time."""
    made: list[Client] = []

    def once() -> dict[str, Any]:
        if not made:
            made.append(client_of(call.asked.endpoint, call.source))
        return made[0].call(call.operation, call.request)

    def attempt() -> T:
        limit = deadline.at - clock.monotonic()
        try:
            response = within(limit, lambda: translate_errors(once, call.asked, clock.now))
        except TimeoutError:
            raise not_reached(call.asked, "gave no answer in time") from None
        return check(response)

    attempts = throttled = 0
    failure: STSNotReached
    while True:
        try:
            return attempt()
        except STSThrottled as error:
            if call.has_code:
                raise  # a code is good once: STS may have seen it
            # Full jitter: three quick attempts succeed for half of a fleet that boots together.
            waiting()
            throttled += 1
            pause, limit, failure = random.uniform(0, min(8.0, 2.0**throttled)), deadline.throttled_at, error
            deadline = Deadline(deadline.throttled_at, deadline.throttled_at)
        except STSNotReached as error:
            attempts += 1
            if attempts >= ATTEMPTS or (call.has_code and not isinstance(error, STSNotConnected)):
                raise
            pause, limit, failure = random.uniform(0, 0.25 * 2**attempts), deadline.at, error
        if clock.monotonic() + pause >= limit:
            raise failure
        clock.sleep(pause)


def client_of(endpoint: Endpoint, source: Credentials | WebIdentityToken) -> Client:
    """The client for the STS of `endpoint`. Raises ConfigurationError, and botocore's errors for a region."""
    if endpoint.ca_bundle is not None and not os.path.exists(endpoint.ca_bundle):
        raise ConfigurationError(
            f"the CA bundle {printable(endpoint.ca_bundle)} is not there", "correct AWS_CA_BUNDLE or ca_bundle"
        )
    _check_proxy(endpoint.endpoint_url or "https://sts.amazonaws.com")
    try:
        return client(endpoint, None if isinstance(source, WebIdentityToken) else source)
    except (aws.InvalidRegionError, aws.EndpointProviderError):
        raise
    except (aws.BotoCoreError, ValueError) as error:
        raise ConfigurationError(
            f"the SDK does not take its settings: {redacted(str(error))}",
            "look at the AWS_ variables of the environment",
        ) from None


def _check_proxy(url: str) -> None:
    """Raise ConfigurationError where the environment's proxy for `url` cannot be one; it may hold a password."""
    scheme = urlsplit(url).scheme
    proxy = get_environ_proxies(url).get(scheme)
    try:
        parts = urlsplit(proxy if proxy is None or "://" in proxy else f"//{proxy}")
        good = proxy is None or (bool(parts.hostname) and " " not in proxy and parts.port != 0)
    except ValueError:
        good = False
    if not good:
        raise ConfigurationError(
            f"{scheme.upper()}_PROXY is not the URL of a proxy", "it looks like http://proxy.example.com:3128"
        )


def checked(response: dict[str, Any], asked: Profile | MFASession, now: float) -> Answer:
    """The answer with every field looked at. Raises STSNotReached for an answer that is none.

    botocore returns happily from a 200 without `Credentials`, and accepts an `Expiration` in the past. `now` is this
    machine's clock (seconds since the epoch), used where STS did not send a `Date`.
    """
    try:
        given = response["Credentials"]
        fields = [given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]]
        expiration = given["Expiration"].astimezone(UTC).replace(microsecond=0)
        arn = _ARN.fullmatch(response["AssumedRoleUser"]["Arn"]) if isinstance(asked, Profile) else None
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
        raise not_reached(asked, "gave an answer that is none of STS's") from None
    for value in fields:
        if not can_be_sent(value) or len(value) > _LONGEST_FIELD:
            raise not_reached(asked, "gave credentials that cannot be used")
    if sum(map(len, fields)) > _LONGEST_CREDENTIALS:
        raise not_reached(asked, "gave credentials that cannot be used")
    if arn is None and isinstance(asked, Profile):
        raise not_reached(asked, "did not say which role was assumed")
    difference = _clock_difference(response, expiration, asked, now)
    # The answer's `Date` is later than the session's start by what the call took.
    lifetime = round(expiration.timestamp() - (now - difference))
    lifetime = min(lifetime, LONGEST_SESSION if isinstance(asked, Profile) else LONGEST_MFA_SESSION)
    if lifetime <= 0:
        raise not_reached(asked, "gave credentials that have expired already")
    access_key_id, secret_access_key, session_token = fields
    credentials = Credentials(access_key_id, secret_access_key, session_token, expiration)
    arn_of_role, account_id = (arn.group(), arn.group(1)) if arn else (None, None)
    return Answer(credentials, expiration, lifetime, arn_of_role, account_id, difference)


def answered_at(response: Mapping[str, Any]) -> float | None:
    """When STS answered, in seconds since the epoch by its own clock; None where it did not say."""
    try:
        return parsedate_to_datetime(response["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def _clock_difference(response: dict[str, Any], expiration: datetime, asked: Profile | MFASession, now: float) -> float:
    """How far this machine's clock is ahead of STS's, in seconds; 0 where STS did not say its time.

    Also where the `Date` cannot be STS's (a proxy's cache has kept it): by it the session is longer than what was asked
    for, by this machine's clock it is not.
    """
    start = answered_at(response)
    if start is None:
        return 0.0
    if isinstance(asked, Profile):
        longest = (asked.duration_seconds or DEFAULT_SESSION) + CLOCK_TOLERANCE
    else:
        longest = asked.device.session_duration_seconds + CLOCK_TOLERANCE
    end = expiration.timestamp()
    if end - start > longest and 0 < end - now <= longest:
        return 0.0
    return now - start
