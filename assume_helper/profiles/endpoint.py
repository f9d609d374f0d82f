"""The way to STS: in which region, at which address, with which certificates, as a profile and the environment say.

Control characters and what cannot be an address or a region are refused here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from assume_helper import hit
from assume_helper.errors import ConfigurationError
from assume_helper.profiles.aws_config import nested
from assume_helper.profiles.settings import Keys
from assume_helper.text import CONTROL_CHARACTERS, printable

# A region becomes a part of a host's name.
_REGION = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")


@dataclass(frozen=True)
class EndpointSettings:
    """The way to STS: the regions that were named, the one that counts most first, those that the profiles that asked
    have, and where they are given, its endpoint's URL or kind, and a CA bundle's path.
    """

    regions: tuple[str, ...] = ()
    inherited_regions: tuple[str, ...] = ()
    endpoint_url: str | None = None
    ca_bundle: str | None = None
    use_fips_endpoint: bool | None = None
    use_dualstack_endpoint: bool | None = None
    sts_regional_endpoints: str | None = None


def read(keys: Keys, inherited: EndpointSettings) -> EndpointSettings:
    """The profile's own way to STS; what neither it nor the environment says is `inherited` from the profile that
    asked. Raises ConfigurationError.
    """
    environ = keys.environ
    # What another profile's `exec` or `env` has left there is no wish of somebody's.
    others = environ.get(hit.REGION)
    wanted = (environ.get(name) for name in ("AWS_REGION", "AWS_DEFAULT_REGION"))
    named = (*(region for region in wanted if region != others), keys.value("region"))
    regions = tuple(region for region in named if region)
    for region in regions:
        if not _REGION.fullmatch(region):
            raise ConfigurationError(
                f"the region {printable(region, 64)} cannot be one", "use a name like eu-central-1"
            )
    return EndpointSettings(
        regions,
        inherited.regions + inherited.inherited_regions,
        _endpoint_url(keys) or inherited.endpoint_url,
        ca_bundle(environ, keys.value("ca_bundle") or inherited.ca_bundle),
        _switch(keys, "use_fips_endpoint", inherited.use_fips_endpoint),
        _switch(keys, "use_dualstack_endpoint", inherited.use_dualstack_endpoint),
        _sts_regional_endpoints(keys) or inherited.sts_regional_endpoints,
    )


def ca_bundle(environ: Mapping[str, str], configured: str | None = None) -> str | None:
    """The CA bundle's path, in botocore's order: AWS_CA_BUNDLE, what is `configured`, REQUESTS_CA_BUNDLE."""
    return environ.get("AWS_CA_BUNDLE") or configured or environ.get("REQUESTS_CA_BUNDLE")


def _sts_regional_endpoints(keys: Keys) -> str | None:
    """`regional` or `legacy` (SDKs and Tools Reference Guide, "AWS STS Regional endpoints")."""
    value = keys.environ.get("AWS_STS_REGIONAL_ENDPOINTS") or keys.value("sts_regional_endpoints")
    if value is not None and value.lower() not in {"regional", "legacy"}:
        raise ConfigurationError(
            f"{keys.named('sts_regional_endpoints')} is {printable(value, 40)}", "use regional or legacy"
        )
    return value.lower() if value is not None else None


def _switch(keys: Keys, key: str, inherited: bool | None) -> bool | None:  # noqa: FBT001
    """`true` or `false`, from the key's variable (`AWS_USE_FIPS_ENDPOINT`, ...) or the key."""
    value = keys.environ.get("AWS_" + key.upper()) or keys.value(key)
    if value is None:
        return inherited
    if value.lower() not in {"true", "false"}:
        raise ConfigurationError(f"{keys.named(key)} is {printable(value, 40)}", "use true or false")
    return value.lower() == "true"


def _endpoint_url(keys: Keys) -> str | None:
    """Where STS is, if not where the region says.

    The order is the SDKs' own (SDKs and Tools Reference Guide, "Service-specific endpoints"): the service's variable,
    the global one, the profile's services section, its endpoint_url.
    """
    ignored = keys.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") or keys.value("ignore_configured_endpoint_urls")
    if ignored and ignored.lower() == "true":
        return None
    url = (
        keys.environ.get("AWS_ENDPOINT_URL_STS")
        or keys.environ.get("AWS_ENDPOINT_URL")
        or _services_endpoint_url(keys)
        or keys.value("endpoint_url")
    )
    if not url:
        return None
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or CONTROL_CHARACTERS.search(url) or " " in url or "@" in url:
        # one with an @ may hold a password
        named = "the endpoint URL" if "@" in url else f"the endpoint URL {printable(url, 120)}"
        raise ConfigurationError(f"{named} cannot be one", "it looks like https://sts.eu-central-1.amazonaws.com")
    return url


def _services_endpoint_url(keys: Keys) -> str | None:
    services = keys.value("services")
    if services is None:
        return None
    section = keys.config.services.get(services)
    if section is None:
        raise ConfigurationError(
            f"{keys.section} names services = {printable(services, 64)}, which is not there",
            f"add a section [services {printable(services, 64)}], or take the key out",
        )
    try:
        return nested(section.get("sts", "")).get("endpoint_url")
    except ValueError:
        raise ConfigurationError(
            f"sts in [services {printable(services, 64)}] has a line without =", "write endpoint_url = https://..."
        ) from None
