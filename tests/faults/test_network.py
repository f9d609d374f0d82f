"""STS out of reach, each cause made for real: the cached session is served in time, or it fails in time."""

import json
import os
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import local_aws
import pytest
import trustme
from front import ACCOUNT, Behaviour, Call, Front, Reply, error, html, reset, session, truncated
from needs import in_place_of, needs_root
from running import SCRIPT, Home

from assume_helper.cache import outcomes
from assume_helper.cache.directory import Cache

# The design's deadlines, from the start of the process, are 4 s where something is cached and 15 s where nothing is.
# What a busy machine needs to start one, and more, is added.
IN_TIME_WITH_CACHE = 12
IN_TIME = 25


def past_its_window(left: float = 500) -> Behaviour:
    """A session of an hour that has so many seconds left: good, and due to be replaced."""
    return session(seconds=3600, date=datetime.now(UTC) - timedelta(seconds=3600 - left))


class Fault(NamedTuple):
    """How a call is made while the fault is there: the environment's changes, and what comes before the command."""

    environ: dict[str, str]
    command: Sequence[str]


PLAIN = Fault({}, (SCRIPT,))


@contextmanager
def answering(front: Front, behaviour: Behaviour) -> Iterator[Fault]:
    front.behaviour = behaviour
    yield PLAIN


def slowly(call: Call) -> Reply | None:
    reply = session()(call)
    assert reply is not None
    return Reply(200, reply.body, pause=0.3)


@contextmanager
def refused(front: Front, _home: Home) -> Iterator[Fault]:
    """Nobody listens any more."""
    assert front.server is not None
    front.server.shutdown()
    front.server.socket.close()
    yield PLAIN


@contextmanager
def black_hole(front: Front, home: Home) -> Iterator[Fault]:
    """In the front's place is a listener that never accepts, with a full queue: the kernel drops what comes."""
    assert front.server is not None
    address = front.server.server_address[:2]
    with refused(front, home), ExitStack() as stack:
        deaf = stack.enter_context(socket.socket())
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        deaf.bind(address)
        deaf.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        yield PLAIN


@contextmanager
def dropped_packets(_front: Front, _home: Home) -> Iterator[Fault]:
    """A network in which every packet to STS is sent and none arrives: behind the cable is nobody."""
    lines = [
        "ip link set lo up",
        "ip link add here type veth peer name there",
        "ip address add 10.255.53.1/24 dev here",
        "ip link set here up",
        "ip link set there up",
        "ip neigh add 10.255.53.2 lladdr 02:00:00:00:00:02 dev here",
        'exec "$@"',
    ]
    yield Fault({}, ["unshare", "--net", "sh", "-ec", "\n".join(lines), "sh", SCRIPT])


