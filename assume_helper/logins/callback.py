"""The end of a login in a browser: the page on this machine that Identity Center sends the browser to (RFC 8252).

It listens on 127.0.0.1 alone. Only a request for its path, with the state that only the browser of this login was told,
says anything; whatever else comes (a favicon, another program, a stranger's error) is answered and changes nothing. All
users of a machine can see what a browser is started with, the state too: their requests are not taken at all.
"""

import html
import queue
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from assume_helper.light import dataclass, field
from assume_helper.system import loopback_server

PATH = "/oauth/callback"
# Seconds for the browser to take the page that says what came of the login.
_PATIENCE = 10.0
# Seconds for which the browser waits for what came of the login.
_LONGEST_END = 60.0
_LONGEST_VALUE = 4096
_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body{{font:18px/1.5 system-ui,sans-serif;max-width:36em;margin:18vh auto;padding:0 1em;color:#1b1f24;background:#fff}}
@media(prefers-color-scheme:dark){{body{{color:#e6e9ed;background:#16191d}}}}
h1{{font-size:1.6em}}</style></head><body><h1>{title}</h1><p>{text}</p></body></html>
"""


@dataclass(frozen=True)
class Returned:
    """What the browser brought back: a `code`, else the name of an `error`."""

    code: str = field(default="", repr=False)
    error: str = ""


@dataclass
class Callback:
    """The page that is waited for, at `host` (with its port). `state` is what the browser must bring back."""

    state: str = field(repr=False)
    host: str
    _returned: "queue.SimpleQueue[Returned]" = field(default_factory=queue.SimpleQueue, repr=False)
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)
    _shown: threading.Event = field(default_factory=threading.Event, repr=False)
    _taken: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _page: tuple[str, str] = ("", "")

    @property
    def redirect_uri(self) -> str:
        """The page's URL."""
        return f"http://{self.host}{PATH}"

    def wait(self, seconds: float) -> Returned | None:
        """What the browser brought back within `seconds`; None where it has not come yet."""
        try:
            return self._returned.get(timeout=seconds)
        except queue.Empty:
            return None

    def end(self, title: str, text: str) -> None:
        """Have the browser show what came of the login, and wait until it has that."""
        self._page = (title, text)
        self._ended.set()
        if self._taken.locked():  # a browser waits
            self._shown.wait(_PATIENCE)

    def _answer(self, query: str) -> tuple[int, str, str] | None:
        """The status, title and text for a request with this query; None where it is none of this login."""
        found = parse_qs(query)
        if any(len(values) != 1 or len(values[0]) > _LONGEST_VALUE for values in found.values()):
            return None
        given = {name: values[0] for name, values in found.items()}
        state = given.get("state", "").encode()
        if not secrets.compare_digest(state, self.state.encode()) or not (given.get("code") or given.get("error")):
            return None
        if self._taken.acquire(blocking=False):  # the first one counts; a reload only sees what came of it
            self._returned.put(Returned(given.get("code", ""), given.get("error", "")))
        self._ended.wait(_LONGEST_END)
        title, text = self._page
        return 200, title, text


@contextmanager
def listening() -> Iterator[Callback]:
    """A page that waits for the browser, on a free port of 127.0.0.1. Raises OSError where none can be had."""

    class Handler(_Handler):
        def answer(self) -> None:
            self.answer_for(callback)

    with loopback_server.serving(Handler) as port:
        callback = Callback(secrets.token_urlsafe(32), f"{loopback_server.HOST}:{port}")
        try:
            yield callback
        finally:
            if not callback._ended.is_set():
                callback.end("Not logged in", "The login was given up.")


class _Handler(loopback_server.Handler):
    """One request to the page."""

    def answer_for(self, callback: Callback) -> None:
        """Answer a browser: only this login's own page, under this machine's own number, is taken."""
        split = urlsplit(self.path)
        if split.path != PATH:
            return self._send(404, "Not found", "There is nothing here.")
        if self.is_strange():
            return self._send(403, "Not yours", "Nothing was changed: another user is logging in here.")
        if self.headers.get("Host") != callback.host:
            return self._send(421, "Not this host", "Nothing was changed.")
        found = callback._answer(split.query)
        if found is None:
            return self._send(400, "Not this login", "Nothing was changed: this is not the page of the login.")
        try:
            self._send(*found)
        finally:
            callback._shown.set()
        return None

    def _send(self, status: int, title: str, text: str) -> None:
        data = _PAGE.format(title=html.escape(title), text=html.escape(text)).encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(data))),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
