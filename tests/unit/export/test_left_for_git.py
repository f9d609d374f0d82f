"""What a program has left for Git: how far it is looked for."""

import os
import sys
from pathlib import Path

import pytest

from assume_helper.export import left_for_git
from assume_helper.export.guarded import Guarded
from assume_helper.export.left_for_git import Seen

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the sandbox is Linux's")


def repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config").write_text("")
    return folder


def warnings(work: Path, before: Seen, most: int = left_for_git.MOST) -> list[str]:
    return left_for_git.warnings(str(work), before, left_for_git.seen(str(work), Guarded(), most))


def test_outer_folders_are_looked_at_first_and_the_end_of_the_search_is_told(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"f{number}" / "below" / "below").mkdir(parents=True)
    before = left_for_git.seen(str(tmp_path), Guarded())
    assert before.is_whole
    repository(tmp_path / "f2" / ".git")
    repository(tmp_path / "f0" / "below" / "below" / ".git")
    both = ", ".join(str(tmp_path / name) for name in ("f0/below/below/.git", "f2/.git"))
    assert warnings(tmp_path, before) == [
        f"made or changed while the program ran: {both}; look at that before you use Git there"
    ]
    first, limit = warnings(tmp_path, before, most=8)
    assert "f2/.git" in first
    assert "f0/below" not in first
    assert "too many files to look for Git repositories" in limit


def test_what_was_there_and_what_is_gone_is_not_told_of(tmp_path: Path) -> None:
    repository(tmp_path / "old" / ".git")
    gone = repository(tmp_path / "gone" / ".git")
    before = left_for_git.seen(str(tmp_path), Guarded())
    (gone / "config").unlink()
    assert warnings(tmp_path, before) == []


def test_a_change_cannot_be_hidden_by_an_old_time(tmp_path: Path) -> None:
    config = repository(tmp_path / "old" / ".git") / "config"
    config.write_text("[a]\n")
    status = config.stat()
    before = left_for_git.seen(str(tmp_path), Guarded())
    config.write_text("[b]\n")
    os.utime(config, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (config.stat().st_size, config.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert str(config) in warnings(tmp_path, before)[0]


@pytest.mark.parametrize("names", [["HEAD", "objects", "refs"], ["HEAD", "commondir"]])
def test_a_bare_repository_is_one_with_its_config_or_with_that_of_another(tmp_path: Path, names: list[str]) -> None:
    before = left_for_git.seen(str(tmp_path), Guarded())
    folder = repository(tmp_path / "bare")
    for name in names:
        assert warnings(tmp_path, before) == []
        (folder / name).write_text("")
    assert f"{folder};" in warnings(tmp_path, before)[0]
