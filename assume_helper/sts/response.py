"""What STS answered, checked field by field: a proxy or a captive portal answers too."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from assume_helper.credentials import (
    CLOCK_TOLERANCE,
    DEFAULT_SESSION,
    LONGEST_SESSION,
    LONGEST_USER_SESSION,
    Answer,
    Credentials,
    Identity,
    can_be_sent,
)
from assume_helper.errors import STSNotReached
from assume_helper.light import Any
from assume_helper.sts.request import ASSUME_ROOT, GET_SCOPED_CREDENTIALS, GET_SESSION_TOKEN, OF_A_ROLE, Request
from assume_helper.system.answer_time import answered_at
from assume_helper.text import printable

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:sts::([0-9]{12}):assumed-role/([\x21-\x2e\x30-\x7e]+)/[\x21-\x7e]+")
_CALLER_ARN = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::([0-9]{12}):[\x21-\x7e]{1,500}")
_USER_ID = re.compile(r"[\x21-\x7e]{1,200}")
# A cache entry holds all three fields twice, and must stay within a cache file's 64 KiB.
_LONGEST_FIELD = 16 * 1024
_LONGEST_CREDENTIALS = 24 * 1024


def session(response: Mapping[str, Any], request: Request, now: float) -> Answer:
    """The session in `response`. Raises STSNotReached where a field is missing or cannot be used, or another role's.

    botocore accepts a 200 without `Credentials`, and an `Expiration` in the past. `now` is this machine's clock
    (seconds since the epoch), used where STS sent no `Date`.
    """
    is_role = request.operation in OF_A_ROLE
    try:
        given = response["Credentials"]
        fields = [given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]]
        expiration = given["Expiration"].astimezone(UTC).replace(microsecond=0)
        arn = _ROLE_ARN.fullmatch(response["AssumedRoleUser"]["Arn"]) if is_role else None
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
        raise _not_reached(request) from None
    if not all(can_be_sent(value) and len(value) <= _LONGEST_FIELD for value in fields) or (
        sum(map(len, fields)) > _LONGEST_CREDENTIALS
    ):
        raise _not_reached(request, "gave credentials that cannot be used")
    if is_role and arn is None:
        raise _not_reached(request, "did not say which role was assumed")
    if arn is not None and not _is_requested(arn.group(1), arn.group(2), request):
        raise _not_reached(request, f"assumed another role ({printable(arn.group(), 160)})")
    difference = _clock_difference(response, expiration, request, now)
    # The session began before the answer's `Date`, by what the call took.
    lifetime = round(expiration.timestamp() - (now - difference))
    of_a_user = request.operation in (GET_SESSION_TOKEN, GET_SCOPED_CREDENTIALS)
    longest = LONGEST_USER_SESSION if of_a_user else LONGEST_SESSION
    lifetime = min(lifetime, longest)
    if lifetime <= 0:
        raise _not_reached(request, "gave credentials that have already expired")
    access_key_id, secret_access_key, session_token = fields
    credentials = Credentials(access_key_id, secret_access_key, session_token, expiration)
    if request.operation == GET_SCOPED_CREDENTIALS:
        arn = _scoped_arn(response)
    role_arn, account_id = (arn.group(), arn.group(1)) if arn else (None, None)
    if request.operation == ASSUME_ROOT:  # the answer does not say it
        account_id = str(request.values["TargetPrincipal"])
    return Answer(credentials, expiration, lifetime, role_arn, account_id, difference)


def _scoped_arn(response: Mapping[str, Any]) -> re.Match[str] | None:
    """Whose scoped session it is, where that is a role's; a user's own has no such ARN."""
    try:
        return _ROLE_ARN.fullmatch(response["SessionInfo"]["Arn"])
    except (KeyError, TypeError):
        return None


def _not_reached(request: Request, what: str | None = None) -> STSNotReached:
    """The error for an answer that cannot be used; without `what`, for one that cannot be STS's."""
    from assume_helper.system.unreached import not_from, not_reached  # they load the SDK

    return not_reached(request.endpoint, not_from(request.endpoint) if what is None else what)


def _is_requested(account_id: str, role_name: str, request: Request) -> bool:
    """Whether a role is the one that was requested. The ARN of a session does not hold the role's path.

    Names of roles are unique without regard to case (IAM User Guide, "IAM names").
    """
    requested = request.values.get("RoleArn")
    if not isinstance(requested, str):
        return True
    _, _, resource = requested.rpartition(":")
    return (requested.split(":")[4:5], resource.rpartition("/")[2].casefold()) == ([account_id], role_name.casefold())


def identity(response: Mapping[str, Any], request: Request) -> Identity:
    """The caller in `response`. Raises STSNotReached where it names none."""
    try:
        arn = _CALLER_ARN.fullmatch(response["Arn"])
        user_id = _USER_ID.fullmatch(response["UserId"])
    except (KeyError, TypeError):
        arn = user_id = None
    if arn is None or user_id is None:
        raise _not_reached(request)
    return Identity(arn.group(), arn.group(1), user_id.group())


def _clock_difference(response: Mapping[str, Any], expiration: datetime, request: Request, now: float) -> float:
    """The difference of this machine's clock to STS's, in seconds (positive: ahead); 0 where STS's time is unknown.

    A `Date` that a proxy has cached is not STS's time: by it the session would last longer than requested, by this
    machine's clock it does not.
    """
    start = answered_at(response)
    if start is None:
        return 0.0
    requested = request.values.get("DurationSeconds")
    # a scoped session without a duration lasts as long as the whole one has left
    unsaid = LONGEST_USER_SESSION if request.operation == GET_SCOPED_CREDENTIALS else DEFAULT_SESSION
    longest = (requested if isinstance(requested, int) else unsaid) + CLOCK_TOLERANCE
    end = expiration.timestamp()
    if end - start > longest and 0 < end - now <= longest:
        return 0.0
    return now - start
