"""Sources that others keep: EC2 and ECS metadata, a web identity token; each served, and each failing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from canned import Asked, Canned, serving
from front import Front, error, free_port, session
from running import SECRET, Home

ROLE = "role_arn = arn:aws:iam::123456789012:role/dev\n"
HOUR = timedelta(hours=1)


def timestamp(ahead: timedelta) -> str:
    return (datetime.now(UTC) + ahead).strftime("%Y-%m-%dT%H:%M:%SZ")


def given(access_key_id: str, ahead: timedelta = HOUR) -> dict[str, str]:
    """Credentials as the metadata services print them."""
    keys = {"AccessKeyId": access_key_id, "SecretAccessKey": SECRET, "Token": "SourceToken"}
    return {**keys, "Expiration": timestamp(ahead), "Code": "Success"}


@pytest.fixture
def home_(home: Home, offline_front: Front) -> Home:
    """A home whose STS is the front, and that may ask the metadata service."""
    offline_front.behaviour = session()
    home.environ |= {"AWS_ENDPOINT_URL_STS": offline_front.url, "AWS_REGION": "us-east-1"}
    del home.environ["AWS_EC2_METADATA_DISABLED"]
    return home


# EC2


def instance(asked: Asked) -> tuple[int, Any]:
    """The metadata service of an instance with a role, which wants a token (IMDSv2)."""
    if asked.method == "PUT":
        return 200, b"imds-token"
    if asked.headers.get("x-aws-ec2-metadata-token") != "imds-token":
        return 401, b""
    name = asked.path.rpartition("/")[2]
    return (200, given("ASIAINSTANCE00000000")) if name else (200, b"instance-role")


@pytest.fixture
def ec2(home_: Home) -> Iterator[Canned]:
    home_.config.write_text(f"[profile dev]\n{ROLE}credential_source = Ec2InstanceMetadata\n")
    with serving(instance) as canned:
        home_.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = canned.url
        yield canned


def test_an_instance_s_role_assumes_the_role(home_: Home, offline_front: Front, ec2: Canned) -> None:
    first = home_.get("dev")
    assert offline_front.calls[0].access_key_id == "ASIAINSTANCE00000000"
    assert [asked.method for asked in ec2.asked] == ["PUT", "GET", "GET"], "a token first: IMDSv2"
    ec2.answer = lambda _asked: (500, b"")
    assert home_.get("dev") == first, "a hit asks nobody"


@pytest.mark.parametrize("answer", [lambda _a: (404, b""), lambda _a: (200, b"{}"), lambda _a: (500, b"oops")])
def test_an_instance_without_a_role_is_exit_4(home_: Home, ec2: Canned, answer: Any) -> None:
    ec2.answer = answer
    home_.run("get", "dev").failed(4, "EC2 metadata service gave no credentials", "instance profile")


def test_no_metadata_service_is_exit_4(home_: Home, ec2: Canned) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    home_.run("get", "dev", AWS_EC2_METADATA_SERVICE_ENDPOINT=nobody).failed(4, "EC2 metadata service")
    home_.run("get", "dev", AWS_EC2_METADATA_DISABLED="true").failed(4, "EC2 metadata service")


# ECS


@pytest.fixture
def ecs(home_: Home) -> Iterator[Canned]:
    home_.config.write_text(f"[profile dev]\n{ROLE}credential_source = EcsContainer\n")
    with serving(lambda _asked: (200, given("ASIACONTAINER0000000"))) as canned:
        yield canned


def test_a_container_s_role_assumes_the_role(home_: Home, offline_front: Front, ecs: Canned, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("from-a-file")
    uri = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{ecs.url}/creds"}
    home_.get("dev", **uri, AWS_CONTAINER_AUTHORIZATION_TOKEN="from-the-environment")
    assert offline_front.calls[0].access_key_id == "ASIACONTAINER0000000"
    assert (ecs.asked[0].path, ecs.asked[0].headers["authorization"]) == ("/creds", "from-the-environment")
    uri = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{ecs.url}/other"}
    home_.get("dev", **uri, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(token))
    assert ecs.asked[-1].headers["authorization"] == "from-a-file"
    assert len(offline_front.calls) == 2, "another container is another source"


def test_a_container_s_relative_uri_is_asked_at_its_own_address(
    home_: Home, offline_front: Front, ecs: Canned, tmp_path: Path
) -> None:
    """It is 169.254.170.2, which only a container has; here botocore's own constant names another one."""
    (tmp_path / "sitecustomize.py").write_text(
        f"import botocore.utils\nbotocore.utils.ContainerMetadataFetcher.IP_ADDRESS = {ecs.url[7:]!r}\n"
    )
    uri = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/task"}
    home_.get("dev", PYTHONPATH=str(tmp_path), **uri)
    assert offline_front.calls[0].access_key_id == "ASIACONTAINER0000000"
    assert ecs.asked[0].path == "/v2/credentials/task"
    ecs.answer = lambda _asked: (500, b"")
    another = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/other"}
    ran = home_.run("get", "dev", PYTHONPATH=str(tmp_path), **another)
    ran.failed(4, "EcsContainer", "gave no credentials")


