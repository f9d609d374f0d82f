"""An access token of Identity Center: when it is renewed, what is written then, and when there is no login."""

import json
import os
import stat
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from behaviours import body
from identity_center import Center
from login_calls import LOG_IN, get, held_lock, permission_set, printed, services, start
from needs import needs_setpriv
from running import LIKE_ANY_USER, Home

from assume_helper.errors import AssumeHelperError, SourceError, SourceExpired, SourceRefused
from assume_helper.logins import login_lock, timestamps
from assume_helper.profiles import login_record
from assume_helper.system.context import Clock

pytestmark = pytest.mark.usefixtures("renewed_here")


def later(seconds: float, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime(form)


@pytest.mark.parametrize(("left", "renewals"), [(3600, 0), (930, 0), (870, 1), (30, 1), (-1, 1), (-86_400, 1)])
def test_a_token_is_renewed_within_the_last_15_minutes(center: Center, home: Home, left: float, renewals: int) -> None:
    file = center.log_in(home, expires=left)
    before = file.read()["accessToken"]
    get(permission_set(file, services(center)), home.environ)
    assert center.calls("CreateToken") == renewals
    assert (file.read()["accessToken"] == before) is not bool(renewals)
    assert center.malformed == []


@pytest.mark.parametrize(
    "form", ["%Y-%m-%dT%H:%M:%S.123Z", "%Y-%m-%dT%H:%M:%SUTC", "%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%S"]
)
@pytest.mark.parametrize("field", ["expiresAt", "registrationExpiresAt"])
def test_times_are_read_in_every_form_and_written_in_one(center: Center, home: Home, form: str, field: str) -> None:
    file = center.log_in(home, expires=60)
    file.change(**{field: later(86_400 if field == "registrationExpiresAt" else 60, form)})
    get(permission_set(file, services(center)), home.environ)
    assert center.calls("CreateToken") == 1
    written = file.read()
    for name in ("expiresAt", "registrationExpiresAt"):
        at = timestamps.parse(written[name])
        assert at is not None
        assert written[name] == timestamps.write(at)


FAR = "9999-12-31T23:59:59-01:00"  # beyond the last year that UTC has


@pytest.mark.parametrize("text", [None, 5, "", "soon", "2026", "9" * 40, "2026-13-01T00:00:00Z", FAR])
def test_what_is_no_time_is_none(text: object) -> None:
    found = timestamps.parse(text)
    assert found is None or text == "2026"


def test_the_file_is_written_as_the_aws_cli_writes_it(center: Center, home: Home) -> None:
    file = center.log_in(home, expires=60)
    before = file.read() | {"theirs": {"a": [1]}}
    file.path.write_text(json.dumps(before))
    file.path.chmod(0o644)
    get(permission_set(file, services(center)), home.environ)
    text = file.path.read_text()
    after = json.loads(text)
    assert text == json.dumps(after)
    cli = ["startUrl", "region", "accessToken", "expiresAt", "clientId", "clientSecret", "registrationExpiresAt"]
    assert list(after) == [*cli, "refreshToken", "theirs"]
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"accessToken", "expiresAt", "refreshToken"}
    end = timestamps.parse(after["expiresAt"])
    assert end is not None
    assert 3500 < end - datetime.now(UTC).timestamp() <= 3600
    if sys.platform != "win32":
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert not [name for name in os.listdir(file.path.parent) if name.endswith(login_record.TEMPORARY)]


def test_an_answer_without_a_refresh_token_keeps_the_old_one(center: Center, home: Home) -> None:
    file = center.log_in(home, expires=60)
    before = file.read()["refreshToken"]
    answer = {"accessToken": "aoaAAAA-new", "tokenType": "Bearer", "expiresIn": 3600}
    center.always("CreateToken", body(json.dumps(answer).encode()))
    center.always("GetRoleCredentials", body(b"{}", 500))
    with pytest.raises(AssumeHelperError):
        get(permission_set(file, services(center)), home.environ, 4)
    assert (file.read()["accessToken"], file.read()["refreshToken"]) == ("aoaAAAA-new", before)


def test_the_target_of_a_link_is_replaced_and_the_link_stays(center: Center, home: Home, tmp_path: Path) -> None:
    file = center.log_in(home, expires=60)
    target = tmp_path / "elsewhere" / "token.json"
    target.parent.mkdir()
    file.path.rename(target)
    file.path.symlink_to(target)
    before = target.read_text()
    get(permission_set(file, services(center)), home.environ)
    assert file.path.is_symlink()
    assert target.read_text() != before
    assert sorted(os.listdir(target.parent)) == ["token.assume-helper", "token.assume-helper-lock", "token.json"]


