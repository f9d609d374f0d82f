"""A login renewed by a process of its own: once for all, and to its end whoever gives up, or is killed."""

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from behaviours import answered_after, held, lost, reset
from front import wait_for
from identity_center import Center, SsoFile
from login_calls import (
    LOG_IN,
    get,
    permission_set,
    printed,
    renewal_processes,
    services,
    start,
)
from needs import needs_setpriv
from running import LIKE_ANY_USER, Home

from assume_helper.credentials import Answer
from assume_helper.errors import AssumeHelperError, SourceExpired, STSNotReached
from assume_helper.logins import login_lock
from assume_helper.profiles import login_record
from assume_helper.profiles.login import PermissionSet
from assume_helper.system.context import Clock

# Seconds: on a busy machine two processes of Python, one after the other, take that long to start.
_LONG = 120


@pytest.fixture
def over(center: Center, home: Home) -> SsoFile:
    """A login whose access token is over, and can be renewed."""
    return center.log_in(home, expires=-1)


@pytest.fixture
def ending(center: Center, home: Home) -> SsoFile:
    """A login whose access token is good for some minutes."""
    return center.log_in(home, expires=600)


def at_once(wanted: PermissionSet, home: Home, threads: int) -> list[Answer | AssumeHelperError]:
    """What so many threads get, all at the same time."""
    found: list[Answer | AssumeHelperError] = []
    gate = threading.Barrier(threads)

    def one() -> None:
        gate.wait(60)
        try:
            found.append(get(wanted, home.environ))
        except AssumeHelperError as error:
            found.append(error)

    running = [threading.Thread(target=one) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(120)
    return found


def number_of(file: SsoFile) -> str:
    return login_record.read_record(str(file.path)).number_of(login_record.digest(file.path.read_bytes()))


def test_twenty_threads_at_expiry_make_one_call_and_none_fails(center: Center, home: Home, over: SsoFile) -> None:
    found = at_once(permission_set(over, services(center)), home, 20)
    assert [type(one) for one in found] == [Answer] * 20
    assert center.calls("CreateToken") == 1
    assert center.malformed == []


def test_ten_processes_at_expiry_make_one_call_and_none_fails(center: Center, home: Home, over: SsoFile) -> None:
    running = [start(permission_set(over, services(center)), home, 60) for _ in range(10)]
    found = [printed(process) for process in running]
    assert all("key" in one for one in found), found
    assert center.calls("CreateToken") == 1


def test_those_who_wait_share_the_failure_and_the_next_call_tries_again(
    center: Center, home: Home, over: SsoFile
) -> None:
    release = threading.Event()
    center.once("CreateToken", held(release, reset))
    wanted = permission_set(over, services(center))
    found: list[Any] = []
    waiting = [threading.Thread(target=lambda: found.extend(at_once(wanted, home, 8)))]
    waiting[0].start()
    wait_for(lambda: center.calls("CreateToken") == 1, _LONG)
    release.set()
    waiting[0].join(120)
    assert [type(one) for one in found] == [STSNotReached] * 8
    assert all(f"at {center.server.url('sso-oidc')} broke off the connection" in str(one) for one in found)
    assert center.calls("CreateToken") == 1
    later = Clock(now=lambda: time.time() + 5)
    get(wanted, home.environ, clock=later)
    assert center.calls("CreateToken") == 2


def test_a_renewal_is_finished_and_written_when_the_deadline_of_who_waits_is_over(
    center: Center, home: Home, over: SsoFile
) -> None:
    release = threading.Event()
    center.always("CreateToken", answered_after(release))
    before, number = over.read(), number_of(over)
    running = start(permission_set(over, services(center)), home, 3)
    said = printed(running)
    assert (said["code"], said["kind"]) == (7, "STSNotReached")
    assert said["error"] == "the login of sso-session corp is still being renewed; try again in a moment"
    assert over.read() == before
    release.set()
    wait_for(lambda: over.read() != before, _LONG)
    get(permission_set(over, services(center)), home.environ)
    assert center.calls("CreateToken") == 1
    assert number_of(over) == number, "it is the same login"


def test_a_token_that_is_good_serves_when_the_renewal_takes_too_long(
    center: Center, home: Home, ending: SsoFile
) -> None:
    release = threading.Event()
    center.always("CreateToken", answered_after(release))
    before = ending.read()
    get(permission_set(ending, services(center)), home.environ, 4)
    release.set()
    wait_for(lambda: ending.read() != before, _LONG)
    assert center.calls("CreateToken") == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_the_renewal_outlives_who_started_it(center: Center, home: Home, over: SsoFile, number: signal.Signals) -> None:
    release = threading.Event()
    center.always("CreateToken", answered_after(release))
    before = over.read()
    home.unmeasured()
    running = start(permission_set(over, services(center)), home, 60)
    wait_for(lambda: center.calls("CreateToken") == 1, _LONG)
    os.killpg(running.pid, number)
    running.communicate(timeout=60)
    assert len(renewal_processes(over)) == 1
    assert login_lock.try_acquire(str(over.path)) is None, "it still has the lock"
    release.set()
    wait_for(lambda: over.read() != before, _LONG)
    wait_for(lambda: not renewal_processes(over), _LONG)
    get(permission_set(over, services(center)), home.environ)
    assert center.calls("CreateToken") == 1


def test_the_renewal_has_no_child_s_place_no_terminal_and_nothing_of_the_caller_open(
    center: Center, home: Home, over: SsoFile
) -> None:
    release = threading.Event()
    center.always("CreateToken", answered_after(release))
    running = start(permission_set(over, services(center)), home, 60)
    wait_for(lambda: center.calls("CreateToken") == 1, _LONG)
    (process,) = renewal_processes(over)
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    parent, session, terminal = int(fields[1]), int(fields[3]), int(fields[4])
    assert parent not in {running.pid, os.getpid()}
    assert session not in {os.getsid(running.pid), os.getsid(0)}
    assert terminal == 0
    opened = {int(entry.name): os.readlink(entry) for entry in Path(f"/proc/{process}/fd").iterdir()}
    assert {opened[number] for number in (0, 1, 2)} == {os.devnull}
    assert not [target for target in opened.values() if target.startswith("pipe:")]
    command = Path(f"/proc/{process}/cmdline").read_text()
    secrets = [over.read()[name] for name in ("accessToken", "refreshToken", "clientSecret")]
    assert not any(secret in command for secret in secrets)
    release.set()
    printed(running)


def test_the_renewal_does_not_see_the_caller_s_credentials(center: Center, home: Home, over: SsoFile) -> None:
    release = threading.Event()
    center.always("CreateToken", answered_after(release))
    home.environ |= {"AWS_PROFILE": "other", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DATA_PATH": "/none"}
    running = start(permission_set(over, services(center)), home, 60)
    wait_for(lambda: center.calls("CreateToken") == 1, _LONG)
    (process,) = renewal_processes(over)
    environ = Path(f"/proc/{process}/environ").read_text()
    release.set()
    assert "key" in printed(running)
    assert "AWS_PROFILE" not in environ
    assert "AWS_SECRET_ACCESS_KEY" not in environ
    assert f"HOME={home.folder}" in environ


@pytest.mark.parametrize("was_spent", [True, False])
def test_a_renewal_that_is_killed_leaves_the_old_file_and_the_next_call_says_what_became_of_it(
    center: Center, home: Home, over: SsoFile, *, was_spent: bool
) -> None:
    release = threading.Event()
    center.once("CreateToken", answered_after(release) if was_spent else held(release))
    before = over.path.read_bytes()
    home.unmeasured()
    running = start(permission_set(over, services(center)), home, 60)
    wait_for(lambda: center.calls("CreateToken") == 1, _LONG)
    (process,) = renewal_processes(over)
    os.kill(process, signal.SIGKILL)
    said = printed(running)
    assert said["error"] == "the renewal of the login of sso-session corp came to no end; try again"
    assert over.path.read_bytes() == before
    release.set()
    if was_spent:
        with pytest.raises(SourceExpired, match="has ended"):
            get(permission_set(over, services(center)), home.environ)
        assert not [name for name in os.listdir(over.path.parent) if name.endswith(login_record.TEMPORARY)]


def test_an_answer_that_is_lost_is_told_and_the_spent_token_asks_for_a_login(
    center: Center, home: Home, over: SsoFile
) -> None:
    center.once("CreateToken", lost)
    with pytest.raises(STSNotReached):
        get(permission_set(over, services(center)), home.environ)
    with pytest.raises(SourceExpired, match="has ended"):
        get(permission_set(over, services(center)), home.environ, clock=Clock(now=lambda: time.time() + 5))


def test_a_login_that_is_gone_meanwhile_is_not_written_again(center: Center, home: Home, over: SsoFile) -> None:
    release = threading.Event()
    center.always("CreateToken", answered_after(release))
    running = start(permission_set(over, services(center)), home, 60)
    wait_for(lambda: center.calls("CreateToken") == 1, _LONG)
    over.path.unlink()
    said = printed(running)
    assert said["error"] == f"sso-session corp is not logged in; run: {LOG_IN}"
    release.set()
    wait_for(lambda: not renewal_processes(over), _LONG)
    assert not over.path.exists()


def test_a_login_that_is_another_s_meanwhile_is_not_replaced(center: Center, home: Home, over: SsoFile) -> None:
    release = threading.Event()
    center.always("CreateToken", answered_after(release))
    running = start(permission_set(over, services(center)), home, 60)
    wait_for(lambda: center.calls("CreateToken") == 1, _LONG)
    newer = center.log_in(home).read()
    assert "key" in printed(running)
    release.set()
    wait_for(lambda: not renewal_processes(over), _LONG)
    assert over.read() == newer


@needs_setpriv
@pytest.mark.parametrize("what", ["folder", "lock file"])
@pytest.mark.parametrize("left", [600, -1])
def test_where_nothing_can_be_written_there_is_no_renewal(center: Center, home: Home, what: str, left: float) -> None:
    file = center.log_in(home, expires=left)
    lock = Path(login_record.beside(str(file.path), login_record.LOCK))
    lock.touch(0o600)
    (file.path.parent if what == "folder" else lock).chmod(0o500 if what == "folder" else 0o400)
    said = printed(start(permission_set(file, services(center)), home, prefix=tuple(LIKE_ANY_USER)))
    file.path.parent.chmod(0o700)
    assert center.calls("CreateToken") == 0
    if left > 0:
        assert "key" in said
        return
    reason = "its folder cannot be written" if what == "folder" else "Permission denied"
    assert said["code"] == 4
    assert said["error"] == (
        f"the login of sso-session corp has expired, and cannot be renewed here: {reason}; "
        f"correct that, then run: {LOG_IN}"
    )


def test_no_process_to_be_had_is_no_renewal(
    center: Center, home: Home, over: SsoFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/none/python")
    with pytest.raises(SourceExpired, match="cannot be renewed here: no process: No such file"):
        get(permission_set(over, services(center)), home.environ)
