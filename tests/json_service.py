"""JSON services of AWS on 127.0.0.1: a request is checked against botocore's own model, and so is each answer.

Every service has a port of its own. A region is told by the path (`/region/eu-west-1/...`; without it the home region
is meant), or, through `proxy_url`, by the host name that AWS gives the service in that region.
"""

import functools
import json
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import botocore.session

_HOSTS = {
    "sso": re.compile(r"portal\.sso\.([a-z0-9-]+)\.amazonaws\.com"),
    "sso-oidc": re.compile(r"oidc\.([a-z0-9-]+)\.amazonaws\.com"),
    "signin": re.compile(r"(?:([a-z0-9-]+)\.)?signin\.aws\.amazon\.com"),
}


@dataclass(frozen=True)
class Request:
    """One request: `url` is the full URL that was called, without its query; `operation` is "" for none that is known.

    Header names are in lower case.
    """

    service: str
    region: str
    method: str
    url: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    operation: str = ""


@dataclass(frozen=True)
class Answer:
    """What is sent back; of the body only `cut` bytes, then the connection is closed."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    cut: int | None = None


class Refusal(Exception):
    """What a service says no with: the status, the error's class, and the body."""

    def __init__(self, status: int, code: str, body: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {code}: {body}")
        self.status = status
        self.code = code
        self.body = dict(body)

    def answer(self) -> Answer:
        """As it is sent: the class is in a header, as AWS has it."""
        headers = {"Content-Type": "application/json", "x-amzn-errortype": self.code}
        return Answer(self.status, json.dumps(self.body).encode(), headers)


class Malformed(Exception):
    """A request that no caller who knows the service would send."""


# What an operation does, in place of its usual work or around it: `proceed` does that work.
Behaviour = Callable[[Request, Callable[[], Answer]], Answer]
Work = Callable[[Request, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Service:
    """A service: the operations that it has (by the model's names), and how it words a refusal.

    `malformed` makes the refusal of a malformed request; `pages` are what a browser may open, by path, and `forms` what
    a form may be sent to. The latter's operation is `POST /path`.
    """

    name: str
    operations: Mapping[str, Work]
    malformed: Callable[[str], Refusal]
    pages: Mapping[str, Callable[[Request], Answer]] = field(default_factory=dict)
    forms: Mapping[str, Callable[[Request], Answer]] = field(default_factory=dict)


@functools.cache
def model(service: str) -> Any:
    """botocore's model of a service."""
    return botocore.session.Session().get_service_model(service)


def error_status(service: str, code: str, otherwise: int = 400) -> int:
    """The HTTP status that the model gives an error's class; `otherwise` where it gives none."""
    return int(model(service).shape_for(code).metadata.get("error", {}).get("httpStatusCode", otherwise))


def check(shape: Any, value: Any, where: str = "") -> None:
    """Raise Malformed where `value`, as parsed from JSON, is none of `shape`."""
    limits = shape.metadata
    match shape.type_name:
        case "structure":
            if not isinstance(value, dict):
                raise Malformed(f"{where or 'the body'} is no object")
            for name, member in shape.members.items():
                key = member.serialization.get("name", name)
                if value.get(key) is not None:
                    check(member, value[key], f"{where}.{key}".lstrip("."))
                elif name in shape.required_members:
                    raise Malformed(f"{where}.{key} is missing".lstrip("."))
        case "list":
            if not isinstance(value, list):
                raise Malformed(f"{where} is no list")
            for number, element in enumerate(value):
                check(shape.member, element, f"{where}[{number}]")
        case "string":
            if not isinstance(value, str):
                raise Malformed(f"{where} is no string")
            if not limits.get("min", 0) <= len(value) <= limits.get("max", len(value)):
                raise Malformed(f"{where} has {len(value)} characters")
            if "pattern" in limits and not re.fullmatch(limits["pattern"], value):
                raise Malformed(f"{where} does not match its pattern")
        case "integer" | "long":
            if not isinstance(value, int) or isinstance(value, bool):
                raise Malformed(f"{where} is no whole number")
            if not limits.get("min", value) <= value <= limits.get("max", value):
                raise Malformed(f"{where} is out of range")
        case other:
            raise NotImplementedError(other)


def fields(operation: Any, request: Request) -> dict[str, Any]:
    """The members of the operation's input, from where the model has them: query, headers, body. Raises Malformed."""
    shape = operation.input_shape
    payload = shape.serialization.get("payload")
    body = _body(request) if any("location" not in m.serialization for m in shape.members.values()) else {}
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        key = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "querystring":
                text = request.query.get(key)
                is_number = text is not None and member.type_name == "integer" and re.fullmatch(r"\d+", text)
                value: Any = int(text) if text is not None and is_number else text
            case "header":
                value = request.headers.get(key.lower())
            case _:
                value = body if name == payload else body.get(key)
        if value is not None:
            check(member, value, name)
            found[name] = value
        elif name in shape.required_members:
            raise Malformed(f"{name} is missing")
    return found


def _body(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Malformed("the content type is not application/json")
    try:
        found = json.loads(request.body)
    except ValueError:
        raise Malformed("the body is no JSON") from None
    if not isinstance(found, dict):
        raise Malformed("the body is no object")
    return found


@dataclass
class Server:
    """The running services. `requests` is what came, `malformed` why some of it was refused before it was looked at.

    `date` is the time that answers are dated with.
    """

    services: Mapping[str, Service]
    region: str = "us-east-1"
    requests: list[Request] = field(default_factory=list)
    malformed: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)
    proxy_url: str = ""
    date: Callable[[], datetime] = lambda: datetime.now(UTC)
    _always: dict[str, Behaviour] = field(default_factory=dict)
    _next: dict[str, list[Behaviour]] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _urls: dict[str, str] = field(default_factory=dict)
    _listeners: list[ThreadingHTTPServer] = field(default_factory=list)

    def url(self, service: str, region: str | None = None) -> str:
        """Where a service is in `region`; without one, in the home region and without a path."""
        return self._urls[service] + (f"/region/{region}" if region else "")

    def calls(self, operation: str) -> int:
        """How often an operation was called so far."""
        return sum(request.operation == operation for request in list(self.requests))

    def always(self, operation: str, behaviour: Behaviour) -> None:
        """Have every call of an operation behave so from now on."""
        self._always[operation] = behaviour

    def once(self, operation: str, *behaviours: Behaviour) -> None:
        """Have the next calls of an operation behave so, one after the other, and those after them as before."""
        self._next.setdefault(operation, []).extend(behaviours)

    def as_usual(self, operation: str) -> None:
        """Take back what `always` and `once` have said of an operation."""
        self._always.pop(operation, None)
        self._next.pop(operation, None)

    def start(self, tls: ssl.SSLContext | None = None, intercepting: ssl.SSLContext | None = None) -> None:
        """Listen on free ports: with `tls` the services speak it. With `intercepting` there is a proxy at `proxy_url`
        that ends TLS with that context's certificate, and answers for AWS's own hosts of these services.
        """
        scheme = "http" if tls is None else "https"
        for name in self.services:
            self._urls[name] = f"{scheme}://127.0.0.1:{self._listen(_handler(self, name, scheme), tls)}"
        if intercepting is not None:
            self.proxy_url = f"http://127.0.0.1:{self._listen(_proxy(self, intercepting), None)}"

    def stop(self) -> None:
        """End all listeners."""
        while self._listeners:
            listener = self._listeners.pop()
            listener.shutdown()
            listener.server_close()

    def _listen(self, handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None) -> int:
        listener = _Listener(("127.0.0.1", 0), handler)
        if tls is not None:
            listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self._listeners.append(listener)
        return int(listener.server_address[1])

    def answer(self, request: Request) -> Answer:
        """What the service says to a request; may raise ConnectionError, for no answer at all."""
        service = self.services[request.service]
        if request.method == "GET" and request.path in service.pages:
            request = replace(request, operation=request.path)
            self.requests.append(request)
            return self._behaving(request, lambda: service.pages[request.path](request))
        if request.method == "POST" and request.path in service.forms:
            request = replace(request, operation=f"POST {request.path}")
            self.requests.append(request)
            return self._behaving(request, lambda: service.forms[request.path](request))
        known = self._operation(service, request)
        request = replace(request, operation=known.name if known is not None else "")
        self.requests.append(request)
        if known is None:
            return self._refused(Refusal(404, "UnknownOperationException", {}), request, "no such operation")
        return self._behaving(request, lambda: self._worked(service, known, request))

    def _operation(self, service: Service, request: Request) -> Any:
        for name in service.operations:
            operation = model(service.name).operation_model(name)
            http = operation.http
            if (http["method"], http["requestUri"]) == (
                request.method,
                request.path,
            ) and "aws_iam" not in request.query:
                return operation
        return None

    def _behaving(self, request: Request, proceed: Callable[[], Answer]) -> Answer:
        def taking_turns() -> Answer:
            with self._turn:
                return proceed()

        with self._turn:
            waiting = self._next.get(request.operation)
            behaviour = waiting.pop(0) if waiting else self._always.get(request.operation)
        return taking_turns() if behaviour is None else behaviour(request, taking_turns)

    def _worked(self, service: Service, operation: Any, request: Request) -> Answer:
        """The operation's own work; nothing is done for a request that is none of the model's."""
        try:
            if "authorization" in request.headers:
                raise Malformed("it is signed, and the operation is not authenticated so")
            done = service.operations[operation.name](request, fields(operation, request))
        except Malformed as problem:
            return self._refused(service.malformed(str(problem)), request, str(problem))
        except Refusal as refusal:
            return refusal.answer()
        shape = operation.output_shape
        if shape is not None:
            payload = shape.serialization.get("payload")
            check(shape.members[payload] if payload else shape, done)
        return Answer(200, json.dumps(done).encode() if shape is not None else b"")

    def _refused(self, refusal: Refusal, request: Request, why: str) -> Answer:
        self.malformed.append(f"{request.service} {request.method} {request.path}: {why}")
        return refusal.answer()


class _Listener(ThreadingHTTPServer):
    """As many at once as tests start processes."""

    daemon_threads = True
    request_queue_size = 256


def _handler(server: Server, service: str, scheme: str) -> type[BaseHTTPRequestHandler]:
    """What answers for one service on its port."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 120

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            told = re.fullmatch(r"/region/([a-z0-9-]+)(/.*)", path)
            region, path = (told[1], told[2]) if told else (server.region, path)
            _respond(self, server, service, region, scheme, path)

        do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = do_GET  # noqa: N815 - http.server's own names

        def log_message(self, *_arguments: object) -> None:
            pass

    return Handler


def _proxy(server: Server, context: ssl.SSLContext) -> type[BaseHTTPRequestHandler]:
    """What ends TLS for AWS's own hosts, and answers in their place; any other host is not let through."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 120
        found = ("", "")

        def do_CONNECT(self) -> None:
            host = self.path.partition(":")[0]
            server.connected.append(host)
            matches = [
                (name, match[1] or server.region)
                for name, host_of in _HOSTS.items()
                if (match := host_of.fullmatch(host))
            ]
            if not matches:
                self.send_error(502)
                return
            (self.found,) = matches
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            try:
                self.connection = context.wrap_socket(self.connection, server_side=True)
            except OSError:  # the certificate is not trusted, or nobody is there any more
                return
            self.rfile = self.connection.makefile("rb")
            self.wfile = self.connection.makefile("wb", buffering=0)
            self.close_connection = False
            with self.connection:
                while not self.close_connection:
                    self.handle_one_request()

        def finish(self) -> None:
            super().finish()
            self.connection.close()

        def do_GET(self) -> None:
            if not self.found[0]:
                self.send_error(502)
                return
            _respond(self, server, *self.found, "https", urlsplit(self.path).path)

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - http.server's own names

        def log_message(self, *_arguments: object) -> None:
            pass

    return Handler


def _respond(
    handler: BaseHTTPRequestHandler, server: Server, service: str, region: str, scheme: str, path: str
) -> None:
    """Read one request, and send what the server says to it."""
    length = handler.headers.get("Content-Length", "0")
    body = handler.rfile.read(int(length) if length.isdigit() else 0)
    split = urlsplit(handler.path)
    url = f"{scheme}://{handler.headers.get('Host', '')}{split.path}"
    query = dict(parse_qsl(split.query, keep_blank_values=True))
    headers = {name.lower(): value for name, value in handler.headers.items()}
    handler.close_connection = True
    try:
        answer = server.answer(Request(service, region, handler.command, url, path, query, headers, body))
        handler.send_response_only(answer.status)
        handler.send_header("Date", format_datetime(server.date(), usegmt=True))
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body)))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(answer.body if answer.cut is None else answer.body[: answer.cut])
    except ConnectionError:
        pass
