"""The cache's directory: who can use it, and what was left behind in it."""

import os
import sys
import time
from pathlib import Path

import pytest
from doctor_checks import one, statuses
from needs import gives_away
from opened import open_to_others
from running import SECRET, no_warning, umask

from assume_helper import hit
from assume_helper.cache import directory
from assume_helper.doctor import cache_directory, closing
from assume_helper.doctor.check import Check
from assume_helper.system import home


@pytest.fixture
def store(tmp_path: Path) -> directory.Cache:
    return directory.open_cache({"ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache")}, no_warning)


def cache(folder: Path, *, now: float | None = None) -> list[Check]:
    given = {"ASSUME_HELPER_CACHE_DIR": str(folder / "cache")}
    return cache_directory.examine(given, time.time() if now is None else now)


def test_a_cache_that_only_we_can_use_is_ok(tmp_path: Path, store: directory.Cache) -> None:
    directory.write(store, "0" * 64 + ".entry", b"x", durable=False)
    (tmp_path / "cache" / "somebody's own").write_text("x")
    (tmp_path / "cache" / ("0" * 64 + ".lock")).write_text("")
    assert statuses(cache(tmp_path)) == ["ok", "ok"]


def test_a_cache_that_does_not_exist_is_not_created(tmp_path: Path) -> None:
    one(cache(tmp_path), "ok", "does not exist yet")
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "cache").symlink_to(tmp_path / "nowhere")
    one(cache(tmp_path), "fail", "is not a plain directory")
    (tmp_path / "file").write_text("")
    given = {"ASSUME_HELPER_CACHE_DIR": str(tmp_path / "file" / "cache")}
    one(cache_directory.examine(given, 0), "warn", "cannot be created")


def test_a_cache_that_is_open_to_others_is_a_failure(tmp_path: Path, store: directory.Cache) -> None:
    assert store.directory is not None
    open_to_others(store.directory, 0o755)
    mend = one(cache(tmp_path), "fail", "open to other users").mend
    if sys.platform == "win32":
        assert mend.startswith(f'icacls "{tmp_path}\\cache" /inheritance:r /remove:g *S-1-1-0 ')
    else:
        assert mend == f"chmod 700 {tmp_path}/cache"


@gives_away
def test_a_cache_of_another_user_is_a_failure(tmp_path: Path, store: directory.Cache) -> None:
    assert store.directory is not None
    os.chown(store.directory, 12345, 12345)
    one(cache(tmp_path), "fail", "belongs to another user")


