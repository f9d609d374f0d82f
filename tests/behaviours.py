"""How a service may misbehave: behaviours for `json_service.Server.once` and `always`."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace

from json_service import Answer, Behaviour, Request

_LONGEST = 60  # seconds that anything is held back, at most: no test needs as many


def status(number: int, code: str = "", **body: str) -> Behaviour:
    """An error in place of the work: the status, and with `code` its class in the header."""
    headers = {"Content-Type": "application/json"} | ({"x-amzn-errortype": code} if code else {})
    return lambda _request, _proceed: Answer(number, json.dumps(body).encode(), headers)


def html(number: int = 200) -> Behaviour:
    """A captive portal, or a proxy's error page."""
    body = b"<!DOCTYPE html><html><head><title>Log in</title></head><body>Welcome<br></body></html>"
    return lambda _request, _proceed: Answer(number, body, {"Content-Type": "text/html"})


def body(data: bytes, number: int = 200) -> Behaviour:
    """These bytes in place of the answer, said to be JSON."""
    return lambda _request, _proceed: Answer(number, data)


def held(event: threading.Event, then: Behaviour | None = None) -> Behaviour:
    """Nothing is done until `event` is set."""

    def wait(request: Request, proceed: Callable[[], Answer]) -> Answer:
        event.wait(_LONGEST)
        return proceed() if then is None else then(request, proceed)

    return wait


def answered_after(event: threading.Event) -> Behaviour:
    """The work is done at once, a token spent; the answer comes when `event` is set."""

    def wait(_request: Request, proceed: Callable[[], Answer]) -> Answer:
        answer = proceed()
        event.wait(_LONGEST)
        return answer

    return wait


def truncated(_request: Request, proceed: Callable[[], Answer]) -> Answer:
    """The work is done, a token spent; of the answer comes the first half."""
    answer = proceed()
    return replace(answer, cut=len(answer.body) // 2)


def lost(_request: Request, proceed: Callable[[], Answer]) -> Answer:
    """The work is done, a token spent; the connection ends without an answer."""
    proceed()
    raise ConnectionResetError


def reset(_request: Request, _proceed: Callable[[], Answer]) -> Answer:
    """Nothing is done, and the connection ends."""
    raise ConnectionResetError
