"""Console logins: a login that was revoked, one that may not be renewed, and botocore without its extra."""

from collections.abc import Callable

import botocore.exceptions as aws
import pytest

from assume_helper.errors import SettingFault, SourceError, SourceExpired, SourceRefused
from assume_helper.logins import console_login
from assume_helper.profiles.role import Login

LOGIN = Login("me", "login", (), "/c", "/k")


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_login_that_was_revoked_is_to_be_made_again(providing: Callable[[object], object], status: int) -> None:
    response = {"Error": {"Code": "INVALID_REQUEST"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    providing(aws.ClientError(response, "CreateOAuth2Token"))  # type: ignore[arg-type]
    with pytest.raises(SourceRefused, match="run: aws login --profile me"):
        console_login.credentials(LOGIN, 5)


def test_a_login_that_has_expired_is_no_refusal(providing: Callable[[object], object]) -> None:
    response = {"Error": {"Code": "TOKEN_EXPIRED"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    providing(aws.ClientError(response, "CreateOAuth2Token"))  # type: ignore[arg-type]
    with pytest.raises(SourceExpired, match="run: aws login --profile me"):
        console_login.credentials(LOGIN, 5)


def test_a_login_that_may_not_be_renewed_is_told_which_right_is_missing(providing: Callable[[object], object]) -> None:
    providing(aws.LoginInsufficientPermissions())
    with pytest.raises(SourceError, match="may not be renewed; allow signin:CreateOAuth2Token") as caught:
        console_login.credentials(LOGIN, 5)
    assert type(caught.value) is SourceError


def test_botocore_without_its_crt_extra_is_told_how_to_install_it(providing: Callable[[object], object]) -> None:
    providing(aws.MissingDependencyException(msg="crt"))
    with pytest.raises(SettingFault, match="needs botocore's crt extra; install it beside assume-helper"):
        console_login.credentials(LOGIN, 5)
