"""One renewal for all who need it: what is taken, what is not tried again, and none where there is no lock."""

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest
from behaviours import body, status
from identity_center import Center, SsoFile
from login_calls import (
    LOG_IN,
    get,
    held_lock,
    permission_set,
    services,
)
from running import Home

from assume_helper.credentials import Answer
from assume_helper.errors import AssumeHelperError, SourceExpired, STSNotReached
from assume_helper.profiles import login_record, resolution
from assume_helper.system.context import Clock

if sys.platform != "win32":
    import fcntl

pytestmark = pytest.mark.usefixtures("renewed_here")


@pytest.fixture
def over(center: Center, home: Home) -> SsoFile:
    """A login whose access token is over, and can be renewed."""
    return center.log_in(home, expires=-1)


@pytest.fixture
def ending(center: Center, home: Home) -> SsoFile:
    """A login whose access token is good for some minutes."""
    return center.log_in(home, expires=600)


def number_of(file: SsoFile) -> str:
    return login_record.read_record(str(file.path)).number_of(login_record.digest(file.path.read_bytes()))


@pytest.mark.parametrize(
    ("code", "oauth"),
    [
        ("InvalidGrantException", "invalid_grant"),
        ("ExpiredTokenException", "expired_token"),
        ("InvalidClientException", "invalid_client"),
        ("UnauthorizedClientException", "unauthorized_client"),
    ],
)
@pytest.mark.parametrize("where", ["header", "code", "body alone"])
def test_a_refresh_token_that_is_refused_is_not_sent_again_until_the_file_changes(
    center: Center, home: Home, over: SsoFile, code: str, oauth: str, where: str
) -> None:
    number = 401 if oauth == "invalid_client" else 400
    kinds = {
        "header": status(number, code, error=oauth),
        "code": body(json.dumps({"code": code}).encode(), number),
        "body alone": status(number, "", error=oauth, error_description="no"),
    }
    center.once("CreateToken", kinds[where])
    wanted = permission_set(over, services(center))
    before = over.path.read_bytes()
    for _ in range(2):
        with pytest.raises(SourceExpired) as caught:
            get(wanted, home.environ)
        assert str(caught.value) == (
            f"the login of sso-session corp has ended: Identity Center does not renew it ({code}); run: {LOG_IN}"
        )
    assert center.calls("CreateToken") == 1
    assert over.path.read_bytes() == before
    again = center.log_in(home, expires=-1)
    get(permission_set(again, services(center)), home.environ)
    assert center.calls("CreateToken") == 2


@pytest.mark.parametrize(
    ("number", "code", "kind", "said"),
    [
        (400, "InvalidRequestException", "SourceError", "does not renew the login of sso-session corp (InvalidReq"),
        (400, "AccessDeniedException", "SourceError", "does not renew the login"),
        (400, "SlowDownException", "STSThrottled", "throttles"),
        (429, "", "STSThrottled", "throttles"),
        (500, "InternalServerException", "STSUnavailable", "is out of order (HTTP 500)"),
        (503, "", "STSNotReached", "is out of order (HTTP 503)"),
        (401, "", "STSNotReached", "gave an answer that is not from Identity Center (HTTP 401)"),
        (302, "", "STSNotReached", "gave an answer that is not from Identity Center (HTTP 302)"),
    ],
)
def test_other_refusals_may_be_tried_again(
    center: Center, home: Home, over: SsoFile, number: int, code: str, kind: str, said: str
) -> None:
    center.once("CreateToken", status(number, code))
    with pytest.raises(AssumeHelperError) as caught:
        get(permission_set(over, services(center)), home.environ)
    assert type(caught.value).__name__ == kind
    assert said in str(caught.value)
    get(permission_set(over, services(center)), home.environ, clock=Clock(now=lambda: time.time() + 5))
    assert center.calls("CreateToken") == 2


