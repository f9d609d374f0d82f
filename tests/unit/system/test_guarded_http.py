"""botocore's HTTP: how much is read of an answer, and where a request may go without TLS."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import botocore.exceptions as aws
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.httpsession import URLLib3Session
from canned import Asked, Canned, serving

from assume_helper.errors import ConfigurationError
from assume_helper.system import guarded_http, plain_text

Resolve = Callable[[dict[str, list[str]]], list[str]]


@pytest.fixture(autouse=True)
def _installed() -> None:
    guarded_http.install()


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Sets the names that can be resolved; what it gives are those that have been asked for."""

    def names(known: dict[str, list[str]]) -> list[str]:
        asked: list[str] = []
        plain = socket.getaddrinfo

        def getaddrinfo(host: str, port: Any, *rest: Any, **more: Any) -> Any:
            if host not in known:
                return plain(host, port, *rest, **more)
            asked.append(host)
            if not known[host]:
                raise socket.gaierror(socket.EAI_NONAME, "unknown")
            return [found for address in known[host] for found in plain(address, port, *rest, **more)]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return names


@pytest.fixture
def server() -> Iterator[Canned]:
    with serving(lambda _asked: (200, b"answer")) as canned:
        yield canned


def send(url: str, proxies: dict[str, str] | None = None) -> Any:
    request: AWSPreparedRequest = AWSRequest("GET", url).prepare()
    timeout: Any = (1, 5)
    return URLLib3Session(proxies=proxies, timeout=timeout).send(request)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.9.9.9", "::1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
     "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:10.1.2.3"],
)  # fmt: skip
def test_loopback_link_local_and_private_addresses_are_near(address: str) -> None:
    assert guarded_http.is_near(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "172.32.0.1", "11.0.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "100.64.0.1", "0.0.0.0",  # noqa: S104
     "224.0.0.1", "2001:db8::1", "2606:4700::1", "::ffff:8.8.8.8", "::"],
)  # fmt: skip
def test_any_other_is_not(address: str) -> None:
    assert not guarded_http.is_near(address)


def test_a_name_goes_to_the_address_that_was_checked_and_keeps_its_name(server: Canned, resolve: Resolve) -> None:
    asked = resolve({"localstack": ["127.0.0.1"]})
    url = server.url.replace("127.0.0.1", "localstack")
    assert send(url + "/path?a=b").content == b"answer"
    assert asked == ["localstack"]
    (request,) = server.asked
    assert (request.path, request.headers["host"]) == ("/path?a=b", url.removeprefix("http://"))


def test_a_name_is_not_resolved_a_second_time(server: Canned, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, answers = socket.getaddrinfo, ["127.0.0.1", "203.0.113.1"]

    def rebinding(host: str, port: Any, *rest: Any, **more: Any) -> Any:
        return plain(answers.pop(0) if host == "rebound" else host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert send(server.url.replace("127.0.0.1", "rebound")).status_code == 200
    assert answers == ["203.0.113.1"]


def test_the_next_address_is_tried_where_nobody_listens_at_the_first(server: Canned, resolve: Resolve) -> None:
    resolve({"two": ["127.0.0.9", "127.0.0.1"]})
    assert send(server.url.replace("127.0.0.1", "two")).status_code == 200


@pytest.mark.parametrize("addresses", [["203.0.113.1"], ["127.0.0.1", "203.0.113.1"], ["203.0.113.1", "10.0.0.1"]])
def test_a_name_with_one_public_address_is_refused(server: Canned, resolve: Resolve, addresses: list[str]) -> None:
    resolve({"mixed": addresses})
    with pytest.raises(ConfigurationError, match="http://mixed is neither this machine nor in a private network"):
        send(server.url.replace("127.0.0.1", "mixed"))
    assert server.asked == []


def test_a_name_that_is_not_known_is_not_reached(resolve: Resolve) -> None:
    resolve({"nobody": []})
    for url in ("http://nobody", "http://" + "x" * 70 + ".test"):
        with pytest.raises(aws.EndpointConnectionError):
            send(url)


def test_a_proxy_reads_it_too(server: Canned, resolve: Resolve) -> None:
    resolve({"proxy": ["127.0.0.1"], "far": ["203.0.113.1"], "inside": ["10.0.0.5"]})
    port = server.url.rpartition(":")[2]
    assert send("http://inside:4566/x", {"http": f"http://me:pw@proxy:{port}"}).content == b"answer"
    (request,) = server.asked
    assert (request.path, request.headers["host"]) == ("http://10.0.0.5:4566/x", "inside:4566")
    with pytest.raises(ConfigurationError, match="http://far is neither"):
        send("http://inside:4566/x", {"http": f"http://far:{port}"})
    assert len(server.asked) == 1


def test_tls_goes_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_words, **_more: (_ for _ in ()).throw(socket.gaierror(-2, "x")))
    with pytest.raises(aws.EndpointConnectionError):
        send("https://sts.example.com")


@pytest.mark.parametrize(("size", "is_read"), [(1024 * 1024, True), (1024 * 1024 + 1, False)])
def test_an_answer_is_read_up_to_a_limit(size: int, is_read: bool) -> None:
    def answer(_asked: Asked) -> tuple[int, bytes]:
        return 200, b"x" * size

    with serving(answer) as server:
        if is_read:
            assert len(send(server.url).content) == size
            return
        with pytest.raises(aws.HTTPClientError) as caught:
            send(server.url)
        assert guarded_http.is_too_long(caught.value)


@pytest.mark.parametrize(
    ("url", "is_warned"),
    [
        (None, False),
        ("https://sts.example.com", False),
        ("http://127.0.0.1:5000", False),
        ("http://[::1]:5000", False),
        ("http://localhost:4566", False),
        ("http://s3.localhost:4566", False),
        ("http://localstack:4566", True),
        ("http://10.0.0.1", True),
    ],
)
def test_plain_text_beyond_this_machine_is_warned_of(url: str | None, is_warned: bool) -> None:
    assert (plain_text.plain_text_warning(url) is not None) == is_warned
