"""Which STS is called: in which region, at which URL, with which certificates, as a profile and the environment say."""

import os
from collections.abc import Callable, Mapping

from assume_helper import hit
from assume_helper.errors import ConfigurationError
from assume_helper.light import TypeVar, dataclass, field, replace
from assume_helper.profiles import likely_meant, partitions, value_parsers
from assume_helper.profiles.aws_config import parse_nested
from assume_helper.profiles.role import Endpoint
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.profiles.value_parsers import of_variable
from assume_helper.text import printable

T = TypeVar("T")


@dataclass(frozen=True)
class NamedRegion:
    """A region as it is written, and the variable or key that has it."""

    text: str
    named: str

    def checked(self) -> str:
        """The region. Raises ConfigurationError where it cannot be one."""
        return value_parsers.region(self.text, self.named)


@dataclass(frozen=True)
class EndpointSettings:
    """What is said of STS, None where nothing is.

    `regions` are the profile's, the one with the highest precedence first; `inherited_regions` those of the roles that
    have this one as their source. One that is not used is not checked.
    """

    regions: tuple["NamedRegion", ...] = ()
    inherited_regions: tuple["NamedRegion", ...] = ()
    endpoint_url: str | None = None
    ca_bundle: str | None = None
    use_fips_endpoint: bool | None = None
    use_dualstack_endpoint: bool | None = None
    sts_regional_endpoints: str | None = None
    ca_bundle_named: str = field(default="", compare=False)


def from_settings(
    settings: ProfileSettings, environ: Mapping[str, str], inherited: EndpointSettings
) -> EndpointSettings:
    """What the environment says, else the profile, else the role that has this one as its source (`inherited`).

    Raises ConfigurationError.
    """
    return EndpointSettings(
        _regions(settings, environ),
        inherited.regions + inherited.inherited_regions,
        service_url(settings, environ, "sts") or inherited.endpoint_url,
        ca_bundle(environ, settings.ca_bundle or inherited.ca_bundle),
        _first(
            lambda: of_variable(environ, "AWS_USE_FIPS_ENDPOINT", value_parsers.switch),
            lambda: settings.use_fips_endpoint,
            lambda: inherited.use_fips_endpoint,
        ),
        _first(
            lambda: of_variable(environ, "AWS_USE_DUALSTACK_ENDPOINT", value_parsers.switch),
            lambda: settings.use_dualstack_endpoint,
            lambda: inherited.use_dualstack_endpoint,
        ),
        _first(
            lambda: of_variable(environ, "AWS_STS_REGIONAL_ENDPOINTS", value_parsers.sts_regional_endpoints),
            lambda: settings.sts_regional_endpoints,
            lambda: inherited.sts_regional_endpoints,
        ),
        ca_bundle_named(
            environ, settings.raw.named("ca_bundle") if settings.ca_bundle else inherited.ca_bundle_named or None
        ),
    )


def of_environment(environ: Mapping[str, str], inherited: EndpointSettings) -> EndpointSettings:
    """What the environment says, else the role that has the environment's own role as its source (`inherited`)."""
    regions = inherited.regions + inherited.inherited_regions
    return replace(inherited, regions=_regions_of_environment(environ), inherited_regions=regions)


def ca_bundle(environ: Mapping[str, str], configured: str | None = None) -> str | None:
    """The CA bundle's path, in botocore's order: AWS_CA_BUNDLE, what is `configured`, REQUESTS_CA_BUNDLE.

    `~` is the home.
    """
    path = environ.get("AWS_CA_BUNDLE") or configured or environ.get("REQUESTS_CA_BUNDLE")
    return os.path.expanduser(path) if path else None


def ca_bundle_named(environ: Mapping[str, str], configured: str | None = None) -> str:
    """What names the CA bundle: a variable, or the key that is `configured`, as a message names it; "" for none."""
    if environ.get("AWS_CA_BUNDLE"):
        return "AWS_CA_BUNDLE"
    return configured or ("REQUESTS_CA_BUNDLE" if environ.get("REQUESTS_CA_BUNDLE") else "")


def resolve(settings: EndpointSettings, partition: str | None) -> Endpoint:
    """The STS that is called for a role of `partition`; None is for no role: then every region will do.

    A region of another partition cannot be where the role is assumed: it stands in the environment, or in the profile
    of a role that has this one as its source, for other work. Raises ConfigurationError where the region cannot be one.
    """

    def chosen(regions: tuple[NamedRegion, ...]) -> str | None:
        any_region = settings.endpoint_url or partition is None
        fits = (r for r in regions if any_region or partitions.of_region(r.text) in {None, partition})
        return next((region.checked() for region in fits), None)

    own = chosen(settings.regions)
    return Endpoint(
        region=own or chosen(settings.inherited_regions) or partitions.first_region(partition or "aws"),
        region_is_own=own is not None,
        endpoint_url=settings.endpoint_url,
        ca_bundle=settings.ca_bundle,
        use_fips_endpoint=settings.use_fips_endpoint or False,
        use_dualstack_endpoint=settings.use_dualstack_endpoint or False,
        sts_regional_endpoints=settings.sts_regional_endpoints or "regional",
        ca_bundle_named=settings.ca_bundle_named,
    )


