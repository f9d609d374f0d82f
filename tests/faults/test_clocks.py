"""Clocks that are off, and clocks that jump: a new session is handed out, and the difference is known."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from front import Behaviour, Call, Front, Reply, identity, session
from running import Home, no_warning

from assume_helper import hit
from assume_helper.cache import directory as cache_directory
from assume_helper.cache import entries
from assume_helper.cache.directory import Cache
from assume_helper.sessions.provider import get_credentials
from assume_helper.system.context import CallContext, Clock

DAY = 86_400.0
AFTERNOON = datetime(2035, 1, 1, 15, tzinfo=UTC).timestamp()


def of_a_clock(difference: float) -> Behaviour:
    """STS whose clock is `difference` seconds behind this machine's."""

    def answer(call: Call) -> Reply | None:
        theirs = datetime.now(UTC) - timedelta(seconds=difference)
        if call.action == "GetCallerIdentity":
            reply = identity("arn:aws:iam::123456789012:user/me")(call)
            return replace(reply, date=theirs) if reply is not None else None
        return session(3600, date=theirs)(call)

    return answer


@pytest.mark.parametrize("difference", [-DAY, DAY])
def test_with_a_clock_that_is_a_day_off_what_sts_gives_is_handed_out_and_kept(
    role: Home, offline_front: Front, difference: float
) -> None:
    offline_front.behaviour = of_a_clock(difference)
    first = role.get("dev")
    assert role.get("dev") == first
    assert role.get("dev") == first
    assert len(offline_front.calls) == 1
    (file,) = role.entries()
    entry = entries.read(Cache(str(role.cache), lambda _message: None), file.stem)
    assert entry is not None
    assert abs(entry.session.clock_difference - difference) < 30


@pytest.mark.parametrize("difference", [-DAY - 1800, DAY + 1800])
def test_doctor_names_the_difference(role: Home, offline_front: Front, difference: float) -> None:
    offline_front.behaviour = of_a_clock(difference)
    role.get("dev")
    said = f"this machine's clock is 1 d {'ahead of' if difference > 0 else 'behind'} STS's"
    assert said in named(role, "clock")
    offline_front.stop()  # by what is kept
    try:
        assert f"{said}, as the cached answer says" in named(role, "clock")
    finally:
        offline_front.start()


def named(home: Home, name: str) -> str:
    checks = json.loads(home.run("doctor", "dev", "--json").stdout)
    return " | ".join(check["what"] for check in checks if check["name"] == name)


class Machine:
    """A machine whose clock is set as a test says, beside an STS whose clock is right."""

    def __init__(self, home: Home, front: Front) -> None:
        self.off = 0.0
        self.true = AFTERNOON
        self.front = front
        paths = {"AWS_CONFIG_FILE": str(home.config), "AWS_SHARED_CREDENTIALS_FILE": str(home.credentials)}
        self.environ = home.environ | paths
        front.behaviour = self.sts

    def sts(self, call: Call) -> Reply | None:
        return session(3600, date=datetime.fromtimestamp(self.true, UTC))(call)

    def now(self) -> float:
        return self.true + self.off

    def get(self) -> datetime:
        context = CallContext(
            environ=self.environ, clock=Clock(now=self.now, monotonic=lambda: self.true), started=self.now(),
            started_monotonic=self.true, host="host", session_name=lambda: "me@host", warn=no_warning,
        )  # fmt: skip
        end = get_credentials("dev", context).session.expiration
        assert end is not None
        return end

    def left(self) -> float:
        """Of what `get` hands out, by the right clock."""
        return self.get().timestamp() - self.true


@pytest.fixture
def machine(role: Home, offline_front: Front) -> Machine:
    return Machine(role, offline_front)


@pytest.mark.parametrize("jump", [-DAY, -3600.0, 3600.0, DAY])
def test_a_clock_that_jumps_never_has_what_has_expired_handed_out(machine: Machine, jump: float) -> None:
    for hours in range(8):
        machine.true = AFTERNOON + 1800 * hours
        machine.off = jump if hours % 2 else 0.0
        assert machine.left() > 60
    assert len(machine.front.calls) <= 8


def test_after_a_suspend_sts_is_asked_again(machine: Machine) -> None:
    machine.get()
    machine.true += 5 * 3600
    assert machine.left() == 3600
    assert len(machine.front.calls) == 2


def test_setting_the_clock_right_costs_one_more_call(machine: Machine) -> None:
    machine.off = DAY
    machine.get()
    machine.true += 60
    machine.off = 0.0
    for _ in range(3):
        assert machine.left() > 3000
    assert len(machine.front.calls) == 2


def test_an_older_entry_without_a_difference_is_a_miss(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    role.get("dev")
    (file,) = role.entries()
    store = Cache(str(role.cache), lambda _message: None)
    data = cache_directory.read(store, file.name)
    assert data is not None
    times, document, record, variables = hit.unpack_entry(data)
    fields = {name: value for name, value in json.loads(record).items() if name != "clock_difference"}
    ended = (times[0], times[0], times[2])  # a hit does not look at the record
    older = hit.pack_entry(ended, document, json.dumps(fields).encode(), variables)
    cache_directory.write(store, file.name, older, durable=False)
    role.get("dev")
    assert len(offline_front.calls) == 2