def test_outside_of_a_container_is_exit_4(home_: Home, ecs: Canned) -> None:
    home_.run("get", "dev").failed(4, "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda _a: (403, {"message": SECRET}), " (HTTP 403); "),
        (lambda _a: (200, b"<html>"), "; "),
        (lambda _a: (200, {"Token": "x"}), "; "),
    ],
)
def test_a_container_s_service_that_fails_is_exit_4(home_: Home, ecs: Canned, answer: Any, outcome: str) -> None:
    ecs.answer = answer
    environ = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{ecs.url}/creds"}
    home_.run("get", "dev", **environ).failed(4, "EcsContainer", f"gave no credentials{outcome}")


def test_why_a_container_s_service_was_not_asked_is_named(home_: Home, ecs: Canned, tmp_path: Path) -> None:
    uri, token = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"
    nobody = {uri: f"http://127.0.0.1:{free_port()}/creds"}
    home_.run("get", "dev", **nobody).failed(4, "(EcsContainer) was not reached; ", uri)
    elsewhere = {uri: "http://10.0.0.1/creds"}
    home_.run("get", "dev", **elsewhere).failed(4, f"{uri} has a host that no SDK asks without TLS; use https://")
    here = {uri: f"{ecs.url}/creds"}
    home_.run("get", "dev", **here, **{token: "a\nb"}).failed(4, "token has a line break in it; ", token)
    gone = {f"{token}_FILE": str(tmp_path / "gone")}
    home_.run("get", "dev", **here, **gone).failed(4, "token file cannot be read (No such file", f"{token}_FILE")
    assert ecs.asked == []


# Web identity


@pytest.fixture
def token(home_: Home, offline_front: Front) -> Path:
    offline_front.behaviour = session()
    path = home_.folder / "token"
    path.write_text("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl\n")
    home_.config.write_text(
        f"[profile dev]\n{ROLE}web_identity_token_file = {path}\nrole_session_name = pod\nduration_seconds = 900\n"
    )
    return path


def test_a_web_identity_token_is_exchanged_without_a_signature(home_: Home, offline_front: Front, token: Path) -> None:
    first = home_.get("dev")
    (call,) = offline_front.calls
    assert call.action == "AssumeRoleWithWebIdentity"
    assert call.access_key_id == "", "unsigned"
    assert call.parameters["WebIdentityToken"] == token.read_text().strip()
    assert call.parameters["RoleSessionName"] == "pod"
    assert call.parameters["DurationSeconds"] == "900"
    token.write_text("another, as it is written anew each hour")
    assert home_.get("dev") == first


def test_a_web_identity_may_be_the_source_of_another_role(home_: Home, offline_front: Front, token: Path) -> None:
    with home_.config.open("a") as config:
        config.write("[profile next]\nrole_arn = arn:aws:iam::123456789012:role/next\nsource_profile = dev\n")
    home_.get("next")
    assert [call.action for call in offline_front.calls] == ["AssumeRoleWithWebIdentity", "AssumeRole"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredTokenException", "has expired"),
        ("InvalidIdentityToken", "does not know the web identity token in"),
    ],
)
def test_a_token_that_sts_does_not_take_is_exit_4(
    home_: Home, offline_front: Front, token: Path, code: str, words: str
) -> None:
    offline_front.behaviour = error(400, code, "no")
    home_.run("get", "dev").failed(4, words, str(token))


def test_a_token_file_that_cannot_be_used_is_exit_4(home_: Home, token: Path) -> None:
    token.write_text("x y")
    home_.run("get", "dev").failed(4, "does not hold a web identity token")
    token.write_bytes(b"\xff" * 100)
    home_.run("get", "dev").failed(4, "it is not a token")
    token.unlink()
    home_.run("get", "dev").failed(4, "cannot be read (No such file or directory)", "web_identity_token_file")


def test_what_sts_does_not_take_with_a_token_is_named_before(home_: Home, token: Path) -> None:
    with home_.config.open("a") as config:
        config.write("external_id = tenant\n")
    home_.run("get", "dev").failed(3, "external_id, which STS does not take with a web identity token")
