"""A rotation that is killed with -9 at any step: a working key is kept, and the next run finishes or takes back.

Real processes, killed by the server at each call to IAM and STS, before it is carried out and after, and by themselves
at each step on this machine. The key is in the kernel's keyring for real, or in the credentials file.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from front import Call, Front, Reply
from iam_users import User
from kept_keys_scene import Scene, scene
from running import ACCESS_KEY_ID, Home

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's keyring is Linux's")
KILLED_AT = Path(__file__).resolve().parent.parent / "killed_at.py"
# Each call of a rotation, by its number among those of its name.
CALLS = [
    ("ListAccessKeys", 1), ("ListAccessKeys", 2), ("CreateAccessKey", 1), ("GetCallerIdentity", 1),
    ("GetCallerIdentity", 2), ("ListAccessKeys", 3), ("UpdateAccessKey", 1), ("DeleteAccessKey", 1),
]  # fmt: skip
# Each step on this machine.
JOURNAL = "assume_helper.keys.journal:Journal"
STEPS = {
    "kernel": [
        (f"{JOURNAL}.write", 1), (f"{JOURNAL}.write", 2), (f"{JOURNAL}.remove", 1),
        ("assume_helper.keys.places:KeyringPlace.keep_next", 1), ("assume_helper.keys.places:KeyringPlace.promote", 1),
        ("assume_helper.sources.kept_keys:write", 1), ("assume_helper.sources.kept_keys:write", 2),
        ("assume_helper.keys.places:KeyringPlace._note", 1), ("assume_helper.sources.kept_keys:delete", 1),
        ("assume_helper.system.kernel_keyring:add", 1), ("assume_helper.system.kernel_keyring:add", 2),
        ("assume_helper.system.kernel_keyring:remove", 1), *(("os:replace", nth) for nth in (1, 2, 3)),
        ("os:unlink", 1),
    ],
    "file": [
        (f"{JOURNAL}.write", 1), (f"{JOURNAL}.write", 2), (f"{JOURNAL}.remove", 1),
        ("assume_helper.configure.key_file:FilePlace.keep_next", 1),
        ("assume_helper.configure.key_file:FilePlace.promote", 1),
        *((f"assume_helper.configure.temporary_file:{name}", nth) for name in ("write",) for nth in (1, 2, 3, 4)),
        ("assume_helper.configure.exchange:exchange", 1), ("assume_helper.configure.exchange:exchange", 2),
        *(("os:replace", nth) for nth in (1, 2, 3, 4)), *(("os:unlink", nth) for nth in (1, 2, 3)),
    ],
}  # fmt: skip
Killing = Callable[[Call], "Reply | None"]


@pytest.fixture
def keys(home: Home, offline_front: Front) -> Iterator[Scene]:
    home.unmeasured()
    with scene(home, offline_front) as found:
        yield found


def placed(keys: Scene, place: str) -> None:
    if place == "kernel":
        keys.move()
        keys.user.calls.clear()


def pairs(keys: Scene) -> list[tuple[str, str]]:
    """The keys that are kept: the one in use first, and the next one where there is one."""
    found = [pair for pair in (keys.kept(), keys.kept(is_next=True)) if pair is not None]
    if found:
        return [(pair.access_key_id, pair.secret_access_key) for pair in found]
    return [keys.in_file()]


def is_working(user: User, pair: tuple[str, str]) -> bool:
    key = user.keys.get(pair[0])
    return key is not None and key.is_active and key.secret == pair[1]


def kill_at_call(keys: Scene, action: str, nth: int, when: str, *options: str) -> None:
    """Start a rotation, and kill it at a call."""
    count = 0
    started: list[subprocess.Popen[bytes]] = []

    def kill(call: Call) -> Reply | None:
        nonlocal count
        count += call.action == action
        if call.action == action and count == nth:
            while not started:
                pass
            started[0].send_signal(signal.SIGKILL)
            started[0].wait()
            raise ConnectionResetError
        return None

    setattr(keys.user, when, kill)
    child = keys.home.start("keys", "rotate", keys.name, "--yes", *options)
    started.append(child)
    child.communicate(timeout=120)
    assert child.returncode == -signal.SIGKILL, (action, nth, keys.user.calls)
    setattr(keys.user, when, lambda _call: None)


def finish(keys: Scene) -> None:
    """The next run ends it: one key, which works and is kept, and nothing else is left anywhere."""
    keys.done("rotate", keys.name, "--yes")
    (pair,) = pairs(keys)
    assert is_working(keys.user, pair)
    assert [*keys.user.keys] == [pair[0]]
    assert pair[0] != ACCESS_KEY_ID
    assert keys.rotations() == []
    beside = {path.name for path in keys.home.credentials.parent.iterdir()}
    assert beside <= {"config", "credentials", "config.assume-helper.bak", "credentials.assume-helper.bak"}
    assert "next" not in keys.home.credentials.read_text()
    keys.user.ahead = timedelta()
    keys.home.get(keys.name)
    assert keys.front.calls[-1].access_key_id == pair[0]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("action", "nth"), CALLS)
@pytest.mark.parametrize("place", ["kernel", "file"])
def test_killed_at_a_call_a_working_key_is_kept_and_the_next_run_ends_it(
    keys: Scene, place: str, action: str, nth: int, when: str
) -> None:
    placed(keys, place)
    keys.user.unknown_for = 1
    keys.user.ahead = timedelta(hours=5)  # IAM's clock counts, and not this machine's
    kill_at_call(keys, action, nth, when)
    assert is_working(keys.user, pairs(keys)[0]), "the key in use works"
    finish(keys)
    assert keys.user.made <= 3


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("place", "step", "nth"), [(place, step, nth) for place, steps in STEPS.items() for step, nth in steps]
)
def test_killed_at_a_step_a_working_key_is_kept_and_the_next_run_ends_it(
    keys: Scene, place: str, step: str, nth: int, when: str
) -> None:
    placed(keys, place)
    command = [sys.executable, str(KILLED_AT), step, when, str(nth), "keys", "rotate", keys.name, "--yes"]
    done = subprocess.run(
        command, env=keys.home.environ, cwd=keys.home.folder, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert is_working(keys.user, pairs(keys)[0]), "the key in use works"
    finish(keys)


def test_a_rotation_that_keeps_the_old_key_is_finished_so(keys: Scene) -> None:
    kill_at_call(keys, "UpdateAccessKey", 1, "before", "--keep-old")
    keys.done("rotate", keys.name, "--yes")
    assert not keys.user.keys[ACCESS_KEY_ID].is_active
    assert is_working(keys.user, keys.in_file())


@pytest.mark.parametrize("whose", ["made later", "made before", "used", "not to be asked"])
def test_a_second_key_that_may_be_a_colleague_s_is_told_and_left(keys: Scene, whose: str) -> None:
    kill_at_call(keys, "CreateAccessKey", 1, "before")
    other = keys.user.add("AKIACOLLEAGUE0001234")
    if whose == "used":
        other.used = keys.user.now()
    elif whose == "not to be asked":
        keys.user.denied.add("GetAccessKeyLastUsed")
    else:
        other.created += timedelta(seconds=31 if whose == "made later" else -10)
    ran = keys.run("rotate", keys.name, "--yes")
    assert (ran.code, other.access_key_id in keys.user.keys) == (6 if whose == "not to be asked" else 3, True)
    if ran.code == 3:
        assert "is left as it is" in ran.stderr
        assert "two access keys already" in ran.stderr
    assert is_working(keys.user, keys.in_file())


@pytest.mark.parametrize(
    ("action", "when"),
    [("CreateAccessKey", "before"), ("CreateAccessKey", "after"), ("GetCallerIdentity", "before")],
)
def test_a_key_that_a_hand_put_into_the_file_meanwhile_is_neither_replaced_nor_taken_for_the_new_one(
    keys: Scene, action: str, when: str
) -> None:
    kill_at_call(keys, action, 1, when)
    other = keys.user.add("AKIABYHAND0000000003")
    text = keys.home.credentials.read_text()
    secret = keys.user.keys[ACCESS_KEY_ID].secret
    text = text.replace(ACCESS_KEY_ID, other.access_key_id).replace(secret, other.secret)
    keys.home.credentials.write_text(text)
    before = {*keys.user.keys}
    keys.run("rotate", keys.name, "--yes").failed(
        3, "has another access key …0003 since the rotation of …6789", "nothing was changed", str(keys.rotations()[0])
    )
    assert ({*keys.user.keys}, keys.home.credentials.read_text()) == (before, text)
    assert all(key.is_active for key in keys.user.keys.values())
    keys.rotations()[0].unlink()  # as it says
    for each in before - {other.access_key_id}:
        del keys.user.keys[each]
    finish(keys)


def test_while_a_rotation_is_open_the_key_is_neither_removed_nor_replaced_nor_moved(keys: Scene) -> None:
    keys.move()
    kill_at_call(keys, "UpdateAccessKey", 1, "before")
    keys.run("remove", keys.name, "--yes").failed(3, "a rotation of this key was interrupted", "keys rotate")
    given = f"{ACCESS_KEY_ID}\nx\n"
    keys.run("add", keys.name, "--keyring", "kernel", "--yes", given=given).failed(3, "was interrupted")
    finish(keys)


def test_a_note_that_cannot_be_read_stops_it(keys: Scene) -> None:
    kill_at_call(keys, "CreateAccessKey", 1, "after")
    (note,) = keys.rotations()
    note.write_text("{")
    keys.run("rotate", keys.name, "--yes").failed(3, "the note of a rotation", "list-access-keys")
    assert is_working(keys.user, keys.in_file())


@pytest.mark.parametrize("place", ["kernel", "file"])
def test_the_note_has_no_secret_and_is_closed_to_others(keys: Scene, place: str) -> None:
    placed(keys, place)
    kill_at_call(keys, "UpdateAccessKey", 1, "before")
    (note,) = keys.rotations()
    assert note.stat().st_mode & 0o777 == 0o600
    assert note.parent.stat().st_mode & 0o777 == 0o700
    assert not any(key.secret in note.read_text() for key in keys.user.keys.values())
