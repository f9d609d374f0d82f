"""A container credentials endpoint on 127.0.0.1 for one program: its SDK asks again before the credentials end.

This is the protocol of the container credentials provider (SDKs and Tools Reference Guide). The token is compared in
constant time, and a request without it learns nothing.

Whoever runs on this machine can connect. So no connection has a thread of its own, each has a time limit and a largest
size, and where there are too many the oldest one without a whole request is closed: the program is always served.
"""

import errno
import hmac
import secrets
import selectors
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from assume_helper.light import dataclass, field

HOST = "127.0.0.1"
_PATH = "/credentials"
# The kernel takes less where net.core.somaxconn is less.
_BACKLOG = 4096
_LARGEST_REQUEST = 16 * 1024
# Connections that are open at once, and the descriptors that are left for the calls to STS.
MOST_CONNECTIONS = 4096
LEFT_FOR_CALLS = 64
# How many are accepted before those that are there are read again.
_AT_ONCE = 64
# Seconds for a request to arrive, for an answer to be taken, and for the client to close its side.
_TO_ASK, _TO_TAKE, _TO_CLOSE = 10.0, 10.0, 1.0
_LONGEST_SLEEP = 1.0
# Seconds in which a new connection is not closed for another one, and until the next try where there is no room.
_GRACE = 0.2
_TO_ACCEPT_AGAIN = 0.05
# How often (seconds) the limits of time are looked at.
_TO_LOOK = 0.2
_REASONS = {200: "OK", 401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error"}

# What is answered to a request that has the token: the status and the body. It does not raise.
Answer = Callable[[], tuple[int, bytes]]


@dataclass(eq=False)
class _Connection:
    """One client: what it has sent, what it is sent, and until when (monotonic clock) it may take for that."""

    stream: socket.socket
    until: float
    received: bytearray = field(default_factory=bytearray)
    to_send: memoryview = field(default_factory=lambda: memoryview(b""))


class Endpoint:
    """The endpoint: it listens from the beginning, and answers while `serve` runs."""

    def __init__(self) -> None:
        """Listen on a free port. Raises OSError."""
        self.token = secrets.token_urlsafe(32)
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.bind((HOST, 0))
        self.listener.listen(_BACKLOG)
        self.listener.settimeout(0)
        self.url = f"http://{HOST}:{self.listener.getsockname()[1]}{_PATH}"

    def serve(self, answer: Answer, is_over: Callable[[], bool], watched: int | None = None) -> None:
        """Answer until `is_over`, which is asked every second, and when the descriptor `watched` can be read."""
        service = _Service(self.listener, self.token, answer)
        try:
            service.run(is_over, watched)
        finally:
            service.close()

    @contextmanager
    def serving(self, answer: Answer) -> Iterator[None]:
        """Answer until the block ends, in a thread."""
        ended = threading.Event()
        thread = threading.Thread(target=self.serve, args=(answer, ended.is_set), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(2 * _LONGEST_SLEEP)


class _Service:
    """The loop. Of the connections, `reading` are those without a whole request and `answered` those that have taken
    their answer, the oldest first; `asking` want an answer, which one call gives to all that have come before it began.
    """

    def __init__(self, listener: socket.socket, token: str, answer: Answer) -> None:
        self.listener = listener
        self.token = token.encode()
        self.answer = answer
        self.selector = selectors.DefaultSelector()
        self.connections: dict[_Connection, None] = {}
        self.reading: dict[_Connection, None] = {}
        self.answered: dict[_Connection, None] = {}
        self.asking: list[_Connection] = []
        self.is_calling = False
        self.results: deque[tuple[list[_Connection], tuple[int, bytes]]] = deque()
        self.is_accepting = False
        self.accept_from = self.look_from = 0.0
        self.most = _most_connections()
        self.waker, self.woken = socket.socketpair()

    def run(self, is_over: Callable[[], bool], watched: int | None) -> None:
        for stream in (self.waker, self.woken):
            stream.settimeout(0)
        self.selector.register(self.woken, selectors.EVENT_READ)
        if watched is not None:
            self.selector.register(watched, selectors.EVENT_READ)
        while not is_over():
            pause = self._set_accepting(time.monotonic())
            for key, _ in self.selector.select(pause):
                if key.fileobj is self.listener:
                    self._accept()
                elif key.fileobj is self.woken:
                    self._take_results()
                elif key.data in self.connections:
                    self._go_on(key.data)
            self._call()
            self._end_late_ones(time.monotonic())

    def close(self) -> None:
        """Close every connection, whatever its state."""
        self.selector.close()
        for stream in (self.waker, self.woken, *(connection.stream for connection in self.connections)):
            stream.close()

    def _set_accepting(self, now: float) -> float:
        """Accept, unless there was no room just now; the seconds until there is something to do."""
        wanted = now >= self.accept_from
        if wanted and not self.is_accepting:
            self.selector.register(self.listener, selectors.EVENT_READ)
        elif self.is_accepting and not wanted:
            self.selector.unregister(self.listener)
        self.is_accepting = wanted
        return (_TO_LOOK if self.connections else _LONGEST_SLEEP) if wanted else self.accept_from - now

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            if len(self.connections) >= self.most and not self._make_room():
                self.accept_from = time.monotonic() + _TO_ACCEPT_AGAIN
                return
            try:
                stream = self.listener.accept()[0]
            except OSError as error:
                is_full = error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
                if is_full and not self._make_room():
                    self.accept_from = time.monotonic() + _TO_ACCEPT_AGAIN
                return
            connection = _Connection(stream, time.monotonic() + _TO_ASK)
            try:
                stream.settimeout(0)
                self.selector.register(stream, selectors.EVENT_READ, connection)
            except (OSError, ValueError):
                stream.close()
                continue
            self.connections[connection] = self.reading[connection] = None
            self._go_on(connection)

    def _make_room(self) -> bool:
        """Close the oldest connection that has its answer, else the oldest without a request; whether there was one.

        Those that wait for an answer stay, and so do those that have come just now.
        """
        oldest = next(iter(self.answered), None) or next(iter(self.reading), None)
        if oldest is None or (oldest in self.reading and time.monotonic() < oldest.until - _TO_ASK + _GRACE):
            return False
        self._close(oldest)
        return True

    def _go_on(self, connection: _Connection) -> None:
        """Read or write what can be read or written now."""
        try:
            if connection in self.reading:
                self._read(connection)
            elif connection.to_send:
                self._write(connection)
            elif not connection.stream.recv(_LARGEST_REQUEST):
                self._close(connection)
        except BlockingIOError:
            pass
        except (OSError, ValueError, KeyError):
            self._close(connection)  # a client that has gone

    def _read(self, connection: _Connection) -> None:
        while True:
            data = connection.stream.recv(_LARGEST_REQUEST)
            connection.received += data
            head, end, _ = bytes(connection.received).partition(b"\r\n\r\n")
            if end:
                self._ask(connection, head)
                return
            if not data:
                self._close(connection)
                return
            if len(connection.received) > _LARGEST_REQUEST:
                self._reply(connection, 401)
                return

    def _ask(self, connection: _Connection, head: bytes) -> None:
        request, *lines = head.split(b"\r\n")
        words = request.split(b" ")
        headers = [line.partition(b":") for line in lines]
        given = [value.strip() for name, _, value in headers if name.lower() == b"authorization"]
        if not hmac.compare_digest(given[0] if given else b"", self.token) or len(words) != 3:
            self._reply(connection, 401)
        elif words[:2] != [b"GET", _PATH.encode()]:
            self._reply(connection, 404)
        else:
            del self.reading[connection]
            self.selector.unregister(connection.stream)  # it waits for the answer, and is waited for no more
            self.asking.append(connection)

    def _call(self) -> None:
        if self.is_calling or not self.asking:
            return
        batch, self.asking = self.asking, []
        self.is_calling = True
        try:
            threading.Thread(target=self._work, args=(batch,), daemon=True).start()
        except RuntimeError:  # there is no thread to be had
            self._work(batch)

    def _work(self, batch: list[_Connection]) -> None:
        self.results.append((batch, self.answer()))
        with suppress(OSError):  # the loop has ended, or is to wake anyway
            self.waker.send(b"\0")

    def _take_results(self) -> None:
        self.woken.recv(4096)
        while self.results:
            batch, (status, body) = self.results.popleft()
            self.is_calling = False
            for connection in batch:
                self._reply(connection, status, body)

    def _reply(self, connection: _Connection, status: int, body: bytes = b"") -> None:
        self.reading.pop(connection, None)
        head = (
            f"HTTP/1.0 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        connection.to_send = memoryview(head.encode() + body)
        connection.until = time.monotonic() + _TO_TAKE
        try:
            if connection.stream not in self.selector.get_map():
                self.selector.register(connection.stream, selectors.EVENT_WRITE, connection)
            self._write(connection)
        except BlockingIOError:
            self.selector.modify(connection.stream, selectors.EVENT_WRITE, connection)
        except (OSError, ValueError, KeyError):
            self._close(connection)

    def _write(self, connection: _Connection) -> None:
        """Write, and then wait until the client closes: an earlier end may lose what it has not read yet."""
        while connection.to_send:
            connection.to_send = connection.to_send[connection.stream.send(connection.to_send) :]
        self.answered[connection] = None
        connection.until = time.monotonic() + _TO_CLOSE
        connection.stream.shutdown(socket.SHUT_WR)
        self.selector.modify(connection.stream, selectors.EVENT_READ, connection)

    def _end_late_ones(self, now: float) -> None:
        if now < self.look_from:
            return
        self.look_from = now + _TO_LOOK
        for connection in [each for each in self.connections if each.until < now]:
            if connection.stream in self.selector.get_map():  # the others wait for an answer
                self._close(connection)

    def _close(self, connection: _Connection) -> None:
        self.connections.pop(connection, None)
        self.reading.pop(connection, None)
        self.answered.pop(connection, None)
        if connection.stream in self.selector.get_map():
            self.selector.unregister(connection.stream)
        connection.stream.close()


if sys.platform == "win32":

    def _most_connections() -> int:
        return 400  # its select takes 512

else:
    import resource

    def _most_connections() -> int:
        """How many connections may be open at once, by this process's limit of descriptors."""
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return MOST_CONNECTIONS if limit < 0 else max(8, min(MOST_CONNECTIONS, limit - LEFT_FOR_CALLS))
