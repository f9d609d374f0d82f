"""Which STS is called: the environment wins over the profile, and that over the role behind it."""

from collections.abc import Callable, Mapping

import pytest

from assume_helper.errors import ConfigurationError
from assume_helper.profiles import endpoint as endpoint_settings
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.endpoint import EndpointSettings, NamedRegion
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import Profile
from assume_helper.profiles.settings import ProfileSettings

Read = Callable[..., Profile]

NOTHING = EndpointSettings()


def settings(
    profile: Mapping[str, str],
    environ: Mapping[str, str] | None = None,
    services: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[ProfileSettings, Mapping[str, str]]:
    """The settings of a profile `dev` that holds `profile`, and the environment."""
    config = AwsConfig("/config", "/credentials", {"dev": profile}, {"dev": profile}, {}, services or {})
    return ProfileSettings(merge(config, "dev")), environ or {}


def endpoint(
    profile: Mapping[str, str],
    environ: Mapping[str, str] | None = None,
    services: Mapping[str, Mapping[str, str]] | None = None,
) -> str | None:
    return endpoint_settings.from_settings(*settings(profile, environ, services), NOTHING).endpoint_url


@pytest.mark.parametrize(
    ("environ", "profile", "region"),
    [
        ({"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}, {"region": "c"}, "a"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "b"}, {"region": "c"}, "b"),
        ({"AWS_DEFAULT_REGION": "b"}, {"region": "c"}, "b"),
        ({}, {"region": "c"}, "c"),
        ({}, {"region": "c", "assume_helper_region": "d"}, "d"),
        ({}, {}, "inherited"),
    ],
)
def test_the_region_is_the_environment_s_then_the_profile_s_then_the_inherited(
    environ: dict[str, str], profile: dict[str, str], region: str
) -> None:
    behind = EndpointSettings((NamedRegion("inherited", "region of [hub]"),))
    found = endpoint_settings.from_settings(*settings(profile, environ), behind)
    assert (found.regions + found.inherited_regions)[0].text == region


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "local", "x" * 63, "a"])
def test_a_region_that_can_be_one_is_taken(region: str) -> None:
    found = endpoint_settings.from_settings(*settings({"region": region}), NOTHING)
    assert endpoint_settings.resolve(found, None).region == region


@pytest.mark.parametrize("region", ["-a", "a-", "a.b", "a/b", "a b", "x" * 64, "\u00e9", "a@b", "#"])
def test_a_region_that_cannot_be_a_part_of_a_host_s_name_is_refused(region: str) -> None:
    found = endpoint_settings.from_settings(*settings({"region": region}), NOTHING)
    with pytest.raises(
        ConfigurationError, match=r"region of \[dev\]: the region .* is not valid; use a name like eu-central-1"
    ):
        endpoint_settings.resolve(found, None)


def test_the_environment_s_region_is_checked_and_its_control_characters_escaped() -> None:
    found = endpoint_settings.from_settings(*settings({}, {"AWS_REGION": "a\x1b[31m\u202e"}), NOTHING)
    with pytest.raises(ConfigurationError) as caught:
        endpoint_settings.resolve(found, None)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("environ", "profile", "bundle"),
    [
        ({"AWS_CA_BUNDLE": "/a"}, {"ca_bundle": "/b"}, "/a"),
        ({}, {"ca_bundle": "/b"}, "/b"),
        ({}, {}, "/inherited"),
    ],
)
def test_the_ca_bundle_is_the_environment_s_then_the_profile_s_then_the_inherited(
    environ: dict[str, str], profile: dict[str, str], bundle: str
) -> None:
    assert (
        endpoint_settings.from_settings(*settings(profile, environ), EndpointSettings(ca_bundle="/inherited")).ca_bundle
        == bundle
    )


SERVICES = {"s": {"sts": "\nendpoint_url = https://services", "s3": "\nendpoint_url = https://s3"}}


@pytest.mark.parametrize(
    ("environ", "profile", "url"),
    [
        (
            {"AWS_ENDPOINT_URL_STS": "https://variable-sts", "AWS_ENDPOINT_URL": "https://variable"},
            {"services": "s", "endpoint_url": "https://profile"},
            "https://variable-sts",
        ),
        (
            {"AWS_ENDPOINT_URL_STS": "", "AWS_ENDPOINT_URL": "https://variable"},
            {"services": "s", "endpoint_url": "https://profile"},
            "https://variable",
        ),
        ({}, {"services": "s", "endpoint_url": "https://profile"}, "https://services"),
        ({}, {"endpoint_url": "https://profile"}, "https://profile"),
        ({}, {"endpoint_url": "https://profile", "assume_helper_endpoint_url": "https://ours"}, "https://ours"),
        ({}, {}, "https://inherited"),
    ],
)
def test_the_endpoint_is_the_service_s_variable_the_global_one_the_services_section_s_the_profile_s(
    environ: dict[str, str], profile: dict[str, str], url: str
) -> None:
    inherited = EndpointSettings(endpoint_url="https://inherited")
    assert endpoint_settings.from_settings(*settings(profile, environ, SERVICES), inherited).endpoint_url == url


