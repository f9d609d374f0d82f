"""From a profile's name through its sources: linked, and never in a loop."""

from collections.abc import Callable

import pytest
from unit.profiles.config_parts import HUB, KEY, PROCESS, SOURCE

from assume_helper.errors import ConfigurationError
from assume_helper.profiles import role_chain
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.origin import EnvironmentKeys, StaticKeys, WebIdentity
from assume_helper.profiles.role import Endpoint, Profile

Read = Callable[..., Profile]
Refused = Callable[..., str]

ROLE = "arn:aws:iam::123456789012:role"
SECRET = "CanarySecret/0123456789"


def loop(*names: str) -> str:
    return f"the sources form a loop: {' -> '.join(names)}; give one of these profiles credentials of its own"


def test_a_role_is_read_with_all_that_shapes_its_session(read: Read) -> None:
    profile = read("""
        [profile dev]
        role_arn = ROLE/dev
        source_profile = base
        external_id = an-id
        role_session_name = a-name
        duration_seconds = 1800
        region = eu-central-1
        endpoint_url = https://sts
        ca_bundle = /bundle
    """)
    assert profile == Profile(
        name="dev",
        role_arn=ROLE + "/dev",
        source=StaticKeys("base", "AKIABASE", SECRET, None),
        endpoint=Endpoint("eu-central-1", "https://sts", "/bundle"),
        external_id="an-id",
        role_session_name="a-name",
        duration_seconds=1800,
        region="eu-central-1",
        endpoint_url="https://sts",
    )


def test_secrets_are_not_in_the_representation(read: Read) -> None:
    profile = read("[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\n")
    assert SECRET not in repr(profile)


def test_the_default_profile_is_a_profile(read: Read) -> None:
    assert read("[default]\nrole_arn = ROLE/d\nsource_profile = base\n", "default").role_arn == ROLE + "/d"


def test_another_role_is_a_source(read: Read) -> None:
    profile = read("""
        [profile dev]
        role_arn = ROLE/dev
        source_profile = hub
        [profile hub]
        role_arn = ROLE/hub
        source_profile = base
    """)
    assert isinstance(profile.source, Profile)
    assert profile.source.role_arn == ROLE + "/hub"
    assert profile.origin == StaticKeys("base", "AKIABASE", SECRET, None)
    assert profile.names() == ["dev", "hub"]


def test_a_profile_may_name_itself_to_have_role_and_key_in_one_place(read: Read) -> None:
    profile = read("""
        [profile dev]
        role_arn = ROLE/dev
        source_profile = dev
        aws_access_key_id = AKIADEV
        aws_secret_access_key = s
    """)
    assert profile.source == StaticKeys("dev", "AKIADEV", "s", None)


# The prefix and the pair form.


def test_the_prefixed_form_serves_the_helper_beside_a_credential_process(read: Read) -> None:
    profile = read("""
        [profile dev]
        credential_process = assume-helper get dev
        assume_helper_role_arn = ROLE/dev
        assume_helper_source_profile = base
    """)
    assert profile.role_arn == ROLE + "/dev"


def test_a_profile_in_the_prefixed_form_is_another_one_s_source(read: Read) -> None:
    profile = read("""
        [profile dev]
        role_arn = ROLE/dev
        source_profile = hub
        [profile hub]
        credential_process = /opt/assume-helper get hub
        assume_helper_role_arn = ROLE/hub
        assume_helper_source_profile = base
    """)
    assert isinstance(profile.source, Profile)
    assert (profile.source.name, profile.source.role_arn) == ("hub", ROLE + "/hub")


def test_a_pair_stands_for_the_profile_that_it_asks_for(read: Read) -> None:
    config = """
        [profile dev]
        credential_process = assume-helper get role
        [profile role]
        role_arn = ROLE/dev
        source_profile = base
    """
    assert read(config) == read(config, "role")


def test_a_pair_is_another_profile_s_source_without_a_process(read: Read) -> None:
    profile = read("""
        [profile dev]
        role_arn = ROLE/dev
        source_profile = pair
        [profile pair]
        credential_process = assume-helper get hub
        [profile hub]
        role_arn = ROLE/hub
        source_profile = base
    """)
    assert profile.names() == ["dev", "hub"]


def test_a_pair_that_asks_for_a_profile_that_is_not_there_is_told_so(refused: Refused) -> None:
    said = refused("[profile dev]\ncredential_process = assume-helper get nowhere\n")
    assert said.startswith("[dev] names profile nowhere, which is not there; ")


# Loops.


