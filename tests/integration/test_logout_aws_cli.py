"""`logout` and the AWS CLI: what the CLI got with the login goes from its cache, and nothing else does."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import identity_center as ic
import pytest
from front import Front
from identity_center import Center
from kind_scenes import NAME, ROLE_ARN, Scene
from running import ACCESS_KEY_ID, SECRET, Home

# What the CLI does before each command: botocore's credentials, kept in files (awscli.customizations.assumerole).
CLI = """
import sys
from awscli.customizations.assumerole import CACHE_DIR
from botocore.session import Session
from botocore.utils import JSONFileCache

for profile in sys.argv[1:]:
    session = Session(profile=profile)
    providers = session.get_component("credential_provider")
    for name in ("assume-role", "sso"):
        providers.get_provider(name).cache = JSONFileCache(CACHE_DIR)
    session.get_credentials().get_frozen_credentials()
"""
USER = f"[profile user]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n"


def role(name: str, source: str, **keys: str) -> str:
    more = "".join(f"{key} = {value}\n" for key, value in keys.items())
    return f"[profile {name}]\nrole_arn = {ROLE_ARN}/{name}\nsource_profile = {source}\n{more}"


ROLES = (
    role("one", NAME, external_id="xy", role_session_name="me", duration_seconds="900")
    + role("two", "one", duration_seconds="none")
    + role("other", "user")
)
ANOTHER = "210987654321"
THEIRS = ic.sso_session("other") + ic.permission_set("theirs", ANOTHER, session_name="other") + role("over", "theirs")


def folder(home: Home) -> Path:
    return home.folder / ".aws" / "cli" / "cache"


def got_by_the_cli(home: Home, *names: str) -> dict[str, Path]:
    """Have the CLI get these profiles' credentials, and keep them: the files, by what they are for."""
    environ = home.environ | {"AWS_DEFAULT_REGION": ic.REGION}
    subprocess.run([sys.executable, "-c", CLI, *names], env=environ, timeout=90, check=True)
    return dict(of_each(home))


def of_each(home: Home) -> Iterator[tuple[str, Path]]:
    for path in folder(home).iterdir():
        found = json.loads(path.read_text())
        arn = found.get("AssumedRoleUser", {}).get("Arn", "")
        yield arn.split("/")[1] if arn else f"set {found['Credentials']['AccountId']}", path


def logged_out(home: Home, *arguments: str) -> str:
    ran = home.run("logout", *arguments)
    assert (ran.code, ran.stderr) == (0, ""), ran.stderr
    return ran.stdout.decode()


@pytest.fixture
def scene(home: Home, center: Center, offline_front: Front) -> Scene:
    """A permission set and roles over it as the CLI has them, and roles over another login and over an access key."""
    found = Scene(home, center, offline_front, "permission set")
    home.config.write_text(found.config() + ROLES + USER + THEIRS)
    center.assign(ANOTHER, ic.ROLE)
    center.log_in(home, "other")
    return found


def test_what_the_cli_got_with_the_login_goes_and_what_it_got_otherwise_stays(scene: Scene) -> None:
    home = scene.home
    found = got_by_the_cli(home, NAME, "one", "two", "other", "theirs", "over")
    assert found.keys() == {f"set {ic.ACCOUNT}", "one", "two", "other", f"set {ANOTHER}", "over"}
    assert logged_out(home, NAME).splitlines()[1:] == ["removed: 3 sessions from the AWS CLI's cache"]
    assert dict(of_each(home)).keys() == {"other", f"set {ANOTHER}", "over"}
    assert logged_out(home, "--all").splitlines()[1:] == ["removed: 2 sessions from the AWS CLI's cache"]
    assert dict(of_each(home)).keys() == {"other"}


def test_a_profile_that_was_moved_to_the_prefix_or_is_gone_is_known_all_the_same(scene: Scene) -> None:
    home = scene.home
    got_by_the_cli(home, NAME, "theirs")
    text = home.config.read_text()
    home.config.write_text(text.replace("sso_account_id", "assume_helper_sso_account_id"))
    assert "removed: 1 session from the AWS CLI's cache\n" in logged_out(home, NAME)
    assert dict(of_each(home)).keys() == {f"set {ANOTHER}"}
    home.config.write_text(ic.sso_session())
    scene.center.log_in(home)
    assert "removed: 1 session from the AWS CLI's cache\n" in logged_out(home, "--sso-session", ic.SESSION)
    assert list(folder(home).iterdir()) == []


def test_what_is_no_permission_set_of_the_login_stays_whatever_it_is_called(scene: Scene) -> None:
    home = scene.home
    found = got_by_the_cli(home, NAME, "one")
    for path, content in {
        found[f"set {ic.ACCOUNT}"]: {"ProviderType": "other", "Credentials": {}},
        found["one"]: {"Credentials": {}},
        folder(home) / f"{'1' * 40}.json": {"ProviderType": "sso"},
        folder(home) / f"{'2' * 40}.json": [],
        folder(home) / "notes.json": {"ProviderType": "sso", "Credentials": {}},
    }.items():
        path.write_text(json.dumps(content))
    (folder(home) / f"{'3' * 40}.json").mkdir()
    (folder(home) / "session.db").write_bytes(b"")
    before = set(folder(home).iterdir())
    assert logged_out(home, NAME) == "sso-session corp is logged out\n"
    assert set(folder(home).iterdir()) == before


def test_a_console_login_takes_no_permission_set_with_it(scene: Scene) -> None:
    home = scene.home
    scene.center.console_log_in(home)
    home.config.write_text(home.config.read_text() + f"[profile console]\nlogin_session = {ic.USER}\n")
    found = got_by_the_cli(home, NAME, "one")
    assert logged_out(home, "console") == "profile console is logged out\n"
    assert dict(of_each(home)) == found


def test_a_file_behind_a_link_goes_too(scene: Scene, tmp_path: Path) -> None:
    (path,) = got_by_the_cli(scene.home, NAME).values()
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    logged_out(scene.home, NAME)
    assert not (tmp_path / "elsewhere").exists()