def test_a_token_that_is_good_serves_when_it_is_not_renewed_and_is_left_alone_for_a_while(
    center: Center, home: Home, ending: SsoFile
) -> None:
    center.always("CreateToken", status(503))
    wanted = permission_set(ending, services(center))
    for _ in range(3):
        get(wanted, home.environ)
    assert center.calls("CreateToken") == 1
    get(wanted, home.environ, clock=Clock(now=lambda: time.time() + 40))
    assert center.calls("CreateToken") == 2


def test_whoever_finds_the_lock_held_waits_and_starts_nothing(center: Center, home: Home, over: SsoFile) -> None:
    with held_lock(over), pytest.raises(STSNotReached, match="is still being renewed"):
        get(permission_set(over, services(center)), home.environ, 0.5)
    assert center.calls("CreateToken") == 0
    get(permission_set(over, services(center)), home.environ)


def test_a_token_that_another_tool_has_renewed_is_taken_at_once(center: Center, home: Home, over: SsoFile) -> None:
    wanted = permission_set(over, services(center))
    found: list[Answer] = []
    with held_lock(over):
        thread = threading.Thread(target=lambda: found.append(get(wanted, home.environ)))
        thread.start()
        center.log_in(home)  # as the CLI: without the lock
        thread.join(60)
        assert len(found) == 1, "it does not wait for the lock"
    assert center.calls("CreateToken") == 0


def test_a_file_that_is_half_written_is_read_again(center: Center, home: Home, over: SsoFile) -> None:
    text = json.dumps(center.log_in(home).read())
    over.path.write_text(text[:40])
    found: list[Answer] = []
    wanted = permission_set(over, services(center))
    thread = threading.Thread(target=lambda: found.append(get(wanted, home.environ)))
    read = threading.Event()
    original = login_record._read

    def noticed(path: str) -> login_record.TokenFile:
        file = original(path)
        read.set()
        return file

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(login_record, "_read", noticed)
        thread.start()
        assert read.wait(30)
        over.path.write_text(text)
        thread.join(60)
    assert len(found) == 1


@pytest.mark.parametrize("number", [37, 13])  # ENOLCK, EACCES
def test_where_locks_are_refused_there_is_no_renewal(
    center: Center, home: Home, over: SsoFile, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(_descriptor: int, _how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(SourceExpired, match=f"cannot be renewed here: {os.strerror(number)}"):
        get(permission_set(over, services(center)), home.environ)
    assert center.calls("CreateToken") == 0


@pytest.mark.parametrize("left", [600, -1])
def test_in_another_user_s_home_there_is_no_renewal(
    center: Center, home: Home, left: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = center.log_in(home, expires=left)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 4711)
    wanted = permission_set(file, services(center))
    if left > 0:
        get(wanted, home.environ)
    else:
        with pytest.raises(SourceExpired, match="cannot be renewed here: it is in another user's HOME"):
            get(wanted, home.environ)
    assert center.calls("CreateToken") == 0
    assert sorted(os.listdir(file.path.parent)) == sorted([file.path.name, file.registration.name])


def test_a_link_in_the_lock_s_place_is_not_followed(center: Center, home: Home, over: SsoFile, tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    Path(login_record.beside(str(over.path), login_record.LOCK)).symlink_to(tmp_path / "theirs")
    with pytest.raises(SourceExpired, match="cannot be renewed here"):
        get(permission_set(over, services(center)), home.environ)
    assert (tmp_path / "theirs").read_text() == "theirs"


def test_our_own_renewal_keeps_the_number_and_a_new_login_has_another(
    center: Center, home: Home, over: SsoFile
) -> None:
    first = number_of(over)
    get(permission_set(over, services(center)), home.environ)
    assert number_of(over) == first
    over.change(expiresAt="2020-01-01T00:00:00Z")
    second = number_of(over)
    assert second != first
    get(permission_set(over, services(center)), home.environ)
    assert number_of(over) == second
    assert resolution.of_token(str(over.path), home.environ, is_numbered=True).inputs["login"] == second
