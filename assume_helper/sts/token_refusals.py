"""What STS says of a token of an identity provider, and of the provider: where it differs from other refusals.

The codes are those of AssumeRoleWithWebIdentity and AssumeRoleWithSAML (STS's API reference).
"""

from assume_helper.errors import AssumeHelperError, STSUnavailable
from assume_helper.sts.request import ASSUME_ROLE_WITH_SAML, BY_TOKEN, Request
from assume_helper.system.unreached import where

# STS gets an issuer's keys itself. Where it cannot it says so as of a bad token: "Couldn't retrieve verification key
# from your identity provider".
_NO_KEYS = "retrieve verification key"


def of_provider(code: str, said: str, request: Request) -> AssumeHelperError | None:
    """The error where STS did not reach the token's identity provider: it may be tried again. None otherwise."""
    if code == "IDPCommunicationError" or (code == "InvalidIdentityToken" and _NO_KEYS in said):
        return STSUnavailable(
            f"{where(request.endpoint)} could not reach the identity provider of {request.source.text} ({code})",
            "try again; if it stays so, its issuer's URL must be open to the internet",
        )
    return None


def if_unknown(code: str, request: Request) -> str | None:
    """What to do where STS does not take the token; None where it was not called with one."""
    if request.operation not in BY_TOKEN:
        return None
    if code != "IDPRejectedClaim":
        return request.source.if_unknown
    if request.operation == ASSUME_ROLE_WITH_SAML:
        return "have its command print another assertion: its identity provider rejects this one"
    return "get another token: its issuer rejects this one's aud, expiry or user"


def what_to_check(request: Request) -> str | None:
    """What to check where the role is denied; None where STS was not called with a token."""
    if request.operation not in BY_TOKEN:
        return None
    if request.operation == ASSUME_ROLE_WITH_SAML:
        return "check the role's trust policy: it must name the SAML provider, and the assertion must name the role"
    return "check the role's trust policy: it must name the token's identity provider, its aud and its sub"
