"""A link on 127.0.0.1 that leads to a secret URL once: what a browser is started with, every user of a machine can see.

Whoever asks for it first is sent on; from then on it leads nowhere. All other requests change nothing.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from assume_helper.light import dataclass, field
from assume_helper.system import loopback_server

_USED = b"<!DOCTYPE html><title>assume-helper</title><p>This link was good once. Run assume-helper console again.</p>"


@dataclass(frozen=True)
class Link:
    """The link. `is_used` is set when somebody was sent on."""

    url: str
    is_used: threading.Event = field(default_factory=threading.Event)


@contextmanager
def leading_to(secret_url: str) -> Iterator[Link]:
    """A link to `secret_url` for as long as the block runs. Raises OSError where there is no port, or no thread."""
    path = f"/{secrets.token_urlsafe(32)}"
    turn = threading.Lock()

    class Handler(loopback_server.Handler):
        def answer(self) -> None:
            if not secrets.compare_digest(self.path.partition("?")[0].encode(), path.encode()):
                self._answer(404, b"")
                return
            if self.is_strange():
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

    with loopback_server.serving(Handler) as port:
        link = Link(f"http://{loopback_server.HOST}:{port}{path}")
        yield link
