"""The herd gate: one process leads, the others wait a while, and a gate that cannot be used is none."""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hit_answers import fresh_document
from opened import open_to_others
from running import windows

from assume_helper import hit
from assume_helper.sessions import asker, herd_gate
from assume_helper.system import home

if sys.platform != "win32":
    import fcntl

NOW = 2_000_000_000.0
LINE = "assume-helper: dev: STS said no; ask why"


@dataclass
class World:
    """An environment, and a clock that only goes on while somebody sleeps."""

    environ: dict[str, str]
    cache: Path
    clock: float = 0.0
    at: dict[float, Callable[[], None]] = field(default_factory=dict)

    def monotonic(self) -> float:
        return self.clock

    def time(self) -> float:
        return NOW + self.clock

    def sleep(self, seconds: float) -> None:
        self.clock += seconds
        for when in [when for when in self.at if when <= self.clock]:
            self.at.pop(when)()

    def enter(self, name: str = "dev") -> str | None:
        return herd_gate.take_or_wait(name, self.environ, NOW)

    def file(self) -> Path:
        return self.cache / (hit.stamp("dev", self.environ)[0].removesuffix(".hit") + ".door")


def descriptors() -> set[int]:
    """Those that this process has open."""
    found = set()
    for number in range(256):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.add(number)
    return found


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    found = World(
        {"HOME": str(tmp_path), **windows(tmp_path), "ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache")},
        tmp_path / "cache",
    )
    monkeypatch.setattr(herd_gate, "time", found)
    monkeypatch.setattr(herd_gate, "_held", [])
    before = descriptors()
    yield found
    for descriptor in descriptors() - before:  # the gate is held until a process ends
        try:
            os.close(descriptor)
        except OSError:
            continue


def remember(world: World, payload: bytes) -> None:
    path = world.cache / hit.stamp("dev", world.environ)[0]
    path.write_bytes(hit.seal(payload))
    path.chmod(0o600)


def test_a_process_that_is_alone_leads(world: World) -> None:
    assert world.enter() == str(world.file())
    assert world.clock == 0
    if sys.platform != "win32":
        assert stat.S_IMODE(world.file().stat().st_mode) == 0o600
        assert stat.S_IMODE(world.cache.stat().st_mode) == 0o700


def test_a_follower_waits_and_then_goes_on(world: World) -> None:
    world.enter()
    assert world.enter() is None
    assert 6 <= world.clock < 6.2


def test_a_follower_waits_no_longer_than_until_the_gate_is_open(world: World) -> None:
    world.enter()
    (descriptor,) = (int(n) for n in descriptors() if linked(n) == str(world.file()))
    world.at[1.0] = lambda: os.close(descriptor)
    assert world.enter() is None
    assert 1 <= world.clock < 1.2
    assert world.enter() == str(world.file())  # nobody is left in it


