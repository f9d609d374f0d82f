"""Text for people: printable, on one line, and without secrets."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assume_helper import text
from assume_helper.text import printable, redacted, typed

SECRET = "DummySecretAccessKey0123456789+/abcdefgh"
CONTROLS = [chr(c) for c in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), 0xD800, 0xDFFF)]
# What the Unicode Character Database calls Bidi_Control.
CONTROLS += [chr(c) for c in (0x061C, 0x200E, 0x200F, *range(0x2066, 0x206A))]


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
def test_a_control_character_is_shown_as_an_escape(control: str) -> None:
    text = printable(f"a{control}b")
    assert text == "a" + control.encode("unicode_escape", "surrogatepass").decode() + "b"
    assert control not in text


@pytest.mark.parametrize("text", ["", "dev", "Grüße an alle", "/home/a b/.aws/config", "プロファイル", "a\\nb"])
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert printable(text) == text


@given(st.text(st.characters(), max_size=600), st.integers(3, 500))
def test_what_is_shown_is_one_line_without_controls_and_no_longer_than_asked(text: str, longest: int) -> None:
    line = printable(text, longest)
    assert len(line) <= longest
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in line)
    line.encode("utf-8")


def test_what_is_cut_says_so() -> None:
    assert printable("x" * 400) == "x" * 400
    assert printable("x" * 401) == "x" * 397 + "..."
    assert printable("abcdefgh", 6) == "abc..."


def test_the_words_of_another_are_repeated_in_one_line() -> None:
    assert redacted("Error:\n\tthe token\r\n has expired \n") == "Error: the token has expired"


@pytest.mark.parametrize("context", ["{}", "key={}", "'{}'", '{{"SecretAccessKey":"{}"}}', "(x:{})", "a\n{}\nb"])
def test_a_long_word_of_mixed_characters_is_not_repeated(context: str) -> None:
    said = redacted(context.format(SECRET))
    assert SECRET not in said
    assert SECRET[:20] not in said
    assert "[...]" in said


WRITTEN_OTHERWISE = {
    "in a URL": SECRET.replace("+", "%2B").replace("/", "%2F"),
    "in JSON by PHP": SECRET.replace("/", "\\/"),
    "in JSON by .NET": SECRET.replace("+", "\\u002B"),
    "in XML": SECRET.replace("+", "&#43;").replace("/", "&#x2F;"),
}


@pytest.mark.parametrize("written", WRITTEN_OTHERWISE.values(), ids=WRITTEN_OTHERWISE)
def test_a_secret_is_not_repeated_however_it_is_written(written: str) -> None:
    """The longest run of plain characters in it is shorter than a secret."""
    said = redacted(f"X-Amz-Signature: {written} was not expected")
    assert said == "X-Amz-Signature: [...] was not expected"


SECRETS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", min_size=40, max_size=200).filter(
    lambda s: any(c.isupper() for c in s) and any(c.islower() for c in s) and any(c.isdigit() for c in s)
)


@given(st.text(st.characters(), max_size=300), SECRETS, st.text(st.characters(), max_size=300))
def test_no_secret_is_repeated_whatever_stands_around_it(before: str, secret: str, after: str) -> None:
    said = redacted(before + secret + after)
    assert secret not in said
    assert secret[:20] not in said
    assert not text.has_control_character(said)


def test_a_session_token_of_many_lines_is_not_repeated() -> None:
    token = (SECRET * 2 + "\n") * 5
    assert redacted("token: " + token) == "token: " + " ".join(["[...]"] * 5)


@pytest.mark.parametrize(
    "text",
    [
        "/home/someone/projects/company/team/.aws/config was not there",
        "arn:aws:iam::123456789012:role/a-role-of-a-rather-long-name",
        "=" * 60,
        "AccessDenied: User is not authorized to perform: sts:AssumeRole",
    ],
)
def test_long_words_that_are_no_secrets_are_repeated(text: str) -> None:
    assert redacted(text) == text


def test_what_is_repeated_of_another_has_no_controls_and_is_cut() -> None:
    assert redacted("\x1b[31mred\x1b[0m \u202etxt") == "\\x1b[31mred\\x1b[0m \\u202etxt"
    assert len(redacted("word " * 1000)) == 400


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("dev", "dev"),
        (r"a\b-c.d/e", r"a\b-c.d/e"),
        ("a b", '"a b"'),
        ("it's", '"it\'s"'),
        ("r&d", '"r&d"'),
        ("@x", '"@x"'),
        ("", '""'),
        ("$(calc)", "'$(calc)'"),
        ("a'`b", "'a''`b'"),
        ("\u201d;calc;\u2019", "'\u201d;calc;\u2019\u2019'"),
    ],
)
def test_a_word_is_typed_on_windows_so_that_its_shells_read_it(word: str, shown: str) -> None:
    assert typed(word, "win32") == shown


def test_a_word_is_typed_elsewhere_as_sh_reads_it() -> None:
    assert typed("a b", "linux") == typed("a b", "darwin") == "'a b'"
