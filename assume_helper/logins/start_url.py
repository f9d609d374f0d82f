"""A start URL of one's own host: it leads to the one that AWS gave, which its services know.

The AWS CLI follows one redirect to a host of AWS's, and takes the region from there. What is written to disk keeps the
start URL of the config: all programs find the login by that.
"""

import re
from urllib.parse import urljoin, urlsplit

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from assume_helper.errors import MachineFault
from assume_helper.light import Any, cast, dataclass
from assume_helper.profiles.login import IdentityCenterLogin
from assume_helper.system import guarded_http
from assume_helper.system.deadline import within

# The hosts of AWS access portals, in all partitions.
_OF_AWS = re.compile(
    r"(?:.+\.)?(?:awsapps\.(?:com|cn|eu)|(?:app|api)\.aws|amazonaws\.(?:com|com\.cn|eu)|amazonaws-eusc\.eu)",
    re.ASCII,
)
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d", re.ASCII)
# Seconds for a connection, for an answer, and for both requests. Without an answer the start URL is taken as it is.
_TIMEOUT = (3.0, 5.0)
_LONGEST = 12.0


@dataclass(frozen=True)
class Portal:
    """The start URL that Identity Center's services know, and the region of its instance."""

    start_url: str
    region: str


def resolve(login: IdentityCenterLogin) -> Portal:
    """The portal behind the start URL of `login`: itself, where its host is AWS's, or where it leads to none of AWS's.

    One that cannot be reached is taken as it is: Identity Center then says whether it knows it.
    """
    configured = Portal(login.start_url, login.service.region)
    if is_of_aws(login.start_url):
        return configured
    try:
        location = within(_LONGEST, lambda: _redirect(login))
    except (TimeoutError, MachineFault):
        location = None
    if location is None or not is_of_aws(location):
        return configured
    host = (urlsplit(location).hostname or "").lower()
    region = next((label for label in host.split(".") if _REGION.fullmatch(label)), login.service.region)
    return Portal(location, region)


def is_of_aws(url: str) -> bool:
    """Whether `url` is a page of AWS's own hosts."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and _OF_AWS.fullmatch((parts.hostname or "").lower()) is not None
    except ValueError:
        return False


def _redirect(login: IdentityCenterLogin) -> str | None:
    """Where the start URL's own host sends a browser; None where it sends it nowhere, or cannot be reached."""
    guarded_http.install()
    http = URLLib3Session(
        verify=cast("bool", True if login.service.ca_bundle is None else login.service.ca_bundle),
        proxies=get_environ_proxies(login.start_url),
        timeout=cast("int", _TIMEOUT),
        max_pool_connections=1,
    )
    try:
        answer = _sent(http, "HEAD", login.start_url)
        if answer.status_code == 405:
            answer = _sent(http, "GET", login.start_url)
        location = answer.headers.get("Location")
        if not 300 <= answer.status_code < 400 or not location:
            return None
        return urljoin(login.start_url, str(location))
    except Exception:  # noqa: BLE001 - whatever it is: the start URL is taken as it is
        return None
    finally:
        http.close()


def _sent(http: URLLib3Session, method: str, url: str) -> Any:
    return http.send(AWSRequest(method=method, url=url, stream_output=False).prepare())
