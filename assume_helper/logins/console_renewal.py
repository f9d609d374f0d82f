"""A console login renewed: one CreateOAuth2Token with a proof of the login's key, its answer checked."""

import functools
import re
import secrets
from collections.abc import Callable, Mapping

import botocore.exceptions as aws

from assume_helper.credentials import can_be_sent
from assume_helper.errors import (
    AssumeHelperError,
    SourceError,
    SourceExpired,
    SourceRefused,
    STSNotReached,
    TokenNotTaken,
)
from assume_helper.light import Any, replace
from assume_helper.logins import dpop, error_answer, service, timestamps
from assume_helper.logins.renewal_process import LONGEST, Job, Renewed
from assume_helper.profiles import login_record, partitions
from assume_helper.profiles.login import account_of
from assume_helper.profiles.login_record import Record
from assume_helper.system.unreached import not_from, not_reached

_REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+")
_LONGEST_FIELD = 16 * 1024
# Seconds (API reference of CreateOAuth2Token).
_LONGEST_LIFE = 900
# Regions that are asked at most: a token of another one gets the same words as one that is good no more.
_MOST_REGIONS = 2


def renewed(
    job: Job, tokens: dict[str, Any], record: Record, environ: Mapping[str, str], now: Callable[[], float]
) -> Renewed | None:
    """The token file of `job` with new credentials; None where it has changed meanwhile.

    Fields keep their order, and others that are there are kept. Raises SourceExpired where the login is over,
    SourceRefused where the user's credentials have changed, SourceError where it may not be renewed, STSNotReached for
    no usable answer.
    """
    try:
        key = dpop.load(tokens["dpopKey"])
    except dpop.NotAKey:
        raise SourceExpired(
            f"the login of {job.name} cannot be renewed: its dpopKey cannot be read", f"run: {job.command}"
        ) from None
    request = {
        "tokenInput": {
            "clientId": tokens["clientId"],
            "grantType": "refresh_token",
            "refreshToken": tokens["refreshToken"],
        }
    }

    def sign(prepared: Any) -> None:
        prepared.headers["DPoP"] = dpop.proof(key, prepared.method, prepared.url, now(), secrets.token_urlsafe(16))

    regions = _regions(job, tokens, record, environ)
    for number, region in enumerate(regions, start=1):
        there = replace(job.service, region=region)
        refusal = functools.partial(_refusal, there=there, job=job)
        try:
            answer = service.call(there, "CreateOAuth2Token", request, refusal, (LONGEST, LONGEST), sign)
        except TokenNotTaken as error:
            if login_record.read_token_file(job.path).digest != job.digest:
                return None
            if number == len(regions):
                raise SourceExpired(error.message, error.next_step) from None
            continue
        return Renewed(_merged(job, tokens, answer, now), region)
    raise AssertionError  # there is always one region


def _regions(job: Job, tokens: Mapping[str, Any], record: Record, environ: Mapping[str, str]) -> list[str]:
    """Where to ask, the likeliest first: where the sign-in was, where it was renewed last, the profile's region, ...

    One that the file names is not doubted, and behind a URL of one's own there is one service.
    """
    partition = job.login_session.split(":")[1:2]
    named = [
        tokens.get("signInRegion"),
        record.region,
        job.service.region,
        environ.get("AWS_REGION"),
        environ.get("AWS_DEFAULT_REGION"),
        partitions.first_region(partition[0] if partition else "aws"),
    ]
    found = list(dict.fromkeys(region for region in named if isinstance(region, str) and _REGION.fullmatch(region)))
    return found[: 1 if job.service.endpoint_url else _MOST_REGIONS]


def _merged(job: Job, tokens: dict[str, Any], answer: Mapping[str, Any], now: Callable[[], float]) -> dict[str, Any]:
    """The token file's fields with those of the answer, checked. It does not have the account: the old one stays."""
    try:
        given = answer["tokenOutput"]
        keys = {name: given["accessToken"][name] for name in ("accessKeyId", "secretAccessKey", "sessionToken")}
        seconds, refresh_token, id_token = given["expiresIn"], given["refreshToken"], given.get("idToken")
    except (KeyError, TypeError, AttributeError):
        raise not_reached(job.service, not_from(job.service)) from None
    if (
        not all(can_be_sent(value) and len(value) <= _LONGEST_FIELD for value in (*keys.values(), refresh_token))
        or isinstance(seconds, bool)
        or not isinstance(seconds, int)
        or not 0 < seconds <= _LONGEST_LIFE
    ):
        raise not_reached(job.service, not_from(job.service))
    old = tokens["accessToken"] if isinstance(tokens["accessToken"], dict) else {}
    account = old.get("accountId") or account_of(job.login_session)
    new = keys | ({"accountId": account} if account else {}) | {"expiresAt": timestamps.write(now() + seconds)}
    found = tokens | {
        "accessToken": new | {name: value for name, value in old.items() if name not in new},
        "refreshToken": refresh_token,
    }
    if isinstance(id_token, str):
        # Go calls it otherwise; where there is none nobody reads it.
        found |= {name: id_token for name in ("idToken", "identityToken") if name in tokens}
    return found


def _refusal(error: aws.ClientError, there: service.Service, job: Job) -> AssumeHelperError:
    """The error for a refusal; the codes are of the API reference of CreateOAuth2Token (`OAuth2ErrorCode`)."""
    answer = error_answer.read(error, there)
    if isinstance(answer, STSNotReached):
        return answer
    log_in = f"run: {job.command}"
    match answer.oauth:
        case "TOKEN_EXPIRED" | "AUTHCODE_EXPIRED":
            return SourceExpired(f"the login of {job.name} has expired", log_in)
        case "USER_CREDENTIALS_CHANGED":
            return SourceRefused(
                f"the login of {job.name} was ended: the user's password or MFA device has changed", log_in
            )
        case "INSUFFICIENT_PERMISSIONS":
            return SourceError(
                f"the login of {job.name} may not be renewed",
                f"allow signin:CreateOAuth2Token to the user who logs in, then {log_in}",
            )
        case "INVALID_REQUEST":
            return TokenNotTaken(f"the login of {job.name} has ended, or was renewed elsewhere", log_in)
    return SourceError(f"the sign-in service does not renew the login of {job.name} ({answer.name})", log_in)
