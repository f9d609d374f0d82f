"""A hit: which document it serves, and what it leaves to the full way."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from damage import enlarged, flipped, halved, made_a_directory, made_a_fifo
from hit_answers import fresh_document
from opened import open_modes, open_to_others
from unit.hit_files import (
    BEGIN,
    DOCUMENT,
    END,
    KEY,
    appended,
    put,
    removed,
    replaced_by_its_like,
    touched,
)
from unit.obstacles import given_away, no_wait

from assume_helper import hit

# answer


@pytest.fixture
def warm(environ: dict[str, str], tmp_path: Path) -> Path:
    """A cache that has the document for the profile dev."""
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    put(cache / f"{KEY}.entry", entry())
    remember(cache, environ, "dev")
    return cache


def entry(times: bytes = b"%d %d %d" % (BEGIN, END, END)) -> bytes:
    return hit.seal(times + b"\n" + DOCUMENT + b'\n\n{"what": "else"}')


def remember(cache: Path, environ: dict[str, str], profile: str, key: str = KEY) -> Path:
    name, stamp = hit.stamp(profile, environ)
    put(cache / name, hit.seal(hit.pack_pointer(stamp, key, {})))
    return cache / name


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("now", [BEGIN, BEGIN + 0.001, END - 1, END - 0.001])
def test_a_document_that_is_fresh_is_the_answer(environ: dict[str, str], now: float) -> None:
    assert fresh_document("dev", environ, now) == (DOCUMENT + b"\n", "")


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("now", [END, END + 1, END * 2])
def test_a_document_whose_time_has_passed_is_not(environ: dict[str, str], now: float) -> None:
    assert fresh_document("dev", environ, now) is None


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("now", [BEGIN - 0.001, BEGIN - 1, 0])
def test_a_document_that_is_not_yet_believed_is_not(environ: dict[str, str], now: float) -> None:
    assert fresh_document("dev", environ, now) is None


@pytest.mark.usefixtures("warm")
def test_another_profile_has_no_answer(environ: dict[str, str]) -> None:
    assert fresh_document("ops", environ, BEGIN) is None


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("change", [appended, touched, replaced_by_its_like, removed])
def test_after_a_change_of_the_config_there_is_no_answer(
    environ: dict[str, str], tmp_path: Path, change: Callable[[Path], None]
) -> None:
    change(tmp_path / ".aws" / "config")
    assert fresh_document("dev", environ, BEGIN) is None


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("callers", ["", "[]", '[["/c", "dev"]]'])
def test_a_process_that_the_helper_started_is_answered_by_the_full_way(environ: dict[str, str], callers: str) -> None:
    assert fresh_document("dev", environ | {hit.CALLERS: callers}, BEGIN) is None


@pytest.mark.usefixtures("warm")
def test_without_an_absolute_cache_there_is_no_answer(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fresh_document("dev", environ | {"ASSUME_HELPER_CACHE_DIR": "cache"}, BEGIN) is None


def test_without_a_cache_there_is_no_answer_and_none_is_made(environ: dict[str, str], tmp_path: Path) -> None:
    assert fresh_document("dev", environ, BEGIN) is None
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("mode", open_modes(0o750, 0o705, 0o720, 0o701))
def test_a_cache_that_is_open_to_others_has_no_answer(environ: dict[str, str], warm: Path, mode: int) -> None:
    open_to_others(warm, mode)
    assert fresh_document("dev", environ, BEGIN) is None


def test_a_cache_that_is_a_link_has_no_answer(environ: dict[str, str], warm: Path) -> None:
    target = warm.rename(warm.with_name("target"))
    warm.symlink_to(target)
    assert fresh_document("dev", environ, BEGIN) is None


def test_a_cache_of_another_user_has_no_answer(
    environ: dict[str, str], warm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_away(warm, monkeypatch)
    assert fresh_document("dev", environ, BEGIN) is None


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def loosened(path: Path) -> None:
    open_to_others(path, 0o640)


def linked(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name("elsewhere")))


def made_newer(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"assume-helper 1 ", b"assume-helper 2 ", 1))


DAMAGE = [removed, flipped, halved, emptied, enlarged, loosened, linked, made_a_directory, made_a_fifo, made_newer]


@pytest.mark.parametrize("kind", ["entry", "hit"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_file_that_cannot_be_trusted_is_no_answer(
    environ: dict[str, str], warm: Path, kind: str, damage: Callable[[Path], None]
) -> None:
    (path,) = warm.glob("*." + kind)
    damage(path)
    with no_wait():
        assert fresh_document("dev", environ, BEGIN) is None


@pytest.mark.parametrize("kind", ["entry", "hit"])
def test_a_file_of_another_user_is_no_answer(
    environ: dict[str, str], warm: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = warm.glob("*." + kind)
    given_away(path, monkeypatch)
    assert fresh_document("dev", environ, BEGIN) is None


def test_what_is_remembered_for_another_name_is_no_answer(environ: dict[str, str], warm: Path) -> None:
    """Two names with one fingerprint, or a file that was copied."""
    (remembered,) = warm.glob("*.hit")
    remembered.rename(warm / hit.stamp("ops", environ)[0])
    assert fresh_document("ops", environ, BEGIN) is None


@pytest.mark.parametrize("more", [b"9\n", b"9", b"\0", b""])
def test_a_longer_stamp_is_not_taken_for_a_shorter_one(environ: dict[str, str], warm: Path, more: bytes) -> None:
    name, stamp = hit.stamp("dev", environ)
    put(warm / name, hit.seal(stamp + more + KEY.encode()))
    assert fresh_document("dev", environ, BEGIN) is None


@pytest.mark.parametrize("key", ["", "../outside", "/outside", f"./{KEY}", f"{KEY}\n", "0" * 64, "\0"])
def test_a_key_that_leads_elsewhere_or_nowhere_is_no_answer(
    environ: dict[str, str], warm: Path, tmp_path: Path, key: str
) -> None:
    put(tmp_path / "outside.entry", entry())
    put(warm / ".entry", entry())
    remember(warm, environ, "dev", key)
    assert fresh_document("dev", environ, BEGIN) is None


@pytest.mark.parametrize(
    "times", [b"", b"0 9999999999", b"soon or later", b"0 9999999999 1 1", b"nan inf inf", b"0 1e12 1"]
)
def test_times_that_are_none_are_no_answer(environ: dict[str, str], warm: Path, times: bytes) -> None:
    put(warm / f"{KEY}.entry", entry(times))
    assert fresh_document("dev", environ, BEGIN) is None


def test_an_entry_of_too_few_lines_is_no_answer(environ: dict[str, str], warm: Path) -> None:
    put(warm / f"{KEY}.entry", hit.seal(b"%d %d\n" % (BEGIN, END) + DOCUMENT))
    assert fresh_document("dev", environ, BEGIN) is None


def test_an_answer_changes_nothing_in_the_cache(environ: dict[str, str], warm: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in warm.iterdir()}
    fresh_document("dev", environ, BEGIN)
    fresh_document("ops", environ, BEGIN)
    assert {path.name: path.stat().st_mtime_ns for path in warm.iterdir()} == before


# the rest of the way


@pytest.mark.parametrize("real", ["getuid", "getgid"])
def test_another_users_or_groups_rights_are_noticed(real: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not hit.is_elevated()
    monkeypatch.setattr(os, real, lambda: 12345)
    assert hit.is_elevated()


OPENED = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from assume_helper import start
said = start.open_missing_descriptors()
null = os.stat(os.devnull).st_rdev
file = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT)
facts = [said, file, [n for n in range(3) if os.fstat(n).st_rdev == null], [os.get_inheritable(n) for n in range(3)]]
os.write(file, json.dumps(facts).encode())
"""


