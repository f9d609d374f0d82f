"""Servers that send without end, and those to which credentials would go unencrypted."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from front import Front, identity, session
from needs import in_place_of, needs_root
from running import SCRIPT, Home

ROLE = "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/dev\nregion = us-east-1\n"
# Bytes that may be on their way when reading stops, in the buffers of a few connections.
MOST = 48 * 1024 * 1024


@dataclass
class Endless:
    """A server whose every answer never ends."""

    url: str = ""
    sent: int = 0


@pytest.fixture
def endless() -> Iterator[Endless]:
    endless = Endless()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
                    endless.sent += 65536
            except OSError:
                pass

        do_PUT = do_POST = do_GET  # noqa: N815 - http.server's own names

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    endless.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield endless
    server.shutdown()
    server.server_close()


def logged_in(home: Home) -> None:
    """What `aws sso login` leaves behind."""
    cache = home.folder / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    token = {
        "startUrl": "https://corp.invalid/start",
        "region": "us-east-1",
        "accessToken": "sso-token",
        "expiresAt": (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    (cache / f"{sha1(b'corp', usedforsecurity=False).hexdigest()}.json").write_text(json.dumps(token))


SERVERS = {
    "sts": ("source_profile = base\n", "AWS_ENDPOINT_URL_STS"),
    "instance": ("credential_source = Ec2InstanceMetadata\n", "AWS_EC2_METADATA_SERVICE_ENDPOINT"),
    "container": ("credential_source = EcsContainer\n", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    "login": (
        "source_profile = login\n[profile login]\nsso_session = corp\nsso_account_id = 123456789012\n"
        "sso_role_name = dev\n[sso-session corp]\nsso_start_url = https://corp.invalid/start\nsso_region = us-east-1\n",
        "AWS_ENDPOINT_URL_SSO",
    ),
}


@pytest.fixture(params=SERVERS)
def server(role: Home, request: pytest.FixtureRequest) -> tuple[Home, str]:
    """A home, and the variable that says where its server is."""
    source, variable = SERVERS[request.param]
    role.config.write_text(ROLE + source)
    del role.environ["AWS_EC2_METADATA_DISABLED"]
    logged_in(role)
    return role, variable


def test_an_answer_without_end_is_not_read_to_its_end(server: tuple[Home, str], endless: Endless) -> None:
    home, variable = server
    home.run("get", "dev", **{variable: endless.url}).failed(7)
    assert 0 < endless.sent < MOST


def test_whoami_and_the_doctor_read_no_more(role: Home, endless: Endless) -> None:
    role.config.write_text(ROLE + "source_profile = base\n")
    assert role.run("whoami", "dev", AWS_ENDPOINT_URL_STS=endless.url).code == 7
    assert role.run("doctor", "dev", AWS_ENDPOINT_URL_STS=endless.url).code == 1
    assert endless.sent < 3 * MOST


def test_what_is_cached_is_served(role: Home, offline_front: Front, endless: Endless) -> None:
    offline_front.behaviour = session(seconds=3600, date=datetime.now(UTC) - timedelta(seconds=3100))
    first = role.get("dev")
    role.config.write_text(role.config.read_text())
    proxied = {"HTTP_PROXY": endless.url}
    assert role.get("dev", **proxied) == first
    assert "sent an answer without end" in role.log.read_text()


@pytest.mark.parametrize(
    "url", ["http://203.0.113.1", "http://8.8.8.8:8080", "http://[2001:db8::1]", "http://134744072"]
)
def test_no_server_is_asked_unencrypted_beyond_this_machine_and_private_networks(
    server: tuple[Home, str], url: str
) -> None:
    home, variable = server
    if variable == "AWS_CONTAINER_CREDENTIALS_FULL_URI":  # botocore refuses it first
        home.run("get", "dev", **{variable: url}).failed(4)
    else:
        home.run("get", "dev", **{variable: url}).failed(3, "neither this machine nor in a private network", "https://")


def named(home: Home, front: Front, *addresses: str) -> list[str]:
    """The command on a machine that knows `localstack` under these addresses, which is where STS is."""
    hosts = home.folder / "hosts"
    hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{address} localstack\n" for address in addresses))
    url = front.url.replace("127.0.0.1", "localstack")
    home.config.write_text(home.config.read_text().replace(front.url, url))
    return [*in_place_of("/etc/hosts", hosts), SCRIPT]


@needs_root
def test_a_name_for_private_addresses_alone_is_served_and_the_log_says_that_it_is_unencrypted(
    role: Home, offline_front: Front
) -> None:
    who = identity("arn:aws:sts::123456789012:assumed-role/dev/x")
    offline_front.behaviour = lambda call: (who if call.action == "GetCallerIdentity" else session())(call)
    command = named(role, offline_front, "127.0.0.1")
    ran = role.run("get", "dev", command=command)
    assert (ran.code, ran.stderr) == (0, "")
    assert {call.host.partition(":")[0] for call in offline_front.calls} == {"localstack"}
    assert "credentials are sent unencrypted to http://localstack" in role.log.read_text()
    checks = json.loads(role.run("doctor", "dev", "--json", command=command).stdout)
    assert ("warn", "credentials are sent unencrypted to http://localstack") in [
        (check["status"], check["what"]) for check in checks if check["name"] == "sts"
    ]


@needs_root
@pytest.mark.parametrize("addresses", [("203.0.113.1",), ("127.0.0.1", "203.0.113.1")])
def test_a_name_with_a_public_address_is_refused(role: Home, offline_front: Front, addresses: tuple[str, ...]) -> None:
    offline_front.behaviour = session()
    command = named(role, offline_front, *addresses)
    role.run("get", "dev", command=command).failed(3, "http://localstack is neither")
    assert offline_front.calls == []


def test_this_machine_is_served_unencrypted_without_a_word(role: Home, offline_front: Front, tmp_path: Path) -> None:
    offline_front.behaviour = session()
    for host in ("127.0.0.1", "localhost"):
        role.get("dev", AWS_ENDPOINT_URL_STS=offline_front.url.replace("127.0.0.1", host))
    assert "unencrypted" not in role.log.read_text()
