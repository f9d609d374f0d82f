"""Killed with -9 at any moment, or without power: the old entry or the new one is there, whole, and no lock stuck."""

import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from front import Front, session
from needs import injected, needs_strace
from refreshing import torn
from running import SCRIPT, Home

# How long each run of the program that is killed lasts, in seconds.
RUN = 6
# Real processes that are killed, and over how long from their start.
KILLED = 20


def on_disk(folder: Path) -> Iterator[Path]:
    yield folder


def in_memory(_folder: Path) -> Iterator[Path]:
    """Where a flush takes no time, ten times as many refreshes are killed."""
    if not Path("/dev/shm").is_dir():
        pytest.skip("there is no /dev/shm")
    made = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(params=[on_disk, in_memory])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    yield from request.param(tmp_path)


def test_refreshes_that_are_killed_at_random_leave_nothing_torn_nor_locked_and_few_temporary_files(
    place: Path,
) -> None:
    home = Home(place / "home")
    home.unmeasured()
    home.config.write_text(
        "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = base\nregion = us-east-1\n"
    )
    home.credentials.write_text("[base]\naws_access_key_id = AKIADUMMY00000000000\naws_secret_access_key = dummy\n")
    program = str(Path(__file__).parents[1] / "refreshing.py")
    done = subprocess.run(
        [sys.executable, program, str(home.folder), str(RUN)],
        env=home.environ,
        capture_output=True,
        timeout=RUN + 120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    seen = json.loads(done.stdout)
    print(seen)
    assert {name: seen[name] for name in ("torn", "wedged", "failed")} == {"torn": 0, "wedged": 0, "failed": 0}
    assert seen["kills"] > 5, "also on a machine that is busy"
    assert seen["refreshes"] > seen["kills"]
    assert seen["most_left"] <= 1, "what the last one left; the next one swept what was there before"
    assert seen["left_at_last"] == 0


def test_real_processes_that_are_killed_at_random_leave_nothing_that_the_next_one_does_not_mend(
    role: Home, offline_front: Front
) -> None:
    role.unmeasured()
    offline_front.behaviour = session()
    begun = time.monotonic()
    role.get("dev")
    takes = time.monotonic() - begun
    for _ in range(KILLED):
        for entry in role.entries():
            entry.unlink()
        with role.start("get", "dev") as child:
            try:
                child.wait(random.uniform(0.2 * takes, 1.2 * takes))
            except subprocess.TimeoutExpired:
                child.kill()
            stdout, stderr = child.communicate(timeout=60)
        assert stderr == b""
        assert stdout == b"" or json.loads(stdout)["Version"] == 1
        assert torn(role.cache) == 0
    for entry in role.entries():
        entry.unlink()
    assert role.get("dev")["Version"] == 1
    assert not list(role.cache.glob("tmp-*"))


@needs_strace
def test_what_a_killed_process_was_writing_is_swept_by_the_next_one(role: Home, offline_front: Front) -> None:
    role.unmeasured()
    offline_front.behaviour = session()
    killed = role.run("get", "dev", command=[*injected("/^fsync:when=1:signal=KILL"), SCRIPT])
    assert killed.stdout == b""
    assert role.entries() == []
    assert len(list(role.cache.glob("tmp-*"))) == 1
    role.get("dev")
    assert len(role.entries()) == 1
    assert not list(role.cache.glob("tmp-*"))


@needs_strace
def test_an_entry_is_on_the_disk_before_it_has_its_name_and_its_name_before_anybody_has_the_document(
    role: Home, offline_front: Front
) -> None:
    """Write, flush, rename, flush the directory, print: whenever the power goes, there is the old entry or the new."""
    role.unmeasured()
    offline_front.behaviour = session()
    seen = role.folder / "seen"
    names = ("/^open", "write", "/^fsync", "/^rename", "close")
    ran = role.run("get", "dev", command=[*injected(*names, into=str(seen)), SCRIPT])
    assert (ran.code, ran.stderr) == (0, "")
    calls = [re.sub(r"^\d+\s+", "", line) for line in seen.read_text().splitlines()]

    def at(pattern: str, after: int) -> tuple[int, str]:
        """The next call that looks like this, and what it returned."""
        for number, call in enumerate(calls[after + 1 :], after + 1):
            if re.match(pattern, call):
                return number, call.rpartition("= ")[2]
        raise AssertionError(f"no {pattern} after {calls[after]}")

    named, result = at(r'rename\w*\(.*tmp-.*\.entry"', 0)
    assert result == "0"
    temporary = re.findall(r'"([^"]*tmp-[^"]*)"', calls[named])[0]
    opened, descriptor = at(rf'open\w*\(.*"{re.escape(temporary)}", .*O_CREAT\|O_EXCL', 0)
    written, _ = at(rf"write\({descriptor}, ", opened)
    flushed, result = at(rf"fsync\({descriptor}\)", written)
    assert result == "0"
    closed, _ = at(rf"close\({descriptor}\)", flushed)
    assert closed < named
    directory, descriptor = at(rf'open\w*\(.*"{re.escape(str(role.cache))}", .*O_DIRECTORY', named)
    flushed, result = at(rf"fsync\({descriptor}\)", directory)
    assert result == "0"
    printed, _ = at(r'write\(1, "\{', 0)
    assert printed > flushed


@needs_strace
@pytest.mark.parametrize("when", [1, 2])
def test_a_flush_that_fails_is_a_warning_and_the_caller_gets_credentials(
    role: Home, offline_front: Front, when: int
) -> None:
    """A disk that is breaking: of the file it keeps the old entry, of the directory the new one has its name."""
    role.unmeasured()
    offline_front.behaviour = session()
    ran = role.run("get", "dev", command=[*injected(f"/^fsync:when={when}:error=EIO"), SCRIPT])
    assert (ran.code, ran.stderr, ran.document["Version"]) == (0, "", 1)
    assert "Input/output error" in role.log.read_text()
    assert len(role.entries()) == when - 1
    assert not list(role.cache.glob("tmp-*"))
    assert torn(role.cache) == 0
