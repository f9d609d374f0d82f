"""A source of credentials in words: whose they are, and what to do when STS refuses them."""

from collections.abc import Mapping

from assume_helper.credentials import KeyPlace
from assume_helper.light import Literal, dataclass
from assume_helper.profiles.login import ConsoleLogin, PermissionSet
from assume_helper.profiles.origin import (
    CredentialProcess,
    EnvironmentKeys,
    GitHubActions,
    KeptKey,
    Metadata,
    MFADevice,
    Origin,
    SAMLProcess,
    StaticKeys,
    WebIdentity,
    WebIdentityProcess,
)
from assume_helper.profiles.role import Profile
from assume_helper.text import printable, typed

# The keyrings as messages name them.
KEYRINGS: Mapping[KeyPlace, str] = {"keyring": "the keyring", "kernel": "the kernel's keyring"}


@dataclass(frozen=True)
class SourceDescription:
    """Whose credentials sign a call to STS, as messages name them.

    `renewal` says how to renew them once they have expired, `if_unknown` what to do where STS does not know them.
    `mfa` is `impossible` for a source that has no MFA device, `used` where the chain sends an MFA code.
    """

    text: str
    renewal: str
    if_unknown: str
    mfa: Literal["impossible", "possible", "used"] = "possible"


def describe(source: Origin | Profile, device: MFADevice | None = None) -> SourceDescription:
    """Describe `source`, which is asked for a code of `device` where there is one."""
    origin = source.origin if isinstance(source, Profile) else source
    uses_code = source.asks_for_code if isinstance(source, Profile) else device is not None
    has_none = isinstance(origin, PermissionSet | ConsoleLogin | Metadata)
    return SourceDescription(
        text=described(source),
        renewal=_renewal(source),
        if_unknown=_if_unknown(source),
        mfa="impossible" if has_none else "used" if uses_code else "possible",
    )


def _renewal(source: Origin | Profile) -> str:
    match source:
        case PermissionSet(login=login):
            return f"run: {login.command}"
        case ConsoleLogin(command=command):
            return f"run: {command}"
        case Profile(role_arn=None, source=behind):
            return _renewal(behind)
        case StaticKeys(profile=name):
            return f"log in to that source again, or renew the session token in [{printable(name, 64)}]"
        case KeptKey(profile=name):
            return f"look at `assume-helper keys list {typed(printable(name, 64))}`"
        case EnvironmentKeys():
            return (
                "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew, and unset AWS_SECURITY_TOKEN"
            )
        case WebIdentity():
            return "have its issuer write a new token"
        case GitHubActions():
            return "try again: a token of GitHub's is good for some minutes"
        case WebIdentityProcess() | SAMLProcess():
            return "log in to the identity provider again, or have its command print a new one"
        case _:
            return "log in to that source again, or renew its session token"


def _if_unknown(source: Origin | Profile) -> str:
    match source:
        case Profile(role_arn=None, source=CredentialProcess() as behind):
            return _if_unknown(behind)
        case Profile(role_arn=None, source=StaticKeys(session_token=str()) as behind):
            return _renewal(behind)  # there is no new session to be had for temporary keys
        case Profile():
            return "the next call tries a new session; if that fails too, check the region"
        case KeptKey(profile=name, place=place):
            named = typed(printable(name, 64))
            return (
                "the key was deleted, deactivated or mistyped, or is of another partition: "
                f"`assume-helper keys remove {named}`, then `{adding(name, place)}` with a valid one"
            )
        case SAMLProcess():
            return "compare its issuer and its signature with the metadata of the SAML provider in IAM"
        case WebIdentity() | WebIdentityProcess() | GitHubActions():
            return "register its issuer in IAM (aws iam create-open-id-connect-provider) for the token's iss and aud"
        case _:
            return "the key was deleted, deactivated or mistyped, or is of another partition: set a valid one"


def adding(profile: str, place: KeyPlace) -> str:
    """The command that puts a key of `profile` into that keyring. The desktop's is the default."""
    which = "" if place == "keyring" else f" --keyring {place}"
    return f"assume-helper keys add {typed(printable(profile, 64))}{which}"


def described(source: Origin | Profile) -> str:
    """Whose credentials these are, as a message names them."""
    match source:
        case StaticKeys(profile=name):
            return f"the access key of profile {printable(name, 64)}"
        case KeptKey(profile=name, place=place):
            return f"the access key of profile {printable(name, 64)} in {KEYRINGS[place]}"
        case EnvironmentKeys():
            return "the access key in the environment"
        case CredentialProcess(profile=name):
            return f"the credential_process of profile {printable(name, 64)}"
        case Metadata(credential_source=kind):
            return f"the role of this machine ({kind})"
        case PermissionSet(profile=name) | ConsoleLogin(profile=name):
            return f"the login of profile {printable(name, 64)}"
        case WebIdentity(token_file=path):
            return f"the web identity token in {printable(path)}"
        case WebIdentityProcess(profile=name):
            return f"the web identity token of profile {printable(name, 64)}"
        case GitHubActions():
            return "the web identity token of this job of GitHub Actions"
        case SAMLProcess(profile=name):
            return f"the SAML assertion of profile {printable(name, 64)}"
        case Profile(role_arn=None, source=behind):
            return described(behind)
        case Profile(of_environment=True):
            return "the role of the environment (AWS_ROLE_ARN)"
        case Profile(name=name):
            return f"the role of profile {printable(name, 64)}"
