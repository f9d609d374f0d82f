"""How long a scoped session is asked for, and that it ends no later than what it is made from."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assume_helper.cache.session import Session
from assume_helper.credentials import Answer, Credentials
from assume_helper.profiles.scope import Scope
from assume_helper.sessions import scoped_session

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
KEYS = Credentials("ASIAWHOLE", "secret", "token")


def whole(left: float, lifetime: int = 3600) -> Session:
    ends = NOW + timedelta(seconds=left)
    return Session(KEYS, ends, ends, NOW.timestamp() + left - lifetime, lifetime)


@pytest.mark.parametrize(
    ("wanted", "left", "asked"),
    [
        (None, 3600, None),
        (60, 3600, 60),
        (3600, 3600, 3595),
        (3600, 1000, 995),
        (3660, 3600, 3595),
        (3661, 3600, 3661),
        (43_200, 1000, 43_200),
        (60, 3, 1),
    ],
)
def test_no_more_is_asked_for_than_is_left_of_a_session_that_was_long_enough(
    wanted: int | None, left: float, asked: int | None
) -> None:
    assert scoped_session._seconds(Scope(None, wanted), whole(left), NOW.timestamp()) == asked


def test_of_a_session_without_an_end_what_is_wanted_is_asked_for() -> None:
    endless = replace(whole(0), expiration=None, lifetime=0)
    assert scoped_session._seconds(Scope(None, 43_200), endless, NOW.timestamp()) == 43_200


@pytest.mark.parametrize(("given", "ends"), [(600, 600), (1000, 1000), (3600, 1000)])
def test_it_ends_no_later_than_the_whole_one(given: int, ends: int) -> None:
    expiration = NOW + timedelta(seconds=given)
    found = scoped_session._ended_with(Answer(replace(KEYS, expiration=expiration), expiration, given), whole(1000))
    assert (found.expiration, found.credentials.expiration) == (NOW + timedelta(seconds=ends),) * 2
    assert found.lifetime == ends
