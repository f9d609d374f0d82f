"""The access token of Identity Center renewed: one CreateToken with the refresh token, its answer checked."""

from collections.abc import Callable

import botocore.exceptions as aws

from assume_helper.errors import AssumeHelperError, SourceError, SourceExpired, STSNotReached
from assume_helper.light import Any
from assume_helper.logins import error_answer, service, sso_answer, timestamps
from assume_helper.logins.renewal_process import LONGEST, Job, Renewed

# The refresh token, or the client, is good no more (sso-oidc, API reference of CreateToken).
_FINAL = {
    "InvalidGrantException",
    "ExpiredTokenException",
    "InvalidClientException",
    "UnauthorizedClientException",
    "UnsupportedGrantTypeException",
}


def renewed(job: Job, tokens: dict[str, Any], now: Callable[[], float]) -> Renewed:
    """The token file of `job` with a new access token.

    Fields have the AWS CLI's order; others that are there are kept. Raises SourceExpired where Identity Center takes
    the refresh token no more; SourceError where it refuses otherwise; STSNotReached for no usable answer.
    """
    request = {
        "grantType": "refresh_token",
        "clientId": tokens["clientId"],
        "clientSecret": tokens["clientSecret"],
        "refreshToken": tokens["refreshToken"],
    }
    answer = service.call(job.service, "CreateToken", request, lambda e: _refusal(e, job), (LONGEST, LONGEST))
    given = sso_answer.checked(answer, job.service)
    first = {
        "startUrl": tokens.get("startUrl", job.start_url),
        "region": tokens.get("region", job.service.region),
        "accessToken": given.access_token,
        "expiresAt": timestamps.write(now() + given.seconds),
        "clientId": tokens["clientId"],
        "clientSecret": tokens["clientSecret"],
        "registrationExpiresAt": timestamps.normal(tokens["registrationExpiresAt"]),
        "refreshToken": given.refresh_token or tokens["refreshToken"],
    }
    return Renewed(first | {name: value for name, value in tokens.items() if name not in first})


def _refusal(error: aws.ClientError, job: Job) -> AssumeHelperError:
    answer = error_answer.read(error, job.service)
    if isinstance(answer, STSNotReached):
        return answer
    if answer.code in _FINAL:
        return SourceExpired(
            f"the login of {job.name} has ended: Identity Center does not renew it ({answer.name})",
            f"run: {job.command}",
        )
    return SourceError(f"Identity Center does not renew the login of {job.name} ({answer.name})", f"run: {job.command}")