def linked(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""


def test_a_follower_waits_less_where_it_may_have_something_to_serve(world: World) -> None:
    world.enter()
    key = "a" * 64
    remember(world, hit.pack_pointer(hit.stamp("dev", world.environ)[1], key, {}))
    entry = world.cache / f"{key}.entry"
    entry.write_bytes(hit.seal(b"%d %d %d\n{}\n\n" % (NOW - 3000, NOW - 100, NOW - 400)))
    entry.chmod(0o600)
    assert world.enter() is None
    assert 2 <= world.clock < 2.2


def test_another_name_has_a_gate_of_its_own(world: World) -> None:
    world.enter()
    assert world.enter("other")
    world.environ["AWS_REGION"] = "eu-central-1"
    assert world.enter()


def test_a_process_of_our_own_does_not_wait_for_the_one_that_started_it(world: World) -> None:
    world.enter()
    world.environ[hit.CALLERS] = "[]"
    assert world.enter() == ""
    assert world.clock == 0


def test_the_leader_removes_the_gate_and_the_follower_goes_on(world: World) -> None:
    path = world.enter()
    assert path
    held = herd_gate._held.copy()
    world.at[0.5] = herd_gate.leave
    assert world.enter() is None
    assert 0.5 <= world.clock < 0.7
    assert list(world.cache.iterdir()) == []
    assert held
    assert not [n for n in descriptors() if linked(n).startswith(path)]


def test_a_gate_that_was_cleared_meanwhile_is_left_quietly(world: World) -> None:
    path = world.enter()
    assert path
    os.unlink(path)
    herd_gate.leave()


def loose(path: Path) -> None:
    path.touch(mode=0o600)
    open_to_others(path, 0o622)


@pytest.mark.parametrize(
    "planted",
    [
        loose,
        lambda path: os.mkfifo(path),  # noqa: PLW0108 - not every system has it
        Path.mkdir,
        lambda path: path.symlink_to("elsewhere"),
        lambda path: path.symlink_to("/dev/null"),
    ],
)
def test_a_gate_that_is_not_ours_alone_is_none(world: World, planted: Callable[[Path], None]) -> None:
    world.cache.mkdir(mode=0o700)
    planted(world.file())
    assert world.enter() == ""
    assert world.enter() == ""
    assert world.clock == 0
    assert not (world.cache / "elsewhere").exists()


def test_in_a_directory_that_is_open_to_others_there_is_none(world: World) -> None:
    world.cache.mkdir()
    open_to_others(world.cache, 0o755)
    assert world.enter() == ""
    assert list(world.cache.iterdir()) == []


@pytest.mark.parametrize("environ", [{}, {"ASSUME_HELPER_CACHE_DIR": "a"}, {"ASSUME_HELPER_CACHE_DIR": "/dev/null/a"}])
def test_without_a_directory_there_is_none(world: World, environ: dict[str, str]) -> None:
    world.environ = environ
    assert world.enter() == ""
    assert herd_gate.replay_failure("dev", environ, NOW) == 0


def test_where_there_are_no_locks_there_is_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(_descriptor: int, _how: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    assert world.enter() == ""
    assert world.enter() == ""
    assert world.clock == 0


# the leader's failure


def failed(world: World, at: float = NOW, exit_code: int = 6, mark: str = "") -> bytes:
    return hit.pack_gate_failure(hit.stamp("dev", world.environ)[1], at, exit_code, f"{mark}\n{LINE}")


def test_the_leader_s_failure_is_replayed_and_is_no_hit(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.enter()
    remember(world, failed(world))
    assert herd_gate.replay_failure("dev", world.environ, NOW - 0.5) == 6
    assert capfd.readouterr() == ("", LINE + "\n")
    assert fresh_document("dev", world.environ, NOW) is None


def test_a_failure_that_depends_on_who_asks_is_replayed_to_a_process_with_the_same_environment_only(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    world.enter()
    remember(world, failed(world, exit_code=7, mark=asker.mark(world.environ)))
    world.environ["HTTPS_PROXY"] = "http://127.0.0.1:9"
    assert herd_gate.replay_failure("dev", world.environ, NOW - 0.5) == 0
    del world.environ["HTTPS_PROXY"]
    assert herd_gate.replay_failure("dev", world.environ, NOW - 0.5) == 7
    assert capfd.readouterr() == ("", LINE + "\n")


@pytest.mark.parametrize("at", [NOW - 1, NOW + 60])
def test_a_failure_of_another_time_is_not(world: World, capfd: pytest.CaptureFixture[str], at: float) -> None:
    world.enter()
    remember(world, failed(world, at))
    assert herd_gate.replay_failure("dev", world.environ, NOW) == 0
    assert capfd.readouterr() == ("", "")


def test_a_failure_of_another_config_is_not(world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    world.enter()
    remember(world, failed(world))
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile dev]\n")
    assert herd_gate.replay_failure("dev", world.environ, NOW) == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"\n-",
        b"\n-\n",
        b"\n-\nx\n6\n\nx",
        b"\n-\nnan\n6\n\nx",
        b"\n-\n2000000000\nx\n\nx",
        b"\n-\n2000000000\n256\n\nx",
        b"\n-\n2000000000\n6\nx",
        b"\n-\n2000000000\n6\nzz\nx",
        b"\n-\n2000000000\n6\n\xff\nx",
        b"\n-\n2000000000\n6\n",
    ],
)
def test_what_nobody_wrote_is_not_told(world: World, rest: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    world.enter()
    remember(world, hit.stamp("dev", world.environ)[1] + rest)
    assert herd_gate.replay_failure("dev", world.environ, NOW) == 0
    assert capfd.readouterr().out == ""


def test_a_file_that_is_open_to_others_is_not_told(world: World) -> None:
    world.enter()
    remember(world, failed(world))
    open_to_others(world.cache / hit.stamp("dev", world.environ)[0], 0o644)
    assert herd_gate.replay_failure("dev", world.environ, NOW) == 0


def test_in_another_user_s_home_the_cache_of_our_own_is_served_and_there_is_no_gate_without_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[str] = []

    cached = (b"{}", "", "", True, "")

    def answer(_name: str, environ: dict[str, str], *_given: object) -> tuple[bytes, str, str, bool, str]:
        served.append(environ["ASSUME_HELPER_CACHE_DIR"])
        return cached

    asked = ("get", "dev", (), list[str]())
    monkeypatch.setattr(hit, "answer", answer)
    monkeypatch.setattr(home, "moved_cache", lambda _environ: "/ours/cache")
    assert herd_gate.enter(asked, world.environ, NOW) == (cached, 0)
    assert served == ["/ours/cache"]
    monkeypatch.setattr(home, "moved_cache", lambda _environ: "")
    assert herd_gate.enter(asked, world.environ, NOW) == (None, 0)
    assert served == ["/ours/cache"]
    assert not world.file().exists()


# The gate that the front has taken, or has waited at.


def test_the_gate_that_the_front_has_taken_is_held_until_it_is_left(world: World) -> None:
    path = world.enter()
    assert path
    ((descriptor, _),) = herd_gate._held
    herd_gate._held.clear()
    os.set_inheritable(descriptor, True)
    herd_gate.adopt(f"{descriptor}:{path}")
    assert herd_gate._held == [(descriptor, path)]
    assert not os.get_inheritable(descriptor), "no program that is started inherits it"
    herd_gate.leave()
    assert herd_gate._held == []
    assert not os.path.exists(path)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@pytest.mark.parametrize(
    "given",
    ["", "x", "-1:{path}", "1:{path}", "2:{path}", "{gate}", "{gate}:", "{gate}:/nonexistent", "{gate}:{other}",
     "99999:{path}",
     "{gate}x:{path}", "9" * 30 + ":{path}", ":{path}"],
)  # fmt: skip
def test_what_is_no_gate_is_left_alone(world: World, given: str) -> None:
    path = world.enter()
    ((descriptor, _),) = herd_gate._held
    herd_gate._held.clear()
    other = world.cache / "other"
    other.write_bytes(b"")
    herd_gate.adopt(given.format(gate=descriptor, path=path, other=other))
    assert herd_gate._held == []
    herd_gate.leave()
    assert world.file().exists()


def test_leaving_twice_is_leaving_once(world: World) -> None:
    world.enter()
    herd_gate.leave()
    herd_gate.leave()
    assert world.enter(), "it can be taken again"


def test_a_follower_of_the_front_has_the_answer_or_the_failure(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    asked = ("get", "dev", (), list[str]())
    assert herd_gate.follow(asked, world.environ, NOW) == (None, 0)
    world.enter()
    remember(world, failed(world))
    assert herd_gate.follow(asked, world.environ, NOW - 1) == (None, 6)
    assert capfd.readouterr() == ("", LINE + "\n")
    key = "a" * 64
    remember(world, hit.pack_pointer(hit.stamp("dev", world.environ)[1], key, {}))
    entry = world.cache / f"{key}.entry"
    entry.write_bytes(hit.seal(b"%d %d %d\n{}\n\n" % (NOW - 3000, NOW + 100, NOW + 100)))
    entry.chmod(0o600)
    found, code = herd_gate.follow(asked, world.environ, NOW)
    assert code == 0
    assert found is not None
    assert found[0] == b"{}\n"
