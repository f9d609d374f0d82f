"""Time: for how long a session is handed out, and the end that clients are told."""

from collections import Counter
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assume_helper.cache.session import Session, expiration_jitter, printed_expiration, window
from assume_helper.credentials import Credentials

T = 1_800_000_000
SECRET, TOKEN = "dummy-secret-access-key", "dummy-session-token"
KEY = "0" * 64

lifetimes = st.integers(900, 43_200)
hosts = st.text(max_size=70)
keys = st.text("0123456789abcdef", min_size=64, max_size=64)
moments = st.integers(1_500_000_000, 4_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def a_session(*, issued: float = T, lifetime: int = 3600, left: int | None = None, jitter: int = 0) -> Session:
    """A session issued at `issued` that ends `left` seconds after T, `jitter` seconds less on the printed clock."""
    end = at(T + (lifetime if left is None else left))
    return Session(
        credentials=Credentials("ASIADUMMY", SECRET, TOKEN, end),
        expiration=end,
        printed_expiration=end - timedelta(seconds=jitter),
        issued=issued,
        lifetime=lifetime,
        assumed_role_arn="arn:aws:sts::123456789012:assumed-role/dev/me@here",
        account_id="123456789012",
    )


# W(D)


@pytest.mark.parametrize(
    ("lifetime", "seconds"),
    [
        (1, 0.5),
        (100, 50),
        (120, 60),
        (150, 60),
        (900, 360),
        (1800, 720),
        (2400, 960),
        (2401, 960),
        (3600, 960),
        (43_200, 960),
    ],
)
def test_the_window_of_a_lifetime(lifetime: int, seconds: float) -> None:
    assert window(lifetime) == seconds


@given(lifetimes)
def test_the_window_is_never_more_than_two_fifths_of_a_role_session(lifetime: int) -> None:
    assert 360 <= window(lifetime) <= 0.4 * lifetime


@given(lifetimes, lifetimes)
def test_a_longer_session_never_has_a_shorter_window(one: int, other: int) -> None:
    shorter, longer = sorted((one, other))
    assert window(shorter) <= window(longer)


@pytest.mark.parametrize("lifetime", [120, 150, 151, 600, 2400, 43_200])
def test_the_window_of_a_session_that_is_not_short_is_a_minute_at_least(lifetime: int) -> None:
    assert window(lifetime) == max(min(960, 0.4 * lifetime), 60)


@pytest.mark.parametrize("lifetime", [2, 30, 60, 66, 100, 119])
def test_a_session_that_is_nearly_over_when_it_comes_is_served_for_half_of_what_is_left(lifetime: int) -> None:
    assert window(lifetime) == lifetime / 2


@given(st.integers(2400, 43_200))
def test_the_window_clears_the_fifteen_minutes_of_botocore(lifetime: int) -> None:
    assert window(lifetime) > 900


# J


@given(lifetimes, hosts, keys, moments)
def test_the_shade_is_less_than_a_tenth_of_the_lifetime_and_than_fifteen_minutes(
    lifetime: int, host: str, key: str, end: datetime
) -> None:
    assert 0 <= expiration_jitter(lifetime, host, key, end) < min(0.1 * lifetime, 900)


@given(lifetimes, hosts, keys, moments)
def test_the_shade_is_the_same_on_every_call(lifetime: int, host: str, key: str, end: datetime) -> None:
    in_another_zone = end.astimezone(tz=datetime.fromisoformat("2026-01-01T00:00:00+05:30").tzinfo)
    assert expiration_jitter(lifetime, host, key, end) == expiration_jitter(lifetime, host, key, in_another_zone)


def test_the_shade_is_the_same_in_every_process_and_on_every_day() -> None:
    assert expiration_jitter(3600, "host-1", KEY, at(T)) == pytest.approx(77.3602, abs=0.0001)


def test_the_shade_differs_by_host_key_and_expiry() -> None:
    drawn = [
        expiration_jitter(3600, "host-1", KEY, at(T)),
        expiration_jitter(3600, "host-2", KEY, at(T)),
        expiration_jitter(3600, "host-1", "1" * 64, at(T)),
        expiration_jitter(3600, "host-1", KEY, at(T + 1)),
    ]
    assert len(set(drawn)) == 4


def test_a_host_and_a_key_do_not_run_together() -> None:
    assert expiration_jitter(3600, "host", "1a", at(T)) != expiration_jitter(3600, "host1", "a", at(T))


@pytest.mark.parametrize("lifetime", [900, 3600, 43_200])
def test_the_shades_of_many_hosts_are_spread_evenly(lifetime: int) -> None:
    longest = min(0.1 * lifetime, 900)
    tenths = Counter(int(expiration_jitter(lifetime, f"host-{n}", KEY, at(T)) / longest * 10) for n in range(10_000))
    assert set(tenths) == set(range(10))
    assert all(850 < count < 1150 for count in tenths.values()), tenths


# the printed end


@given(lifetimes, hosts, keys, moments, st.integers(0, 999_999))
def test_the_printed_end_is_whole_seconds_and_the_true_one_less_the_shade(
    lifetime: int, host: str, key: str, end: datetime, microsecond: int
) -> None:
    end = end.replace(microsecond=microsecond)
    printed = printed_expiration(end, lifetime, host, key)
    assert printed is not None
    assert printed.microsecond == 0
    assert printed.utcoffset() == timedelta(0)
    assert printed <= end
    assert 0 <= (end - printed).total_seconds() - expiration_jitter(lifetime, host, key, end) < 1.001


@given(lifetimes, hosts, keys, moments)
def test_a_session_just_issued_is_fresh_for_half_of_its_life(
    lifetime: int, host: str, key: str, issued: datetime
) -> None:
    end = issued + timedelta(seconds=lifetime)
    printed = printed_expiration(end, lifetime, host, key)
    session = Session(Credentials("a", "b"), end, printed, issued.timestamp(), lifetime, "arn", "1")
    assert session.is_fresh(issued.timestamp())
    assert session.is_fresh(issued.timestamp() + 0.5 * lifetime - 2)
    assert not session.is_fresh(end.timestamp() - window(lifetime))


# freshness


@pytest.mark.parametrize(
    ("lifetime", "jitter", "seconds"),
    [(3600, 0, 2640), (3600, 359, 2281), (900, 0, 540), (900, 89, 451), (43_200, 899, 41_341)],
)
def test_a_session_is_served_until_its_window_on_the_printed_clock_begins(
    lifetime: int, jitter: int, seconds: int
) -> None:
    session = a_session(lifetime=lifetime, jitter=jitter)
    assert session.served_until == T + seconds
    assert session.is_fresh(session.served_until - 1)
    assert session.is_fresh(session.served_until - 0.001)
    assert not session.is_fresh(session.served_until)


@pytest.mark.parametrize(("lifetime", "before"), [(900, 90), (3600, 300), (43_200, 300)])
def test_a_session_is_due_for_some_time_before_its_window(lifetime: int, before: int) -> None:
    session = a_session(lifetime=lifetime, jitter=60)
    assert session.refreshed_from == session.served_until - before
    assert not session.is_due(session.refreshed_from - 1)
    assert session.is_due(session.refreshed_from)
    assert session.is_due(session.served_until - 1)
    assert not session.is_due(session.served_until)


@pytest.mark.parametrize("difference", [-86_400.0, -301.0, 3700.0, 86_400.0])
def test_where_this_machine_s_clock_is_far_off_a_session_is_timed_by_sts_s(difference: float) -> None:
    right = a_session(jitter=60)
    wrong = replace(right, issued=T + difference, clock_difference=difference)
    for name in ("not_before", "refreshed_from", "served_until"):
        assert getattr(wrong, name) == getattr(right, name) + difference
    assert wrong.left(T + difference) == 3600
    assert wrong.printed_left(T + difference) == 3540


def test_a_difference_within_five_minutes_changes_nothing() -> None:
    right = a_session(jitter=60)
    assert replace(right, clock_difference=300.0).served_until == right.served_until


def test_a_clock_by_which_the_session_is_believed_is_gone_by() -> None:
    right = a_session(jitter=60)
    assert replace(right, issued=T + 1800, clock_difference=1800.0).served_until == right.served_until


def test_a_session_issued_in_the_future_is_believed_for_a_clock_that_is_five_minutes_off() -> None:
    session = a_session(issued=T + 300)
    assert session.not_before == T
    assert session.is_fresh(T)


def test_a_session_issued_more_than_five_minutes_in_the_future_is_a_miss() -> None:
    assert not a_session(issued=T + 301).is_fresh(T)
    assert not a_session(issued=T + 300).is_fresh(T - 0.001)


def test_a_session_with_five_minutes_more_left_than_it_lasts_is_believed() -> None:
    session = a_session(issued=T - 10_000, left=3600 + 300)
    assert session.not_before == T
    assert session.is_fresh(T)


def test_a_session_with_more_left_than_that_is_a_miss() -> None:
    assert not a_session(issued=T - 10_000, left=3600 + 301).is_fresh(T)
    assert not a_session(issued=T - 10_000, left=3600 + 300).is_fresh(T - 0.001)


def test_what_is_left_is_counted_to_the_true_end() -> None:
    session = a_session(jitter=300)
    assert session.left(T) == 3600
    assert session.left(T + 3600.5) == -0.5


@given(
    st.integers(T - 50_000, T + 50_000), lifetimes, st.integers(0, 50_000), st.integers(0, 899), st.floats(-1e5, 1e5)
)
def test_whatever_is_handed_out_has_more_than_the_window_left_on_both_clocks(
    issued: int, lifetime: int, left: int, jitter: int, later: float
) -> None:
    session = a_session(issued=issued, lifetime=lifetime, left=left, jitter=jitter)
    now = T + later
    if session.is_fresh(now):
        assert session.printed_left(now) > window(lifetime)
        assert session.left(now) > window(lifetime)
        assert issued - now <= 300


# secrets


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_secrets_are_not_in_what_a_session_looks_like(show: Callable[[object], str]) -> None:
    session = a_session()
    for text in (show(session), show(session.credentials), show([session])):
        assert SECRET not in text
        assert TOKEN not in text
        assert "ASIADUMMY" in text


def test_credentials_and_sessions_cannot_be_changed() -> None:
    session = a_session()
    with pytest.raises(FrozenInstanceError):
        session.credentials.access_key_id = "other"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        session.lifetime = 1  # type: ignore[misc]
