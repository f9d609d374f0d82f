"""An answer that is read without the SDK is read as the SDK reads it; what is not plain is left to it."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.exceptions as aws
import pytest

from assume_helper.sts import plain_answer, plain_post
from assume_helper.sts.plain_request import PlainRequest
from assume_helper.system import guarded_http, sdk_client

MODEL = sdk_client.service_model("sts/2011-06-15")
HEADERS = {"date": "Tue, 01 Jan 2030 00:00:00 GMT", "content-type": "text/xml"}
CREDENTIALS = (
    "<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>a/b+c=</SecretAccessKey>"
    "<SessionToken>t&amp;k&#x41;</SessionToken><Expiration>2030-01-01T01:00:00Z</Expiration></Credentials>"
)
ROLE = (
    "<AssumedRoleUser><AssumedRoleId>AROA:me</AssumedRoleId>"
    "<Arn>arn:aws:sts::123456789012:assumed-role/dev/me</Arn></AssumedRoleUser>"
)
OPERATIONS = ("AssumeRole", "AssumeRoleWithWebIdentity", "GetSessionToken")


def document(operation: str, inner: str | None = None) -> bytes:
    if inner is None:
        inner = CREDENTIALS + (ROLE if operation != "GetSessionToken" else "")
    return (
        f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n <{operation}Result>{inner}'
        f"</{operation}Result><ResponseMetadata><RequestId>an-id</RequestId></ResponseMetadata></{operation}Response>"
    ).encode()


def sdks(operation: str, body: bytes) -> Any:
    """What the SDK reads of it, as much as is used."""
    found = sdk_client.read_answer(MODEL, operation, 200, HEADERS, body)
    user = {"AssumedRoleUser": {"Arn": found["AssumedRoleUser"]["Arn"]}} if "AssumedRoleUser" in found else {}
    kept = {name: found["ResponseMetadata"][name] for name in ("HTTPStatusCode", "HTTPHeaders")}
    return {"Credentials": found["Credentials"], "ResponseMetadata": kept} | user


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_answer_is_read_as_the_sdk_reads_it(operation: str) -> None:
    body = document(operation)
    found = plain_answer.session(operation, body, HEADERS)
    assert found is not None
    assert found == sdks(operation, body)


def test_whatever_is_read_of_damaged_answers_is_what_the_sdk_reads() -> None:
    chance, plain = random.Random(20), 0
    pieces = [
        b"<",
        b">",
        b"&amp;",
        b"&",
        b"<!-- x -->",
        b"<a/>",
        b"<Arn>x</Arn>",
        b" ",
        b"\xff",
        b"Z",
        b"<![CDATA[x]]>",
    ]
    for _ in range(4000):
        operation = chance.choice(OPERATIONS)
        body = bytearray(document(operation))
        for _ in range(chance.randint(0, 2)):
            at = chance.randrange(len(body))
            body[at : at + chance.choice((0, 0, 1, 5, 40))] = chance.choice([b"", *pieces])
        found = plain_answer.session(operation, bytes(body), HEADERS)
        if found is not None:
            plain += 1
            assert found == sdks(operation, bytes(body)), bytes(body)
    assert plain > 1000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Log in</body></html>",
        b"not xml",
        document("AssumeRole")[:-40],
        document("GetSessionToken"),
        document("AssumeRole", CREDENTIALS),
        document("AssumeRole", CREDENTIALS + CREDENTIALS + ROLE),
        document("AssumeRole", CREDENTIALS.replace("01:00:00Z", "01:00:00+02:00") + ROLE),
        document("AssumeRole", CREDENTIALS.replace("2030-01-01T01", "2030-13-01T01") + ROLE),
        document("AssumeRole", CREDENTIALS.replace("ASIAEXAMPLE", "") + ROLE),
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + document("AssumeRole"),
        b" " * (300 * 1024) + document("AssumeRole"),
    ],
)
def test_what_is_not_plain_is_left_to_the_sdk(body: bytes) -> None:
    assert plain_answer.session("AssumeRole", body, HEADERS) is None


# The answer on the wire


@contextmanager
def served(data: bytes) -> Iterator[PlainRequest]:
    """A server that answers the first request with `data`, and closes the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(data)

        threading.Thread(target=serve, daemon=True).start()
        port = server.getsockname()[1]
        yield PlainRequest(f"http://127.0.0.1:{port}/", False, "127.0.0.1", port, {"Host": "x"}, b"Action=AssumeRole")


BODY = document("AssumeRole")
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
ERROR = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n" + BODY,
        b"HTTP/1.0 200 OK\r\nDate: x\r\n" + LENGTH + b"\r\n" + BODY + b"more",
        b"HTTP/1.1 200\r\n" + LENGTH + b"\r\n" + BODY,
        b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n" + LENGTH + b"\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nA: b\r\nA: c\r\n" + LENGTH + b"\r\n" + BODY,
    ],
)
def test_an_answer_is_read_however_it_is_framed(data: bytes) -> None:
    with served(data) as request:
        found = plain_post.send("AssumeRole", request, None)
    assert found["Credentials"]["AccessKeyId"] == "ASIAEXAMPLE"
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_an_error_answer_is_the_sdks_error() -> None:
    data = b"HTTP/1.1 403 Forbidden\r\nDate: x\r\nContent-Length: %d\r\n\r\n%s" % (len(ERROR), ERROR)
    with served(data) as request, pytest.raises(aws.ClientError) as caught:
        plain_post.send("AssumeRole", request, None)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["date"] == "x"


@pytest.mark.parametrize(
    "data", [b"", b"\r\n", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"x" * 70_000 + b"\r\n\r\n",
             b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
)  # fmt: skip
def test_what_is_no_http_is_a_connection_that_broke_off(data: bytes) -> None:
    with served(data) as request, pytest.raises((aws.ConnectionClosedError, aws.HTTPClientError)) as caught:
        plain_post.send("AssumeRole", request, None)
    assert isinstance(caught.value, aws.HTTPClientError)


@pytest.mark.parametrize("head", [b"", b"Content-Length: 9000000\r\n"])
def test_an_answer_that_is_too_long_is_not_read(head: bytes) -> None:
    with (
        served(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + b"x" * 2_000_000) as request,
        pytest.raises(aws.HTTPClientError) as caught,
    ):
        plain_post.send("AssumeRole", request, None)
    assert guarded_http.is_too_long(caught.value)


def test_nothing_that_listens_is_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    request = PlainRequest(f"http://127.0.0.1:{port}/", False, "127.0.0.1", port, {"Host": "x"}, b"")
    with pytest.raises(aws.EndpointConnectionError):
        plain_post.send("AssumeRole", request, None)
