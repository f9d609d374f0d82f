"""The kind of policy that denies a request, where IAM names it, and who can change it.

The texts are IAM's (User Guide, "Troubleshoot access denied error messages"). Across accounts it names no kind.
"""

import re

_KINDS = (
    "identity-based policy",
    "permissions boundary",
    "resource-based policy",
    "resource control policy",
    "role trust policy",
    "service control policy",
    "session policy",
    "VPC endpoint policy",
)
_KIND = "|".join(re.escape(kind) for kind in _KINDS)
# "because no service control policy allows the ...", "with an explicit deny in a service control policy: arn:...".
_NOT_ALLOWED = re.compile(rf"because no ({_KIND}) allows", re.I)
_DENIED = re.compile(
    rf"with an explicit deny(?: in (?P<article>an?|the) (?P<kind>{_KIND}|[a-z][a-z -]{{1,40}}\b))?", re.I
)
_POLICY_ARN = re.compile(r"arn:aws[a-z-]*:(?:organizations|iam)::[0-9]{12}:policy/[\w+=,.@/-]{1,200}")
_ORGANISATION = "ask who administers your AWS organization to change it: nothing in {} account can"


def reason(said: str) -> str:
    """Why the request was denied, in IAM's words; empty where it does not say."""
    found = _NOT_ALLOWED.search(said)
    if found is not None:
        return f"no {found.group(1)} allows it"
    found = _DENIED.search(said)
    if found is None:
        return ""
    if found["kind"] is None:
        return "explicit deny"
    arn = _POLICY_ARN.search(said, found.end())
    which = f" ({arn.group()})" if arn is not None else ""
    return f"explicit deny in {found['article']} {found['kind']}{which}"


def whom_to_ask(said: str) -> str | None:
    """The next step: what is to be changed, and by whom. None where IAM does not say which kind of policy it is."""
    denied = _DENIED.search(said)
    if denied is not None and denied["kind"] is None:
        return (
            "a policy denies it, whatever others allow: ask for its Deny in the caller's policies and boundary, the "
            "role's trust policy, and the organization's policies"
        )
    found = denied or _NOT_ALLOWED.search(said)
    if found is None:
        return None
    kind = (denied["kind"] if denied is not None else found.group(1)).lower()
    return _denied(kind) if denied is not None else _not_allowed(kind)


def _denied(kind: str) -> str:
    if kind in {"resource-based policy", "role trust policy"}:
        return "ask who owns the role to take that Deny, or its condition, out of the role's trust policy"
    if kind == "identity-based policy":
        return "ask who administers the caller's account to take that Deny out of the caller's policies"
    return _either(kind)


def _not_allowed(kind: str) -> str | None:
    if kind in {"resource-based policy", "role trust policy"}:
        return None  # what it may ask for, the caller can have: that is told with the request
    if kind == "identity-based policy":
        return "ask who administers the caller's account to allow it in one of the caller's policies"
    return _either(kind)


def _either(kind: str) -> str:
    """The next step for a kind of policy that is changed in one place, whether it denies or does not allow."""
    match kind:
        case "service control policy":
            return _ORGANISATION.format("the caller's")
        case "resource control policy":
            return _ORGANISATION.format("the role's")
        case "permissions boundary":
            return "ask who administers the caller's account to change the caller's permissions boundary"
        case "session policy":
            return "the caller's session is narrowed: use a source whose session_policy and policy_arns allow it"
        case "vpc endpoint policy":
            return "ask who runs the network to allow it in the policy of the VPC endpoint of STS"
        case _:
            return f"ask who administers the account for that {kind}"
