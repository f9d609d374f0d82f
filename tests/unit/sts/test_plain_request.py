"""A plain request is, byte for byte, what the SDK sends; what is not plain is left to it."""

import itertools
import random
import socket
import string
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import botocore.auth
import botocore.useragent
import pytest
from botocore.loaders import Loader

from assume_helper.credentials import Credentials
from assume_helper.profiles.role import Endpoint
from assume_helper.profiles.source_description import SourceDescription
from assume_helper.sts import plain_post, plain_request
from assume_helper.sts.client import client
from assume_helper.sts.request import Request
from assume_helper.system import guarded_http, sdk_client

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
SOURCE = Credentials("AKIASOURCE", "source-secret", "source/token+==")
ROLE = {"RoleArn": "arn:aws:iam::123456789012:role/dev", "RoleSessionName": "a-session"}
MANY = 3000
Sent = tuple[str, str, bytes, dict[str, str]]


@pytest.fixture(autouse=True)
def _one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both sign at the same time; and the SDK's crt extra, which signs nothing here, is not in its header."""
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda **_: NOW.replace(tzinfo=None))
    monkeypatch.setattr(botocore.useragent, "HAS_CRT", False)
    for name in ("AWS_EXECUTION_ENV", "SSLKEYLOGFILE", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


class Stopped(Exception):
    """The request was caught; nothing is sent."""


class Caught:
    """In place of botocore's HTTP session."""

    def send(self, request: Any) -> Any:
        self.request = request
        raise Stopped


def request(operation: str, endpoint: Endpoint, values: Mapping[str, object]) -> Request:
    return Request(operation, endpoint, SourceDescription("the key", "correct it", "possible"), values)


def ours(asked: Request, source: Credentials | None, environ: Mapping[str, str] | None = None) -> Sent | None:
    found = plain_request.prepare(asked, source, environ or {}, NOW.timestamp())
    if found is None:
        return None
    headers = {name.lower(): value for name, value in found.headers.items() if name != "Host"}
    return "POST", found.url, found.body, headers


def theirs(asked: Request, source: Credentials | None) -> Sent | None:
    """What the SDK sends; None where it sends nothing, because a value is wrong."""
    caught = Caught()
    try:
        made = client(asked.endpoint, source)
        caught_client = replace(made, connection=replace(made.connection, http=caught))
        with pytest.raises(Stopped):
            caught_client.call(asked.operation, asked.values)
    except Exception:  # noqa: BLE001 - whatever the SDK says: it sent nothing
        return None
    sent = caught.request
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in sent.headers.items()
    }
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body
    return sent.method, sent.url, body, headers


_TEXT = string.ascii_letters + string.digits + "-_.~+/=,@: &%?#\"'{}[]\\\t\n\x7fäß€😀"


def text(chance: random.Random, least: int) -> str:
    return "".join(chance.choices(_TEXT, k=chance.randint(max(least - 1, 0), least + 40)))


def values(chance: random.Random, operation: str) -> dict[str, object]:
    """Values for `operation`, now and then one that is too short or not of it, in any order."""
    every: dict[str, Callable[[], object]] = {
        "RoleArn": lambda: text(chance, 20),
        "RoleSessionName": lambda: text(chance, 2),
        "Policy": lambda: text(chance, 1),
        "ExternalId": lambda: text(chance, 2),
        "SerialNumber": lambda: text(chance, 9),
        "TokenCode": lambda: text(chance, 6),
        "SourceIdentity": lambda: text(chance, 2),
        "DurationSeconds": lambda: chance.choice((0, 899, 900, 3600, 43200, "900", True, None)),
        "PolicyArns": lambda: [{"arn": text(chance, 20)} for _ in range(chance.randint(0, 11))],
        "Tags": lambda: [{"Key": text(chance, 1), "Value": text(chance, 0)} for _ in range(chance.randint(0, 12))],
        "TransitiveTagKeys": lambda: [text(chance, 1) for _ in range(chance.randint(0, 3))],
        "WebIdentityToken": lambda: text(chance, 4),
        "Nothing": lambda: "x",
    }
    usual = {
        "AssumeRole": ["Policy", "ExternalId", "SerialNumber", "TokenCode", "SourceIdentity", "DurationSeconds",
                       "PolicyArns", "Tags", "TransitiveTagKeys"],
        "AssumeRoleWithWebIdentity": ["Policy", "DurationSeconds", "PolicyArns"],
        "GetSessionToken": ["SerialNumber", "TokenCode", "DurationSeconds"],
    }[operation]  # fmt: skip
    names = chance.sample(usual, chance.randint(0, len(usual)))
    if operation != "GetSessionToken":
        names += ["RoleArn", "RoleSessionName"]
    if operation == "AssumeRoleWithWebIdentity":
        names.append("WebIdentityToken")
    if chance.random() < 0.05:
        names.append(chance.choice(list(every)))
    if chance.random() < 0.03:
        names = names[1:]
    chance.shuffle(names)
    return {name: every[name]() for name in names}


