"""STS's client: what it sends, and what it makes of the answer, is what botocore's own client does."""

import functools
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.auth
import botocore.exceptions as aws
import botocore.session
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.loaders import Loader
from front import Front, denied, session

from assume_helper.credentials import Credentials
from assume_helper.profiles.role import Endpoint
from assume_helper.sts.client import client

SOURCE = Credentials("AKIASOURCE", "source-secret", "source-token")
ROLE = {"RoleArn": "arn:aws:iam::123456789012:role/dev", "RoleSessionName": "a-session"}
EVERYTHING = {
    "DurationSeconds": 900,
    "ExternalId": "an id/ü&=",
    "Policy": '{"Version": "2012-10-17"}',
    "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, {"arn": "arn:aws:iam::aws:policy/Other"}],
    "Tags": [{"Key": "team", "Value": "a b"}, {"Key": "empty", "Value": ""}],
    "TransitiveTagKeys": ["team", "empty"],
    "SourceIdentity": "me@example.com",
    "SerialNumber": "arn:aws:iam::123456789012:mfa/me",
    "TokenCode": "123456",
}
# Sent by botocore's client to count its own retries and calls; STS does not ask for them.
_COUNTERS = {"amz-sdk-invocation-id", "amz-sdk-request", "user-agent"}


class Stopped(Exception):
    """The request was caught; nothing is sent."""


@pytest.fixture(autouse=True)
def _one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both sign at the same time, and with botocore's own signer, not its crt extra's."""
    at = datetime(2030, 1, 1, 12)  # noqa: DTZ001 - as botocore has it
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda **_: at)
    monkeypatch.setitem(botocore.auth.AUTH_TYPE_MAPS, "v4", botocore.auth.SigV4Auth)


@functools.cache
def _session() -> Any:
    """One for all: it reads the endpoints of every service."""
    return botocore.session.Session()


def their_client(endpoint: Endpoint, source: Credentials | None) -> Any:
    its = _session()
    its.set_config_variable("sts_regional_endpoints", endpoint.sts_regional_endpoints)
    its.set_config_variable("ignore_configured_endpoint_urls", True)
    keys = source or SOURCE
    return its.create_client(
        "sts", region_name=endpoint.region, endpoint_url=endpoint.endpoint_url,
        aws_access_key_id=keys.access_key_id, aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
        config=Config(
            signature_version=None if source else UNSIGNED,
            use_fips_endpoint=endpoint.use_fips_endpoint,
            use_dualstack_endpoint=endpoint.use_dualstack_endpoint,
            retries={"total_max_attempts": 1},
        ),
    )  # fmt: skip


def sent(request: Any) -> tuple[str, str, bytes, dict[str, str]]:
    """What of a request counts."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    text = {name: value.decode() if isinstance(value, bytes) else value for name, value in headers.items()}
    return request.method, request.url, request.body, {k: v for k, v in text.items() if k not in _COUNTERS}


class Caught:
    """In place of botocore's HTTP session."""

    def send(self, request: Any) -> AWSResponse:
        self.request = request
        raise Stopped


def ours(endpoint: Endpoint, source: Credentials | None, operation: str, request: Mapping[str, object]) -> Any:
    made, caught = client(endpoint, source), Caught()
    caught_client = replace(made, connection=replace(made.connection, http=caught))
    with pytest.raises(Stopped):
        caught_client.call(operation, request)
    return sent(caught.request)


def theirs(endpoint: Endpoint, source: Credentials | None, operation: str, request: Mapping[str, object]) -> Any:
    made, caught = their_client(endpoint, source), Caught()
    made.meta.events.register("before-send.sts", lambda request, **_: caught.send(request))
    with pytest.raises(Stopped):
        made._make_api_call(operation, dict(request))
    return sent(caught.request)


@pytest.mark.parametrize(
    ("operation", "source", "request_"),
    [
        ("AssumeRole", SOURCE, ROLE),
        ("AssumeRole", Credentials("AKIASOURCE", "source-secret"), ROLE),
        ("AssumeRole", SOURCE, ROLE | EVERYTHING),
        ("AssumeRoleWithWebIdentity", None, ROLE | {"WebIdentityToken": "a.b-c_d"}),
        ("GetSessionToken", SOURCE, {"DurationSeconds": 900, "SerialNumber": "GAHT12345678", "TokenCode": "012345"}),
        ("GetCallerIdentity", SOURCE, {}),
    ],
)
@pytest.mark.parametrize("url", [None, "http://127.0.0.1:5000", "https://sts.example.com/a/path", "https://[::1]:8443"])
def test_the_request_is_the_one_of_botocores_client(
    operation: str, source: Credentials | None, request_: dict[str, object], url: str | None
) -> None:
    endpoint = Endpoint("eu-central-1", url)
    assert ours(endpoint, source, operation, request_) == theirs(endpoint, source, operation, request_)


