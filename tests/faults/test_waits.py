"""Every wait ends: locks that are refused, tokens that are FIFOs, no threads, half an installation."""

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from front import Front, session
from needs import injected, needs_strace
from rewound import rewound
from running import PACKAGE, SCRIPT, Home

OLD = "ASIAOLD0000000000000"


def past_its_window(role: Home, front: Front) -> None:
    """`dev` has a cached session that is to be replaced before it is handed out, and is good for minutes more."""
    front.behaviour = session(access_key_id=OLD, date=datetime.now(UTC) - timedelta(seconds=3100))
    role.get("dev")
    front.behaviour = session()


@needs_strace
def test_a_lock_that_is_refused_is_not_waited_for(role: Home, offline_front: Front) -> None:
    role.unmeasured()
    offline_front.behaviour = session()
    begun = time.monotonic()
    ran = role.run("get", "dev", command=[*injected("flock:error=EACCES"), SCRIPT])
    assert (ran.code, ran.stderr) == (0, "")
    assert time.monotonic() - begun < 9, "a follower waits 11 s"
    assert "no lock: " in role.log.read_text()


@pytest.mark.parametrize("is_cached", [False, True])
def test_a_token_file_that_is_a_fifo_is_not_waited_for(role: Home, offline_front: Front, is_cached: bool) -> None:
    token = role.folder / "token"
    token.write_text("a-token-of-a-pod")
    role.config.write_text(
        role.config.read_text().replace("source_profile = base", f"web_identity_token_file = {token}")
    )
    if is_cached:
        past_its_window(role, offline_front)
    token.unlink()
    os.mkfifo(token)
    begun = time.monotonic()
    ran = role.run("get", "dev")
    assert time.monotonic() - begun < 20
    if not is_cached:
        ran.failed(4, "cannot be read", "not a regular file")


@needs_strace
@pytest.mark.parametrize("fault", ["clone3:error=EPERM", "clone3:error=EAGAIN"])
@pytest.mark.parametrize("is_cached", [False, True])
def test_without_a_thread_sts_is_called_all_the_same(
    role: Home, offline_front: Front, fault: str, is_cached: bool
) -> None:
    role.unmeasured()
    offline_front.behaviour = session()
    if is_cached:
        past_its_window(role, offline_front)
    ran = role.run("get", "dev", command=[*injected(fault), SCRIPT])
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.document["AccessKeyId"] != OLD


# How many descriptors a process may have; and what there is to close a range of them in one call: what this system has,
# or nothing, as before Linux 5.9.
MANY = 20000
RANGES = ["close_range", "close_range:error=ENOSYS"]


def in_vain(home: Home, ranges: str, *arguments: str) -> int:
    """How many calls of the kernel, in all processes that `arguments` start, are for a descriptor that is not open, or
    close a range.
    """
    seen = home.folder / "seen"
    strace = injected(ranges, "close", "fcntl", "fstat", "newfstatat", "dup2", into=str(seen))
    ran = home.run(*arguments, command=["prlimit", f"--nofile={MANY}", *strace, SCRIPT])
    assert ran.code == 0, ran.stderr
    calls = seen.read_text().splitlines()
    assert sum("close(" in call for call in calls) > 10
    return sum(" EBADF " in call or "close_range(" in call for call in calls)


@needs_strace
@pytest.mark.parametrize("ranges", RANGES)
def test_a_refresh_in_the_background_closes_no_more_descriptors_than_are_open(
    role: Home, offline_front: Front, ranges: str
) -> None:
    role.unmeasured()
    offline_front.behaviour = session()
    role.get("dev")
    rewound(role)
    offline_front.calls.clear()
    calls = in_vain(role, ranges, "get", "dev")
    assert len(offline_front.calls) == 1, "it was refreshed in the background, and that was seen to its end"
    assert calls < 100


@needs_strace
@pytest.mark.parametrize("ranges", RANGES)
def test_the_endpoint_beside_a_program_closes_no_more_descriptors_than_are_open(
    role: Home, offline_front: Front, ranges: str
) -> None:
    role.unmeasured()
    offline_front.behaviour = session()
    calls = in_vain(role, ranges, "exec", "--refresh", "dev", "--", "true")
    assert calls < 100


# The program cannot be loaded.


def bare(home: Home) -> list[str]:
    """This package under a Python that has none of its libraries."""
    interpreter = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info[1]}"
    program = home.folder / "bare"
    program.write_text(
        f"#!{interpreter} -I\nimport sys\nsys.path.append({str(PACKAGE.parent)!r})\n"
        "from assume_helper.start import main\nsys.exit(main())\n"
    )
    program.chmod(0o700)
    return [str(program)]


def test_without_its_libraries_a_good_session_is_served_and_the_fault_logged(role: Home, offline_front: Front) -> None:
    past_its_window(role, offline_front)
    offline_front.calls.clear()
    ran = role.run("get", "dev", command=bare(role))
    assert (ran.code, ran.stderr, ran.document["AccessKeyId"]) == (0, "", OLD)
    assert offline_front.calls == []
    assert "cached credentials were served" in role.log.read_text()
    assert "install assume-helper again" in role.log.read_text()


def test_without_its_libraries_and_a_cached_session_it_fails_and_is_logged(role: Home) -> None:
    role.run("get", "dev", command=bare(role)).failed(1, "is not installed for", "install assume-helper again")
    assert "is not installed for" in role.log.read_text()


@pytest.mark.parametrize("text", ["def half(", "raise RuntimeError('half an upgrade')", "from click.core import gone"])
def test_a_half_upgraded_library_serves_a_good_session(role: Home, offline_front: Front, text: str) -> None:
    past_its_window(role, offline_front)
    half = role.folder / "half"
    half.mkdir()
    (half / "click.py").write_text(text)
    command = bare(role)
    program = Path(command[0])
    program.write_text(
        program.read_text().replace("sys.path.append(", f"sys.path.append({str(half)!r})\nsys.path.append(")
    )
    ran = role.run("get", "dev", command=command)
    assert (ran.code, ran.stderr, ran.document["AccessKeyId"]) == (0, "", OLD)
    (role.cache / "gone").mkdir()
    for path in role.entries():
        path.unlink()
    ran = role.run("get", "dev", command=command)
    assert (ran.code, ran.stdout, ran.stderr.count("\n")) == (1, b"", 1)
    assert "Traceback" not in ran.stderr
