"""The backup: a copy, or the changed lines alone where the file holds a key or a token."""

import pytest
from running import SECRET

from assume_helper.configure import backup

ROLE = "arn:aws:iam::123456789012:role/a-Role-With-Digits-123456789012345678901234567890"
PLAIN = f"""# the user that I log in as
[profile dev]
role_arn = {ROLE}
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/Someone.With-A-Long-Name-0123456789
external_id = 0123456789abcdef0123456789abcdef01234567
web_identity_token_file = /var/run/Secure1/token
sso_start_url = https://d-0123456789.awsapps.com/start
credential_process = /Users/Me/Library/Python3/bin/my-helper get dev
aws_access_key_id = AKIACANARY0123456789
"""


def test_a_file_without_secrets_is_copied() -> None:
    assert not backup.holds_secret(PLAIN)
    assert backup.content(PLAIN, PLAIN + "x = y\n", "/c") == PLAIN


@pytest.mark.parametrize(
    "line",
    [
        f"aws_secret_access_key = {SECRET}",
        f"AWS_SECRET_ACCESS_KEY={SECRET}",
        "aws_secret_access_key = short",
        "aws_secret_access_key =\n  short",
        "aws_session_token = short",
        "aws_security_token = short",
        f"# aws_secret_access_key = {SECRET}",
        f"; old key: {SECRET}",
        f"# {SECRET}",
        f"#{SECRET}",
        f"  {SECRET}",
        f"credential_process = /bin/other --key {SECRET}",
        "credential_process = /bin/other --password hunter2",
        "mfa_process = curl -H 'x-api-key: hunter2' https://x",
        "# token: " + "aB3+" * 40,
        f"key='{SECRET}'",
        "assume_helper_aws_secret_access_key = short",
    ],
)
def test_a_file_with_a_key_or_a_token_is_not_copied(line: str) -> None:
    text = f"{PLAIN}{line}\n"
    assert backup.holds_secret(text)
    found = backup.content(text, text.replace("source_profile = base", "assume_helper_source_profile = base"), "/c")
    assert "-source_profile = base\n+assume_helper_source_profile = base\n" in found
    assert "The file holds a key or a token, so there is no copy of it.\n" in found
    assert line.strip() not in found
    assert "[profile dev]" not in found


def test_a_changed_line_with_a_secret_is_covered() -> None:
    text = f"[profile dev]\naws_secret_access_key = {SECRET}\ncredential_process = /x --token {SECRET}\n"
    found = backup.content(text, "[profile dev]\n", "/c")
    assert "-aws_secret_access_key = [...]\n" in found
    assert SECRET not in found
