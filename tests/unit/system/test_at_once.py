"""The same work for many things, several at once: all of it, the first failure, and without threads."""

import threading
from collections.abc import Callable

import pytest

from assume_helper.system.at_once import at_once


def doubled() -> Callable[[int], int]:
    return lambda number: number * 2


@pytest.mark.parametrize("workers", [1, 3, 50])
def test_each_thing_is_done_once(workers: int) -> None:
    assert sorted(at_once(doubled, range(20), workers)) == [(number, number * 2) for number in range(20)]
    assert list(at_once(doubled, [], workers)) == []


def test_no_more_are_at_work_than_was_said_and_each_has_a_function_of_its_own() -> None:
    made: list[int] = []
    barrier = threading.Barrier(3)

    def worker() -> Callable[[int], int]:
        made.append(threading.get_ident())

        def work(_thing: int) -> int:
            barrier.wait(60)
            return threading.get_ident()

        return work

    assert {ident for _, ident in at_once(worker, range(9), 3)} <= set(made)
    assert len(made) == 3


def test_the_first_failure_is_raised_and_no_more_is_begun() -> None:
    begun: list[int] = []

    def worker() -> Callable[[int], int]:
        def work(thing: int) -> int:
            begun.append(thing)
            raise ValueError(thing)

        return work

    with pytest.raises(ValueError, match=r"^[012]$"):
        list(at_once(worker, range(100), 3))
    assert len(begun) <= 3


def test_a_worker_that_cannot_be_made_is_a_failure() -> None:
    def worker() -> Callable[[int], int]:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(at_once(worker, range(3), 2))


@pytest.mark.parametrize("given", [0, 1])
def test_where_no_thread_can_be_had_it_is_done_all_the_same(monkeypatch: pytest.MonkeyPatch, given: int) -> None:
    start, left = threading.Thread.start, [given]

    def refuse(thread: threading.Thread) -> None:
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert sorted(at_once(doubled, range(5), 3)) == [(number, number * 2) for number in range(5)]
