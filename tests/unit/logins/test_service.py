"""The clients of the logins' services: what they send, and where to, is what botocore's own clients do."""

import functools
from collections.abc import Mapping
from typing import Any

import botocore.exceptions as aws
import botocore.session
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.loaders import Loader

from assume_helper.logins.service import _MODELS, Name, Service
from assume_helper.system import sdk_client

REFRESH: dict[str, object] = {"clientId": "id", "grantType": "refresh_token", "refreshToken": "r"}
CALLS: list[tuple[Name, str, dict[str, object]]] = [
    ("sso", "GetRoleCredentials", {"roleName": "a b/ü", "accountId": "1&=", "accessToken": "token"}),
    ("sso-oidc", "CreateToken", REFRESH | {"clientSecret": "s"}),
    ("signin", "CreateOAuth2Token", {"tokenInput": REFRESH}),
]
# Sent by botocore's client to count its own retries and calls.
_COUNTERS = {"amz-sdk-invocation-id", "amz-sdk-request", "user-agent"}


class Stopped(Exception):
    """The request was caught; nothing is sent."""


@functools.cache
def _session() -> Any:
    return botocore.session.Session()


def sent(request: Any) -> tuple[str, str, bytes, dict[str, str]]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    text = {name: value.decode() if isinstance(value, bytes) else value for name, value in headers.items()}
    return request.method, request.url, request.body, {k: v for k, v in text.items() if k not in _COUNTERS}


class Caught:
    """In place of botocore's HTTP session."""

    def send(self, request: Any) -> AWSResponse:
        self.request = request
        raise Stopped


def ours(service: Service, operation: str, request: Mapping[str, object]) -> Any:
    made, caught = sdk_client.client(_MODELS[service.name], service, {}, (3, 5), operation), Caught()
    client = sdk_client.Client(made.url, made.signing_region, made.model, caught)
    with pytest.raises(Stopped):
        client.call(operation, request)
    return sent(caught.request)


def theirs(service: Service, operation: str, request: Mapping[str, object]) -> Any:
    client, caught = (
        _session().create_client(
            service.name,
            region_name=service.region,
            endpoint_url=service.endpoint_url,
            config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
        ),
        Caught(),
    )
    client.meta.events.register("before-send", lambda request, **_: caught.send(request))
    with pytest.raises(Stopped):
        client._make_api_call(operation, dict(request))
    return sent(caught.request)


@pytest.mark.parametrize(("name", "operation", "request_"), CALLS, ids=[call[0] for call in CALLS])
@pytest.mark.parametrize("url", [None, "http://127.0.0.1:5000", "https://sso.example.com/a/path", "https://[::1]:8443"])
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"])
def test_the_request_is_the_one_of_botocores_client(
    name: Name, operation: str, request_: dict[str, object], url: str | None, region: str
) -> None:
    service = Service(name, region, url)
    assert ours(service, operation, request_) == theirs(service, operation, request_)


@pytest.mark.parametrize(("name", "operation", "request_"), CALLS, ids=[call[0] for call in CALLS])
def test_every_region_has_the_address_that_botocore_gives_it(
    name: Name, operation: str, request_: dict[str, object]
) -> None:
    partitions = Loader().load_data("partitions")["partitions"]
    for region in [region for partition in partitions for region in partition["regions"]] + ["eu-newplace-9"]:
        if region.endswith("-global"):
            continue
        service = Service(name, region)
        assert ours(service, operation, request_) == theirs(service, operation, request_)


def test_nothing_is_sent_where_a_value_is_missing() -> None:
    made = sdk_client.client("sso/2019-06-10", Service("sso", "us-east-1"), {}, (3, 5))
    with pytest.raises(aws.ParamValidationError):
        made.call("GetRoleCredentials", {"roleName": "r"})
