"""Calls to STS: each retried within its deadline, its answer checked, its errors translated."""

import functools
import os
from collections.abc import Callable

from assume_helper.credentials import Answer, Credentials, Identity
from assume_helper.errors import STSNotConnected, STSNotReached
from assume_helper.light import TYPE_CHECKING, Any, TypeVar
from assume_helper.sts import response
from assume_helper.sts.request import Request
from assume_helper.system.context import Clock
from assume_helper.system.deadline import Deadline, within
from assume_helper.system.retries import retry

if TYPE_CHECKING:
    from assume_helper.sts.client import Client

T = TypeVar("T")


def request_session(
    request: Request, credentials: Credentials | None, deadline: Deadline, clock: Clock,
    on_throttled: Callable[[], None] = lambda: None,
) -> Answer:  # fmt: skip
    """Send AssumeRole, AssumeRoot, GetSessionToken, GetScopedCredentials; or, without `credentials`,
    AssumeRoleWithWebIdentity or AssumeRoleWithSAML.

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

    @functools.cache
    def connected() -> "Client":
        from assume_helper.sts.client import connect

        return connect(request.endpoint, credentials, request.operation)

    def send() -> dict[str, Any]:
        answer = _send_plain(request, credentials)
        return connected().call(request.operation, request.values) if answer is None else answer

    def is_final(error: STSNotReached) -> bool:
        # a code is good once: STS may have seen it
        return request.has_mfa_code and not isinstance(error, STSNotConnected)

    return retry(lambda limit: check(_attempt(send, request, limit, clock)), deadline, clock, on_throttled, is_final)


def _attempt(send: Callable[[], dict[str, Any]], request: Request, deadline: Deadline, clock: Clock) -> dict[str, Any]:
    """What `send` returns within the deadline."""
    try:
        return within(deadline.at - clock.monotonic(), lambda: _translated(send, request, clock))
    except TimeoutError as error:
        from assume_helper.system import unreached

        raise unreached.in_time(request.endpoint, error) from None


def _send_plain(request: Request, credentials: Credentials | None) -> dict[str, Any] | None:
    """STS's answer to a request that needs no SDK; None where nothing was sent, because it needs one.

    Raises botocore's errors.
    """
    from assume_helper.sts import plain_post, plain_request

    plain = plain_request.prepare(request, credentials, os.environ)
    if plain is None:
        return None
    try:
        context = plain_post.trust() if plain.is_tls else None
    except (OSError, ImportError, ValueError):
        return None  # botocore meets the same, and its errors are known
    return plain_post.send(request.operation, plain, context)


def _translated(send: Callable[[], dict[str, Any]], request: Request, clock: Clock) -> dict[str, Any]:
    """The result of `send`; botocore's errors are raised as `failures.translate_errors` does."""
    try:
        return send()
    except Exception as error:  # noqa: BLE001 - it is raised again
        from assume_helper.sts.failures import translate_errors

        problem = error

    def fail() -> dict[str, Any]:
        raise problem

    return translate_errors(fail, request, clock.now)
