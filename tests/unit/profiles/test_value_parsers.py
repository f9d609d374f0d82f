"""The text of a key: checked at its borders, and refused in words that name the key."""

import pytest

from assume_helper.errors import ConfigurationError
from assume_helper.profiles import value_parsers


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::123456789012:role/dev",
        "arn:aws-cn:iam::123456789012:role/dev",
        "arn:aws-us-gov:iam::123456789012:role/dev",
        "arn:aws-iso-b:iam::123456789012:role/dev",
        "arn:aws:iam::123456789012:role/a/path/dev",
        "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_A_0123",
        "arn:aws:iam::123456789012:role/D_e+v=1,2.3@4-5",
        "arn:aws:iam::123456789012:role/" + "x" * 64,
    ],
)
def test_a_role_s_arn_is_taken(arn: str) -> None:
    assert value_parsers.role_arn(arn, "role_arn of [dev]") == arn


@pytest.mark.parametrize(
    "arn",
    [
        "dev",
        "arn:aws:iam::12345678901:role/dev",
        "arn:aws:iam::1234567890123:role/dev",
        "arn:aws:iam::\uff11\uff12\uff13456789012:role/dev",
        "arn:aws:iam::aws:role/dev",
        "arn:aws:iam:us-east-1:123456789012:role/dev",
        "arn:aws:iam::123456789012:user/dev",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/a/",
        "arn:aws:iam::123456789012:role",
        "arn:aws:iam::123456789012:role/dev ",
        "arn:aws:iam::123456789012:role/d v",
        "arn:aws:iam::123456789012:role/a b/dev",
        "arn:aws:iam::123456789012:role/d\u00e9v",
        "arn:aws:iam::123456789012:role/d*",
        "arn:aws:iam::123456789012:role/" + "x" * 65,
        "arn:aws:sts::123456789012:assumed-role/dev/session",
        "arn:AWS:iam::123456789012:role/dev",
        "arn:azure:iam::123456789012:role/dev",
        '"arn:aws:iam::123456789012:role/dev"',
    ],
)
def test_what_is_no_role_s_arn_is_refused(arn: str) -> None:
    with pytest.raises(ConfigurationError, match=r"role_arn of \[dev\] is not the ARN of a role.*; it looks like arn:"):
        value_parsers.role_arn(arn, "role_arn of [dev]")


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(ConfigurationError) as caught:
        value_parsers.role_arn("x" * 100_000, "role_arn of [dev]")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("value", ["ab", "x" * 1224, "Az0_+=,.@:/-"])
def test_an_external_id_is_taken(value: str) -> None:
    assert value_parsers.external_id(value, "external_id of [dev]") == value


@pytest.mark.parametrize("value", ["a", "x" * 1225, "a b", "a;b", "\u00e9\u00e9", "\uff11\uff11", "a\\b", "a*"])
def test_what_sts_takes_as_no_external_id_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"external_id of \[dev\] is not one that STS takes; use 2 to 1224"):
        value_parsers.external_id(value, "external_id of [dev]")


@pytest.mark.parametrize("value", ["ab", "x" * 64, "Az0_+=,.@-"])
def test_a_role_session_name_is_taken(value: str) -> None:
    assert value_parsers.role_session_name(value, "role_session_name of [dev]") == value


@pytest.mark.parametrize("value", ["a", "x" * 65, "a b", "a/b", "a:b", "\u00e9\u00e9", "\uff11\uff11"])
def test_what_sts_takes_as_no_session_name_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"role_session_name of \[dev\] .*; use 2 to 64"):
        value_parsers.role_session_name(value, "role_session_name of [dev]")


@pytest.mark.parametrize(("value", "seconds"), [("900", 900), ("3600", 3600), ("43200", 43_200), ("000900", 900)])
def test_a_duration_is_taken_in_whole_seconds(value: str, seconds: int) -> None:
    assert value_parsers.session_seconds(value, "duration_seconds of [dev]") == seconds


@pytest.mark.parametrize(
    "value",
    ["899", "43201", "0", "-900", "+900", "soon", "1e3", "900.0", "9_00", "1h", "\uff19\uff10\uff10", "9" * 5000],
)
def test_a_duration_that_sts_does_not_take_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"duration_seconds of \[dev\] is .*; use whole seconds from 900"):
        value_parsers.session_seconds(value, "duration_seconds of [dev]")


@pytest.mark.parametrize(("value", "stored"), [("file", "file"), ("Memory", "memory"), ("NONE", "none")])
def test_the_storage_is_known_in_any_case(value: str, stored: str) -> None:
    assert value_parsers.storage(value, "key") == stored


def test_any_other_storage_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="key is disk; use file, encrypted, memory or none"):
        value_parsers.storage("disk", "key")


@pytest.mark.parametrize(("value", "parts"), [("a, b", ("a", "b")), (" a ,,", ("a",)), (",", ())])
def test_parts_with_commas_lose_blanks_and_empty_ones(value: str, parts: tuple[str, ...]) -> None:
    assert value_parsers.comma_separated(value) == parts


@pytest.mark.parametrize("value", ["yes", "1", ""])
def test_a_switch_is_true_or_false(value: str) -> None:
    assert (value_parsers.switch("True", "key"), value_parsers.switch("false", "key")) == (True, False)
    with pytest.raises(ConfigurationError, match="use true or false"):
        value_parsers.switch(value, "key")
