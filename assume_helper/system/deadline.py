"""A time limit for a call, whatever it waits for."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assume_helper.light import TYPE_CHECKING, TypeVar, cast, dataclass

if TYPE_CHECKING:
    from threading import Thread

T = TypeVar("T")

# Seconds for the last call of several, also where those before it have taken all the time: or they were in vain.
ONE_CALL = 4.0


@dataclass(frozen=True)
class Deadline:
    """When to give up, on the monotonic clock: `at`, or `throttled_at` while STS only asks for patience."""

    at: float
    throttled_at: float

    def extended(self, until: float) -> "Deadline":
        """The same deadline, but not before `until`, as far as `throttled_at` allows."""
        return Deadline(max(self.at, min(until, self.throttled_at)), self.throttled_at)


def within(seconds: float, call: Callable[[], T]) -> T:
    """The result of `call`, waited for at most `seconds`. Raises TimeoutError, MachineFault, and what `call` raises.

    Name resolution, a handshake or a slow answer has no limit of its own. The thread is abandoned, and ends with the
    process. TimeoutError's arguments are the names of the functions that the call was in, the innermost first. Where no
    thread can be had (`nproc`, a small address space), `call` is called here, limited as far as that can be done.
    """
    import queue
    import threading

    seconds = max(seconds, 0.1)
    results: queue.SimpleQueue[tuple[bool, T | BaseException]] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put((True, call()))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            results.put((False, error))

    try:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
    except (RuntimeError, MemoryError):  # "can't start new thread"
        with _limited(seconds):
            return call()
    try:
        came, result = results.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(*_functions(thread)) from None
    if not came:
        raise cast("BaseException", result)
    return cast("T", result)


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Limit what is called in this thread: each wait for a socket, and in the main thread all of it, by an alarm.

    Raises TimeoutError.
    """
    import socket

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        with _alarm(seconds):
            yield
    finally:
        socket.setdefaulttimeout(before)


def _functions(thread: "Thread") -> list[str]:
    """The names of the functions that `thread` is in."""
    frame = sys._current_frames().get(thread.ident or 0)
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names


if sys.platform == "win32":

    @contextmanager
    def _alarm(_seconds: float) -> Iterator[None]:
        """Windows has no alarm: sockets keep their own limit."""
        yield

else:

    @contextmanager
    def _alarm(seconds: float) -> Iterator[None]:
        import signal
        import threading

        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def ring(_number: int, _frame: object) -> None:
            raise TimeoutError

        before = signal.signal(signal.SIGALRM, ring)
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
