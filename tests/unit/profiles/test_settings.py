"""The keys of one profile: the prefix wins, each value is checked at its borders, nothing odd gets further."""

from collections.abc import Callable, Mapping

import pytest

from assume_helper.errors import ConfigurationError
from assume_helper.profiles import settings as of
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.settings import Keys


def keys(profile: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Keys:
    """The keys of a profile `dev` that holds `profile`."""
    return Keys(AwsConfig("/config", "/credentials", {"dev": profile}, {"dev": profile}, {}, {}), environ or {}, "dev")


def test_a_key_has_its_value() -> None:
    assert keys({"region": "a"}).value("region") == "a"


def test_a_key_that_is_not_there_has_none() -> None:
    assert keys({}).value("region") is None


def test_the_prefixed_key_wins() -> None:
    assert keys({"region": "a", "assume_helper_region": "b"}).value("region") == "b"


@pytest.mark.parametrize("profile", [{"region": ""}, {"assume_helper_region": ""}])
def test_an_empty_value_is_none(profile: dict[str, str]) -> None:
    assert keys(profile).value("region") is None


def test_an_empty_prefixed_key_leaves_the_bare_one() -> None:
    assert keys({"region": "a", "assume_helper_region": ""}).value("region") == "a"


@pytest.mark.parametrize(
    ("profile", "has"),
    [({"assume_helper_region": "a"}, True), ({"assume_helper_region": ""}, False), ({"region": "a"}, False)],
)
def test_a_key_of_the_helper_s_own_is_told_apart(profile: dict[str, str], has: bool) -> None:
    assert keys(profile).has_prefixed("region") is has


@pytest.mark.parametrize(
    "character",
    ["\x00", "\x1b", "\n", "\t", "\x7f", "\x80", "\x85", "\x9f", "\u2028", "\u2029", "\u202e", "\u2066", "\u200f"],
)
@pytest.mark.parametrize("prefix", ["", "assume_helper_"])
def test_a_control_character_is_refused_and_not_repeated(character: str, prefix: str) -> None:
    with pytest.raises(ConfigurationError, match=r"external_id of \[dev\] holds a control character") as caught:
        keys({prefix + "external_id": f"a{character}b"}).value("external_id")
    assert str(caught.value).isprintable()


def test_the_representation_has_no_environment() -> None:
    assert "CanarySecret" not in repr(keys({}, {"AWS_SECRET_ACCESS_KEY": "CanarySecret"}))


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
    assert of.role_arn(keys({"role_arn": arn})) == arn


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
        of.role_arn(keys({"role_arn": arn}))


def test_a_profile_without_role_arn_is_told_where_to_add_it() -> None:
    with pytest.raises(ConfigurationError, match=r"profile dev has no role_arn; add role_arn .*/config"):
        of.role_arn(keys({}))


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(ConfigurationError) as caught:
        of.role_arn(keys({"role_arn": "x" * 100_000}))
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("value", ["ab", "x" * 1224, "Az0_+=,.@:/-"])
def test_an_external_id_is_taken(value: str) -> None:
    assert of.external_id(keys({"external_id": value})) == value


@pytest.mark.parametrize("value", ["a", "x" * 1225, "a b", "a;b", "\u00e9\u00e9", "\uff11\uff11", "a\\b", "a*"])
def test_what_sts_takes_as_no_external_id_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"external_id of \[dev\] is not one that STS takes; use 2 to 1224"):
        of.external_id(keys({"external_id": value}))


@pytest.mark.parametrize("value", ["ab", "x" * 64, "Az0_+=,.@-"])
def test_a_role_session_name_is_taken(value: str) -> None:
    assert of.role_session_name(keys({"role_session_name": value})) == value


@pytest.mark.parametrize("value", ["a", "x" * 65, "a b", "a/b", "a:b", "\u00e9\u00e9", "\uff11\uff11"])
def test_what_sts_takes_as_no_session_name_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"role_session_name of \[dev\] .*; use 2 to 64"):
        of.role_session_name(keys({"role_session_name": value}))


@pytest.mark.parametrize(("value", "seconds"), [("900", 900), ("3600", 3600), ("43200", 43_200), ("000900", 900)])
def test_a_duration_is_taken_in_whole_seconds(value: str, seconds: int) -> None:
    assert of.duration_seconds(keys({"duration_seconds": value})) == seconds


@pytest.mark.parametrize(
    "value",
    ["899", "43201", "0", "-900", "+900", "soon", "1e3", "900.0", "9_00", "1h", "\uff19\uff10\uff10", "9" * 5000],
)
def test_a_duration_that_sts_does_not_take_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"duration_seconds of \[dev\] is .*; use whole seconds from 900"):
        of.duration_seconds(keys({"duration_seconds": value}))


@pytest.mark.parametrize("read", [of.external_id, of.role_session_name, of.duration_seconds])
def test_what_the_profile_does_not_say_is_none(read: Callable[[Keys], object]) -> None:
    assert read(keys({})) is None
