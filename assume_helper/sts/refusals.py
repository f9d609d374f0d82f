"""What STS says no with: the source's credentials, the role, the MFA code, a value, or only a bad moment."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import botocore.exceptions as aws

from assume_helper.errors import (
    AssumeHelperError,
    MFACodeRefused,
    SourceError,
    SourceExpired,
    SourceNotKnown,
    STSNotReached,
    STSRefused,
    STSThrottled,
)
from assume_helper.profiles.role import (
    EnvironmentKeys,
    Login,
    Metadata,
    MFASession,
    Profile,
    StaticKeys,
    WebIdentity,
    described,
)
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
_UNAVAILABLE = {
    "InternalFailure",
    "InternalError",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "RequestTimeoutException",
    "IDPCommunicationError",
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
_BAD_SIGNATURE = {
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "RequestExpired",
    "RequestTimeTooSkewed",
}
# The keys that a code is about.
_KEYS = {
    "MalformedPolicyDocument": "session_policy",
    "PackedPolicyTooLarge": "session_policy, policy_arns and session_tags, which together are too much,",
}
_DENIED = {"AccessDenied", "AccessDeniedException"}
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.:]{0,80}")
_CALLER = re.compile(r"User: (arn:aws[a-z-]*:(?:iam|sts)::[0-9]{12}:[\x21-\x7e]{1,300}) is not authorized")
# IAM says which kind of policy withholds it, where it may (User Guide, "Access denied error messages").
_WITHHELD = re.compile(r"because (no [a-z -]{1,40} allows)|with an (explicit deny in an? [a-z -]{1,40} policy)")
# What a key needs a right of its own for, beside the one to assume the role.
_RIGHT = re.compile(r"sts:(TagSession|SetSourceIdentity)\b")
_RIGHTS = {"TagSession": "session_tags", "SetSourceIdentity": "source_identity"}
# Signatures are good for minutes; STS says its own time in a header, and in this message.
_CLOCK_TOLERANCE = 300
_THEIR_TIME = re.compile(r"\(([0-9]{8}T[0-9]{6}Z) [-+] [0-9]+ min")


def where(asked: Profile | MFASession) -> str:
    """Where STS was looked for, as a message names it."""
    endpoint = asked.endpoint
    return printable(f"at {endpoint.endpoint_url}" if endpoint.endpoint_url else f"in {endpoint.region}", 120)


def not_reached(asked: Profile | MFASession, what: str, kind: type[STSNotReached] = STSNotReached) -> STSNotReached:
    """The error for a call that got no usable answer."""
    return kind(
        f"STS {where(asked)} {what}", "check the network, the proxy, the region and the endpoint, then try again"
    )


def answered(error: aws.ClientError, asked: Profile | MFASession, now: float) -> AssumeHelperError:
    """The error for what STS answered; `now` is this machine's clock (seconds since the epoch).

    Nothing of it is repeated but STS's own message, and not that where a signature failed: there STS prints the
    request, session token included.
    """
    answer: Any = error.response
    given = answer.get("Error", {}).get("Code")
    code = given if isinstance(given, str) else ""
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = str(answer.get("Error", {}).get("Message", ""))
    source = described(asked.source)
    if code in _THROTTLED or status == 429:
        return STSThrottled(f"STS {where(asked)} throttles ({code})", "wait a minute and try again")
    if code in _UNAVAILABLE or status >= 500:
        return not_reached(asked, f"is out of order (HTTP {status})")
    if not _CODE.fullmatch(code):
        return not_reached(asked, f"gave an answer that is none of STS's (HTTP {status})")
    if code in _EXPIRED:
        return SourceExpired(f"{source} has expired", _renewed(asked))
    if code in _BAD_KEYS:
        return SourceNotKnown(f"STS does not know {source} ({code})", _known(asked, code))
    if code in _BAD_SIGNATURE:
        return _clock_is_off(answer, said, now) or SourceError(
            f"STS does not accept the signature of {source} ({code})",
            "correct its secret access key, or this machine's clock if that is off by minutes",
        )
    if "MultiFactorAuthentication failed" in said:
        return _code_refused(asked, said)
    if code in _DENIED:
        return _denied(asked, said)
    if code == "RegionDisabledException":
        return STSRefused(f"STS {where(asked)} is not activated for the account", "activate it, or use another region")
    return _invalid(asked, code, said)


def _renewed(asked: Profile | MFASession) -> str:
    """How credentials that have expired are had anew."""
    match asked.source:
        case Login():
            return f"run: {asked.source.command}"
        case StaticKeys(profile=name):
            return f"log in to that source again, or renew the session token in [{printable(name, 64)}]"
        case EnvironmentKeys():
            return "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew"
        case WebIdentity():
            return "have its writer write a new token"
        case _:
            return "log in to that source again, or renew its session token"


def _known(asked: Profile | MFASession, code: str) -> str:
    """What to do where STS does not know the credentials."""
    if isinstance(asked.source, WebIdentity):
        if code == "IDPRejectedClaim":
            return (
                "the provider says that the token is not good: what it says of aud, its end, or the user is not right"
            )
        return "IAM needs an identity provider (aws iam create-open-id-connect-provider) for the token's iss and aud"
    if isinstance(asked.source, Profile):
        return "it is tried with a new session next time; if that does not help, look at the region"
    return "the key was deleted, deactivated or mistyped: set a valid one"


def _clock_is_off(answer: Any, said: str, now: float) -> SourceError | None:
    """The error where the signature's time is what is wrong with it: STS's clock and this machine's differ."""
    header = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    told = _THEIR_TIME.search(said)
    try:
        if told is not None:
            theirs = datetime.strptime(told.group(1), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        else:
            theirs = parsedate_to_datetime(header)
        difference = now - theirs.timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    if abs(difference) <= _CLOCK_TOLERANCE:
        return None
    return SourceError(
        f"this machine's clock is {duration_text(difference)} {'ahead of' if difference > 0 else 'behind'} STS's, "
        "which takes no signature from so far away",
        "set the clock (`timedatectl set-ntp true` has it kept right)",
    )


def _code_refused(asked: Profile | MFASession, said: str) -> AssumeHelperError:
    """STS has two texts: for a code that is wrong or was used before, and for a device that is not the caller's."""
    device = asked.mfa if isinstance(asked, Profile) else asked.device
    serial = printable(device.serial, 256) if device else "?"
    if "unable to validate" in said:
        return STSRefused(
            f"STS knows no MFA device {serial} of {described(asked.source)}",
            "correct mfa_serial (`aws iam list-mfa-devices` shows it); a role's session, as a source, has no device",
        )
    return MFACodeRefused(
        f"STS refused the MFA code of {serial}",
        "use the next code; if none is taken, check the clock of the device that shows them, and mfa_serial",
    )


def _denied(asked: Profile | MFASession, said: str) -> STSRefused:
    """AccessDenied: who was denied what, and where to look, the likeliest first."""
    source = described(asked.source)
    caller = _CALLER.search(said)
    who = f"{caller.group(1)} ({source})" if caller else source
    withheld = _WITHHELD.search(said)
    reason = f": {withheld.group(1) or withheld.group(2)} it" if withheld and withheld.group(1) else ""
    if withheld and withheld.group(2):
        reason = f": {withheld.group(2)}"
    if said and "not authorized" not in said.lower():  # of another kind: "Roles may not be assumed by root accounts."
        reason = f": {redacted(said)}"
    if isinstance(asked, MFASession):
        return STSRefused(
            f"STS denied GetSessionToken to {who}{reason}", "no policy of that user's may deny sts:GetSessionToken"
        )
    role = printable(asked.role_arn, 200)
    if isinstance(asked.source, WebIdentity):
        return STSRefused(
            f"STS denied AssumeRoleWithWebIdentity on {role} to {who}{reason}",
            "check in this order: (1) the role's trust policy names the token's identity provider, "
            "(2) what it says of aud and sub is what the token says",
        )
    right = _RIGHT.search(said)
    if right:
        return STSRefused(
            f"STS denied {right.group(1)} on {role} to {who}{reason}",
            f"the role's trust policy and the caller's own policies must allow {right.group()}; "
            f"or take {_RIGHTS[right.group(1)]} out",
        )
    if isinstance(asked.origin, Login | Metadata):
        mfa = "it wants MFA, which this source cannot give"
    else:
        mfa = (
            "it wants MFA: set mfa_serial"
            if not asked.asks_for_code
            else ("it wants the MFA of another device, or a younger one: lower mfa_session_duration_seconds")
        )
    external_id = "it wants another external_id" if asked.external_id else "it wants an external id: set external_id"
    return STSRefused(
        f"STS denied AssumeRole on {role} to {who}{reason}",
        f"check in this order: (1) the role's trust policy does not name that caller, (2) {mfa}, (3) {external_id}, "
        "(4) the caller's policies, or its permissions boundary, do not allow sts:AssumeRole on the role",
    )


def _invalid(asked: Profile | MFASession, code: str, said: str) -> STSRefused:
    """A value that STS does not take: the key that has it is named where STS's text tells which."""
    name = printable(asked.name, 64)
    if isinstance(asked, MFASession):
        what = f"an MFA session with {printable(asked.device.serial, 256)}"
        if "durationSeconds" in said or "DurationSeconds" in said:
            return STSRefused(
                f"STS refused {what}: it may not last {asked.device.session_duration_seconds} s",
                f"lower mfa_session_duration_seconds in [{name}]",
            )
        return STSRefused(f"STS refused {what}: {redacted(said) or code} ({code})", "correct that value in the profile")
    role = printable(asked.role_arn, 200)
    if "role chaining" in said:
        return STSRefused(
            f"STS refused {role}: a role that is assumed with another role's session lasts an hour at most, and "
            f"{described(asked.source)} is one",
            f"set duration_seconds = 3600 in [{name}] (or --duration-seconds), or take it out",
        )
    if "MaxSessionDuration" in said:
        return STSRefused(
            f"STS refused {role}: the role's sessions may not last {asked.duration_seconds} s",
            f"lower duration_seconds in [{name}] (or --duration-seconds), or raise the role's MaxSessionDuration",
        )
    which = _KEYS.get(code)
    next_step = f"correct {which} in [{name}], or the option" if which else "correct that value in the profile"
    return STSRefused(f"STS refused {role}: {redacted(said) or code} ({code})", next_step)
