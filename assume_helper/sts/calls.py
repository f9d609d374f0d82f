"""Calls to STS: each retried within its deadline, its answer checked, its errors translated."""

import functools
import random
from collections.abc import Callable
from typing import Any, TypeVar

from assume_helper.credentials import Answer, Credentials, Identity
from assume_helper.errors import STSNotConnected, STSNotReached, STSThrottled
from assume_helper.sts import response, unreached
from assume_helper.sts.client import connect
from assume_helper.sts.failures import translate_errors
from assume_helper.sts.request import Request
from assume_helper.system.context import Clock
from assume_helper.system.deadline import Deadline, within

T = TypeVar("T")

ATTEMPTS = 3


def request_session(
    request: Request, credentials: Credentials | None, deadline: Deadline, clock: Clock,
    on_throttled: Callable[[], None] = lambda: None,
) -> Answer:  # fmt: skip
    """Send AssumeRole, AssumeRoleWithWebIdentity (without `credentials`) or GetSessionToken.

    `on_throttled` is called each time STS throttles. Raises as `failures.translate_errors` does.
    """
    return _call(request, credentials, deadline, clock, on_throttled,
                 lambda answer: response.session(answer, request, clock.now()))  # fmt: skip


def get_caller_identity(request: Request, credentials: Credentials, deadline: Deadline, clock: Clock) -> Identity:
    """Send GetCallerIdentity. Raises as `failures.translate_errors` does."""
    return _call(request, credentials, deadline, clock, lambda: None,
                 lambda answer: response.identity(answer, request))  # fmt: skip


def _call(
    request: Request, credentials: Credentials | None, deadline: Deadline, clock: Clock,
    on_throttled: Callable[[], None], check: Callable[[dict[str, Any]], T],
) -> T:  # fmt: skip
    """STS's answer to `request` as `check` returns it, retried while there is time."""
    connected = functools.cache(lambda: connect(request.endpoint, credentials))

    def send() -> dict[str, Any]:
        return connected().call(request.operation, request.values)

    attempts = throttled = 0
    failure: STSNotReached
    while True:
        try:
            return check(_attempt(send, request, deadline, clock))
        except STSThrottled as error:
            if request.has_mfa_code:
                raise  # a code is good once: STS may have seen it
            # Full jitter: three quick attempts succeed for half of a fleet that boots together.
            on_throttled()
            throttled += 1
            pause, limit, failure = random.uniform(0, min(8.0, 2.0**throttled)), deadline.throttled_at, error
            deadline = Deadline(deadline.throttled_at, deadline.throttled_at)
        except STSNotReached as error:
            attempts += 1
            if attempts >= ATTEMPTS or (request.has_mfa_code and not isinstance(error, STSNotConnected)):
                raise
            pause, limit, failure = random.uniform(0, 0.25 * 2**attempts), deadline.at, error
        if clock.monotonic() + pause >= limit:
            raise failure
        clock.sleep(pause)


def _attempt(send: Callable[[], dict[str, Any]], request: Request, deadline: Deadline, clock: Clock) -> dict[str, Any]:
    """What `send` returns within the deadline."""
    try:
        return within(deadline.at - clock.monotonic(), lambda: translate_errors(send, request, clock.now))
    except TimeoutError as error:
        raise unreached.in_time(request.endpoint, error) from None
