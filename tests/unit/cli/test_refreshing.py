"""The endpoint of `exec --refresh`: what a program is answered, and what the log says."""

import json
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from assume_helper.cache.entries import Entry
from assume_helper.cache.session import Session
from assume_helper.cli import audit_log, refreshing
from assume_helper.cli.invocation import Invocation
from assume_helper.credentials import Credentials
from assume_helper.errors import AssumeHelperError, ConfigurationError, STSNotReached, STSRefused
from assume_helper.export import container_endpoint, token_file
from assume_helper.profiles.origin import EnvironmentKeys
from assume_helper.profiles.role import Endpoint, Profile
from assume_helper.sessions import provider
from assume_helper.sessions.provider import RoleRequest
from assume_helper.system.context import CallContext, Clock
from assume_helper.system.warning import Warning

if sys.platform != "win32":
    import resource

NOW = 1_800_000_000
SECRET = "DummySecretAccessKey0123456789+/abcdefgh"
PROFILE = Profile("dev", "arn:aws:iam::123456789012:role/dev", EnvironmentKeys(None), Endpoint("us-east-1"))


def a_session(left: float = 3600, role: str = "dev", key: str = "ASIADUMMY") -> Session:
    end = datetime.fromtimestamp(NOW + left, UTC)
    return Session(
        Credentials(key, SECRET, "dummy-token", end), end, end, NOW - 10, int(left) + 10,
        f"arn:aws:sts::123456789012:assumed-role/{role}/me", "123456789012",
    )  # fmt: skip


