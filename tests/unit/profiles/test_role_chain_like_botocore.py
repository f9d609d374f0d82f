"""Any profiles lead to the calls that botocore makes for them: the same roles, in the same order, by the same key."""

import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session
from botocore.credentials import (
    AssumeRoleProvider,
    CanonicalNameCredentialSourcer,
    EnvProvider,
    ProfileProviderBuilder,
)
from botocore.exceptions import BotoCoreError
from hypothesis import event, given, settings
from hypothesis import strategies as st

from assume_helper.errors import ConfigurationError, SourceError
from assume_helper.profiles import aws_config, role_chain
from assume_helper.profiles.origin import EnvironmentKeys, StaticKeys

ENVIRON = {"AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "s"}
NAMES = ["dev", "b", "c", "d e"]
# The access key, then what AssumeRole is asked for.
Calls = list[tuple[str, dict[str, str]]]


def one_of(*values: str | None) -> st.SearchStrategy[str | None]:
    return st.sampled_from(values)


KEYS = {
    "role_arn": one_of(None, *["arn:aws:iam::123456789012:role/ROLE"] * 4),
    "source_profile": one_of(None, *NAMES * 3, "gone"),
    "credential_source": one_of(*[None] * 14, "Environment", "Moon"),
    "external_id": one_of(None, None, "x-1"),
    "duration_seconds": one_of(None, None, "1800"),
    "role_session_name": one_of(None, "me"),
    "aws_access_key_id": one_of(None, None, "AKIA"),
}
SECTIONS = st.fixed_dictionaries(
    {"dev": st.fixed_dictionaries(KEYS)}, optional={name: st.fixed_dictionaries(KEYS) for name in NAMES[1:]}
)
IN_CREDENTIALS = st.dictionaries(st.sampled_from(NAMES), one_of("AKIA", None), max_size=3)


def text_of(sections: Mapping[str, Mapping[str, str | None]], header: str) -> str:
    lines = []
    for name, values in sections.items():
        lines.append(f"[{header.format(name)}]")
        for key, value in values.items():
            if value is not None:
                lines.append(f"{key} = {value.replace('ROLE', name[0])}{name[0] if value == 'AKIA' else ''}")
        if values.get("aws_access_key_id"):
            lines.append("aws_secret_access_key = s")
    return "\n".join(lines) + "\n"


def theirs(environ: Mapping[str, str]) -> Calls | None:
    """The calls that botocore makes for `dev`; None where it makes none. Raises BotoCoreError."""
    calls: Calls = []

    class Client:
        def __init__(self, key: str) -> None:
            self.key = key

        def assume_role(self, **request: Any) -> dict[str, Any]:
            calls.append((self.key, {name: str(value) for name, value in request.items()}))
            end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
            values = {"AccessKeyId": request["RoleArn"], "SecretAccessKey": "s", "SessionToken": "t", "Expiration": end}
            return {"Credentials": values}

    session = botocore.session.Session(profile="dev")
    session.set_config_variable("config_file", environ["AWS_CONFIG_FILE"])
    session.set_config_variable("credentials_file", environ["AWS_SHARED_CREDENTIALS_FILE"])
    make: Any = AssumeRoleProvider
    provider = make(
        load_config=lambda: session.full_config,
        client_creator=lambda _service, **keys: Client(keys["aws_access_key_id"]),
        cache={},
        profile_name="dev",
        credential_sourcer=CanonicalNameCredentialSourcer([EnvProvider(dict(ENVIRON))]),
        profile_provider_builder=ProfileProviderBuilder(session),
    )
    found = provider.load()
    if found is None:
        return None
    found.get_frozen_credentials()
    return calls


def ours(environ: Mapping[str, str]) -> Calls | None:
    """The calls that the helper makes for `dev`; None where it is no role. Raises ConfigurationError, SourceError."""
    profile = role_chain.read_profile(aws_config.load(environ), ENVIRON, "dev")
    assert isinstance(profile.origin, StaticKeys | EnvironmentKeys)
    key = str(profile.origin.access_key_id)
    calls: Calls = []
    for link in reversed(list(profile.links())):
        if link.role_arn is None:
            return None
        request = {"RoleArn": link.role_arn}
        if link.external_id is not None:
            request["ExternalId"] = link.external_id
        if link.duration_seconds is not None:
            request["DurationSeconds"] = str(link.duration_seconds)
        if link.role_session_name is not None:
            request["RoleSessionName"] = link.role_session_name
        calls.append((key, request))
        key = link.role_arn
    return calls


@given(sections=SECTIONS, in_credentials=IN_CREDENTIALS)
@settings(max_examples=200 if sys.platform != "win32" else 20)
def test_the_calls_are_botocores_or_both_refuse(
    sections: dict[str, dict[str, str | None]], in_credentials: dict[str, str | None]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = {
            "AWS_CONFIG_FILE": str(Path(folder, "config")),
            "AWS_SHARED_CREDENTIALS_FILE": str(Path(folder, "credentials")),
        }
        Path(paths["AWS_CONFIG_FILE"]).write_text(text_of(sections, "profile '{}'"))
        keys = {name: {"aws_access_key_id": key} for name, key in in_credentials.items()}
        Path(paths["AWS_SHARED_CREDENTIALS_FILE"]).write_text(text_of(keys, "{}"))
        try:
            wanted = theirs(paths)
        except (BotoCoreError, KeyError):
            wanted = None
        try:
            found = ours(paths)
        except (ConfigurationError, SourceError):
            found = None
    for _, request in wanted or []:
        if request["RoleSessionName"].startswith("botocore-session-"):
            del request["RoleSessionName"]
    event("refused" if found is None else f"{len(found)} calls")
    assert found == wanted
