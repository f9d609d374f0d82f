"""Why STS gives no session of a root user (AssumeRoot)."""

from assume_helper.errors import STSRefused
from assume_helper.sts import policy_kinds
from assume_helper.sts.request import Request
from assume_helper.text import printable, redacted


def denied(request: Request, who: str, reason: str, said: str) -> STSRefused:
    """AccessDenied: `who` was denied it, and the `reason` where STS says one; `said` is its message."""
    return STSRefused(
        f"STS denied AssumeRoot on {_whose(request)} to {who}{reason}",
        policy_kinds.whom_to_ask(said)
        or "the management account or the delegated administrator for IAM may call it: allow sts:AssumeRoot, run "
        "`aws iam enable-organizations-root-sessions`",
    )


def invalid(request: Request, code: str, said: str) -> STSRefused:
    """A value that STS does not accept."""
    what = f"STS refused AssumeRoot on {_whose(request)}: {redacted(said) or code} ({code})"
    return STSRefused(what, "correct ACCOUNT: it must be a member account of the caller's organization")


def _whose(request: Request) -> str:
    return f"the root user of {printable(str(request.values.get('TargetPrincipal')), 64)}"
