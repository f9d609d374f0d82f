"""Where and how the metadata service of EC2 is asked, as a profile and the environment say."""

import re
from collections.abc import Callable, Mapping

from assume_helper.errors import ConfigurationError
from assume_helper.light import TypeVar, dataclass
from assume_helper.profiles import value_parsers
from assume_helper.text import printable

T = TypeVar("T")

_IPV4 = "http://169.254.169.254/"
_IPV6 = "http://[fd00:ec2::254]/"
# More makes no sense: a call has 15 s in all.
_LONGEST_TIMEOUT = 60.0
_MOST_ATTEMPTS = 20


@dataclass(frozen=True)
class MetadataService:
    """The service at `endpoint`, waited for `timeout` seconds in each of so many `attempts`.

    `is_custom` where it is at another address than EC2's own of IPv4. `v1_disabled`: it is not asked without a token.
    """

    endpoint: str = _IPV4
    is_custom: bool = False
    timeout: float = 1.0
    attempts: int = 1
    v1_disabled: bool = False


def endpoint_url(value: str, named: str) -> str:
    """The service's address: a URL of http or https. Raises ConfigurationError."""
    if not value_parsers.is_http_url(value):
        raise ConfigurationError(f"{named} is not a URL", f"it looks like {_IPV4}")
    return value


def endpoint_mode(value: str, named: str) -> str:
    """`ipv4` or `ipv6`. Raises ConfigurationError."""
    if value.lower() not in {"ipv4", "ipv6"}:
        raise ConfigurationError(f"{named} is {printable(value, 40)}", "use IPv4 or IPv6")
    return value.lower()


def timeout(value: str, named: str) -> float:
    """Seconds. Raises ConfigurationError."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value) or not 0 < float(value) <= _LONGEST_TIMEOUT:
        raise ConfigurationError(
            f"{named} is {printable(value, 40)}", f"use seconds, more than 0 and at most {_LONGEST_TIMEOUT:.0f}"
        )
    return float(value)


def attempts(value: str, named: str) -> int:
    """How often it is asked. Raises ConfigurationError."""
    if not re.fullmatch(r"[0-9]{1,6}", value) or not 1 <= int(value) <= _MOST_ATTEMPTS:
        raise ConfigurationError(f"{named} is {printable(value, 40)}", f"use a number from 1 to {_MOST_ATTEMPTS}")
    return int(value)


def resolve(
    environ: Mapping[str, str],
    *,
    endpoint: str | None,
    mode: str | None,
    seconds: float | None,
    tries: int | None,
    v1_disabled: bool | None,
) -> MetadataService:
    """The service as the environment says, else as the profile's keys do: botocore's order.

    Raises ConfigurationError for a variable whose value cannot be used.
    """

    def value(variable: str, parse: Callable[[str, str], T], of_profile: T | None) -> T | None:
        found = value_parsers.of_variable(environ, variable, parse)
        return of_profile if found is None else found

    url = value("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint_url, endpoint)
    found_mode = value("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", endpoint_mode, mode)
    return MetadataService(
        url or (_IPV6 if found_mode == "ipv6" else _IPV4),
        bool(url) or found_mode == "ipv6",
        value("AWS_METADATA_SERVICE_TIMEOUT", timeout, seconds) or 1.0,
        value("AWS_METADATA_SERVICE_NUM_ATTEMPTS", attempts, tries) or 1,
        value("AWS_EC2_METADATA_V1_DISABLED", value_parsers.is_true, v1_disabled) or False,
    )
