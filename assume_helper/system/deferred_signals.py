"""Signals that wait for a moment: one that ends this process just after it has started another would leave that one."""

import signal
from collections.abc import Callable
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")


class DeferredSignals:
    """Signals with a handler of this program's are noted from now on, and handled when `release` is called.

    Only the main thread handles signals: in another one this does nothing. A program that is started meanwhile has
    them as always.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Callable[[int, FrameType | None], object]] = {}
        self._noted: list[int] = []
        for name in _NAMES:
            number = getattr(signal, name, None)
            handler = signal.getsignal(number) if number is not None else None
            if number is None or not callable(handler):
                continue
            try:
                signal.signal(number, lambda which, _frame: self._noted.append(which))
            except ValueError:  # not the main thread
                return
            self._handlers[number] = handler

    def release(self) -> None:
        """Handle what was noted. Raises what the handlers raise."""
        handlers, self._handlers = self._handlers, {}
        for number, handler in handlers.items():
            signal.signal(number, handler)
        noted, self._noted = self._noted, []
        for number in noted:
            handlers[number](number, None)
