"""`logout`: the service is told, the token file goes, and so does all that was got with that login, no more."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import identity_center as ic
import pytest
from behaviours import held, html, status
from front import Front, free_port, wait_for
from identity_center import Center, ConsoleFile, SsoFile
from kind_scenes import NAME, ROLE_ARN, Scene
from login_calls import held_lock
from running import Home, is_at_the_lock, no_warning

from assume_helper.cache import key_lock
from assume_helper.cache.directory import Cache
from assume_helper.logins import login_lock

ROLE = f"[profile role-0]\nrole_arn = {ROLE_ARN}/role-0\nsource_profile = {NAME}\n"
OTHER = ic.sso_session("other") + ic.permission_set("theirs", session_name="other")


@pytest.fixture
def scene(home: Home, center: Center, offline_front: Front) -> Scene:
    """A permission set and a role over it, and a login to its session."""
    found = Scene(home, center, offline_front, "permission set")
    home.config.write_text(found.config() + ROLE)
    return found


def sso(scene: Scene) -> SsoFile:
    assert isinstance(scene.login, SsoFile)
    return scene.login


def warm(home: Home, *names: str) -> None:
    """Have a session of each cached, and a hit."""
    for name in names:
        home.get(name)
        home.get(name)


def logged_out(home: Home, *arguments: str, **environ: str) -> str:
    """What a logout that went well prints."""
    ran = home.run("logout", *arguments, **environ)
    assert (ran.code, ran.stderr) == (0, ""), ran.stderr
    return ran.stdout.decode()


def cached(home: Home) -> set[str]:
    """The data in the cache, whatever store it is in."""
    return {path.suffix for path in home.cache.rglob("*") if path.suffix in {".entry", ".hit", ".failure"}}


# What goes


@pytest.mark.parametrize("arguments", [(NAME,), ("role-0",), ("--sso-session", "corp"), ("--all",)])
def test_the_service_is_told_and_nothing_is_served_any_more_not_even_a_hit(
    scene: Scene, arguments: tuple[str, ...]
) -> None:
    home, login = scene.home, sso(scene)
    warm(home, NAME, "role-0")
    token = login.read()["accessToken"]
    said = logged_out(home, *arguments)
    assert said == "sso-session corp is logged out\nremoved: 2 sessions from the cache\n"
    assert scene.center.server.requests[-1].headers["x-amz-sso_bearer_token"] == token
    assert (scene.center.calls("Logout"), login.login.is_over) == (1, True)
    assert not login.path.exists()
    assert login.registration.exists(), "it is no login, and serves the next one"
    assert cached(home) == set()
    for name in (NAME, "role-0"):
        home.run("get", name).failed(
            4, "sso-session corp is not logged in; run: assume-helper login --sso-session corp"
        )


def test_a_login_that_is_not_there_is_said_and_is_no_failure(scene: Scene) -> None:
    logged_out(scene.home, NAME)
    asked = len(scene.center.server.requests)
    assert logged_out(scene.home, NAME) == "sso-session corp was not logged in\n"
    assert len(scene.center.server.requests) == asked


def test_whoever_never_logged_in_is_told_so_and_nothing_is_made(home: Home) -> None:
    home.config.write_text(ic.sso_session() + ic.permission_set(NAME))
    assert logged_out(home, NAME) == "sso-session corp was not logged in\n"
    assert logged_out(home, "--all") == "no login was there\n"
    assert [path.name for path in (home.folder / ".aws").iterdir()] == ["config"]


def test_what_came_of_a_login_goes_also_where_nobody_is_logged_in_any_more(scene: Scene) -> None:
    warm(scene.home, NAME, "role-0")
    sso(scene).path.unlink()
    said = logged_out(scene.home, NAME)
    assert said == "sso-session corp was not logged in\nremoved: 2 sessions from the cache\n"
    assert cached(scene.home) == set()


def test_sessions_got_with_options_and_by_a_role_s_arn_go_too(scene: Scene) -> None:
    home = scene.home
    warm(home, NAME)
    assert home.run("get", "role-0", "--read-only").code == 0
    by_arn = ("exec", f"{ROLE_ARN}/another", "--source-profile", NAME, "--", "true")
    assert home.run(*by_arn).code == 0
    for hit in home.cache.glob("*.hit"):
        hit.unlink()
    assert len(home.entries()) == 3
    assert logged_out(home, NAME).endswith("removed: 3 sessions from the cache\n")
    assert cached(home) == set()


def test_what_is_encrypted_goes_without_its_key(scene: Scene, tmp_path: Path) -> None:
    """The directory of encrypted entries; the key is in a keyring, which nobody is asked for."""
    home = scene.home
    warm(home, NAME)
    (entry,) = home.entries()
    encrypted = home.cache / "encrypted"
    encrypted.mkdir(mode=0o700)
    entry.rename(encrypted / entry.name)
    environ = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    assert logged_out(home, NAME, **environ).endswith("removed: 1 session from the cache\n")
    assert list(encrypted.glob("*.entry")) == []


def test_the_json_has_the_login_and_what_was_removed(scene: Scene) -> None:
    warm(scene.home, NAME)
    assert json.loads(logged_out(scene.home, "--json", NAME)) == {
        "logins": [{"login": "sso-session corp", "was_logged_in": True, "problem": None}],
        "removed": 1,
        "removed_from_aws_cli": 0,
        "left": 0,
    }


# Which login


def test_aws_profile_names_the_login_and_without_it_there_must_be_a_terminal(scene: Scene) -> None:
    scene.home.run("logout").failed(2, "name a profile, or --sso-session NAME, or set AWS_PROFILE")
    assert logged_out(scene.home, AWS_PROFILE="role-0").startswith("sso-session corp is logged out\n")


@pytest.mark.parametrize(
    "arguments", [("--all", NAME), ("--all", "--sso-session", "corp"), (NAME, "--sso-session", "x")]
)
def test_a_login_is_named_in_one_way(scene: Scene, arguments: tuple[str, ...]) -> None:
    assert scene.home.run("logout", *arguments).code == 2
    assert sso(scene).path.exists()


def test_a_profile_without_a_login_says_what_it_is(home: Home) -> None:
    home.config.write_text("[profile dev]\naws_access_key_id = AKIA\naws_secret_access_key = x\n")
    home.run("logout", NAME).failed(3, "access key begins with no login")


def test_of_two_logins_the_other_one_stays_whole(scene: Scene) -> None:
    home = scene.home
    home.config.write_text(home.config.read_text() + OTHER)
    theirs = scene.center.log_in(home, "other")
    warm(home, NAME, "role-0", "theirs")
    first = home.get("theirs")
    logged_out(home, NAME)
    asked = scene.center.calls("GetRoleCredentials")
    assert theirs.path.exists()
    assert not theirs.login.is_over
    assert home.get("theirs") == first
    assert scene.center.calls("GetRoleCredentials") == asked, "a hit"


def test_a_legacy_login_is_that_of_its_start_url(home: Home, center: Center, offline_front: Front) -> None:
    scene = Scene(home, center, offline_front, "legacy permission set")
    warm(home, NAME)
    said = logged_out(home, NAME)
    assert said == f"start URL {ic.START_URL} is logged out\nremoved: 1 session from the cache\n"
    assert sso(scene).login.is_over
    home.run("get", NAME).failed(4, "is not logged in; run: assume-helper login dev")


def test_of_a_console_login_nobody_is_told(home: Home, center: Center, offline_front: Front) -> None:
    scene = Scene(home, center, offline_front, "console login")
    home.config.write_text(scene.config() + ROLE)
    warm(home, NAME, "role-0")
    asked = len(center.server.requests)
    assert isinstance(scene.login, ConsoleFile)
    assert logged_out(home, "role-0") == "profile dev is logged out\nremoved: 2 sessions from the cache\n"
    assert not scene.login.path.exists()
    assert len(center.server.requests) == asked
    for name in (NAME, "role-0"):
        home.run("get", name).failed(4, "profile dev is not logged in; run: assume-helper login dev")


def test_all_is_every_login_of_the_config_and_every_token_file_and_no_other_file(scene: Scene) -> None:
    home, center = scene.home, scene.center
    console = center.console_log_in(home)
    gone = center.log_in(home, "gone")
    stray = center.console_log_in(home, f"arn:aws:iam::{ic.ACCOUNT}:user/another")
    folder = gone.path.parent
    for name, content in {
        "kiro-auth-token.json": {"accessToken": "x", "expiresAt": "2030-01-01T00:00:00Z"},
        f"{'1' * 40}.json": {"accessToken": "x", "expiresAt": "2030-01-01T00:00:00Z"},
        f"{'2' * 40}.json": [],
        "other.txt": {},
    }.items():
        (folder / name).write_text(json.dumps(content))
    home.config.write_text(home.config.read_text() + f"[profile console]\nlogin_session = {ic.USER}\n")
    before = {path for path in folder.iterdir() if path.is_file()} - {sso(scene).path, gone.path}
    said = logged_out(home, "--all")
    assert said.splitlines() == [
        "sso-session corp is logged out",
        "profile console is logged out",
        f"start URL {ic.START_URL} is logged out",
        f"login {stray.path} is logged out",
    ]
    assert center.calls("Logout") == 2
    assert (gone.login.is_over, sso(scene).login.is_over) == (True, True)
    assert not any(path.exists() for path in (console.path, stray.path, gone.path, sso(scene).path))
    assert before <= set(folder.iterdir())


# A Logout that fails


def test_a_token_that_has_ended_is_no_failure(scene: Scene) -> None:
    login = sso(scene)
    scene.center.end(login)
    assert logged_out(scene.home, NAME) == "sso-session corp is logged out\n"
    assert scene.center.calls("Logout") == 1
    assert not login.path.exists()


@pytest.mark.parametrize(
    ("behaviour", "code", "words"),
    [
        (status(503, "InternalServerException"), 7, "is out of order (HTTP 503)"),
        (
            status(400, "InvalidRequestException", message="no"),
            6,
            "Identity Center refuses it (InvalidRequestException)",
        ),
        (html(), 7, "gave an answer that is not from Identity Center"),
        (html(403), 7, "gave an answer that is not from Identity Center"),
    ],
)
def test_where_the_service_cannot_be_told_all_that_is_here_goes_and_it_is_said(
    scene: Scene, behaviour: Any, code: int, words: str
) -> None:
    warm(scene.home, NAME)
    scene.center.always("Logout", behaviour)
    ran = scene.home.run("logout", NAME)
    assert (ran.code, ran.stdout) == (code, b"removed: 1 session from the cache\n")
    said = "assume-helper: dev: sso-session corp is logged out here, but Identity Center was not told: "
    assert ran.stderr.startswith(said)
    assert words in ran.stderr
    assert ran.stderr.endswith(f"; sign out at {ic.START_URL} to end it there too\n")
    assert not sso(scene).path.exists()
    assert cached(scene.home) == set()
    scene.home.run("get", NAME).failed(4, "is not logged in")


def test_without_a_network_all_that_is_here_goes_and_it_is_exit_7(scene: Scene) -> None:
    warm(scene.home, NAME)
    nobody = {"AWS_ENDPOINT_URL_SSO": f"http://127.0.0.1:{free_port()}"}
    ran = scene.home.run("logout", NAME, **nobody)
    assert (ran.code, ran.stdout) == (7, b"removed: 1 session from the cache\n")
    assert "could not be reached" in ran.stderr
    assert not sso(scene).path.exists()
    assert cached(scene.home) == set()


def test_the_token_s_own_region_is_told_not_that_of_the_config(scene: Scene) -> None:
    login = sso(scene)
    scene.home.config.write_text(scene.home.config.read_text().replace(ic.REGION, "eu-west-1"))
    url = scene.center.server.url("sso")
    assert login.read()["region"] == ic.REGION
    logged_out(scene.home, NAME, AWS_ENDPOINT_URL_SSO=url)
    assert login.login.is_over


@pytest.mark.parametrize("content", [b"", b'{"accessToken": "x', b"[]"])
def test_a_file_that_holds_no_login_goes(scene: Scene, content: bytes) -> None:
    login = sso(scene)
    login.path.write_bytes(content)
    assert logged_out(scene.home, NAME) == "sso-session corp was not logged in\n"
    assert not login.path.exists()
    assert scene.center.calls("Logout") == 0


def test_a_login_put_back_from_a_backup_is_none(scene: Scene) -> None:
    login = sso(scene)
    before = login.path.read_bytes()
    logged_out(scene.home, NAME)
    login.path.write_bytes(before)
    scene.home.run("get", NAME).failed(4, "the login of sso-session corp was revoked")
    assert scene.center.calls("GetRoleCredentials") == 0


def test_the_next_login_is_another_one(scene: Scene) -> None:
    warm(scene.home, NAME)
    first = scene.home.get(NAME)
    logged_out(scene.home, NAME)
    scene.center.log_in(scene.home)
    warm(scene.home, NAME)
    assert scene.home.get(NAME)["AccessKeyId"] != first["AccessKeyId"]


# Others at work


def test_while_somebody_logs_in_it_is_exit_4_and_nothing_goes(scene: Scene) -> None:
    warm(scene.home, NAME)
    with held_lock(sso(scene)) as descriptor:
        login_lock.note_login(descriptor)
        scene.home.run("logout", NAME).failed(4, "a login of sso-session corp is under way", "then try again")
    assert sso(scene).path.exists()
    assert scene.center.calls("Logout") == 0
    scene.home.get(NAME)


def test_a_renewal_is_waited_for_and_its_token_is_the_one_that_goes(scene: Scene) -> None:
    login, released = sso(scene), threading.Event()
    login.change(expiresAt="2020-01-01T00:00:00Z")
    before = login.read()["accessToken"]
    scene.center.once("CreateToken", held(released))
    asking = scene.home.start("get", NAME)
    wait_for(lambda: scene.center.calls("CreateToken") == 1)
    leaving = scene.home.start("logout", NAME)
    wait_for(lambda: is_at_the_lock(leaving))
    assert scene.center.calls("Logout") == 0
    released.set()
    assert leaving.communicate(timeout=90)[1] == b""
    assert leaving.returncode == 0
    asking.communicate(timeout=90)
    told = [r.headers["x-amz-sso_bearer_token"] for r in scene.center.server.requests if r.operation == "Logout"]
    assert len(told) == 1
    assert told != [before]
    assert not login.path.exists()


def test_a_session_that_a_process_is_replacing_is_named_and_no_call_uses_it(scene: Scene) -> None:
    home = scene.home
    warm(home, NAME, "role-0")
    asked = len(scene.front.assumed())
    source, over_it = sorted(home.entries())
    store = Cache(str(home.cache), no_warning)
    with key_lock.acquire(store, over_it.stem, lambda: True) as is_held:
        assert is_held
        said = logged_out(home, NAME)
    assert said.splitlines()[1:] == [
        "removed: 1 session from the cache",
        "left: 1 session that another process is replacing; no call uses what was there",
    ]
    assert (source.exists(), over_it.exists()) == (False, True)
    home.run("get", "role-0").failed(4, "is not logged in")
    scene.center.log_in(home)
    home.get("role-0")
    assert len(scene.front.assumed()) == asked + 1


# Files


def test_a_token_file_behind_a_link_goes_and_the_link_stays(scene: Scene, tmp_path: Path) -> None:
    login, elsewhere = sso(scene), tmp_path / "elsewhere.json"
    login.path.rename(elsewhere)
    login.path.symlink_to(elsewhere)
    warm(scene.home, NAME)
    assert logged_out(scene.home, NAME).endswith("removed: 1 session from the cache\n")
    assert not elsewhere.exists()
    assert login.path.is_symlink()
    assert login.login.is_over


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a home away")
@pytest.mark.parametrize("arguments", [(NAME,), ("--all",)])
def test_in_another_user_s_home_nothing_is_done(scene: Scene, arguments: tuple[str, ...]) -> None:
    login = sso(scene)
    os.chown(scene.home.folder, 12345, 12345)
    scene.home.run("logout", *arguments).failed(4, "cannot be logged out here: it is in another user's HOME")
    assert login.path.exists()
    assert scene.center.calls("Logout") == 0


def test_no_secret_is_said(scene: Scene) -> None:
    tokens = sso(scene).read()
    scene.center.always("Logout", status(503))
    ran = scene.home.run("logout", NAME)
    log = scene.home.log.read_text()
    for name in ("accessToken", "refreshToken", "clientSecret"):
        assert tokens[name] not in ran.stderr + ran.stdout.decode() + log
