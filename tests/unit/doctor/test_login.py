"""The login behind a profile: good or not, how it is renewed, and who may read its token."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from doctor_checks import one
from identity_center import START_URL, Center, SsoFile, permission_set, sso_session
from opened import OPEN, open_to_others
from running import Home

from assume_helper.doctor import login
from assume_helper.doctor.check import Check
from assume_helper.logins import login_lock
from assume_helper.profiles import aws_config, login_record, role_chain
from assume_helper.profiles.login_record import Record

SESSION = sso_session(sso_registration_scopes="sso:account:access")
PREFIX = "assume_helper_"
USER = "arn:aws:iam::123456789012:user/me"
CONSOLE = f"[profile dev]\nlogin_session = {USER}\n"


def examined(home: Home, text: str, *names: str, now: float | None = None) -> list[Check]:
    home.config.write_text(text)
    config = aws_config.load(home.environ)
    found = [role_chain.read_profile(config, home.environ, name) for name in names or ("dev",)]
    checks = list(login.examine(config, found, home.environ, time.time() if now is None else now))
    assert {check.name for check in checks} <= {"login"}
    for secret in secrets_of(home):
        assert secret not in repr(checks)
    return checks


def secrets_of(home: Home) -> list[str]:
    """Whatever is long and stands in a token file."""
    files = [path.read_text() for path in (home.folder / ".aws").rglob("*.json")]
    return [word for text in files for word in text.split('"') if len(word) > 40 and not word.startswith("arn:")]


def test_a_login_of_a_session_is_renewed_until_its_registration_ends(home: Home) -> None:
    Center().log_in(home, registration_expires=86_400)
    (check,) = examined(home, permission_set("dev") + SESSION)
    assert check.status == "ok"
    assert "sso-session corp is logged in until 20" in check.what
    assert "UTC (59 min" in check.what
    assert "its refresh token renews it, until 20" in check.what


def test_a_token_that_has_ended_is_ok_while_it_can_be_renewed(home: Home) -> None:
    Center().log_in(home, expires=-60)
    (check,) = examined(home, permission_set("dev") + SESSION)
    assert (check.status, check.mend) == ("ok", "")
    assert "the next call renews it" in check.what


def test_a_legacy_login_is_not_renewed(home: Home) -> None:
    Center().log_in(home, None)
    (check,) = examined(home, permission_set("dev", session_name=None))
    assert check.status == "ok"
    assert f"start URL {START_URL} is logged in until" in check.what
    assert "is not renewed: only a login of an [sso-session] is" in check.what
    Center().log_in(home, None, expires=-1)
    check = one(examined(home, permission_set("dev", session_name=None)), "fail", "has ended, and is not renewed")
    assert check.mend == "run: assume-helper login dev"


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        (sso_session(), "add sso_registration_scopes = sso:account:access to [sso-session corp], then run: assume"),
        (SESSION, "run: assume-helper login --sso-session corp"),
    ],
)
def test_a_login_without_a_refresh_token_says_why(home: Home, text: str, mend: str) -> None:
    Center().log_in(home, omit=["refreshToken"])
    check = one(examined(home, permission_set("dev") + text), "warn", "is not renewed: it has no refresh token")
    assert check.mend.startswith(mend)


def test_a_registration_that_has_ended_says_when(home: Home) -> None:
    Center().log_in(home, registration_expires=-1)
    words = "is not renewed: the registration of its client ended 20", "run: assume-helper login --sso-session corp"
    one(examined(home, permission_set("dev") + SESSION), "warn", *words)


def test_no_login_is_a_failure_with_the_command(home: Home) -> None:
    words = "sso-session corp is not logged in", "run: assume-helper login --sso-session corp"
    one(examined(home, permission_set("dev") + SESSION), "fail", *words)
    checks = examined(home, permission_set("dev", prefix=PREFIX) + SESSION)
    one(checks, "fail", "sso-session corp is not logged in", "run: assume-helper login --sso-session corp")
    one(examined(home, CONSOLE), "fail", "profile dev is not logged in", "run: assume-helper login dev")


def of_record(path: Path, make: Callable[[str], Record]) -> None:
    found = login_record.read_token_file(str(path))
    login_record.write_record(str(path), make(found.digest))


def test_what_the_record_says_is_told(home: Home) -> None:
    path = Center().log_in(home).path
    text = permission_set("dev") + SESSION
    of_record(path, lambda digest: Record(revoked=digest))
    one(examined(home, text), "fail", "was revoked", "run: assume-helper login")
    of_record(path, lambda digest: Record(spent=digest))
    one(examined(home, text), "warn", "Identity Center does not take its refresh token any more")
    failure = ("STSNotReached", "Identity Center is out of order", "try again")
    of_record(path, lambda digest: Record(failed=digest, failed_at=time.time() - 90, renewal_failure=failure))
    one(examined(home, text), "warn", "the last renewal failed 1 min 30 s ago: Identity Center is out of order")


def test_somebody_who_logs_in_is_waited_for(home: Home) -> None:
    file: SsoFile = Center().log_in(home)
    file.path.unlink()
    descriptor = login_lock.try_acquire(str(file.path))
    assert descriptor is not None
    try:
        login_lock.note_login(descriptor)
        one(examined(home, permission_set("dev") + SESSION), "warn", "is under way", "finish it in the browser")
    finally:
        os.close(descriptor)


def test_a_console_login_is_renewed(home: Home) -> None:
    Center().console_log_in(home)
    (check,) = examined(home, CONSOLE)
    assert check.status == "ok"
    assert "the console login of profile dev has credentials until 20" in check.what
    assert "its refresh token renews them, for 12 h" in check.what
    Center().console_log_in(home, expires=-1)
    (check,) = examined(home, CONSOLE)
    assert "the next call renews them" in check.what


def test_a_console_login_whose_refresh_token_is_spent_is_not(home: Home) -> None:
    path = Center().console_log_in(home, expires=-1).path
    of_record(path, lambda digest: Record(spent=digest))
    words = (
        "has no credentials now, and is not renewed: its refresh token was spent or refused",
        "run: assume-helper login dev",
    )
    one(examined(home, CONSOLE), "fail", *words)


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_token_file_that_is_open_is_reported(home: Home, mode: int) -> None:
    path = Center().log_in(home).path
    open_to_others(path.parent, 0o755)
    open_to_others(path, mode)
    closing = f'icacls "{path}"' if sys.platform == "win32" else f"chmod 600 {path}"
    text = permission_set("dev") + SESSION
    one(examined(home, text), "warn", f"the token file {path} {OPEN}", closing)
    open_to_others(path, 0o600)
    open_to_others(path.parent, 0o777)
    closing = f'icacls "{path.parent}"' if sys.platform == "win32" else f"chmod go-w {path.parent}"
    one(examined(home, text), "warn", f"the folder of the token file, {path.parent} ", closing)


def test_a_folder_that_cannot_be_written_is_no_place_to_renew_in(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Center().log_in(home).path
    monkeypatch.setattr(os, "access", lambda place, _mode: place != str(path.parent))
    words = "is not renewed: its folder", "cannot be written", "chmod u+rwx"
    one(examined(home, permission_set("dev") + SESSION), "warn", *words)


def test_another_user_s_home_is_no_place_to_renew_in(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    Center().log_in(home)
    monkeypatch.setattr(os, "geteuid", lambda: os.stat(home.folder).st_uid + 1)
    checks = examined(home, permission_set("dev") + SESSION)
    assert "another user's HOME" in checks[0].what
    assert ["belongs to another user" in check.what for check in checks[1:]] == [True, True]
    assert all(check.mend for check in checks)


def test_a_login_is_looked_at_once_for_all_its_profiles(home: Home) -> None:
    Center().log_in(home)
    role = "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = one\n"
    text = role + permission_set("one") + permission_set("two") + SESSION
    assert len(examined(home, text, "dev", "one", "two")) == 1
    key = "[profile dev]\naws_access_key_id = AKIA\naws_secret_access_key = x\n"
    assert examined(home, key) == []


def test_what_the_aws_cli_no_longer_sees_is_said(home: Home) -> None:
    Center().log_in(home)
    _, moved = examined(home, permission_set("dev", prefix=PREFIX) + SESSION)
    assert moved.status == "ok"
    assert moved.what == (
        "`assume-helper login --sso-session corp` logs in; `aws sso login --profile dev`, and services that take a "
        "bearer token, do not see sso_session of [dev]"
    )
    Center().log_in(home, None)
    legacy = permission_set("dev", session_name=None, prefix=PREFIX)
    assert [check.status for check in examined(home, legacy)] == ["ok", "ok"]
    words = "`assume-helper login dev` logs in; `aws sso login --profile dev` does not see sso_start_url of [dev]"
    assert examined(home, legacy)[1].what == words
    Center().console_log_in(home)
    _, moved = examined(home, CONSOLE.replace("login_session", PREFIX + "login_session"))
    words = "`assume-helper login dev` logs in; `aws login --profile dev` does not see login_session of [dev]"
    assert (moved.status, moved.what) == ("ok", words)
