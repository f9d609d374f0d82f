"""A fleet that was booted together: what it asks of STS is spread, and the plot shown is that of the benchmark."""

import json
import random
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import fleet
import plot
import pytest

from assume_helper.cache import directory as cache_directory
from assume_helper.cache.session import Session
from assume_helper.credentials import Answer, Credentials
from assume_helper.errors import STSNotReached
from assume_helper.sessions import single_flight
from assume_helper.system.context import CallContext, Clock

ROOT = Path(__file__).resolve().parents[2]
# Of the plot; the shape of a peak is the same with fewer.
DRAWN_HOSTS = 10_000
HOSTS = 2_000
# Two hours are two waves: those after them are flatter.
HOURS = 2


@cache
def peak(trial: fleet.Trial) -> int:
    return max(fleet.later(fleet.simulated(trial, HOSTS, HOURS), trial))


def test_the_peak_with_jitter_is_at_most_a_twentieth_of_the_one_without() -> None:
    without_jitter = peak(fleet.NEITHER)
    assert without_jitter > HOSTS / 10, "the fleet does call together, if nothing is done"
    assert peak(fleet.JITTERED) <= without_jitter / 20


def test_jitter_of_the_helpers_own_refresh_alone_does_not_do_it() -> None:
    assert peak(fleet.REFRESH_JITTER) > peak(fleet.NEITHER) / 2


def test_the_spread_costs_less_than_a_tenth_more_calls() -> None:
    jittered = sum(fleet.simulated(fleet.JITTERED, 500, 24))
    assert jittered < 1.1 * sum(fleet.simulated(fleet.NEITHER, 500, 24))


def test_after_ten_minutes_without_sts_hosts_come_back_spread() -> None:
    away = fleet.TRIALS["STS away for 10 min, jittered"]
    equal = fleet.TRIALS["STS away for 10 min, neither, equal pauses"]
    assert peak(away) < peak(equal) / 4


def test_the_same_fleet_is_simulated_every_time() -> None:
    assert fleet.simulated(fleet.JITTERED, 50, 2) == fleet.simulated(fleet.JITTERED, 50, 2)


def test_a_host_calls_as_the_sessions_own_rules_say() -> None:
    """One host, by hand: a miss, hits, a refresh behind the caller's back, a failure and the pause after it."""
    calls: list[float] = []
    trial = fleet.Trial(prints_jittered=False, refreshes_by_jittered=False, retry_after=(40, 40), away=(5000, 5030))
    host = fleet.Host("host", 3600, trial, random.Random(0), calls.append)
    assert host.asked(0) == (3600, 3600 - 960 - 300)
    assert host.asked(2339) == (3600, 2340)
    assert calls == [0]
    assert host.asked(2340) == (3600, 4680), "what was cached is served while it is refreshed"
    assert host.asked(2341) == (5940, 4680)
    assert host.asked(5000) == (5940, 5040), "served at once, and STS left alone after the failure"
    assert host.asked(5039) == (5940, 5040)
    assert host.asked(5040) == (8640, 7380), "behind the window the new one is waited for"
    assert calls == [0, 2340, 5000, 5040]
    assert isinstance(host.entry, Session)


def test_a_host_calls_when_the_helper_itself_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day of one host, beside `single_flight` with a real cache: the same calls, and the same ends printed.

    Nobody asks where a refresh would be behind the caller's back, for that is another process's.
    """
    monkeypatch.setattr(random, "uniform", lambda _low, _high: 45.0)
    away = (8000.0, 11_600.0)
    trial = fleet.Trial(retry_after=(45, 45), away=away)
    store = cache_directory.open_cache({"ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache")}, lambda _text: None)
    simulated: list[float] = []
    real: list[float] = []
    host = fleet.Host("host", 3600, trial, random.Random(0), simulated.append)

    def call(now: float) -> Answer:
        real.append(now)
        if away[0] <= now < away[1]:
            raise STSNotReached("it is away", "try again")
        end = datetime.fromtimestamp(int(fleet.EPOCH + now) + 3600, UTC)
        return Answer(Credentials("A", "s", "t", end), end, 3600)

    def asked(now: float) -> float | None:
        """The end that is printed, in seconds after the boot; None where it fails."""
        at = fleet.EPOCH + now
        context = CallContext({}, Clock(lambda: at, lambda: at), at, at, "host", lambda: "me", lambda _text: None)
        flight = single_flight.Flight(store, fleet.KEY, context, False, lambda _turn: call(now))
        try:
            document = json.loads(single_flight.session(flight).document)
        except STSNotReached:
            return None
        return datetime.fromisoformat(document["Expiration"]).timestamp() - fleet.EPOCH

    draw = random.Random(1)
    now = 0.0
    while now < 24 * 3600:
        told = host.asked(now)[0]
        printed = asked(now)
        assert told == (now if printed is None else printed), now
        now += draw.expovariate(1 / 120)
        entry = host.entry
        if entry is not None and entry.refreshed_from <= fleet.EPOCH + now < entry.served_until:
            now = entry.served_until - fleet.EPOCH + draw.random()
    assert simulated == real
    assert len(real) > 24
    assert len([at for at in real if away[0] <= at < away[1]]) > 5, "tried again while STS was away"


def test_a_plot_has_a_line_for_each_series_and_is_small() -> None:
    text = plot.peaks({"a <": [0] * 900, "b": [7, 1000] * 450}, "calls & more")
    svg = ET.fromstring(text)  # noqa: S314 - our own
    lines = re.findall(r'd="M60 ([0-9]+)L', text)
    assert lines == ["330", "70"], "nothing is the lowest line, the largest decade the highest"
    assert [node.text for node in svg.iter("{http://www.w3.org/2000/svg}text")][-2:] == ["a <", "b"]


def test_the_plot_shown_is_one_of_the_whole_fleet_and_small() -> None:
    page = (ROOT / "docs" / "explanation" / "time-and-fleets.md").read_text(encoding="utf-8")
    assert "](../../benchmarks/fleet.svg)" in page
    text = (ROOT / "benchmarks" / "fleet.svg").read_text(encoding="utf-8")
    assert len(text) < 20_000
    for words in (f"{DRAWN_HOSTS:,} hosts", *fleet.DRAWN):
        assert words in text
