"""A link on 127.0.0.1 that leads to a secret URL once: what a browser is started with, every user of a machine can see.

Whoever asks for it first is sent on; from then on it leads nowhere. All other requests change nothing.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer

from assume_helper.system import local_peer

HOST = "127.0.0.1"
# Seconds for a request to arrive.
_TO_ASK = 10
_USED = b"<!DOCTYPE html><title>assume-helper</title><p>This link was good once. Run assume-helper console again.</p>"


@dataclass(frozen=True)
class Link:
    """The link. `is_used` is set when somebody was sent on."""

    url: str
    is_used: threading.Event = field(default_factory=threading.Event)


class _Server(ThreadingTCPServer):
    """Not http.server's own: that asks the name server for the name of 127.0.0.1, which may take seconds."""

    daemon_threads = True
    block_on_close = False  # a connection without a request would be waited for

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing is said of a client that has gone."""


@contextmanager
def leading_to(secret_url: str) -> Iterator[Link]:
    """A link to `secret_url` for as long as the block runs. Raises OSError where there is no port, or no thread."""
    path = f"/{secrets.token_urlsafe(32)}"
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        timeout = _TO_ASK

        def do_GET(self) -> None:
            if not secrets.compare_digest(self.path.partition("?")[0].encode(), path.encode()):
                self._answer(404, b"")
                return
            if local_peer.is_strange(self.client_address, (HOST, int(server.server_address[1]))):
                self._answer(403, b"")
            elif turn.acquire(blocking=False):  # and it is never released
                self._answer(302, b"", secret_url)
                link.is_used.set()
            else:
                self._answer(410, _USED)

        def _answer(self, status: int, body: bytes, location: str = "") -> None:
            self.send_response_only(status)
            headers = {"Content-Type": "text/html", "Content-Length": str(len(body)), "Cache-Control": "no-store",
                       "Referrer-Policy": "no-referrer"} | ({"Location": location} if location else {})  # fmt: skip
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    with _Server((HOST, 0), Handler) as server:
        link = Link(f"http://{HOST}:{server.server_address[1]}{path}")
        try:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        except RuntimeError:
            raise OSError("no thread can be started") from None
        try:
            yield link
        finally:
            server.shutdown()
