"""How a login is, told from its token file alone."""

import os
import time
from datetime import UTC, datetime

import pytest
from identity_center import Center
from login_calls import LOG_IN, LOG_IN_CONSOLE, console, held_lock, permission_set, services
from running import Home

from assume_helper.errors import SourceExpired
from assume_helper.logins import login_lock, state
from assume_helper.profiles import login_record


def test_a_login_that_is_good_says_until_when_and_how_it_is_renewed(center: Center, home: Home) -> None:
    file = center.log_in(home)
    found = state.of(permission_set(file, services(center)).login, time.time())
    assert (found.problem, found.is_renewable, found.not_renewed) == (None, True, ("", ""))
    assert found.until == datetime.fromisoformat(file.read()["expiresAt"]).astimezone(UTC)
    assert found.renewable_until == datetime.fromisoformat(file.read()["registrationExpiresAt"]).astimezone(UTC)
    assert found.seconds_left == pytest.approx(3600, abs=5)
    assert center.server.requests == []
    assert login_record.LOCK not in "".join(os.listdir(file.path.parent)), "nothing is written"


def test_a_login_that_is_over_and_can_be_renewed_is_no_problem(center: Center, home: Home) -> None:
    file = center.log_in(home, expires=-5)
    found = state.of(permission_set(file, services(center)).login, time.time())
    assert (found.problem, found.seconds_left, found.is_renewable) == (None, 0, True)


@pytest.mark.parametrize("left", [600, -5])
def test_a_legacy_login_is_made_by_hand(center: Center, home: Home, left: float) -> None:
    file = center.log_in(home, None, expires=left)
    found = state.of(permission_set(file, services(center), legacy=True).login, time.time())
    assert (found.is_renewable, found.not_renewed) == (False, ("only a login of an [sso-session] is", ""))
    assert (found.problem is None) is (left > 0)


def test_what_was_refused_is_said(center: Center, home: Home) -> None:
    file = center.log_in(home, expires=-5)
    digest = login_record.digest(file.path.read_bytes())
    failure = ("SourceExpired", "the login has ended", f"run: {LOG_IN}")
    login_record.write_record(
        str(file.path), login_record.Record(spent=digest, failed=digest, failed_at=7.0, renewal_failure=failure)
    )
    found = state.of(permission_set(file, services(center)).login, time.time())
    assert isinstance(found.problem, SourceExpired)
    assert found.problem.message == "the login has ended"
    assert found.not_renewed == ("Identity Center does not take its refresh token any more", f"run: {LOG_IN}")
    assert found.last_failure is not None
    assert (found.last_failure[0], str(found.last_failure[1])) == (7.0, f"the login has ended; run: {LOG_IN}")
    login_record.write_record(str(file.path), login_record.Record(revoked=digest))
    found = state.of(permission_set(file, services(center)).login, time.time())
    assert (found.until, "was revoked" in str(found.problem)) == (None, True)


def test_no_login_and_half_a_file_are_problems(center: Center, home: Home) -> None:
    file = center.log_in(home)
    file.path.write_text("[]")
    found = state.of(permission_set(file, services(center)).login, time.time())
    assert (found.until, found.seconds_left, found.is_renewable) == (None, None, False)
    assert "does not hold a login" in str(found.problem)
    file.path.unlink()
    found = state.of(permission_set(file, services(center)).login, time.time())
    assert (found.until, "is not logged in" in str(found.problem)) == (None, True)
    with held_lock(file) as descriptor:
        login_lock.note_login(descriptor)
        login = permission_set(file, services(center)).login
        assert "is under way" in str(state.of(login, time.time()).problem)


def test_a_console_login(center: Center, home: Home) -> None:
    file = center.console_log_in(home)
    login = console(file, services(center))
    found = state.of(login, time.time())
    assert (found.problem, found.is_renewable, found.renewable_until) == (None, True, None)
    assert found.seconds_left == pytest.approx(900, abs=5)
    file.change(accessToken={"expiresAt": "x"})
    found = state.of(login, time.time())
    assert (found.problem, found.seconds_left) == (None, 0)
    digest = login_record.digest(file.path.read_bytes())
    login_record.write_record(str(file.path), login_record.Record(spent=digest))
    found = state.of(login, time.time())
    assert str(found.problem) == f"the login of profile me has expired; run: {LOG_IN_CONSOLE}"
    assert found.not_renewed == ("its refresh token was spent or refused", f"run: {LOG_IN_CONSOLE}")
    file.path.unlink()
    assert state.of(login, time.time()).until is None
