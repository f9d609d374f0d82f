"""STS's client: it signs with the source's credentials, and does not sign where there are none."""

from collections.abc import Mapping

from botocore.auth import SigV4Auth

from assume_helper.credentials import Credentials
from assume_helper.light import Any, dataclass, field, replace
from assume_helper.profiles.role import Endpoint
from assume_helper.sts.request import GET_SCOPED_CREDENTIALS
from assume_helper.system import sdk_client

_VERSION = "sts/2011-06-15"


@dataclass(frozen=True)
class _Keys:
    """Credentials in the form that botocore's signer reads."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)


@dataclass(frozen=True)
class Client:
    """A connection to one STS; `keys` is None where requests are not signed."""

    keys: Any = field(repr=False)
    connection: sdk_client.Client = field(repr=False)

    def call(self, operation: str, request: Mapping[str, object]) -> dict[str, Any]:
        """STS's answer to `request`. Raises botocore's errors: ClientError for an error answer."""
        return self.connection.call(operation, request, self._sign)

    def _sign(self, request: Any) -> None:
        if self.keys is not None:
            SigV4Auth(self.keys, "sts", self.connection.signing_region).add_auth(request)


def connect(endpoint: Endpoint, credentials: Credentials | None, operation: str = "") -> Client:
    """A client for the STS at `endpoint`, its settings checked first; without `credentials` it does not sign.

    Where `operation` is GetScopedCredentials, its model has that, whatever botocore is installed.

    Raises ConfigurationError, SettingFault, MachineFault; botocore's InvalidRegionError and EndpointProviderError for a
    region.
    """
    return sdk_client.connect(endpoint, lambda: client(endpoint, credentials, operation))


def client(endpoint: Endpoint, credentials: Credentials | None, operation: str = "") -> Client:
    """A client as `connect` makes it. Raises botocore's errors, and ValueError for a malformed URL."""
    rules: dict[str, object] = {"UseGlobalEndpoint": endpoint.sts_regional_endpoints == "legacy"}
    if endpoint.endpoint_url is None:  # FIPS and dual-stack do not apply to a URL of one's own
        rules |= {"UseFIPS": endpoint.use_fips_endpoint, "UseDualStack": endpoint.use_dualstack_endpoint}
    timeout = sdk_client.CONNECT_TIMEOUT, sdk_client.READ_TIMEOUT
    keys = None
    if credentials is not None:
        keys = _Keys(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
    connection = sdk_client.client(_VERSION, endpoint, rules, timeout)
    if operation == GET_SCOPED_CREDENTIALS:
        from assume_helper.sts import scoped_model

        connection = replace(connection, model=sdk_client.service_model(_VERSION, scoped_model.completed))
    return Client(keys, connection)
