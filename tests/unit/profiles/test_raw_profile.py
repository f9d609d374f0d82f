"""The keys of one profile: which text wins, where it came from, and what an included profile adds."""

from collections.abc import Mapping

import pytest

from assume_helper.errors import ConfigurationError
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.raw_profile import RawProfile, has_prefix, included_profiles, merge, with_prefix


def config(**profiles: Mapping[str, str]) -> AwsConfig:
    return AwsConfig("/config", "/credentials", profiles, profiles, {}, {})


def raw(
    profile: Mapping[str, str], options: Mapping[str, str] | None = None, **others: Mapping[str, str]
) -> RawProfile:
    """The profile `dev` that holds `profile`, beside others."""
    return merge(config(dev=profile, **others), "dev", options)


def test_the_prefix_is_put_before_a_key_and_known_there() -> None:
    assert with_prefix("region") == "assume_helper_region"
    assert (has_prefix("assume_helper_region"), has_prefix("region")) == (True, False)


def test_a_key_has_its_text() -> None:
    assert raw({"region": "a"}).text("region") == "a"


def test_a_key_that_is_not_there_has_none() -> None:
    assert raw({}).text("region") is None


def test_a_profile_that_is_not_there_has_no_keys() -> None:
    assert merge(config(), "dev").text("region") is None


@pytest.mark.parametrize("reverse", [False, True])
def test_the_prefixed_key_wins_wherever_it_stands(reverse: bool) -> None:
    items = [("region", "a"), ("assume_helper_region", "b")]
    assert raw(dict(reversed(items) if reverse else items)).text("region") == "b"


def test_the_call_s_option_wins_over_both() -> None:
    profile = {"region": "a", "assume_helper_region": "b"}
    assert raw(profile, {"region": "c"}).text("region") == "c"
    assert raw(profile, {"region": ""}).text("region") == "b"


@pytest.mark.parametrize("profile", [{"region": ""}, {"assume_helper_region": ""}])
def test_an_empty_text_is_none(profile: dict[str, str]) -> None:
    assert raw(profile).text("region") is None


def test_an_empty_prefixed_key_leaves_the_bare_one() -> None:
    assert raw({"region": "a", "assume_helper_region": ""}).text("region") == "a"


@pytest.mark.parametrize(
    ("profile", "text"),
    [({"assume_helper_region": "a"}, "a"), ({"assume_helper_region": ""}, None), ({"region": "a"}, None)],
)
def test_prefixed_text_is_the_prefixed_key_s_alone(profile: dict[str, str], text: str | None) -> None:
    assert raw(profile).prefixed_text("region") == text


def test_the_bare_key_is_what_sdks_read() -> None:
    profile = {"assume_helper_region": "a", "region": "b", "include_profile": "x"}
    found = raw(profile, x={"output": "json"})
    assert found.own_bare("region") == "b"
    assert found.own_bare("output") is None
    assert found.own_bare("role_arn") is None


@pytest.mark.parametrize("include", ["include_profile", "assume_helper_include_profile"])
def test_an_included_profile_s_keys_come_last_each_in_its_turn(include: str) -> None:
    found = raw(
        {include: "x", "region": "own"},
        x={"assume_helper_region": "x", "output": "x", "include_profile": "y"},
        y={"assume_helper_output": "y", "ca_bundle": "y"},
    )
    assert [found.text(key) for key in ("region", "output", "ca_bundle")] == ["own", "x", "y"]
    assert found.prefixed_text("region") == "x"


@pytest.mark.parametrize("key", ["aws_access_key_id", "aws_session_token", "credential_process"])
@pytest.mark.parametrize("prefix", ["", "assume_helper_"])
def test_credentials_are_not_included(key: str, prefix: str) -> None:
    found = raw({"include_profile": "x"}, x={prefix + key: "secret"})
    assert (found.text(key), found.prefixed_text(key)) == (None, None)


LOOP = r"include_profile forms a loop: dev -> x -> dev; take one of them out"
GONE = r"\[x\] includes profile gone, which is not there; correct include_profile, or add that profile"


@pytest.mark.parametrize(("back", "said"), [("dev", LOOP), ("gone", GONE)])
def test_a_broken_include_is_an_error_for_what_was_not_found_before_it(back: str, said: str) -> None:
    found = raw({"include_profile": "x", "region": "a"}, x={"include_profile": back, "output": "json"})
    assert (found.text("region"), found.text("output"), found.text("aws_access_key_id")) == ("a", "json", None)
    for look_up in (found.text, found.prefixed_text):
        with pytest.raises(ConfigurationError, match=said):
            look_up("external_id")


def test_a_profile_that_includes_itself_is_a_loop() -> None:
    with pytest.raises(ConfigurationError, match="loop: dev -> dev; "):
        list(included_profiles(config(dev={"include_profile": "dev"}), "dev"))


def test_the_included_profiles_are_named_in_turn() -> None:
    profiles = config(dev={"include_profile": "x"}, x={"assume_helper_include_profile": "y"}, y={})
    assert list(included_profiles(profiles, "dev")) == ["dev", "x", "y"]
    assert list(included_profiles(profiles, "y")) == ["y"]


@pytest.mark.parametrize(
    "character",
    ["\x00", "\x1b", "\n", "\t", "\x7f", "\x80", "\x85", "\x9f", "\u2028", "\u2029", "\u202e", "\u2066", "\u200f"],
)
@pytest.mark.parametrize("prefix", ["", "assume_helper_"])
def test_a_control_character_is_refused_and_not_repeated(character: str, prefix: str) -> None:
    with pytest.raises(ConfigurationError, match=r"external_id of \[dev\] holds a control character") as caught:
        raw({prefix + "external_id": f"a{character}b"}).text("external_id")
    assert str(caught.value).isprintable()


def test_a_text_of_many_lines_may_have_line_ends_and_tabs() -> None:
    assert raw({"session_policy": "{\n\t}"}).text("session_policy", multiline=True) == "{\n\t}"
    with pytest.raises(ConfigurationError, match="control character"):
        raw({"session_policy": "{\x1b}"}).text("session_policy", multiline=True)


@pytest.mark.parametrize(
    ("key", "named"),
    [("duration_seconds", "--duration-seconds"), ("session_tags", "--session-tag"), ("policy_arns", "--policy-arn")],
)
def test_a_key_is_named_by_where_its_text_is(key: str, named: str) -> None:
    assert raw({}, {key: "x"}).named(key) == named
    assert raw({key: "x"}).named(key) == f"{key} of [dev]"


def test_no_secret_is_in_the_representation() -> None:
    keys = {"aws_secret_access_key": "CanarySecret", "assume_helper_mfa_process": "CanarySecret"}
    assert "CanarySecret" not in repr(raw(keys, {"external_id": "CanarySecret"}))
