"""From a profile's name through its sources: which role, assumed with what, and never in a circle."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import botocore.session
import pytest
from front import Front, session

from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceError
from assume_helper.profiles import aws_config, role_chain
from assume_helper.profiles.role import (
    CredentialProcess,
    Endpoint,
    EnvironmentKeys,
    Login,
    Metadata,
    MFADevice,
    Profile,
    StaticKeys,
    WebIdentity,
)

ROLE = "arn:aws:iam::123456789012:role"
SECRET = "CanarySecret/0123456789"
BASE = f"\n[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = {SECRET}\n"

Read = Callable[..., Profile]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads profile `dev` (or another) of a config file with this text, beside a credentials file with `base`."""

    def reads(
        config: str, name: str = "dev", *, credentials: str = BASE, environ: Mapping[str, str] | None = None
    ) -> Profile:
        (tmp_path / "config").write_text(dedent(config).replace("ROLE/", ROLE + "/"), encoding="utf-8")
        (tmp_path / "credentials").write_text(dedent(credentials), encoding="utf-8")
        paths = {
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        }
        return role_chain.read(aws_config.load(paths), environ or {}, name)

    return reads


def loop(*names: str) -> str:
    return f"the sources form a loop: {' -> '.join(names)}; give one of these profiles credentials of its own"


def refused(read: Read, config: str, kind: type[AssumeHelperError] = ConfigurationError, name: str = "dev") -> str:
    with pytest.raises(AssumeHelperError) as caught:
        read(config, name)
    assert type(caught.value) is kind
    assert SECRET not in str(caught.value)
    return str(caught.value)


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
    )


def test_secrets_are_not_in_the_representation(read: Read) -> None:
    profile = read("[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\n")
    assert SECRET not in repr(profile)


# Where the source is.


def test_the_default_profile_is_a_profile(read: Read) -> None:
    assert read("[default]\nrole_arn = ROLE/d\nsource_profile = base\n", "default").role_arn == ROLE + "/d"


def test_a_session_token_comes_with_its_key(read: Read) -> None:
    credentials = "[base]\naws_access_key_id = ASIA\naws_secret_access_key = s\naws_session_token = t\n"
    profile = read("[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\n", credentials=credentials)
    assert profile.source == StaticKeys("base", "ASIA", "s", "t")


def test_an_access_key_in_the_config_file_is_a_source(read: Read) -> None:
    profile = read("""
        [profile dev]
        role_arn = ROLE/dev
        source_profile = here
        [profile here]
        aws_access_key_id = AKIAHERE
        aws_secret_access_key = s
    """)
    assert profile.source == StaticKeys("here", "AKIAHERE", "s", None)


def test_a_process_is_a_source(read: Read) -> None:
    profile = read("""
        [profile dev]
        role_arn = ROLE/dev
        source_profile = here
        [profile here]
        credential_process = vault login
    """)
    assert profile.source == CredentialProcess("here", "vault login")


def test_the_environment_is_a_source(read: Read) -> None:
    text = "[profile dev]\nrole_arn = ROLE/dev\ncredential_source = Environment\n"
    assert read(text, environ={"AWS_ACCESS_KEY_ID": "AKIAENV"}).source == EnvironmentKeys("AKIAENV")
    assert read(text).source == EnvironmentKeys(None)


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


# The order of a source profile's own credentials: botocore's.

SOURCE = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = here\n[profile here]\n"
KEY = "aws_access_key_id = AKIAHERE\naws_secret_access_key = s\n"
PROCESS = "credential_process = vault login\n"
HUB = "role_arn = ROLE/hub\nsource_profile = base\n"


def test_an_access_key_comes_before_a_role(read: Read) -> None:
    assert read(SOURCE + KEY + HUB).source == StaticKeys("here", "AKIAHERE", "s", None)


def test_a_key_in_the_credentials_file_comes_before_a_process(read: Read) -> None:
    assert read(SOURCE + PROCESS, credentials="[here]\n" + KEY).source == StaticKeys("here", "AKIAHERE", "s", None)


def test_a_process_comes_before_a_key_in_the_config_file(read: Read) -> None:
    assert read(SOURCE + KEY + PROCESS).source == CredentialProcess("here", "vault login")


