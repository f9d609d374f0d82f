"""`exec` from the cache: the front becomes the program as Python does, with the same environment, signals and files."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native_front import HANDED_ON, Scene

from assume_helper import answers

RAW = [b"A=1", b"A=2", b"B", b"=c", b"", b"\xff=\xfe", b"AWS_PROFILE=x", b"AWS_PROFILE=y", b"AWS_ACCOUNT_ID", b"C=a=b"]


@pytest.fixture
def full(warm: Scene) -> Scene:
    """In the locale C Python itself would add LC_CTYPE to the environment (PEP 538)."""
    warm.fill("env", "dev", "--shell", "sh")
    warm.home.environ["LC_ALL"] = "C.UTF-8"
    return warm


def test_the_program_has_the_same_environment_from_both(full: Scene) -> None:
    seen = full.both("exec", "dev", "--", "/usr/bin/env", "-0", is_answered=True, raw=RAW)
    assert seen.code == 0
    entries = seen.stdout.split(b"\0")
    assert b"A=1" in entries
    assert b"A=2" not in entries
    assert not {b"B", b"=c", b""} & set(entries[:-1])
    assert b"ASSUME_HELPER_PROFILE=dev" in entries
    assert b"AWSUME_PROFILE=dev" in entries
    assert not any(entry.startswith(b"AWS_PROFILE") for entry in entries)


ENTRIES = st.lists(
    st.one_of(
        st.builds(
            lambda name, value: name.encode() + b"=" + value,
            st.sampled_from(
                [*answers.IDENTITY[7:], *answers.CREDENTIALS, "AWS_REGION", "ASSUME_HELPER_REGION", "A", ""]
            ),
            st.binary(max_size=6),
        ),
        st.binary(max_size=8),
    ),
    max_size=6,
)


@settings(max_examples=150)
@given(entries=ENTRIES)
def test_any_environment_is_handed_over_as_by_python(full: Scene, entries: list[bytes]) -> None:
    raw = [entry.replace(b"\0", b"x") for entry in entries]
    raw = [entry for entry in raw if not entry.startswith((b"AWS_REGION=", b"ASSUME_HELPER_REGION=", b"HOME"))]
    full.quick("exec", "dev", "--", "/usr/bin/env", "-0", raw=raw)
    full.quick("env", "dev", "--shell", "sh", raw=raw)


def test_more_variables_than_the_front_holds_are_python_s(full: Scene) -> None:
    many = {f"V{n}": "x" for n in range(4200)}
    assert full.quick("exec", "dev", "--", "/usr/bin/env", environ=many).code == HANDED_ON
    full.quick("get", "dev", is_answered=True, environ=many)


@pytest.mark.parametrize("ignored", ["", "--ignore-signal=PIPE", "--ignore-signal=XFSZ", "--ignore-signal=INT,HUP"])
def test_the_program_finds_the_signals_that_python_leaves(full: Scene, ignored: str) -> None:
    command = ["/bin/grep", "^Sig[BI]", "/proc/self/status"]
    before = ["/usr/bin/env", ignored] if ignored else []
    seen = full.both("exec", "dev", "--", *command, is_answered=True, before=before)
    ignoring = int(seen.stdout.partition(b"SigIgn:")[2], 16)
    assert not ignoring & (1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1)


def test_nothing_that_is_open_leaks_into_the_program(full: Scene) -> None:
    for program in (full.python, full.native):
        ran = full.run(program, "exec", "dev", "--", "/bin/sh", "-c", "/bin/ls /proc/$$/fd; exit")
        assert ran.stdout == b"0\n1\n2\n"


def test_what_the_caller_has_opened_stays_open(full: Scene) -> None:
    for program in (full.python, full.native):
        with open(full.home.config, "rb") as file:
            script = f"/bin/cat /proc/self/fd/{file.fileno()}"
            ran = full.run(program, "exec", "dev", "--", "/bin/sh", "-c", script, pass_fds=[file.fileno()])
        assert ran.stdout == full.home.config.read_bytes()


def test_the_process_stays_the_same(full: Scene) -> None:
    with full.start(full.native, "exec", "dev", "--", "/bin/sh", "-c", "echo $$") as child:
        assert int(child.communicate(timeout=60)[0]) == child.pid


@pytest.mark.parametrize(
    "line", ["exit 0", "exit 7", "exit 255", "kill -9 $$", "kill -PIPE $$", "cat; echo out; echo err >&2"]
)
def test_its_streams_and_its_end_are_the_program_s(full: Scene, line: str) -> None:
    full.quick("exec", "dev", "--", "/bin/sh", "-c", line, is_answered=True)


def test_standard_input_is_the_program_s(full: Scene) -> None:
    for program in (full.python, full.native):
        read, write = os.pipe()
        os.write(write, b"typed")
        os.close(write)
        try:
            assert full.run(program, "exec", "dev", "--", "/bin/cat", stdin=read).stdout == b"typed"
        finally:
            os.close(read)


# The search for the program.


def executable(path: Path, text: str = "#!/bin/sh\necho found $0 $*\n", mode: int = 0o755) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def laid_out(folder: Path) -> None:
    """Files called `tool`, in folders that say what is wrong with them."""
    executable(folder / "good" / "tool")
    executable(folder / "other" / "tool", "#!/bin/sh\necho other\n")
    executable(folder / "closed" / "tool", mode=0o644)
    executable(folder / "plain" / "tool", "echo a shell would run this\n")
    executable(folder / "empty" / "tool", "")
    executable(folder / "lost" / "tool", "#!/nonexistent/interpreter\n")
    (folder / "folder" / "tool").mkdir(parents=True)
    (folder / "loop").mkdir()
    (folder / "loop" / "tool").symlink_to("tool")
    executable(folder / "tool", "#!/bin/sh\necho here\n")
    (folder / "file").write_text("")


# PATH, the program, and the exit code.
SEARCHES = [
    ("good", "tool", 0),
    ("other:good", "tool", 0),
    ("none:good", "tool", 0),
    ("closed:good", "tool", 0),
    ("folder:good", "tool", 0),
    ("plain:good", "tool", 0),
    ("empty:good", "tool", 0),
    ("lost:good", "tool", 0),
    ("loop:good", "tool", 0),
    ("file:good", "tool", 0),
    ("", "tool", 0),
    (":good", "tool", 0),
    ("none::good", "tool", 0),
    ("none:", "tool", 0),
    ("good/", "tool", 0),
    (".", "tool", 0),
    ("none", "tool", 127),
    ("closed", "tool", 126),
    ("closed:none", "tool", 126),
    ("none:closed:lost", "tool", 126),
    ("lost:closed", "tool", 126),
    ("plain", "tool", 126),
    ("empty", "tool", 126),
    ("lost", "tool", 127),
    ("folder", "tool", 126),
    ("loop", "tool", 126),
    ("file", "tool", 126),
    ("good", "./tool", 0),
    ("good", "good/tool", 0),
    ("good", "closed/tool", 126),
    ("good", "plain/tool", 126),
    ("good", "none/tool", 127),
    ("good", "file/tool", 126),
    ("good", "tool/", 126),
    ("good", "x" * 300, 126),
    ("x" * 5000 + ":good", "tool", 0),
]


@pytest.mark.parametrize(("path", "program", "code"), SEARCHES)
def test_the_program_is_searched_for_as_by_python(full: Scene, path: str, program: str, code: int) -> None:
    laid_out(full.home.folder)
    environ = full.home.environ | {"PATH": path}
    seen = full.quick("exec", "dev", "--", program, "a b", "", PATH=path)
    assert seen.code == (0 if code == 0 else HANDED_ON), seen
    if code != 0:
        ran = full.run(full.native, "exec", "dev", "--", program, environ=environ)
        assert (ran.code, ran.stdout) == (code, b"")
        python = full.run(full.python, "exec", "dev", "--", program, environ=environ)
        assert full.alike(ran) == full.alike(python)


def test_without_path_the_system_s_folders_are_searched(full: Scene) -> None:
    environ = {name: value for name, value in full.home.environ.items() if name != "PATH"}
    for program in (full.native, full.alone):
        assert full.run(program, "exec", "dev", "--", "true", environ=environ).code == 0


def test_root_s_right_to_read_all_is_no_right_to_run(full: Scene) -> None:
    laid_out(full.home.folder)
    seen = full.both("exec", "dev", "--", "closed/tool", is_answered=False)
    assert (seen.code, "Permission denied" in seen.said) == (126, True)


# Inside another one.

NESTED: dict[str, tuple[dict[str, str], bool]] = {
    "in exec": ({"ASSUME_HELPER_PROFILE": "x"}, False),
    "in env": ({"ASSUME_HELPER_PROFILE": "x", "ASSUME_HELPER_ENV": "1"}, True),
    "env's mark alone": ({"ASSUME_HELPER_ENV": ""}, True),
}


@pytest.mark.parametrize("case", NESTED)
def test_a_program_in_another_one_s_environment_is_python_s_to_warn_of(full: Scene, case: str) -> None:
    environ, is_answered = NESTED[case]
    full.quick("exec", "dev", "--", "/usr/bin/env", is_answered=is_answered, environ=environ)
    seen = full.both("exec", "dev", "--", "/bin/true", environ=full.home.environ | environ)
    assert (seen.code, "already runs inside" in seen.said) == (0, not is_answered)


def test_a_cold_exec_becomes_the_program_too(cold: Scene) -> None:
    seen = cold.both("exec", "dev", "--", "/bin/sh", "-c", "/bin/ls /proc/$$/fd; exit 3", is_answered=False)
    assert (seen.code, seen.stderr, seen.calls) == (3, b"", ("AssumeRole",))
    assert seen.stdout == b"0\n1\n2\n", "the gate is not among them"
    assert not [name for name in seen.files if name.endswith(".door")]
