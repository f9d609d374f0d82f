"""Standard streams that are closed or full, and signals: no half output, an exit code, nothing left behind."""

import itertools
import json
import signal
import subprocess
import time
from contextlib import ExitStack

import pytest
from front import Front, session, wait_for
from needs import full_disk, injected, needs_strace
from running import SCRIPT, Home, is_at_the_lock

SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT]
# Nobody who goes on after another waits for a deadline.
AT_ONCE = 11


# streams

CLOSED = [combination for length in (1, 2, 3) for combination in itertools.combinations((0, 1, 2), length)]


@pytest.mark.parametrize("closed", CLOSED)
def test_with_any_stream_closed_the_document_goes_to_standard_output_or_nowhere(
    granted: Home, closed: tuple[int, ...]
) -> None:
    """A file that is opened where standard output was would have the document written into it."""
    granted.unmeasured()  # coverage opens files where the streams were
    shut = " ".join(f"{descriptor}<&-" for descriptor in closed)
    for warm in (False, True):
        if warm:
            granted.get("dev")
        ran = granted.run("-c", f"exec {SCRIPT} get dev {shut}", command=["/bin/sh"])
        assert ran.code == (1 if 1 in closed else 0)
        if 1 in closed:
            assert ran.stdout == b""
            assert 2 in closed or "standard output is closed" in ran.stderr
        else:
            assert ran.document["Version"] == 1
            assert ran.stderr == ""
    for path in granted.cache.iterdir():
        data = path.read_bytes()
        assert data.startswith(b"assume-helper 1 ") or (path.suffix, data) in ((".lock", b""), (".door", b""))
    for line in granted.log.read_text().splitlines():
        assert "event" in json.loads(line)


@pytest.mark.parametrize("closed", [(2,), (0, 2)])
def test_without_standard_error_a_failure_has_its_exit_code_and_is_in_the_log(
    granted: Home, closed: tuple[int, ...]
) -> None:
    shut = " ".join(f"{descriptor}<&-" for descriptor in closed)
    ran = granted.run("-c", f"exec {SCRIPT} get nowhere {shut}", command=["/bin/sh"])
    assert (ran.code, ran.stdout, ran.stderr) == (3, b"", "")
    assert "no such profile" in granted.log.read_text()


def test_a_full_disk_at_standard_error_changes_nothing(granted: Home) -> None:
    with full_disk() as full:
        failed, ran = (
            subprocess.run([SCRIPT, "get", name], env=granted.environ, stdout=subprocess.PIPE, stderr=full, check=False)
            for name in ("nowhere", "dev")
        )
    assert (failed.returncode, failed.stdout) == (3, b"")
    assert (ran.returncode, json.loads(ran.stdout)["Version"]) == (0, 1)


@pytest.mark.parametrize("warm", [False, True])
def test_standard_output_that_takes_only_a_part_is_exit_1(granted: Home, offline_front: Front, warm: bool) -> None:
    """A file that may not be longer than a block of the shell's: the document does not go into it whole."""
    offline_front.behaviour = session(SessionToken="T" * 2000)
    if warm:
        granted.get("dev")
    printed = granted.folder / "printed"
    ran = granted.run("-c", f'ulimit -f 1; exec {SCRIPT} get dev >"{printed}"', command=["/bin/sh"])
    assert ran.code == 1
    assert "cannot be printed (File too large)" in ran.stderr
    assert ran.stderr.count("\n") == 1


# signals


def ended_by(number: signal.Signals) -> int:
    return 130 if number is signal.SIGINT else 128 + number


@needs_strace
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("point", ["/^rename:when=1", "/^connect:when=1", "/^fsync:when=1", "/^rename:when=2"])
def test_a_signal_ends_it_at_any_point_without_a_lock_or_temporary_file_left(
    granted: Home, number: signal.Signals, point: str
) -> None:
    """While it notes its call, connects, writes the entry, and gives it its name."""
    granted.unmeasured()
    command = [*injected(f"{point}:signal={number.name.removeprefix('SIG')}"), SCRIPT]
    ran = granted.run("get", "dev", command=command)
    assert (ran.code, ran.stdout) == (ended_by(number), b"")
    assert ran.stderr.count("\n") == 1
    assert "Traceback" not in ran.stderr
    assert not list(granted.cache.glob("tmp-*"))
    begun = time.monotonic()
    granted.get("dev")
    assert time.monotonic() - begun < AT_ONCE


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_a_follower_and_not_its_leader(
    granted: Home, offline_front: Front, number: signal.Signals
) -> None:
    granted.unmeasured()
    offline_front.behaviour = offline_front.held_back(session())
    with ExitStack() as stack:
        holder = stack.enter_context(granted.start("get", "dev"))
        assert offline_front.arrived.wait(60)
        waiting = stack.enter_context(granted.start("get", "dev"))
        wait_for(lambda: is_at_the_lock(waiting))
        waiting.send_signal(number)
        stdout, stderr = waiting.communicate(timeout=30)
        assert (waiting.returncode, stdout) == (ended_by(number), b"")
        assert stderr.count(b"\n") == 1
        offline_front.released.set()
        stdout, stderr = holder.communicate(timeout=60)
    assert (holder.returncode, stderr) == (0, b"")
    assert json.loads(stdout)["Version"] == 1
    assert len(offline_front.calls) == 1


def test_a_hang_up_that_is_ignored_as_under_nohup_stays_ignored(granted: Home, offline_front: Front) -> None:
    offline_front.behaviour = offline_front.held_back(session())
    with granted.start("-c", f'trap "" HUP; exec {SCRIPT} get dev', command=["/bin/sh"]) as child:
        assert offline_front.arrived.wait(60)
        child.send_signal(signal.SIGHUP)
        offline_front.released.set()
        stdout, stderr = child.communicate(timeout=60)
    assert (child.returncode, stderr) == (0, b"")
    assert json.loads(stdout)["Version"] == 1
