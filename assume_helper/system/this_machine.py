"""Faults of this machine and its settings. Nothing was sent, so they say nothing about a service."""

import json
import os
import ssl
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

import botocore.exceptions as aws
from botocore.utils import get_environ_proxies

from assume_helper.errors import AssumeHelperError, MachineFault, SettingFault
from assume_helper.light import Any, TypeVar
from assume_helper.system import exhaustion
from assume_helper.system.called_service import CalledService
from assume_helper.text import ON_ITS_OWN_LINE, has_comment, printable, redacted

T = TypeVar("T")

# What OpenSSL reads when it is set up (openssl-env(7)).
_OF_OPENSSL = ("OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES")
# What botocore puts into the header `User-Agent`.
_IN_HEADERS = ("AWS_EXECUTION_ENV", "AWS_SDK_UA_APP_ID")
_LARGEST_BUNDLE = 64 * 1024 * 1024


def causes(error: BaseException) -> list[BaseException]:
    """`error` and those that it was made of, however botocore and urllib3 keep them, the outermost first."""
    found: list[BaseException] = []
    to_do: list[object] = [error]
    while to_do:
        each = to_do.pop(0)
        if isinstance(each, BaseException) and not any(each is known for known in found):
            found.append(each)
            kept: Mapping[str, object] = getattr(each, "kwargs", {})
            to_do += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args, *kept.values()]
    return found


def set_up(make: Callable[[], T], environ: Mapping[str, str]) -> T:
    """What `make` makes: a client, before it has a connection. Raises MachineFault and SettingFault."""
    try:
        return make()
    except (aws.DataNotFoundError, json.JSONDecodeError, EOFError):
        raise MachineFault(
            "the SDK's own data is not there, or is being replaced", "try again, then install assume-helper again"
        ) from None
    except MemoryError as error:
        raise exhaustion.fault(error) or error from None
    except OSError as error:
        raise exhaustion.fault(error) or _of_set_up(error, environ) from None


