"""A time limit for a call, with a thread and without."""

import signal
import socket
import threading
import time

import pytest

from assume_helper.errors import STSNotConnected, STSNotReached
from assume_helper.profiles.role import Endpoint
from assume_helper.system import unreached
from assume_helper.system.deadline import within


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)


def fail() -> None:
    raise KeyError("its own")


def test_the_result_is_given() -> None:
    assert within(5, lambda: 7) == 7


def test_what_it_raises_is_raised() -> None:
    with pytest.raises(KeyError, match="its own"):
        within(5, fail)


def test_it_is_waited_for_no_longer_than_that() -> None:
    never = threading.Event()
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.2, never.wait)
    assert time.monotonic() - begun < 5
    never.set()


@pytest.mark.usefixtures("no_threads")
def test_without_a_thread_it_is_called_directly() -> None:
    assert within(5, lambda: 7) == 7
    with pytest.raises(KeyError, match="its own"):
        within(5, fail)


@pytest.mark.usefixtures("no_threads")
def test_without_a_thread_it_has_a_limit_too() -> None:
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.2, lambda: time.sleep(30))
    assert time.monotonic() - begun < 5


@pytest.mark.usefixtures("no_threads")
def test_without_a_thread_each_socket_has_a_limit_and_nothing_is_left_changed() -> None:
    alarm, limit = signal.getsignal(signal.SIGALRM), socket.getdefaulttimeout()
    assert within(3, socket.getdefaulttimeout) == 3
    assert (signal.getsignal(signal.SIGALRM), socket.getdefaulttimeout()) == (alarm, limit)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_another_thread_than_the_main_one_has_the_limit_of_its_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[object] = []
    other = threading.Thread(target=lambda: found.append(within(3, socket.getdefaulttimeout)))
    other.start()
    other.join(30)
    assert found == [None]  # in a thread of its own
    real = threading.Thread.start
    other = threading.Thread(target=lambda: found.append(within(3, socket.getdefaulttimeout)))

    def start(thread: threading.Thread) -> None:
        if thread is other:
            return real(thread)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    other.start()
    other.join(30)
    assert found == [None, 3]


@pytest.mark.parametrize(
    ("stage", "words", "kind"),
    [
        ("getaddrinfo", "DNS", STSNotConnected),
        ("create_connection", "the connection timed out", STSNotConnected),
        ("do_handshake", "TLS", STSNotConnected),
        ("read", "gave no answer in time", STSNotReached),
    ],
)
def test_a_call_that_is_given_up_says_where_it_was(stage: str, words: str, kind: type[STSNotReached]) -> None:
    over = threading.Event()
    scope: dict[str, object] = {"over": over}
    exec(f"def {stage}():\n    over.wait(60)\n", scope)  # noqa: S102
    hangs = scope[stage]
    assert callable(hangs)
    with pytest.raises(TimeoutError) as caught:
        within(0.1, hangs)
    over.set()
    told = unreached.in_time(Endpoint("eu-central-1"), caught.value)
    assert type(told) is kind
    assert words in str(told)
