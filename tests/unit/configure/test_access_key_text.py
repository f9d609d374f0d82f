"""The lines of an access key in a file: a next one beside them, in their place, or none; all else to the byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assume_helper.configure.access_key_text import KeyLines
from assume_helper.errors import ConfigurationError
from assume_helper.sources.kept_keys import KeyPair

LINES = KeyLines("me", "aws_access_key_id", "aws_secret_access_key")
NEW = KeyPair("AKIANEW0000000000000", "new/secret+0123456789")
TEXT = (
    "; top\n[me]\nAWS_ACCESS_KEY_ID=AKIAOLD0000000000000  \n\n# why\naws_secret_access_key : old\n\tregion\n"
    "output = json\n[you]\naws_access_key_id = AKIAYOU0000000000000\naws_secret_access_key = yours\n"
)


def test_the_next_key_stands_beside_the_key_and_then_in_its_place() -> None:
    text = TEXT.replace("\tregion\n", "")
    with_next = LINES.with_next(text, NEW)
    assert LINES.read(with_next) == ("AKIAOLD0000000000000", "old")
    assert LINES.read_next(with_next) == (NEW.access_key_id, NEW.secret_access_key)
    assert LINES.without_next(with_next) == text
    done = LINES.promoted(with_next)
    assert done == text.replace("AKIAOLD0000000000000", NEW.access_key_id).replace(
        ": old", f": {NEW.secret_access_key}"
    )
    assert LINES.promoted(done) == done


def test_a_next_key_that_is_there_is_replaced() -> None:
    text = TEXT.replace("\tregion\n", "")
    twice = LINES.with_next(LINES.with_next(text, KeyPair("AKIAX000000000000000", "x")), NEW)
    assert LINES.without_next(twice) == text


def test_without_the_key_only_its_lines_are_gone() -> None:
    text = TEXT.replace("\tregion\n", "")
    gone = text.replace("AWS_ACCESS_KEY_ID=AKIAOLD0000000000000  \n", "").replace("aws_secret_access_key : old\n", "")
    assert LINES.without_key(LINES.with_next(text, NEW)) == gone
    assert LINES.read(gone) is None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("is_ended", [True, False])
def test_the_last_line_has_an_end_only_if_it_had_one(end: str, is_ended: bool) -> None:
    text = f"[me]{end}aws_access_key_id = AKIAOLD{end}aws_secret_access_key = old{end if is_ended else ''}"
    with_next = LINES.with_next(text, NEW)
    assert LINES.read_next(with_next) == (NEW.access_key_id, NEW.secret_access_key)
    assert with_next.endswith("\n") is is_ended
    assert LINES.without_next(with_next) == text
    new = text.replace("AKIAOLD", NEW.access_key_id).replace("= old", f"= {NEW.secret_access_key}")
    assert LINES.promoted(with_next) == new
    assert LINES.without_key(text) == ("[me]" + (end if is_ended else ""))


def test_another_section_or_none_has_no_key() -> None:
    other = KeyLines("nobody", "aws_access_key_id", "aws_secret_access_key")
    assert other.read(TEXT.replace("\tregion\n", "")) is None
    with pytest.raises(ConfigurationError):
        LINES.read("no section\n")


@given(
    st.text(alphabet="ab#; =\n\t", max_size=30),
    st.text(alphabet="ab#; =\n\r", max_size=30),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_stands_around_it_stays(before: str, after: str, end: str) -> None:
    text = f"[me]{end}aws_access_key_id = AKIAOLD{end}aws_secret_access_key = old{end}[x]{end}{after}"
    text = "".join(f"# {line}{end}" for line in before.split("\n")) + text
    try:
        found = LINES.with_next(text, NEW)
    except ConfigurationError:
        return  # what cannot be taken apart is not changed
    assert LINES.without_next(found) == text
    assert LINES.promoted(found) == text.replace("AKIAOLD", NEW.access_key_id).replace(
        "= old", f"= {NEW.secret_access_key}"
    )
