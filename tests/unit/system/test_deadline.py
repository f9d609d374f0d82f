"""A time limit for a call, and where the call was when it was given up."""

import threading

import pytest

from assume_helper.errors import MachineFault, STSNotConnected, STSNotReached
from assume_helper.profiles.role import Endpoint
from assume_helper.sts import unreached
from assume_helper.system.deadline import within


def test_what_a_call_returns_or_raises_is_handed_on() -> None:
    assert within(5, lambda: 1) == 1
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)


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


def test_no_room_for_a_thread_is_a_fault_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(MachineFault, match="no room for another thread"):
        within(1, lambda: 1)
