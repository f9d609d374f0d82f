"""Tags, source identity and policies: what STS takes is let through, the rest is named before it is asked."""

import json

import pytest

from assume_helper.cache import entries
from assume_helper.errors import ConfigurationError
from assume_helper.profiles import session_parameters
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.origin import StaticKeys
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import Endpoint, Profile
from assume_helper.profiles.session_parameters import SessionParameters
from assume_helper.profiles.settings import ProfileSettings

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def read(folder: str = "/nowhere", /, **values: str) -> SessionParameters:
    options = {name: values.pop(name) for name in ("read_only",) if name in values}
    return read_with(options, folder, **values)


def read_with(options: dict[str, str], folder: str = "/nowhere", /, **values: str) -> SessionParameters:
    config = AwsConfig(f"{folder}/config", "/c", {"dev": values}, {}, {}, {})
    return session_parameters.from_settings(ProfileSettings(merge(config, "dev", options)), "aws")


def refused(folder: str = "/nowhere", /, **values: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(folder, **values)
    return str(caught.value)


def test_nothing_said_is_nothing_sent() -> None:
    assert read().request() == {}


def test_tags_are_written_as_aws_vault_writes_them() -> None:
    found = read(session_tags="team=data, cost-center = 42 ,empty=,", transitive_session_tags="team")
    assert found.request() == {
        "Tags": [
            {"Key": "team", "Value": "data"},
            {"Key": "cost-center", "Value": "42"},
            {"Key": "empty", "Value": ""},
        ],
        "TransitiveTagKeys": ["team"],
    }


@pytest.mark.parametrize("tags", ["team", "=x", "a=b;c", "k" * 129 + "=v", "k=" + "v" * 257, "k=<v>"])
def test_a_tag_that_is_none_is_shown(tags: str) -> None:
    assert "write key=value" in refused(session_tags=tags)


def test_a_tag_may_be_there_once_whatever_its_case() -> None:
    assert "Team twice" in refused(session_tags="team=a,Team=b")


def test_fifty_tags_are_the_most() -> None:
    assert len(read(session_tags=",".join(f"k{n}=v" for n in range(50))).tags) == 50
    assert "STS takes 50" in refused(session_tags=",".join(f"k{n}=v" for n in range(51)))


def test_a_transitive_tag_must_be_a_tag() -> None:
    assert "has team, which is no session tag" in refused(session_tags="a=b", transitive_session_tags="a,team")


@pytest.mark.parametrize("value", ["x", "a b", "x" * 65, "aws:me", "AWS:me"])
def test_a_source_identity_that_sts_does_not_take(value: str) -> None:
    assert "source_identity of [dev]" in refused(source_identity=value)


def test_a_source_identity_is_sent() -> None:
    assert read(source_identity="me@example.com").request() == {"SourceIdentity": "me@example.com"}


def test_policies_are_listed_with_commas() -> None:
    own = "arn:aws:iam::123456789012:policy/team/own"
    assert read(policy_arns=f"{READ_ONLY}, {own},").request() == {"PolicyArns": [{"arn": READ_ONLY}, {"arn": own}]}


@pytest.mark.parametrize("arn", ["ReadOnlyAccess", "arn:aws:iam::aws:role/x", "arn:aws:iam::12:policy/x"])
def test_an_arn_that_is_no_policy_s_is_shown(arn: str) -> None:
    assert f"{arn}, which is not the ARN of a policy" in refused(policy_arns=arn)


def test_ten_policies_are_the_most() -> None:
    arns = [f"arn:aws:iam::aws:policy/p{n}" for n in range(11)]
    assert len(read(policy_arns=",".join(arns[:10])).policy_arns) == 10
    assert "STS takes 10" in refused(policy_arns=",".join(arns))


def test_read_only_is_the_partition_s_policy() -> None:
    config = AwsConfig("/c", "/c", {"dev": {}}, {}, {}, {})
    settings = ProfileSettings(merge(config, "dev", {"read_only": "true"}))
    for partition in ("aws", "aws-cn", "aws-us-gov"):
        found = session_parameters.from_settings(settings, partition)
        assert found.policy_arns == (f"arn:{partition}:iam::aws:policy/ReadOnlyAccess",)


@pytest.mark.parametrize("key", [{"policy_arns": READ_ONLY}, {"session_policy": json.dumps(POLICY)}])
def test_read_only_never_widens_what_a_profile_has_narrowed(key: dict[str, str]) -> None:
    """STS adds up a session's policies: one more is more rights."""
    assert "--read-only would widen it" in refused(read_only="true", **key)


OWN_POLICIES = {"session_policy": json.dumps(POLICY), "policy_arns": READ_ONLY}


@pytest.mark.parametrize(("key", "option"), [("session_policy", "--session-policy"), ("policy_arns", "--policy-arn")])
def test_an_option_never_adds_to_the_policies_of_the_other_kind_that_a_profile_has(key: str, option: str) -> None:
    """It replaces those of its own kind; beside those of the other one the session may do what either allows."""
    given = {key: OWN_POLICIES[key]}
    other = {name: value for name, value in OWN_POLICIES.items() if name != key}
    with pytest.raises(ConfigurationError) as caught:
        read_with(given, **other)
    assert f"with {option} too the session may do what either allows" in str(caught.value)
    assert read_with(given, **given) == read(**given)
    assert read_with(OWN_POLICIES, **other) == read(**OWN_POLICIES)


# The cache key.

BASE = Profile("dev", "arn:aws:iam::123456789012:role/r", StaticKeys("b", "AKIA", "s", None), Endpoint("us-east-1"))


def key(**parameters: object) -> str:
    profile = Profile(BASE.name, BASE.role_arn, BASE.source, BASE.endpoint, parameters=SessionParameters(**parameters))  # type: ignore[arg-type]
    return entries.key(profile.session_inputs())


@pytest.mark.parametrize(
    "parameters",
    [
        {"tags": (("a", "b"),)},
        {"tags": (("a", "c"),)},
        {"tags": (("a", "b"),), "transitive_tag_keys": ("a",)},
        {"source_identity": "me"},
        {"policy": json.dumps(POLICY)},
        {"policy_arns": (READ_ONLY,)},
    ],
)
def test_each_parameter_makes_a_session_of_its_own(parameters: dict[str, object]) -> None:
    assert key(**parameters) != key()


def test_order_and_blanks_without_a_meaning_make_no_other_session() -> None:
    assert key(tags=(("a", "1"), ("b", "2"))) == key(tags=(("b", "2"), ("a", "1")))
    assert key(policy_arns=("x", "y")) == key(policy_arns=("y", "x"))
    assert key(policy=json.dumps(POLICY, indent=4)) == key(policy=json.dumps(POLICY, sort_keys=True))


def test_the_kind_of_endpoint_makes_a_session_of_its_own() -> None:
    plain = entries.key(BASE.session_inputs())
    for switch in ("use_fips_endpoint", "use_dualstack_endpoint"):
        other = Profile(BASE.name, BASE.role_arn, BASE.source, Endpoint(BASE.endpoint.region, **{switch: True}))  # type: ignore[arg-type]
        assert entries.key(other.session_inputs()) != plain
