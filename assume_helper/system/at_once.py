"""The same work for many things, several at once."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence

from assume_helper.light import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def at_once(worker: Callable[[], Callable[[T], R]], things: Sequence[T], workers: int) -> Iterator[tuple[int, R]]:
    """What so many threads, each with a function that `worker` makes, find of each thing, by its number, as it comes.

    Raises what one of them raises first; the others end with what they are at. Where no thread can be had, the work is
    done here.
    """
    to_do: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, R] | BaseException] = queue.SimpleQueue()
    is_over = threading.Event()
    for number in range(len(things)):
        to_do.put(number)

    def run() -> None:
        try:
            work = worker()
            while not is_over.is_set():
                number = to_do.get_nowait()
                done.put((number, work(things[number])))
        except queue.Empty:
            return
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            done.put(error)

    try:
        for _ in range(min(workers, len(things))):
            threading.Thread(target=run, daemon=True).start()
    except (RuntimeError, MemoryError):  # "can't start new thread"
        run()
    try:
        for _ in things:
            found = _next(done)
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        is_over.set()


def _next(done: "queue.SimpleQueue[R]") -> R:
    while True:
        try:
            return done.get(timeout=1)  # on Windows Ctrl-C comes through between two of these
        except queue.Empty:
            continue
