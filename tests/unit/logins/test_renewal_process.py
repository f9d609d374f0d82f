"""The process that renews: killed at any point it leaves a file that is whole, and no room is no spent token."""

import errno
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from identity_center import Center, ConsoleFile, SsoFile
from login_calls import LOG_IN, console, permission_set, services
from running import Home

from assume_helper.errors import STSNotReached
from assume_helper.logins import console_login, renewal, renewal_process, sso_token
from assume_helper.logins.renewal_process import Job
from assume_helper.profiles import login_record

# Kills itself at the call of one function of `os`, so often after the process has begun to renew.
_KILLED = """
import os, signal, sys
from assume_helper.logins import console_renewal, renewal_process, sso_renewal
name, number = sys.argv[1], int(sys.argv[2])
plain, count = getattr(os, name), 0
def at_last(*arguments, **more):
    global count
    count += 1
    if count == number:
        os.kill(os.getpid(), 9)
    return plain(*arguments, **more)
run = renewal_process.run
def patched(*arguments):
    setattr(os, name, at_last)
    run(*arguments)
renewal_process.run = patched
renewal_process.main()
"""


# Windows flushes no directory.
FLUSHES = 4 if sys.platform != "win32" else 3


def job_of(center: Center, file: SsoFile | ConsoleFile) -> Job:
    found = login_record.read_token_file(str(file.path))
    if isinstance(file, SsoFile):
        return sso_token._job(permission_set(file, services(center)).login, found)
    return console_login._job(console(file, services(center)), found)


def number_of(file: SsoFile | ConsoleFile) -> str:
    return login_record.read_record(str(file.path)).number_of(login_record.digest(file.path.read_bytes()))


@pytest.mark.parametrize(
    ("name", "number"),
    [
        (name, number)
        for name, most in (("open", 1), ("fsync", FLUSHES), ("replace", 2))
        for number in range(1, most + 1)
    ]
    + [("unlink", 1)],
)
def test_a_process_that_is_killed_leaves_a_file_that_is_whole_and_the_same_login(
    center: Center, home: Home, name: str, number: int
) -> None:
    file = center.log_in(home, expires=-1)
    before, login = file.read(), number_of(file)
    given = renewal_process._written(job_of(center, file))
    command = [sys.executable, "-c", _KILLED, name, str(number)]
    done = subprocess.run(command, input=given, env=home.environ, check=False, timeout=120, capture_output=True)
    assert done.returncode == (-9 if sys.platform != "win32" else 9), done.stderr.decode()
    after = file.read()
    assert set(after) == set(before)
    is_new = after["refreshToken"] != before["refreshToken"]
    assert is_new is (name == "unlink"), "which is the last of all"
    assert number_of(file) == login
    record = Path(login_record.beside(str(file.path), login_record.RECORD))
    assert not record.exists() or json.loads(record.read_bytes())
    if not is_new:  # what is left lying about goes with the next renewal
        renewal_process.run(job_of(center, file), time.time)
    assert not [found for found in os.listdir(file.path.parent) if found.endswith(login_record.TEMPORARY)]


def test_where_there_is_no_room_for_the_answer_nothing_is_sent(
    center: Center, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = center.log_in(home, expires=-1)
    before = file.path.read_bytes()
    job = job_of(center, file)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        renewal_process.run(job, time.time)
    assert center.calls("CreateToken") == 0
    assert file.path.read_bytes() == before
    assert not [found for found in os.listdir(file.path.parent) if found.endswith(login_record.TEMPORARY)]


def test_a_record_that_cannot_be_written_does_not_lose_the_login(
    center: Center, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = center.log_in(home, expires=-1)
    before = file.read()

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(login_record, "write_record", full)
    renewal_process.run(job_of(center, file), time.time)
    assert file.read() != before


def test_a_file_that_has_changed_before_it_begins_is_left_alone(center: Center, home: Home) -> None:
    file = center.log_in(home, expires=-1)
    job = job_of(center, file)
    newer = center.log_in(home, expires=-1).read()
    renewal_process.run(job, time.time)
    assert file.read() == newer
    assert center.calls("CreateToken") == 0


def test_a_fault_that_nothing_expects_is_noted_for_who_waits(
    center: Center, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = center.log_in(home, expires=-1)

    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(renewal_process, "_asked", broken)
    renewal_process.run(job_of(center, file), time.time)
    found = renewal.failure_of(login_record.read_record(str(file.path)))
    assert "internal error (ZeroDivisionError" in str(found)


def test_an_answer_that_takes_too_long_is_given_up(center: Center, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    file = center.log_in(home, expires=-1)

    def out_of_time(_seconds: float, _call: object) -> None:
        raise TimeoutError("getaddrinfo")

    monkeypatch.setattr(renewal_process, "within", out_of_time)
    renewal_process.run(job_of(center, file), time.time)
    found = renewal.failure_of(login_record.read_record(str(file.path)))
    assert isinstance(found, STSNotReached)
    assert "no name server (DNS) answered" in str(found)


@pytest.mark.parametrize("given", [b"", b"{", b"[]", b'{"kind": "sso-oidc"}', b'{"service": {}}'])
def test_half_an_order_is_no_order(given: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_arguments: object) -> None:
        pytest.fail("it renews")

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    monkeypatch.setattr(renewal_process, "run", never)
    renewal_process.main()


def test_an_order_has_no_secrets(center: Center, home: Home) -> None:
    for file in (center.log_in(home), center.console_log_in(home)):
        written = renewal_process._written(job_of(center, file)).decode()
        tokens: dict[str, Any] = file.read()
        secrets = [tokens["refreshToken"], tokens.get("clientSecret"), tokens.get("dpopKey")]
        assert not any(secret in written for secret in secrets if secret)
        assert json.dumps(str(file.path)) in written


def test_a_failure_whose_class_is_not_ours_is_one_of_the_source(home: Home) -> None:
    record = login_record.Record(renewal_failure=("os", "what\x1b", LOG_IN))
    assert str(renewal.failure_of(record)) == f"what\\x1b; {LOG_IN}"
    assert renewal.failure_of(login_record.Record()) is None
