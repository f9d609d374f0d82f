"""A service's client, made of those parts of botocore that a call needs.

`session.create_client` also loads the endpoints of every service, documentation, waiters, pagination and the chain of
credential providers: more than half of what a miss costs. What is sent, and what is made of the answer, is the same:
tests/unit/sts/test_client.py and tests/unit/logins/test_service.py compare the two.
"""

import json
import os
from collections.abc import Callable, Mapping

import botocore.exceptions as aws
from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict
from botocore.endpoint_provider import EndpointProvider
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from botocore.useragent import UserAgentString
from botocore.utils import get_environ_proxies, is_valid_endpoint_url, is_valid_ipv6_endpoint_url, validate_region_name

from assume_helper.errors import SettingFault
from assume_helper.light import Any, TypeVar, dataclass, field
from assume_helper.system import guarded_http, this_machine
from assume_helper.system.called_service import CalledService
from assume_helper.text import redacted

T = TypeVar("T")

CONNECT_TIMEOUT = 3
READ_TIMEOUT = 5


@dataclass(frozen=True)
class Client:
    """A connection to one service at `url`; `signing_region` is what requests to it are signed for."""

    url: str
    signing_region: str
    model: Any = field(repr=False)
    http: Any = field(repr=False)

    def call(
        self, operation: str, request: Mapping[str, object], sign: Callable[[Any], None] = lambda _request: None
    ) -> dict[str, Any]:
        """The service's answer to `request`, which `sign` may add to.

        Raises botocore's errors: ClientError for an error answer. Its `response` then has `error`, the code of an OAuth
        answer, or "".
        """
        described = self.model.operation_model(operation)
        raw = create_serializer(self.model.resolved_protocol).serialize_to_request(dict(request), described)
        prepare_request_dict(raw, self.url, user_agent=UserAgentString.from_environment().to_string())
        prepared = create_request_object(raw)
        sign(prepared)
        answer = self.http.send(prepared.prepare())
        return read_answer(self.model, operation, answer.status_code, answer.headers, answer.content)


def read_answer(model: Any, operation: str, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """What a service answered to `operation` of its `model`. Raises as `Client.call` does."""
    parsed: Any = create_parser(model.resolved_protocol).parse(
        {"headers": HeadersDict(headers), "status_code": status, "body": body,
         "context": {"operation_name": operation}},
        model.operation_model(operation).output_shape,
    )  # fmt: skip
    if status >= 300:
        raise aws.ClientError(parsed | {"error": _oauth_error(body)}, operation)
    found: dict[str, Any] = parsed
    return found


def service_model(
    version: str, complete: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda described: described
) -> ServiceModel:
    """Botocore's model of a service, `sts/2011-06-15`, with what `complete` adds to its description."""
    described = complete(_loader().load_data(f"{version}/service-2"))
    return ServiceModel(described, service_name=version.partition("/")[0])


def _loader() -> Loader:
    return Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


def client(
    version: str, service: CalledService, rules: Mapping[str, object], timeout: tuple[float, float], operation: str = ""
) -> Client:
    """A client for `service`; `version` names its model in botocore, `sts/2011-06-15`.

    `rules` are the parameters that its endpoint rules have beside the region and the URL, `timeout` how long it waits
    for a connection and for each part of an answer (seconds). Where the URL depends on what is called, that is
    `operation`. Raises botocore's errors, and ValueError for a malformed URL.
    """
    loader = _loader()
    validate_region_name(service.region)
    model = service_model(version)
    parameters = model.operation_model(operation).static_context_parameters if operation else []
    given = {"Region": service.region, **rules, **{each.name: each.value for each in parameters}}
    if service.endpoint_url is not None:
        given["Endpoint"] = service.endpoint_url
    found = EndpointProvider(
        loader.load_data(f"{version}/endpoint-rule-set-1"), loader.load_data("partitions")
    ).resolve_endpoint(**given)
    if not is_valid_endpoint_url(found.url) and not is_valid_ipv6_endpoint_url(found.url):
        raise ValueError(f"Invalid endpoint: {found.url}")
    schemes = found.properties.get("authSchemes", [{}])
    return Client(found.url, schemes[0].get("signingRegion", service.region), model, http(found.url, service, timeout))


def http(url: str, service: CalledService, timeout: tuple[float, float]) -> URLLib3Session:
    """What sends requests to `service` at `url`: by its proxy, with its certificates. It follows no redirect."""
    limits: Any = timeout
    verify: Any = True if service.ca_bundle is None else service.ca_bundle
    guarded_http.install()
    return URLLib3Session(verify=verify, proxies=get_environ_proxies(url), timeout=limits, max_pool_connections=1)


def connect(service: CalledService, make: Callable[[], T]) -> T:
    """The client for `service` that `make` makes, its settings checked first.

    Raises ConfigurationError, SettingFault, MachineFault; botocore's InvalidRegionError and EndpointProviderError for a
    region.
    """
    this_machine.check_bundle(service)
    this_machine.check_proxy(service.endpoint_url or "https://amazonaws.com", os.environ)
    try:
        return this_machine.set_up(make, os.environ)
    except (aws.InvalidRegionError, aws.EndpointProviderError):
        raise
    except (aws.BotoCoreError, ValueError) as error:
        raise SettingFault(
            f"the SDK rejects its settings: {redacted(str(error))}", "check the AWS_ variables of the environment"
        ) from None


def _oauth_error(body: bytes) -> str:
    """The code of an OAuth error answer (RFC 6749, section 5.2), which botocore's models do not all have; or ""."""
    try:
        found = json.loads(body)["error"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""
