"""`keys add --from-file`, killed with -9 at any step: the key is in one place at least, and the next run ends it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from front import Front
from kept_keys_scene import Scene, scene
from running import ACCESS_KEY_ID, SECRET, Home

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's keyring is Linux's")
KILLED_AT = Path(__file__).resolve().parent.parent / "killed_at.py"
MOVE = ("--from-file", "--keyring", "kernel", "--yes")
STEPS = [
    ("assume_helper.system.kernel_keyring:add", 1), ("assume_helper.keys.places:KeyringPlace._note", 1),
    ("assume_helper.keys.rotation:until_known", 1), ("assume_helper.profiles.key_record:write", 2),
    ("assume_helper.configure.writer:replace", 1), ("assume_helper.configure.writer:replace", 2),
    *(("assume_helper.configure.temporary_file:write", nth) for nth in (1, 2, 3)),
    ("assume_helper.configure.exchange:exchange", 1), ("assume_helper.configure.exchange:place", 1),
    *(("os:replace", nth) for nth in (1, 2, 3)), ("os:unlink", 1),
]  # fmt: skip


@pytest.fixture
def keys(home: Home, offline_front: Front) -> Iterator[Scene]:
    home.unmeasured()
    with scene(home, offline_front) as found:
        yield found


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("step", "nth"), STEPS)
def test_a_move_that_is_killed_at_a_step_loses_nothing_and_the_next_run_ends_it(
    keys: Scene, step: str, nth: int, when: str
) -> None:
    command = [sys.executable, str(KILLED_AT), step, when, str(nth), "keys", "add", keys.name, *MOVE]
    done = subprocess.run(
        command, env=keys.home.environ, cwd=keys.home.folder, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    kept = keys.kept()
    in_keyring = kept is not None and kept.secret_access_key == SECRET
    assert in_keyring or keys.in_file() == (ACCESS_KEY_ID, SECRET)
    keys.done("add", keys.name, *MOVE)
    kept = keys.kept()
    assert kept is not None
    assert (kept.access_key_id, kept.secret_access_key) == (ACCESS_KEY_ID, SECRET)
    files = [path for path in keys.home.folder.rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in path.read_bytes() for path in files)
    keys.home.get(keys.name)
