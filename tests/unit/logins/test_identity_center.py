"""Identity Center: what its portal says no with, and settings that are not complete."""

from collections.abc import Callable
from dataclasses import replace

import botocore.exceptions as aws
import pytest

from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceRefused, STSNotReached
from assume_helper.logins import identity_center
from assume_helper.profiles.role import Login

LOGIN = Login("me", "sso", (), "/c", "/k")


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, SourceRefused, "the login of profile me has expired, or was revoked"),
        (
            403,
            SourceRefused,
            "gives no credentials for its account and role (ForbiddenException); check sso_account_id",
        ),
        (404, SourceRefused, "gives no credentials for its account and role"),
    ],
)
def test_each_answer_of_the_portal_has_one_meaning(
    providing: Callable[[object], object], status: int, kind: type[AssumeHelperError], words: str
) -> None:
    response = {"Error": {"Code": "ForbiddenException"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    providing(aws.ClientError(response, "GetRoleCredentials"))  # type: ignore[arg-type]
    with pytest.raises(AssumeHelperError) as caught:
        identity_center.credentials(LOGIN, 5)
    assert type(caught.value) is kind
    assert words in str(caught.value)


def test_settings_that_are_not_complete_are_named(providing: Callable[[object], object]) -> None:
    providing(aws.InvalidConfigError(error_msg="missing sso_region"))
    with pytest.raises(ConfigurationError, match="SSO settings of profile me are not complete: missing sso_region"):
        identity_center.credentials(LOGIN, 5)


@pytest.mark.parametrize(("status", "code"), [(403, "403"), (404, ""), (407, "<html>"), (503, "ServiceUnavailable")])
def test_a_page_in_place_of_the_portal_s_answer_is_no_no(
    providing: Callable[[object], object], status: int, code: str
) -> None:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    providing(aws.ClientError(response, "GetRoleCredentials"))  # type: ignore[arg-type]
    with pytest.raises(STSNotReached):
        identity_center.credentials(LOGIN, 5)


def test_a_comment_behind_a_setting_is_named(providing: Callable[[object], object]) -> None:
    providing(aws.InvalidConfigError(error_msg="the session does not exist"))
    login = replace(LOGIN, settings=(("sso_session", "corp # main"), ("sso_region", "us-east-1")))
    with pytest.raises(ConfigurationError, match="put the comment on a line of its own"):
        identity_center.credentials(login, 5)
