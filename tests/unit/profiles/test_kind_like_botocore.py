"""Any mixture of keys makes a profile what it is to botocore: by itself, as a role's source, and all keys prefixed."""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.credentials
import botocore.session
import pytest
from botocore.exceptions import BotoCoreError
from hypothesis import event, given, settings
from hypothesis import strategies as st

from assume_helper.errors import ConfigurationError, SourceError
from assume_helper.profiles import aws_config, role_chain
from assume_helper.profiles.origin import StaticKeys, WebIdentity
from assume_helper.profiles.role import Profile

ROLE = "arn:aws:iam::123456789012:role/dev"
HUB = f"[profile hub]\nrole_arn = {ROLE}\nsource_profile = me\n"
BASE = "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n"
SESSION = "[sso-session corp]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"
# What belongs together, and is there or not.
PARTS: Mapping[str, Mapping[str, str]] = {
    "role": {"role_arn": ROLE, "source_profile": "base"},
    "web identity": {"web_identity_token_file": "TOKEN", "role_arn": ROLE},
    "session": {"sso_session": "corp", "sso_account_id": "123456789012", "sso_role_name": "Reader"},
    "legacy": {
        "sso_start_url": "https://x.awsapps.com/start",
        "sso_region": "eu-west-1",
        "sso_account_id": "123456789012",
        "sso_role_name": "Reader",
    },
    "console": {"login_session": "arn:aws:iam::123456789012:user/me"},
    "process": {"credential_process": "tool --get"},
    "key": {"aws_access_key_id": "AKIACONFIG", "aws_secret_access_key": "s"},
    "token": {"aws_session_token": "of-config"},
    "half": {"sso_account_id": "123456789012"},
    "nothing": {"region": "us-east-1"},
}
IN_CREDENTIALS: Mapping[str, Mapping[str, str]] = {
    "key": {"aws_access_key_id": "AKIACREDENTIALS", "aws_secret_access_key": "s"},
    "token": {"aws_session_token": "of-credentials"},
    "process": {"credential_process": "other-tool"},
}
# What each of botocore's providers is, by its METHOD.
METHODS = {
    "assume-role": "role",
    "assume-role-with-web-identity": "web identity",
    "sso": "permission set",
    "shared-credentials-file": "access key",
    "login": "console login",
    "custom-process": "process",
    "config-file": "access key",
}
# A kind, and the access key and its token where it is one; None where it is refused.
Choice = tuple[str, str, str | None] | None

mixtures = st.sets(st.sampled_from(list(PARTS)))
mixtures_in_credentials = st.sets(st.sampled_from(list(IN_CREDENTIALS)))


def text_of(header: str, parts: Mapping[str, Mapping[str, str]], chosen: set[str], prefix: str, token: str) -> str:
    values: dict[str, str] = {}
    for name, keys in parts.items():  # in one order, whatever the set's
        values |= keys if name in chosen else {}
    lines = [f"{prefix}{key} = {value.replace('TOKEN', token)}\n" for key, value in values.items()]
    return header + "".join(lines)


def profiles(folder: str, chosen: set[str], in_credentials: set[str], prefix: str = "") -> dict[str, str]:
    """The environment for a config in which `me` is the mixture, and `hub` a role over it."""
    token = Path(folder, "token")
    token.write_text("a.b.c")
    config, credentials = Path(folder, "config"), Path(folder, "credentials")
    config.write_text(text_of("[profile me]\n", PARTS, chosen, prefix, str(token)) + HUB + SESSION)
    mixture = text_of("[me]\n", IN_CREDENTIALS, in_credentials, prefix, "") if in_credentials else ""
    credentials.write_text(BASE + mixture)
    return {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(credentials), "HOME": folder}


@contextmanager
def stubbed() -> Iterator[None]:
    """botocore's providers without roles, programs, and token files: which of them would load is all that is asked."""
    module: Any = botocore.credentials
    given = {"access_key": "ASIA", "secret_key": "s", "token": "t"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            module.AssumeRoleProvider,
            "_load_creds_via_assume_role",
            lambda _self, _name: module.Credentials("ASIA", "s", "t", method="assume-role"),
        )
        patch.setattr(module.ProcessProvider, "_retrieve_credentials_using", lambda _self, _command: given)
        loaded = given | {"expiry_time": "2099-01-01T00:00:00Z", "account_id": "123456789012"}
        patch.setattr(module.LoginCredentialFetcher, "load_cached_credentials", lambda _self: loaded)
        patch.setattr(module, "EC", object())  # as where botocore's crt extra is installed
        yield


def theirs(environ: Mapping[str, str], *, as_source: bool) -> Choice:
    """What botocore takes the profile for."""
    session: Any = botocore.session.Session(profile="me")
    session.set_config_variable("config_file", environ["AWS_CONFIG_FILE"])
    session.set_config_variable("credentials_file", environ["AWS_SHARED_CREDENTIALS_FILE"])
    session.set_config_variable("region", "us-east-1")
    with stubbed():
        providers = session.get_component("credential_provider").providers
        try:
            if as_source:
                (provider,) = (each for each in providers if each.METHOD == "assume-role")
                provider._loaded_config = session.full_config
                found = provider._resolve_credentials_from_profile("me")
            else:
                loaded = (each.load() for each in providers if each.METHOD in METHODS)
                found = next((each for each in loaded if each is not None), None)
        except BotoCoreError:
            return None
        if found is None:
            return None
        is_key = METHODS[found.method] == "access key"
        return METHODS[found.method], found.access_key if is_key else "", found.token if is_key else None


def ours(environ: Mapping[str, str], *, as_source: bool) -> Choice:
    """What the profile is to the helper."""
    try:
        found: Any = role_chain.read_profile(aws_config.load(environ), environ, "hub" if as_source else "me")
    except (ConfigurationError, SourceError):
        return None
    if as_source and not isinstance(found.source, Profile):
        assert isinstance(found.source, StaticKeys)
        return "access key", found.source.access_key_id, found.source.session_token
    profile = found.source if as_source else found
    if isinstance(profile.source, StaticKeys) and profile.kind == "access key":
        return "access key", profile.source.access_key_id, profile.source.session_token
    return "web identity" if isinstance(profile.source, WebIdentity) else profile.kind, "", None


@given(chosen=mixtures, in_credentials=mixtures_in_credentials)
@settings(max_examples=120 if sys.platform != "win32" else 20)
@pytest.mark.parametrize("as_source", [False, True])
def test_a_profile_is_what_it_is_to_botocore_bare_and_prefixed(
    *, as_source: bool, chosen: set[str], in_credentials: set[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bare = profiles(folder, chosen, in_credentials)
        found = ours(bare, as_source=as_source)
        assert found == theirs(bare, as_source=as_source)
        event("refused" if found is None else found[0])
        prefixed = ours(profiles(folder, chosen, in_credentials, "assume_helper_"), as_source=as_source)
        assert (prefixed or ("",))[0] == (found or ("",))[0]
