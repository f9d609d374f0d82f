"""The access token of Identity Center renewed: one CreateToken with the refresh token, its answer checked."""

from collections.abc import Callable
from typing import Any

import botocore.exceptions as aws

from assume_helper.credentials import can_be_sent
from assume_helper.errors import AssumeHelperError, SourceError, SourceExpired, STSNotReached
from assume_helper.logins import error_answer, service, timestamps
from assume_helper.logins.renewal_process import LONGEST, Job, Renewed
from assume_helper.system.unreached import not_from, not_reached

# The refresh token, or the client, is good no more (sso-oidc, API reference of CreateToken).
_FINAL = {
    "InvalidGrantException",
    "ExpiredTokenException",
    "InvalidClientException",
    "UnauthorizedClientException",
    "UnsupportedGrantTypeException",
}
_LONGEST_TOKEN = 16 * 1024
# Seconds: an access token lives an hour, a session of Identity Center 90 days at most.
_LONGEST_LIFE = 90 * 86_400


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
    access_token, seconds, refresh_token = (answer.get(name) for name in ("accessToken", "expiresIn", "refreshToken"))
    if (
        not _is_token(access_token)
        or isinstance(seconds, bool)
        or not isinstance(seconds, int)
        or not 0 < seconds <= _LONGEST_LIFE
        or not (refresh_token is None or _is_token(refresh_token))
        or str(answer.get("tokenType", "Bearer")).lower() != "bearer"
    ):
        raise not_reached(job.service, not_from(job.service))
    first = {
        "startUrl": tokens.get("startUrl", job.start_url),
        "region": tokens.get("region", job.service.region),
        "accessToken": access_token,
        "expiresAt": timestamps.write(now() + seconds),
        "clientId": tokens["clientId"],
        "clientSecret": tokens["clientSecret"],
        "registrationExpiresAt": timestamps.normal(tokens["registrationExpiresAt"]),
        "refreshToken": refresh_token or tokens["refreshToken"],
    }
    return Renewed(first | {name: value for name, value in tokens.items() if name not in first})


def _is_token(value: object) -> bool:
    return can_be_sent(value) and len(value) <= _LONGEST_TOKEN


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
