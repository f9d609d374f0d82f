"""The endpoint: whoever holds the token is served, whatever others do with its port."""

import errno
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from urllib.parse import urlsplit

import pytest

from assume_helper.export import container_endpoint
from assume_helper.export.container_endpoint import Answer, Endpoint

BODY = b'{"a": 1}'


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with answering(lambda: (200, BODY)) as made:
        yield made


@contextmanager
def answering(answer: Answer) -> Iterator[Endpoint]:
    """An endpoint that serves, and whose port is closed whatever happens."""
    made = Endpoint()
    with closing(made.listener), made.serving(answer):
        yield made


@pytest.fixture
def _clients_may_be_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 200 threads on a busy machine one may come to its turn late between its connection and its request."""
    monkeypatch.setattr(container_endpoint, "_GRACE", 20.0)
    monkeypatch.setattr(container_endpoint, "_TO_ASK", 40.0)


def connected(endpoint: Endpoint) -> socket.socket:
    parts = urlsplit(endpoint.url)
    assert parts.hostname is not None
    assert parts.port is not None
    return socket.create_connection((parts.hostname, parts.port), 20)


def told(stream: socket.socket, request: bytes) -> tuple[int, bytes]:
    with stream:
        stream.sendall(request)
        answer = b""
        while data := stream.recv(4096):
            answer += data
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body


def ask(endpoint: Endpoint) -> tuple[int, bytes]:
    return told(connected(endpoint), good(endpoint))


def good(endpoint: Endpoint) -> bytes:
    return f"GET /credentials HTTP/1.1\r\nHost: x\r\nauthorization:  {endpoint.token}\r\n\r\n".encode()


@contextmanager
def open_connections(endpoint: Endpoint, number: int, said: bytes = b"") -> Iterator[list[socket.socket]]:
    streams = []
    try:
        for _ in range(number):
            streams.append(connected(endpoint))
            if said:
                streams[-1].sendall(said)
        yield streams
    finally:
        for stream in streams:
            stream.close()


def quickly(endpoint: Endpoint) -> None:
    begin = time.monotonic()
    assert ask(endpoint) == (200, BODY)
    assert time.monotonic() - begin < 3


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("GET /credentials HTTP/1.1\r\n\r\n", 401),
        ("GET /credentials HTTP/1.1\r\nAuthorization: TOKENx\r\n\r\n", 401),
        ("GET /credentials HTTP/1.1\r\nAuthorization: x\r\nAuthorization: TOKEN\r\n\r\n", 401),
        ("GET /credentials HTTP/1.1\r\nX: Authorization: TOKEN\r\n\r\n", 401),
        ("GET /credentials\r\nAuthorization: TOKEN\r\n\r\n", 401),
        ("\r\n\r\n", 401),
        ("GET /credentials?x HTTP/1.1\r\nAuthorization: TOKEN\r\n\r\n", 404),
        ("POST /credentials HTTP/1.1\r\nAuthorization: TOKEN\r\nContent-Length: 3\r\n\r\nabc", 404),
        ("GET / HTTP/1.1\r\nAuthorization: TOKEN\r\n\r\n", 404),
        ("GET /credentials HTTP/1.0\r\nAUTHORIZATION:TOKEN\r\n\r\n", 200),
    ],
)
def test_what_is_answered(endpoint: Endpoint, request_text: str, status: int) -> None:
    body = BODY if status == 200 else b""
    assert told(connected(endpoint), request_text.replace("TOKEN", endpoint.token).encode()) == (status, body)


def test_a_request_may_come_in_pieces(endpoint: Endpoint) -> None:
    with connected(endpoint) as stream:
        for byte in good(endpoint)[:-1]:
            stream.sendall(bytes([byte]))
        assert told(stream, b"\n") == (200, BODY)


def test_a_request_that_is_too_large_is_refused(endpoint: Endpoint) -> None:
    request = b"GET /credentials HTTP/1.1\r\n" + b"X: " + b"x" * 20_000
    assert told(connected(endpoint), request) == (401, b"")


@pytest.mark.parametrize(
    "said", [b"", b"GET /credentials HTTP/1.1\r\n", b"GET / HTTP/1.1\r\n\r\n"], ids=["silent", "half", "refused"]
)
def test_many_connections_of_others_do_not_keep_it_from_the_program(endpoint: Endpoint, said: bytes, few: int) -> None:
    """More than it keeps open: the oldest of them go."""
    with open_connections(endpoint, 3 * few, said):
        for _ in range(5):
            quickly(endpoint)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many connections may be open, here."""
    return 100


@pytest.fixture(autouse=True)
def _as_with_few_descriptors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "few" in request.fixturenames:
        monkeypatch.setattr(container_endpoint, "_most_connections", lambda: 100)


def test_a_connection_that_says_nothing_is_closed(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_endpoint, "_TO_ASK", 0.3)
    with connected(endpoint) as stream:
        stream.settimeout(20)
        assert stream.recv(1) == b""


def test_one_that_says_a_little_now_and_then_is_closed_too(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_endpoint, "_TO_ASK", 0.5)
    begin = time.monotonic()
    with connected(endpoint) as stream:
        while time.monotonic() - begin < 20:
            try:
                stream.sendall(b"x")
            except OSError:
                break
            time.sleep(0.05)
    assert time.monotonic() - begin < 10


@pytest.mark.usefixtures("_clients_may_be_slow")
def test_many_clients_at_once_are_served_by_few_calls(few: int) -> None:
    calls = []

    def answer() -> tuple[int, bytes]:
        calls.append(1)
        time.sleep(0.2)
        return 200, BODY

    with answering(answer) as made, ThreadPoolExecutor(200) as pool:
        assert set(pool.map(lambda _: ask(made), range(400))) == {(200, BODY)}
    assert len(calls) < 50


def test_those_that_wait_for_an_answer_are_not_closed_for_others(few: int) -> None:
    go_on = threading.Event()

    def answer() -> tuple[int, bytes]:
        go_on.wait(20)
        return 200, BODY

    with answering(answer) as made, ExitStack() as stack:
        # Each has sent its request before the others come.
        waiting = [stack.enter_context(connected(made)) for _ in range(50)]
        for stream in waiting:
            stream.sendall(good(made))
        with open_connections(made, 300):
            go_on.set()
            assert [told(stream, b"") for stream in waiting] == [(200, BODY)] * 50


@pytest.mark.usefixtures("_clients_may_be_slow")
def test_more_that_wait_than_may_be_open_are_served_in_turn(few: int) -> None:
    def answer() -> tuple[int, bytes]:
        time.sleep(0.1)
        return 200, BODY

    with answering(answer) as made, ThreadPoolExecutor(250) as pool:
        assert set(pool.map(lambda _: ask(made), range(250))) == {(200, BODY)}


def test_where_there_is_no_thread_it_answers_by_itself(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading, "Thread", NoThread)
    assert ask(endpoint) == (200, BODY)


def test_where_there_are_no_descriptors_the_idle_go_and_it_tries_again_later(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.socket.accept
    failures = [errno.EMFILE] * 5

    def accept(listener: socket.socket) -> object:
        if failures:
            raise OSError(failures.pop(), "Too many open files")
        return real(listener)

    with connected(endpoint):
        quickly(endpoint)
        monkeypatch.setattr(socket.socket, "accept", accept)
        quickly(endpoint)
    assert not failures
