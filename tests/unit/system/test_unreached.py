"""Why STS was not reached: what is said for each way that a connection fails."""

import errno
import os
import socket
import ssl

import botocore.exceptions as aws
import pytest

from assume_helper.profiles.role import Endpoint
from assume_helper.system import unreached

ENDPOINT = Endpoint("eu-west-1")
URL = "https://sts.eu-west-1.amazonaws.com"


@pytest.fixture(autouse=True)
def _without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def of(cause: Exception) -> Exception:
    return aws.EndpointConnectionError(endpoint_url=URL, error=cause)


@pytest.mark.parametrize(
    ("cause", "said", "check"),
    [
        (socket.gaierror(socket.EAI_AGAIN, "x"), "no name server (DNS) answered", "check this machine's DNS"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "its name is not known (DNS)", "check region, endpoint_url"),
        (OSError("Failed to resolve 'sts'"), "its name is not known (DNS)", "check region, endpoint_url"),
        (TimeoutError(), "the connection timed out", "check the network, firewall"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "the connection was refused", "the endpoint's host and port"),
        (OSError(errno.ENETUNREACH, "No route"), "the network is unreachable (No route)", "its VPN or route"),
        (
            PermissionError(errno.EPERM, "Not permitted"),
            "forbids the connection (Not permitted)",
            "firewall or sandbox",
        ),
        (ConnectionResetError(errno.ECONNRESET, "x"), "the connection was reset", "check the network, region"),
        (OSError(errno.EIO, "x"), "could not be reached", "try again"),
    ],
)
def test_the_reason_and_what_to_check_are_said(cause: Exception, said: str, check: str) -> None:
    text = str(unreached.connection(ENDPOINT, of(cause)))
    what, _, next_step = text.partition("; ")
    assert said in what
    assert check in next_step


def test_a_proxy_under_the_name_that_no_sdk_reads_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://p:3128")
    assert "SDKs do not read ALL_PROXY: set HTTPS_PROXY" in str(unreached.connection(ENDPOINT, of(OSError("x"))))
    monkeypatch.setenv("HTTPS_PROXY", "http://p:3128")
    assert "ALL_PROXY" not in str(unreached.connection(ENDPOINT, of(OSError("x"))))


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("getaddrinfo", "gave no answer in time: its name was not resolved"),
        ("create_connection", "gave no answer in time: the connection timed out"),
        ("do_handshake", "gave no answer in time: TLS was not set up"),
        ("recv", "gave no answer in time"),
    ],
)
def test_a_call_that_was_given_up_says_where_it_was(where: str, said: str) -> None:
    text = str(unreached.in_time(ENDPOINT, TimeoutError(where)))
    assert said in text
    assert (":" in text.partition(said)[2].partition(";")[0]) is False


@pytest.mark.parametrize(
    ("cause", "said", "check"),
    [
        (ssl.SSLError(1, "bad certificate"), "its certificate failed", "HTTPS_PROXY to http://"),
        (OSError("Tunnel connection failed: 407 Auth"), "answered 407 Auth", "the user name and password"),
        (OSError("Tunnel connection failed: 403 No"), "answered 403 No", "the proxy's rules"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "the proxy's name is not known", "check HTTPS_PROXY"),
        (OSError(errno.EIO, "x"), "through the proxy;", "check HTTPS_PROXY"),
    ],
)
def test_a_proxy_that_fails_is_told_from_sts(cause: Exception, said: str, check: str) -> None:
    text = str(unreached.proxy(ENDPOINT, aws.ProxyConnectionError(proxy_url="http://p", error=cause)))
    assert said in text
    assert check in text


def not_verified(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, message
    return error


def with_reason(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "x")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("cause", "said", "mend"),
    [
        (not_verified(10, "certificate has expired"), "verified with /ca: certificate has expired", "have it renewed"),
        (not_verified(62, "Hostname mismatch"), "Hostname mismatch", "correct the host in endpoint_url"),
        (not_verified(20, "unable to get local issuer"), "unable to get local issuer", "set AWS_CA_BUNDLE"),
        (with_reason("WRONG_VERSION_NUMBER"), "does not speak TLS", "correct the port in endpoint_url"),
        (with_reason("NO_SHARED_CIPHER"), "before the certificate was verified", "check OPENSSL_CONF"),
        (OSError("hostname 'a' doesn't match 'b'"), "it is for another host", "correct the host in endpoint_url"),
    ],
)
def test_a_certificate_is_told_with_what_mends_it(cause: Exception, said: str, mend: str) -> None:
    endpoint = Endpoint("eu-west-1", ca_bundle="/ca")
    text = str(unreached.certificate(endpoint, aws.SSLError(endpoint_url=URL, error=cause)))
    what, _, next_step = text.partition("; ")
    assert said in what
    assert mend in next_step
