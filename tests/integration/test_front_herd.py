"""The herd gate, held by one form and waited for by the other: one call, and the same end for all."""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from front import Behaviour, denied, error, wait_for
from native_front import IS_SANITIZED, Scene, is_waiting, pythons
from rewound import rewound

COMMANDS = {
    "get": ["get", "dev"],
    "options": ["get", "dev", "--duration-seconds", "900", "--read-only"],
    "exec": ["exec", "dev", "--", "/bin/sh", "-c", "echo $AWS_ACCESS_KEY_ID"],
    "env": ["env", "dev", "--shell", "sh"],
}
FORMS = ("python", "native")
MANY = 200
MOST_MEMORY = 200_000_000


@contextmanager
def leading(
    scene: Scene, form: str, *typed: str, behaviour: Behaviour | None = None
) -> "Iterator[subprocess.Popen[bytes]]":
    """A process that holds the gate while STS says nothing, until `scene.sts.released`."""
    scene.sts.calls.clear()
    scene.sts.arrived.clear()
    scene.sts.released.clear()
    before = scene.sts.behaviour
    scene.sts.behaviour = scene.sts.held_back(behaviour or before)
    with scene.start(getattr(scene, form), *typed) as child:
        try:
            assert scene.sts.arrived.wait(60)
            yield child
        finally:
            scene.sts.released.set()
            child.communicate(timeout=120)
            scene.sts.behaviour = before


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("follower", FORMS)
@pytest.mark.parametrize("leader", FORMS)
def test_who_waits_has_what_the_leader_got(cold: Scene, leader: str, follower: str, command: str) -> None:
    typed = COMMANDS[command]
    with leading(cold, leader, *typed) as first, cold.start(getattr(cold, follower), *typed) as second:
        wait_for(lambda: is_waiting(second.pid))
        cold.sts.released.set()
        said = [child.communicate(timeout=60) for child in (first, second)]
        assert said[0] == said[1]
        assert said[0][0]
        assert (first.returncode, second.returncode) == (0, 0)
    assert len(cold.sts.calls) == 1
    assert not list(cold.home.cache.glob("*.door"))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("follower", FORMS)
@pytest.mark.parametrize("leader", FORMS)
def test_who_waits_fails_as_the_leader(cold: Scene, leader: str, follower: str, command: str) -> None:
    """`env` with the line that makes a shell fail that evaluates it."""
    typed = COMMANDS[command]
    with (
        leading(cold, leader, *typed, behaviour=denied) as first,
        cold.start(getattr(cold, follower), *typed) as second,
    ):
        wait_for(lambda: is_waiting(second.pid))
        cold.sts.released.set()
        said = [child.communicate(timeout=60) for child in (first, second)]
        assert said[0] == said[1]
        assert (first.returncode, second.returncode) == (6, 6)
        assert said[0][0].endswith(b"false\n") is (command == "env")
    assert len(cold.sts.calls) == 1


def test_a_follower_in_the_front_starts_no_interpreter(cold: Scene) -> None:
    trace = cold.home.folder / "trace"
    before = ["strace", "-f", "-qq", "-e", "trace=execve", "-o", str(trace)]
    for behaviour in (None, denied):
        with (
            leading(cold, "python", "get", "dev", behaviour=behaviour),
            cold.start(cold.native, "get", "dev", before=before) as second,
        ):
            wait_for(lambda: trace.exists() and os.fsencode(cold.native) in trace.read_bytes())
            wait_for(lambda: any(is_waiting(pid) for pid in children(second.pid)))
            cold.sts.released.set()
            second.communicate(timeout=60)
        assert pythons(trace.read_text(), cold.native) == 0
        trace.unlink()
        for path in cold.home.cache.glob("*"):
            path.unlink()


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_failure_that_is_the_leader_s_alone_is_not_the_follower_s(cold: Scene) -> None:
    """A proxy, or another process's environment: each asks for itself. The front leaves that to Python."""
    for follower in FORMS:
        with (
            leading(cold, "python", "get", "dev", behaviour=error(500, "InternalFailure", "x")),
            cold.start(getattr(cold, follower), "get", "dev", environ=cold.home.environ | {"DIFFERENT": "x"}) as second,
        ):
            wait_for(lambda: is_waiting(second.pid))
            second.kill()


@pytest.mark.parametrize("form", FORMS)
def test_a_config_that_changes_meanwhile_is_the_config(cold: Scene, form: str) -> None:
    with leading(cold, "python", "get", "dev") as first, cold.start(getattr(cold, form), "get", "dev") as second:
        wait_for(lambda: is_waiting(second.pid))
        text = cold.home.config.read_text()
        cold.home.config.write_text(text.replace("role/dev", "role/other"))
        os.utime(cold.home.config, ns=(0, 1_700_000_000_123_456_788))
        cold.sts.released.set()
        first.communicate(timeout=60)
        assert second.communicate(timeout=60)[1] == b""
    assert [call.parameters["RoleArn"][-5:] for call in cold.sts.calls] == ["e/dev", "other"]


