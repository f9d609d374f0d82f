"""The keys of one profile: the prefix, and which values are taken.

Keys have the AWS CLI's own names and meaning; any of them may be written with the prefix `assume_helper_`, which SDKs
ignore and which wins over the bare key. Control characters are refused here, once: botocore accepts and echoes them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from assume_helper import session_name
from assume_helper.aws_config import AwsConfig, nested
from assume_helper.credentials import LONGEST_SESSION, SHORTEST_SESSION
from assume_helper.errors import CONTROL, ConfigurationError, drawn, shown

PREFIX = "assume_helper_"
_NOT_INCLUDED = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "credential_process")
# IAM: a role's ARN (User Guide, "IAM identifiers"); the path is optional.
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/([\x21-\x7e]+/)?[\w+=,.@-]{1,64}", re.ASCII)
# STS: RoleSessionName and ExternalId (API reference of AssumeRole).
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
# A region becomes a part of a host's name.
_REGION = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")


@dataclass(frozen=True)
class Keys:
    """One profile of the config, named, with the environment and the call's options that may override it."""

    config: AwsConfig
    environ: Mapping[str, str] = field(repr=False)
    name: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def section(self) -> str:
        """The profile as a message names it."""
        return f"[{shown(self.name, 64)}]"

    def value(self, key: str, *, many_lines: bool = False) -> str | None:
        """The value of `key`; None where it is not there or empty.

        The call's option comes first, then the profile's prefixed key, its bare one, and those of the profiles that it
        includes.
        """
        found = self.options.get(key)
        for profile in () if found else self._profiles(key):
            found = profile.get(PREFIX + key) or profile.get(key)
            if found:
                break
        if found and CONTROL.search(found.replace("\n", "").replace("\t", "") if many_lines else found):
            raise ConfigurationError(
                f"{key} of {self.section} holds a control character", "write it on one line, in plain text"
            )
        return found or None

    def has_prefixed(self, key: str) -> bool:
        """Whether `key` is written for this helper alone."""
        return any(profile.get(PREFIX + key) for profile in self._profiles(key))

    def _profiles(self, key: str) -> Iterator[Mapping[str, str]]:
        """The profile, then what it includes (`include_profile`, as in aws-vault), each in its turn.

        Credentials are not included: who names a profile for its settings does not ask to become someone else.
        """
        passed: list[str] = []
        name: str | None = self.name
        while name is not None:
            if name in passed:
                loop = drawn((*passed[passed.index(name) :], name))
                raise ConfigurationError(f"include_profile forms a loop: {loop}", "take one of them out")
            if name not in self.config.profiles:
                raise ConfigurationError(
                    f"[{shown(passed[-1], 64)}] includes profile {shown(name, 64)}, which is not there",
                    "correct include_profile, or add that profile",
                )
            profile = self.config.profiles[name]
            yield profile
            passed.append(name)
            included = key not in _NOT_INCLUDED
            name = (profile.get(PREFIX + "include_profile") or profile.get("include_profile")) if included else None


@dataclass(frozen=True)
class Way:
    """The way to STS: `region`, and where they are given, its endpoint's URL or kind, and a CA bundle's path."""

    region: str | None = None
    endpoint_url: str | None = None
    ca_bundle: str | None = None
    use_fips_endpoint: bool | None = None
    use_dualstack_endpoint: bool | None = None


def role_arn(keys: Keys) -> str:
    """`role_arn`, checked. Raises ConfigurationError."""
    value = keys.value("role_arn")
    if value is None:
        raise ConfigurationError(
            f"profile {shown(keys.name, 64)} has no role_arn",
            f"add role_arn (or {PREFIX}role_arn) and source_profile to it in {shown(keys.config.config_path)}",
        )
    if not _ROLE_ARN.fullmatch(value):
        raise ConfigurationError(
            f"role_arn of {keys.section} is not the ARN of a role: {shown(value, 120)}",
            "it looks like arn:aws:iam::123456789012:role/NAME",
        )
    return value


