"""Calls to STS: each retried within its deadline, its answer checked, its errors translated."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from assume_helper.credentials import Answer, Credentials, Identity
from assume_helper.errors import STSNotConnected, STSNotReached
from assume_helper.sts import response
from assume_helper.sts.client import connect
from assume_helper.sts.failures import translate_errors
from assume_helper.sts.request import Request
from assume_helper.system import unreached
from assume_helper.system.context import Clock
from assume_helper.system.deadline import Deadline, within
from assume_helper.system.retries import retry

T = TypeVar("T")


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

    def is_final(error: STSNotReached) -> bool:
        # a code is good once: STS may have seen it
        return request.has_mfa_code and not isinstance(error, STSNotConnected)

    return retry(lambda limit: check(_attempt(send, request, limit, clock)), deadline, clock, on_throttled, is_final)


def _attempt(send: Callable[[], dict[str, Any]], request: Request, deadline: Deadline, clock: Clock) -> dict[str, Any]:
    """What `send` returns within the deadline."""
    try:
        return within(deadline.at - clock.monotonic(), lambda: translate_errors(send, request, clock.now))
    except TimeoutError as error:
        raise unreached.in_time(request.endpoint, error) from None
