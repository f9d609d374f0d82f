"""The document: its bytes, as every SDK reads them."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assume_helper.cache.document import credential_document, timestamp
from assume_helper.credentials import Credentials

END = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_the_document_to_the_byte() -> None:
    credentials = Credentials("ASIADUMMY", "dummy/secret+key", "dummy-token==", END)
    assert credential_document(credentials, END, "123456789012") == (
        b'{"Version":1,"AccessKeyId":"ASIADUMMY","SecretAccessKey":"dummy/secret+key","SessionToken":"dummy-token==",'
        b'"Expiration":"2026-03-04T05:06:07Z","AccountId":"123456789012"}'
    )


def test_the_expiration_is_the_one_that_is_handed_in() -> None:
    credentials = Credentials("ASIADUMMY", "dummy", "dummy", END)
    earlier = END - timedelta(seconds=90)
    assert json.loads(credential_document(credentials, earlier, "1"))["Expiration"] == "2026-03-04T05:04:37Z"


def test_an_account_with_leading_zeros_stays_a_string() -> None:
    found = json.loads(credential_document(Credentials("a", "b", "c"), END, "000000000012"))
    assert found["AccountId"] == "000000000012"
    assert found["Version"] == 1
    assert type(found["Version"]) is int


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_the_document_is_one_line_of_ascii_that_json_reads_back(access_key: str, secret: str, token: str) -> None:
    data = credential_document(Credentials(access_key, secret, token), END, "123456789012")
    assert data.isascii()
    assert b"\n" not in data
    found = json.loads(data)
    assert (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]) == (access_key, secret, token)


def test_with_the_longest_token_of_sts_it_is_under_eight_kibibytes() -> None:
    assert len(credential_document(Credentials("A" * 128, "s" * 40, "t" * 4096), END, "123456789012")) < 8192


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))), "2026-01-01T21:34:05Z"),
        (datetime(2025, 12, 31, 23, 0, tzinfo=timezone(timedelta(hours=-8))), "2026-01-01T07:00:00Z"),
    ],
)
def test_a_moment_is_written_in_utc_and_whole_seconds(moment: datetime, text: str) -> None:
    assert timestamp(moment) == text
