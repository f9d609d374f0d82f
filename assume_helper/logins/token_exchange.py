"""A login's cached token exchanged for credentials, by botocore's provider: what all kinds of logins share."""

import os
from collections.abc import Callable
from typing import Any

import botocore.exceptions as aws

from assume_helper.credentials import Credentials, can_be_sent
from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    SourceError,
    SourceExpired,
    SourceRefused,
    STSNotReached,
)
from assume_helper.profiles.role import Login
from assume_helper.system import sdk_provider
from assume_helper.system.deadline import within
from assume_helper.text import printable


def credentials(
    login: Login,
    seconds: float,
    refusal: Callable[[Login, int, str], AssumeHelperError],
    problem: Callable[[Login, Exception], AssumeHelperError | None],
) -> Credentials:
    """The credentials that the cached token of `login` gives within `seconds`.

    `refusal` is the error for an HTTP status and an error code of the login's service, `problem` the one for an
    exception of botocore's, None where the login has expired. Raises these, SourceError, SourceExpired, STSNotReached.
    """

    def load() -> Any:
        # botocore knows neither the prefix nor include_profile: `settings` are the keys that it does not find.
        return sdk_provider.load(
            login.method,
            login.config_path,
            login.credentials_path,
            login.profile,
            dict(login.settings),
            login.ca_bundle,
        )

    if login.ca_bundle is not None and not os.path.exists(login.ca_bundle):
        raise ConfigurationError(
            f"the CA bundle {printable(login.ca_bundle)} is not there",
            "correct AWS_CA_BUNDLE, ca_bundle or REQUESTS_CA_BUNDLE",
        )
    try:
        found = within(seconds, load)
    except aws.SSLError:
        trusted = f" with {printable(login.ca_bundle)}" if login.ca_bundle else ""
        raise STSNotReached(
            f"the certificate of the login service of profile {printable(login.profile, 64)} could not be "
            f"verified{trusted}",
            "set AWS_CA_BUNDLE (or ca_bundle) to a file with your network's certificates",
        ) from None
    except (TimeoutError, aws.ConnectionError, aws.HTTPClientError):
        raise _not_reached(login) from None
    except aws.ClientError as error:
        raise _answered(login, error, refusal) from None
    except (aws.BotoCoreError, RuntimeError, LookupError, TypeError, ValueError, AttributeError, OSError,
            ArithmeticError) as error:  # fmt: skip
        # no token, an expired or unreadable one, or an answer that is not from the login's service
        raise problem(login, error) or expired(login) from None
    if found is None:
        raise expired(login)
    if not all(can_be_sent(value) for value in (found.access_key, found.secret_key, found.token or "none")):
        raise SourceError(f"{name(login)} gave an access key that cannot be used", f"run: {login.command}")
    return Credentials(found.access_key, found.secret_key, found.token or None)


def name(login: Login) -> str:
    """The login, as messages name it."""
    return f"the login of profile {printable(login.profile, 64)}"


def expired(login: Login) -> SourceExpired:
    """The error for a login whose token has expired, or is not there."""
    return SourceExpired(f"{name(login)} has expired, or was never made", f"run: {login.command}")


def refused(login: Login) -> SourceRefused:
    """The error for a login that its service does not accept any more: it was revoked, or logged out."""
    return SourceRefused(f"{name(login)} has expired, or was revoked", f"run: {login.command}")


def _not_reached(login: Login) -> STSNotReached:
    return STSNotReached(
        f"the login service of profile {printable(login.profile, 64)} could not be reached",
        "check the network and the proxy, then try again",
    )


def _answered(
    login: Login, error: aws.ClientError, refusal: Callable[[Login, int, str], AssumeHelperError]
) -> AssumeHelperError:
    response: Any = error.response
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = printable(str(response.get("Error", {}).get("Code", "")), 80)
    message = str(response.get("Error", {}).get("Message", ""))
    # The portal does not always name its error. A page, or a code that is no name, is a proxy's or a captive portal's.
    is_said = code[:1].isalpha() or (bool(message) and "<" not in message)
    is_theirs = status < 500 and status not in {407, 429} and is_said
    return refusal(login, status, code) if is_theirs else _not_reached(login)
