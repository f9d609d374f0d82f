"""Refresh in the background over a day, with a clock that is handed in."""

from datetime import UTC, datetime

import pytest
from front import Behaviour, Call, Front, Reply, session
from hit_answers import fresh_document
from running import Home, no_warning

from assume_helper.sessions.provider import RoleRequest, get_credentials, refresh
from assume_helper.system.context import CallContext, Clock


@pytest.mark.parametrize(
    ("lifetime", "most_calls"),
    # The shortest use of a session is D - W - J - min(0.1 D, 300); the jitter J is at most a tenth of D.
    [(3600, 45), (900, 288)],
)
def test_over_a_day_of_a_call_a_minute_only_the_first_caller_waits(
    role: Home, offline_front: Front, lifetime: int, most_calls: int
) -> None:
    begin = datetime(2035, 1, 1, tzinfo=UTC).timestamp()
    now = begin
    clock = Clock(now=lambda: now, monotonic=lambda: now, sleep=lambda _seconds: None)
    paths = {"AWS_CONFIG_FILE": str(role.config), "AWS_SHARED_CREDENTIALS_FILE": str(role.credentials)}
    environ = role.environ | paths

    def sts(call: Call) -> Reply | None:
        answer: Behaviour = session(lifetime, date=datetime.fromtimestamp(now, UTC))
        return answer(call)

    def context() -> CallContext:
        return CallContext(
            environ=environ, clock=clock, started=now, started_monotonic=now, host="host",
            session_name=lambda: "me@host", warn=no_warning,
        )  # fmt: skip

    offline_front.behaviour = sts
    waited = refreshed = 0
    for minute in range(24 * 60):
        now = begin + 60 * minute
        found = fresh_document("dev", environ, now)
        if found is None:
            waited += 1
            get_credentials("dev", context())
        elif found[1]:
            assert refresh(RoleRequest("dev"), context(), lambda _until: pytest.fail("backs off")) is not None
            refreshed += 1
    assert waited == 1
    assert len(offline_front.calls) == refreshed + 1
    # and not more often than sessions end: the policy's own bounds, per day
    window_and_ahead = max(min(960.0, 0.4 * lifetime), 60.0) + min(0.1 * lifetime, 300.0)
    shortest = lifetime - window_and_ahead - min(0.1 * lifetime, 900.0)
    assert 86_400 / lifetime < len(offline_front.calls) <= 86_400 / shortest + 1
    assert len(offline_front.calls) <= most_calls