def test_a_services_section_without_sts_leaves_the_profile_s_endpoint() -> None:
    services = {"s": {"s3": "\nendpoint_url = https://s3"}}
    assert endpoint({"services": "s", "endpoint_url": "https://profile"}, services=services) == "https://profile"


@pytest.mark.parametrize("value", ["true", "True", "TRUE"])
def test_configured_endpoints_can_be_ignored_by_the_environment(value: str) -> None:
    environ = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": value, "AWS_ENDPOINT_URL": "https://variable"}
    assert endpoint({"endpoint_url": "https://profile"}, environ) is None


def test_configured_endpoints_can_be_ignored_by_the_profile() -> None:
    profile = {"ignore_configured_endpoint_urls": "true", "endpoint_url": "https://profile"}
    assert endpoint(profile, {"AWS_ENDPOINT_URL_STS": "https://variable"}) is None


@pytest.mark.parametrize("value", ["false", "", "1"])
def test_nothing_but_true_ignores_configured_endpoints(value: str) -> None:
    environ = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": value}
    assert endpoint({"endpoint_url": "https://profile"}, environ) == "https://profile"


def test_the_environment_s_false_wins_over_the_profile_s_true() -> None:
    profile = {"ignore_configured_endpoint_urls": "true", "endpoint_url": "https://profile"}
    assert endpoint(profile, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}) == "https://profile"


def test_a_services_section_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"names services = s.* add a section \[services s\]"):
        endpoint({"services": "s"})


def test_a_services_section_s_line_without_an_equals_sign_is_named_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError, match=r"sts in \[services s\] has a line without =") as caught:
        endpoint({"services": "s"}, services={"s": {"sts": "\nCanarySecret"}})
    assert "CanarySecret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://sts.eu-central-1.amazonaws.com", "http://127.0.0.1:5000", "http://[::1]:80/a"]
)
def test_an_endpoint_url_is_taken(url: str) -> None:
    assert endpoint({"endpoint_url": url}) == url


@pytest.mark.parametrize(
    "url",
    [
        "sts.amazonaws.com",
        "localhost:5000",
        "ftp://localhost",
        "https://",
        "https:///path",
        "http://:5000",
        "http://localhost:0",
        "http://localhost:65536",
        "http://localhost:port",
        "http://[::1",
        "http://a b",
    ],
)
def test_an_endpoint_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"the endpoint URL .* is not valid; it looks like https://"):
        endpoint({"endpoint_url": url})


@pytest.mark.parametrize("url", ["https://me:CanaryPassword@host", "https://me:Canary@Password@host", "me:Canary@host"])
@pytest.mark.parametrize("source", ["variable", "profile", "services"])
def test_an_endpoint_url_with_a_password_is_refused_without_it(url: str, source: str) -> None:
    profile = {"variable": {}, "profile": {"endpoint_url": url}, "services": {"services": "s"}}[source]
    environ = {"AWS_ENDPOINT_URL": url} if source == "variable" else {}
    with pytest.raises(ConfigurationError, match="the endpoint URL is not valid") as caught:
        endpoint(profile, environ, services={"s": {"sts": f"\nendpoint_url = {url}"}})
    assert "Canary" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://a\x1b[31m", "https://a\u202eb", "https://a/\u2028", "https://a\x85"])