def external_id(keys: Keys) -> str | None:
    """`external_id`, checked. Raises ConfigurationError."""
    return _matching(keys, "external_id", _EXTERNAL_ID, "2 to 1224 letters, digits and _+=,.@:/-")


def role_session_name(keys: Keys) -> str | None:
    """`role_session_name`, with `{user}`, `{host}` and `{profile}` filled in, checked. Raises ConfigurationError."""
    value = keys.value("role_session_name")
    name = session_name.filled_in(value, keys.name) if value is not None else None
    form = "2 to 64 letters, digits and _+=,.@-, and {user}, {host} or {profile}"
    return _checked(keys, "role_session_name", name, _SESSION_NAME, form)


def _matching(keys: Keys, key: str, pattern: re.Pattern[str], form: str) -> str | None:
    return _checked(keys, key, keys.value(key), pattern, form)


def _checked(keys: Keys, key: str, value: str | None, pattern: re.Pattern[str], form: str) -> str | None:
    if value is not None and not pattern.fullmatch(value):
        raise ConfigurationError(f"{key} of {keys.section} is not one that STS takes", f"use {form}")
    return value


def duration_seconds(keys: Keys) -> int | None:
    """`duration_seconds`, checked. Raises ConfigurationError."""
    value = keys.value("duration_seconds")
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", value) or not SHORTEST_SESSION <= int(value) <= LONGEST_SESSION:
        raise ConfigurationError(
            f"duration_seconds of {keys.section} is {shown(value, 40)}",
            f"use whole seconds from {SHORTEST_SESSION} to {LONGEST_SESSION}",
        )
    return int(value)


def way(keys: Keys, inherited: Way) -> Way:
    """The profile's own way to STS; what neither it nor the environment says is `inherited` from the profile that
    asked. Raises ConfigurationError.
    """
    environ = keys.environ
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or keys.value("region")
    if region and not _REGION.fullmatch(region):
        raise ConfigurationError(f"the region {shown(region, 64)} cannot be one", "use a name like eu-central-1")
    return Way(
        region or inherited.region,
        _endpoint_url(keys) or inherited.endpoint_url,
        environ.get("AWS_CA_BUNDLE") or keys.value("ca_bundle") or inherited.ca_bundle,
        _switch(keys, "use_fips_endpoint", inherited.use_fips_endpoint),
        _switch(keys, "use_dualstack_endpoint", inherited.use_dualstack_endpoint),
    )


def _switch(keys: Keys, key: str, inherited: bool | None) -> bool | None:  # noqa: FBT001
    """`true` or `false`, from the key's variable (`AWS_USE_FIPS_ENDPOINT`, ...) or the key."""
    value = keys.environ.get("AWS_" + key.upper()) or keys.value(key)
    if value is None:
        return inherited
    if value.lower() not in {"true", "false"}:
        raise ConfigurationError(f"{key} of {keys.section} is {shown(value, 40)}", "use true or false")
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
    if not good or CONTROL.search(url) or " " in url or "@" in url:
        # one with an @ may hold a password
        named = "the endpoint URL" if "@" in url else f"the endpoint URL {shown(url, 120)}"
        raise ConfigurationError(f"{named} cannot be one", "it looks like https://sts.eu-central-1.amazonaws.com")
    return url


def _services_endpoint_url(keys: Keys) -> str | None:
    services = keys.value("services")
    if services is None:
        return None
    section = keys.config.services.get(services)
    if section is None:
        raise ConfigurationError(
            f"{keys.section} names services = {shown(services, 64)}, which is not there",
            f"add a section [services {shown(services, 64)}], or take the key out",
        )
    try:
        return nested(section.get("sts", "")).get("endpoint_url")
    except ValueError:
        raise ConfigurationError(
            f"sts in [services {shown(services, 64)}] has a line without =", "write endpoint_url = https://..."
        ) from None
