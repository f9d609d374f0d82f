"""The front for Windows, run for real: under Wine, with the CPython for Windows and the wheel that is published."""

import os
import re
import shutil
import signal
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import wine
from built import published
from front import Front, denied, session
from rewound import rewind
from wine import CONSOLE, Windows, access_key_id, ended

from assume_helper.cache.directory import Cache

pytestmark = pytest.mark.skipif(shutil.which("wine") is None, reason="wine is not installed: it is too large to fetch")

CONFIG = """
[profile source]
aws_access_key_id = AKIACANARY0123456789
aws_secret_access_key = CanarySecretAccessKey0123456789+/abcdefg
[profile role]
assume_helper_role_arn = arn:aws:iam::123456789012:role/role
assume_helper_source_profile = source
"""
FIRST, SECOND = "ASIAFIRST00000000000", "ASIASECOND0000000000"
INTERRUPTED = "assume-helper: role: interrupted; nothing was changed, run it again\n"
# Holds the gate of the profile `role` until a line comes on standard input.
LEADER = """
import os, sys, time
from assume_helper.sessions import herd_gate
print(herd_gate.take_or_wait("role", os.environ, time.time()), flush=True)
sys.stdin.readline()
"""
# Adds what uv's launchers have to a program.
RESOURCES = """
import ctypes, sys
program, python = sys.argv[1], sys.argv[2].encode()
api = ctypes.WinDLL("kernel32", use_last_error=True)
api.BeginUpdateResourceW.restype = ctypes.c_void_p
update = ctypes.c_void_p(api.BeginUpdateResourceW(program, 0))
for name, data in (("UV_TRAMPOLINE_KIND", b"\\1"), ("UV_PYTHON_PATH", python)):
    assert api.UpdateResourceW(update, ctypes.c_void_p(10), ctypes.c_wchar_p(name), 0, data, len(data))
assert api.EndUpdateResourceW(update, 0)
"""
ALONE = re.compile("assume-helper: (role: )?(the Python of )?assume-helper-python.exe cannot be started")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    """A Windows with the helper."""
    folder = tmp_path_factory.mktemp("windows")
    made = Windows(folder, wine.environ(folder / "prefix", AWS_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true"))
    try:
        made.install(published("windows-x86_64"))
        yield made
    finally:
        made.stop()


@pytest.fixture
def sts() -> Iterator[Front]:
    sts = Front("http://127.0.0.1:1", behaviour=session(access_key_id=FIRST))
    sts.start()
    yield sts
    sts.stop()


@pytest.fixture
def there(installed: Windows, sts: Front) -> Windows:
    """That Windows with a config, and nothing cached."""
    shutil.rmtree(installed.cache, ignore_errors=True)
    installed.config.parent.mkdir(exist_ok=True)
    installed.config.write_text(CONFIG)
    long_ago = time.time() - 60  # what has just changed is not remembered
    os.utime(installed.config, (long_ago, long_ago))
    installed.environ["AWS_ENDPOINT_URL_STS"] = sts.url
    return installed


def until(is_so: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_a_miss_is_python_s_and_a_hit_needs_none(there: Windows, sts: Front) -> None:
    assert ALONE.match(there.run("get", "role", folder="alone")[2])
    code, document, error = there.run("get", "role")
    assert (code, access_key_id(document), error) == (0, FIRST, "")
    assert there.run("get", "role", folder="alone") == (0, document, "")
    assert b"\r" not in b"".join(file.read_bytes() for file in there.cache.glob("*.*[!y]"))
    sts.behaviour = session(access_key_id=SECOND)
    assert there.run("get", "role") == (0, document, "")
    there.config.write_text(CONFIG + "# changed\n")
    assert ALONE.match(there.run("get", "role", folder="alone")[2])
    assert len(sts.calls) == 1


@pytest.mark.parametrize("what", ["", "*.entry", "*.hit"])
def test_what_others_may_read_is_not_served(there: Windows, sts: Front, what: str) -> None:
    """The directory, or a file of it. Wine makes an access list of the mode."""
    there.run("get", "role")
    (path,) = there.cache.glob(what) if what else [there.cache]
    before = path.stat().st_mode & 0o777
    path.chmod(before | 0o044)
    assert ALONE.match(there.run("get", "role", folder="alone")[2])
    path.chmod(before)
    assert there.run("get", "role", folder="alone")[0] == 0


def test_a_variable_in_a_path_is_python_s_to_expand(there: Windows, sts: Front) -> None:
    where = {"AWS_CONFIG_FILE": r"C:\users\%USERNAME%\.aws\config"}
    first = there.run("get", "role", **where)
    assert (first[0], access_key_id(first[1])) == (0, FIRST)
    assert there.run("get", "role", **where) == first
    assert len(sts.calls) == 1
    assert ALONE.match(there.run("get", "role", folder="alone", **where)[2])


def test_options_env_and_tab_need_none_either(there: Windows, sts: Front) -> None:
    narrowed = ("get", "role", "--duration-seconds", "1800")
    tab = ("completion", "powershell", "--", ".get", ".ro")
    for words in (narrowed, tab):
        full = there.run(*words)
        assert full[0] == 0
        assert full[1] != ""
        assert there.run(*words, folder="alone") == full
    assert [call.parameters["DurationSeconds"] for call in sts.calls] == ["1800"]
    there.run("get", "role")
    for shell in ("cmd", "powershell", "bash"):
        words = ("env", "role", "--shell", shell)
        alone = there.run(*words, folder="alone")
        by_python = ended(there.run_program(there.python, "-m", "assume_helper", *words))
        assert alone == by_python
        assert FIRST in alone[1]
    program = wine.path(there.folder / "alone" / "assume-helper.exe")
    in_cmd = ended(there.run_program(Path("cmd"), "/c", f"{program} env role"))
    assert in_cmd == there.run("env", "role", "--shell", "cmd", folder="alone")


def test_who_waits_needs_no_python_and_takes_what_the_leader_has(there: Windows, sts: Front) -> None:
    sts.behaviour = sts.held_back(session(access_key_id=FIRST))
    there.cache.mkdir(parents=True, mode=0o700)
    leader = there.start("get", "role")
    assert sts.arrived.wait(60)
    waiting = [there.start("get", "role", folder="alone"), there.start("env", "role", "--shell", "cmd", folder="alone")]
    with pytest.raises(subprocess.TimeoutExpired):
        waiting[0].wait(0.5)
    sts.released.set()
    assert access_key_id(ended(leader)[1]) == FIRST
    (code, document, error), (code_of_env, lines, _) = map(ended, waiting)
    assert (code, access_key_id(document), error) == (0, FIRST, "")
    assert (code_of_env, FIRST in lines) == (0, True)
    assert len(sts.calls) == 1


def test_the_leader_s_failure_is_that_of_all_who_wait(there: Windows, sts: Front) -> None:
    sts.behaviour = sts.held_back(denied)
    there.cache.mkdir(parents=True, mode=0o700)
    leader = there.start("get", "role")
    assert sts.arrived.wait(60)
    waiting = there.start("env", "role", "--shell", "cmd", folder="alone")
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0.5)
    sts.released.set()
    code, _, error = ended(leader)
    assert code == 6
    assert "STS denied AssumeRole" in error
    code_of_waiting, lines, error_of_waiting = ended(waiting)
    assert (code_of_waiting, error_of_waiting) == (6, error)
    assert lines.endswith("cmd /c exit 1\n")


def test_python_waits_at_the_gate_of_the_front_too(there: Windows, sts: Front) -> None:
    sts.behaviour = sts.held_back(session(access_key_id=FIRST))
    leader = there.start("get", "role")
    assert sts.arrived.wait(60)
    waiting = there.run_program(there.python, "-m", "assume_helper", "get", "role")
    sts.released.set()
    assert ended(waiting)[:2] == ended(leader)[:2]
    assert len(sts.calls) == 1


def in_console(there: Windows, folder: str) -> "subprocess.Popen[bytes]":
    program = wine.path(there.folder / folder / "assume-helper.exe")
    return there.run_with_input(there.python, "-c", CONSOLE, program, "get", "role")


def test_ctrl_c_ends_who_waits(there: Windows) -> None:
    """A Python that does nothing else holds the gate: a leader that asks STS has a deadline."""
    leader = there.run_with_input(there.python, "-c", LEADER)
    assert leader.stdout is not None
    assert leader.stdout.readline().strip().endswith(b".door")
    waiting = in_console(there, "alone")
    until(lambda: there.opened(".door") >= 2)
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(1)
    assert ended(waiting, b"\n") == (130, "", INTERRUPTED)
    assert ended(leader, b"\n") == (0, "", "")


def test_ctrl_c_is_python_s_to_answer_where_it_asks(there: Windows, sts: Front) -> None:
    sts.behaviour = sts.hang
    process = in_console(there, "scripts")
    assert sts.arrived.wait(60)
    assert ended(process, b"\n") == (130, "", INTERRUPTED)


def test_a_front_that_is_killed_takes_its_python_with_it(there: Windows, sts: Front) -> None:
    sts.behaviour = sts.hang
    process = there.start("get", "role")
    assert sts.arrived.wait(60)
    assert there.pythons()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    until(lambda: not there.pythons())


@pytest.mark.parametrize("by", ["the front", "Python"])
def test_a_session_that_is_due_is_refreshed_behind_a_hit(there: Windows, sts: Front, by: str) -> None:
    there.run("get", "role")
    for file in (there.cache, *there.cache.iterdir()):
        file.chmod(0o700 if file.is_dir() else 0o600)  # as on this system
    (entry,) = there.cache.glob("*.entry")
    rewind(Cache(str(there.cache), lambda warning: pytest.fail(str(warning))), entry.stem)
    sts.behaviour = session(access_key_id=SECOND)
    python = there.run_program(there.python, "-m", "assume_helper", "get", "role") if by == "Python" else None
    assert access_key_id(ended(python or there.start("get", "role"))[1]) == FIRST
    until(lambda: SECOND.encode() in entry.read_bytes())
    assert access_key_id(there.run("get", "role", folder="alone")[1]) == SECOND
    assert len(sts.calls) == 2


@pytest.mark.parametrize("form", ["pip", "pip, in quotes", "pipx, with a flag", "uv before 0.8"])
def test_the_interpreter_is_the_one_that_an_installer_wrote(there: Windows, form: str) -> None:
    python = wine.path(there.python).encode()
    try:
        if form == "uv before 0.8":
            there.write_script(b"", python + struct.pack("<I", len(python)) + b"UVSC")
        else:
            lines = {"pip": b"%s", "pip, in quotes": b'"%s"', "pipx, with a flag": b"%s -E"}
            there.write_script(b"#!" + lines[form] % python + b"\n")
        code, out, error = there.run("exec", "source", "--no-session", "--", "cmd", "/c", "exit 7")
        assert (code, out, error) == (7, "", "")
    finally:
        there.write_script(b"#!" + python + b"\r\n")


def test_the_interpreter_is_the_one_in_the_resources_that_uv_writes(there: Windows) -> None:
    """As uv since 0.8: a launcher with two resources more. The archive lies behind them here, and in a third there."""
    script, copy = there.folder / "scripts" / "assume-helper-python.exe", there.folder / "launcher.exe"
    shutil.copy(there.folder / "alone" / "assume-helper.exe", copy)
    done = ended(there.run_program(there.python, "-c", RESOURCES, wine.path(copy), wine.path(there.python)))
    assert done == (0, "", "")
    kept = script.read_bytes()
    try:
        script.write_bytes(wine.script(copy.read_bytes(), b""))
        assert there.run("exec", "source", "--no-session", "--", "cmd", "/c", "exit 7") == (7, "", "")
    finally:
        script.write_bytes(kept)


@pytest.mark.parametrize("before", [b"", b"#!python.exe\n", b"#!C:\\python.exe; x\n", b"#!/usr/bin/env python\n"])
def test_what_is_not_known_for_certain_starts_itself(there: Windows, before: bytes) -> None:
    """That launcher is no program here."""
    try:
        there.write_script(before)
        code, _, error = there.run("list")
        assert (code, bool(ALONE.match(error))) == (1, True)
    finally:
        there.write_script(b"#!" + wine.path(there.python).encode() + b"\r\n")
