"""A time limit for a call, whatever it waits for."""

import queue
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

from assume_helper.errors import MachineFault

T = TypeVar("T")


@dataclass(frozen=True)
class Deadline:
    """When to give up, on the monotonic clock: `at`, or `throttled_at` while STS only asks for patience."""

    at: float
    throttled_at: float


def within(seconds: float, call: Callable[[], T]) -> T:
    """The result of `call`, waited for at most `seconds`. Raises TimeoutError, MachineFault, and what `call` raises.

    Name resolution, a handshake or a slow answer has no limit of its own. The thread is abandoned, and ends with the
    process. TimeoutError's arguments are the names of the functions that the call was in, the innermost first.
    """
    results: queue.SimpleQueue[tuple[bool, T | BaseException]] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put((True, call()))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            results.put((False, error))

    try:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
    except RuntimeError:
        raise MachineFault(
            "this machine has no room for another thread", "raise the limit on processes (ulimit -u), or end some"
        ) from None
    try:
        came, result = results.get(timeout=max(seconds, 0.1))
    except queue.Empty:
        raise TimeoutError(*_functions(thread)) from None
    if not came:
        raise cast("BaseException", result)
    return cast("T", result)


def _functions(thread: threading.Thread) -> list[str]:
    """The names of the functions that `thread` is in."""
    frame = sys._current_frames().get(thread.ident or 0)
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names
