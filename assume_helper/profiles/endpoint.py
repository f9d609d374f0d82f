"""Which STS is called: in which region, at which URL, with which certificates, as a profile and the environment say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from assume_helper import hit
from assume_helper.errors import ConfigurationError
from assume_helper.profiles import partitions, value_parsers
from assume_helper.profiles.aws_config import parse_nested
from assume_helper.profiles.role import Endpoint
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.text import printable

T = TypeVar("T")


@dataclass(frozen=True)
class EndpointSettings:
    """What is said of STS, None where nothing is.

    `regions` are the profile's, the one with the highest precedence first; `inherited_regions` those of the roles that
    have this one as their source.
    """

    regions: tuple[str, ...] = ()
    inherited_regions: tuple[str, ...] = ()
    endpoint_url: str | None = None
    ca_bundle: str | None = None
    use_fips_endpoint: bool | None = None
    use_dualstack_endpoint: bool | None = None
    sts_regional_endpoints: str | None = None


def from_settings(
    settings: ProfileSettings, environ: Mapping[str, str], inherited: EndpointSettings
) -> EndpointSettings:
    """What the environment says, else the profile, else the role that has this one as its source (`inherited`).

    Raises ConfigurationError.
    """
    return EndpointSettings(
        _regions(settings, environ),
        inherited.regions + inherited.inherited_regions,
        _endpoint_url(settings, environ) or inherited.endpoint_url,
        ca_bundle(environ, settings.ca_bundle or inherited.ca_bundle),
        _first(
            lambda: _variable(environ, "AWS_USE_FIPS_ENDPOINT", value_parsers.switch),
            lambda: settings.use_fips_endpoint,
            lambda: inherited.use_fips_endpoint,
        ),
        _first(
            lambda: _variable(environ, "AWS_USE_DUALSTACK_ENDPOINT", value_parsers.switch),
            lambda: settings.use_dualstack_endpoint,
            lambda: inherited.use_dualstack_endpoint,
        ),
        _first(
            lambda: _variable(environ, "AWS_STS_REGIONAL_ENDPOINTS", value_parsers.sts_regional_endpoints),
            lambda: settings.sts_regional_endpoints,
            lambda: inherited.sts_regional_endpoints,
        ),
    )


def ca_bundle(environ: Mapping[str, str], configured: str | None = None) -> str | None:
    """The CA bundle's path, in botocore's order: AWS_CA_BUNDLE, what is `configured`, REQUESTS_CA_BUNDLE."""
    return environ.get("AWS_CA_BUNDLE") or configured or environ.get("REQUESTS_CA_BUNDLE")


def resolve(settings: EndpointSettings, partition: str | None) -> Endpoint:
    """The STS that is called for a role of `partition`; None is for no role: then every region will do.

    A region of another partition cannot be where the role is assumed: it stands in the environment, or in the profile
    of a role that has this one as its source, for other work.
    """

    def chosen(regions: tuple[str, ...]) -> str | None:
        any_region = settings.endpoint_url or partition is None
        return next((r for r in regions if any_region or partitions.of_region(r) in {None, partition}), None)

    own = chosen(settings.regions)
    return Endpoint(
        region=own or chosen(settings.inherited_regions) or partitions.first_region(partition or "aws"),
        region_is_own=own is not None,
        endpoint_url=settings.endpoint_url,
        ca_bundle=settings.ca_bundle,
        use_fips_endpoint=settings.use_fips_endpoint or False,
        use_dualstack_endpoint=settings.use_dualstack_endpoint or False,
        sts_regional_endpoints=settings.sts_regional_endpoints or "regional",
    )


def _first(*sources: Callable[[], T | None]) -> T | None:
    """The first value that there is; the sources behind it are not asked."""
    return next((value for source in sources if (value := source()) is not None), None)


def _variable(environ: Mapping[str, str], name: str, parse: Callable[[str, str], T]) -> T | None:
    text = environ.get(name)
    return parse(text, name) if text else None


def _regions(settings: ProfileSettings, environ: Mapping[str, str]) -> tuple[str, ...]:
    # A region that an `exec` or `env` of another profile left there was not chosen by anybody.
    left_over = environ.get(hit.REGION)
    named = [(name, environ.get(name)) for name in ("AWS_REGION", "AWS_DEFAULT_REGION")]
    regions = [value_parsers.region(region, name) for name, region in named if region and region != left_over]
    return (*regions, settings.region) if settings.region else tuple(regions)


def _endpoint_url(settings: ProfileSettings, environ: Mapping[str, str]) -> str | None:
    """The URL of STS, if it is not the one that the region has.

    The order is the SDKs' own (SDKs and Tools Reference Guide, "Service-specific endpoints"): the service's variable,
    the global one, the profile's services section, its endpoint_url.
    """
    if _are_ignored(settings, environ):
        return None
    url = environ.get("AWS_ENDPOINT_URL_STS") or _global_url(environ) or _services_endpoint_url(settings)
    return value_parsers.endpoint_url(url) if url else settings.endpoint_url


def for_programs(settings: ProfileSettings, environ: Mapping[str, str]) -> str | None:
    """The `endpoint_url` that an SDK would use for every service with this profile; None where it would use none.

    Not one that is written for this helper alone: that is STS's. A bad one is none: a call may do without it. Raises
    ConfigurationError.
    """
    text = settings.raw.bare.get("endpoint_url")
    if not text or _global_url(environ) or _are_ignored(settings, environ):
        return None
    try:
        return value_parsers.endpoint_url(text)
    except ConfigurationError:
        return None


def _are_ignored(settings: ProfileSettings, environ: Mapping[str, str]) -> bool:
    return bool(
        _first(
            lambda: _variable(environ, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", value_parsers.is_true),
            lambda: settings.ignore_configured_endpoint_urls,
        )
    )


def _global_url(environ: Mapping[str, str]) -> str | None:
    """AWS_ENDPOINT_URL, unless an `exec` or `env` of another profile left it there."""
    url = environ.get("AWS_ENDPOINT_URL")
    return url if url and url != environ.get(hit.ENDPOINT_URL) else None


def _services_endpoint_url(settings: ProfileSettings) -> str | None:
    services = settings.services
    if services is None:
        return None
    section = settings.raw.config.services.get(services)
    if section is None:
        raise ConfigurationError(
            f"{settings.section} names services = {printable(services, 64)}, which is not there",
            f"add a section [services {printable(services, 64)}], or take the key out",
        )
    try:
        return parse_nested(section.get("sts", "")).get("endpoint_url")
    except ValueError:
        raise ConfigurationError(
            f"sts in [services {printable(services, 64)}] has a line without =", "write endpoint_url = https://..."
        ) from None
