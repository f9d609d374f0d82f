"""GitHub Actions: the web identity token that GitHub gives a job which has `permissions: id-token: write`.

One GET with the job's own request token (GitHub Docs, "OpenID Connect reference", "Methods for requesting the OIDC
token").
"""

import functools
import json
from collections.abc import Mapping

from assume_helper.credentials import WebIdentityToken, can_be_sent
from assume_helper.errors import AssumeHelperError, SourceError, STSThrottled, STSUnavailable
from assume_helper.light import Any, dataclass
from assume_helper.profiles import resolution, value_parsers
from assume_helper.profiles.origin import GitHubActions
from assume_helper.system.context import Clock
from assume_helper.system.deadline import Deadline, within
from assume_helper.text import printable

# What a role's trust policy asks for, and GitHub's own action for AWS.
AUDIENCE = "sts.amazonaws.com"
_PERMISSION = "give the job of the workflow `permissions: id-token: write`"


@dataclass(frozen=True)
class _Service:
    """GitHub's service for tokens: what `system.called_service` says of it. It has a URL, and no region."""

    endpoint_url: str
    ca_bundle: str | None = None
    ca_bundle_named: str = ""
    service: str = "GitHub's token service"
    region: str = ""
    region_named: str = resolution.GITHUB_URL


def token(source: GitHubActions, environ: Mapping[str, str], deadline: Deadline, clock: Clock) -> WebIdentityToken:
    """A new token for the job, asked for within the deadline.

    Raises SourceError where this is no job that may have one; STSNotReached, STSNotConnected, STSThrottled,
    STSUnavailable; ConfigurationError, SettingFault, MachineFault.
    """
    from assume_helper.system import retries, sdk_client, sdk_errors, unreached

    if source.resolution.problem is not None:
        raise SourceError(*source.resolution.problem)
    secret = environ.get(resolution.GITHUB_TOKEN)
    if not value_parsers.is_http_url(source.url):
        raise SourceError(f"{resolution.GITHUB_URL} is not a URL", f"leave it as GitHub sets it, and {_PERMISSION}")
    if not can_be_sent(secret):
        raise SourceError(f"{resolution.GITHUB_TOKEN} cannot be sent", f"leave it as GitHub sets it, and {_PERMISSION}")
    url = f"{source.url}{'&' if '?' in source.url else '?'}audience={AUDIENCE}"
    # The rest of the URL is the job's.
    to = _Service(source.url.partition("?")[0], source.ca_bundle, source.ca_bundle_named)
    limits = (float(sdk_client.CONNECT_TIMEOUT), float(sdk_client.READ_TIMEOUT))
    connected = functools.cache(lambda: sdk_client.connect(to, lambda: sdk_client.http(url, to, limits)))

    def refusal(_error: Exception) -> AssumeHelperError:  # there is no model, so that no error answer is parsed
        return unreached.not_reached(to, unreached.not_from(to))

    def attempt(limit: Deadline) -> WebIdentityToken:
        def send() -> WebIdentityToken:
            return sdk_errors.translate(lambda: _token(to, *_get(connected(), url, secret)), to, refusal)

        try:
            return within(limit.at - clock.monotonic(), send)
        except TimeoutError as error:
            raise unreached.in_time(to, error) from None

    return retries.retry(attempt, deadline, clock, lambda: None)


def _get(connected: Any, url: str, secret: str) -> tuple[int, bytes]:
    """The status and the body of the answer. A redirect is an answer: nothing is sent to where it leads."""
    from botocore.awsrequest import AWSRequest

    headers = {
        "Accept": "application/json; api-version=2.0",
        "Authorization": f"bearer {secret}",
        "User-Agent": "assume-helper",
    }
    answer = connected.send(AWSRequest("GET", url, headers).prepare())
    return answer.status_code, answer.content


def _token(to: _Service, status: int, body: bytes) -> WebIdentityToken:
    """The token in an answer. Raises SourceError, STSNotReached, STSThrottled, STSUnavailable."""
    from assume_helper.system.unreached import not_from, not_reached, where

    if status == 200:
        try:
            found = json.loads(body)["value"]
        except (ValueError, LookupError, TypeError, RecursionError):
            found = None
        if isinstance(found, str) and resolution.is_token(found):
            return WebIdentityToken(found)
        raise not_reached(to, f"{not_from(to)}: it has no token")
    if status == 429:
        raise STSThrottled(f"{where(to)} throttles (HTTP 429)", "wait a minute and try again")
    if status >= 500:
        raise not_reached(to, f"is out of order (HTTP {status})", STSUnavailable)
    if status in {400, 401, 403, 404}:
        raise SourceError(
            f"GitHub gave this job no token (HTTP {status} {printable(f'at {to.endpoint_url}', 120)})",
            f"{_PERMISSION}; a job that has ended gets none",
        )
    raise not_reached(to, f"{not_from(to)} (HTTP {status})")
