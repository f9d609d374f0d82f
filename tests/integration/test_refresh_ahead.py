"""Refresh in the background: a hit is served at once, and one other process gets the next session."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pexpect
import pytest
from front import Front, denied, error, session, wait_for
from rewound import rewind, rewound
from running import PACKAGE, SCRIPT, Home
from started import refreshers

from assume_helper import hit
from assume_helper.cache import key_lock
from assume_helper.cache.directory import Cache
from assume_helper.sessions import refresh_ahead

OLD, NEW = "ASIAOLD0000000000000", "ASIANEW0000000000000"


@pytest.fixture
def due(role: Home, offline_front: Front) -> Iterator[Home]:
    """`dev` has a cached session that is due, and STS hangs until it is told otherwise."""
    offline_front.behaviour = session(access_key_id=OLD)
    role.get("dev")
    role.get("dev")  # remembered by now, for a hit
    rewound(role)
    offline_front.calls.clear()
    offline_front.arrived.clear()
    offline_front.behaviour = offline_front.held_back(session(access_key_id=NEW))
    yield role
    offline_front.released.set()
    wait_for(lambda: not refreshers(role))


def has_new(home: Home) -> bool:
    return NEW.encode() in home.entries()[0].read_bytes()


def lock_file(home: Home) -> Path:
    """Where the tries for the one cached session are noted."""
    return Path(refresh_ahead.file_path(str(home.entries()[0].with_suffix(hit.AHEAD_SUFFIX))))


def waits_until(home: Home) -> float:
    """Until when the next try waits."""
    (line,) = lock_file(home).read_text().splitlines()
    key, until = line.split(" ")
    assert home.entries()[0].stem.startswith(key)
    return float(until)


def pause_is_over(home: Home) -> None:
    lock_file(home).write_text(f"{home.entries()[0].stem[:32]} {time.time() - 1:.3f}\n")
    home.entries()[0].with_suffix(".failure").unlink(missing_ok=True)


def test_a_due_hit_is_served_while_sts_hangs_and_the_next_one_is_the_new_session(
    due: Home, offline_front: Front
) -> None:
    assert due.get("dev")["AccessKeyId"] == OLD  # its pipes are closed, or this would wait
    wait_for(offline_front.arrived.is_set)
    assert due.get("dev")["AccessKeyId"] == OLD
    offline_front.released.set()
    wait_for(lambda: has_new(due))
    assert due.get("dev")["AccessKeyId"] == NEW
    assert len(offline_front.calls) == 1


def test_many_due_hits_start_one_process(due: Home, offline_front: Front) -> None:
    for process in [due.start("get", "dev") for _ in range(30)]:
        out, err = process.communicate(timeout=60)
        assert (json.loads(out)["AccessKeyId"], err) == (OLD, b"")
    wait_for(offline_front.arrived.is_set)
    assert len(refreshers(due)) == 1
    offline_front.released.set()
    wait_for(lambda: not refreshers(due))
    assert len(offline_front.calls) == 1


def test_it_holds_no_descriptor_of_the_caller_s_and_is_in_a_session_of_its_own(due: Home, offline_front: Front) -> None:
    reader, writer = os.pipe()
    subprocess.run([SCRIPT, "get", "dev"], env=due.environ, capture_output=True, pass_fds=[writer], check=True)
    os.close(writer)
    wait_for(offline_front.arrived.is_set)
    (pid,) = refreshers(due)
    assert os.read(reader, 1) == b""  # the end: nobody holds the other one
    os.close(reader)
    assert os.getsid(pid) == pid
    opened = {path.name: os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()}
    assert {opened[name] for name in "012"} == {os.devnull}
    assert opened["3"] == str(lock_file(due))


def test_a_terminal_is_not_its_own(due: Home, offline_front: Front) -> None:
    child = pexpect.spawn(SCRIPT, ["get", "dev"], env=due.environ, timeout=60)
    child.expect(OLD)
    child.expect(pexpect.EOF)
    child.close()
    wait_for(offline_front.arrived.is_set)
    (pid,) = refreshers(due)
    assert Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[4] == "0"  # tty_nr: no terminal


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-I", "-S", str(PACKAGE / "__main__.py")],
        [sys.executable, str(PACKAGE / "__main__.py")],
        [sys.executable, "-m", "assume_helper"],
    ],
)
def test_however_the_hit_was_started_it_is_refreshed(due: Home, offline_front: Front, command: list[str]) -> None:
    offline_front.released.set()
    assert due.run("get", "dev", command=command).document["AccessKeyId"] == OLD
    wait_for(lambda: has_new(due))


@pytest.mark.parametrize("arguments", [["env", "dev", "--shell", "json"], ["exec", "dev", "--", "printenv"]])
def test_credentials_of_exec_and_env_are_refreshed_too(due: Home, offline_front: Front, arguments: list[str]) -> None:
    offline_front.released.set()
    assert OLD.encode() in due.run(*arguments).stdout
    wait_for(lambda: has_new(due))
    assert len(offline_front.calls) == 1


def test_the_program_of_exec_has_no_child_that_it_did_not_start_and_is_told_of_a_hang_up(
    due: Home, offline_front: Front
) -> None:
    script = "read -r child < /proc/$$/task/$$/children; echo [$child]; exec cat /proc/self/status"
    children, *status = due.run("exec", "dev", "--", "sh", "-c", script).stdout.decode().splitlines()
    assert children == "[]"
    (ignored,) = (int(line.split()[1], 16) for line in status if line.startswith("SigIgn:"))
    assert not ignored & 1 << signal.SIGHUP - 1
    wait_for(offline_front.arrived.is_set)
    assert len(refreshers(due)) == 1


def test_a_session_of_an_arn_is_not_refreshed_in_the_background(role: Home, offline_front: Front) -> None:
    role.unmeasured()
    role.environ |= {"AWS_ENDPOINT_URL": offline_front.url, "AWS_REGION": "us-east-1"}
    arn = ["arn:aws:iam::123456789012:role/dev", "--source-profile", "base"]
    offline_front.behaviour = session(access_key_id=OLD)
    role.run("env", *arn)
    rewound(role)
    assert OLD.encode() in role.run("env", *arn, "--shell", "json").stdout
    assert (refreshers(role), len(offline_front.calls)) == ([], 1)


def test_a_session_of_a_call_with_options_is_refreshed_too(role: Home, offline_front: Front) -> None:
    role.unmeasured()
    offline_front.behaviour = session(access_key_id=OLD)
    role.run("get", "dev", "--read-only")
    rewound(role)
    offline_front.behaviour = session(access_key_id=NEW)
    assert role.run("get", "dev", "--read-only").document["AccessKeyId"] == OLD
    wait_for(lambda: has_new(role) and not refreshers(role))
    assert "ReadOnlyAccess" in offline_front.calls[-1].parameters["PolicyArns.member.1.arn"]


@pytest.mark.parametrize("is_hit", [True, False])
def test_a_background_refresh_uses_the_caller_s_environment(role: Home, offline_front: Front, is_hit: bool) -> None:
    role.unmeasured()
    keys = {"AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT00000", "AWS_SECRET_ACCESS_KEY": "of-the-environment"}
    role.config.write_text(role.config.read_text().replace("source_profile = base", "credential_source = Environment"))
    offline_front.behaviour = session(access_key_id=OLD)
    role.get("dev", **keys)
    role.get("dev", **keys)
    rewound(role)
    offline_front.behaviour = session(access_key_id=NEW)
    if not is_hit:
        role.config.write_text(role.config.read_text() + "\n")
    assert role.get("dev", **keys)["AccessKeyId"] == OLD
    wait_for(lambda: has_new(role) and not refreshers(role))
    assert offline_front.calls[-1].access_key_id == "AKIAENVIRONMENT00000"


def test_a_failure_is_logged_and_sts_left_alone_for_a_while(due: Home, offline_front: Front) -> None:
    offline_front.behaviour = error(503, "ServiceUnavailable", "later")
    due.get("dev")
    wait_for(lambda: offline_front.arrived.is_set() and not refreshers(due))
    asked = len(offline_front.calls)
    events = [json.loads(line) for line in due.log.read_text().splitlines()]
    assert [event["exit_code"] for event in events if event["event"] == "failure"] == ["7"]
    assert time.time() + 20 < waits_until(due) <= time.time() + 60
    due.get("dev")
    assert refreshers(due) == []
    assert len(offline_front.calls) == asked
    pause_is_over(due)
    offline_front.behaviour = session(access_key_id=NEW)
    due.get("dev")
    wait_for(lambda: has_new(due))


def test_a_refusal_deletes_the_cached_session(due: Home, offline_front: Front) -> None:
    offline_front.behaviour = denied
    assert due.get("dev")["AccessKeyId"] == OLD
    wait_for(lambda: not due.entries())
    due.run("get", "dev").failed(6, "STS denied AssumeRole")


def test_after_a_killed_refresh_the_next_try_waits_for_the_pause(due: Home, offline_front: Front) -> None:
    due.get("dev")
    wait_for(offline_front.arrived.is_set)
    (pid,) = refreshers(due)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not refreshers(due))
    offline_front.released.set()
    due.get("dev")
    assert refreshers(due) == []
    assert time.time() + 20 < waits_until(due) <= time.time() + 60
    pause_is_over(due)
    due.get("dev")
    wait_for(lambda: has_new(due))


def test_a_background_refresh_never_asks_for_a_code(role: Home, offline_front: Front) -> None:
    role.unmeasured()
    asked = role.folder / "asked"
    program = role.folder / "ask"
    program.write_text(f"#!/bin/sh\ntouch '{asked}'\necho 123456\n")
    program.chmod(0o700)
    role.config.write_text(
        role.config.read_text().replace("[profile dev]", f"[profile dev]\nmfa_serial = GAHT12345678\n"
                                        f"mfa_process = {program}\nduration_seconds = 7200")
    )  # fmt: skip
    offline_front.behaviour = session(7200, access_key_id=OLD)
    role.get("dev", ASSUME_HELPER_MFA_TOKEN="654321")
    role.get("dev")
    rewound(role)
    calls = len(offline_front.calls)
    environ = {"ASSUME_HELPER_ASKPASS": str(program)}
    assert role.get("dev", **environ)["AccessKeyId"] == OLD
    wait_for(lambda: role.log.exists() and "nobody is asked" in role.log.read_text())
    wait_for(lambda: not refreshers(role))
    assert not asked.exists()
    assert len(offline_front.calls) == calls


@pytest.mark.parametrize("kind", ["link", "loose", "fifo"])
def test_a_lock_that_is_not_ours_alone_is_not_used_and_the_hit_is_served(
    due: Home, offline_front: Front, kind: str
) -> None:
    path = lock_file(due)
    if kind == "link":
        path.symlink_to(due.folder / "elsewhere")
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    else:
        path.touch()
        path.chmod(0o666)
    offline_front.released.set()
    assert due.get("dev")["AccessKeyId"] == OLD
    wait_for(lambda: has_new(due) and not refreshers(due))
    assert not (due.folder / "elsewhere").exists()
    assert f"not used: {path}" in due.log.read_text()


def test_while_the_lock_is_held_no_second_refresh_starts(due: Home, offline_front: Front) -> None:
    path = lock_file(due)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert due.get("dev")["AccessKeyId"] == OLD
    assert refreshers(due) == []
    os.close(descriptor)
    assert not offline_front.calls


# Whatever stands in its way: one try for each pause, and it is logged.

HITS = 40
# Notes each process that refreshes.
NOTING = """
import sys
if "--refresh-ahead" in sys.orig_argv:
    with open({noted!r}, "a") as file:
        file.write(".")
