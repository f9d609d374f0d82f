"""EC2's metadata service: the profile's keys for it, and a message for each reason why it gives nothing."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from canned import Asked, Canned, serving
from front import Front, free_port, session
from running import Home

ROLE = "role_arn = arn:aws:iam::123456789012:role/dev\nregion = us-east-1\ncredential_source = Ec2InstanceMetadata\n"
GIVEN = {
    "Code": "Success",
    "AccessKeyId": "ASIAINSTANCE00000000",
    "SecretAccessKey": "instance+secret/0123456789abcdefghijklmn",
    "Token": "InstanceToken",
    "Expiration": "2099-01-01T00:00:00Z",
}


def instance(asked: Asked) -> tuple[int, Any]:
    """An instance with a role, which wants a token."""
    if asked.method == "PUT":
        return 200, b"imds-token"
    if asked.headers.get("x-aws-ec2-metadata-token") != "imds-token":
        return 401, b""
    return (200, GIVEN) if asked.path.rpartition("/")[2] else (200, b"instance-role")


@pytest.fixture
def service() -> Iterator[Canned]:
    with serving(instance) as canned:
        yield canned


@pytest.fixture
def machine(home: Home, offline_front: Front) -> Home:
    """A machine whose profile `dev` is assumed with the instance's role."""
    offline_front.behaviour = session()
    del home.environ["AWS_EC2_METADATA_DISABLED"]
    home.config.write_text(f"[profile dev]\n{ROLE}endpoint_url = {offline_front.url}\n")
    return home


def with_keys(home: Home, **keys: str) -> Home:
    with home.config.open("a") as config:
        config.writelines(f"{name} = {value}\n" for name, value in keys.items())
    return home


@pytest.mark.parametrize("key", ["ec2_metadata_service_endpoint", "assume_helper_ec2_metadata_service_endpoint"])
def test_the_profiles_endpoint_is_asked(machine: Home, offline_front: Front, service: Canned, key: str) -> None:
    with_keys(machine, **{key: service.url}).get("dev")
    assert offline_front.calls[0].access_key_id == "ASIAINSTANCE00000000"
    assert [asked.method for asked in service.asked] == ["PUT", "GET", "GET"]


def test_an_included_profiles_endpoint_is_asked(machine: Home, service: Canned) -> None:
    with_keys(machine, include_profile="all")
    with machine.config.open("a") as config:
        config.write(f"[profile all]\nec2_metadata_service_endpoint = {service.url}\n")
    machine.get("dev")
    assert service.asked


def test_the_environment_wins_over_the_profile(machine: Home, service: Canned) -> None:
    with_keys(machine, ec2_metadata_service_endpoint=f"http://127.0.0.1:{free_port()}")
    machine.get("dev", AWS_EC2_METADATA_SERVICE_ENDPOINT=service.url)
    assert service.asked


def test_another_endpoint_is_another_source(machine: Home, offline_front: Front, service: Canned) -> None:
    machine.get("dev", AWS_EC2_METADATA_SERVICE_ENDPOINT=service.url)
    with_keys(machine, ec2_metadata_service_endpoint=service.url + "/")
    machine.get("dev")
    assert len(offline_front.calls) == 2


def test_it_is_asked_as_often_as_the_profile_says(machine: Home, service: Canned) -> None:
    service.answer = lambda asked: (200, b"imds-token") if asked.method == "PUT" else (500, b"")
    with_keys(machine, ec2_metadata_service_endpoint=service.url, metadata_service_num_attempts="4")
    machine.run("get", "dev").failed(4, "HTTP 500")
    assert [asked.method for asked in service.asked] == ["PUT", *["GET"] * 4]


def test_it_is_waited_for_as_long_as_the_profile_says(machine: Home) -> None:
    """Where nothing is said it is a second; the listener never answers, so only the sum of all is measured."""
    with socket.create_server(("127.0.0.1", 0), backlog=8) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with_keys(machine, ec2_metadata_service_endpoint=url, metadata_service_timeout="0.05")
        machine.run("get", "dev").failed(4, "hop limit")


