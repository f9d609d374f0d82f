"""Many at once: one call to STS for all that want it, and its result, or its failure, for all of them."""

import json
import signal
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from front import Behaviour, Front, denied, error, session, wait_for
from running import Home, is_at_the_lock


def all_at_once(home: Home, number: int, profile: str = "dev") -> list[tuple[int, bytes, bytes]]:
    """What `number` processes that were started together say."""
    with ExitStack() as stack:
        children = [stack.enter_context(home.start("get", profile)) for _ in range(number)]
        said = [child.communicate(timeout=120) for child in children]
        return [(child.returncode, *streams) for child, streams in zip(children, said, strict=True)]


def test_fifty_cold_processes_make_one_call_and_print_one_document(real_role: Home, front: Front) -> None:
    answers = all_at_once(real_role, 50, "sts-role")
    assert {code for code, _, _ in answers} == {0}, {err for _, _, err in answers}
    assert {stderr for _, _, stderr in answers} == {b""}
    assert len({stdout for _, stdout, _ in answers}) == 1
    assert json.loads(answers[0][1])["Version"] == 1
    assert len(front.assumed()) == 1


def test_those_who_wait_take_the_failure_too(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = offline_front.held_back(denied)
    with ExitStack() as stack:
        children = [stack.enter_context(role.start("get", "dev")) for _ in range(20)]
        assert offline_front.arrived.wait(60)
        wait_for(lambda: all(map(is_at_the_lock, children)))
        offline_front.released.set()
        said = [child.communicate(timeout=60) for child in children]
    assert {child.returncode for child in children} == {6}
    assert {stdout for stdout, _ in said} == {b""}
    assert len({stderr for _, stderr in said}) == 1
    assert len(offline_front.calls) == 1


def test_those_who_wait_take_the_failure_of_a_call_that_hangs(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = offline_front.hang
    answers = all_at_once(role, 12)
    assert {(code, stdout) for code, stdout, _ in answers} == {(7, b"")}
    assert len({stderr for _, _, stderr in answers}) == 1
    assert len(offline_front.calls) <= 3, "the attempts of one process"


def test_a_failure_is_not_kept_for_those_who_come_later(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = denied
    role.run("get", "dev").failed(6, "denied")
    offline_front.behaviour = session()
    role.get("dev")
    assert len(offline_front.calls) == 2


@pytest.mark.parametrize(("behaviour", "code"), [(session(), 0), (denied, 6)])
def test_who_waits_at_the_door_has_imported_nothing_and_has_what_came_of_it(
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


def test_when_the_holder_is_killed_the_next_one_goes_on(role: Home, offline_front: Front) -> None:
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


def test_who_waits_for_a_stopped_holder_gives_up_and_calls_by_itself(role: Home, offline_front: Front) -> None:
    role.unmeasured()
    offline_front.behaviour = offline_front.hang
    holder = role.start("get", "dev")
    assert offline_front.arrived.wait(60)
    holder.send_signal(signal.SIGSTOP)
    try:
        offline_front.behaviour = session()
        assert role.get("dev")["Version"] == 1
    finally:
        holder.send_signal(signal.SIGCONT)
        holder.kill()
        holder.communicate()


def test_a_terminated_process_frees_the_lock_and_says_nothing_on_stdout(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = offline_front.hang
    for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        offline_front.arrived.clear()
        child = role.start("get", "dev")
        assert offline_front.arrived.wait(60)
        child.send_signal(number)
        stdout, stderr = child.communicate(timeout=30)
        assert (child.returncode, stdout) == (code, b"")
        assert stderr.count(b"\n") <= 1
        assert b"Traceback" not in stderr
    assert not list(role.cache.glob("tmp-*"))
    offline_front.behaviour = session()
    role.get("dev")


def test_ten_profiles_of_one_role_share_one_session(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    body = role.config.read_text().partition("\n")[2]
    with role.config.open("a") as config:
        for number in range(10):
            config.write(f"[profile same-{number}]\n{body}")
    documents = {json.dumps(role.get(f"same-{number}")) for number in range(10)}
    assert len(documents) == 1
    assert len(offline_front.calls) == 1


def test_those_who_wait_take_the_failure_of_a_call_that_is_throttled(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = error(400, "Throttling", "Rate exceeded")
    answers = all_at_once(role, 8)
    assert {(code, stdout) for code, stdout, _ in answers} == {(7, b"")}
    assert len({stderr for _, _, stderr in answers}) == 1
    tried_alone = 20  # pauses of up to 8 s for 25 s, drawn at random: one process, not eight
    assert len(offline_front.calls) < tried_alone


def test_a_chain_keeps_the_deadline_of_the_role_that_has_something_to_serve(role: Home, offline_front: Front) -> None:
    hour_ago = datetime.now(UTC) - timedelta(seconds=3100)
    with role.config.open("a") as config:
        config.write("[profile top]\nrole_arn = arn:aws:iam::123456789012:role/top\nsource_profile = dev\n")
    environ = {"AWS_ENDPOINT_URL": offline_front.url}
    offline_front.behaviour = session(seconds=3600, date=hour_ago)
    first = role.get("top", **environ)
    for entry in role.entries():  # the link's own session is gone
        if b"assumed-role/dev/" in entry.read_bytes():
            entry.unlink()
    offline_front.behaviour = offline_front.hang
    begun = time.monotonic()
    assert role.get("top", **environ) == first
    assert time.monotonic() - begun < 10, "4 s is the deadline where there is something to serve, not 15"