def test_thousands_of_requests_are_those_of_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk_client, "http", lambda *_: None)
    model = sdk_client.service_model("sts/2011-06-15")
    monkeypatch.setattr(sdk_client, "service_model", lambda _version: model)
    chance, plain = random.Random(20), 0
    keys = string.ascii_letters + string.digits + "/+="
    for _ in range(MANY):
        operation = chance.choice(("AssumeRole", "AssumeRoleWithWebIdentity", "GetSessionToken"))
        token = "".join(chance.choices(keys, k=chance.choice((0, 10, 400)))) or None
        source = Credentials("AKIA" + "".join(chance.choices(keys, k=16)), "".join(chance.choices(keys, k=40)), token)
        port = chance.choice(("", ":443", ":80", ":8443", ":0", ":65536"))
        url = chance.choice(("https://sts.example.com", "https://vpce-1.sts.eu-west-1.vpce.amazonaws.com/",
                             "http://127.0.0.1", "http://127.0.0.1:4566", "https://sts.example.com/a/path",
                             "http://localhost:1", "https://[::1]:1", "https://10.0.0.1", "HTTPS://STS.example.com",
                             f"https://a.example.com{port}", f"http://127.0.0.1{port}/"))  # fmt: skip
        asked = request(operation, Endpoint("eu-central-1", url), values(chance, operation))
        signer = None if operation == "AssumeRoleWithWebIdentity" else source
        mine = ours(asked, signer)
        if mine is not None:
            plain += 1
            assert mine == theirs(asked, signer), asked
    assert plain > MANY / 4  # else nothing was compared


def _regions() -> Iterator[str]:
    for partition in Loader().load_data("partitions")["partitions"]:
        yield from (region for region in partition["regions"] if not region.endswith("-global"))
    yield from ("eu-newplace-9", "us-gov-new-1")


def test_every_region_has_the_sdks_address_and_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk_client, "http", lambda *_: None)
    model = sdk_client.service_model("sts/2011-06-15")
    monkeypatch.setattr(sdk_client, "service_model", lambda _version: model)
    for region in _regions():
        for fips, dualstack, legacy in itertools.product((False, True), repeat=3):
            endpoint = Endpoint(
                region, use_fips_endpoint=fips, use_dualstack_endpoint=dualstack,
                sts_regional_endpoints="legacy" if legacy else "regional",
            )  # fmt: skip
            asked = request("AssumeRole", endpoint, ROLE)
            mine = ours(asked, SOURCE)
            assert mine is not None, endpoint
            assert mine == theirs(asked, SOURCE), endpoint


