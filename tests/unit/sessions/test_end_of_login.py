"""The end of a login: what came of it goes, whoever is replacing a session is waited for, and nothing else goes."""

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from identity_center import Center, permission_set, sso_session
from unit.sessions.world import World

from assume_helper.cache import entries, key_lock
from assume_helper.cache.directory import Cache
from assume_helper.profiles import aws_config
from assume_helper.profiles.login import Login
from assume_helper.sessions import end_of_login, session_keys
from assume_helper.sessions.end_of_login import Deleted
from assume_helper.system.context import Clock


@pytest.fixture
def login(world: World) -> Login:
    """The login of the profile `admin`, which is there beside the role `dev`. Both have a session cached."""
    Center().log_in(world.home)
    world.add(permission_set("admin") + sso_session())
    entry = world.get()
    entries.write(store(world), admin_key(world), entry)
    found = world.profile("admin").login
    assert found is not None
    return found


def store(world: World) -> Cache:
    return Cache(str(world.home.cache), lambda _warning: None)


def admin_key(world: World) -> str:
    return session_keys.of_profile(world.profile("admin"))


def deleted(world: World, login: Login, **changes: object) -> Deleted:
    context = dataclasses.replace(world.context(), **changes)  # type: ignore[arg-type]
    return end_of_login.delete([login], aws_config.load(world.home.environ), context)


def test_what_came_of_it_goes_with_what_leads_there_and_nothing_else(world: World, login: Login) -> None:
    cache, key = store(world), admin_key(world)
    before = {path.name for path in world.home.cache.iterdir()}
    entries.remember(cache, (f"{'1' * 32}.hit", b"admin\0stamp"), key)
    (world.home.cache / f"{key}.failure").write_bytes(b"")
    assert deleted(world, login) == Deleted(1, 0, 0, [])
    left = {path.name for path in world.home.cache.iterdir() if not path.name.endswith(".lock")}
    assert left == {name for name in before if not name.endswith(".lock")} - {f"{key}.entry"}


@contextmanager
def replacing(world: World, ended: threading.Event) -> Iterator[None]:
    """Another thread has the lock of the session, until `ended` is set."""
    has_it = threading.Event()

    def hold() -> None:
        with key_lock.acquire(store(world), admin_key(world), lambda: True) as is_held:
            assert is_held
            has_it.set()
            ended.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert has_it.wait(60)
        yield
    finally:
        ended.set()
        thread.join()


def test_a_session_that_is_being_replaced_is_waited_for_and_then_left(world: World, login: Login) -> None:
    began = world.now
    with replacing(world, threading.Event()):
        assert deleted(world, login) == Deleted(0, 0, 1, [])
    assert world.now - began == pytest.approx(5, abs=0.2)


def test_a_session_that_has_been_replaced_meanwhile_goes(world: World, login: Login) -> None:
    ended = threading.Event()

    def sleep(seconds: float) -> None:
        world.pass_by(seconds)
        ended.set()

    with replacing(world, ended):
        clock = Clock(now=lambda: world.now, monotonic=lambda: world.now, sleep=sleep)
        while (found := deleted(world, login, clock=clock)).left:
            pass
        assert found == Deleted(1, 0, 0, [])


def test_a_refused_login_forgets_what_came_of_it(world: World, login: Login) -> None:
    end_of_login.forget(login.token_path, world.home.environ, world.context().warn)
    assert not entries.exists(store(world), admin_key(world))
    assert len(world.files("entry")) == 1
