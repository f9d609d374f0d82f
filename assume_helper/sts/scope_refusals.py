"""What STS says to GetScopedCredentials, and to no other call: its four errors, and that it does not know the call."""

from assume_helper.errors import AssumeHelperError, SourceNotKnown, STSRefused
from assume_helper.sts import policy_kinds
from assume_helper.sts.request import Request
from assume_helper.system.unreached import where
from assume_helper.text import printable, redacted

# "Common Errors" of Query APIs, the same in the other protocols, and what stand-ins of AWS say.
_NOT_KNOWN = frozenset({"InvalidAction", "UnknownOperation", "UnknownOperationException", "UnsupportedOperation"})
_A_ROLE_OVER_IT = "narrow a role that has this profile as its source_profile"


def refusal(request: Request, code: str, said: str) -> AssumeHelperError | None:
    """The error for an answer with this `code`; None for one that other calls get too. `said` is STS's own text."""
    section = f"[{printable(request.profile, 64)}]"
    what = f"STS refused to narrow the session of {section} (made with {request.source.text})"
    why = f"{redacted(said) or code} ({code})"
    if code in _NOT_KNOWN:
        return STSRefused(
            f"{where(request.endpoint)} does not know {request.operation} ({code}), so the session cannot be narrowed",
            f"call STS in another region, or {_A_ROLE_OVER_IT}",
        )
    match code:
        case "MalformedPolicyDocument":
            return STSRefused(f"{what}: {why}", f"correct session_policy in {section}, or the option")
        case "PackedPolicyTooLarge":
            return STSRefused(
                f"{what}: with its policies and tags the session's token is too large: {why}",
                f"shorten session_policy in {section}, or the option",
            )
        case "InsufficientSessionLifetime":
            seconds = request.values.get("DurationSeconds", "?")
            return STSRefused(
                f"{what}: it does not last {seconds} s more ({code})",
                f"lower duration_seconds in {section} (or --duration-seconds), or leave it out",
            )
        case "InvalidSubjectCredentials":
            return SourceNotKnown(f"{what}: it is no session that STS can narrow ({code})", request.source.if_unknown)
    return None


def denied(request: Request, who: str, reason: str, said: str) -> STSRefused:
    """AccessDenied: `who` was denied it, for this `reason`."""
    return STSRefused(
        f"STS denied {request.operation} to {who}{reason}",
        policy_kinds.whom_to_ask(said)
        or f"allow sts:{request.operation} there (a session is narrowed three times at most), or {_A_ROLE_OVER_IT}",
    )


def invalid(request: Request, why: str) -> STSRefused:
    """A value that STS does not accept."""
    section = f"[{printable(request.profile, 64)}]"
    return STSRefused(
        f"STS refused to narrow the session of {section}: {why}", f"correct that value in {section}, or the option"
    )