def _first(*sources: Callable[[], T | None]) -> T | None:
    """The first value that there is; the sources behind it are not asked."""
    return next((value for source in sources if (value := source()) is not None), None)


def region_of_programs(settings: ProfileSettings, environ: Mapping[str, str]) -> str | None:
    """The profile's region, for programs that use it; None where it has none, or the environment says another."""
    return None if _regions_of_environment(environ) else settings.region


def _regions(settings: ProfileSettings, environ: Mapping[str, str]) -> tuple[NamedRegion, ...]:
    regions = _regions_of_environment(environ)
    own = settings.raw.text("region")
    return (*regions, NamedRegion(own, settings.raw.named("region"))) if own else regions


def _regions_of_environment(environ: Mapping[str, str]) -> tuple[NamedRegion, ...]:
    # A region that an `exec` or `env` of another profile left there was not chosen by anybody.
    left_over = environ.get(hit.REGION)
    named = [(name, environ.get(name)) for name in ("AWS_REGION", "AWS_DEFAULT_REGION")]
    return tuple(NamedRegion(region, name) for name, region in named if region and region != left_over)


def service_url(settings: ProfileSettings, environ: Mapping[str, str], service: str) -> str | None:
    """The URL of a service (`sts`, `sso`, `sso-oidc`, `signin`), if it is not the one that the region has.

    The order is the SDKs' own (SDKs and Tools Reference Guide, "Service-specific endpoints"): the service's variable,
    the global one, the profile's services section, its endpoint_url. One that is written for this helper alone is
    STS's. Raises ConfigurationError.
    """
    if _are_ignored(settings, environ):
        return None
    name = service.replace("-", "_")
    return (
        of_variable(environ, f"AWS_ENDPOINT_URL_{name.upper()}", value_parsers.endpoint_url)
        or _global_url(environ)
        or _services_endpoint_url(settings, name)
        or (settings.endpoint_url if service == "sts" or not settings.has_prefixed("endpoint_url") else None)
    )


def for_programs(settings: ProfileSettings, environ: Mapping[str, str]) -> str | None:
    """The `endpoint_url` that an SDK would use for every service with this profile; None where it would use none.

    Not one that is written for this helper alone: that is STS's. A bad one is none: a call may do without it. Raises
    ConfigurationError.
    """
    text = settings.raw.bare.get("endpoint_url")
    if not text or environ.get("AWS_ENDPOINT_URL", "") not in {"", environ.get(hit.ENDPOINT_URL)}:
        return None
    if _are_ignored(settings, environ):
        return None
    try:
        return value_parsers.endpoint_url(text, settings.raw.named("endpoint_url"))
    except ConfigurationError:
        return None


def _are_ignored(settings: ProfileSettings, environ: Mapping[str, str]) -> bool:
    return bool(
        _first(
            lambda: of_variable(environ, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", value_parsers.is_true),
            lambda: settings.ignore_configured_endpoint_urls,
        )
    )


def _global_url(environ: Mapping[str, str]) -> str | None:
    """AWS_ENDPOINT_URL, unless an `exec` or `env` of another profile left it there."""
    if environ.get("AWS_ENDPOINT_URL") == environ.get(hit.ENDPOINT_URL):
        return None
    return of_variable(environ, "AWS_ENDPOINT_URL", value_parsers.endpoint_url)


def _services_endpoint_url(settings: ProfileSettings, name: str) -> str | None:
    services = settings.services
    if services is None:
        return None
    section = settings.raw.config.services.get(services)
    if section is None:
        raise likely_meant.missing(
            settings.raw.config,
            f"{settings.section} names services = {printable(services, 64)}, which is not there",
            services,
            f"add a section [services {printable(services, 64)}], or take the key out",
            "services",
        )
    if section.get(name) == "" and "endpoint_url" in section:
        raise ConfigurationError(
            f"endpoint_url below {name} in [services {printable(services, 64)}] is not indented, "
            "so that nothing reads it",
            "put two blanks before that endpoint_url",
        )
    try:
        url = parse_nested(section.get(name, "")).get("endpoint_url")
        section_name = f"[services {printable(services, 64)}]"
        return value_parsers.parsed(value_parsers.endpoint_url, url, section_name) if url else None
    except ValueError:
        raise ConfigurationError(
            f"{name} in [services {printable(services, 64)}] has a line without =", "write endpoint_url = https://..."
        ) from None
