"""AssumeRole: one call to STS within a deadline, its answer checked, its refusals told apart."""

import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import botocore.exceptions as aws
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.utils import get_environ_proxies

from assume_helper.credentials import LONGEST_SESSION, Clock, Credentials, WebIdentityToken, can_be_sent
from assume_helper.deadline import within
from assume_helper.errors import ConfigurationError, STSNotReached, STSThrottled, quoted, shown
from assume_helper.profile import Profile
from assume_helper.sts_errors import not_reached, told_apart

CONNECT_TIMEOUT = 3
READ_TIMEOUT = 5
ATTEMPTS = 3
# The role's default session, in seconds, where the profile asks for none (API reference of AssumeRole).
DEFAULT_DURATION = 3600
# The names of what STS answers are checked against these: a proxy or a portal answers too.
_ARN = re.compile(r"arn:aws[a-z-]*:sts::([0-9]{12}):assumed-role/[\x21-\x7e]+")
# All three, twice, as an entry holds them, are less than a cache file may have.
_LONGEST_FIELD = 16 * 1024
_LONGEST_CREDENTIALS = 24 * 1024


@dataclass(frozen=True)
class Answer:
    """What AssumeRole gave, checked. `lifetime` is in seconds, by STS's own clock where it says its time."""

    credentials: Credentials
    expiration: datetime
    lifetime: int
    assumed_role_arn: str
    account_id: str


@dataclass(frozen=True)
class Deadline:
    """When to give up, on the monotonic clock: `at`, or `throttled_at` while STS only asks for patience."""

    at: float
    throttled_at: float


def assume_role(
    profile: Profile, source: Credentials | WebIdentityToken, role_session_name: str, deadline: Deadline, clock: Clock,
    waiting: Callable[[], None] = lambda: None,
) -> Answer:  # fmt: skip
    """Call AssumeRole (with a token, AssumeRoleWithWebIdentity) for `profile`; `waiting` is called when STS throttles.

    Raises STSNotReached, STSThrottled, STSRefused, SourceError, SourceExpired, ConfigurationError.
    """
    request: dict[str, object] = {"RoleArn": profile.role_arn, "RoleSessionName": role_session_name}
    if profile.duration_seconds is not None:
        request["DurationSeconds"] = profile.duration_seconds
    if profile.external_id is not None:
        request["ExternalId"] = profile.external_id
    request |= profile.parameters.request()
    if isinstance(source, WebIdentityToken):
        request["WebIdentityToken"] = source.token
    client: list[Any] = []

    def call() -> dict[str, Any]:
        if not client:
            try:
                client.append(_client(profile, source))
            except (aws.InvalidRegionError, aws.UnknownEndpointError, aws.EndpointVariantError):
                raise
            except (aws.BotoCoreError, ValueError) as error:
                raise ConfigurationError(
                    f"the SDK does not take its settings: {quoted(str(error))}",
                    "look at the AWS_ variables of the environment",
                ) from None
        if isinstance(source, WebIdentityToken):
            response: dict[str, Any] = client[0].assume_role_with_web_identity(**request)
        else:
            response = client[0].assume_role(**request)
        return response

    def attempt() -> Answer:
        limit = deadline.at - clock.monotonic()
        try:
            response = within(limit, lambda: told_apart(call, profile))
        except TimeoutError:
            raise not_reached(profile, "gave no answer in time") from None
        return checked(response, profile, clock.now())

    attempts = throttled = 0
    failure: STSNotReached
    while True:
        try:
            return attempt()
        except STSThrottled as error:
            # Full jitter: three quick attempts succeed for half of a fleet that boots together.
            waiting()
            throttled += 1
            pause, limit, failure = random.uniform(0, min(8.0, 2.0**throttled)), deadline.throttled_at, error
            deadline = Deadline(deadline.throttled_at, deadline.throttled_at)
        except STSNotReached as error:
            attempts += 1
            if attempts >= ATTEMPTS:
                raise
            pause, limit, failure = random.uniform(0, 0.25 * 2**attempts), deadline.at, error
        if clock.monotonic() + pause >= limit:
            raise failure
        clock.sleep(pause)


def _client(profile: Profile, source: Credentials | WebIdentityToken) -> Any:
    if profile.ca_bundle is not None and not os.path.exists(profile.ca_bundle):
        raise ConfigurationError(
            f"the CA bundle {shown(profile.ca_bundle)} is not there", "correct AWS_CA_BUNDLE or ca_bundle"
        )
    _check_proxy(profile.endpoint_url or "https://sts.amazonaws.com")
    if isinstance(source, WebIdentityToken):
        # Some, or botocore would look for them everywhere; they are neither used nor sent.
        keys: dict[str, Any] = {"aws_access_key_id": "unsigned", "aws_secret_access_key": "unsigned"}
    else:
        keys = {
            "aws_access_key_id": source.access_key_id,
            "aws_secret_access_key": source.secret_access_key,
            "aws_session_token": source.session_token,
        }
    session = botocore.session.Session()
    # All that the client needs is in the profile: what stands in the config's [default] is not for it, and reading the
    # files once more costs more than the rest.
    session.set_config_variable("config_file", os.devnull)
    session.set_config_variable("credentials_file", os.devnull)
    # The endpoint that counts is the profile's: it is in the cache key.
    session.set_config_variable("ignore_configured_endpoint_urls", True)  # noqa: FBT003
    return session.create_client(
        "sts",
        region_name=profile.region,
        endpoint_url=profile.endpoint_url,
        verify=profile.ca_bundle,
        **keys,
        config=Config(
            signature_version=UNSIGNED if isinstance(source, WebIdentityToken) else None,
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            use_fips_endpoint=profile.use_fips_endpoint,
            use_dualstack_endpoint=profile.use_dualstack_endpoint,
            # botocore knows no deadline over all attempts: they are made here
            retries={"total_max_attempts": 1, "mode": "standard"},
        ),
    )


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


def checked(response: dict[str, Any], profile: Profile, now: float) -> Answer:
    """The answer with every field looked at. Raises STSNotReached for an answer that is none.

    botocore returns happily from a 200 without `Credentials`, and accepts an `Expiration` in the past. `now` is this
    machine's clock (seconds since the epoch), used where STS did not send a `Date`.
    """
    try:
        given = response["Credentials"]
        fields = [given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]]
        expiration = given["Expiration"].astimezone(UTC).replace(microsecond=0)
        arn = _ARN.fullmatch(response["AssumedRoleUser"]["Arn"])
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
        raise not_reached(profile, "gave an answer that is none of STS's") from None
    for value in fields:
        if not can_be_sent(value) or len(value) > _LONGEST_FIELD:
            raise not_reached(profile, "gave credentials that cannot be used")
    if sum(map(len, fields)) > _LONGEST_CREDENTIALS:
        raise not_reached(profile, "gave credentials that cannot be used")
    if arn is None:
        raise not_reached(profile, "did not say which role was assumed")
    lifetime = _lifetime(response, expiration, now)
    if lifetime <= 0:
        raise not_reached(profile, "gave credentials that have expired already")
    access_key_id, secret_access_key, session_token = fields
    credentials = Credentials(access_key_id, secret_access_key, session_token, expiration)
    return Answer(credentials, expiration, lifetime, arn.group(), arn.group(1))


def _lifetime(response: dict[str, Any], expiration: datetime, now: float) -> int:
    """D, in seconds, by STS's own clock: this machine's may be off by days."""
    try:
        start = parsedate_to_datetime(response["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        start = now
    # The answer's `Date` is later than the session's start by what the call took.
    return min(round(expiration.timestamp() - start), LONGEST_SESSION)