class Program:
    """A program's endpoint; `found` is what the next call gives, or raises."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, last: Session) -> None:
        self.time = 1000.0
        self.logged: list[dict[str, str]] = []
        self.contexts: list[CallContext] = []
        self.found: Session | Exception = last
        self.warning: Warning | None = None
        clock = Clock(lambda: NOW, lambda: self.time)
        invocation = Invocation({}, clock, NOW - 60, 0, stdout_closed=False, subject="dev")
        who = refreshing.identity(PROFILE, last)
        self.endpoint = refreshing._Refreshing(invocation, RoleRequest("dev"), PROFILE, who, last, os.getpid())
        monkeypatch.setattr(provider, "session", self._session)
        monkeypatch.setattr(audit_log, "append", lambda _moment, event: self.logged.append(dict(event)))

    def _session(self, _request: RoleRequest, context: CallContext) -> tuple[Profile, Entry]:
        self.contexts.append(context)
        if self.warning is not None:
            context.warn(self.warning)
        if isinstance(self.found, Exception):
            raise self.found
        return PROFILE, Entry(self.found, b"")

    def ask(self) -> tuple[int, dict[str, Any]]:
        status, body = self.endpoint.answer()
        return status, json.loads(body)

    def events(self) -> list[tuple[str, str, str]]:
        return [(each["event"], each.get("message", ""), each.get("exit_code", "")) for each in self.logged]


def test_a_program_gets_the_new_session_and_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(monkeypatch, a_session())
    program.found = replace(a_session(7200, key="ASIANEW"), issued=NOW)
    status, document = program.ask()
    assert (status, document["AccessKeyId"], document["SecretAccessKey"]) == (200, "ASIANEW", SECRET)
    assert document["RoleArn"] == "arn:aws:sts::123456789012:assumed-role/dev/me"
    assert document["Expiration"] == "2027-01-15T10:00:00Z"
    assert (program.contexts[0].may_ask, program.contexts[0].started) == (False, NOW)
    assert program.endpoint.last == program.found
    assert program.logged[0]["caller"] == audit_log.program_name(os.getpid())


def test_what_it_had_is_served_where_sts_is_not_reached_and_logged_once_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = Program(monkeypatch, a_session(600))
    program.found = STSNotReached("STS could not be reached", "try again")
    for seconds in (0, 59, 2):
        program.time += seconds
        assert program.ask()[1]["AccessKeyId"] == "ASIADUMMY"
    warning = ("warning", "refresh: STS could not be reached; try again", "0")
    assert [event for event in program.events() if event[0] != "issue"] == [warning, warning]


def test_what_is_about_to_end_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(monkeypatch, a_session(30))
    program.found = STSNotReached("STS could not be reached", "try again")
    status, document = program.ask()
    assert (status, document["code"]) == (500, "STSNotReached")
    assert program.events()[0][:2] == ("failure", "STS could not be reached; try again")


def test_after_a_no_nothing_that_was_had_before_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(monkeypatch, a_session())
    program.found = STSRefused("STS refused", "ask for the right")
    assert program.ask() == (500, {"code": "STSRefused", "message": "STS refused; ask for the right"})
    program.found = STSNotReached("STS could not be reached", "try again")
    assert program.ask()[0] == 500
    assert program.endpoint.last is None


def test_another_role_under_the_name_is_not_given_and_the_old_one_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(monkeypatch, a_session())
    program.found = a_session(role="admin", key="ASIAADMIN")
    status, document = program.ask()
    assert (status, document["code"]) == (500, ConfigurationError.__name__)
    assert "the profile is arn:aws:sts::123456789012:assumed-role/admin/me by now" in document["message"]
    program.found = STSNotReached("STS could not be reached", "try again")
    assert program.ask()[1]["AccessKeyId"] == "ASIADUMMY"


def test_an_error_of_our_own_is_answered_without_what_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(monkeypatch, a_session(30))
    program.found = ZeroDivisionError(SECRET)
    message = "internal error (ZeroDivisionError); please report it"
    assert program.ask() == (500, {"code": "InternalError", "message": message})
    assert program.events() == [("failure", message, "1")]


def test_the_warnings_of_a_refresh_are_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(monkeypatch, a_session())
    program.warning = Warning("not cached", "mend it")
    assert program.ask()[0] == 200
    assert program.events()[0] == ("warning", str(program.warning), "0")
    assert program.endpoint.invocation.warnings == []


def test_a_session_of_another_name_is_the_same_identity() -> None:
    one = a_session()
    other = replace(one, assumed_role_arn="arn:aws:sts::123456789012:assumed-role/dev/another")
    assert refreshing.identity(PROFILE, one) == refreshing.identity(PROFILE, other)
    assert refreshing.identity(PROFILE, one) != refreshing.identity(PROFILE, a_session(role="admin"))


def test_without_a_port_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left() -> None:
        raise OSError(98, "Address in use")

    monkeypatch.setattr(refreshing, "Endpoint", none_left)
    with pytest.raises(AssumeHelperError, match=f"no port to be had on {container_endpoint.HOST} \\(Address in use\\)"):
        refreshing._opened()


def test_without_a_file_for_the_token_the_program_gets_the_token_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(token_file, "create", no_room)
    invocation = Invocation({}, Clock(), 0, 0, stdout_closed=False)
    endpoint = refreshing._opened()
    try:
        assert refreshing._with_token(invocation, endpoint) is None
        assert refreshing._variables(endpoint, None) == {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": endpoint.token,
        }
    finally:
        endpoint.listener.close()
    assert ["no file for the token (No space left on device)" in str(each) for each in invocation.warnings] == [True]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [((256, 4096), [(1000, 4096)]), ((256, 512), [(512, 512)]), ((256, -1), [(1000, -1)]), ((2000, 4096), [])],
)
def test_the_limit_on_descriptors_is_raised_as_far_as_it_may_be(
    limits: tuple[int, int], expected: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _which, wanted: asked.append(wanted))
    refreshing._raise_limit(1000)
    assert asked == expected


def test_a_limit_that_may_not_be_raised_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []

    def forbidden(_which: int, wanted: object) -> None:
        tried.append(wanted)
        raise ValueError("not allowed to raise the limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _which: (1, 4096))
    monkeypatch.setattr(resource, "setrlimit", forbidden)
    refreshing._raise_limit(1000)
    assert tried == [(1000, 4096)]
