"""A call that is tried again while there is time: with back-off, full jitter, and patience where it is throttled."""

from collections.abc import Callable

from assume_helper.errors import STSNotReached, STSThrottled
from assume_helper.light import TypeVar
from assume_helper.system.context import Clock
from assume_helper.system.deadline import Deadline

T = TypeVar("T")

ATTEMPTS = 3


def retry(
    attempt: Callable[[Deadline], T], deadline: Deadline, clock: Clock, on_throttled: Callable[[], None],
    is_final: Callable[[STSNotReached], bool] = lambda _error: False,
) -> T:  # fmt: skip
    """What `attempt` returns, given its deadline. It is tried again where the service was not reached, or throttles.

    `on_throttled` is called each time it throttles. Not again after an error that `is_final`. Raises what `attempt`
    raises.
    """
    import random

    attempts = throttled = 0
    failure: STSNotReached
    while True:
        try:
            return attempt(deadline)
        except STSThrottled as error:
            if is_final(error):
                raise
            # Full jitter: three quick attempts succeed for half of a fleet that boots together.
            on_throttled()
            throttled += 1
            pause, limit, failure = random.uniform(0, min(8.0, 2.0**throttled)), deadline.throttled_at, error
            deadline = Deadline(deadline.throttled_at, deadline.throttled_at)
        except STSNotReached as error:
            attempts += 1
            if attempts >= ATTEMPTS or is_final(error):
                raise
            pause, limit, failure = random.uniform(0, 0.25 * 2**attempts), deadline.at, error
        if clock.monotonic() + pause >= limit:
            raise failure
        clock.sleep(pause)
