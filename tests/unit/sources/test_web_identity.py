"""A web identity token: read from its file, and refused where it cannot be one."""

from pathlib import Path

import pytest
from running import SECRET

from assume_helper.credentials import WebIdentityToken
from assume_helper.errors import SourceError
from assume_helper.profiles.origin import WebIdentity
from assume_helper.sources.web_identity import read_token


def test_a_token_is_read_without_the_line_s_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a.b.c\n")
    assert read_token(WebIdentity(str(tmp_path / "token"))) == WebIdentityToken("a.b.c")


@pytest.mark.parametrize("text", ["", "abc", "a b c d", "abcd\nefgh", "a\x1bbcd", "x" * 20_001])
def test_what_cannot_be_a_token_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "token").write_text(text)
    with pytest.raises(SourceError, match="does not hold a web identity token; have its issuer write it again"):
        read_token(WebIdentity(str(tmp_path / "token")))


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfe")
    with pytest.raises(SourceError, match="cannot be read \\(it is not a token\\)"):
        read_token(WebIdentity(str(tmp_path / "token")))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="token cannot be read \\(No such file or directory\\)"):
        read_token(WebIdentity(str(tmp_path / "token")))


def test_a_token_is_in_no_representation() -> None:
    assert SECRET not in repr(WebIdentityToken(SECRET))
