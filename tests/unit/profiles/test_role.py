"""A profile as frozen values: what it says of itself, and what makes its session another one."""

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from assume_helper.cache.entries import key
from assume_helper.profiles.login import ConsoleLogin, IdentityCenterLogin, LoginService, PermissionSet
from assume_helper.profiles.origin import (
    CredentialProcess,
    EnvironmentKeys,
    GitHubActions,
    Metadata,
    MFADevice,
    Origin,
    SAMLProcess,
    StaticKeys,
    WebIdentity,
    WebIdentityProcess,
)
from assume_helper.profiles.resolution import Resolution
from assume_helper.profiles.role import Endpoint, Profile
from assume_helper.profiles.session_parameters import SessionParameters

SECRET = "CanarySecret0123456789"
KEYS = StaticKeys("base", "AKIABASE", SECRET, SECRET)
PROCESS = CredentialProcess("other", f"vault {SECRET}")
ROLE = Profile("dev", "arn:aws-cn:iam::123456789012:role/path/dev", KEYS, Endpoint("cn-north-1"))
LOGIN = IdentityCenterLogin("https://x.awsapps.com/start", "corp", "/t.json", "log in", LoginService("eu-west-1"))
PERMISSION_SET = PermissionSet("me", "123456789012", "Reader", LOGIN)
CONSOLE_LOGIN = ConsoleLogin("me", "arn:aws:iam::123456789012:user/me", "/t.json", "log in", LoginService("eu-west-1"))
ORIGINS: list[Origin] = [
    KEYS,
    replace(KEYS, access_key_id="AKIAOTHER"),
    EnvironmentKeys("AKIABASE"),
    EnvironmentKeys("AKIAOTHER"),
    EnvironmentKeys(None),
    PROCESS,
    replace(PROCESS, command="other"),
    replace(PROCESS, resolution=Resolution({"program": "/here"})),
    Metadata("Ec2InstanceMetadata"),
    Metadata("EcsContainer"),
    Metadata("EcsContainer", "/here"),
    Metadata("EcsContainer", "/here", Resolution({"token": "one"})),
    Metadata("EcsContainer", "/here", Resolution({"token": "another"})),
    PERMISSION_SET,
    replace(PERMISSION_SET, role_name="Admin"),
    replace(PERMISSION_SET, account_id="210987654321"),
    replace(PERMISSION_SET, login=replace(LOGIN, start_url="https://y.awsapps.com/start")),
    replace(PERMISSION_SET, login=replace(LOGIN, service=LoginService("us-east-1"))),
    replace(PERMISSION_SET, login=replace(LOGIN, service=LoginService("eu-west-1", {"sso": "http://127.0.0.1"}))),
    replace(PERMISSION_SET, resolution=Resolution({"login": "one"})),
    replace(PERMISSION_SET, resolution=Resolution({"login": "another"})),
    CONSOLE_LOGIN,
    replace(CONSOLE_LOGIN, login_session="arn:aws:iam::123456789012:user/other"),
    replace(CONSOLE_LOGIN, resolution=Resolution({"token_file": "/elsewhere"})),
    WebIdentity("/token"),
    WebIdentity("/other"),
    WebIdentity("/other", Resolution({"web_identity": "one"})),
    WebIdentity("/other", Resolution({"web_identity": "another"})),
    WebIdentityProcess("me", f"tokens {SECRET}"),
    WebIdentityProcess("me", "others"),
    WebIdentityProcess("me", "others", Resolution({"arguments": "one"})),
    GitHubActions("https://one"),
    GitHubActions("https://two"),
    GitHubActions("https://two", resolution=Resolution({"job": "one"})),
    SAMLProcess("me", f"tokens {SECRET}"),
    SAMLProcess("me", f"tokens {SECRET}", "arn:aws:iam::123456789012:saml-provider/corp"),
    SAMLProcess("me", "others", resolution=Resolution({"arguments": "one"})),
]


def chained(*names: str, origin: Origin = KEYS) -> Profile:
    """A chain of roles, the first name being the one that is asked for."""
    source: Origin | Profile = origin
    for name in reversed(names):
        source = replace(ROLE, name=name, role_arn=f"{ROLE.role_arn}-{name}", source=source)
    assert isinstance(source, Profile)
    return source


def test_partition_and_account_are_the_role_s() -> None:
    assert (ROLE.partition, ROLE.account_id) == ("aws-cn", "123456789012")