@pytest.mark.parametrize(
    ("endpoint", "environ"),
    [
        (Endpoint("nowhere-1"), {}),
        (Endpoint("eu central-1"), {}),
        (Endpoint("eu-central-1", ca_bundle="/a/bundle.pem"), {}),
        (Endpoint("eu-central-1"), {"HTTPS_PROXY": "http://proxy:1"}),
        (Endpoint("eu-central-1"), {"https_proxy": "http://proxy:1"}),
        (Endpoint("eu-central-1"), {"ALL_PROXY": "http://proxy:1"}),
        (Endpoint("eu-central-1"), {"SSLKEYLOGFILE": "/a/file"}),
        (Endpoint("eu-central-1"), {"AWS_EXECUTION_ENV": "AWS_ECS_FARGATE"}),
        (Endpoint("eu-central-1", "http://10.0.0.1"), {}),
        (Endpoint("eu-central-1", "https://sts.example.com/path"), {}),
    ],
)
def test_what_is_not_plain_is_left_to_the_sdk(endpoint: Endpoint, environ: Mapping[str, str]) -> None:
    assert ours(request("AssumeRole", Endpoint("eu-central-1"), ROLE), SOURCE, {"NO_PROXY": "*"}) is not None
    assert ours(request("AssumeRole", endpoint, ROLE), SOURCE, environ) is None


@pytest.mark.parametrize("part", ["a b", "a\nb", "ä", "\ud800"])
def test_keys_that_would_not_be_sent_as_they_are_are_left_to_the_sdk(part: str) -> None:
    for source in (replace(SOURCE, session_token=part), replace(SOURCE, access_key_id=part)):
        assert ours(request("AssumeRole", Endpoint("eu-central-1"), ROLE), source) is None


def test_secrets_are_not_shown() -> None:
    found = plain_request.prepare(request("AssumeRole", Endpoint("us-east-1"), ROLE), SOURCE, {})
    assert found is not None
    assert "source" not in repr(found)


def received(send: Callable[[str], object]) -> bytes:
    """What `send` sends to a server, whole."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        got: list[bytes] = []

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                data = b""
                while b"\r\n\r\n" not in data or b"RoleSessionName=a-session" not in data:
                    data += connection.recv(65536)
                got.append(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(Exception):  # noqa: B017, PT011 - no answer comes
            send(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join(30)
    return got[0].replace(f":{server_port(got[0])}".encode(), b"")


def server_port(data: bytes) -> str:
    return data.partition(b"127.0.0.1:")[2].partition(b"\r\n")[0].decode()


def test_on_the_wire_both_are_the_same() -> None:
    """But for the signature, which holds the server's port."""

    def plain(url: str) -> None:
        asked = request("AssumeRole", Endpoint("us-east-1", url), ROLE)
        found = plain_request.prepare(asked, SOURCE, {}, NOW.timestamp())
        assert found is not None
        plain_post.send("AssumeRole", found, None)

    def sdks(url: str) -> None:
        client(Endpoint("us-east-1", url), SOURCE).call("AssumeRole", ROLE)

    def lines(data: bytes) -> list[bytes]:
        head, _, body = data.partition(b"\r\n\r\n")
        first, *headers = head.split(b"\r\n")
        named = [header.partition(b": ") for header in headers]
        return [first, *sorted(name.lower() + value.partition(b"Signature=")[0] for name, _, value in named), body]

    assert lines(received(plain)) == lines(received(sdks))


def test_the_same_certificates_and_options_are_used_as_the_sdk_uses() -> None:
    import botocore.httpsession as theirs

    mine, their = plain_post.trust(), theirs.create_urllib3_context()
    their.load_verify_locations(theirs.get_cert_path(True))
    assert mine.cert_store_stats() == their.cert_store_stats()
    assert mine.options == their.options
    assert mine.verify_flags == their.verify_flags
    assert mine.verify_mode == their.verify_mode
    assert mine.minimum_version == their.minimum_version
    assert mine.get_ciphers() == their.get_ciphers()
    assert mine.check_hostname


def test_limits_are_those_of_the_sdks_way() -> None:
    assert plain_post.LARGEST_ANSWER == guarded_http.LARGEST_ANSWER
    assert (plain_post.CONNECT_TIMEOUT, plain_post.READ_TIMEOUT) == (
        sdk_client.CONNECT_TIMEOUT,
        sdk_client.READ_TIMEOUT,
    )
