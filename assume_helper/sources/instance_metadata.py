"""The metadata service of EC2, asked by botocore's own fetcher; and why it gave nothing."""

import os
from urllib.parse import urlsplit

import botocore.exceptions as aws
from botocore.utils import InstanceMetadataFetcher, get_environ_proxies

from assume_helper.credentials import Credentials
from assume_helper.errors import AssumeHelperError, SourceError, SourceExpired, STSNotReached
from assume_helper.light import Any, dataclass
from assume_helper.profiles.metadata_service import MetadataService
from assume_helper.sources.access_key import checked
from assume_helper.system import guarded_http
from assume_helper.text import printable, redacted

_OTHER = "or use another credential_source"
# The service says these to a token or a request that it does not accept.
_REFUSED = {401, 403}


@dataclass(frozen=True)
class _Exchange:
    """One request and what came of it: an HTTP status, or 0 and an error."""

    method: str
    path: str
    status: int
    error: Exception | None = None
    body: str = ""


class _Recorder:
    """A connection that remembers what was asked and answered: the fetcher itself says only that it got nothing."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.exchanges: list[_Exchange] = []

    def send(self, request: Any) -> Any:
        """Send `request`, as botocore's own connection does."""
        path = urlsplit(request.url).path
        try:
            response = self.session.send(request)
        except Exception as error:
            self.exchanges.append(_Exchange(request.method, path, 0, error))
            raise
        body = "" if response.status_code != 200 else response.text[:400]
        self.exchanges.append(_Exchange(request.method, path, response.status_code, None, body))
        return response


def credentials(service: MetadataService) -> Credentials:
    """The credentials of this machine's role.

    Raises SourceError, SourceExpired; STSNotReached for an answer without end; ConfigurationError for an `http://` URL
    that may not be used.
    """
    if os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        raise SourceError(
            "the EC2 metadata service is switched off by AWS_EC2_METADATA_DISABLED",
            f"unset AWS_EC2_METADATA_DISABLED, {_OTHER}",
        )
    config = {"ec2_metadata_service_endpoint": service.endpoint, "ec2_metadata_v1_disabled": service.v1_disabled}
    seconds: Any = service.timeout
    fetcher: Any = InstanceMetadataFetcher(timeout=seconds, num_attempts=service.attempts, config=config)
    guarded_http.install()
    recorder = fetcher._session = _Recorder(fetcher._session)
    try:
        found = fetcher.retrieve_iam_role_credentials()
    except (aws.BotoCoreError, KeyError, TypeError, ValueError, AttributeError, OSError):
        found = {}
    if not found:
        raise _reason(service, recorder.exchanges)
    return checked(found["access_key"], found["secret_key"], found["token"], "Ec2InstanceMetadata's metadata")


def _reason(service: MetadataService, exchanges: list[_Exchange]) -> AssumeHelperError:
    """Why the service gave nothing."""
    where = f"the EC2 metadata service{f' at {printable(service.endpoint, 120)}' if service.is_custom else ''}"
    tokens = [each for each in exchanges if each.method == "PUT"]
    others = [each for each in exchanges if each.method != "PUT"]
    last = others[-1] if others else None
    if any(each.error is not None and guarded_http.is_too_long(each.error) for each in exchanges):
        return STSNotReached(
            "the metadata service (Ec2InstanceMetadata) sent an answer without end",
            f"correct ec2_metadata_service_endpoint, {_OTHER}",
        )
    proxy = get_environ_proxies(service.endpoint).get(urlsplit(service.endpoint).scheme)
    if proxy:
        host = printable(urlsplit(service.endpoint).hostname or "", 64)
        return SourceExpired(
            f"{where} was asked through a proxy, which gave no credentials ({_outcome(exchanges)})",
            f"add {host} to NO_PROXY: only this machine itself can ask it",
        )
    if last is not None and last.status == 404:
        return SourceError(
            "the EC2 metadata service gave no credentials: there is no role (HTTP 404)",
            f"attach an instance profile, {_OTHER}",
        )
    if (
        any(token.status in _REFUSED or isinstance(token.error, aws.ReadTimeoutError) for token in tokens)
        or (last is not None and last.status in _REFUSED)
    ) and not any(token.status == 200 for token in tokens):
        return SourceExpired(
            f"{where} gave no token ({_outcome(tokens or exchanges)}): in a container its hop limit may be too low",
            "raise it: `aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2 --instance-id ...`",
        )
    if service.v1_disabled and not any(token.status == 200 for token in tokens) and any(t.status for t in tokens):
        return SourceExpired(
            f"{where} gave no token ({_outcome(tokens)}), and ec2_metadata_v1_disabled allows nothing else",
            "correct the instance's metadata options, or take out ec2_metadata_v1_disabled",
        )
    if all(each.status == 0 for each in exchanges) and service.is_custom and not _is_slow(exchanges):
        return SourceExpired(
            f"{where} was not reached ({_outcome(exchanges)})",
            f"correct AWS_EC2_METADATA_SERVICE_ENDPOINT or ec2_metadata_service_endpoint, {_OTHER}",
        )
    if all(each.status == 0 for each in exchanges):
        return SourceExpired(
            f"{where} was not reached ({_outcome(exchanges)})",
            f"if this is an EC2 instance raise metadata_service_timeout, else {_OTHER[3:]}",
        )
    if last is not None and last.status == 200 and '"Code"' in last.body:
        return SourceError(
            f"{where} gave an error for the instance's role: {redacted(last.body)[:100]}",
            "let the role's trust policy name ec2.amazonaws.com, and attach the instance profile again",
        )
    return SourceExpired(
        f"the EC2 metadata service gave no credentials ({_outcome(exchanges)})",
        f"try again, check the instance profile and ec2_metadata_service_endpoint, {_OTHER}",
    )


def _is_slow(exchanges: list[_Exchange]) -> bool:
    """Whether a longer time might have helped."""
    return any(isinstance(each.error, aws.ConnectTimeoutError | aws.ReadTimeoutError) for each in exchanges)


def _outcome(exchanges: list[_Exchange]) -> str:
    """The last answer, or why there was none, in a few words."""
    if not exchanges:
        return "nothing was asked"
    last = exchanges[-1]
    if last.status:
        return f"HTTP {last.status}"
    if isinstance(last.error, aws.ConnectTimeoutError | aws.ReadTimeoutError):
        return "no answer in time"
    return "no connection" if isinstance(last.error, aws.HTTPClientError | aws.ConnectionError) else "no answer"
