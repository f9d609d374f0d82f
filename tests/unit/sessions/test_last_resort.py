"""What is served where the program cannot be loaded: what the full way would serve, and nothing else."""

import pytest
from unit.sessions.world import HOUR, START, World, told

from assume_helper.sessions import last_resort


def test_what_is_past_its_window_is_served_until_a_minute_before_its_end(world: World) -> None:
    world.get()
    first = world.get()
    for left in (600, 61):
        document = last_resort.document("dev", world.home.environ, START + HOUR - left)
        assert document is not None
        assert told(first)["AccessKeyId"].encode() in document
    assert last_resort.document("dev", world.home.environ, START + HOUR - 60) is None


def test_nothing_is_served_of_another_config(world: World) -> None:
    world.get()
    world.get()
    world.add("# changed\n")
    assert last_resort.document("dev", world.home.environ, START + HOUR - 600) is None


def test_nothing_is_served_after_a_refusal(world: World) -> None:
    world.get()
    world.get()
    for path in world.files("entry"):
        path.unlink()
    assert last_resort.document("dev", world.home.environ, START + HOUR - 600) is None


@pytest.mark.parametrize("name", ["other", ""])
def test_nothing_is_served_for_another_profile(world: World, name: str) -> None:
    world.get()
    assert last_resort.document(name, world.home.environ, START + HOUR - 600) is None
