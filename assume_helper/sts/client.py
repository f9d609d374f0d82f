"""STS's client, made of those parts of botocore that a call to STS needs.

`session.create_client` also loads the endpoints of every service, documentation, waiters, pagination and the chain of
credential providers: more than half of what a miss costs. What is sent, and what is made of the answer, is the same:
tests/unit/sts/test_client.py compares the two.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import botocore.exceptions as aws
from botocore.auth import SigV4Auth
from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.endpoint_provider import EndpointProvider
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from botocore.useragent import UserAgentString
from botocore.utils import get_environ_proxies, is_valid_endpoint_url, is_valid_ipv6_endpoint_url, validate_region_name

from assume_helper.credentials import Credentials
from assume_helper.errors import SettingFault
from assume_helper.profiles.role import Endpoint
from assume_helper.sts import this_machine
from assume_helper.system import guarded_http
from assume_helper.text import redacted

CONNECT_TIMEOUT = 3
READ_TIMEOUT = 5
_MODEL = "sts/2011-06-15/service-2"
_RULES = "sts/2011-06-15/endpoint-rule-set-1"


class _Keys(NamedTuple):
    """Credentials in the form that botocore's signer reads."""

    access_key: str
    secret_key: str
    token: str | None


@dataclass(frozen=True)
class Client:
    """A connection to one STS; `keys` is None where requests are not signed."""

    url: str
    signing_region: str
    keys: Any = field(repr=False)
    model: Any = field(repr=False)
    http: Any = field(repr=False)

    def call(self, operation: str, request: Mapping[str, object]) -> dict[str, Any]:
        """STS's answer to `request`. Raises botocore's errors: ClientError for an error answer."""
        described = self.model.operation_model(operation)
        raw = create_serializer(self.model.resolved_protocol).serialize_to_request(dict(request), described)
        prepare_request_dict(raw, self.url, user_agent=UserAgentString.from_environment().to_string())
        prepared = create_request_object(raw)
        if self.keys is not None:
            SigV4Auth(self.keys, "sts", self.signing_region).add_auth(prepared)
        answer = self.http.send(prepared.prepare())
        parsed: Any = create_parser(self.model.resolved_protocol).parse(
            {"headers": answer.headers, "status_code": answer.status_code, "body": answer.content,
             "context": {"operation_name": operation}},
            described.output_shape,
        )  # fmt: skip
        if answer.status_code >= 300:
            raise aws.ClientError(parsed, operation)
        found: dict[str, Any] = parsed
        return found


def connect(endpoint: Endpoint, credentials: Credentials | None) -> Client:
    """A client for the STS at `endpoint`, its settings checked first; without `credentials` it does not sign.

    Raises ConfigurationError, SettingFault, MachineFault; botocore's InvalidRegionError and EndpointProviderError for a
    region.
    """
    this_machine.check_bundle(endpoint)
    this_machine.check_proxy(endpoint.endpoint_url or "https://sts.amazonaws.com", os.environ)
    try:
        return this_machine.set_up(lambda: client(endpoint, credentials), os.environ)
    except (aws.InvalidRegionError, aws.EndpointProviderError):
        raise
    except (aws.BotoCoreError, ValueError) as error:
        raise SettingFault(
            f"the SDK rejects its settings: {redacted(str(error))}", "check the AWS_ variables of the environment"
        ) from None


def client(endpoint: Endpoint, credentials: Credentials | None) -> Client:
    """A client for the STS at `endpoint`. Raises botocore's errors, and ValueError for a malformed URL."""
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    validate_region_name(endpoint.region)
    url, signing_region = _resolved(endpoint, loader)
    if not is_valid_endpoint_url(url) and not is_valid_ipv6_endpoint_url(url):
        raise ValueError(f"Invalid endpoint: {url}")
    timeout: Any = (CONNECT_TIMEOUT, READ_TIMEOUT)
    verify: Any = True if endpoint.ca_bundle is None else endpoint.ca_bundle
    guarded_http.install()
    http = URLLib3Session(
        verify=verify,
        proxies=get_environ_proxies(url),
        timeout=timeout,
        max_pool_connections=1,
    )
    keys = None
    if credentials is not None:
        keys = _Keys(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
    return Client(url, signing_region, keys, ServiceModel(loader.load_data(_MODEL), service_name="sts"), http)


def _resolved(endpoint: Endpoint, loader: Any) -> tuple[str, str]:
    """The URL of STS and the region to sign for, by AWS's own rules."""
    rules = EndpointProvider(loader.load_data(_RULES), loader.load_data("partitions"))
    given: dict[str, object] = {
        "Region": endpoint.region,
        "UseGlobalEndpoint": endpoint.sts_regional_endpoints == "legacy",
    }
    if endpoint.endpoint_url is not None:
        given["Endpoint"] = endpoint.endpoint_url  # FIPS and dual-stack do not apply to it
    else:
        given |= {"UseFIPS": endpoint.use_fips_endpoint, "UseDualStack": endpoint.use_dualstack_endpoint}
    found = rules.resolve_endpoint(**given)
    schemes = found.properties.get("authSchemes", [{}])
    return found.url, schemes[0].get("signingRegion", endpoint.region)