"""


@pytest.fixture
def noted(due: Home) -> Path:
    """Where each process that is started for a refresh is noted."""
    folder = due.folder / "noting"
    folder.mkdir()
    path = folder / "noted"
    path.touch()
    (folder / "sitecustomize.py").write_text(NOTING.format(noted=str(path)))
    due.environ["PYTHONPATH"] = str(folder)
    return path


def hits(home: Home, **environ: str) -> None:
    for _ in range(HITS):
        assert home.get("dev", **environ)["AccessKeyId"] == OLD
    wait_for(lambda: not refreshers(home))


def logged(home: Home) -> str:
    return home.log.read_text() if home.log.exists() else ""


def test_a_key_s_lock_that_cannot_be_opened_is_one_try(due: Home, offline_front: Front, noted: Path) -> None:
    path = due.cache / key_lock.file_name(due.entries()[0].stem)
    path.unlink()
    path.mkdir()
    offline_front.behaviour = error(503, "ServiceUnavailable", "later")
    hits(due)
    assert noted.read_text() == "."
    assert "no lock: " in logged(due)
    assert "is out of order" in logged(due)


def test_a_key_s_lock_that_cannot_be_opened_is_no_reason_not_to_refresh(due: Home, offline_front: Front) -> None:
    path = due.cache / key_lock.file_name(due.entries()[0].stem)
    path.unlink()
    path.mkdir()
    offline_front.released.set()
    due.get("dev")
    wait_for(lambda: has_new(due) and not refreshers(due))
    assert len(offline_front.calls) == 1


@pytest.mark.parametrize("does_fail", [True, False])
def test_an_entry_whose_record_cannot_be_read_is_one_try_and_is_replaced(
    due: Home, offline_front: Front, noted: Path, does_fail: bool
) -> None:
    (entry,) = due.entries()
    times, document, _, variables = hit.unpack_entry(hit.unseal(entry.read_bytes()))
    entry.write_bytes(hit.seal(hit.pack_entry(times, document, b"{}", variables)))
    if does_fail:
        offline_front.behaviour = error(503, "ServiceUnavailable", "later")
        hits(due)
        assert "is out of order" in logged(due)
    else:
        offline_front.released.set()
        due.get("dev")
        wait_for(lambda: has_new(due) and not refreshers(due))
    assert noted.read_text() == "."


def test_a_note_that_cannot_be_made_is_one_try(due: Home, offline_front: Front, noted: Path) -> None:
    lock_file(due).mkdir()
    offline_front.behaviour = error(503, "ServiceUnavailable", "later")
    hits(due)
    assert noted.read_text() == "."
    assert "(Is a directory)" in logged(due)


def test_where_nothing_can_be_noted_nothing_is_started(due: Home, offline_front: Front, noted: Path) -> None:
    lock_file(due).mkdir()
    Path(refresh_ahead.file_path(str(due.entries()[0]), "-2")).mkdir()
    hits(due)
    assert (noted.read_text(), offline_front.calls) == ("", [])


def test_a_runtime_directory_that_is_no_longer_set_is_one_try(
    role: Home, offline_front: Front, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if not Path("/dev/shm").is_dir():
        pytest.skip("needs a file system in memory")
    role.unmeasured()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        role.config.write_text(role.config.read_text() + "assume_helper_cache = memory\n")
        offline_front.behaviour = session(access_key_id=OLD)
        for _ in range(2):
            role.get("dev", XDG_RUNTIME_DIR=memory)
        offline_front.calls.clear()
        cache = Path(memory) / "assume-helper"
        (file,) = cache.glob("*.entry")
        rewind(Cache(str(cache), lambda _message: None), file.stem)
        folder = tmp_path_factory.mktemp("noting")
        (folder / "sitecustomize.py").write_text(NOTING.format(noted=str(folder / "noted")))
        role.environ["PYTHONPATH"] = str(folder)
        hits(role, XDG_RUNTIME_DIR=str(role.folder / "nowhere"))
        assert (folder / "noted").read_text() == "."
        assert "needs a runtime directory" in logged(role)
        assert offline_front.calls == []


# As Nix and Bazel install: the package and its libraries in folders that a launcher puts on the path.


def launcher(home: Home, *folders: Path) -> list[str]:
    """A program that finds the package in one folder and each library in another; the interpreter has none of them."""
    program = home.folder / "launcher"
    interpreter = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info[1]}"
    program.write_text(
        f"#!{interpreter} -I\nimport sys\nsys.path += {[str(folder) for folder in folders]!r}\n"
        "from assume_helper.start import main\nsys.exit(main())\n"
    )
    program.chmod(0o700)
    return [str(program)]


def test_a_launcher_with_its_own_folders_is_refreshed_too(due: Home, offline_front: Front) -> None:
    libraries = Path(click.__file__).parents[1]
    offline_front.released.set()
    ran = due.run("get", "dev", command=launcher(due, PACKAGE.parent, libraries))
    assert ran.document["AccessKeyId"] == OLD
    wait_for(lambda: has_new(due) and not refreshers(due))


def test_a_refresh_that_finds_no_libraries_is_one_try_and_is_logged(due: Home, offline_front: Front) -> None:
    command = launcher(due, PACKAGE.parent)
    for _ in range(10):
        assert due.run("get", "dev", command=command).document["AccessKeyId"] == OLD
    wait_for(lambda: "is not installed for" in logged(due) and not refreshers(due))
    assert logged(due).count("is not installed for") == 1
    assert offline_front.calls == []
