"""The journal of a rotation: what is written is read again, and what cannot be is an error, not nothing."""

import sys
from pathlib import Path

import pytest

from assume_helper.errors import SettingFault
from assume_helper.keys import journal
from assume_helper.keys.journal import Rotation

BEGUN = Rotation("AKIAOLD", ("AKIAOLD", "AKIATWO"), 1_700_000_000.5, keeps_old=True, new=None)
MADE = Rotation("AKIAOLD", ("AKIAOLD",), 1_700_000_000.5, keeps_old=False, new="AKIANEW")


def test_what_was_begun_is_read_again_until_it_is_removed(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    found = journal.of(environ, "keyring me")
    assert found.read() is None
    found.write(BEGUN)
    assert journal.of(environ, "keyring me").read() == BEGUN
    assert journal.of(environ, "keyring you").read() is None
    found.write(MADE)
    assert found.read() == MADE
    found.remove()
    assert found.read() is None
    found.remove()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"old": "a", "ids": 1, "noted": 0, "keeps_old": false}'])
def test_one_that_cannot_be_read_is_not_taken_for_none(tmp_path: Path, text: str) -> None:
    environ = {"HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    found = journal.of(environ, "keyring me")
    found.write(BEGUN)
    Path(found.path).write_text(text)
    with pytest.raises(SettingFault, match="cannot be read"):
        found.read()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_one_that_others_may_write_is_not_believed(tmp_path: Path) -> None:
    found = journal.of({"HOME": str(tmp_path)}, "keyring me")
    found.write(BEGUN)
    Path(found.path).chmod(0o666)
    with pytest.raises(SettingFault, match="cannot be read"):
        found.read()


def test_where_it_cannot_be_written_or_removed_its_path_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(SettingFault, match="cannot be written"):
        journal.Journal(str(tmp_path / "keys" / "x.rotation")).write(BEGUN)
    (tmp_path / "x.rotation").mkdir()
    with pytest.raises(SettingFault, match="cannot be removed"):
        journal.Journal(str(tmp_path / "x.rotation")).remove()


def test_without_a_state_directory_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assume_helper.system.home.state_directory", lambda _environ: "state")
    with pytest.raises(SettingFault, match="no state directory"):
        journal.of({}, "keyring me")
