"""Signals that wait until what was just started can be ended too."""

import signal
import threading
from collections.abc import Iterator

import pytest

from assume_helper.system.deferred_signals import DeferredSignals


class Ended(BaseException):
    pass


def end(*_arguments: object) -> None:
    raise Ended


NUMBERS = [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT") if hasattr(signal, name)]


@pytest.fixture(params=NUMBERS)
def number(request: pytest.FixtureRequest) -> Iterator[int]:
    old = signal.signal(request.param, end)
    yield request.param
    signal.signal(request.param, old)


def test_a_signal_is_handled_when_it_may_be(number: int) -> None:
    signals = DeferredSignals()
    signal.raise_signal(number)
    with pytest.raises(Ended):
        signals.release()
    assert signal.getsignal(number) == end
    signals.release()


def test_without_one_nothing_happens_and_the_handlers_are_back(number: int) -> None:
    DeferredSignals().release()
    with pytest.raises(Ended):
        signal.raise_signal(number)


def test_what_is_ignored_stays_ignored(number: int) -> None:
    signal.signal(number, signal.SIG_IGN)
    signals = DeferredSignals()
    assert signal.getsignal(number) == signal.SIG_IGN
    signals.release()


def test_another_thread_leaves_them_alone(number: int) -> None:
    found: list[object] = []

    def run() -> None:
        DeferredSignals().release()
        found.append(signal.getsignal(number))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    assert found == [end]
