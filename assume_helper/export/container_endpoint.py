"""A container credentials endpoint on 127.0.0.1 for one program: its SDK asks again before the credentials end."""

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
    """Serve the result of `session` until the block ends; yields the variables that make an SDK ask here.

    This is the protocol of the container credentials provider (SDKs and Tools Reference Guide). The token is compared
    in constant time, and a request without it learns nothing.
    """
    token = secrets.token_urlsafe(32)
    one_at_a_time = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer one request, from the SDK or from anybody who has found the port."""
            given = self.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
                self._answer(401, b"")
            elif self.path != _PATH or self.command != "GET":
                self._answer(404, b"")
            else:
                try:
                    with one_at_a_time:
                        found = session()
                except AssumeHelperError as error:
                    message = {"code": type(error).__name__, "message": str(error)}
                    self._answer(500, json.dumps(message).encode())
                else:
                    self._answer(200, _document(found))

        do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET  # noqa: N815 - http.server's own names

        def send_error(self, *_arguments: object, **_more: object) -> None:
            """A malformed request gets the same answer as one without the token."""
            self._answer(401, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response_only(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Log nothing: the program owns the terminal."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_arguments: object) -> None:
            """A client that has gone is ignored."""

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
