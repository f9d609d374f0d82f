"""The times in token files, on every system."""

import pytest

from assume_helper.logins import timestamps


@pytest.mark.parametrize("text", ["1969-12-31T23:59:55Z", "1000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_time_long_ago_or_far_away_is_one(text: str) -> None:
    at = timestamps.parse(text)
    assert at is not None
    assert timestamps.utc(at).isoformat() == text.replace("Z", "+00:00")
    assert timestamps.normal(text) == text
