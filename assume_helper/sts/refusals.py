"""STS's error answers as errors of ours: throttled, out of order, or a refusal of the source, role, code or a value."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import botocore.exceptions as aws

from assume_helper.errors import (
    AssumeHelperError,
    MFACodeRefused,
    SourceError,
    SourceExpired,
    SourceNotKnown,
    SourceRefused,
    STSRefused,
    STSThrottled,
    STSUnavailable,
)
from assume_helper.light import Any
from assume_helper.profiles import partitions
from assume_helper.profiles.role import Endpoint
from assume_helper.sts import policy_kinds, root_refusals, scope_refusals, token_refusals
from assume_helper.sts.request import (
    ASSUME_ROOT,
    BY_TOKEN,
    GET_CALLER_IDENTITY,
    GET_SCOPED_CREDENTIALS,
    GET_SESSION_TOKEN,
    Request,
)
from assume_helper.system.unreached import not_from, not_reached, place, where
from assume_helper.text import duration_text, printable, redacted

# Codes from the API reference of STS ("Common Errors"), botocore's retry rules (`botocore.retries.standard`) and
# AssumeRole's own list.
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
    "EC2ThrottledException",
}
# A region that an account has to opt in to (STS's API reference, and the errors that all services have in common).
_NOT_SWITCHED_ON = {"RegionDisabledException", "OptInRequired"}
_UNAVAILABLE = {
    "InternalFailure",
    "InternalError",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "RequestTimeoutException",
}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException"}
_BAD_KEYS = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "InvalidToken",
    "InvalidIdentityToken",
    "IDPRejectedClaim",
    "AuthFailure",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
}
_BAD_TIME = {"RequestExpired", "RequestTimeTooSkewed"}
_BAD_SIGNATURE = {
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    *_BAD_TIME,
}
# The profile keys that a code is about.
_KEYS = {
    "MalformedPolicyDocument": "session_policy",
    "PackedPolicyTooLarge": "session_policy, policy_arns and session_tags, which together are too large,",
}
_DENIED = {"AccessDenied", "AccessDeniedException"}
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.:]{0,80}")
_CALLER = re.compile(r"User: (arn:aws[a-z-]*:(?:iam|sts)::[0-9]{12}:[\x21-\x7e]{1,300}) is not authorized")
# Rights that a key of the profile needs beside the one to assume the role.
_RIGHT = re.compile(r"sts:(TagSession|SetSourceIdentity)\b")
_RIGHTS = {"TagSession": "session_tags", "SetSourceIdentity": "source_identity"}
# A signature is good for minutes. STS sends its own time in a header, and in this message.
_CLOCK_TOLERANCE = 300
_STS_TIME = re.compile(r"\(([0-9]{8}T[0-9]{6}Z) [-+] [0-9]+ min")
_LATE = re.compile(r"signature (?:expired|not yet current)", re.IGNORECASE)


def refusal(error: aws.ClientError, request: Request, now: float) -> AssumeHelperError:
    """The error for an error answer to `request`; `now` is this machine's clock (seconds since the epoch).

    Of the answer only STS's own message is repeated. Where a signature failed not even that: it holds the request,
    session token included.
    """
    answer: Any = error.response
    given = answer.get("Error", {}).get("Code")
    code = given if isinstance(given, str) else ""
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = str(answer.get("Error", {}).get("Message", ""))
    source, endpoint = request.source, request.endpoint
    if code in _THROTTLED or status == 429:
        return STSThrottled(f"{where(endpoint)} throttles ({code})", "wait a minute and try again")
    of_provider = token_refusals.of_provider(code, said, request)
    if of_provider is not None:
        return of_provider
    if code in _UNAVAILABLE:
        return not_reached(endpoint, f"is out of order (HTTP {status})", STSUnavailable)
    if status >= 500:  # perhaps a proxy's
        return not_reached(endpoint, f"is out of order (HTTP {status})")
    if not _CODE.fullmatch(code):
        return not_reached(endpoint, f"{not_from(endpoint)} (HTTP {status})")
    if request.operation == GET_SCOPED_CREDENTIALS:
        found = scope_refusals.refusal(request, code, said)
        if found is not None:
            return found
    if code in _EXPIRED:
        return SourceExpired(f"{source.text} has expired", source.renewal)
    if code in _BAD_KEYS:
        return SourceNotKnown(f"STS does not know {source.text} ({code} {place(endpoint)})", _if_unknown(request, code))
    if code in _BAD_SIGNATURE:
        return _bad_signature(request, code, answer, said, now)
    if "MultiFactorAuthentication failed" in said:
        return _code_refused(request, said)
    if code in _DENIED:
        return _denied(request, said)
    if code in _NOT_SWITCHED_ON:
        return STSRefused(
            f"{where(endpoint)} is not activated for the account",
            "activate STS there (IAM console, account settings), or set region or AWS_REGION to another region",
        )
    return _invalid(request, code, said)


def _if_unknown(request: Request, code: str) -> str:
    of_token = token_refusals.if_unknown(code, request)
    if of_token is not None:
        return of_token
    first = _if_elsewhere(request.endpoint)
    return f"{first}; else {request.source.if_unknown}" if first else request.source.if_unknown


def _if_elsewhere(endpoint: Endpoint) -> str | None:
    """What to check first where good credentials may not be known at `endpoint`; None where they have to be."""
    if endpoint.endpoint_url is not None:
        url = printable(endpoint.endpoint_url, 120)
        return f"check that the key is of the AWS behind {url} (AWS_ENDPOINT_URL, endpoint_url)"
    partition = partitions.of_region(endpoint.region)
    if partition not in {None, "aws"}:
        return f"only a key of an account of {partition} is known there: check the role's ARN and the source profile"
    if not partitions.is_always_enabled(endpoint.region):
        return (
            f"enable {printable(endpoint.region, 64)} for the account, where it is off by default, or set region or "
            "AWS_REGION to another"
        )
    return None


def _bad_signature(request: Request, code: str, answer: Any, said: str, now: float) -> SourceError:
    """The error for a signature: a refusal only where it is not the time that is wrong.

    A request may also be late by itself: the machine slept, or a proxy held it.
    """
    difference = _clock_difference(answer, said, now)
    if difference is not None and abs(difference) > _CLOCK_TOLERANCE:
        return SourceError(
            f"this machine's clock is {duration_text(difference)} {'ahead of' if difference > 0 else 'behind'} STS's, "
            "which accepts 5 minutes at most",
            "set the clock (`timedatectl set-ntp true` keeps it right)",
        )
    is_about_time = difference is None or code in _BAD_TIME or _LATE.search(said) is not None
    kind = SourceError if is_about_time else SourceRefused
    next_step = "correct its secret access key, or this machine's clock if that is off by minutes"
    if code in _BAD_TIME or _LATE.search(said):
        next_step = "correct this machine's clock if that is off, else try again: a proxy may have held the request"
    return kind(f"STS does not accept the signature of {request.source.text} ({code})", next_step)


def _clock_difference(answer: Any, said: str, now: float) -> float | None:
    """How far this machine's clock is ahead of STS's, in seconds; None where STS's time is not known."""
    header = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    found = _STS_TIME.search(said)
    try:
        if found is not None:
            sts_time = datetime.strptime(found.group(1), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        else:
            sts_time = parsedate_to_datetime(header)
        return now - sts_time.timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _code_refused(request: Request, said: str) -> AssumeHelperError:
    """STS has two texts: one for a wrong or used code, one for a device that is not the caller's."""
    serial = printable(str(request.values.get("SerialNumber", "?")), 256)
    if "unable to validate" in said:
        return STSRefused(
            f"STS knows no MFA device {serial} of {request.source.text}",
            "correct mfa_serial (`aws iam list-mfa-devices` shows it); a role's session has no device",
        )
    return MFACodeRefused(
        f"STS refused the MFA code of {serial}",
        "use the next code; if STS refuses that too, check the device's clock and mfa_serial",
    )


def _denied(request: Request, said: str) -> STSRefused:
    """AccessDenied: who was denied what, and what to check."""
    caller = _CALLER.search(said)
    who = f"{caller.group(1)} ({request.source.text})" if caller else request.source.text
    reason = _reason(said)
    right = _RIGHT.search(said)
    if request.operation == GET_CALLER_IDENTITY:  # IAM needs no right for it
        return STSRefused(f"STS denied GetCallerIdentity to {who}", "the VPC endpoint's policy must allow it")
    if request.operation == GET_SESSION_TOKEN:
        return STSRefused(
            f"STS denied GetSessionToken to {who}{reason}",
            policy_kinds.whom_to_ask(said) or "no policy of that user may deny sts:GetSessionToken",
        )
    if request.operation == GET_SCOPED_CREDENTIALS:
        return scope_refusals.denied(request, who, reason, said)
    if request.operation == ASSUME_ROOT:
        return root_refusals.denied(request, who, reason, said)
    role = _role(request)
    if right and request.operation not in BY_TOKEN:
        return STSRefused(
            f"STS denied {right.group(1)} on {role} to {who}{reason}",
            policy_kinds.whom_to_ask(said)
            or f"allow {right.group()} in the role's trust policy and the caller's policies, "
            f"or remove {_RIGHTS[right.group(1)]}",
        )
    next_step = policy_kinds.whom_to_ask(said) or _what_to_check(request)
    return STSRefused(f"STS denied {request.operation} on {role} to {who}{reason}", next_step)


def _reason(said: str) -> str:
    """Why, in STS's words where it says so."""
    if said and "not authorized" not in said.lower():  # of another kind: "Roles may not be assumed by root accounts."
        return f": {redacted(said)}"
    return f": {reason}" if (reason := policy_kinds.reason(said)) else ""


def _what_to_check(request: Request) -> str:
    of_token = token_refusals.what_to_check(request)
    if of_token is not None:
        return of_token
    mfa = {
        "impossible": "MFA (this source cannot give it)",
        "possible": "MFA (set mfa_serial)",
        "used": "MFA (of another device, or more recent: lower mfa_session_duration_seconds)",
    }[request.source.mfa]
    external_id = "another external_id" if "ExternalId" in request.values else "an external id (set external_id)"
    return (
        f"check the role's trust policy: it must name this caller, and may require {mfa} or {external_id}, "
        "then check the caller's policies and permissions boundary"
    )


def _role(request: Request) -> str:
    return printable(str(request.values.get("RoleArn", "?")), 200)


def _invalid(request: Request, code: str, said: str) -> STSRefused:
    """A value that STS does not accept, with the profile's key for it where STS's text tells which."""
    section = f"[{printable(request.profile, 64)}]"
    seconds = request.values.get("DurationSeconds", 3600)  # STS's own default
    why = f"{redacted(said) or code} ({code})"
    if request.operation == GET_CALLER_IDENTITY:
        return STSRefused(f"STS refused GetCallerIdentity: {why}", "check the endpoint")
    if request.operation == GET_SCOPED_CREDENTIALS:
        return scope_refusals.invalid(request, why)
    if request.operation == GET_SESSION_TOKEN:
        what = f"an MFA session with {printable(str(request.values.get('SerialNumber', '?')), 256)}"
        if "durationseconds" in said.lower():
            return STSRefused(
                f"STS refused {what}: it may not last {seconds} s", f"lower mfa_session_duration_seconds in {section}"
            )
        return STSRefused(f"STS refused {what}: {why}", "correct that value in the profile")
    if request.operation == ASSUME_ROOT:
        return root_refusals.invalid(request, code, said)
    role = _role(request)
    if "role chaining" in said:
        return STSRefused(
            f"STS refused {role}: it is assumed with {request.source.text}, and a chained role lasts an hour at most",
            f"set duration_seconds = 3600 in {section} (or --duration-seconds), or remove it",
        )
    if "MaxSessionDuration" in said:
        return STSRefused(
            f"STS refused {role}: the role's sessions may not last {seconds} s",
            f"lower duration_seconds in {section} (or --duration-seconds), or raise the role's MaxSessionDuration",
        )
    which = _KEYS.get(code)
    next_step = f"correct {which} in {section}, or the option" if which else "correct that value in the profile"
    return STSRefused(f"STS refused {role}: {why}", next_step)