def test_an_endpoint_url_with_control_characters_is_refused_and_they_are_escaped(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        endpoint({}, {"AWS_ENDPOINT_URL_STS": url})
    assert str(caught.value).isprintable()


# Along the chain.

SOURCE = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = here\n"
HERE = "[profile here]\nrole_arn = ROLE/hub\nsource_profile = base\n"
CHAIN = (
    "[profile hub]\nrole_arn = ROLE/hub\nsource_profile = base\n{}"
    "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = hub\n{}"
)
THEIRS = "region = eu-west-1\nendpoint_url = https://first\nca_bundle = /first\n"
OWN = "region = eu-west-2\nendpoint_url = https://own\nca_bundle = /own\n"


def link(profile: Profile) -> Profile:
    assert isinstance(profile.source, Profile)
    return profile.source


def test_a_region_of_the_role_behind_it_does_not_make_a_link_another_session(read: Read) -> None:
    one, other = (link(read(SOURCE + line + HERE)) for line in ("", "region = eu-west-1\n"))
    assert (one.endpoint.region, other.endpoint.region) == ("us-east-1", "eu-west-1")
    assert one.session_inputs() == other.session_inputs()


def endpoint_of(profile: Profile) -> tuple[str, str | None, str | None]:
    return profile.endpoint.region, profile.endpoint.endpoint_url, profile.endpoint.ca_bundle


def test_a_source_inherits_the_endpoint_of_the_role_behind_it(read: Read) -> None:
    assert endpoint_of(link(read(CHAIN.format("", THEIRS)))) == ("eu-west-1", "https://first", "/first")


def test_a_source_s_own_endpoint_wins(read: Read) -> None:
    profile = read(CHAIN.format(OWN, THEIRS))
    assert endpoint_of(link(profile)) == ("eu-west-2", "https://own", "/own")
    assert endpoint_of(profile) == ("eu-west-1", "https://first", "/first")


def test_a_role_does_not_get_its_source_s_endpoint(read: Read) -> None:
    assert endpoint_of(read(CHAIN.format(OWN, ""))) == ("us-east-1", None, None)


def test_the_environment_s_endpoint_is_everyone_s(read: Read) -> None:
    environ = {"AWS_REGION": "eu-west-3", "AWS_ENDPOINT_URL": "https://env", "AWS_CA_BUNDLE": "/env"}
    profile = read(CHAIN.format(OWN, THEIRS), environ=environ)
    assert endpoint_of(profile) == endpoint_of(link(profile)) == ("eu-west-3", "https://env", "/env")


@pytest.mark.parametrize(
    ("partition", "region"),
    [
        ("aws", "us-east-1"),
        ("aws-cn", "cn-north-1"),
        ("aws-us-gov", "us-gov-west-1"),
    ],
)
def test_without_a_region_it_is_a_first_one_of_the_role_s_partition(read: Read, partition: str, region: str) -> None:
    profile = read(f"[profile dev]\nrole_arn = arn:{partition}:iam::123456789012:role/dev\nsource_profile = base\n")
    assert (profile.partition, profile.endpoint.region) == (partition, region)


@pytest.mark.parametrize(
    ("partition", "named", "region"),
    [
        ("aws-cn", "eu-central-1", "cn-north-1"),
        ("aws-us-gov", "us-east-1", "us-gov-west-1"),
        ("aws-us-gov", "us-gov-east-1", "us-gov-east-1"),
        ("aws", "us-gov-east-1", "us-east-1"),
        ("aws", "us-isob-east-1", "us-east-1"),
        ("aws-cn", "local", "local"),
    ],
)
def test_a_region_of_another_partition_is_not_where_the_role_is_assumed(
    read: Read, partition: str, named: str, region: str
) -> None:
    text = f"[profile dev]\nrole_arn = arn:{partition}:iam::123456789012:role/dev\nsource_profile = base\n"
    assert read(text, environ={"AWS_REGION": named}).endpoint.region == region
    assert read(text + f"region = {named}\n").endpoint.region == region


def test_the_profile_s_region_is_next_where_the_environment_s_is_of_another_partition(read: Read) -> None:
    text = "[profile dev]\nrole_arn = arn:aws-cn:iam::123456789012:role/dev\nsource_profile = base\n"
    profile = read(text + "region = cn-northwest-1\n", environ={"AWS_REGION": "eu-central-1"})
    assert profile.endpoint.region == "cn-northwest-1"


def test_with_an_endpoint_of_its_own_the_region_only_signs_and_stays(read: Read) -> None:
    text = "[profile dev]\nrole_arn = arn:aws-cn:iam::123456789012:role/dev\nsource_profile = base\n"
    profile = read(text + "endpoint_url = http://127.0.0.1:1\n", environ={"AWS_REGION": "eu-central-1"})
    assert profile.endpoint.region == "eu-central-1"


def test_sts_is_called_in_the_region_unless_legacy_is_asked_for(read: Read) -> None:
    text = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\n"
    assert read(text).endpoint.sts_regional_endpoints == "regional"
    assert read(text + "sts_regional_endpoints = Legacy\n").endpoint.sts_regional_endpoints == "legacy"
    old = {"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}
    assert read(text + "sts_regional_endpoints = regional\n", environ=old).endpoint.sts_regional_endpoints == "legacy"
    with pytest.raises(ConfigurationError, match=r"sts_regional_endpoints of \[dev\] is global; use regional or"):
        read(text + "sts_regional_endpoints = global\n")


def test_without_a_role_every_region_will_do_and_there_is_a_first_one() -> None:
    regions = (NamedRegion("cn-north-1", "AWS_REGION"), NamedRegion("us-east-1", "region of [dev]"))
    assert endpoint_settings.resolve(EndpointSettings(regions), None).region == "cn-north-1"
    assert endpoint_settings.resolve(NOTHING, None).region == "us-east-1"


def test_a_bad_value_of_the_environment_is_named_by_its_variable() -> None:
    for variable in ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"):
        with pytest.raises(ConfigurationError, match=f"{variable} is maybe; use true or false"):
            endpoint_settings.from_settings(*settings({}, {variable: "maybe"}), NOTHING)