def test_a_role_comes_before_a_process(read: Read) -> None:
    source = read(SOURCE + HUB + PROCESS).source
    assert isinstance(source, Profile)
    assert source.role_arn == ROLE + "/hub"


@pytest.mark.parametrize("credentials", ["", "[here]\n" + KEY])
def test_a_role_written_for_the_helper_comes_before_all(read: Read, credentials: str) -> None:
    source = read(
        SOURCE + PROCESS + "assume_helper_role_arn = ROLE/hub\nsource_profile = base\n", credentials=credentials + BASE
    ).source
    assert isinstance(source, Profile)
    assert source.role_arn == ROLE + "/hub"


@pytest.mark.parametrize(
    ("config", "credentials"),
    [
        ("", KEY),
        (KEY, ""),
        (KEY, KEY.replace("HERE", "OTHER")),
        (PROCESS, KEY),
        (KEY + PROCESS, ""),
        (KEY + PROCESS, KEY.replace("HERE", "OTHER")),
        (HUB, ""),
        (HUB, KEY),
        (KEY + HUB, ""),
        (KEY + HUB + PROCESS, ""),
        (HUB + PROCESS, ""),
    ],
)
def test_the_order_is_botocore_s(
    read: Read, tmp_path: Path, offline_front: Front, config: str, credentials: str
) -> None:
    printed = json.dumps({"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "s"})
    (tmp_path / "printed").write_text(printed)
    config = SOURCE + config.replace("vault login", f"cat {tmp_path}/printed")
    environ = {"AWS_ENDPOINT_URL_STS": offline_front.url}
    origin = read(config, credentials="[here]\n" + credentials + BASE, environ=environ).origin
    offline_front.behaviour = session()
    theirs: Any = botocore.session.Session(profile="dev")
    theirs.set_config_variable("config_file", str(tmp_path / "config"))
    theirs.set_config_variable("credentials_file", str(tmp_path / "credentials"))
    theirs.set_config_variable("region", "us-east-1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_STS", offline_front.url)
        theirs.get_credentials().get_frozen_credentials()
    ours = origin.access_key_id if isinstance(origin, StaticKeys) else "AKIAPROCESS"
    assert ours == offline_front.calls[0].access_key_id


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


def test_a_pair_that_asks_for_a_profile_that_is_not_there_is_told_so(read: Read) -> None:
    said = refused(read, "[profile dev]\ncredential_process = assume-helper get nowhere\n")
    assert said.startswith("[dev] names profile nowhere, which is not there; ")


# Loops.


def test_a_source_profile_that_is_itself_without_a_key_is_drawn_as_a_loop(read: Read) -> None:
    assert refused(read, "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = dev\n") == loop("dev", "dev")


def test_a_source_profile_that_leads_back_is_drawn_as_a_loop(read: Read) -> None:
    config = """
        [profile dev]
        role_arn = ROLE/dev
        source_profile = hub
        [profile hub]
        role_arn = ROLE/hub
        source_profile = dev
    """
    assert refused(read, config) == loop("dev", "hub", "dev")


def test_a_loop_of_three_is_drawn_with_every_name(read: Read) -> None:
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
    assert refused(read, config) == loop("dev", "b", "c", "dev")


def test_a_loop_further_on_is_drawn_without_the_way_to_it(read: Read) -> None:
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
    assert refused(read, config) == loop("b", "c", "b")


def test_a_process_that_asks_the_helper_for_the_same_profile_is_a_loop(read: Read) -> None:
    said = refused(read, "[profile dev]\ncredential_process = assume-helper get dev\n")
    assert said.startswith("profile dev has no role_arn, and its credential_process leads back to it: dev -> dev; ")
    assert "add assume_helper_role_arn and assume_helper_source_profile" in said


def test_a_section_without_the_word_profile_is_pointed_at(read: Read) -> None:
    said = refused(read, "[dev]\nrole_arn = ROLE/dev\n")
    assert said.endswith("has a section [dev], which is no profile there; name it [profile dev]")


def test_pairs_that_ask_for_each_other_are_a_loop(read: Read) -> None:
    config = """
        [profile dev]
        credential_process = assume-helper get other
        [profile other]
        credential_process = assume-helper get dev
    """
    assert refused(read, config) == loop("dev", "other", "dev")


def test_a_loop_through_a_source_and_a_process_is_drawn(read: Read) -> None:
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
    assert refused(read, config) == loop("dev", "pair", "hub", "dev")


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
def test_a_name_that_none_can_be_is_refused(read: Read, name: str) -> None:
    assert refused(read, "", name=name).startswith("a profile's name cannot be empty or hold control characters")


def test_a_profile_that_is_not_there_is_told_with_those_near_it(read: Read) -> None:
    said = refused(read, "[profile dev-admin]\n[profile dev-reader]\n[profile other]\n", name="dev-admn")
    assert "there is no such profile in " in said
    assert "did you mean dev-admin" in said
    assert "other" not in said


def test_a_profile_that_is_like_no_other_is_told_where_to_look(read: Read) -> None:
    assert "`aws configure list-profiles` shows" in refused(read, "[profile dev]\n", name="zzz")


def test_a_config_without_any_profile_is_told_so(read: Read) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no profile in .*config and .*credentials; create the file"):
        read("", credentials="")


def test_a_source_profile_that_is_not_there_is_named(read: Read) -> None:
    said = refused(read, "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = nowhere\n")
    assert said == "[dev] names profile nowhere, which is not there; correct the name, or add that profile"


def test_both_sources_are_refused(read: Read) -> None:
    said = refused(read, "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\ncredential_source = Environment\n")
    assert said.startswith("[dev] has both source_profile and credential_source; ")


@pytest.mark.parametrize("source", ["environment", "x"])
def test_a_credential_source_that_there_is_not_is_named(read: Read, source: str) -> None:
    said = refused(read, f"[profile dev]\nrole_arn = ROLE/dev\ncredential_source = {source}\n")
    assert said == f"credential_source of [dev] is {source}; it can be Environment, Ec2InstanceMetadata or EcsContainer"


@pytest.mark.parametrize("source", ["Ec2InstanceMetadata", "EcsContainer"])
def test_metadata_is_a_source(read: Read, source: str) -> None:
    found = read(f"[profile dev]\nrole_arn = ROLE/dev\ncredential_source = {source}\n").source
    assert found == Metadata(source)


def test_a_container_is_told_from_another_by_its_uri(read: Read) -> None:
    text = "[profile dev]\nrole_arn = ROLE/dev\ncredential_source = EcsContainer\n"
    for name in ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        assert read(text, environ={name: "/here"}).source == Metadata("EcsContainer", "/here")


def test_the_prefixed_source_wins_over_a_bare_one_of_the_other_kind(read: Read) -> None:
    head = "[profile dev]\nrole_arn = ROLE/dev\n"
    keys = read(head + "credential_source = Environment\nassume_helper_source_profile = base\n").source
    assert isinstance(keys, StaticKeys)
    ours = read(head + "source_profile = base\nassume_helper_credential_source = Environment\n").source
    assert isinstance(ours, EnvironmentKeys)


def test_a_role_with_nothing_to_assume_it_is_refused(read: Read) -> None:
    said = refused(read, "[profile dev]\nrole_arn = ROLE/dev\n")
    assert said.startswith("[dev] has a role_arn and nothing to assume it with; add source_profile")


def test_a_role_without_a_source_does_not_take_its_own_key(read: Read) -> None:
    assert "nothing to assume it with" in refused(read, "[profile dev]\nrole_arn = ROLE/dev\n" + KEY)


def test_a_web_identity_token_is_a_source(read: Read) -> None:
    found = read("[profile dev]\nrole_arn = ROLE/dev\nweb_identity_token_file = /token\n").source
    assert found == WebIdentity("/token")


def test_a_login_is_a_source_and_comes_before_a_key_where_it_is_sso(read: Read) -> None:
    sso = "sso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\n"
    for text in (sso, sso + KEY):
        found = read(SOURCE + text).source
        assert isinstance(found, Login)
        assert (found.method, found.who) == ("sso", ("corp", "", "123456789012", "Reader"))
    console = read(SOURCE + "login_session = me\n").source
    assert isinstance(console, Login)
    assert console.method == "login"


@pytest.mark.parametrize("command", ["./login --for dev", "tools/login", "'my/tools/login'"])
def test_a_relative_program_is_another_in_another_directory(read: Read, command: str) -> None:
    found = read(SOURCE + f"credential_process = {command}\n").source
    assert isinstance(found, CredentialProcess)
    assert found.directory == os.getcwd()


@pytest.mark.parametrize("command", ["login --for dev", "/usr/bin/login", '"/usr/my tools/login" x'])
def test_any_other_program_is_the_same_everywhere(read: Read, command: str) -> None:
    found = read(SOURCE + f"credential_process = {command}\n").source
    assert isinstance(found, CredentialProcess)
    assert found.directory is None


HERE = "[profile here]\n"
MFA = "mfa_serial = GAHT12345678\n"


def test_a_role_s_device_is_its_own_then_its_source_profile_s(read: Read) -> None:
    dev = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\n"
    assert read(dev).mfa is None
    assert read(dev + MFA).mfa == MFADevice("GAHT12345678", None, 43_200)
    base = f"[profile base]\n{MFA}mfa_process = show 'a code'\nmfa_session_duration_seconds = 900\n"
    assert read(dev + base).mfa == MFADevice("GAHT12345678", "show 'a code'", 900)
    own = dev + "assume_helper_mfa_serial = GAHT12345678\nmfa_session_duration_seconds = 1800\n"
    assert read(own + base).mfa == MFADevice("GAHT12345678", "show 'a code'", 1800)


def test_another_device_s_codes_are_not_this_one_s(read: Read) -> None:
    dev = f"[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\n{MFA}"
    base = "[profile base]\nmfa_serial = GAHT87654321\nmfa_process = show other\n"
    assert read(dev + base).mfa == MFADevice("GAHT12345678", None)
    assert read(dev + base.replace("87654321", "12345678")).mfa == MFADevice("GAHT12345678", "show other")


def test_only_the_device_that_is_used_must_show_codes(read: Read) -> None:
    dev = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\n"
    base = "[profile base]\nmfa_serial = arn:aws:iam::123456789012:u2f/user/me/key\n"
    assert read(dev + MFA + base).mfa == MFADevice("GAHT12345678")
    with pytest.raises(ConfigurationError, match="is a security key's"):
        read(dev + base)


def test_a_role_of_another_partition_is_no_source(read: Read) -> None:
    text = SOURCE.replace("ROLE/dev", "arn:aws-cn:iam::123456789012:role/dev") + HUB
    with pytest.raises(ConfigurationError, match=r"\[dev\] has a role of aws-cn, and its source one of aws"):
        read(text)


def test_a_region_of_the_role_behind_it_does_not_make_a_link_another_session(read: Read) -> None:
    one, other = (link(read(SOURCE.replace(HERE, "") + line + HERE + HUB)) for line in ("", "region = eu-west-1\n"))
    assert (one.endpoint.region, other.endpoint.region) == ("us-east-1", "eu-west-1")
    assert one.session_inputs() == other.session_inputs()


def test_an_included_profile_s_device_is_the_role_s(read: Read) -> None:
    profile = read(
        f"[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\ninclude_profile = x\n[profile x]\n{MFA}"
    )
    assert profile.mfa == MFADevice("GAHT12345678")


def test_in_a_chain_the_code_is_used_where_it_begins(read: Read) -> None:
    dev = SOURCE.replace(HERE, "")
    for text in (dev + MFA + HERE + HUB, SOURCE + HUB + MFA, SOURCE + HUB + f"[profile base]\n{MFA}"):
        profile = read(text)
        assert (profile.mfa, link(profile).mfa) == (None, MFADevice("GAHT12345678"))
        assert profile.asks_for_code


def test_in_a_chain_the_nearest_to_its_beginning_counts(read: Read) -> None:
    other = "mfa_serial = GAHT87654321\n"
    asking = SOURCE.replace(HERE, "") + other + HERE + HUB
    assert link(read(asking + MFA)).mfa == MFADevice("GAHT12345678")
    assert link(read(asking + f"[profile base]\n{MFA}")).mfa == MFADevice("GAHT12345678")


@pytest.mark.parametrize(
    "source",
    [
        "credential_source = Ec2InstanceMetadata\n",
        "web_identity_token_file = /token\n",
        "source_profile = me\n[profile me]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = R\n",
        "source_profile = me\n[profile me]\nlogin_session = arn:aws:iam::123456789012:user/me\n",
    ],
)
def test_a_login_and_a_machine_have_no_device(read: Read, source: str) -> None:
    assert not read(f"[profile dev]\nrole_arn = ROLE/dev\n{MFA}{source}").asks_for_code


def test_the_environment_s_key_has_the_role_s_device(read: Read) -> None:
    text = f"[profile dev]\nrole_arn = ROLE/dev\ncredential_source = Environment\n{MFA}"
    assert read(text, environ={"AWS_ACCESS_KEY_ID": "AKIA"}).mfa == MFADevice("GAHT12345678")


def test_a_source_profile_without_credentials_is_told_how_to_set_them(read: Read) -> None:
    said = refused(read, SOURCE, SourceError)
    assert said == ("source profile here has no credentials; `aws configure --profile here` sets an access key")


def test_the_command_that_is_proposed_is_quoted_for_a_shell(read: Read) -> None:
    config = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = a b;c\n[profile 'a b;c']\n"
    assert "--profile 'a b;c'" in refused(read, config, SourceError)


def test_an_access_key_id_without_its_secret_is_refused(read: Read) -> None:
    said = refused(read, SOURCE + "aws_access_key_id = AKIAHERE\n", SourceError)
    assert said.startswith("[here] has an aws_access_key_id and no aws_secret_access_key; `aws configure")


def test_a_profile_without_a_role_is_refused(read: Read) -> None:
    assert refused(read, BASE.replace("[", "[profile "), name="base").startswith("profile base has no role_arn; ")


def test_another_program_s_process_is_no_role(read: Read) -> None:
    assert refused(read, "[profile dev]\n" + PROCESS).startswith("profile dev has no role_arn; ")


def test_a_link_s_values_are_checked_too(read: Read) -> None:
    assert "duration_seconds of [here]" in refused(read, SOURCE + HUB + "duration_seconds = 1\n")


# Region, endpoint and CA bundle along the chain.

CHAIN = (
    "[profile hub]\nrole_arn = ROLE/hub\nsource_profile = base\n{}"
    "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = hub\n{}"
)
FIRST_WAY = "region = eu-west-1\nendpoint_url = https://first\nca_bundle = /first\n"
OWN_WAY = "region = eu-west-2\nendpoint_url = https://own\nca_bundle = /own\n"


def link(profile: Profile) -> Profile:
    assert isinstance(profile.source, Profile)
    return profile.source


def way(profile: Profile) -> tuple[str, str | None, str | None]:
    return profile.endpoint.region, profile.endpoint.endpoint_url, profile.endpoint.ca_bundle


def test_a_link_inherits_the_way_to_sts_from_the_profile_that_asked(read: Read) -> None:
    assert way(link(read(CHAIN.format("", FIRST_WAY)))) == ("eu-west-1", "https://first", "/first")


def test_a_link_s_own_way_to_sts_wins(read: Read) -> None:
    profile = read(CHAIN.format(OWN_WAY, FIRST_WAY))
    assert way(link(profile)) == ("eu-west-2", "https://own", "/own")
    assert way(profile) == ("eu-west-1", "https://first", "/first")


def test_a_link_s_way_is_not_its_asker_s(read: Read) -> None:
    assert way(read(CHAIN.format(OWN_WAY, ""))) == ("us-east-1", None, None)


def test_the_environment_s_way_is_everyone_s(read: Read) -> None:
    environ = {"AWS_REGION": "eu-west-3", "AWS_ENDPOINT_URL": "https://env", "AWS_CA_BUNDLE": "/env"}
    profile = read(CHAIN.format(OWN_WAY, FIRST_WAY), environ=environ)
    assert way(profile) == way(link(profile)) == ("eu-west-3", "https://env", "/env")


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


def test_sts_is_asked_in_the_region_unless_the_old_way_is_wanted(read: Read) -> None:
    text = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\n"
    assert read(text).endpoint.sts_regional_endpoints == "regional"
    assert read(text + "sts_regional_endpoints = Legacy\n").endpoint.sts_regional_endpoints == "legacy"
    old = {"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}
    assert read(text + "sts_regional_endpoints = regional\n", environ=old).endpoint.sts_regional_endpoints == "legacy"
    with pytest.raises(ConfigurationError, match=r"sts_regional_endpoints of \[dev\] is global; use regional or"):
        read(text + "sts_regional_endpoints = global\n")


# Which commands lead back to the helper.