def test_a_source_profile_that_is_itself_without_a_key_is_drawn_as_a_loop(refused: Refused) -> None:
    assert refused("[profile dev]\nrole_arn = ROLE/dev\nsource_profile = dev\n") == loop("dev", "dev")


def test_a_source_profile_that_leads_back_is_drawn_as_a_loop(refused: Refused) -> None:
    config = """
        [profile dev]
        role_arn = ROLE/dev
        source_profile = hub
        [profile hub]
        role_arn = ROLE/hub
        source_profile = dev
    """
    assert refused(config) == loop("dev", "hub", "dev")


def test_a_loop_of_three_is_drawn_with_every_name(refused: Refused) -> None:
    config = """
        [profile dev]
        role_arn = ROLE/a
        source_profile = b
        [profile b]
        role_arn = ROLE/b
        source_profile = c
        [profile c]
        role_arn = ROLE/c
        source_profile = dev
    """
    assert refused(config) == loop("dev", "b", "c", "dev")


def test_a_loop_further_on_is_drawn_without_the_way_to_it(refused: Refused) -> None:
    config = """
        [profile dev]
        role_arn = ROLE/a
        source_profile = b
        [profile b]
        role_arn = ROLE/b
        source_profile = c
        [profile c]
        role_arn = ROLE/c
        source_profile = b
    """
    assert refused(config) == loop("b", "c", "b")


def test_a_process_that_asks_the_helper_for_the_same_profile_is_a_loop(refused: Refused) -> None:
    said = refused("[profile dev]\ncredential_process = assume-helper get dev\n")
    assert said.startswith(
        "profile dev has nothing to get credentials from, and its credential_process leads back to it: dev -> dev; "
    )
    assert "add assume_helper_role_arn and assume_helper_source_profile" in said


def test_a_section_without_the_word_profile_is_pointed_at(refused: Refused) -> None:
    said = refused("[dev]\nrole_arn = ROLE/dev\n")
    assert said.endswith("has a section [dev], which is no profile there; name it [profile dev]")


def test_pairs_that_ask_for_each_other_are_a_loop(refused: Refused) -> None:
    config = """
        [profile dev]
        credential_process = assume-helper get other
        [profile other]
        credential_process = assume-helper get dev
    """
    assert refused(config) == loop("dev", "other", "dev")


def test_a_loop_through_a_source_and_a_process_is_drawn(refused: Refused) -> None:
    config = """
        [profile dev]
        role_arn = ROLE/dev
        source_profile = pair
        [profile pair]
        credential_process = assume-helper get hub
        [profile hub]
        role_arn = ROLE/hub
        source_profile = dev
    """
    assert refused(config) == loop("dev", "pair", "hub", "dev")


def test_a_source_that_two_links_share_is_no_loop(read: Read) -> None:
    profile = read("""
        [profile dev]
        role_arn = ROLE/dev
        source_profile = base
        [profile base]
        role_arn = ROLE/base
        source_profile = base
    """)
    assert profile.source == StaticKeys("base", "AKIABASE", SECRET, None)


# What cannot be.


@pytest.mark.parametrize("name", ["", "a\nb", "a\x1b[31m", "\u202edev", "\x85"])
def test_a_name_that_none_can_be_is_refused(refused: Refused, name: str) -> None:
    assert refused("", name=name).startswith("a profile's name cannot be empty or hold control characters")


def test_a_profile_that_is_not_there_is_told_with_those_near_it(refused: Refused) -> None:
    said = refused("[profile dev-admin]\n[profile dev-reader]\n[profile other]\n", name="dev-admn")
    assert "there is no such profile in " in said
    assert "did you mean dev-admin" in said
    assert "other" not in said


def test_a_profile_that_is_like_no_other_is_told_where_to_look(refused: Refused) -> None:
    assert "`aws configure list-profiles` shows" in refused("[profile dev]\n", name="zzz")


def test_a_config_without_any_profile_is_told_so(read: Read) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no profile in .*config and .*credentials; create the file"):
        read("", credentials="")


def test_a_source_profile_that_is_not_there_is_named(refused: Refused) -> None:
    said = refused("[profile dev]\nrole_arn = ROLE/dev\nsource_profile = nowhere\n")
    assert said == "[dev] names profile nowhere, which is not there; correct the name, or add that profile"


def test_both_sources_are_refused(refused: Refused) -> None:
    said = refused("[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\ncredential_source = Environment\n")
    assert said.startswith("[dev] has both source_profile and credential_source; ")