# Signals.


@pytest.mark.parametrize("command", ["get", "env"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_while_waiting_ends_it_in_the_same_words(cold: Scene, number: signal.Signals, command: str) -> None:
    said = []
    for form in FORMS:
        with leading(cold, "python", *COMMANDS[command]), cold.start(getattr(cold, form), *COMMANDS[command]) as second:
            wait_for(lambda: is_waiting(second.pid))
            second.send_signal(number)
            said.append((*second.communicate(timeout=60), second.returncode))
        for path in cold.home.cache.glob("*"):
            path.unlink()
    assert said[0] == said[1]
    assert said[0][2] == 128 + number
    assert said[0][0].endswith(b"false\n") is (command == "env")


@pytest.mark.parametrize("form", FORMS)
def test_an_ignored_signal_does_not_end_the_wait(cold: Scene, form: str) -> None:
    with (
        leading(cold, "python", "get", "dev"),
        cold.start(getattr(cold, form), "get", "dev", before=["/usr/bin/env", "--ignore-signal=HUP"]) as second,
    ):
        wait_for(lambda: is_waiting(second.pid))
        second.send_signal(signal.SIGHUP)
        wait_for(lambda: is_waiting(second.pid))
        cold.sts.released.set()
        assert second.communicate(timeout=60)[1] == b""
        assert second.returncode == 0


def test_when_the_leader_is_killed_a_follower_in_the_front_asks(cold: Scene) -> None:
    with leading(cold, "native", "get", "dev") as first, cold.start(cold.native, "get", "dev") as second:
        wait_for(lambda: is_waiting(second.pid))
        first.kill()
        cold.sts.released.set()
        stdout, stderr = second.communicate(timeout=60)
        assert (second.returncode, stderr) == (0, b"")
        assert b"Version" in stdout


# Many.


def pss(pid: int) -> int:
    """The memory of a process, what it shares with others divided among them, in bytes."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(text.partition("Pss:")[2].split()[0]) * 1024


@pytest.mark.skipif(IS_SANITIZED, reason="each process of that build has 20 TB of shadow memory")
@pytest.mark.parametrize("command", COMMANDS)
def test_two_hundred_cold_processes_make_one_call_and_take_little_memory(cold: Scene, command: str) -> None:
    typed = COMMANDS[command]
    with leading(cold, "native", *typed) as first, ExitStack() as stack:
        others = [stack.enter_context(cold.start(cold.native, *typed)) for _ in range(MANY - 1)]
        wait_for(lambda: all(is_waiting(child.pid) for child in others), 120)
        assert sum(pss(child.pid) for child in others) < MOST_MEMORY
        cold.sts.released.set()
        said = {child.communicate(timeout=120) for child in (first, *others)}
        assert {child.returncode for child in (first, *others)} == {0}
    ((stdout, stderr),) = said
    assert stderr == b""
    assert stdout
    assert len(cold.sts.calls) == 1


# A refresh that the front starts.


@pytest.mark.parametrize("form", FORMS)
def test_a_hit_that_is_due_is_served_and_refreshed_behind_it(warm: Scene, form: str) -> None:
    entry = rewound(warm.home)
    before = entry.read_bytes()
    warm.sts.calls.clear()
    ran = warm.run(getattr(warm, form), "get", "dev")
    assert (ran.code, ran.stderr) == (0, b"")
    wait_for(lambda: entry.read_bytes() != before)
    assert len(warm.sts.calls) <= 1
    (slot,) = warm.home.cache.glob("*.ahead")
    assert slot.stat().st_mode & 0o777 == 0o600
    key, until = slot.read_text().split()
    assert entry.name.startswith(key)
    assert len(key) == 32
    assert float(until) > time.time()


def recording(scene: Scene) -> Path:
    """In place of Python, what notes how it was started, and what it was given."""
    note = scene.home.folder / "noted"
    record = scene.home.folder / "record"
    record.write_text(f'#!/bin/sh\n(printf "%s\\n" "$@"; /bin/ls -l /proc/$$/fd) >{note}.new\nmv {note}.new {note}\n')
    record.chmod(0o755)
    (scene.alone.parent / "assume-helper-python").write_text(f"#!{record}\n")
    return note


@pytest.mark.parametrize(
    "typed",
    [
        ["get", "dev"],
        ["get", "dev", "--duration-seconds=900"],
        ["exec", "dev", "--", "/bin/true"],
        ["env", "dev", "--shell=sh"],
    ],
    ids=" ".join,
)
def test_the_refresh_is_started_with_the_lock_and_nothing_else(warm: Scene, typed: list[str]) -> None:
    for path in warm.home.cache.glob("*"):
        path.unlink()
    warm.fill(*(typed if typed[0] == "get" else ["env", "dev", "--shell", "sh"]))
    rewound(warm.home)
    note = recording(warm)
    with open(warm.home.config) as file:  # one of the caller's
        ran = warm.run(warm.alone, *typed, pass_fds=[file.fileno()])
    assert ran.code == 0
    wait_for(note.exists)
    words = note.read_text().splitlines()
    at = words.index("get")
    options = [word for word in typed if word.startswith("--duration")]
    assert words[:at] == ["-E", "-P", str(warm.alone.parent / "assume-helper-python")]
    assert words[at : at + 4 + len(options)] == ["get", "dev", *options, "--refresh-ahead", "3"]
    opened = dict(line.split()[-3::2] for line in words if " -> " in line)
    assert opened["3"].endswith(".ahead")
    assert {opened[number] for number in ("0", "2")} == {"/dev/null"}
    assert str(warm.home.config) not in opened.values()
    assert not any("pipe:" in path or ".hit" in path or ".entry" in path for path in opened.values())


def test_one_try_is_noted_and_the_next_one_waits(warm: Scene) -> None:
    rewound(warm.home)
    note = recording(warm)
    assert warm.run(warm.alone, "get", "dev").code == 0
    wait_for(note.exists)
    note.unlink()
    (slot,) = warm.home.cache.glob("*.ahead")
    released(slot)
    noted = slot.read_bytes()
    assert warm.run(warm.alone, "get", "dev").code == 0
    released(slot)
    assert slot.read_bytes() == noted
    own = noted.split()[0]
    slot.write_bytes(b"%s %d.000\nother %d.000\n\0x\n" % (own, time.time() - 1, time.time() + 30))
    assert warm.run(warm.alone, "get", "dev").code == 0
    wait_for(note.exists)
    assert [line.split()[0] for line in slot.read_bytes().splitlines()] == [b"other", own]


def released(slot: Path) -> None:
    """Wait until no process holds the lock any more."""
    with slot.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)


def test_what_is_due_is_handed_out_also_where_no_refresh_can_start(warm: Scene) -> None:
    rewound(warm.home)
    assert warm.run(warm.alone, "get", "dev").code == 0, "its neighbour names no interpreter"
    (warm.alone.parent / "assume-helper-python").unlink()
    assert warm.run(warm.alone, "get", "dev").code == 0


@pytest.mark.parametrize("follower", FORMS)
@pytest.mark.parametrize("leader", FORMS)
def test_who_waits_fails_as_the_leader_whose_source_has_failed(cold: Scene, leader: str, follower: str) -> None:
    """The program of the source runs once."""
    folder = cold.home.folder
    go_on, runs = folder / "go on", folder / "runs"
    os.mkfifo(go_on)
    program = folder / "source"
    program.write_text(f'#!/bin/sh\necho run >>"{runs}"\nread line <"{go_on}"\necho "log in first" >&2\nexit 1\n')
    program.chmod(0o755)
    with cold.home.config.open("a") as config:
        config.write(f"[profile failing]\nassume_helper_credential_process = {program}\n")
    os.utime(cold.home.config, ns=(0, 1_700_000_000_123_456_789))
    with (
        cold.start(getattr(cold, leader), "get", "failing") as first,
        ExitStack() as stack,
    ):
        wait_for(runs.exists)
        others = [stack.enter_context(cold.start(getattr(cold, follower), "get", "failing")) for _ in range(3)]
        for other in others:
            wait_for(lambda other=other: is_waiting(other.pid))  # type: ignore[misc]
        go_on.write_text("now\n")
        said = [child.communicate(timeout=60) for child in (first, *others)]
    assert {child.returncode for child in (first, *others)} == {4}
    assert said[1:] == said[:1] * 3
    assert b"log in first" in said[0][1]
    assert runs.read_text() == "run\n"
    assert not list(cold.home.cache.glob("*.door"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("command", ["get", "exec", "env"])
def test_a_name_that_is_no_profile_is_told_to_all_who_wait_for_it(cold: Scene, form: str, command: str) -> None:
    """The front tells it by itself: nothing but the config files decides it."""
    typed = [command, "nobody", *(["--", "true"] if command == "exec" else ["--shell", "sh"] * (command == "env"))]
    with ExitStack() as stack:
        all_ = [stack.enter_context(cold.start(getattr(cold, form), *typed)) for _ in range(8)]
        said = {child.communicate(timeout=120) for child in all_}
    assert {child.returncode for child in all_} == {3}
    ((stdout, stderr),) = said
    assert stdout.endswith(b"false\n") is (command == "env")
    assert stderr.startswith(b"assume-helper: nobody: there is no such profile")
    assert not list(cold.home.cache.glob("*.door")), "also after exec and env"
    (noted,) = cold.home.cache.glob("*.hit")
    payload = noted.read_bytes()
    assert b"\n-\n" in payload
    assert stderr.rstrip(b"\n") in payload
