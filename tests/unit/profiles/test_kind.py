"""What a source profile is: its own credentials, in botocore's order."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from front import Front, session
from unit.profiles.config_parts import BASE, HUB, KEY, PROCESS, SOURCE

from assume_helper.errors import SourceError
from assume_helper.profiles.login import ConsoleLogin, PermissionSet
from assume_helper.profiles.origin import CredentialProcess, EnvironmentKeys, Metadata, StaticKeys
from assume_helper.profiles.role import Profile
from assume_helper.text import typed

Read = Callable[..., Profile]
Refused = Callable[..., str]

ROLE = "arn:aws:iam::123456789012:role"


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
    assert isinstance(profile.source, Profile)
    assert (profile.source.kind, profile.source.source) == ("process", CredentialProcess("here", "vault login"))


def test_the_environment_is_a_source(read: Read) -> None:
    text = "[profile dev]\nrole_arn = ROLE/dev\ncredential_source = Environment\n"
    assert read(text, environ={"AWS_ACCESS_KEY_ID": "AKIAENV"}).source == EnvironmentKeys("AKIAENV")
    assert read(text).source == EnvironmentKeys(None)


def test_an_access_key_comes_before_a_role(read: Read) -> None:
    assert read(SOURCE + KEY + HUB).source == StaticKeys("here", "AKIAHERE", "s", None)


def test_a_key_in_the_credentials_file_comes_before_a_process(read: Read) -> None:
    assert read(SOURCE + PROCESS, credentials="[here]\n" + KEY).source == StaticKeys("here", "AKIAHERE", "s", None)


def test_a_process_comes_before_a_key_in_the_config_file(read: Read) -> None:
    assert read(SOURCE + KEY + PROCESS).origin == CredentialProcess("here", "vault login")


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


@pytest.mark.parametrize("source", ["environment", "x"])
def test_a_credential_source_that_there_is_not_is_named(refused: Refused, source: str) -> None:
    said = refused(f"[profile dev]\nrole_arn = ROLE/dev\ncredential_source = {source}\n")
    assert said == (
        f"credential_source of [dev] is {source}; use Environment, Ec2InstanceMetadata or EcsContainer, or WebIdentity "
        "or GitHubActions with the prefix"
    )


@pytest.mark.parametrize("source", ["Ec2InstanceMetadata", "EcsContainer"])
def test_metadata_is_a_source(read: Read, source: str) -> None:
    found = read(f"[profile dev]\nrole_arn = ROLE/dev\ncredential_source = {source}\n").source
    assert found == Metadata(source)


def test_a_container_is_told_from_another_by_its_uri(read: Read) -> None:
    text = "[profile dev]\nrole_arn = ROLE/dev\ncredential_source = EcsContainer\n"
    for name in ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        assert read(text, environ={name: "/here"}).source == Metadata("EcsContainer", "/here")


def test_a_login_is_a_source_and_comes_before_a_key_where_it_is_sso(read: Read) -> None:
    sso = "sso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\n"
    section = "[sso-session corp]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"
    for text in (sso, sso + KEY):
        found = read(SOURCE + text + section).origin
        assert isinstance(found, PermissionSet)
        assert (found.profile, found.account_id, found.role_name) == ("here", "123456789012", "Reader")
        assert (found.login.session_name, found.login.service.region) == ("corp", "eu-west-1")
    source = read(SOURCE + "login_session = me\n").source
    assert isinstance(source, Profile)
    assert source.kind == "console login"
    assert isinstance(source.source, ConsoleLogin)
    assert source.source.login_session == "me"


@pytest.mark.parametrize("command", ["./login --for dev", "tools/login", "no-such-login", "'my/tools/login'"])
def test_a_process_is_resolved(read: Read, command: str) -> None:
    """What to: see test_process_resolution."""
    found = read(SOURCE + f"credential_process = {command}\n").origin
    assert isinstance(found, CredentialProcess)
    assert found.resolution.problem is not None
    assert list(found.resolution.conditions.values()) == ["absent"]


def test_a_source_profile_without_credentials_is_told_how_to_set_them(refused: Refused) -> None:
    said = refused(SOURCE, SourceError)
    assert said == ("source profile here has no credentials; `aws configure --profile here` sets an access key")


def test_the_command_that_is_proposed_is_quoted_for_a_shell(refused: Refused) -> None:
    config = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = a b;c\n[profile 'a b;c']\n"
    assert f"--profile {typed('a b;c')}" in refused(config, SourceError)


def test_an_access_key_id_without_its_secret_is_refused(refused: Refused) -> None:
    said = refused(SOURCE + "aws_access_key_id = AKIAHERE\n", SourceError)
    assert said.startswith("[here] has an aws_access_key_id and no aws_secret_access_key; `aws configure")