@pytest.mark.parametrize(
    "lacks",
    [
        {"refreshToken": None},
        {"clientId": None},
        {"clientSecret": None},
        {"registrationExpiresAt": None},
        {"registrationExpiresAt": later(-1)},
        {"registrationExpiresAt": "never"},
        {"refreshToken": "a b"},
    ],
)
def test_what_cannot_be_renewed_serves_to_its_end_and_not_beyond(
    center: Center, home: Home, lacks: dict[str, Any]
) -> None:
    file = center.log_in(home, expires=60)
    file.change(**lacks)
    wanted = permission_set(file, services(center))
    get(wanted, home.environ)
    file.change(expiresAt=later(-1))
    with pytest.raises(SourceExpired) as caught:
        get(wanted, home.environ)
    assert str(caught.value) == f"the login of sso-session corp has expired; run: {LOG_IN}"
    assert center.calls("CreateToken") == 0


def test_a_legacy_login_is_not_renewed(center: Center, home: Home) -> None:
    file = center.log_in(home, None, expires=60)
    file.change(refreshToken="some", expiresAt=later(60))
    wanted = permission_set(file, services(center), legacy=True)
    get(wanted, home.environ)
    file.change(expiresAt=later(-1))
    with pytest.raises(SourceExpired, match=r"the login of start URL https://x\.awsapps\.com/start has expired"):
        get(wanted, home.environ)
    assert center.calls("CreateToken") == 0


def test_no_login_is_exit_4_with_the_command(center: Center, home: Home) -> None:
    file = center.log_in(home)
    file.path.unlink()
    with pytest.raises(SourceRefused) as caught:
        get(permission_set(file, services(center)), home.environ)
    assert str(caught.value) == f"sso-session corp is not logged in; run: {LOG_IN}"
    assert (caught.value.exit_code, caught.value.cached) == (4, "deleted")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "1", "[" * 100_000, "{}", '{"accessToken": "a", "expiresAt": 5}', '{"expiresAt": "2099-01-01"}'],
    ids=lambda text: text[:12],
)
def test_a_file_that_holds_no_login_is_exit_4_with_the_command(center: Center, home: Home, text: str) -> None:
    file = center.log_in(home)
    file.path.write_text(text)
    with pytest.raises(SourceError) as caught:
        get(permission_set(file, services(center)), home.environ)
    assert type(caught.value) is SourceError
    assert caught.value.message.endswith(f"{file.path.name} does not hold a login")
    assert caught.value.next_step == f"run: {LOG_IN}"


@needs_setpriv
def test_a_file_that_may_not_be_read_is_exit_4(center: Center, home: Home) -> None:
    file = center.log_in(home)
    file.path.chmod(0)
    said = printed(start(permission_set(file, services(center)), home, prefix=tuple(LIKE_ANY_USER)))
    assert (said["code"], said["kind"]) == (4, "SourceError")
    assert "cannot be read (Permission denied); correct its owner and its rights" in said["error"]


def test_a_folder_in_the_file_s_place_is_exit_4(center: Center, home: Home) -> None:
    file = center.log_in(home)
    file.path.unlink()
    file.path.mkdir()
    with pytest.raises(SourceError, match="cannot be read"):
        get(permission_set(file, services(center)), home.environ)


def test_a_login_under_way_is_said_where_there_is_nothing_to_serve(center: Center, home: Home) -> None:
    file = center.log_in(home, expires=-1)
    wanted = permission_set(file, services(center))
    with held_lock(file) as descriptor:
        login_lock.note_login(descriptor)
        with pytest.raises(SourceExpired, match="a login of sso-session corp is under way; finish it in the browser"):
            get(wanted, home.environ, 0.3)
        file.path.unlink()
        with pytest.raises(SourceExpired, match="is under way"):
            get(wanted, home.environ, 0.3)
    with pytest.raises(SourceRefused, match="is not logged in"):
        get(wanted, home.environ)
    assert center.calls("CreateToken") == 0


def test_a_good_token_serves_while_somebody_logs_in(center: Center, home: Home) -> None:
    file = center.log_in(home, expires=60)
    with held_lock(file) as descriptor:
        login_lock.note_login(descriptor)
        get(permission_set(file, services(center)), home.environ, 1)
    assert center.calls("CreateToken") == 0


def test_a_token_that_is_replaced_by_one_that_is_over_is_not_renewed_for_ever(center: Center, home: Home) -> None:
    file = center.log_in(home, expires=-1)
    ahead = Clock(now=lambda: time.time() + 7200)
    with pytest.raises(SourceExpired, match="the login of sso-session corp has expired"):
        get(permission_set(file, services(center)), home.environ, clock=ahead)
    assert center.calls("CreateToken") == 2