def _of_set_up(error: OSError, environ: Mapping[str, str]) -> AssumeHelperError:
    key_log = environ.get("SSLKEYLOGFILE")
    if isinstance(error, ssl.SSLError):
        reason = redacted(getattr(error, "reason", None) or str(error))
        named = " and ".join(name for name in _OF_OPENSSL if environ.get(name))
        if named:
            return SettingFault(
                f"OpenSSL cannot be set up as {named} says ({reason})", f"unset {named}, or correct what it names"
            )
        return MachineFault(
            f"OpenSSL cannot be set up ({reason})", "correct openssl.cnf (`openssl version -d` shows its folder)"
        )
    if key_log and error.filename in {None, key_log, os.fsencode(key_log)}:
        return SettingFault(
            f"SSLKEYLOGFILE is {printable(key_log)}, which cannot be written ({error.strerror})",
            "unset SSLKEYLOGFILE, or set it to a file",
        )
    where = printable(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else "a file"
    return MachineFault(
        f"{where}, which the SDK needs, cannot be read ({error.strerror or type(error).__name__})",
        "correct its rights, or install assume-helper again",
    )


def guard(call: Callable[[], T], service: CalledService, environ: Mapping[str, str]) -> T:
    """The result of `call`, which sends something. Raises MachineFault and SettingFault; other errors as they are."""
    try:
        return call()
    except (AssumeHelperError, aws.ClientError):
        raise
    except Exception as error:
        fault = _of_call(error, service, environ)
        if fault is None:
            raise
        raise fault from None


def _of_call(error: Exception, service: CalledService, environ: Mapping[str, str]) -> AssumeHelperError | None:
    all_causes = causes(error)
    for each in all_causes:
        exhausted = exhaustion.fault(each)
        if exhausted is not None:
            return exhausted
    if isinstance(error, aws.HTTPClientError | aws.ConnectionError) and not isinstance(error, aws.ReadTimeoutError):
        exhausted = _no_descriptor()  # the name server's answer, or its lack, says nothing then
        if exhausted is not None:
            return exhausted
    if isinstance(error, aws.SSLError) and service.ca_bundle is None:
        for each in all_causes:
            if isinstance(each, FileNotFoundError | PermissionError | IsADirectoryError):
                return MachineFault(
                    f"the SDK's list of trusted certificates cannot be read ({each.strerror})",
                    "install assume-helper again, or set AWS_CA_BUNDLE to another list",
                )
    bad = [name for name in _IN_HEADERS if not _can_be_in_header(environ.get(name, ""))]
    if bad and any(isinstance(each, ValueError) for each in all_causes):
        return SettingFault(f"{bad[0]} holds characters that cannot be sent", f"unset {bad[0]}")
    return None


def _no_descriptor() -> MachineFault | None:
    """The error where there is no room for another descriptor."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return exhaustion.fault(error)
    return None


def _can_be_in_header(text: str) -> bool:
    return text.isascii() and text.isprintable()


def check_bundle(service: CalledService) -> None:
    """Raise SettingFault where the CA bundle is none, with the variable or key that names it."""
    path = service.ca_bundle
    if path is None:
        return
    named = service.ca_bundle_named or "AWS_CA_BUNDLE, ca_bundle or REQUESTS_CA_BUNDLE"
    what = _what_is_wrong(path)
    if what is not None:
        raise SettingFault(
            f"the CA bundle {printable(path)} {what}",
            ON_ITS_OWN_LINE
            if has_comment(path)
            else f"set {named} to a file with certificates in PEM form (-----BEGIN CERTIFICATE-----)",
        )


def _what_is_wrong(path: str) -> str | None:
    data = b""
    try:
        if not os.path.exists(path):
            return "is not there"
        if os.path.isdir(path):
            return "is a folder"
        if not os.path.isfile(path):
            return "is not a file"
        if os.path.getsize(path) > _LARGEST_BUNDLE:
            return "is too large"
        with open(path, "rb") as file:
            data = file.read()
        if not data.strip():
            return "is empty"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=path)
        return None if context.cert_store_stats()["x509"] else "holds no certificate"
    except ssl.SSLError:
        if data[:1] == b"\x30":
            return "is in DER form"
        return "holds a key and no certificate" if b"PRIVATE KEY-----" in data else "holds no certificate"
    except (OSError, ValueError) as error:
        exhausted = exhaustion.fault(error)
        if exhausted is not None:
            raise exhausted from None
        return f"cannot be read ({getattr(error, 'strerror', None) or 'not a path'})"


def check_proxy(url: str, environ: Mapping[str, str]) -> None:
    """Raise SettingFault where the proxy for `url` is none that can be used. It may hold a password."""
    scheme = urlsplit(url).scheme
    proxy: Any = get_environ_proxies(url).get(scheme)
    if not proxy:
        return
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")
    named = next((name for name in names if environ.get(name)), f"the system's setting of {names[1]}")
    try:
        parts = urlsplit(proxy if "://" in proxy else f"//{proxy}")
        is_valid = bool(parts.hostname) and " " not in proxy and parts.port != 0
        is_ascii = unquote(f"{parts.username or ''}{parts.password or ''}").isascii()
    except ValueError:
        is_valid = is_ascii = False
    if "://" in proxy and _scheme_of(proxy) not in {"http", "https"}:
        raise SettingFault(
            f"{named} is a proxy of the kind {printable(_scheme_of(proxy), 20)}, and the SDK can use http and https",
            f"set {named} to the URL of such a proxy, or unset it (NO_PROXY excepts a host)",
        )
    if not is_valid:
        raise SettingFault(f"{named} is not the URL of a proxy", "set it to a URL like http://proxy.example.com:3128")
    if not is_ascii:
        raise SettingFault(
            f"the user name or password in {named} is not ASCII", "use one of plain letters, digits and %-escapes"
        )


def _scheme_of(url: str) -> str:
    """The scheme of a URL, in lower case."""
    return url.partition("://")[0].lower()
