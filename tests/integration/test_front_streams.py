"""Standard streams that are closed, full or not read: both forms say the same, and end the same way."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from native_front import HANDED_ON, Scene
from needs import full_disk

GET = ["get", "dev"]
ENV = ["env", "dev", "--shell", "sh"]
TAB = ["completion", "zsh", "--", "get", ""]
PRINTING = [GET, [*GET, "--read-only"], ENV, ["--version"], ["completion", "bash"], TAB]


@pytest.fixture
def full(warm: Scene) -> Scene:
    warm.fill(*ENV)
    warm.fill(*GET, "--read-only")
    warm.fill(*TAB)
    return warm


@pytest.mark.parametrize("typed", PRINTING, ids=" ".join)
def test_nothing_but_the_front_is_run_where_it_can_print(full: Scene, typed: list[str]) -> None:
    seen = full.both(*typed, is_answered=True)
    assert (seen.code, seen.stderr) == (0, b"")
    assert seen.stdout


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&-", "0<&- 2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
@pytest.mark.parametrize(
    "typed", [GET, ["exec", "dev", "--", "/bin/sh", "-c", "/bin/ls /proc/$$/fd; exit"]], ids=" ".join
)
def test_a_closed_descriptor_is_python_s(full: Scene, closed: str, typed: list[str]) -> None:
    before = ["sh", "-c", f"exec {{}} {closed}"]
    assert full.run(full.alone, *typed, before=before).code == HANDED_ON
    full.both(*typed, before=before, is_answered=False)


@contextmanager
def unread() -> Iterator[int]:
    """A pipe that nobody reads."""
    read, write = os.pipe()
    os.close(read)
    try:
        yield write
    finally:
        os.close(write)


@contextmanager
def choked() -> Iterator[int]:
    """A pipe that is full, and does not wait."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        while True:
            os.write(write, b"x" * 4096)
    except BlockingIOError:
        pass
    try:
        yield write
    finally:
        os.close(read)
        os.close(write)


SINKS = {"a full disk": full_disk, "nobody reads": unread, "a full pipe": choked}


@pytest.mark.parametrize("sink", SINKS)
@pytest.mark.parametrize("typed", PRINTING, ids=" ".join)
def test_what_cannot_be_printed_is_said_by_both(full: Scene, sink: str, typed: list[str]) -> None:
    for before in ([], ["/usr/bin/env", "--ignore-signal=PIPE"]):
        with SINKS[sink]() as descriptor:
            seen = full.both(*typed, is_answered=False, before=before, stdout=descriptor)
        assert seen.code == 1, "no signal has ended it"


@pytest.mark.parametrize("typed", [GET, ENV, ["completion", "bash"], TAB], ids=" ".join)
@pytest.mark.parametrize("most", [0, 1, 2])
def test_a_file_that_may_become_no_larger_is_a_failure_of_both(
    full: Scene, tmp_path: Path, typed: list[str], most: int
) -> None:
    """Where a part is out the front says the line itself: Python would begin anew."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    said = []
    for program in (full.python, full.native):
        with full.kept(), open(tmp_path / "out", "wb") as out:
            ran = full.run(program, *typed, stdout=out.fileno(), preexec_fn=limit)
        said.append((ran.code, ran.stderr, (tmp_path / "out").read_bytes()))
    assert said[0] == said[1]
    assert said[0][0] == 1
    assert len(said[0][2]) == most
    with open(tmp_path / "out", "wb") as out:
        assert full.run(full.alone, *typed, stdout=out.fileno(), preexec_fn=limit).code == (1 if most else HANDED_ON)


@pytest.mark.parametrize("sink", ["a full disk", "nobody reads"])
def test_an_error_that_cannot_be_said_is_an_error(full: Scene, sink: str) -> None:
    with SINKS[sink]() as descriptor:
        for typed in (["get", "nobody"], ["env", "nobody", "--shell", "sh"]):
            seen = full.both(*typed, is_answered=False, stderr=descriptor)
            assert seen.code == 3


def test_without_its_neighbour_it_says_so_also_where_nobody_reads(full: Scene) -> None:
    (full.alone.parent / "assume-helper-python").unlink()
    ran = full.run(full.alone, "env", "nobody", "--shell", "sh")
    assert ran.code == 1
    assert ran.stdout.startswith(b"unset AWS_ACCESS_KEY_ID "), "no old credentials stay"
    assert ran.stdout.endswith(b"; false\n")
    assert ran.said.startswith("assume-helper: nobody: ")
    assert ran.said.endswith("; install assume-helper again\n")
    for file in ("dotenv", "json"):
        for typed in (["--shell", file], [f"--shell={file}", "--refresh"]):
            assert full.run(full.alone, "env", "nobody", *typed).stdout == b""
    assert full.run(full.alone, "env", "--unset", "--shell", "sh").stdout == b"false\n"
    with unread() as descriptor:
        ran = full.run(full.alone, "env", "nobody", "--shell", "sh", stdout=descriptor)
        assert (ran.code, "install assume-helper again" in ran.said) == (1, True)
        assert full.run(full.alone, "get", "nobody", stderr=descriptor).code == 1
    assert full.run(full.alone, "get", "dev").code == 0, "a hit needs no Python"
