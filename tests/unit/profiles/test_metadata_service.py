"""The settings of the instance metadata service: what each may be."""

from collections.abc import Callable

import pytest

from assume_helper.errors import ConfigurationError
from assume_helper.profiles import metadata_service


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (metadata_service.endpoint_url, "http://[fd00:ec2::254]", "http://[fd00:ec2::254]"),
        (metadata_service.endpoint_mode, "IPv6", "ipv6"),
        (metadata_service.timeout, "0.5", 0.5),
        (metadata_service.attempts, "3", 3),
    ],
)
def test_a_setting_is_read(read: Callable[[str, str], object], value: str, expected: object) -> None:
    assert read(value, "a setting") == expected


@pytest.mark.parametrize(
    ("read", "value", "said"),
    [
        (metadata_service.endpoint_url, "169.254.169.254", "a setting is not a URL; it looks like http"),
        (metadata_service.endpoint_mode, "ipv5", "a setting is ipv5; use IPv4 or IPv6"),
        (metadata_service.timeout, "0", "a setting is 0; use seconds, more than 0"),
        (metadata_service.timeout, "1e3", "a setting is 1e3; use seconds"),
        (metadata_service.attempts, "0", "a setting is 0; use a number from 1"),
        (metadata_service.attempts, "many", "a setting is many; use a number from 1"),
    ],
)
def test_what_it_may_not_be_is_said_with_what_it_may(read: Callable[[str, str], object], value: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read(value, "a setting")
