"""The example profiles: each is read as it stands, and what can be run here is run."""

import configparser
import re
import shutil
from pathlib import Path
from typing import get_args

import pytest
from front import Front, session
from running import Home

from assume_helper.profiles import aws_config, role_chain
from assume_helper.profiles.origin import EnvironmentKeys, Origin, StaticKeys
from assume_helper.profiles.role import Kind, Profile

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = sorted((ROOT / "examples" / "profiles").glob("*.ini"))
PAGE = ROOT / "docs" / "reference" / "profile-keys.md"
TABLE = PAGE.read_text(encoding="utf-8").partition("| key | meaning |")[2].partition("\n\n")[0]
KEYS = [key for line in TABLE.splitlines()[2:] for key in re.findall(r"`([a-z_]+)`", line.split("|")[1])]


def config_of(path: Path) -> configparser.RawConfigParser:
    config = configparser.RawConfigParser()
    config.read(path, encoding="utf-8")
    return config


def read(path: Path, environ: dict[str, str]) -> dict[str, Profile]:
    """The profiles of an example that can be served."""
    environ = {"AWS_CONFIG_FILE": str(path), "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", **environ}
    config = aws_config.load(environ)
    return {
        name: role_chain.read_profile(config, environ, name)
        for name in config.profiles
        if role_chain.can_be_served(config, name)
    }


def test_there_is_an_example_of_each_kind_and_of_each_source_of_a_role() -> None:
    profiles = [profile for path in EXAMPLES for profile in read(path, {}).values()]
    assert {profile.kind for profile in profiles} == set(get_args(Kind))
    origins = {type(profile.origin) for profile in profiles if profile.kind == "role"}
    assert origins == set(get_args(Origin))


def test_each_kind_without_a_role_has_an_example_in_each_form() -> None:
    forms: dict[str, set[str]] = {}
    for path in EXAMPLES:
        sections = config_of(path)
        for name, profile in read(path, {}).items():
            keys = sections[f"profile {name}"]
            is_prefixed = any(key.startswith("assume_helper_") for key in keys)
            forms.setdefault(profile.kind, set()).add("prefixed" if is_prefixed else "bare")
    assert forms == {kind: {"prefixed", "bare"} for kind in get_args(Kind)}


def test_every_key_of_the_reference_is_in_an_example() -> None:
    used = {
        name
        for path in EXAMPLES
        for section in config_of(path).values()
        for key in section
        for name in (key, key.removeprefix("assume_helper_"))
    }
    assert {"role_arn", "mfa_serial", "sso_session"} <= set(KEYS) <= used


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_read_as_it_stands(path: Path) -> None:
    profiles = read(path, {})
    assert profiles
    assert all(path.read_text().startswith("# ") for path in EXAMPLES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_with_an_access_key_gives_credentials(path: Path, home: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    environ = {
        "AWS_ENDPOINT_URL": offline_front.url,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_CA_BUNDLE": "",
    }
    home.config.write_text(
        re.sub("(?m)^(ca_bundle|mfa_process|ignore_configured_endpoint_urls) = .*\n", "", path.read_text())
    )
    for beside in path.parent.glob("*.json"):
        shutil.copy(beside, home.config.parent)
    for name, profile in read(home.config, environ).items():
        if isinstance(profile.origin, StaticKeys | EnvironmentKeys):
            token = f"{len(offline_front.calls):06}"
            ran = home.run("get", name, **environ, ASSUME_HELPER_MFA_TOKEN=token)
            assert (ran.code, ran.stderr) == (0, ""), (name, ran.stderr)