@gives_away
@pytest.mark.parametrize("name", [".cache", ".cache/assume-helper"])
def test_a_cache_that_another_user_owns_in_our_home_is_a_failure_with_its_mend(tmp_path: Path, name: str) -> None:
    (tmp_path / ".cache" / "assume-helper").mkdir(parents=True, mode=0o700)
    for path in (tmp_path / name, tmp_path / ".cache" / "assume-helper"):
        os.chown(path, 54321, 54321)
    found = cache_directory.examine({"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / ".cache")}, 0)
    check = one(found, "fail", f"{tmp_path}/{name} belongs to 54321: the cache is not used")
    assert check.mend == f"sudo chown -R root {tmp_path}/{name}"


def removal(path: Path) -> str:
    return f'del "{path}"' if sys.platform == "win32" else f"rm -rf -- {path}"


@pytest.mark.parametrize(
    ("given", "status"), [({"ASSUME_HELPER_CACHE_DIR": "relative"}, "fail"), ({"HOME": "relative"}, "warn")]
)
def test_no_place_for_a_cache_is_reported(given: dict[str, str], status: str) -> None:
    one(cache_directory.examine(given, 0), status, "no cache")


def test_an_old_temporary_file_is_reported(tmp_path: Path, store: directory.Cache) -> None:
    left = tmp_path / "cache" / ("tmp-1-" + "0" * 16)
    left.write_text("x")
    assert statuses(cache(tmp_path)) == ["ok", "ok"]
    check = one(cache(tmp_path, now=time.time() + 3700), "warn", "1 file is", "was killed")
    assert check.mend == removal(left)
    assert left.exists()


def test_an_incomplete_entry_is_reported(tmp_path: Path, store: directory.Cache) -> None:
    with umask(0o077):
        for number in range(6):
            (tmp_path / "cache" / (f"{number}" * 64 + ".entry")).write_text(SECRET)
    one(cache(tmp_path), "warn", "6 files are", "incomplete", ", and so on")


def test_an_entry_of_a_newer_version_is_fine(tmp_path: Path, store: directory.Cache) -> None:
    with umask(0o077):
        (tmp_path / "cache" / ("0" * 64 + ".entry")).write_bytes(b"assume-helper %d x\n" % (hit.FORMAT + 1))
    assert statuses(cache(tmp_path)) == ["ok", "ok"]


@pytest.mark.parametrize("kind", ["link", "loose", "folder"])
def test_an_entry_that_others_can_use_is_a_failure(tmp_path: Path, store: directory.Cache, kind: str) -> None:
    path = tmp_path / "cache" / ("0" * 64 + ".entry")
    if kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "loose":
        path.write_text("x")
        open_to_others(path, 0o644)
    else:
        path.mkdir()
    assert one(cache(tmp_path), "fail", "not used").mend == removal(path)


@pytest.mark.parametrize(("moved", "said"), [("", "nothing is cached"), ("{}/mine", "the cache is in yours")])
def test_a_home_of_another_user_is_told_with_where_the_cache_is(
    moved: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.open_directory(str(tmp_path / "mine"), no_warning)
    monkeypatch.setattr(home, "moved_cache", lambda _environ: moved.format(tmp_path))
    found = cache_directory.examine({"HOME": "/theirs"}, time.time())
    assert f"HOME belongs to another user and is left alone{',' if not moved else ':'}" in found[0].what
    assert said in found[0].what
    assert statuses(found) == (["warn", "ok", "ok"] if moved else ["warn"])


def test_a_file_that_has_gone_meanwhile_is_no_left_over_and_one_that_cannot_be_read_is(
    tmp_path: Path, store: directory.Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("0" * 64 + ".entry", "1" * 64 + ".entry"):
        directory.write(store, name, b"x", durable=False)

    def read(path: str) -> bytes:
        if f"{os.sep}000" in path:
            os.unlink(path)
        raise OSError("not readable")

    monkeypatch.setattr(hit, "read_private", read)
    found = cache(tmp_path)
    assert statuses(found) == ["ok", "fail"]
    assert found[1].what.startswith("1 file is in the cache open to others, or not readable")
    assert "/111" in str(found[1]).replace("\\", "/")


def test_a_cache_that_cannot_be_listed_has_no_left_overs(
    tmp_path: Path, store: directory.Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scandir(_path: str) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "scandir", scandir)
    assert store.directory == str(tmp_path / "cache")
    assert statuses(cache(tmp_path)) == ["ok"]


def test_each_system_has_its_own_command_to_close_a_directory() -> None:
    fault = "is open to other users (S-1-1-0)"
    assert closing.command("/a b", "700", fault, "darwin") == "chmod 700 '/a b'"
    assert closing.command("C:\\a b", "700", fault, "win32") == (
        'icacls "C:\\a b" /inheritance:r /remove:g *S-1-1-0 /grant:r "*S-1-3-4:(OI)(CI)F"'
    )
    without_list = "is open to other users (it has no access list)"
    of_a_file = closing.command("C:\\x", "600", without_list, "win32", is_directory=False)
    assert of_a_file == 'icacls "C:\\x" /inheritance:r /grant:r "*S-1-3-4:F"'
    assert cache_directory._removal("C:\\x", ["y"], "win32") in ('del "C:\\x/y"', 'del "C:\\x\\y"')
