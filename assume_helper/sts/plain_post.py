"""One POST to STS without the SDK. What goes wrong is raised as botocore raises it, for `failures`."""

import os
import socket

from assume_helper.light import TYPE_CHECKING, Any, NoReturn
from assume_helper.sts import plain_answer
from assume_helper.sts.plain_request import PlainRequest

if TYPE_CHECKING:
    import ssl

_MODEL = "sts/2011-06-15"
CONNECT_TIMEOUT, READ_TIMEOUT = 3, 5
_LARGEST_HEAD = 32 * 1024
LARGEST_ANSWER = 1024 * 1024
_PIECE = 64 * 1024


def trust() -> "ssl.SSLContext":
    """What a connection by TLS is made with: the certificates that botocore trusts, and its options.

    Raises OSError where they cannot be read.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options |= ssl.OP_NO_SSLv2 | ssl.OP_NO_SSLv3 | ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    context.post_handshake_auth = True
    context.set_alpn_protocols(["http/1.1"])
    context.load_verify_locations(_certificates())
    return context


def _certificates() -> str:
    try:
        from certifi import where
    except ImportError:
        from importlib.util import find_spec

        found = find_spec("botocore")
        return os.path.join(os.path.dirname((found.origin if found else None) or ""), "cacert.pem")
    return where()


def send(operation: str, request: PlainRequest, context: "ssl.SSLContext | None") -> dict[str, Any]:
    """STS's answer to `operation`; `context` is what `trust` made, where `request` goes by TLS.

    Raises botocore's errors: ClientError for an error answer.
    """
    try:
        with _connected(request, context) as connection:
            status, headers, body = _exchange(connection, request)
    except TimeoutError as error:
        _fail("ReadTimeoutError", request, error)
    found = plain_answer.session(operation, body, headers) if status == 200 else None
    if found is not None:
        return found
    from assume_helper.system import sdk_client

    return sdk_client.read_answer(sdk_client.service_model(_MODEL), operation, status, headers, body)


def _connected(request: PlainRequest, context: "ssl.SSLContext | None") -> socket.socket:
    try:
        connection = socket.create_connection((request.host, request.port), CONNECT_TIMEOUT)
    except TimeoutError as error:
        _fail("ConnectTimeoutError", request, error)
    except (OSError, UnicodeError) as error:
        _fail("EndpointConnectionError", request, error)
    if context is not None:
        try:
            connection = context.wrap_socket(connection, server_hostname=request.host)
        except BaseException as error:
            connection.close()
            if isinstance(error, OSError) and not isinstance(error, TimeoutError):
                _fail(_kind(error), request, error)
            raise
    connection.settimeout(READ_TIMEOUT)
    return connection


def _kind(error: Exception) -> str:
    """The name of botocore's error for one that broke off a connection."""
    import ssl

    return "SSLError" if isinstance(error, ssl.SSLError) else "ConnectionClosedError"


def _fail(kind: str, request: PlainRequest, error: Exception) -> NoReturn:
    """Raise botocore's error of this kind, made of `error`."""
    import botocore.exceptions as aws

    raise getattr(aws, kind)(endpoint_url=request.url, error=error) from error


def _exchange(connection: socket.socket, request: PlainRequest) -> tuple[int, dict[str, str], bytes]:
    """Send the request; the answer's status, its headers with their names in small letters, and its body."""
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    data = f"POST / HTTP/1.1\r\n{head}Accept-Encoding: identity\r\n\r\n".encode("ascii") + request.body
    try:
        try:
            connection.sendall(data)
        except BrokenPipeError:
            pass  # it may have answered before it has read all
        received = b""
        while b"\r\n\r\n" not in received and len(received) < _LARGEST_HEAD:
            piece = connection.recv(_PIECE)
            if not piece:
                break
            received += piece
        plain = _plain_head(received)
        if plain is None:
            return _any_answer(connection, received)
        headers, length, body = plain
        while len(body) < length:
            piece = connection.recv(_PIECE)
            if not piece:
                break
            body += piece
    except TimeoutError:
        raise
    except OSError as error:
        _fail(_kind(error), request, error)
    except _broken() as error:
        _fail("ConnectionClosedError", request, error)
    return 200, headers, body[:length]


def _broken() -> tuple[type[Exception], ...]:
    """What `http.client` raises where an answer is none. (It is imported only where it was used.)"""
    import sys

    module = sys.modules.get("http.client")
    return (module.HTTPException,) if module is not None else ()


def _plain_head(received: bytes) -> tuple[dict[str, str], int, bytes] | None:
    """The headers of a 200 with a known length, that length, and what has come of the body. None for another answer."""
    head, end, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("iso-8859-1").split("\r\n")
    if not end or not first.startswith(("HTTP/1.1 200", "HTTP/1.0 200")) or first[12:13] not in ("", " "):
        return None
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.lower()
        if not colon or not name.isascii() or not name.replace("-", "").isalnum() or name in headers:
            return None
        headers[name] = value.strip(" \t")
    length = headers.get("content-length", "")
    if "transfer-encoding" in headers or not (length.isascii() and length.isdigit() and len(length) < 8):
        return None
    return (headers, int(length), body) if int(length) <= LARGEST_ANSWER else None


def _any_answer(connection: socket.socket, received: bytes) -> tuple[int, dict[str, str], bytes]:
    """Whatever answer begins with `received`, as the standard library reads it.

    Raises HTTPException, and OSError; botocore's HTTPClientError, as `guarded_http` does, where it is too long.
    """
    import io
    from http.client import HTTPResponse

    class Rest(io.RawIOBase):
        """What was received, then what the connection still gives."""

        left = received

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            piece, self.left = self.left[: len(buffer)], self.left[len(buffer) :]
            piece = piece or connection.recv(len(buffer))
            buffer[: len(piece)] = piece
            return len(piece)

    class Replayed:
        def makefile(self, _mode: str) -> io.BufferedReader:
            return io.BufferedReader(Rest())

    answer: Any = HTTPResponse(Replayed(), method="POST")  # type: ignore[arg-type]
    answer.begin()
    parts: list[bytes] = []
    while piece := answer.read(_PIECE):
        parts.append(piece)
        if sum(map(len, parts)) > LARGEST_ANSWER:
            from botocore.exceptions import HTTPClientError

            from assume_helper.system.guarded_http import AnswerTooLong

            raise HTTPClientError(error=AnswerTooLong())
    headers: dict[str, str] = {}
    for name, value in answer.getheaders():
        headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
    return answer.status, headers, b"".join(parts)
