"""The credentials of a permission set of IAM Identity Center, with the login that `aws sso login` made."""

import botocore.exceptions as aws

from assume_helper.credentials import Credentials
from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceRefused
from assume_helper.logins import token_exchange
from assume_helper.profiles import likely_meant
from assume_helper.profiles.role import Login
from assume_helper.text import printable


def credentials(login: Login, seconds: float) -> Credentials:
    """The credentials of the permission set of `login`, within `seconds`.

    Raises SourceExpired, with the command that logs in again, SourceRefused, SourceError, ConfigurationError,
    STSNotReached.
    """
    return token_exchange.credentials(login, seconds, _refusal, _problem)


def _refusal(login: Login, status: int, code: str) -> AssumeHelperError:
    if status == 401:
        return token_exchange.refused(login)
    return SourceRefused(
        f"{token_exchange.name(login)} gives no credentials for its account and role ({code})",
        "check sso_account_id and sso_role_name, and that you are assigned to them",
    )


def _problem(login: Login, error: Exception) -> AssumeHelperError | None:
    if isinstance(error, aws.InvalidConfigError):
        said = printable(str(error), 200)
        return ConfigurationError(
            f"the SSO settings of profile {printable(login.profile, 64)} are not complete: {said}",
            next((mend for _, value in login.settings if (mend := likely_meant.without_comment(value))), None)
            or "`aws configure sso` sets them",
        )
    return None
