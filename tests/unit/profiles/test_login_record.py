"""Which login a token file holds: its number stays for what we wrote, and is another for what others wrote."""

import json
import sys
from pathlib import Path

import pytest
from opened import open_to_others
from running import windows

from assume_helper import hit
from assume_helper.profiles import login_record, resolution
from assume_helper.profiles.login_record import NOT_LOGGED_IN, Record

TOKENS = b'{"accessToken": "CanaryToken"}'


@pytest.fixture
def token(tmp_path: Path) -> Path:
    """A token file in a folder as the AWS CLI makes it."""
    path = tmp_path / "cache" / "0123.json"
    path.parent.mkdir(mode=0o700)
    path.write_bytes(TOKENS)
    return path


def number(token: Path) -> str:
    """The number of the login that the file holds."""
    found = login_record.read_token_file(str(token))
    return login_record.read_record(str(token)).number_of(found.digest)


def renewed(token: Path, data: bytes) -> None:
    """What a renewal of ours does: the record first, then the file."""
    before = login_record.read_token_file(str(token)).digest
    record = login_record.read_record(str(token)).with_digest(before, login_record.digest(data))
    login_record.write_record(str(token), record)
    login_record.write_beside(str(token), data)


def test_a_renewal_of_ours_keeps_the_number_however_often(token: Path) -> None:
    first = number(token)
    for count in range(20):
        renewed(token, b'{"accessToken": "%d"}' % count)
        assert number(token) == first


def test_the_number_is_the_same_between_the_record_and_the_file(token: Path) -> None:
    first = number(token)
    record = Record().with_digest(login_record.digest(TOKENS), login_record.digest(b"{}"))
    login_record.write_record(str(token), record)
    assert number(token) == first
    token.write_bytes(b"{}")
    assert number(token) == first


def test_a_file_of_another_s_is_another_login_also_after_renewals(token: Path) -> None:
    first = number(token)
    renewed(token, b'{"accessToken": "ours"}')
    token.write_bytes(b'{"accessToken": "theirs"}')
    other = number(token)
    assert other != first
    renewed(token, b'{"accessToken": "ours again"}')
    assert number(token) == other


def test_all_processes_come_to_the_same_number_without_writing(token: Path) -> None:
    assert number(token) == number(token)
    assert [path.name for path in token.parent.iterdir()] == ["0123.json"]


def test_a_revoked_login_has_another_number(token: Path) -> None:
    first = number(token)
    login_record.write_record(str(token), Record(revoked=login_record.digest(TOKENS)))
    assert number(token) == f"revoked {first}"


def test_a_record_is_read_as_it_was_written_and_is_ours_alone(token: Path) -> None:
    record = Record("1", ("a", "b"), "c", "d", "e", 1.5, ("SourceExpired", "what", "next"), "eu-west-1")
    login_record.write_record(str(token), record)
    path = token.parent / "0123.assume-helper"
    assert login_record.read_record(str(token)) == record
    assert sys.platform == "win32" or path.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in token.parent.iterdir()) == ["0123.assume-helper", "0123.json"]


@pytest.mark.parametrize(
    "change",
    [{"number": 1}, {"digests": [1]}, {"digests": 1}, {"failed_at": "soon"}, {"renewal_failure": [1, 2, 3]}],
)
def test_a_record_that_cannot_be_believed_is_none(token: Path, change: dict[str, object]) -> None:
    login_record.write_record(str(token), Record("1", ("a",)))
    path = Path(login_record.beside(str(token), login_record.RECORD))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert login_record.read_record(str(token)) == Record()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b'{"number": "1"}', b"[" * 100_000])
def test_what_is_no_record_is_none(token: Path, data: bytes) -> None:
    login_record.write_record(str(token), Record("1"))
    Path(login_record.beside(str(token), login_record.RECORD)).write_bytes(data)
    assert login_record.read_record(str(token)) == Record()


def test_a_record_that_others_may_write_is_none(token: Path) -> None:
    login_record.write_record(str(token), Record("1"))
    open_to_others(login_record.beside(str(token), login_record.RECORD), 0o666)
    assert login_record.read_record(str(token)) == Record()


def test_a_token_file_that_is_a_link_has_its_record_beside_what_it_links_to(token: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(token)
    assert login_record.beside(str(link), login_record.LOCK) == str(token.parent.resolve() / "0123.assume-helper-lock")


# The token file.


def test_a_half_written_file_is_read_again(token: Path) -> None:
    token.write_bytes(TOKENS[:-3])
    paused: list[float] = []

    def pause(seconds: float) -> None:
        paused.append(seconds)
        token.write_bytes(TOKENS)

    found = login_record.read_token_file(str(token), pause)
    assert (found.tokens, found.digest) == ({"accessToken": "CanaryToken"}, login_record.digest(TOKENS))
    assert len(paused) == 1


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff"])
def test_a_file_that_stays_half_written_has_no_tokens_and_is_told_from_others(token: Path, data: bytes) -> None:
    token.write_bytes(data)
    found = login_record.read_token_file(str(token))
    assert (found.tokens, found.digest, found.problem) == (None, login_record.digest(data), "")


def test_a_file_that_is_not_there_is_not_waited_for(token: Path) -> None:
    token.unlink()
    found = login_record.read_token_file(str(token), lambda _seconds: pytest.fail("waited"))
    assert (found.tokens, found.digest, found.state) == (None, "", hit.ABSENT)


def test_why_a_file_cannot_be_read_is_said(token: Path) -> None:
    token.unlink()
    token.mkdir()
    found = login_record.read_token_file(str(token), lambda _seconds: pytest.fail("waited"))
    assert (found.tokens, found.digest) == (None, "")
    assert found.problem


def test_no_token_is_in_a_representation(token: Path) -> None:
    assert "Canary" not in repr(login_record.read_token_file(str(token)))


# What is in the key and in the stamp.


def test_the_number_is_in_the_key_and_the_state_in_the_stamp(token: Path) -> None:
    before = resolution.of_token(str(token), {}, is_numbered=True)
    assert before.inputs == {"token_file": str(token), "login": number(token)}
    renewed(token, b'{"accessToken": "ours"}')
    after = resolution.of_token(str(token), {}, is_numbered=True)
    assert after.inputs == before.inputs
    assert after.conditions != before.conditions
    token.write_bytes(b'{"accessToken": "theirs"}')
    assert resolution.of_token(str(token), {}, is_numbered=True).inputs != before.inputs


@pytest.mark.parametrize("is_numbered", [True, False])
def test_without_a_file_nobody_is_logged_in(token: Path, *, is_numbered: bool) -> None:
    token.unlink()
    found = resolution.of_token(str(token), {}, is_numbered=is_numbered)
    assert found.inputs["login"] == NOT_LOGGED_IN
    assert found.conditions == {f"file {token}": hit.ABSENT}


def test_a_login_that_names_who_it_is_needs_no_number(token: Path) -> None:
    before = resolution.of_token(str(token), {}, is_numbered=False)
    token.write_bytes(b'{"accessToken": "other"}')
    assert resolution.of_token(str(token), {}, is_numbered=False).inputs == before.inputs


def test_a_home_in_the_path_is_the_environment_s(token: Path) -> None:
    home = token.parent.parent
    found = resolution.of_token("~/cache/0123.json", {"HOME": str(home), **windows(home)}, is_numbered=True)
    assert found.inputs["token_file"] == str(token)
