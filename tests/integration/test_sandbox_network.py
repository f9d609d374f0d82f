"""`exec --sandbox`: what of the network its program reaches."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from needs import needs_sandbox
from sandbox_host import FAR, METADATA, PYTHON, READ_ONLY, Host, host

pytestmark = needs_sandbox

# Prints whether the program can connect to each of its arguments, HOST PORT.
CONNECTS = """
import json, socket, sys
def can(address, port):
    try:
        socket.create_connection((address, int(port)), 20).close()
        return True
    except OSError:
        return False
print(json.dumps([can(*words) for words in zip(sys.argv[1::2], sys.argv[2::2])]))
"""
TO_SOCKET = """
import json, socket, sys
try:
    socket.socket(socket.AF_UNIX).connect(sys.argv[1].replace("%", chr(0)))
    print(json.dumps(True))
except OSError:
    print(json.dumps(False))
"""
RESOLVES = "import json, socket, sys; print(json.dumps(socket.gethostbyname(sys.argv[1])))"


@pytest.fixture
def machine() -> Iterator[Host]:
    with host() as found:
        yield found


def test_the_host_s_loopback_is_out_of_reach_and_the_rest_of_the_network_is_not(machine: Host) -> None:
    addresses = ("127.0.0.1", "127.0.0.5", "::1", FAR)
    words = [word for address in addresses for word in (address, str(machine.listen(address)))]
    assert machine.both(CONNECTS, *words) == ([True] * 4, [False, False, False, True])


def test_the_metadata_services_are_out_of_reach(machine: Host) -> None:
    words = [word for address in METADATA for word in (address, str(machine.listen(address)))]
    assert machine.both(CONNECTS, *words) == ([True] * 4, [False] * 4)


@pytest.mark.parametrize(("family", "services"), [("-4", "169.254.0.0/16"), ("-6", "fd00:ec2::/32")])
def test_no_route_to_the_metadata_services_wins(machine: Host, family: str, services: str) -> None:
    """A host may have a route for such an address alone: a rule goes before all routes."""
    rules = machine.inside("ip", family, "rule").stdout.decode()
    assert rules.index(f"to {services} unreachable") < rules.index("lookup main")


def test_an_endpoint_on_the_loopback_is_let_in_and_nothing_beside_it(machine: Host) -> None:
    own, named, other = (str(machine.listen("127.0.0.1")) for _ in range(3))
    words = ["127.0.0.1", own, "127.0.0.1", named, "127.0.0.1", other]
    environ = {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{own}", "AWS_ENDPOINT_URL_SQS": f"http://localhost:{named}/x"}
    assert machine.both(CONNECTS, *words, **environ) == ([True] * 3, [True, True, False])


def test_the_profile_s_own_endpoint_is_let_in(machine: Host) -> None:
    port = machine.front.url.rpartition(":")[2]
    assert machine.both(CONNECTS, "127.0.0.1", port) == ([True], [True])


def test_a_proxy_on_the_loopback_is_not_let_in(machine: Host) -> None:
    """It would reach all that the sandbox keeps away."""
    port = str(machine.listen("127.0.0.1"))
    environ = {"HTTPS_PROXY": f"http://127.0.0.1:{port}", "NO_PROXY": "127.0.0.1"}
    assert machine.both(CONNECTS, "127.0.0.1", port, **environ) == ([True], [False])


@pytest.mark.parametrize(
    "path",
    [
        "%abstract",
        "/run/bus",
        "/var/run/docker.sock",
        "/mnt/home/.docker/run/docker.sock",
        "/mnt/home/.ssh/agent/s.1",
        "/mnt/elsewhere/own.sock",
        "/mnt/home/project/own.sock",
    ],
)
def test_sockets_are_out_of_reach(machine: Host, path: str) -> None:
    if path.startswith("/"):
        machine.folder_of(path)
    machine.listen_at(path.replace("%", "\0"))
    assert machine.both(TO_SOCKET, path) == (True, False)


def test_sockets_of_the_host_s_tmp_are_out_of_reach(machine: Host, tmp_path: Path) -> None:
    machine.listen_at(str(tmp_path / "agent.sock"))
    assert machine.both(TO_SOCKET, str(tmp_path / "agent.sock")) == (True, False)


@pytest.mark.parametrize("address", [FAR, "127.0.0.53"])
def test_names_are_found(machine: Host, address: str) -> None:
    """Also by a name server on the host's own loopback, as systemd-resolved's is."""
    machine.serve_names(address, "somewhere.example")
    ran = machine.inside(PYTHON, "-I", "-S", "-c", RESOLVES, "somewhere.example")
    assert (ran.code, ran.stdout) == (0, f'"{FAR}"\n'.encode()), ran.stderr


@pytest.mark.parametrize("address", ["169.254.169.253", "169.254.20.10"])
def test_names_are_found_by_a_server_at_a_link_local_address(machine: Host, address: str) -> None:
    """Amazon's, and Kubernetes' NodeLocal DNSCache: what closes the metadata services closes that address too."""
    subprocess.run(["ip", "addr", "add", address, "dev", "lo"], check=True)
    machine.serve_names(address, "somewhere.example")
    port = str(machine.listen(address))
    assert machine.both(RESOLVES, "somewhere.example") == (FAR, FAR)
    assert machine.both(CONNECTS, address, port) == ([True], [False])


def test_names_are_found_where_their_server_is_named_in_run(machine: Host) -> None:
    machine.serve_names(FAR, "somewhere.example", in_run=True)
    assert machine.both(RESOLVES, "somewhere.example") == (FAR, FAR)


def test_with_refresh_the_program_reaches_its_own_endpoint(machine: Host) -> None:
    code = """
import json, os, urllib.request
with open(os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]) as file:
    token = file.read()
assert token == os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
url = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": token})) as answer:
    print(json.load(answer)["AccessKeyId"])
"""
    ran = machine.inside(PYTHON, "-I", "-S", "-c", code, options=("--refresh", READ_ONLY))
    assert (ran.code, ran.stdout) == (0, b"ASIAFRONT00000000000\n"), ran.stderr
    assert "ReadOnlyAccess" in str(machine.front.calls[0].parameters)
