"""The two variables that name a profile."""

import pytest

from assume_helper.profiles import profile_variables

FIRST, SECOND = profile_variables.NAMES


@pytest.mark.parametrize(
    ("environ", "named", "differ"),
    [
        ({}, None, None),
        ({FIRST: "a"}, "a", None),
        ({SECOND: "b"}, "b", None),
        ({FIRST: "a", SECOND: "a"}, "a", None),
        ({FIRST: "a", SECOND: "b"}, "a", "AWS_PROFILE is a and AWS_DEFAULT_PROFILE is b: "),
        ({FIRST: "", SECOND: "b"}, "b", None),
        ({FIRST: "a", SECOND: ""}, "a", "AWS_PROFILE is a and AWS_DEFAULT_PROFILE is empty: "),
        ({FIRST: "", SECOND: ""}, None, None),
        ({FIRST: "a", SECOND: "A"}, "a", "AWS_PROFILE is a and AWS_DEFAULT_PROFILE is A: "),
        ({FIRST: "a\x1b[1m", SECOND: "b"}, "a\x1b[1m", "AWS_PROFILE is a\\x1b[1m and "),
    ],
)
def test_the_first_counts_and_a_difference_is_told(
    environ: dict[str, str], named: str | None, differ: str | None
) -> None:
    assert profile_variables.profile(environ) == named
    found = profile_variables.disagreement(environ)
    assert (found is None) == (differ is None)
    if found is not None and differ is not None:
        assert found.what.startswith(differ)
        assert "boto3 and the AWS CLI v1 take the second" in found.what


@pytest.mark.parametrize(
    ("environ", "seen"),
    [
        ({FIRST: "a", SECOND: "b", "X": "y"}, {FIRST: "a", "X": "y"}),
        ({FIRST: "", SECOND: "b"}, {FIRST: "", SECOND: "b"}),  # botocore takes the second here too
        ({SECOND: "b"}, {SECOND: "b"}),
    ],
)
def test_sdk_code_sees_the_one_that_counts(environ: dict[str, str], seen: dict[str, str]) -> None:
    assert profile_variables.as_read_here(environ) == seen
