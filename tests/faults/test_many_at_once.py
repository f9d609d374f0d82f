"""Two hundred processes at once, and leaders that die or stop: one call, and no follower waits in vain."""

import fcntl
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from front import Behaviour, Front, denied, error, session, wait_for
from needs import injected, needs_strace
from running import SCRIPT, Home, is_at_the_lock

MANY = 200
# The deadline is 15 s from the start of the process; what busy cores need to start two hundred of them is added.
IN_TIME = 60
# One process that goes on where another was killed: it waits for no deadline.
AT_ONCE = 11


class Child:
    """A process behind the gate, and what it has said."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.stdout = self.stderr = b""

    def end(self) -> None:
        self.stdout, self.stderr = self.process.communicate(timeout=120)


def past_its_window() -> Behaviour:
    return session(seconds=3600, date=datetime.now(UTC) - timedelta(seconds=3100))


@contextmanager
def at_one_gate(home: Home, number: int) -> Iterator[list[Child]]:
    """Processes that are all there, and become the helper together when the gate opens."""
    command = ["flock", "--shared", "--no-fork", str(home.folder / "gate"), SCRIPT]
    with open(home.folder / "gate", "wb") as gate, ExitStack() as stack:
        fcntl.flock(gate, fcntl.LOCK_EX)
        children = [Child(stack.enter_context(home.start("get", "dev", command=command))) for _ in range(number)]
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield children


@pytest.mark.usefixtures("alone")
def test_two_hundred_cold_processes_make_one_call_and_print_one_document(role: Home, offline_front: Front) -> None:
    role.unmeasured()
    offline_front.behaviour = session()
    with at_one_gate(role, MANY) as children:
        begun = time.monotonic()
        for child in children:
            child.end()
        assert time.monotonic() - begun < IN_TIME
    assert {(child.process.returncode, child.stderr) for child in children} == {(0, b"")}
    (document,) = {child.stdout for child in children}
    assert json.loads(document)["Version"] == 1
    assert len(offline_front.calls) == 1


@pytest.mark.usefixtures("alone")
def test_two_hundred_callers_that_sts_refuses_make_one_call_and_have_one_failure(
    role: Home, offline_front: Front
) -> None:
    role.unmeasured()
    offline_front.behaviour = denied
    with at_one_gate(role, MANY) as children:
        begun = time.monotonic()
        for child in children:
            child.end()
        assert time.monotonic() - begun < IN_TIME
    assert {(child.process.returncode, child.stdout) for child in children} == {(6, b"")}
    (said,) = {child.stderr for child in children}
    assert said.count(b"\n") == 1
    assert len(offline_front.calls) == 1


# Whose call fails.


def all_at_once(home: Home, number: int, profile: str = "dev") -> list[tuple[int, bytes, bytes]]:
    """What `number` processes that were started together say."""
    with ExitStack() as stack:
        children = [stack.enter_context(home.start("get", profile)) for _ in range(number)]
        said = [child.communicate(timeout=120) for child in children]
        return [(child.returncode, *streams) for child, streams in zip(children, said, strict=True)]


def test_followers_take_the_failure_of_a_call_that_hangs(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = offline_front.hang
    begun = time.monotonic()
    answers = all_at_once(role, 12)
    assert time.monotonic() - begun < 25, "15 s is the deadline"
    assert {(code, stdout) for code, stdout, _ in answers} == {(7, b"")}
    (said,) = {stderr for _, _, stderr in answers}
    assert b"gave no answer in time" in said
    assert len(offline_front.calls) <= 3, "the attempts of one process"


def test_followers_take_the_failure_of_a_throttled_call(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = error(400, "Throttling", "Rate exceeded")
    begun = time.monotonic()
    answers = all_at_once(role, 8)
    assert time.monotonic() - begun < 45, "30 s is the deadline while STS throttles"
    assert {(code, stdout) for code, stdout, _ in answers} == {(7, b"")}
    (said,) = {stderr for _, _, stderr in answers}
    assert b"throttles" in said
    tried_alone = 20  # pauses of up to 8 s for 25 s, drawn at random: one process, not eight
    assert len(offline_front.calls) < tried_alone


def test_a_failure_is_not_shared_with_later_processes(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = denied
    role.run("get", "dev").failed(6, "denied")
    offline_front.behaviour = session()
    role.get("dev")
    assert len(offline_front.calls) == 2


@pytest.mark.parametrize(("behaviour", "code"), [(session(), 0), (denied, 6)])
def test_followers_at_the_herd_gate_import_nothing_and_get_the_leader_s_result(
    role: Home, offline_front: Front, behaviour: Behaviour, code: int
) -> None:
    role.unmeasured()
    offline_front.behaviour = offline_front.held_back(behaviour)
    with role.start("get", "dev") as inside:
        assert offline_front.arrived.wait(60)
        with role.start("get", "dev", command=[sys.executable, "-X", "importtime", "-m", "assume_helper"]) as waiting:
            wait_for(lambda: is_at_the_lock(waiting))
            offline_front.released.set()
            stdout, said = waiting.communicate(timeout=60)
        document, stderr = inside.communicate(timeout=60)
    imported = {line.rpartition(b"|")[2].strip() for line in said.splitlines() if line.startswith(b"import time:")}
    assert b"assume_helper.sessions.herd_gate" in imported
    assert not imported & {b"click", b"json", b"re", b"enum", b"assume_helper.cli"}
    assert (inside.returncode, waiting.returncode, stdout) == (code, code, document)
    assert [line for line in said.splitlines() if line.startswith(b"assume-helper")] == stderr.splitlines()
    assert len(offline_front.calls) == 1


def test_when_the_leader_is_killed_a_follower_takes_its_place(role: Home, offline_front: Front) -> None:
    role.unmeasured()
    offline_front.behaviour = offline_front.hang
    holder = role.start("get", "dev")
    assert offline_front.arrived.wait(60)
    with role.start("get", "dev") as waiting:
        offline_front.behaviour = session()
        holder.kill()
        holder.communicate()
        stdout, stderr = waiting.communicate(timeout=60)
    assert (waiting.returncode, stderr) == (0, b"")
    assert json.loads(stdout)["Version"] == 1


def test_a_chain_keeps_the_short_deadline_if_the_role_has_a_cached_session(role: Home, offline_front: Front) -> None:
    with role.config.open("a") as config:
        config.write("[profile top]\nrole_arn = arn:aws:iam::123456789012:role/top\nsource_profile = dev\n")
    environ = {"AWS_ENDPOINT_URL": offline_front.url}
    offline_front.behaviour = past_its_window()
    first = role.get("top", **environ)
    for entry in role.entries():  # the link's own session is gone
        if b"assumed-role/dev/" in entry.read_bytes():
            entry.unlink()
    offline_front.behaviour = offline_front.hang
    begun = time.monotonic()
    assert role.get("top", **environ) == first
    assert time.monotonic() - begun < 10, "4 s is the deadline where there is something to serve, not 15"


# Whose caller dies or stands still.

# From the herd gate and the lock on, in this order: what the leader is about to do when it is killed, and whether its
# entry is there.
BEFORE_THE_CALL = ["/^flock:when=1", "/^flock:when=2", "/^rename:when=1", "/^connect:when=1"]
AFTER_THE_CALL = [
    ("/^recvfrom:when=1", False),
    ("/^fsync:when=1", False),
    ("/^rename:when=2", False),
    ("/^fsync:when=2", True),
    ("/^unlink:when=1", True),
    ("/^flock:when=3", True),
]


@needs_strace
@pytest.mark.parametrize("point", BEFORE_THE_CALL)
def test_when_the_leader_is_killed_before_its_call_a_follower_takes_its_place_at_once(
    role: Home, offline_front: Front, point: str
) -> None:
    role.unmeasured()
    offline_front.behaviour = session()
    killed = role.run("get", "dev", command=[*injected(f"{point}:signal=KILL"), SCRIPT])
    assert (killed.code, killed.stdout) == (-signal.SIGKILL, b"")
    assert offline_front.calls == []
    begun = time.monotonic()
    assert role.get("dev")["Version"] == 1
    assert time.monotonic() - begun < AT_ONCE


@needs_strace
@pytest.mark.parametrize(("point", "is_there"), AFTER_THE_CALL)
def test_when_the_leader_is_killed_after_its_call_followers_go_on_at_once(
    role: Home, offline_front: Front, point: str, is_there: bool
) -> None:
    role.unmeasured()
    offline_front.behaviour = offline_front.held_back(session())
    with ExitStack() as stack:
        command = [*injected(f"{point}:signal=KILL"), SCRIPT]
        holder = stack.enter_context(role.start("get", "dev", command=command))
        assert offline_front.arrived.wait(60)
        waiting = [stack.enter_context(role.start("get", "dev")) for _ in range(2)]
        wait_for(lambda: all(map(is_at_the_lock, waiting)))
        offline_front.released.set()
        assert holder.wait(60) == -signal.SIGKILL
        begun = time.monotonic()
        said = [child.communicate(timeout=60) for child in waiting]
        assert time.monotonic() - begun < AT_ONCE
    assert {child.returncode for child in waiting} == {0}
    assert {stderr for _, stderr in said} == {b""}
    assert len({stdout for stdout, _ in said}) == 1
    assert len(offline_front.calls) == (1 if is_there else 2)


@contextmanager
def stopped_holder(home: Home, front: Front) -> Iterator[None]:
    """A process that holds the lock, has called STS, and stands still."""
    home.unmeasured()
    front.behaviour = front.hang
    front.arrived.clear()
    holder = home.start("get", "dev")
    try:
        assert front.arrived.wait(60)
        holder.send_signal(signal.SIGSTOP)
        yield
    finally:
        holder.kill()  # a stopped one dies of that, too
        holder.communicate()


def test_followers_of_a_stopped_leader_call_sts_themselves_in_time(role: Home, offline_front: Front) -> None:
    with stopped_holder(role, offline_front), ExitStack() as stack:
        before = len(offline_front.calls)
        offline_front.behaviour = session()
        begun = time.monotonic()
        waiting = [stack.enter_context(role.start("get", "dev")) for _ in range(5)]
        said = [child.communicate(timeout=60) for child in waiting]
        assert {child.returncode for child in waiting} == {0}, {stderr for _, stderr in said}
        assert time.monotonic() - begun < 30, "15 s is the deadline"
        for stdout, stderr in said:
            assert json.loads(stdout)["Version"] == 1
            assert stdout.count(b"\n") == 1
            assert stderr == b""
        assert len(offline_front.calls) - before in range(1, 6)


def test_a_follower_of_a_stopped_leader_gets_the_cached_session(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = past_its_window()
    first = role.get("dev")
    with stopped_holder(role, offline_front):
        before = len(offline_front.calls)
        begun = time.monotonic()
        assert role.get("dev") == first
        assert time.monotonic() - begun < 12, "4 s is the deadline where something is cached"
        assert len(offline_front.calls) == before
