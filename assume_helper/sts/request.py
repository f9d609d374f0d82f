"""What STS is asked: the operation, its values, the endpoint, and whose credentials sign."""

import re
from collections.abc import Mapping

from assume_helper.credentials import SAMLAssertion, WebIdentityToken
from assume_helper.errors import ConfigurationError
from assume_helper.light import dataclass, field, replace
from assume_helper.profiles import partitions
from assume_helper.profiles.origin import Origin
from assume_helper.profiles.role import Endpoint, Profile, UserSession
from assume_helper.profiles.scope import Scope
from assume_helper.profiles.source_description import SourceDescription, describe

ASSUME_ROLE = "AssumeRole"
ASSUME_ROLE_WITH_WEB_IDENTITY = "AssumeRoleWithWebIdentity"
ASSUME_ROLE_WITH_SAML = "AssumeRoleWithSAML"
ASSUME_ROOT = "AssumeRoot"
GET_SESSION_TOKEN = "GetSessionToken"  # noqa: S105 - an operation of STS
GET_CALLER_IDENTITY = "GetCallerIdentity"
GET_SCOPED_CREDENTIALS = "GetScopedCredentials"
# What gives a role's session, whose answer names the role; the last two take a token of an identity provider, and are
# not signed.
OF_A_ROLE = (ASSUME_ROLE, ASSUME_ROLE_WITH_WEB_IDENTITY, ASSUME_ROLE_WITH_SAML)
BY_TOKEN = OF_A_ROLE[1:]
# It has neither AssumeRoot nor GetScopedCredentials (API reference).
_GLOBAL_HOST = "sts.amazonaws.com"


@dataclass(frozen=True)
class Request:
    """One request: `operation` and `values` as the API reference of STS names them.

    `profile` is the profile whose keys the values come from, empty where there is none.
    """

    operation: str
    endpoint: Endpoint
    source: SourceDescription
    values: Mapping[str, object] = field(default_factory=dict, repr=False)
    profile: str = ""

    @property
    def has_mfa_code(self) -> bool:
        """Whether it sends an MFA code, which STS accepts once."""
        return "TokenCode" in self.values


def assume_role(
    profile: Profile,
    role_session_name: str,
    *,
    code: str | None = None,
    token: WebIdentityToken | SAMLAssertion | None = None,
) -> Request:
    """Request the role of `profile`, with a `code` of its MFA device, or with a `token` in place of credentials.

    An assertion says itself what the session is called. Where the profile is a root user's task, that is requested.
    """
    if profile.root_task is not None:
        return _assume_root(profile, profile.root_task)
    values: dict[str, object] = {"RoleArn": profile.role_arn}
    if not isinstance(token, SAMLAssertion):
        values["RoleSessionName"] = role_session_name
    if profile.duration_seconds is not None:
        values["DurationSeconds"] = profile.duration_seconds
    if profile.external_id is not None:
        values["ExternalId"] = profile.external_id
    values |= profile.parameters.request()
    if profile.mfa is not None and code is not None:
        values |= {"SerialNumber": profile.mfa.serial, "TokenCode": code}
    operation = ASSUME_ROLE
    match token:
        case WebIdentityToken():
            operation = ASSUME_ROLE_WITH_WEB_IDENTITY
            values["WebIdentityToken"] = token.token
        case SAMLAssertion():
            operation = ASSUME_ROLE_WITH_SAML
            values |= {"PrincipalArn": token.provider_arn, "SAMLAssertion": token.assertion}
    return Request(operation, profile.endpoint, describe(profile.source, profile.mfa), values, profile.name)


def _assume_root(profile: Profile, task: str) -> Request:
    """Request a session of the root user of the profile's account, for `task` alone.

    Raises ConfigurationError where only the global endpoint is configured, which does not know the call.
    """
    values: dict[str, object] = {
        "TargetPrincipal": profile.account_id,
        "TaskPolicyArn": {"arn": f"arn:{profile.partition}:iam::aws:policy/root-task/{task}"},
        "DurationSeconds": profile.duration_seconds,
    }
    endpoint = _regional(profile.endpoint, "gives no session of a root user")
    return Request(ASSUME_ROOT, endpoint, describe(profile.source, profile.mfa), values, profile.name)


def _regional(endpoint: Endpoint, what_is_not: str) -> Endpoint:
    """`endpoint`, the regional one whatever is configured. Raises ConfigurationError for the URL of the global one,
    which `what_is_not`.
    """
    url = endpoint.endpoint_url
    if url is not None and re.fullmatch(rf"https?://{re.escape(_GLOBAL_HOST)}(:[0-9]+)?/?", url, re.I):
        raise ConfigurationError(
            f"the endpoint of STS is {_GLOBAL_HOST}, which {what_is_not}",
            "name a regional one (https://sts.REGION.amazonaws.com), or take endpoint_url or AWS_ENDPOINT_URL out",
        )
    if partitions.of_region(endpoint.region) is None and endpoint.region.endswith("-global"):
        endpoint = replace(endpoint, region=partitions.first_region(endpoint.region.removesuffix("-global")))
    return replace(endpoint, sts_regional_endpoints="regional")


def get_session_token(session: UserSession, code: str | None) -> Request:
    """Request a user's own session, with a `code` of its device where it has one."""
    values: dict[str, object] = {"DurationSeconds": session.duration_seconds}
    if session.device is not None and code is not None:
        values |= {"SerialNumber": session.device.serial, "TokenCode": code}
    source = describe(session.source, session.device)
    return Request(GET_SESSION_TOKEN, session.endpoint, source, values, session.name)


def get_scoped_credentials(profile: Profile, scope: Scope, seconds: int | None) -> Request:
    """Request the session of `profile` narrowed to `scope`, for so many seconds; None is as long as the whole one.

    Raises ConfigurationError where only the global endpoint is configured, which does not know the call.
    """
    endpoint = _regional(profile.endpoint, "narrows no session of this kind")
    values = scope.request() | ({} if seconds is None else {"DurationSeconds": seconds})
    return Request(GET_SCOPED_CREDENTIALS, endpoint, describe(profile.unscoped()), values, profile.name)


def get_caller_identity(endpoint: Endpoint, source: Origin | Profile) -> Request:
    """Ask the STS at `endpoint` who the credentials of `source` are."""
    return Request(GET_CALLER_IDENTITY, endpoint, describe(source))