def _regions() -> Iterator[str]:
    for partition in Loader().load_data("partitions")["partitions"]:
        yield from (region for region in partition["regions"] if not region.endswith("-global"))
    yield "eu-newplace-9"


@pytest.mark.parametrize("region", list(_regions()))
def test_every_region_has_the_address_and_the_signature_that_botocore_gives_it(region: str) -> None:
    their: Any
    for fips, dualstack, legacy in itertools.product((False, True), repeat=3):
        if dualstack and region.startswith(("eu-isoe-", "us-isof-")):
            continue  # botocore's list of endpoints says that there is none; AWS's rules, which are newer, have one
        kind = Endpoint(
            region, use_fips_endpoint=fips, use_dualstack_endpoint=dualstack,
            sts_regional_endpoints="legacy" if legacy else "regional",
        )  # fmt: skip
        try:
            their = theirs(kind, SOURCE, "AssumeRole", ROLE)
        except aws.BotoCoreError:
            their = None
        if their is None:
            with pytest.raises(aws.BotoCoreError):
                ours(kind, SOURCE, "AssumeRole", ROLE)
        else:
            assert ours(kind, SOURCE, "AssumeRole", ROLE) == their


@pytest.mark.parametrize("region", ["not a region", "eu_central_1", "-a"])
def test_a_region_that_cannot_be_one_is_refused_as_botocore_refuses_it(region: str) -> None:
    with pytest.raises(aws.InvalidRegionError):
        client(Endpoint(region), SOURCE)


@pytest.mark.parametrize("url", ["nothing", "http://", "https://under score"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="Invalid endpoint"):
        client(Endpoint("us-east-1", url), SOURCE)


def test_the_answer_is_the_one_of_botocores_client(offline_front: Front) -> None:
    at = datetime(2030, 1, 1, tzinfo=UTC)
    offline_front.behaviour = session(date=at)
    endpoint = Endpoint("us-east-1", offline_front.url)
    mine = client(endpoint, SOURCE).call("AssumeRole", ROLE)
    their = their_client(endpoint, SOURCE).assume_role(**ROLE)
    assert their["ResponseMetadata"].pop("RetryAttempts") == 0
    their["ResponseMetadata"].pop("MaxAttemptsReached", None)
    assert mine == their
    assert mine["Credentials"]["AccessKeyId"].startswith("ASIA")


def test_an_error_is_the_one_of_botocores_client(offline_front: Front) -> None:
    offline_front.behaviour = denied
    endpoint = Endpoint("us-east-1", offline_front.url)
    with pytest.raises(aws.ClientError) as mine:
        client(endpoint, SOURCE).call("AssumeRole", ROLE)
    with pytest.raises(aws.ClientError) as their:
        their_client(endpoint, SOURCE).assume_role(**ROLE)
    assert mine.value.operation_name == their.value.operation_name == "AssumeRole"
    assert mine.value.response["Error"] == their.value.response["Error"]
    assert mine.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_nothing_is_sent_where_a_value_is_not_one_that_sts_takes(offline_front: Front) -> None:
    with pytest.raises(aws.ParamValidationError):
        client(Endpoint("us-east-1", offline_front.url), SOURCE).call("AssumeRole", {**ROLE, "RoleSessionName": "x"})
    assert offline_front.calls == []


def test_secrets_are_not_shown() -> None:
    assert "source-secret" not in repr(client(Endpoint("us-east-1"), SOURCE))


def test_models_of_other_programs_are_not_loaded(
    offline_front: Front, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """botocore would take `~/.aws/models` and AWS_DATA_PATH before its own."""
    model = tmp_path / ".aws" / "models" / "sts" / "2011-06-15"
    model.mkdir(parents=True)
    (model / "service-2.json").write_text(json.dumps({"metadata": {"protocol": "nothing"}}))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / ".aws" / "models"))
    offline_front.behaviour = session()
    client(Endpoint("us-east-1", offline_front.url), SOURCE).call("AssumeRole", ROLE)
    assert len(offline_front.calls) == 1
