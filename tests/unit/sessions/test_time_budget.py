"""Limits of time: a leader gives up before its followers, and nobody waits longer than a client does."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assume_helper.sessions import time_budget
from assume_helper.sessions.time_budget import follower_deadlines, leader_deadlines, patience

STARTED = 1000.0
seconds = st.floats(0, 60)


@pytest.mark.parametrize(
    ("has_cached", "asks_person", "whole"), [(True, False, 4), (True, True, 4), (False, False, 15), (False, True, 55)]
)
def test_a_call_with_something_cached_is_short_and_one_that_asks_a_person_long(
    has_cached: bool, asks_person: bool, whole: int
) -> None:
    assert patience(has_cached=has_cached, asks_person=asks_person) == whole


def test_a_leader_that_begins_at_once_leaves_its_followers_time() -> None:
    at, throttled_at = leader_deadlines(STARTED, STARTED, 15, math.inf, has_cached=False)
    assert at == STARTED + 10
    assert throttled_at == STARTED + 25
    assert follower_deadlines(STARTED, STARTED, 15, math.inf, has_cached=False) == (STARTED + 11, STARTED + 55)


def test_with_something_cached_the_whole_call_has_four_seconds() -> None:
    assert leader_deadlines(STARTED, STARTED, 4, math.inf, has_cached=True) == (STARTED + 4, STARTED + 4)
    assert follower_deadlines(STARTED, STARTED, 4, math.inf, has_cached=True) == (STARTED + 4, STARTED + 4)


@given(seconds)
def test_a_leader_that_begins_late_still_tries(late: float) -> None:
    at, _ = leader_deadlines(STARTED, STARTED + late, 15, math.inf, has_cached=False)
    assert at >= STARTED + late + time_budget.FOLLOWER_RESERVE
    at, _ = leader_deadlines(STARTED, STARTED + late, 4, math.inf, has_cached=True)
    assert at >= STARTED + late + 0.5


@given(seconds, seconds, st.booleans(), st.sampled_from([4.0, 15.0, 55.0]))
def test_nobody_goes_beyond_the_limit_of_the_role_that_waits(
    late: float, limit: float, has_cached: bool, whole: float
) -> None:
    until = STARTED + limit
    deadlines = (
        *leader_deadlines(STARTED, STARTED + late, whole, until, has_cached=has_cached),
        *follower_deadlines(STARTED, STARTED + late, whole, until, has_cached=has_cached),
    )
    assert max(deadlines) <= until


@given(seconds)
def test_the_leader_gives_up_before_the_followers_that_began_with_it(late: float) -> None:
    at, throttled_at = leader_deadlines(STARTED, STARTED + late, 15, math.inf, has_cached=False)
    _, extended = follower_deadlines(STARTED, STARTED + late, 15, math.inf, has_cached=False)
    assert at <= throttled_at < extended
