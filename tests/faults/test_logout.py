"""A logout that is killed: nothing is left half, and the next one finishes it."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator

import pytest
from behaviours import held
from front import Front, wait_for
from identity_center import Center, SsoFile
from kind_scenes import NAME, ROLE_ARN, Scene
from needs import injected, needs_strace
from running import SCRIPT, Home

from assume_helper.logins import login_lock

ROLE = f"[profile role-0]\nrole_arn = {ROLE_ARN}/role-0\nsource_profile = {NAME}\n"


@pytest.fixture
def scene(home: Home, center: Center, offline_front: Front) -> Scene:
    """A permission set and a role over it, both cached."""
    found = Scene(home, center, offline_front, "permission set")
    home.unmeasured()
    home.config.write_text(found.config() + ROLE)
    for _ in range(2):
        home.get(NAME)
        home.get("role-0")
    return found


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """What holds a service back; it is set at the end in any case."""
    event = threading.Event()
    yield event
    event.set()


def finished(scene: Scene) -> None:
    """Nobody has the lock, and the next logout leaves nothing."""
    assert isinstance(scene.login, SsoFile)
    descriptor = login_lock.try_acquire(str(scene.login.path))
    assert descriptor is not None
    os.close(descriptor)
    ran = scene.home.run("logout", NAME)
    assert (ran.code, ran.stderr) == (0, "")
    assert not scene.login.path.exists()
    assert scene.login.login.is_over
    left = [path for path in scene.home.cache.iterdir() if not path.name.endswith(".lock")]
    assert [path.name for path in left if b"\n-\n" not in path.read_bytes()] == [], "but what a follower would be told"
    scene.home.run("get", NAME).failed(4, "is not logged in")


def test_a_logout_killed_before_its_request_counts_leaves_the_login_as_it_was(
    scene: Scene, released: threading.Event
) -> None:
    scene.center.once("Logout", held(released))
    process = scene.home.start("logout", NAME)
    wait_for(lambda: scene.center.calls("Logout") == 1)
    process.kill()
    process.communicate(timeout=60)
    asked = scene.asked
    scene.home.get(NAME)
    assert scene.asked == asked, "a hit"
    released.set()
    finished(scene)


@needs_strace
@pytest.mark.parametrize(
    ("step", "is_left"),
    [("rename:when=1", True), ("unlink:when=1", True), ("unlink:when=2", False), ("unlink:when=4", False)],
    ids=["before its record", "before the token file goes", "before the first session", "between the sessions"],
)
def test_a_logout_killed_at_any_step_is_finished_by_the_next_one(scene: Scene, step: str, is_left: bool) -> None:
    """Where the token file is gone nothing is served any more, though sessions lie there yet."""
    assert isinstance(scene.login, SsoFile)
    name, _, when = step.partition(":")
    killed = subprocess.run(
        [*injected(f"{name}:signal=SIGKILL:{when}"), SCRIPT, "logout", NAME],
        env=scene.home.environ, capture_output=True, timeout=90, check=False,
    )  # fmt: skip
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, b"")
    assert scene.login.login.is_over
    assert scene.login.path.exists() is is_left
    assert scene.home.entries() != []
    if not is_left:
        for profile in (NAME, "role-0"):
            scene.home.run("get", profile).failed(4, "is not logged in")
    finished(scene)