def test_the_prefixed_source_wins_over_a_bare_one_of_the_other_kind(read: Read) -> None:
    head = "[profile dev]\nrole_arn = ROLE/dev\n"
    keys = read(head + "credential_source = Environment\nassume_helper_source_profile = base\n").source
    assert isinstance(keys, StaticKeys)
    ours = read(head + "source_profile = base\nassume_helper_credential_source = Environment\n").source
    assert isinstance(ours, EnvironmentKeys)


def test_a_role_with_nothing_to_assume_it_is_refused(refused: Refused) -> None:
    said = refused("[profile dev]\nrole_arn = ROLE/dev\n")
    assert said.startswith("[dev] has a role_arn and nothing to assume it with; add source_profile")


def test_a_role_without_a_source_does_not_take_its_own_key(refused: Refused) -> None:
    assert "nothing to assume it with" in refused("[profile dev]\nrole_arn = ROLE/dev\n" + KEY)


def test_a_web_identity_token_is_a_source(read: Read) -> None:
    found = read("[profile dev]\nrole_arn = ROLE/dev\nweb_identity_token_file = /token\n").source
    assert found == WebIdentity("/token")


def test_a_role_of_another_partition_is_no_source(read: Read) -> None:
    text = SOURCE.replace("ROLE/dev", "arn:aws-cn:iam::123456789012:role/dev") + HUB
    with pytest.raises(ConfigurationError, match=r"\[dev\] has a role of aws-cn, and its source one of aws"):
        read(text)


@pytest.mark.parametrize("keys", ["region = us-east-1\n", "source_profile = base\n", "aws_secret_access_key = s\n"])
def test_a_profile_of_no_kind_is_refused(refused: Refused, keys: str) -> None:
    said = refused(f"[profile dev]\n{keys}")
    assert said.startswith(
        "profile dev has no role, no login, no credential_process and no access key; add role_arn (or"
    )


def test_a_login_without_a_permission_set_is_told_what_is_missing(refused: Refused) -> None:
    said = refused("[profile dev]\nsso_session = s\n")
    assert said.startswith(
        "profile dev names a login of IAM Identity Center, and no permission set; add sso_account_id"
    )


def test_an_access_key_and_another_program_s_process_are_profiles_without_a_role(read: Read) -> None:
    assert (read("", "base").kind, read("", "base").role_arn) == ("access key", None)
    process = read("[profile dev]\n" + PROCESS)
    assert (process.kind, process.role_arn) == ("process", None)


def test_a_link_s_values_are_checked_too(refused: Refused) -> None:
    assert "duration_seconds of [here]" in refused(SOURCE + HUB + "duration_seconds = 1\n")


# Which profiles can be served.


@pytest.mark.parametrize(
    ("profile", "can"),
    [
        ({"role_arn": "x"}, True),
        ({"assume_helper_role_arn": "x"}, True),
        ({"role_arn": ""}, False),
        ({"include_profile": "role"}, True),
        ({"include_profile": "plain"}, False),
        ({"include_profile": "gone"}, True),  # to be read, and told what is wrong
        ({"role_arn": "a\x1b"}, True),
        ({"credential_process": "assume-helper get role"}, True),
        ({"assume_helper_credential_process": "assume-helper get role"}, True),
        ({"credential_process": "vault login"}, True),
        ({"assume_helper_credential_process": "vault login"}, True),
        ({"credential_process": "assume-helper get dev"}, False),
        ({"aws_access_key_id": "AKIA"}, True),
        ({"aws_secret_access_key": "s"}, False),
        ({"sso_account_id": "1"}, True),
        ({"assume_helper_sso_role_name": "r"}, True),
        ({"sso_session": "s"}, False),
        ({"login_session": "me"}, True),
        ({"web_identity_token_file": "/t"}, True),
        ({"source_profile": "x"}, False),
        ({}, False),
    ],
)
def test_a_profile_can_be_served_by_its_own_keys_an_included_one_s_or_another_profile_s(
    profile: dict[str, str], can: bool
) -> None:
    profiles = {"dev": profile, "role": {"role_arn": "x"}, "plain": {"region": "a"}}
    assert role_chain.can_be_served(AwsConfig("/config", "/credentials", profiles, profiles, {}, {}), "dev") is can


def test_a_value_that_is_not_used_fails_nothing(read: Read) -> None:
    """Of a source with an access key only the keys of MFA count beside it."""
    bad = "region = <\nduration_seconds = soon\nrole_session_name = <\nuse_fips_endpoint = maybe\n"
    assert read(SOURCE + KEY + bad).source == StaticKeys("here", "AKIAHERE", "s", None)
