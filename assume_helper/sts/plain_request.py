"""A request to STS, made and signed here where its form is plain: the SDK takes longer to import than all the rest.

botocore is the reference: tests/unit/sts/test_plain_request.py compares thousands of requests, whole. Whatever is not
known for certain here (a proxy, a CA bundle, a URL with a path, a region of no known partition, a value that botocore
may not take) is None, and botocore makes it.
"""

import hashlib
import hmac
import os
import re
import sys
import time
from collections.abc import Mapping

from assume_helper.credentials import Credentials
from assume_helper.light import dataclass, field
from assume_helper.profiles import partitions
from assume_helper.profiles.role import Endpoint
from assume_helper.sts.request import ASSUME_ROLE, ASSUME_ROLE_WITH_WEB_IDENTITY, GET_SESSION_TOKEN, Request

_VERSION = "2011-06-15"
_CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
# botocore's rules for STS's endpoints (`endpoint-rule-set-1`): each partition's domains, the second for dual-stack.
_DOMAINS = {
    "aws": ("amazonaws.com", "api.aws"),
    "aws-cn": ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    "aws-us-gov": ("amazonaws.com", "api.aws"),
    "aws-iso": ("c2s.ic.gov", "api.aws.ic.gov"),
    "aws-iso-b": ("sc2s.sgov.gov", "api.aws.scloud"),
    "aws-iso-e": ("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    "aws-iso-f": ("csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    "aws-eusc": ("amazonaws.eu", "api.amazonwebservices.eu"),
}
# Where `legacy` means the global endpoint (SDKs and Tools Reference Guide, "AWS STS Regional endpoints").
_GLOBAL = frozenset(
    {
        "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
        "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
        "us-west-2",
    }
)  # fmt: skip
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_URL = rf"(https)://((?:{_LABEL}\.)+[a-z]{{2,63}})(?::([0-9]{{1,5}}))?/?|(http)://(127\.0\.0\.1)(?::([0-9]{{1,5}}))?/?"
_PORTS = {"https": 443, "http": 80}
# The least length of each value, as botocore's model of STS has it; the least number for DurationSeconds.
_LEAST = {
    "RoleArn": 20, "RoleSessionName": 2, "Policy": 1, "ExternalId": 2, "SerialNumber": 9, "TokenCode": 6,
    "SourceIdentity": 2, "WebIdentityToken": 4,
}  # fmt: skip
_LEAST_SECONDS = 900
_LEAST_ARN = 20
_OPERATIONS = (ASSUME_ROLE, ASSUME_ROLE_WITH_WEB_IDENTITY, GET_SESSION_TOKEN)
_OF_WEB_IDENTITY = {"RoleArn", "RoleSessionName", "WebIdentityToken", "Policy", "PolicyArns", "DurationSeconds"}
_OF_SESSION = {"DurationSeconds", "SerialNumber", "TokenCode"}
# What `quote_plus` leaves as it is.
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")


@dataclass(frozen=True)
class PlainRequest:
    """A POST of `body` to `url`, signed: to `port` of `host`, by TLS or not. Its `headers` hold a signature."""

    url: str
    is_tls: bool
    host: str
    port: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def prepare(
    request: Request, credentials: Credentials | None, environ: Mapping[str, str], now: float | None = None
) -> PlainRequest | None:
    """The request as botocore sends it, signed with `credentials` where there are any; None where it is not plain.

    `environ` is this process's environment, which botocore reads. `now` is in seconds since the epoch, None for now.
    """
    if request.operation not in _OPERATIONS or request.endpoint.ca_bundle is not None or not _is_plain(environ):
        return None
    address = _address(request.endpoint)
    found = None if address is None else re.fullmatch(_URL, address[0])
    body = _body(request.operation, request.values)
    agent = user_agent()
    if address is None or found is None or body is None or agent is None:
        return None
    scheme, host, given = (found[n] or found[n + 3] for n in (1, 2, 3))
    port = int(given or _PORTS[scheme])
    if not 0 < port < 65536 or len(host) > 255:
        return None
    netloc = host if port == _PORTS[scheme] else f"{host}:{port}"
    headers = {"Content-Type": _CONTENT_TYPE, "Host": netloc}
    if credentials is not None:
        signed = _signed(headers, body, credentials, address[1], time.gmtime(now))
        if signed is None:
            return None
        headers |= signed
    headers |= {"User-Agent": agent, "Content-Length": str(len(body))}
    url = address[0] if address[0].endswith("/") else address[0] + "/"
    return PlainRequest(url, scheme == "https", host, port, headers, body)


def _is_plain(environ: Mapping[str, str]) -> bool:
    """Whether nothing in the environment changes how botocore sends a request."""
    for name, value in environ.items():
        lower = name.lower()
        if value and ((lower.endswith("_proxy") and lower != "no_proxy") or name == "SSLKEYLOGFILE"):
            return False
    if environ.get("AWS_EXECUTION_ENV"):  # it is in the header User-Agent
        return False
    if sys.platform in {"win32", "darwin"}:
        from urllib.request import getproxies

        return not getproxies()
    return True


def _address(endpoint: Endpoint) -> tuple[str, str] | None:
    """STS's URL, and the region that a request to it is signed for."""
    region = endpoint.region
    partition = partitions.of_region(region)
    if partition not in _DOMAINS or len(region) > 63:
        return None
    if endpoint.endpoint_url is not None:
        return endpoint.endpoint_url, region
    fips, dualstack = endpoint.use_fips_endpoint, endpoint.use_dualstack_endpoint
    if endpoint.sts_regional_endpoints == "legacy" and region in _GLOBAL and not (fips or dualstack):
        return "https://sts.amazonaws.com", "us-east-1"
    name = "sts-fips" if fips and (dualstack or partition != "aws-us-gov") else "sts"
    return f"https://{name}.{region}.{_DOMAINS[partition][dualstack]}", region


def _body(operation: str, values: Mapping[str, object]) -> bytes | None:
    """The request's values as botocore writes them into a form; None where one may not be what STS takes."""
    known = {ASSUME_ROLE_WITH_WEB_IDENTITY: _OF_WEB_IDENTITY, GET_SESSION_TOKEN: _OF_SESSION}.get(operation)
    if known is not None and not values.keys() <= known:
        return None
    least = {"RoleArn", "RoleSessionName"} if operation != GET_SESSION_TOKEN else set()
    if not least <= values.keys() or (operation == ASSUME_ROLE_WITH_WEB_IDENTITY) != ("WebIdentityToken" in values):
        return None
    pairs: list[tuple[str, object]] = [("Action", operation), ("Version", _VERSION)]
    for name, value in values.items():
        flat = _flat(name, value)
        if flat is None:
            return None
        pairs += flat
    try:
        return "&".join(f"{name}={_quoted(str(value))}" for name, value in pairs).encode("ascii")
    except UnicodeEncodeError:  # a lone surrogate
        return None


def _flat(name: str, value: object) -> list[tuple[str, object]] | None:
    """A value as pairs of a form: a list has a number for each element."""
    match value:
        case bool():
            return None
        case str() if name in _LEAST and len(value) >= _LEAST[name]:
            return [(name, value)]
        case int() if name == "DurationSeconds" and value >= _LEAST_SECONDS:
            return [(name, value)]
        case list() if not value:
            return [(name, "")] if name in {"PolicyArns", "Tags", "TransitiveTagKeys"} else None
        case list():
            flat: list[tuple[str, object]] = []
            for number, element in enumerate(value, start=1):
                prefix = f"{name}.member.{number}"
                match name, element:
                    case "TransitiveTagKeys", str() if element:
                        flat.append((prefix, element))
                    case "PolicyArns", {"arn": str() as arn, **rest} if not rest and len(arn) >= _LEAST_ARN:
                        flat.append((f"{prefix}.arn", arn))
                    case "Tags", {"Key": str() as key, "Value": str(), **rest} if not rest and key:
                        flat += [(f"{prefix}.{part}", element[part]) for part in element]
                    case _:
                        return None
            return flat
    return None


def _quoted(text: str) -> str:
    """`text` as `urllib.parse.quote_plus` writes it, which takes long to import."""
    if text.isascii() and text.isalnum():
        return text
    parts = [chr(byte) if byte in _UNRESERVED else "+" if byte == 0x20 else f"%{byte:02X}" for byte in text.encode()]
    return "".join(parts)


def _signed(
    headers: Mapping[str, str], body: bytes, credentials: Credentials, region: str, at: time.struct_time
) -> dict[str, str] | None:
    """The headers that sign `headers` and `body` (IAM User Guide, "AWS Signature Version 4 for API requests").

    None where a value would not be sent as it is.
    """
    token = credentials.session_token
    shown = f"{credentials.access_key_id}{token or ''}"
    if not (shown.isascii() and shown.isprintable()) or " " in shown:
        return None
    moment, day = time.strftime("%Y%m%dT%H%M%SZ", at), time.strftime("%Y%m%d", at)
    added = {"X-Amz-Date": moment} | ({"X-Amz-Security-Token": token} if token else {})
    lower = {name.lower(): value for name, value in {**headers, **added}.items()}
    names = ";".join(sorted(lower))
    canonical = ["POST", "/", "", *(f"{name}:{lower[name]}" for name in sorted(lower)), "", names, _digest(body)]
    scope = f"{day}/{region}/sts/aws4_request"
    try:
        key = f"AWS4{credentials.secret_access_key}".encode()
    except UnicodeEncodeError:
        return None
    for part in (day, region, "sts", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join(("AWS4-HMAC-SHA256", moment, scope, _digest("\n".join(canonical).encode())))
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    who = f"Credential={credentials.access_key_id}/{scope}"
    return added | {"Authorization": f"AWS4-HMAC-SHA256 {who}, SignedHeaders={names}, Signature={signature}"}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def user_agent() -> str | None:
    """What botocore says in the header `User-Agent`; None where that is not known for certain."""
    from importlib.util import find_spec

    found = find_spec("botocore")
    if found is None or found.origin is None or sys.platform == "win32" or sys.implementation.name != "cpython":
        return None
    try:
        with open(found.origin, encoding="utf-8") as file:
            version = re.search(r"^__version__ = '([0-9A-Za-z.]+)'$", file.read(), re.M)
    except (OSError, ValueError):
        return None
    system = os.uname()
    name = {"Linux": "linux", "Darwin": "macos"}.get(system.sysname)
    machine = system.machine.lower()
    parts = (system.release, machine, sys.version.partition(" ")[0])
    if version is None or name is None or not all(re.fullmatch(r"[0-9A-Za-z.+_-]+", part) for part in parts):
        return None
    return (
        f"Botocore/{version[1]} ua/2.1 os/{name}#{parts[0]} md/arch#{machine} lang/python#{parts[2]} md/pyimpl#CPython"
    )
