"""The variables through which credentials and region reach an SDK."""

import dataclasses
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assume_helper import hit
from assume_helper.cache.session import Session
from assume_helper.credentials import Credentials
from assume_helper.export import variables
from assume_helper.profiles.origin import EnvironmentKeys
from assume_helper.profiles.role import Endpoint, Profile

END = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
SESSION = Session(Credentials("ASIADUMMY", "dummy-secret", "dummy-token", END), END, END, END.timestamp() - 3600, 3600)
PROFILE = Profile("dev", "arn:aws:iam::123456789012:role/dev", EnvironmentKeys(None), Endpoint("us-east-1"))
KEYS = {
    "AWS_ACCESS_KEY_ID": "ASIADUMMY",
    "AWS_SECRET_ACCESS_KEY": "dummy-secret",
    "AWS_SESSION_TOKEN": "dummy-token",
    "AWS_CREDENTIAL_EXPIRATION": "2026-11-28T12:00:00Z",
}
EU = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", hit.REGION: "eu-west-1"}
# Whose credentials these are, for this program and for prompts.
NAMED = {variables.INSIDE: "dev", variables.FOR_PROMPTS: "dev"}


def with_region(region: str | None) -> Profile:
    return Profile(PROFILE.name, PROFILE.role_arn, PROFILE.source, PROFILE.endpoint, region=region)


def test_a_session_sets_its_keys_and_the_profile_its_region() -> None:
    assert variables.variables(SESSION, with_region(None)) == KEYS
    assert variables.variables(SESSION, with_region("eu-west-1")) == KEYS | EU


def test_in_a_shell_what_would_win_is_cleared() -> None:
    found = variables.for_shell(SESSION, with_region(None))
    assert {name for name, value in found.items() if value is None} == {
        "AWS_ACCOUNT_ID",  # of another session: this one's is not known
        "AWS_SECURITY_TOKEN",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
    }


@pytest.mark.parametrize("there", [{}, {"AWS_SESSION_TOKEN": "old", "AWS_CREDENTIAL_EXPIRATION": "old"}])
def test_a_key_without_a_token_and_an_end_clears_those_of_an_earlier_session(there: dict[str, str]) -> None:
    key = dataclasses.replace(
        SESSION, credentials=Credentials("AKIADUMMY", "dummy-secret"), expiration=None, printed_expiration=None
    )
    found = variables.for_shell(key, with_region(None), there)
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"]) == ("AKIADUMMY", "dummy-secret")
    assert found["AWS_SESSION_TOKEN"] is None
    assert found["AWS_CREDENTIAL_EXPIRATION"] is None
    given = variables.variables(key, with_region(None))
    assert set(given) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert variables.environment(there, "dev", given) == {**given, **NAMED}


def test_a_region_is_cleared_only_where_a_profile_has_set_it() -> None:
    assert set(variables.unset({"AWS_REGION": "eu-west-1"})) == set(variables.CREDENTIALS)
    assert set(variables.unset(EU)) == {*variables.CREDENTIALS, *EU}


def test_a_program_gets_no_other_credentials() -> None:
    old = {"AWS_PROFILE": "old", "AWS_SECURITY_TOKEN": "old", "AWS_ROLE_ARN": "old", "PATH": "/bin"}
    assert variables.environment(old, "dev", KEYS) == {"PATH": "/bin", **NAMED, **KEYS}


def test_the_last_profile_s_region_goes_and_a_person_s_stays() -> None:
    assert "AWS_REGION" not in variables.environment(EU, "dev", {})
    found = variables.environment(EU | {"AWS_REGION": "ap-south-1"}, "dev", {})
    assert (found["AWS_REGION"], "AWS_DEFAULT_REGION" in found) == ("ap-south-1", False)


@pytest.mark.parametrize(
    ("config", "credentials", "hidden"),
    [
        ("", "", set()),
        ("[default]\nregion = x\n", "[base]\naws_access_key_id = a\n", set()),
        ("[default]\nsso_session = x\n", "", {"AWS_CONFIG_FILE"}),
        ("", "[default]\naws_access_key_id = a\n", {"AWS_SHARED_CREDENTIALS_FILE"}),
    ],
)
def test_the_files_whose_default_profile_has_credentials_are_hidden(
    config: str, credentials: str, hidden: set[str], tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(config)
    (tmp_path / "credentials").write_text(credentials)
    environ = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }
    assert variables.without_default_credentials(environ) == dict.fromkeys(hidden, os.devnull)


def test_the_account_is_the_session_s_and_what_a_profile_hands_on_has_a_mark() -> None:
    session = dataclasses.replace(SESSION, account_id="123456789012")
    profile = dataclasses.replace(with_region("eu-west-1"), endpoint_url="http://localstack:4566")
    endpoint = {"AWS_ENDPOINT_URL": "http://localstack:4566", hit.ENDPOINT_URL: "http://localstack:4566"}
    assert variables.variables(session, profile) == KEYS | EU | endpoint | {"AWS_ACCOUNT_ID": "123456789012"}
    assert variables.left_over(EU | endpoint) == [*EU, *endpoint]
    assert variables.left_over(EU | endpoint | {"AWS_ENDPOINT_URL": "http://mine"}) == [*EU, hit.ENDPOINT_URL]
    assert set(variables.unset(endpoint)) == {*variables.CREDENTIALS, *endpoint}


def test_in_a_shell_what_names_another_identity_is_cleared_where_it_is() -> None:
    there = {"AWS_ROLE_ARN": "old", "AWS_VAULT": "old", "AWS_ACCOUNT_ID": "1", "OTHER": "kept"} | EU
    found = variables.for_shell(SESSION, with_region(None), there, "asked")
    gone = {"AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN", "AWS_VAULT", "AWS_ACCOUNT_ID"}
    assert {name for name, value in found.items() if value is None} == gone | set(EU)
    assert (found[variables.INSIDE], found[variables.FOR_PROMPTS], found[variables.BY_ENV]) == ("asked", "asked", "1")


def test_after_a_failure_the_endpoint_of_exec_goes_and_a_container_s_own_stays() -> None:
    address = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/credentials"}
    assert address.keys() <= set(variables.after_failure(address | {variables.INSIDE: "dev"}))
    assert not address.keys() & set(variables.after_failure(address))
    pod = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"}
    assert not pod.keys() & set(variables.after_failure(pod | {variables.INSIDE: "dev"}))
