"""The cache's files as both fast paths read them: what is not ours alone, not whole or not of now is no hit."""

import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from native_front import Scene

from assume_helper import hit

NOBODY = 65534
NOW = 1_700_000_000_123_456_789


def the_hit(scene: Scene) -> Path:
    (path,) = scene.home.cache.glob("*.hit")
    return path


def the_entry(scene: Scene) -> Path:
    (path,) = scene.home.entries()
    return path


def resealed(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(hit.seal(change(hit.unseal(path.read_bytes()))))


def with_line(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        line, newline, payload = path.read_bytes().partition(b"\n")
        path.write_bytes(change(line) + newline + payload)

    return damage


def flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def linked(path: Path) -> None:
    path.rename(path.with_suffix(".away"))
    path.symlink_to(path.with_suffix(".away"))


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir(0o700)


def too_large(path: Path) -> None:
    resealed(path, lambda payload: payload + b" " * (hit.LARGEST_FILE + 1 - len(hit.seal(payload))))
    assert path.stat().st_size == hit.LARGEST_FILE + 1


def endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "another owner": lambda path: os.chown(path, NOBODY, NOBODY),
    "open to the group": lambda path: path.chmod(0o640),
    "open to all": lambda path: path.chmod(0o604),
    "executable for others": lambda path: path.chmod(0o601),
    "a link": linked,
    "a link to an endless file": endless,
    "a pipe that nobody writes to": fifo,
    "a directory": folder,
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "too large": too_large,
    "a byte has changed": lambda path: path.write_bytes(flipped(path.read_bytes(), -40)),
    "a byte of the seal has changed": lambda path: path.write_bytes(flipped(path.read_bytes(), 20)),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "nothing but the first line": lambda path: path.write_bytes(path.read_bytes().partition(b"\n")[0]),
    "a newer format": with_line(lambda line: line.replace(b" 1 ", b" 2 ")),
    "an older format": with_line(lambda line: line.replace(b" 1 ", b" 0 ")),
    "a format of many digits": with_line(lambda line: line.replace(b" 1 ", b" 0000000001 ")),
    "no format": with_line(lambda line: line.replace(b" 1 ", b" x ")),
    "of another program": with_line(lambda line: b"x" + line[1:]),
    "a seal in upper case": with_line(bytes.upper),
    "a longer seal": with_line(lambda line: line + b"0"),
}
PRIVATE: dict[str, Callable[[Path], object]] = {
    "as it was": lambda _path: None,
    "only to be read": lambda path: path.chmod(0o400),
    "executable for its owner": lambda path: path.chmod(0o700),
    "of another group": lambda path: os.chown(path, -1, NOBODY),
    "with a second name": lambda path: os.link(path, path.with_suffix(".second")),
    "written anew": lambda path: path.write_bytes(path.read_bytes()),
}
FILES = {"hit": the_hit, "entry": the_entry}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_cannot_be_believed_is_no_hit(warm: Scene, file: str, damage: str) -> None:
    DAMAGES[damage](FILES[file](warm))
    seen = warm.quick("get", "dev", is_answered=False)
    assert seen.stdout == seen.stderr == b""


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("change", PRIVATE)
def test_a_file_that_is_ours_alone_is_a_hit(warm: Scene, file: str, change: str) -> None:
    PRIVATE[change](FILES[file](warm))
    seen = warm.quick("get", "dev", is_answered=True)
    assert json.loads(seen.stdout)["Version"] == 1


def test_a_file_of_the_largest_size_is_a_hit(warm: Scene) -> None:
    path = the_entry(warm)
    resealed(path, lambda payload: payload + b" " * (hit.LARGEST_FILE - len(hit.seal(payload))))
    assert path.stat().st_size == hit.LARGEST_FILE
    warm.quick("get", "dev", is_answered=True)


@pytest.mark.parametrize("damage", ["another owner", "a byte has changed", "a newer format", "missing", "a link"])
@pytest.mark.parametrize("file", FILES)
def test_the_whole_program_gets_over_a_damaged_file_in_both_forms(warm: Scene, file: str, damage: str) -> None:
    DAMAGES[damage](FILES[file](warm))
    seen = warm.both("get", "dev", is_answered=False)
    assert (seen.code, seen.stderr) == (0, b"") or "not used" in seen.said or "newer version" in seen.said
    assert json.loads(seen.stdout)["Version"] == 1


@pytest.mark.parametrize("year", [1901, 1969, 2262, 2263, 2400, 9999])
def test_a_config_of_any_year_is_a_hit(cold: Scene, year: int) -> None:
    """From 2262 on its time in nanoseconds is more than a number of 64 bits."""
    at = int(datetime(year, 7, 1, tzinfo=UTC).timestamp())
    os.utime(cold.home.config, ns=(0, at * 1_000_000_000 + 5))
    if cold.home.config.stat().st_mtime_ns != at * 1_000_000_000 + 5:
        at = cold.home.config.stat().st_mtime_ns // 1_000_000_000  # the file system knows no later time
    cold.fill("get", "dev")
    cold.quick("get", "dev", is_answered=True)


# The folder.


def moved_and_linked(path: Path) -> None:
    path.rename(path.with_name("away"))
    path.symlink_to("away")


def a_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_bytes(b"")


FOLDERS: dict[str, Callable[[Path], object]] = {
    "a link": moved_and_linked,
    "open to the group": lambda path: path.chmod(0o750),
    "open to all": lambda path: path.chmod(0o701),
    "of another owner": lambda path: os.chown(path, NOBODY, -1),
    "a file": a_file,
}


@pytest.mark.parametrize("change", FOLDERS)
def test_a_folder_that_is_not_ours_alone_has_no_hit(warm: Scene, change: str) -> None:
    FOLDERS[change](warm.home.cache)
    warm.quick("get", "dev", is_answered=False)


def test_a_folder_through_a_link_above_it_is_ours(warm: Scene) -> None:
    moved_and_linked(warm.home.folder / ".cache")
    assert warm.run(warm.alone, "get", "dev").stdout == warm.run(warm.python, "get", "dev").stdout != b""


def test_without_a_folder_it_is_made_in_both_forms(cold: Scene) -> None:
    seen = cold.quick("get", "dev", is_answered=False)
    (door,) = seen.files
    assert door.endswith(".door")
    assert (cold.home.folder / ".cache").exists() is False, "brought back to what it was"


def test_a_folder_in_a_folder_is_made_for_its_owner_alone(cold: Scene) -> None:
    cold.home.environ["ASSUME_HELPER_CACHE_DIR"] = str(cold.home.folder / ".cache" / "a" / "b")
    seen = cold.run(cold.alone, "get", "dev")
    assert seen.code == 77
    for name in ("a", "a/b"):
        assert (cold.home.folder / ".cache" / name).stat().st_mode & 0o777 == 0o700


# The times of an entry, in place of a clock that is moved.


def with_times(scene: Scene, times: bytes) -> None:
    def change(payload: bytes) -> bytes:
        return times + b"\n" + payload.partition(b"\n")[2]

    resealed(the_entry(scene), change)


TIMES = {
    "fresh": ("{past} {future} {future}", True),
    "not yet": ("{future} {future} {future}", False),
    "over": ("{past} {past} {future}", False),
    "of the year 1": ("-62000000000 {future} {future}", True),
    "for ever": ("0 99999999999999999 99999999999999999", True),
    "a second in the past": ("{past} {now} {future}", False),
}
# What no version writes: the front leaves it to Python, which finds no hit in most of it either.
ODD_TIMES = [
    b"",
    b"1",
    b"1 2",
    b"1 2 3 4",
    b"a b c",
    b"1  99999999999 99999999999",
    b"1 99999999999 99999999999 ",
    b" 1 99999999999 99999999999",
    b"+1 99999999999 99999999999",
    b"0x1 99999999999 99999999999",
    b"1.0 99999999999 99999999999",
    b"1 99999999999999999999999 9999999999999999999999999",
    b"- 99999999999 99999999999",
    b"1 --99999999999 99999999999",
    b"1\t99999999999 99999999999",
    b"1\x0099999999999 99999999999",
    b"1 1e12 1e12",
    b"1_0 99999999999 99999999999",
]


@pytest.mark.parametrize("times", TIMES)
def test_an_entry_is_a_hit_within_its_times(warm: Scene, times: str) -> None:
    text, is_answered = TIMES[times]
    now = int(time.time())
    with_times(warm, text.format(past=now - 5000, now=now, future=now + 5000).encode())
    warm.quick("get", "dev", is_answered=is_answered)


@pytest.mark.parametrize("times", ODD_TIMES)
def test_an_entry_with_odd_times_is_never_an_answer_of_the_front_alone(warm: Scene, times: bytes) -> None:
    with_times(warm, times)
    warm.quick("get", "dev")


ODD_ENTRIES: dict[str, Callable[[bytes, bytes, bytes], bytes]] = {
    "a NUL in the document": lambda times, document, rest: times + document[:9] + b"\0" + document[9:] + rest,
    "no document": lambda times, _document, _rest: times[:-1],
    "no end of the document's line": lambda times, document, _rest: times + document[:-1],
    "no variables": lambda times, document, _rest: times + document,
    "variables without an end": lambda times, document, _rest: times + document + b"A=b\n",
    "a variable without a value": lambda times, document, rest: times + document + b"AWS\n" + rest,
    "a NUL in a variable": lambda times, document, rest: times + document + b"AWS=a\0b\n" + rest,
}


@pytest.mark.parametrize("change", ODD_ENTRIES)
@pytest.mark.parametrize(
    "arguments", [["get", "dev"], ["exec", "dev", "--", "/bin/true"], ["env", "dev", "--shell=sh"]]
)
def test_an_entry_of_another_form_is_refused_by_the_front(warm: Scene, change: str, arguments: list[str]) -> None:
    def changed(payload: bytes) -> bytes:
        times, document, rest = payload.split(b"\n", 2)
        return ODD_ENTRIES[change](times + b"\n", document + b"\n", rest)

    resealed(the_entry(warm), changed)
    assert warm.run(warm.alone, *arguments).code == 77


# What the `.hit` file says.


def fields_changed(scene: Scene, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path = the_hit(scene)
    content = hit.unseal(path.read_bytes())
    stamp_size = int(content.rpartition(b"\0")[2])
    stamp, fields = content[: stamp_size + 1], content[stamp_size + 1 :].split(b"\0")
    path.write_bytes(hit.seal(stamp + b"\0".join(change(fields))))


ODD_FIELDS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "no field at all": lambda _fields: [],
    "a key that is a path": lambda fields: [b"../" + fields[0][3:], *fields[1:]],
    "a key in upper case": lambda fields: [fields[0].upper(), *fields[1:]],
    "a key that is too long": lambda fields: [fields[0] + b"0", *fields[1:]],
    "no key": lambda fields: [b"", *fields[1:]],
    "another key": lambda fields: [fields[0][::-1], *fields[1:]],
    "too few": lambda fields: fields[:4],
    "half a condition": lambda fields: [*fields[:-1], b"host", fields[-1]],
    "a condition that is not known": lambda fields: [*fields[:-1], b"moon", b"full", fields[-1]],
    "a condition that does not hold": lambda fields: [*fields[:-1], b"env NOBODY_SETS_IT", b"=x", fields[-1]],
    "only Python can tell": lambda fields: [*fields[:-1], b"full way", b"x", fields[-1]],
    "another folder, a relative one": lambda fields: [fields[0], b".cache/assume-helper", *fields[2:]],
    "another folder that is not there": lambda fields: [fields[0], b"/nonexistent", *fields[2:]],
}


@pytest.mark.parametrize("change", ODD_FIELDS)
def test_a_pointer_of_another_form_is_no_hit(warm: Scene, change: str) -> None:
    fields_changed(warm, ODD_FIELDS[change])
    assert warm.quick("get", "dev").code == 77


def test_an_entry_in_another_folder_is_a_hit(warm: Scene) -> None:
    elsewhere = warm.home.folder / "elsewhere"
    elsewhere.mkdir(0o700)
    the_entry(warm).rename(elsewhere / the_entry(warm).name)
    fields_changed(warm, lambda fields: [fields[0], bytes(elsewhere), *fields[2:]])
    warm.quick("get", "dev", is_answered=True)
    elsewhere.chmod(0o755)
    warm.quick("get", "dev", is_answered=False)
