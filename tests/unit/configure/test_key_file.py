"""A key in a file as a place: which file has it, what it cannot be in two, and what is done where others write it."""

import os
import sys
from pathlib import Path

import pytest

from assume_helper.configure import key_file, writer
from assume_helper.configure.key_file import FilePlace
from assume_helper.errors import AssumeHelperError, ChangedMeanwhile, ConfigurationError, SourceError
from assume_helper.profiles import aws_config
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.sources.kept_keys import KeyPair

KEY = "aws_access_key_id = AKIAFILE000000000000\naws_secret_access_key = in-the-file\n"
OLD, NEW = KeyPair("AKIAFILE000000000000", "in-the-file"), KeyPair("AKIANEW0000000000000", "new")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / ".aws").mkdir()
    return {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "AWS_CONFIG_FILE": str(tmp_path / ".aws" / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / ".aws" / "credentials"),
            "ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache")}  # fmt: skip


def place(environ: dict[str, str], config: str = "", credentials: str = "", name: str = "me") -> FilePlace | None:
    Path(environ["AWS_CONFIG_FILE"]).write_text(config)
    Path(environ["AWS_SHARED_CREDENTIALS_FILE"]).write_text(credentials)
    found = aws_config.load(environ)
    return key_file.of_profile(ProfileSettings(merge(found, name)), environ)


@pytest.mark.parametrize(
    ("config", "credentials", "name", "variable", "section"),
    [
        ("", f"[me]\n{KEY}", "me", "AWS_SHARED_CREDENTIALS_FILE", "me"),
        (f"[profile me]\n{KEY}", "", "me", "AWS_CONFIG_FILE", "profile me"),
        (f"[default]\n{KEY}", "", "default", "AWS_CONFIG_FILE", "default"),
        (f'[profile "two words"]\n{KEY}', "", "two words", "AWS_CONFIG_FILE", 'profile "two words"'),
        (f"[profile me]\n{KEY}", f"[me]\n{KEY}", "me", "AWS_SHARED_CREDENTIALS_FILE", "me"),
    ],
)
def test_it_is_in_the_file_that_wins(
    environ: dict[str, str], config: str, credentials: str, name: str, variable: str, section: str
) -> None:
    found = place(environ, config, credentials, name)
    assert found is not None
    assert (found.variable, found.lines.section, found.read()) == (variable, section, OLD)
    found.keep_next(NEW)
    assert (found.read(), found.read_next()) == (OLD, NEW)
    found.promote()
    assert (found.read(), found.read_next()) == (NEW, None)
    found.keep_next(OLD)
    found.drop_next()
    assert (found.read(), found.read_next()) == (NEW, None)


@pytest.mark.parametrize(
    ("config", "credentials", "kind"),
    [
        ("[profile me]\naws_access_key_id = AKIAX\n", "[me]\naws_secret_access_key = x\n", ConfigurationError),
        ("[profile me]\naws_access_key_id = AKIAX\nassume_helper_aws_secret_access_key = x\n", "", ConfigurationError),
        ("", f"[me]\n{KEY}aws_session_token = t\n", SourceError),
    ],
)
def test_a_key_in_two_places_and_temporary_ones_are_left(
    environ: dict[str, str], config: str, credentials: str, kind: type[AssumeHelperError]
) -> None:
    with pytest.raises(kind):
        place(environ, config, credentials)


def test_without_a_key_there_is_no_place(environ: dict[str, str]) -> None:
    assert place(environ, "[profile me]\nregion = x\n") is None


def test_a_key_that_was_replaced_meanwhile_is_not_taken_out(environ: dict[str, str]) -> None:
    found = place(environ, "", f"[me]\n{KEY}")
    assert found is not None
    with pytest.raises(ChangedMeanwhile, match="another access key by now"):
        found.take_out(NEW)
    assert found.read() == OLD
    found.take_out(OLD)
    assert found.read() is None
    assert Path(environ["AWS_SHARED_CREDENTIALS_FILE"]).read_text() == "[me]\n"


def test_a_file_that_changes_each_time_is_given_up(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = place(environ, "", f"[me]\n{KEY}")
    assert found is not None
    tries = []

    def replace(*_given: object) -> None:
        tries.append(1)
        raise ChangedMeanwhile("it was changed", "run it again")

    monkeypatch.setattr(writer, "replace", replace)
    with pytest.raises(ChangedMeanwhile):
        found.keep_next(NEW)
    assert len(tries) == 20


def test_what_is_not_there_after_it_was_written_is_told(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = place(environ, "", f"[me]\n{KEY}")
    assert found is not None
    monkeypatch.setattr(writer, "replace", lambda *_given: None)
    with pytest.raises(SourceError, match="does not hold what was written"):
        found.keep_next(NEW)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets few make links")
def test_the_file_that_a_link_leads_to_is_the_same_place(environ: dict[str, str]) -> None:
    found = place(environ, "", f"[me]\n{KEY}")
    assert found is not None
    before = found.identity
    path = Path(environ["AWS_SHARED_CREDENTIALS_FILE"])
    real = path.with_name("real")
    path.rename(real)
    os.symlink(real, path)
    assert found.identity != before
    found.keep_next(NEW)
    assert path.is_symlink()
    assert found.read_next() == NEW
