"""botocore's HTTP, with two limits: how much of an answer is read, and where a request may go without TLS.

Every answer to this program holds credentials, or a request for it does. So plain `http://` goes to this machine and to
private networks only: to loopback, link-local and private addresses, or to a name that has no other. The connection is
made to an address that was checked: the name is not resolved a second time.
"""

import functools
import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import botocore.awsrequest
import botocore.exceptions as aws
from botocore.httpsession import ProxyConfiguration, URLLib3Session

from assume_helper.errors import ConfigurationError
from assume_helper.light import Any
from assume_helper.text import printable

# Bytes of an answer's body. The largest that is of any use has some ten thousand.
LARGEST_ANSWER = 1024 * 1024
# RFC 1918, RFC 4193. (`ipaddress.is_private` is all that is not global, the addresses of documentation included.)
_PRIVATE = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]


class AnswerTooLong(Exception):
    """A server sent more than LARGEST_ANSWER bytes. botocore raises it as an HTTPClientError."""


def is_too_long(error: Exception) -> bool:
    """Whether botocore's `error` is that of an answer that is too long."""
    return isinstance(error, aws.HTTPClientError) and isinstance(error.kwargs.get("error"), AnswerTooLong)


class _Answer(botocore.awsrequest.AWSResponse):
    """An answer of which no more than LARGEST_ANSWER bytes are read."""

    @property
    def content(self) -> bytes:
        """The body. Raises AnswerTooLong."""
        found: bytes | None = vars(self)["_content"]
        if found is None:
            parts, size = [], 0
            for part in self.raw.stream():
                parts.append(part)
                size += len(part)
                if size > LARGEST_ANSWER:
                    self.raw.close()
                    raise AnswerTooLong
            found = vars(self)["_content"] = b"".join(parts)
        return found


@functools.cache
def install() -> None:
    """Set both limits for all of botocore's HTTP in this process: its credential providers make their own sessions."""
    plain_send: Any = URLLib3Session.send

    def send(session: Any, request: Any) -> Any:
        if urlsplit(request.url).scheme != "http":
            return plain_send(session, request)
        return _send_in_plain_text(lambda: plain_send(session, request), session, request)

    setattr(botocore.awsrequest, "AWSResponse", _Answer)  # noqa: B010
    setattr(URLLib3Session, "send", send)  # noqa: B010 - for the type checker it is another function


def _send_in_plain_text(send: Callable[[], Any], session: Any, request: Any) -> Any:
    """What `send` gives for `request`, sent to one of the addresses that were checked, one after the other.

    Raises ConfigurationError where none may be used, EndpointConnectionError where the name is not known.
    """
    url = request.url
    addresses = checked_addresses(url)
    proxy = session._proxy_config.proxy_url_for(url)
    if proxy is not None and urlsplit(proxy).scheme == "http":
        # The proxy reads it too.
        session._proxy_config = ProxyConfiguration({"http": _with_host(proxy, checked_addresses(proxy)[0])})
    request.headers["Host"] = request.headers.get("Host") or urlsplit(_with_host(url, None)).netloc
    for number, address in enumerate(addresses, start=1):
        request.url = _with_host(url, address)
        try:
            return send()
        except (aws.EndpointConnectionError, aws.ConnectTimeoutError):
            if number == len(addresses):
                raise
    raise aws.EndpointConnectionError(endpoint_url=url)


def checked_addresses(url: str) -> list[str]:
    """The addresses of the host of `url`, an `http://` URL, where each of them is of this machine or a private network.

    Raises ConfigurationError where one is not, EndpointConnectionError where the name is not known.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or 80, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise aws.EndpointConnectionError(endpoint_url=url, error=error) from None
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not addresses or not all(map(is_near, addresses)):
        raise ConfigurationError(
            f"http://{printable(host, 120)} is neither this machine nor in a private network: "
            "credentials would be sent unencrypted",
            "use https://",
        )
    return addresses


def is_near(address: str) -> bool:
    """Whether `address` is a loopback, link-local or private one."""
    found = ipaddress.ip_address(address)
    found = getattr(found, "ipv4_mapped", None) or found
    return found.is_loopback or found.is_link_local or any(found in network for network in _PRIVATE)


def _with_host(url: str, address: str | None) -> str:
    """`url` with `address` in the host's place (None: with its own), in the form that a URL has it.

    Its default port is left out, as botocore's signer does.
    """
    parts = urlsplit(url)
    host = (address or parts.hostname or "").replace("%", "%25")
    if ":" in host:
        host = f"[{host}]"
    user = parts.netloc.rpartition("@")[0]
    if user and address is not None:
        host = f"{user}@{host}"
    port = f":{parts.port}" if parts.port not in (None, 80) else ""
    return parts._replace(netloc=host + port).geturl()
