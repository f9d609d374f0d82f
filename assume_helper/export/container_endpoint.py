"""Credentials for one program, served on 127.0.0.1 as a container's are: every SDK asks again before they end."""

import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from assume_helper.cache.document import timestamp
from assume_helper.cache.session import Session
from assume_helper.errors import AssumeHelperError

_PATH = "/credentials"


@contextmanager
def serving(session: Callable[[], Session]) -> Iterator[Mapping[str, str]]:
    """Serve what `session` gives, until the block ends; yields the variables that lead an SDK there.

    The form is that of the container credentials provider (SDKs and Tools Reference Guide): the token is compared
    in constant time, and whoever has none is told nothing.
    """
    token = secrets.token_urlsafe(32)
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """One request, of an SDK's or of whoever has found the port."""
            given = self.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
                self._answer(401, b"")
            elif self.path != _PATH or self.command != "GET":
                self._answer(404, b"")
            else:
                try:
                    with turn:
                        found = session()
                except AssumeHelperError as error:
                    message = {"code": type(error).__name__, "message": str(error)}
                    self._answer(500, json.dumps(message).encode())
                else:
                    self._answer(200, _document(found))

        do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET  # noqa: N815 - http.server's own names

        def send_error(self, *_arguments: object, **_more: object) -> None:
            """What is no request of HTTP's is told no more than who has no token."""
            self._answer(401, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response_only(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Nothing is said: the terminal is the program's."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_arguments: object) -> None:
            """A client that has gone is nobody's trouble."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    try:
        yield {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{server.server_address[1]}{_PATH}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
        }
    finally:
        server.shutdown()
        server.server_close()


def _document(session: Session) -> bytes:
    credentials = session.credentials
    return json.dumps(
        {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "Token": credentials.session_token,
            "Expiration": timestamp(session.printed_expiration),
            "RoleArn": session.assumed_role_arn,
        }
    ).encode()
