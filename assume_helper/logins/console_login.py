"""The credentials of a login to the AWS console, with the login that `aws login` made."""

import botocore.exceptions as aws

from assume_helper.credentials import Credentials
from assume_helper.errors import AssumeHelperError, SettingFault, SourceError
from assume_helper.logins import token_exchange
from assume_helper.profiles.role import Login


def credentials(login: Login, seconds: float) -> Credentials:
    """The credentials of `login`, within `seconds`.

    Raises SourceExpired, with the command that logs in again, SourceRefused, SourceError, SettingFault,
    STSNotReached.
    """
    return token_exchange.credentials(login, seconds, _refusal, _problem)


def _refusal(login: Login, _status: int, code: str) -> AssumeHelperError:
    # A revoked login is a 400, INVALID_REQUEST.
    return token_exchange.expired(login) if "EXPIRED" in code.upper() else token_exchange.refused(login)


def _problem(login: Login, error: Exception) -> AssumeHelperError | None:
    if isinstance(error, aws.MissingDependencyException):
        return SettingFault(
            f"{token_exchange.name(login)} needs botocore's crt extra",
            'install it beside assume-helper: pip install "botocore[crt]"',
        )
    if isinstance(error, aws.LoginInsufficientPermissions):
        return SourceError(
            f"{token_exchange.name(login)} may not be renewed",
            f"allow signin:CreateOAuth2Token to the user who logs in, then run: {login.command}",
        )
    return None
