"""Sessions of a login, of IAM Identity Center or of the console, by botocore's providers."""

from typing import Any

import botocore.exceptions as aws

from assume_helper.credentials import Credentials, can_be_sent
from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceError, SourceExpired, STSNotReached
from assume_helper.profiles.role import Login
from assume_helper.system import sdk_provider
from assume_helper.system.deadline import within
from assume_helper.text import printable


def credentials(source: Login, seconds: float) -> Credentials:
    """What the login of a profile gives, within `seconds`: its cached token, exchanged.

    Raises SourceExpired, with the command that logs in again, SourceError, ConfigurationError, STSNotReached.
    """

    def load() -> Any:
        # botocore knows neither the prefix nor include_profile: `settings` has what it does not find.
        return sdk_provider.load(
            source.method, source.config_path, source.credentials_path, source.profile, dict(source.settings)
        )

    try:
        found = within(seconds, load)
    except TimeoutError:
        raise _not_reached(source) from None
    except aws.InvalidConfigError as error:
        raise ConfigurationError(
            f"the SSO settings of profile {printable(source.profile, 64)} are not complete: "
            f"{printable(str(error), 200)}",
            "`aws configure sso` sets them",
        ) from None
    except aws.ClientError as error:
        raise _answered(source, error) from None
    except (aws.ConnectionError, aws.HTTPClientError):
        raise _not_reached(source) from None
    except aws.MissingDependencyException:
        raise ConfigurationError(
            f"the login of profile {printable(source.profile, 64)} needs botocore's crt extra",
            'install it beside assume-helper: pip install "botocore[crt]"',
        ) from None
    except aws.LoginInsufficientPermissions:
        raise SourceError(
            f"the login of profile {printable(source.profile, 64)} may not be renewed",
            f"have signin:CreateOAuth2Token allowed to who logs in, then run: {source.command}",
        ) from None
    except (aws.BotoCoreError, RuntimeError, LookupError, TypeError, ValueError, AttributeError, OSError,
            ArithmeticError):  # fmt: skip
        found = None  # no token, one that has run out, one that cannot be read, or an answer that is none
    if found is None:
        raise _expired(source)
    for value in (found.access_key, found.secret_key, found.token or "none"):
        if not can_be_sent(value):
            raise SourceError(
                f"the access key of the login of {printable(source.profile, 64)} is not one", "log in again"
            )
    return Credentials(found.access_key, found.secret_key, found.token or None)


def _answered(source: Login, error: aws.ClientError) -> AssumeHelperError:
    response: Any = error.response
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = printable(str(response.get("Error", {}).get("Code", "")), 80)
    if status >= 500 or status == 429:
        return _not_reached(source)
    if status == 401 or source.method == "login":  # of a login that was revoked: 400 INVALID_REQUEST
        return _expired(source)
    return SourceError(
        f"the login of profile {printable(source.profile, 64)} gives no credentials for its account and role ({code})",
        "check sso_account_id and sso_role_name, and that you are assigned to them",
    )


def _expired(source: Login) -> SourceExpired:
    return SourceExpired(
        f"the login of profile {printable(source.profile, 64)} has run out, or was never made", f"run: {source.command}"
    )


def _not_reached(source: Login) -> STSNotReached:
    return STSNotReached(
        f"the login service of profile {printable(source.profile, 64)} could not be reached",
        "check the network and the proxy, then try again",
    )
