"""A small HTTP server for this machine's own browser, on a free port of 127.0.0.1, for as long as it is waited for.

It is not http.server's own: that asks the name service for the name of 127.0.0.1, which may take seconds. Its threads
end with the process, whatever a connection does.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer

from assume_helper.system import local_peer

HOST = "127.0.0.1"


class Handler(BaseHTTPRequestHandler):
    """One request, for `answer` to answer. Nothing is logged: the request's line may hold a secret."""

    # Seconds for a request to arrive: a connection on which nothing comes is closed.
    timeout = 10.0

    def do_GET(self) -> None:
        """As http.server calls it."""
        self.answer()

    def answer(self) -> None:
        """Answer the request."""
        raise NotImplementedError

    def is_strange(self) -> bool:
        """Whether it is another user's of this machine (see `local_peer`)."""
        return local_peer.is_strange(self.client_address, self.connection.getsockname())

    def version_string(self) -> str:
        """The server's name."""
        return "assume-helper"

    def log_message(self, *_arguments: object) -> None:
        """Nothing is written."""


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False  # a connection without a request would be waited for

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing is said of a client that has gone."""


@contextmanager
def serving(handler: type[Handler]) -> Iterator[int]:
    """The port that is served meanwhile. Raises OSError where there is no port, or no thread."""
    with _Server((HOST, 0), handler) as server:
        try:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        except RuntimeError as error:
            raise OSError(0, str(error)) from None
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
