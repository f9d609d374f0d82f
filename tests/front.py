"""A front before the local AWS: it counts the calls, and makes the faults that a real network and a real STS make.

It listens on 127.0.0.1 on a free port, in threads of the test's own process, and ends with `stop`.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Call:
    """One request to STS: its parameters, and who signed it."""

    parameters: dict[str, str]
    access_key_id: str
    host: str
    session_token: str = ""

    @property
    def action(self) -> str:
        return self.parameters.get("Action", "")


@dataclass(frozen=True)
class Reply:
    """What is sent back. `cut` sends only so many bytes of the body and then closes the connection; `pause` (seconds)
    comes before every single byte of it.
    """

    status: int
    body: bytes
    content_type: str = "text/xml"
    date: datetime | None = None
    cut: int | None = None
    pause: float = 0


# None: go on to the local AWS. A fault may also wait, or close the connection by raising ConnectionError.
Behaviour = Callable[[Call], Reply | None]


def session(
    seconds: float = 3600, access_key_id: str = "ASIAFRONT00000000000", date: datetime | None = None, **fields: str
) -> Behaviour:
    """An answer of the front's own to AssumeRole or GetSessionToken, expiring `seconds` from now (or from `date`)."""

    def answer(call: Call) -> Reply:
        expiration = (date or datetime.now(UTC)) + timedelta(seconds=seconds)
        values = {
            "AccessKeyId": access_key_id,
            "SecretAccessKey": "front+secret/0123456789abcdefghijklmnopqr",
            "SessionToken": "FrontSessionToken0123456789+/=" * 4,
            "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
        } | fields
        credentials = "".join(f"<{k}>{v}</{k}>" for k, v in values.items() if v)
        whose = ""
        if "RoleArn" in call.parameters:
            _, partition, _, _, account, role = call.parameters["RoleArn"].split(":")
            called = call.parameters.get("RoleSessionName", "of-the-assertion")  # AssumeRoleWithSAML has none
            name = f"{role.rpartition('/')[2]}/{called}"
            arn = f"arn:{partition}:sts::{account}:assumed-role/{name}"
            whose = f"<AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId><Arn>{arn}</Arn></AssumedRoleUser>"
        result = f"{call.action}Result"
        body = (
            f'<{call.action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{result}>{whose}'
            f"<Credentials>{credentials}</Credentials></{result}></{call.action}Response>"
        )
        return Reply(200, body.encode(), date=date)

    return answer


def identity(arn: str) -> Behaviour:
    """An answer to GetCallerIdentity."""
    body = (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        f"<Arn>{arn}</Arn><UserId>AROA:x</UserId><Account>{ACCOUNT}</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
    return lambda _call: Reply(200, body.encode())


def error(status: int, code: str, message: str) -> Behaviour:
    """An error as STS words it."""
    body = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{message}</Message></Error><RequestId>0</RequestId></ErrorResponse>"
    )
    return lambda _call: Reply(status, body.encode())


def denied(call: Call) -> Reply | None:
    """AccessDenied, as STS words it."""
    text = (
        f"User: arn:aws:iam::{ACCOUNT}:user/sts-user is not authorized to perform: sts:AssumeRole on resource: "
        f"{call.parameters.get('RoleArn')}"
    )
    return error(403, "AccessDenied", text)(call)


def html(status: int) -> Behaviour:
    """A captive portal, or a proxy's error page."""
    body = b"<!DOCTYPE html><html><head><title>Log in</title></head><body>Welcome<br></body></html>"
    return lambda _call: Reply(status, body, "text/html")


def reset(_call: Call) -> Reply | None:
    raise ConnectionResetError


def truncated(call: Call) -> Reply | None:
    reply = session()(call)
    assert reply is not None
    return Reply(200, reply.body, cut=60)


@dataclass
class Front:
    """The running front. `behaviour` may be changed at any time; `calls` holds what has come."""

    upstream: str
    behaviour: Behaviour = lambda _call: None
    calls: list[Call] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def assumed(self, role: str = "") -> list[Call]:
        """The AssumeRole calls so far, for roles whose ARN ends so."""
        return [c for c in self.calls if c.action == "AssumeRole" and c.parameters["RoleArn"].endswith(role)]

    def hang(self, _call: Call) -> Reply | None:
        """Say nothing until `released` is set (at the latest when the front stops)."""
        self.released.wait(60)
        raise ConnectionResetError

    def held_back(self, behaviour: Behaviour) -> Behaviour:
        """`behaviour`, once `released` is set."""

        def wait(call: Call) -> Reply | None:
            self.released.wait(60)
            return behaviour(call)

        return wait

    def start(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen; with `tls`, as a server with that context's certificate."""
        front = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                front.handle(self)

            def do_CONNECT(self) -> None:
                """As a proxy: it is noted who was asked for, and not let through."""
                front.calls.append(Call({"CONNECT": self.path}, "", self.headers.get("Host", "")))
                self.send_error(502)

            do_GET = do_POST  # noqa: N815 - http.server's own name
            do_PUT = do_POST  # noqa: N815
            do_HEAD = do_POST  # noqa: N815

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self.released.set()
        assert self.server is not None
        self.server.shutdown()
        self.server.server_close()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        credential = request.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0]
        parameters = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        token = request.headers.get("X-Amz-Security-Token", "")
        call = Call(parameters, credential, request.headers.get("Host", ""), token)
        self.calls.append(call)
        self.arrived.set()
        try:
            reply = self.behaviour(call) or self.passed_on(request, body)
            request.send_response_only(reply.status)
            request.send_header("Content-Type", reply.content_type)
            request.send_header("Content-Length", str(len(reply.body)))
            request.send_header("Date", format_datetime(reply.date or datetime.now(UTC), usegmt=True))
            request.end_headers()
            body = reply.body if reply.cut is None else reply.body[: reply.cut]
            for byte in body if reply.pause else ():
                self.released.wait(reply.pause)
                request.wfile.write(bytes([byte]))
            request.wfile.write(b"" if reply.pause else body)
        except ConnectionError:
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        request.close_connection = True

    def passed_on(self, request: BaseHTTPRequestHandler, body: bytes) -> Reply:
        """What the local AWS says. It keeps its fixtures in memory and is asked one thing at a time."""
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc, timeout=30)
        connection.request(request.command, request.path, body, dict(request.headers))
        answer = connection.getresponse()
        return Reply(answer.status, answer.read(), answer.headers.get("Content-Type", "text/xml"))


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until `condition` holds; fail when it does not in `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
