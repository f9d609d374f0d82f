"""What followers take from a leader: its failure, if it is theirs too, or its session."""

import pytest
from front import Behaviour, denied, error, html, reset
from unit.sessions.world import BAD_SIGNATURE, EXPIRED, START, UNKNOWN, World

from assume_helper.errors import SourceError, STSNotReached, STSRefused


def test_a_failure_is_shared_with_those_that_began_before_it(world: World) -> None:
    world.front.behaviour = denied
    with pytest.raises(STSRefused) as first:
        world.get()
    failed_at, asked = world.now, world.calls
    world.front.behaviour = world.giving()
    world.pass_by(1)
    with pytest.raises(STSRefused) as second:
        world.get(started=failed_at - 1)
    assert str(second.value) == str(first.value)
    assert world.calls == asked


def test_a_failure_is_not_shared_with_those_that_began_after_it(world: World) -> None:
    world.front.behaviour = denied
    with pytest.raises(STSRefused):
        world.get()
    world.front.behaviour = world.giving()
    world.pass_by(1)
    world.get(started=world.now)
    assert world.calls == 2


def test_a_session_that_came_after_this_one_began_is_taken_though_it_is_short(world: World) -> None:
    world.front.behaviour = world.giving(seconds=50)
    entry = world.get()
    world.pass_by(30)  # it is in its window
    assert world.get(started=START - 1) == entry
    assert world.calls == 1
    world.get()
    assert world.calls == 2


@pytest.mark.parametrize(
    "fault", [reset, html(503), html(200), UNKNOWN, EXPIRED, error(403, "SignatureDoesNotMatch", BAD_SIGNATURE)]
)
def test_a_failure_that_depends_on_who_asks_is_shared_with_the_same_environment_only(
    world: World, fault: Behaviour
) -> None:
    world.front.behaviour = fault
    with pytest.raises((STSNotReached, SourceError)) as first:
        world.get()
    failed_at, asked = world.now, world.calls
    world.front.behaviour = world.giving()
    with pytest.raises(type(first.value)):
        world.get(started=failed_at - 1)
    assert world.calls == asked
    world.get(started=failed_at - 1, HTTPS_PROXY="http://proxy.example.com")
    assert world.calls == asked + 1


@pytest.mark.parametrize("fault", [denied, error(503, "ServiceUnavailable", "later"), error(400, "Throttling", "wait")])
def test_a_failure_that_sts_gives_to_everybody_is_shared_with_everybody(world: World, fault: Behaviour) -> None:
    world.front.behaviour = fault
    with pytest.raises((STSNotReached, STSRefused)):
        world.get()
    failed_at, asked = world.now, world.calls
    with pytest.raises((STSNotReached, STSRefused)):
        world.get(started=failed_at - 1, HTTPS_PROXY="http://proxy.example.com")
    assert world.calls == asked


def test_no_secret_of_the_environment_is_left_with_a_failure(world: World) -> None:
    world.front.behaviour = reset
    with pytest.raises(STSNotReached):
        world.get(AWS_SESSION_TOKEN="a-secret-of-the-environment")
    for path in world.home.cache.iterdir():
        assert b"a-secret-of-the-environment" not in path.read_bytes()
