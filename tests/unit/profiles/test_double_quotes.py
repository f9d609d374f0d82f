"""Values of this helper's own in double quotes."""

from pathlib import Path
from textwrap import dedent

import pytest

from assume_helper.profiles import aws_config
from assume_helper.profiles.double_quotes import quoted, unquoted
from assume_helper.profiles.raw_profile import merge

WITH_SIGNS = ["team=a", "a;b", "a|b&c^d", "a(b)c", "!a~b", "it's", "$a"]


@pytest.mark.parametrize("value", WITH_SIGNS)
def test_what_php_minds_is_quoted_once_and_read_again(value: str) -> None:
    assert quoted(value) == f'"{value}"'
    assert quoted(quoted(value)) == quoted(value)
    assert unquoted(quoted(value)) == value


@pytest.mark.parametrize(
    "value", ["dev", "{user}-{host}", "arn:aws:iam::123456789012:role/a/b", "a,b@c+d.e", '{"a": 1}']
)
def test_plain_values_and_what_quotes_do_not_help_stay(value: str) -> None:
    assert quoted(value) == value


@pytest.mark.parametrize(("value", "read"), [('"', '"'), ('""', ""), ('"a', '"a'), ('"a"b"', 'a"b'), ('""a""', '"a"')])
def test_one_pair_is_taken_away(value: str, read: str) -> None:
    assert unquoted(value) == read


def test_keys_of_ours_may_be_quoted_and_those_of_sdks_and_commands_may_not(tmp_path: Path) -> None:
    text = dedent(
        """
        [profile dev]
        include_profile = "common"
        role_arn = "bare"
        assume_helper_source_profile = "me"
        session_tags = "team=a"
        mfa_process = "/opt/a b/otp"
        assume_helper_mfa_process = "/opt/c d/otp"
        assume_helper_external_id = ""
        [profile common]
        assume_helper_source_identity = "x"
        """
    )
    (tmp_path / "config").write_text(text)
    config = aws_config.load({"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"})
    values = merge(config, "dev").values
    assert values == {
        "include_profile": "common",
        "role_arn": '"bare"',
        "source_profile": "me",
        "session_tags": "team=a",
        "mfa_process": '"/opt/c d/otp"',
        "source_identity": "x",
    }
