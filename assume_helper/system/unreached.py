"""Why a service was not reached: its name, the connection, the proxy or the certificate, from botocore's error."""

import errno
import os
import socket
import ssl

import botocore.exceptions as aws

from assume_helper.errors import STSNotConnected, STSNotReached
from assume_helper.system.called_service import CalledService
from assume_helper.system.this_machine import causes
from assume_helper.text import printable, redacted

_NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
# OpenSSL's reasons where the other side speaks something else.
_NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_EOF_WHILE_READING", "RECORD_LAYER_FAILURE"}
_FORBIDDEN = {errno.EACCES, errno.EPERM}
# OpenSSL's numbers of what is wrong with a certificate (X509_V_ERR_..., x509_vfy.h).
_NOT_YET_VALID, _EXPIRED, _HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH = 9, 10, 62, 64


def where(service: CalledService) -> str:
    """The service that was called, as a message names it."""
    return f"{service.service} {place(service)}"


def place(service: CalledService) -> str:
    """Where it is, as a message says it."""
    return printable(f"at {service.endpoint_url}" if service.endpoint_url else f"in {service.region}", 120)


def not_reached(service: CalledService, what: str, kind: type[STSNotReached] = STSNotReached) -> STSNotReached:
    """The error for a call that got no usable answer."""
    return kind(f"{where(service)} {what}", "check the network, proxy, region and endpoint, then try again")


def not_from(service: CalledService) -> str:
    """What is said of an answer that cannot be the service's."""
    return f"gave an answer that is not from {service.service}"


def connection(service: CalledService, error: Exception) -> STSNotReached:
    """The error for a connection that was not made."""
    what, check = _of_connection(error)
    if _has_unread_proxy():
        what = what or "no connection was made"
        check = f"{check or 'the network, region and endpoint'}; SDKs do not read ALL_PROXY: set HTTPS_PROXY"
    if not what:
        return not_reached(service, "could not be reached", STSNotConnected)
    return STSNotConnected(
        f"{where(service)} could not be reached: {what}",
        f"check {check or 'the network, region and endpoint'}, then try again",
    )


def _has_unread_proxy() -> bool:
    """Whether the environment has a proxy under the one name that no SDK reads."""
    names = {name.lower() for name, value in os.environ.items() if value}
    return "all_proxy" in names and names.isdisjoint({"https_proxy", "http_proxy"})


def in_time(service: CalledService, error: TimeoutError) -> STSNotReached:
    """The error for a call that was given up; `error` is that of `deadline.within`, which knows where it was."""
    where_it_was = set(error.args)
    if "getaddrinfo" in where_it_was:
        return not_reached(
            service,
            "gave no answer in time: its name was not resolved, no name server (DNS) answered",
            STSNotConnected,
        )
    if "create_connection" in where_it_was:
        return not_reached(service, "gave no answer in time: the connection timed out", STSNotConnected)
    if "do_handshake" in where_it_was:
        return not_reached(service, "gave no answer in time: TLS was not set up", STSNotConnected)
    return not_reached(service, "gave no answer in time")


def proxy(service: CalledService, error: Exception) -> STSNotConnected:
    """The error for a proxy that could not be reached, or that refused to connect to the service."""
    for each in causes(error):
        if isinstance(each, ssl.SSLError):
            reason = redacted(getattr(each, "verify_message", "") or str(each))
            return STSNotConnected(
                f"{where(service)} could not be reached through the proxy: its certificate failed ({reason})",
                "set AWS_CA_BUNDLE (or ca_bundle) to your network's certificates, or HTTPS_PROXY to http://...",
            )
        text = str(each)
        if isinstance(each, OSError) and text.startswith("Tunnel connection failed: "):
            answer = redacted(text.removeprefix("Tunnel connection failed: "))
            check = "the user name and password in HTTPS_PROXY" if answer.startswith("407") else "the proxy's rules"
            return STSNotConnected(
                f"{where(service)} could not be reached through the proxy, which answered {printable(answer, 60)}",
                f"check {check}, or name the host in NO_PROXY",
            )
    what = _of_connection(error, "the proxy")[0]
    return STSNotConnected(
        f"{where(service)} could not be reached through the proxy" + (f": {what}" if what else ""),
        "check HTTPS_PROXY (or HTTP_PROXY), or name the host in NO_PROXY",
    )


def _of_connection(error: Exception, whose: str = "") -> tuple[str, str]:
    """Why a connection was not made, and what to check; "" for the second where there is nothing special."""
    name = f"{whose}'s name" if whose else "its name"
    for each in causes(error):
        if isinstance(each, socket.gaierror):
            if each.errno == getattr(socket, "EAI_AGAIN", None):
                return (
                    f"{name} could not be resolved: no name server (DNS) answered",
                    "this machine's DNS",
                )
            return f"{name} is not known (DNS)", "region, endpoint_url and this machine's DNS"
        if isinstance(each, aws.ConnectTimeoutError | TimeoutError):
            return "the connection timed out", "the network, firewall, proxy, region and endpoint"
        if isinstance(each, ConnectionRefusedError):
            return "the connection was refused", "the network, region, and the endpoint's host and port"
        if isinstance(each, OSError) and each.errno in _NO_WAY:
            return f"the network is unreachable ({each.strerror})", "this machine's network, its VPN or route"
        if isinstance(each, OSError) and each.errno in _FORBIDDEN:
            return f"this machine forbids the connection ({each.strerror})", "its firewall or sandbox"
        if isinstance(each, ConnectionError):
            return "the connection was reset", ""
    if any("Failed to resolve" in str(each) for each in causes(error)):
        return f"{name} is not known (DNS)", "region, endpoint_url and this machine's DNS"
    return "", ""


def certificate(service: CalledService, error: Exception) -> STSNotConnected:
    """The error for a certificate that is not trusted, and for a server that does not speak TLS."""
    trusted = f" with {printable(service.ca_bundle)}" if service.ca_bundle else ""
    mend = "set AWS_CA_BUNDLE (or ca_bundle) to a file with your network's certificates"
    for each in causes(error):
        reason = getattr(each, "reason", None)
        reason = reason if isinstance(reason, str) else ""
        if isinstance(each, ssl.SSLCertVerificationError):
            if each.verify_code in {_NOT_YET_VALID, _EXPIRED}:
                mend = "have it renewed, or correct this machine's clock if that is off"
            elif each.verify_code in {_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH}:
                mend = "correct the host in endpoint_url, or have a certificate made that names it"
            return STSNotConnected(
                f"the certificate of {where(service)} could not be verified{trusted}: {redacted(each.verify_message)}",
                mend,
            )
        if isinstance(each, ssl.SSLError) and reason in _NO_TLS:
            return STSNotConnected(
                f"{where(service)} does not speak TLS: no certificate came, AWS_CA_BUNDLE is not the cause",
                "correct the port in endpoint_url, or write http:// there",
            )
        if "doesn't match" in str(each):  # urllib3's own check of the name
            return STSNotConnected(
                f"the certificate of {where(service)} could not be verified{trusted}: it is for another host",
                "correct the host in endpoint_url, or have a certificate made that names it",
            )
        if isinstance(each, ssl.SSLError) and reason:
            return STSNotConnected(
                f"TLS with {where(service)} failed before the certificate was verified ({redacted(reason)})",
                f"{mend}, or check OPENSSL_CONF and the proxy",
            )
    return STSNotConnected(
        f"the certificate of {where(service)} could not be verified{trusted}, or it does not speak TLS", mend
    )