def name_server(answer: int | None) -> Callable[[Front, Home], AbstractContextManager[Fault]]:
    """Names are asked of a server of the test's own, which answers with this code, or not at all."""

    @contextmanager
    def named(_front: Front, home: Home) -> Iterator[Fault]:
        resolv = home.folder / "resolv.conf"
        number = os.getpid()
        address = f"127.53.{number >> 8 & 255}.{number % 255 + 1}"
        resolv.write_text(f"nameserver {address}\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind((address, 53))

            def serve() -> None:
                while True:
                    question, asker = server.recvfrom(512)
                    if question == b"end":
                        return
                    if answer is not None:
                        flags = bytes([question[2] | 0x80, 0x80 | answer])
                        server.sendto(question[:2] + flags + question[4:], asker)

            thread = threading.Thread(target=serve)
            thread.start()
            try:
                yield Fault({}, [*in_place_of("/etc/resolv.conf", resolv), SCRIPT])
            finally:
                server.sendto(b"end", (address, 53))
                thread.join(30)

    return named


BEHAVIOURS = {
    "reset": reset,
    "truncated": truncated,
    "html": html(200),
    "redirected": html(302),
    "500": error(500, "InternalFailure", "x"),
    "503": error(503, "ServiceUnavailable", "x"),
    "throttled": error(400, "Throttling", "Rate exceeded"),
    "slow": slowly,
}


def fault(name: str, front: Front, home: Home) -> AbstractContextManager[Fault]:
    ways = {
        "refused": refused,
        "black-hole": black_hole,
        "dropped-packets": dropped_packets,
        "no-such-name": name_server(3),
        "name-server-fails": name_server(2),
        "name-server-silent": name_server(None),
    }
    if name == "hangs":
        return answering(front, front.hang)
    return answering(front, BEHAVIOURS[name]) if name in BEHAVIOURS else ways[name](front, home)


ROOTS = ("dropped-packets", "no-such-name", "name-server-fails", "name-server-silent")
EVERY = [*BEHAVIOURS, "hangs", "refused", "black-hole", *(pytest.param(name, marks=needs_root) for name in ROOTS)]


# With nothing cached, packets that are dropped are waited for as in a black hole; for what hangs and what is throttled,
# see test_many_at_once.
NOT_AGAIN = {"dropped-packets", "hangs", "throttled"}
UNCACHED = [
    *(name for name in (*BEHAVIOURS, "refused", "black-hole") if name not in NOT_AGAIN),
    *(pytest.param(name, marks=needs_root) for name in ROOTS if name not in NOT_AGAIN),
]


def point_at(home: Home, front: Front, name: str) -> Fault:
    """STS is where the fault is made; how a call is made to which it answers all the same, for the first session."""
    if name not in ROOTS:
        return PLAIN
    port = front.url.rpartition(":")[2]
    url = "http://10.255.53.2" if name == "dropped-packets" else f"http://sts.example.test:{port}"
    home.config.write_text(home.config.read_text().replace(front.url, url))
    if name == "dropped-packets":
        return Fault({"HTTP_PROXY": front.url}, (SCRIPT,))
    hosts = home.folder / "hosts"
    hosts.write_text("127.0.0.1 sts.example.test\n")
    return Fault({}, [*in_place_of("/etc/hosts", hosts), SCRIPT])


def last_failure(home: Home) -> outcomes.Failure:
    (path,) = home.cache.glob("*.failure")
    found = outcomes.read_failure(Cache(str(home.cache), print), path.stem)
    assert found is not None
    return found


@pytest.mark.parametrize("name", EVERY)
def test_the_cached_session_is_served_in_time_and_sts_is_then_left_alone(
    role: Home, offline_front: Front, name: str
) -> None:
    reachable = point_at(role, offline_front, name)
    offline_front.behaviour = past_its_window()
    first = role.run("get", "dev", command=reachable.command, **reachable.environ).document
    with fault(name, offline_front, role) as there:
        begun = time.monotonic()
        ran = role.run("get", "dev", command=there.command, **there.environ)
        assert time.monotonic() - begun < IN_TIME_WITH_CACHE
        assert (ran.code, ran.stderr, ran.document) == (0, "", first)
        tried = len(offline_front.calls)
        ran = role.run("get", "dev", command=there.command, **there.environ)
        assert (ran.code, ran.stderr, ran.document) == (0, "", first)
        assert len(offline_front.calls) == tried, "it was tried a moment ago"
    failure = last_failure(role)
    assert 30 <= failure.retry_at - failure.at <= 60
    assert "cached credentials were served, and no new ones could be had" in role.log.read_text()


@pytest.mark.parametrize("name", UNCACHED)
def test_without_a_cached_session_it_fails_in_time(role: Home, offline_front: Front, name: str) -> None:
    point_at(role, offline_front, name)
    with fault(name, offline_front, role) as there:
        begun = time.monotonic()
        role.run("get", "dev", command=there.command, **there.environ).failed(7)
        assert time.monotonic() - begun < IN_TIME
    assert role.entries() == []


def test_the_pause_before_the_next_call_is_random_each_time(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = past_its_window()
    role.get("dev")
    offline_front.behaviour = reset
    drawn = set()
    for _ in range(4):
        role.get("dev")
        failure = last_failure(role)
        drawn.add(round(failure.retry_at - failure.at, 3))
        next(role.cache.glob("*.failure")).unlink()  # as if its time had passed
    assert len(drawn) == 4


@pytest.fixture
def tls_front(tmp_path: Path) -> Iterator[tuple[Front, Path]]:
    """A front with a certificate of an authority that nobody knows but the bundle."""
    bundle = tmp_path / "ca.pem"
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    front = Front("http://127.0.0.1:9", behaviour=past_its_window())
    front.start(context)
    yield front, bundle
    front.stop()


def test_a_certificate_that_is_no_longer_trusted_leaves_the_cached_session(
    role: Home, tls_front: tuple[Front, Path]
) -> None:
    front, bundle = tls_front
    url = front.url.replace("http:", "https:")
    first = role.get("dev", AWS_ENDPOINT_URL=url, AWS_CA_BUNDLE=str(bundle))
    assert role.get("dev", AWS_ENDPOINT_URL=url) == first
    assert len(front.calls) == 1
    assert "certificate" in role.log.read_text()


def test_an_expired_source_is_named_once_the_cached_session_has_ended(role: Home, offline_front: Front) -> None:
    expired = error(400, "ExpiredToken", "The security token included in the request is expired")
    offline_front.behaviour = past_its_window(left=75)
    first = role.get("dev")
    offline_front.behaviour = expired
    assert role.get("dev") | {"Expiration": ""} == first | {"Expiration": ""}
    offline_front.behaviour = past_its_window(left=55)
    role.entries()[0].unlink()
    role.get("dev")
    offline_front.behaviour = expired
    role.run("get", "dev").failed(4, "the access key of profile base has expired")


@contextmanager
def administered(aws: tuple[str, Path]) -> Iterator[Any]:
    """The IAM of the local AWS, for a while again open to everybody."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        urllib.request.Request(
            f"{aws[0]}/moto-api/reset-auth", data=b"1000000", headers={"Content-Type": "text/plain"}, method="POST"
        ),
        timeout=30,
    ):
        pass
    yield boto3.Session("local", "local", region_name="us-east-1").client("iam", endpoint_url=aws[0])
    local_aws.close(aws[0])


def test_a_role_without_trust_is_refused_at_once_and_its_session_deleted(
    real_role: Home, front: Front, aws: tuple[str, Path]
) -> None:
    """By the local AWS itself, which enforces trust policies."""
    front.behaviour = past_its_window()
    real_role.get("sts-role")
    front.behaviour = lambda _call: None
    with administered(aws) as iam:
        trust = iam.get_role(RoleName="sts-role")["Role"]["AssumeRolePolicyDocument"]
        others = [trust["Statement"][0] | {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/somebody-else"}}]
        iam.update_assume_role_policy(RoleName="sts-role", PolicyDocument=json.dumps(trust | {"Statement": others}))
    try:
        calls = len(front.calls)
        real_role.run("get", "sts-role").failed(6, "denied")
        assert len(front.calls) == calls + 1
        assert real_role.entries() == []
    finally:
        with administered(aws) as iam:
            iam.update_assume_role_policy(RoleName="sts-role", PolicyDocument=json.dumps(trust))
    assert real_role.get("sts-role")["Version"] == 1


def test_new_credentials_are_handed_out_even_if_they_end_soon(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session(seconds=30)
    assert role.get("dev")["Version"] == 1
    assert role.get("dev")["Version"] == 1, "for half of what was left of them"
    assert len(offline_front.calls) == 1


def test_when_sts_is_back_the_next_call_gets_new_credentials(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = past_its_window()
    role.get("dev")
    offline_front.behaviour = reset
    role.get("dev")
    (failure,) = role.cache.glob("*.failure")
    failure.unlink()  # as if its time had passed
    offline_front.behaviour = session(access_key_id="ASIANEW0000000000000")
    assert role.get("dev")["AccessKeyId"] == "ASIANEW0000000000000"
    assert not list(role.cache.glob("*.failure"))