def test_ipv6_is_another_address(machine: Home) -> None:
    ran = with_keys(machine, ec2_metadata_service_endpoint_mode="IPv6").run(
        "get", "dev", NO_PROXY="x", HTTP_PROXY=f"http://127.0.0.1:{free_port()}"
    )
    ran.failed(4, "http://[fd00:ec2::254]/", "through a proxy", "add fd00:ec2::254 to NO_PROXY")


BAD = {
    "ec2_metadata_service_endpoint": ("AWS_EC2_METADATA_SERVICE_ENDPOINT", ["169.254.169.254", "ftp://x", "http://"]),
    "ec2_metadata_service_endpoint_mode": ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", ["ipv5", "both"]),
    "metadata_service_timeout": ("AWS_METADATA_SERVICE_TIMEOUT", ["soon", "0", "-1", "1e9", "nan"]),
    "metadata_service_num_attempts": ("AWS_METADATA_SERVICE_NUM_ATTEMPTS", ["many", "0", "1.5"]),
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, (_, values) in BAD.items() for value in values])
def test_a_value_that_is_none_is_named(machine: Home, service: Canned, key: str, value: str) -> None:
    variable = BAD[key][0]
    environ = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url}
    machine.run("get", "dev", **environ | {variable: value}).failed(3, variable)
    with_keys(machine, **{key: value}).run("get", "dev").failed(3, f"{key} of [dev]")


# Why it gives nothing.


def test_it_is_switched_off(machine: Home, service: Canned) -> None:
    ran = with_keys(machine, ec2_metadata_service_endpoint=service.url).run(
        "get", "dev", AWS_EC2_METADATA_DISABLED="True"
    )
    ran.failed(4, "switched off by AWS_EC2_METADATA_DISABLED", "unset AWS_EC2_METADATA_DISABLED")
    assert service.asked == []
    machine.get("dev")


def test_it_is_not_reached(machine: Home) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    ran = with_keys(machine, ec2_metadata_service_endpoint=url).run("get", "dev")
    ran.failed(
        4,
        f"at {url} was not reached",
        "(no connection)",
        "correct AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "another credential_source",
    )


@pytest.mark.parametrize("status", [401, 403])
def test_the_token_is_refused(machine: Home, service: Canned, status: int) -> None:
    service.answer = lambda asked: (status, b"") if asked.method == "PUT" else (401, b"")
    with_keys(machine, ec2_metadata_service_endpoint=service.url)
    machine.run("get", "dev").failed(4, "gave no token", "hop limit", "http-put-response-hop-limit 2")


def test_there_is_no_role(machine: Home, service: Canned) -> None:
    service.answer = lambda asked: (200, b"imds-token") if asked.method == "PUT" else (404, b"")
    with_keys(machine, ec2_metadata_service_endpoint=service.url)
    machine.run("get", "dev").failed(4, "there is no role", "attach an instance profile")


def test_the_role_is_not_trusted(machine: Home, service: Canned) -> None:
    def answer(asked: Asked) -> tuple[int, Any]:
        if asked.method == "PUT" or asked.path.endswith("/security-credentials/"):
            return 200, b"name"
        return 200, {"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role name."}

    service.answer = answer
    with_keys(machine, ec2_metadata_service_endpoint=service.url)
    machine.run("get", "dev").failed(4, "AssumeRoleUnauthorizedAccess", "ec2.amazonaws.com")


def test_it_is_asked_through_a_proxy(machine: Home, service: Canned) -> None:
    """One that answers by itself, and one that is not there."""
    service.answer = lambda _asked: (403, b"not allowed")
    for proxy in (service.url, f"http://127.0.0.1:{free_port()}"):
        ran = machine.run("get", "dev", HTTP_PROXY=proxy, NO_PROXY="127.0.0.1")
        ran.failed(4, "asked through a proxy", "add 169.254.169.254 to NO_PROXY")


def test_a_service_that_is_asked_without_a_token_only_is_told(machine: Home, service: Canned) -> None:
    service.answer = lambda asked: (404, b"") if asked.method == "PUT" else (200, b"x")
    with_keys(machine, ec2_metadata_service_endpoint=service.url, ec2_metadata_v1_disabled="true")
    machine.run("get", "dev").failed(4, "ec2_metadata_v1_disabled")