@pytest.mark.parametrize("names", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_the_origin_is_at_the_chain_s_other_end(names: list[str]) -> None:
    assert chained(*names).origin is KEYS


@pytest.mark.parametrize("names", [["a"], ["a", "b", "c"]])
def test_a_chain_names_its_roles_in_order(names: list[str]) -> None:
    assert chained(*names).names() == names


def test_the_links_are_the_roles_from_the_one_that_is_asked_for_to_the_first_assumed() -> None:
    chain = chained("a", "b", "c")
    links = list(chain.links())
    assert [link.name for link in links] == ["a", "b", "c"]
    assert links[0] is chain
    assert list(ROLE.links()) == [ROLE]


def test_a_chain_names_the_profile_whose_process_is_run_last() -> None:
    process = Profile("other", None, PROCESS, ROLE.endpoint)
    assert replace(ROLE, name="a", source=replace(ROLE, name="b", source=process)).names() == ["a", "b", "other"]


def test_a_chain_depends_on_the_policy_files_of_all_its_links() -> None:
    first, second = (SessionParameters(policy_file=(f"file /{name}", "state")) for name in ("first", "second"))
    link = replace(ROLE, parameters=second, looked_up={"host": "here"})
    found = replace(ROLE, source=link, parameters=first).conditions()
    assert found == {"file /first": "state", "file /second": "state", "host": "here"}
    assert ROLE.conditions() == {}


def test_a_chain_depends_on_what_its_origin_was_resolved_through() -> None:
    origin = replace(PROCESS, resolution=Resolution({}, {"program vault": "/vault"}))
    assert chained("a", "b", origin=origin).conditions() == {"program vault": "/vault"}


@pytest.mark.parametrize(
    "change",
    [
        {"role_arn": "arn:aws-cn:iam::123456789012:role/other"},
        {"external_id": "an-id"},
        {"role_session_name": "a-name"},
        {"duration_seconds": 3600},
        {"mfa": MFADevice("GAHT12345678")},
        {"endpoint": Endpoint("cn-northwest-1")},
        {"endpoint": replace(ROLE.endpoint, endpoint_url="https://sts")},
        {"endpoint": replace(ROLE.endpoint, use_fips_endpoint=True)},
        {"endpoint": replace(ROLE.endpoint, use_dualstack_endpoint=True)},
        {"endpoint": replace(ROLE.endpoint, sts_regional_endpoints="legacy")},
    ],
)
def test_what_shapes_a_session_makes_it_another_one(change: dict[str, Any]) -> None:
    assert key(replace(ROLE, **change).session_inputs()) != key(ROLE.session_inputs())


@pytest.mark.parametrize("change", [{"name": "twin"}, {"endpoint": replace(ROLE.endpoint, ca_bundle="/bundle")}])
def test_a_name_or_the_way_to_sts_leaves_it_the_same(change: dict[str, Any]) -> None:
    assert key(replace(ROLE, **change).session_inputs()) == key(ROLE.session_inputs())


DEVICE = MFADevice("GAHT12345678", "show code")
# GetSessionToken is for a user's own key.
OF_A_USER = replace(ROLE, source=replace(KEYS, session_token=None), mfa=DEVICE)


def session_key(**changes: Any) -> str:
    session = OF_A_USER.user_session
    assert session is not None
    return key(replace(session, **changes).session_inputs())


@pytest.mark.parametrize(
    "change",
    [
        {"device": replace(DEVICE, serial="GAHT87654321")},
        {"duration_seconds": 900},
        {"source": PROCESS},
        {"partition": "aws"},
        {"endpoint": replace(ROLE.endpoint, endpoint_url="https://sts")},
        {"endpoint": replace(ROLE.endpoint, sts_regional_endpoints="legacy")},
    ],
)
def test_what_shapes_an_mfa_session_makes_it_another_one(change: dict[str, Any]) -> None:
    assert session_key(**change) != session_key()


@pytest.mark.parametrize(
    "change",
    [{"name": "twin"}, {"device": replace(DEVICE, mfa_process="other")}, {"endpoint": Endpoint("cn-northwest-1")}],
)
def test_an_mfa_session_is_every_role_s_with_that_device_and_source(change: dict[str, Any]) -> None:
    assert session_key(**change) == session_key()


def test_how_a_code_is_had_leaves_the_role_s_session_the_same() -> None:
    one, other = (replace(ROLE, mfa=replace(DEVICE, mfa_process=process)) for process in ("a", "b"))
    assert key(one.session_inputs()) == key(other.session_inputs())


@pytest.mark.parametrize(("seconds", "by_session"), [(None, True), (3600, True), (3601, False)])
def test_a_role_of_more_than_an_hour_is_not_assumed_with_an_mfa_session(seconds: int | None, by_session: bool) -> None:
    assert (replace(OF_A_USER, duration_seconds=seconds).user_session is not None) is by_session


def test_somebody_may_be_asked_for_a_code_or_by_a_process() -> None:
    assert [p.asks_somebody for p in (ROLE, replace(ROLE, mfa=DEVICE), replace(ROLE, source=PROCESS))] == [0, 1, 1]
    assert replace(ROLE, source=replace(ROLE, mfa=DEVICE)).asks_for_code


def test_no_two_origins_share_a_session() -> None:
    keys = {key(replace(ROLE, source=origin).session_inputs()) for origin in [*ORIGINS, ROLE]}
    assert len(keys) == len(ORIGINS) + 1


def test_a_link_s_session_shapes_the_chain_s() -> None:
    link = replace(ROLE, external_id="an-id")
    assert key(replace(ROLE, source=link).session_inputs()) != key(replace(ROLE, source=ROLE).session_inputs())


@pytest.mark.parametrize("change", [{"profile": "twin"}, {"secret_access_key": "other"}, {"session_token": "other"}])
def test_an_access_key_is_told_from_another_by_its_id_alone(change: dict[str, Any]) -> None:
    twin = replace(ROLE, source=replace(KEYS, **change))
    assert key(twin.session_inputs()) == key(ROLE.session_inputs())


def test_no_secret_of_a_key_is_in_what_shapes_a_session() -> None:
    assert SECRET not in repr(ROLE.session_inputs())


@pytest.mark.parametrize("source", [KEYS, PROCESS])
def test_no_secret_is_in_a_representation(source: Origin) -> None:
    assert SECRET not in repr(replace(ROLE, source=source))


def test_a_profile_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        ROLE.name = "other"  # type: ignore[misc]
