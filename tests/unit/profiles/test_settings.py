"""Every key of a profile as a typed value, checked when it is used."""

import pytest

from assume_helper.errors import ConfigurationError
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.settings import KEYS, STORAGE_KEY, ProfileSettings

SECRET = "CanarySecret0123456789"


def settings(**values: str) -> ProfileSettings:
    """The settings of a profile `dev` that holds `values`."""
    return ProfileSettings(merge(AwsConfig("/config", "/credentials", {"dev": values}, {"dev": values}, {}, {}), "dev"))


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("duration_seconds", "900", 900),
        ("mfa_session_duration_seconds", "129600", 129_600),
        ("use_fips_endpoint", "True", True),
        ("use_dualstack_endpoint", "false", False),
        ("ignore_configured_endpoint_urls", "nonsense", False),
        ("sts_regional_endpoints", "Legacy", "legacy"),
        ("session_tags", "a=1,b=", (("a", "1"), ("b", ""))),
        ("transitive_session_tags", "a,b", ("a", "b")),
        ("policy_arns", "arn:aws:iam::aws:policy/X", ("arn:aws:iam::aws:policy/X",)),
        ("role_session_name", "{profile}-x", "dev-x"),
        ("source_profile", "base", "base"),
    ],
)
def test_a_key_is_its_typed_value_bare_and_with_the_prefix(key: str, text: str, value: object) -> None:
    for prefix in ("", "assume_helper_"):
        assert getattr(settings(**{prefix + key: text}), key) == value


@pytest.mark.parametrize("key", sorted(KEYS))
def test_what_the_profile_does_not_say_is_none(key: str) -> None:
    assert getattr(settings(), key) is None


@pytest.mark.parametrize(
    "key",
    ["role_arn", "external_id", "duration_seconds", "mfa_serial", "region", "endpoint_url", "session_tags"],
)
def test_a_bad_value_is_an_error_each_time_its_key_is_used_and_never_else(key: str) -> None:
    found = settings(**{key: "<", "source_profile": "base"})
    assert (found.source_profile, found.has(key)) == ("base", True)
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            getattr(found, key)


def test_a_value_is_parsed_once() -> None:
    found = settings(session_tags="a=1")
    assert found.session_tags is found.session_tags


def test_how_sessions_are_stored_is_said_with_the_prefix_alone() -> None:
    assert settings(cache="memory").storage is None
    assert settings(assume_helper_cache="Memory").storage == "memory"
    with pytest.raises(ConfigurationError, match=r"assume_helper_cache of \[dev\] is disk; use file, encrypted"):
        settings(**{STORAGE_KEY: "disk"}).storage  # noqa: B018 - the property raises


def test_whether_a_key_is_there_bare_or_with_the_prefix() -> None:
    found = settings(role_arn="x", assume_helper_source_profile="y")
    assert [found.has(key) for key in ("role_arn", "source_profile", "region")] == [True, True, False]
    assert [found.has_prefixed(key) for key in ("role_arn", "source_profile", "region")] == [False, True, False]


def test_no_secret_is_in_the_representation_used_or_not() -> None:
    found = settings(aws_secret_access_key=SECRET, mfa_process=f"show {SECRET}")
    assert found.aws_secret_access_key == SECRET
    assert SECRET not in repr(found)
