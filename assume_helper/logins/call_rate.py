"""How many calls a second go to a service that throttles: a bound for all threads together."""

import threading

from assume_helper.system.context import Clock

# Seconds between two calls where the service throttles again and again.
_SLOWEST = 1.0
# Seconds in which several calls are throttled for the same reason.
_ON_ITS_WAY = 1.0


class CallRate:
    """When the next call of any worker may be sent. Where the portal throttles, all of them slow down, and recover."""

    def __init__(self, clock: Clock, rate: float) -> None:
        """`rate` is how many calls a second may begin."""
        self._clock = clock
        self._turn = threading.Lock()
        self._shortest = self._interval = 1 / rate
        self._next = self._slowed = clock.monotonic()

    def wait(self) -> None:
        """Wait for a turn."""
        with self._turn:
            now = self._clock.monotonic()
            mine = max(now, self._next)
            self._next = mine + self._interval
        if mine > now:
            self._clock.sleep(mine - now)

    def slow_down(self) -> None:
        """Half the rate: once for what was on its way together."""
        with self._turn:
            now = self._clock.monotonic()
            if now >= self._slowed:
                self._interval = min(self._interval * 2, _SLOWEST)
                self._slowed = now + _ON_ITS_WAY

    def recover(self) -> None:
        """A little faster again."""
        with self._turn:
            self._interval = max(self._interval * 0.95, self._shortest)
