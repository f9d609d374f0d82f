"""GetScopedCredentials, as strict as STS: what it refuses with its own codes, and the session that it gives.

Source: the API reference, and the model in botocore 1.44.8. The answers' texts are ours.
"""

import json
import re
import secrets
from datetime import UTC, datetime, timedelta

from front import Behaviour, Call, Reply, error

ACTION = "GetScopedCredentials"
LONGEST_POLICY = 2048
MOST_POLICIES = 3
_PARAMETERS = {"Action", "Version", "Policy", "DurationSeconds", "ScopedSessionDescription", "MinimumSessionTokenSize"}
_LONGEST = 129_600
_DESCRIPTION = r"[\t\n\r\x20-\x7e\xa1-\xff]{2,256}"
_POLICY = r"[\t\n\r\x20-\xff]+"


def refusal(call: Call, token: str | None, expires: datetime | None, policies: int) -> Behaviour | None:
    """Why the call is refused; None where it is not.

    `token`, `expires` and `policies` are those of the session that signed it, None and 0 for a user's key.
    """
    given = call.parameters
    if token is None or expires is None:
        return error(403, "AccessDenied", "Cannot call GetScopedCredentials with IAM user credentials")
    if call.session_token != token:
        return error(400, "InvalidSubjectCredentials", "The calling session's credentials could not be validated.")
    unknown = given.keys() - _PARAMETERS
    if unknown or not {"Policy", "DurationSeconds"} & given.keys():
        return error(400, "ValidationError", f"Provide Policy or DurationSeconds, and nothing else ({sorted(unknown)})")
    policy, seconds = given.get("Policy"), given.get("DurationSeconds")
    if policy is not None and (len(policy) > LONGEST_POLICY or not re.fullmatch(_POLICY, policy)):
        return error(400, "ValidationError", "Member must have length less than or equal to 2048")
    if policy is not None and not _is_policy(policy):
        return error(400, "MalformedPolicyDocument", "Syntax errors in policy.")
    if not re.fullmatch(_DESCRIPTION, given.get("ScopedSessionDescription", "none")):
        return error(400, "ValidationError", "Value at 'scopedSessionDescription' failed to satisfy constraint")
    if seconds is not None and not 1 <= int(seconds) <= _LONGEST:
        return error(400, "ValidationError", "Value at 'durationSeconds' failed to satisfy constraint")
    if seconds is not None and datetime.now(UTC) + timedelta(seconds=int(seconds)) > expires:
        return error(400, "InsufficientSessionLifetime", "The calling session ends before that.")
    if policy is not None and policies >= MOST_POLICIES:
        return error(403, "AccessDenied", "A session can have 3 scope down policies")
    return None


def _is_policy(text: str) -> bool:
    try:
        found = json.loads(text)
        return isinstance(found["Statement"], list | dict)
    except (ValueError, LookupError, TypeError):
        return False


def end(call: Call, expires: datetime) -> datetime:
    """When the new session ends: with the whole one, or before."""
    seconds = call.parameters.get("DurationSeconds")
    ends = expires if seconds is None else datetime.now(UTC) + timedelta(seconds=int(seconds))
    return min(ends, expires).replace(microsecond=0)


def reply(access_key_id: str, ends: datetime, account: str) -> tuple[str, str, Reply]:
    """A new session's secret access key and token, and the answer that gives it."""
    secret, token = f"ScopedSecret+/{secrets.token_hex(13)}", f"ScopedToken{secrets.token_urlsafe(96)}=="
    arn = f"arn:aws:sts::{account}:assumed-role/AWSReservedSSO_ReadOnly_0123456789abcdef/me"
    body = (
        f'<{ACTION}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{ACTION}Result>'
        f"<Credentials><AccessKeyId>{access_key_id}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
        f"<SessionToken>{token}</SessionToken><Expiration>{ends:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>"
        f"<SessionInfo><ScopedSessionId>AROA:me</ScopedSessionId><Arn>{arn}</Arn></SessionInfo>"
        "<SessionTokenUtilization>20</SessionTokenUtilization><SessionTokenSize>800</SessionTokenSize>"
        f"<ScopedPoliciesCount>1</ScopedPoliciesCount></{ACTION}Result></{ACTION}Response>"
    )
    return secret, token, Reply(200, body.encode())