@pytest.mark.parametrize("closed", [[], [0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]], ids=str)
def test_closed_standard_descriptors_are_opened_on_nothing(closed: list[int], tmp_path: Path) -> None:
    """Run by a shell that closes them; what is open is a pipe."""
    closing = " ".join(f"{number}>&-" for number in closed)
    package = str(Path(hit.__file__).parent.parent)
    program = [sys.executable, "-I", "-S", "-c", OPENED, package, str(tmp_path / "facts")]
    command = ["sh", "-c", f'exec "$@" {closing}', "sh", *program]
    ran = subprocess.run(command, input=b"", capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
    stdout_was_closed, next_opened, on_nothing, inheritable = json.loads((tmp_path / "facts").read_bytes())
    assert stdout_was_closed == (1 in closed)
    assert next_opened == 3
    assert on_nothing == closed
    assert inheritable == [True] * 3


def test_all_is_written_through_a_pipe_that_is_read_slowly() -> None:
    data = bytes(range(256)) * 4096
    program = "import sys; from assume_helper import hit; hit.write(1, bytes(range(256)) * 4096)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        read = b"".join(iter(lambda: os.read(child.stdout.fileno(), 1000), b""))  # type: ignore[union-attr]
    assert read == data
    assert child.returncode == 0


def test_a_file_that_takes_only_a_part_is_an_error(tmp_path: Path) -> None:
    program = (
        "import os, resource, sys; from assume_helper import hit\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try: hit.write(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600), b'x' * 300)\n"
        "except OSError as error: os._exit(error.errno)\n"
        "os._exit(0)"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(tmp_path / "file")], check=False)
    assert ran.returncode == errno.EFBIG
    assert (tmp_path / "file").stat().st_size == 100


def test_a_full_disk_and_a_reader_that_has_gone_are_errors() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(OSError, match="No space"):
        hit.write(full, b"data")
    os.close(full)
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        hit.write(writer, b"data")
    os.close(writer)
