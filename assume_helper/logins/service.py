"""The services of logins, and one request to one of them: Identity Center's portal and its OIDC, and AWS's sign-in."""

from collections.abc import Callable, Mapping

import botocore.exceptions as aws

from assume_helper.errors import AssumeHelperError, internal_fault
from assume_helper.light import Any, Literal, dataclass
from assume_helper.profiles.login import LoginService
from assume_helper.system import sdk_client, sdk_errors
from assume_helper.system.sdk_client import Client

# The names that botocore has for them, and that the variables and sections with their URLs have.
Name = Literal["sso", "sso-oidc", "signin"]
_MODELS: Mapping[Name, str] = {
    "sso": "sso/2019-06-10",
    "sso-oidc": "sso-oidc/2019-06-10",
    "signin": "signin/2023-01-01",
}
# How long one request waits for a connection, and for each part of the answer, in seconds.
QUICK = (float(sdk_client.CONNECT_TIMEOUT), float(sdk_client.READ_TIMEOUT))


@dataclass(frozen=True)
class Service:
    """A service in one place: what `system.called_service` says of it."""

    name: Name
    region: str
    endpoint_url: str | None = None
    ca_bundle: str | None = None
    ca_bundle_named: str = ""

    @property
    def service(self) -> str:
        """Its name in messages."""
        return "the sign-in service" if self.name == "signin" else "Identity Center"

    @property
    def region_named(self) -> str:
        """What sets its region."""
        return "region or AWS_REGION" if self.name == "signin" else "sso_region"


def of(login: LoginService, name: Name) -> Service:
    """The service `name` of a login."""
    return Service(name, login.region, login.endpoint_urls.get(name), login.ca_bundle, login.ca_bundle_named)


def client(service: Service, operation: str, timeout: tuple[float, float] = QUICK) -> Client:
    """A client that keeps its connection, for several requests of one thread. Raises as `sdk_client.connect` does."""
    return sdk_client.connect(
        service, lambda: sdk_client.client(_MODELS[service.name], service, {}, timeout, operation)
    )


def call(
    service: Service, operation: str, request: Mapping[str, object],
    refusal: Callable[[aws.ClientError], AssumeHelperError], timeout: tuple[float, float] = QUICK,
    sign: Callable[[Any], None] = lambda _request: None, kept: Callable[[], Client] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The answer of `service` to one request, which is not signed, but for what `sign` adds. It is not sent again.

    `kept` gives a client that was made before, in place of a new one. Raises what `refusal` makes of an error answer,
    and what `sdk_errors.translate` raises.
    """

    def send() -> dict[str, Any]:
        connected = client(service, operation, timeout) if kept is None else kept()
        return connected.call(operation, request, sign)

    return sdk_errors.translate(send, service, refusal)


def url(service: Service) -> str:
    """The URL of a service, without a slash at its end. Raises what `call` raises before it sends anything."""

    def found() -> str:
        connected = sdk_client.connect(service, lambda: sdk_client.client(_MODELS[service.name], service, {}, QUICK))
        return connected.url.rstrip("/")

    return sdk_errors.translate(found, service, internal_fault)  # it sends nothing
