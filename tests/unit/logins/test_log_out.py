"""The end of a login: the service is told, whatever it answers the token file goes, and a renewal is waited for."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from behaviours import status
from identity_center import Center
from login_calls import console, held_lock, permission_set, services
from running import Home

from assume_helper.errors import SourceError, SourceExpired, STSNotReached, STSRefused, STSThrottled
from assume_helper.logins import log_out, login_lock
from assume_helper.profiles import login_record
from assume_helper.profiles.login_record import Record
from assume_helper.system.context import Clock


def passing(then: Callable[[], None] = lambda: None) -> Clock:
    """A clock that goes on only while somebody sleeps, who then does something."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds
        then()

    return Clock(monotonic=lambda: now[0], sleep=sleep)


def test_identity_center_is_told_and_the_file_goes(center: Center, home: Home) -> None:
    file = center.log_in(home)
    login = permission_set(file, services(center)).login
    digest = login_record.digest(file.path.read_bytes())
    login_record.write_record(str(file.path), Record(number="1", digests=("1", digest)))
    assert log_out.log_out(login, home.environ, Clock()) == log_out.LoggedOut(was_there=True)
    assert (file.path.exists(), file.login.is_over) == (False, True)
    record = login_record.read_record(str(file.path))
    assert record.number_of(digest) != "1", "the same file would be another login"
    assert log_out.log_out(login, home.environ, Clock()) == log_out.LoggedOut(was_there=False)
    assert center.calls("Logout") == 1


def test_where_there_is_no_folder_nothing_is_made(center: Center, home: Home) -> None:
    file = center.log_in(home)
    login = permission_set(file, services(center)).login
    elsewhere = replace(login, token_path=str(home.folder / "none" / "x.json"))
    assert log_out.log_out(elsewhere, home.environ, Clock()).was_there is False
    assert not (home.folder / "none").exists()


def test_what_does_not_say_where_it_was_made_is_told_where_the_config_says(center: Center, home: Home) -> None:
    for region in (None, "not a region", 7):
        file = center.log_in(home)
        file.change(region=region)
        found = log_out.log_out(permission_set(file, services(center)).login, home.environ, Clock())
        assert (found.problem, file.login.is_over) == (None, True)


@pytest.mark.parametrize("token", [None, 7, "", "a b", "a\nb"])
def test_a_token_that_cannot_be_sent_is_not(center: Center, home: Home, token: object) -> None:
    file = center.log_in(home)
    file.change(accessToken=token)
    assert log_out.log_out(permission_set(file, services(center)).login, home.environ, Clock()).problem is None
    assert not file.path.exists()
    assert center.calls("Logout") == 0


@pytest.mark.parametrize(
    ("number", "code", "kind", "calls"),
    [
        (401, "UnauthorizedException", None, 1),
        (400, "InvalidRequestException", STSRefused, 1),
        (500, "", STSNotReached, 3),
    ],
)
def test_whatever_it_answers_the_file_goes(
    center: Center, home: Home, number: int, code: str, kind: type[Exception] | None, calls: int
) -> None:
    center.always("Logout", status(number, code))
    file = center.log_in(home)
    found = log_out.log_out(permission_set(file, services(center)).login, home.environ, passing())
    assert (found.was_there, type(found.problem)) == (True, kind or type(None))
    assert not file.path.exists()
    assert center.calls("Logout") == calls


def test_while_it_throttles_it_is_asked_again_for_half_a_minute(center: Center, home: Home) -> None:
    center.once("Logout", *[status(429, "TooManyRequestsException")] * 3)
    file = center.log_in(home)
    assert log_out.log_out(permission_set(file, services(center)).login, home.environ, passing()).problem is None
    assert center.calls("Logout") == 4
    center.always("Logout", status(429, "TooManyRequestsException"))
    file = center.log_in(home)
    clock = passing()
    found = log_out.log_out(permission_set(file, services(center)).login, home.environ, clock)
    assert isinstance(found.problem, STSThrottled)
    assert clock.monotonic() <= 30


def test_a_console_login_is_told_nobody(center: Center, home: Home) -> None:
    file = center.console_log_in(home)
    assert log_out.log_out(console(file, services(center)), home.environ, Clock()).was_there
    assert not file.path.exists()
    assert center.server.requests == []


def test_somebody_who_logs_in_is_named_and_nothing_is_done(center: Center, home: Home) -> None:
    file = center.log_in(home)
    with held_lock(file) as descriptor:
        login_lock.note_login(descriptor)
        with pytest.raises(SourceExpired, match="is under way"):
            log_out.log_out(permission_set(file, services(center)).login, home.environ, passing())
    assert file.path.exists()
    assert center.calls("Logout") == 0


def test_a_renewal_is_waited_for_but_not_for_ever(center: Center, home: Home) -> None:
    file = center.log_in(home)
    login = permission_set(file, services(center)).login
    clock = passing()
    with held_lock(file), pytest.raises(STSNotReached, match="is still being renewed"):
        log_out.log_out(login, home.environ, clock)
    assert clock.monotonic() == pytest.approx(60, abs=1)
    assert file.path.exists()
    descriptor = login_lock.try_acquire(str(file.path))
    assert descriptor is not None
    renewing = [descriptor]

    def end() -> None:
        while renewing:
            os.close(renewing.pop())

    clock = passing(end)
    assert log_out.log_out(login, home.environ, clock).was_there
    assert clock.monotonic() > 0


def test_where_there_is_no_lock_to_be_had_nobody_renews_either(center: Center, home: Home) -> None:
    file = center.log_in(home)
    Path(login_record.beside(str(file.path), login_record.LOCK)).mkdir()
    assert log_out.log_out(permission_set(file, services(center)).login, home.environ, Clock()).problem is None
    assert (file.path.exists(), file.login.is_over) == (False, True)


def test_a_file_that_cannot_be_removed_is_a_problem_and_its_token_is_over(
    center: Center, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, remove = center.log_in(home), os.unlink

    def unlink(path: str) -> None:
        if path != str(file.path):
            return remove(path)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "unlink", unlink)
    found = log_out.log_out(permission_set(file, services(center)).login, home.environ, Clock())
    assert "cannot be removed (Permission denied); correct the rights of its folder" in str(found.problem)
    assert file.login.is_over


def test_another_user_s_home_is_left_alone(center: Center, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    file = center.log_in(home)
    monkeypatch.setattr(os, "geteuid", lambda: os.stat(home.folder).st_uid + 1)
    with pytest.raises(SourceError, match="it is in another user's HOME"):
        log_out.log_out(permission_set(file, services(center)).login, home.environ, Clock())
    assert file.path.exists()


def test_a_file_that_cannot_be_read_goes_and_it_is_said(center: Center, home: Home) -> None:
    file = center.log_in(home)
    file.path.write_bytes(b"")
    file.path.unlink()
    os.mkfifo(file.path)
    found = log_out.log_out(permission_set(file, services(center)).login, home.environ, Clock())
    assert "Identity Center was not told: the token file" in str(found.problem)
    assert "cannot be read (it is not a regular file)" in str(found.problem)
    assert not file.path.exists()
