"""`get` for Windows: a miss, a hit, a refresh, many at once, each exit code, and a cache that others may use."""

import json
import time
from pathlib import Path

import pytest
from front import Front, denied, html, session, wait_for
from rewound import rewound
from running import warned
from wine import WindowsHome
from wine import path as windows_path

FIRST, SECOND = "ASIAFIRST00000000000", "ASIASECOND0000000000"
# Gives a path the access list of an SDDL text.
SET_LIST = """
import ctypes, sys
api = ctypes.WinDLL("advapi32", use_last_error=True)
made = ctypes.c_void_p()
convert = api.ConvertStringSecurityDescriptorToSecurityDescriptorW
assert convert(ctypes.c_wchar_p(sys.argv[2]), 1, ctypes.byref(made), None)
assert api.SetFileSecurityW(ctypes.c_wchar_p(sys.argv[1]), 4, made), ctypes.get_last_error()
"""
OURS = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;OW)"
# Wine keeps a list as the file's mode: of others it knows Everyone. The unit tests have the rest.
EVERYONE_MAY = {
    "do all": "D:P(A;OICI;FA;;;WD)",
    "read": OURS + "(A;OICI;FR;;;WD)",
    "write": OURS + "(A;OICI;FW;;;WD)",
}
MANY = 50
# The helper, which leaves a file in a folder where it loads all of the program: where it goes the full way.
NOTED = """
import os, sys
notes = sys.argv.pop(1)
def note(event, arguments):
    if event == "import" and arguments[0] == "assume_helper.cli.app":
        open(os.path.join(notes, str(os.getpid())), "w").close()
sys.addaudithook(note)
from assume_helper.start import main
sys.exit(main())
"""
MORE = """[profile lost]
assume_helper_role_arn = arn:aws:iam::123456789012:role/x
source_profile = gone
[profile gone]
region = us-east-1
[profile mfa]
role_arn = arn:aws:iam::123456789012:role/m
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/me
endpoint_url = {url}
"""


def test_a_miss_asks_once_and_a_hit_does_not(granted: WindowsHome, offline_front: Front) -> None:
    first = granted.completed("get", "dev")
    assert (first.returncode, first.stderr) == (0, b"")
    again = granted.completed("get", "dev")
    assert (again.returncode, again.stdout, again.stderr) == (0, first.stdout, b"")
    assert b"\r" not in first.stdout
    assert len(offline_front.calls) == 1


def test_fifty_at_once_are_one_call_and_one_goes_the_full_way(
    granted: WindowsHome, offline_front: Front, tmp_path: Path
) -> None:
    """The others wait at the gate before they have loaded anything: they cost what a hit costs, which is the measure.

    Who comes when the leader is about to end may lead once more. It then finds what is cached.
    """

    def fifty(notes: Path) -> tuple[set[bytes], float]:
        notes.mkdir()
        words = ("-c", NOTED, windows_path(notes), "get", "dev")
        began = time.monotonic()
        processes = [granted.start(*words, command=[str(granted.python)]) for _ in range(MANY)]
        ended = [process.communicate(timeout=180) for process in processes]
        assert [process.returncode for process in processes] == [0] * MANY, ended
        assert {error for _, error in ended} == {b""}
        return {out for out, _ in ended}, time.monotonic() - began

    cold, cold_seconds = fifty(tmp_path / "cold")
    warm, warm_seconds = fifty(tmp_path / "warm")
    assert len(cold) == 1
    assert warm == cold
    assert len(offline_front.calls) == 1
    assert 1 <= len(list((tmp_path / "cold").iterdir())) <= 3
    assert list((tmp_path / "warm").iterdir()) == []
    assert cold_seconds < 5 * warm_seconds, f"{cold_seconds:.1f} s in place of {warm_seconds:.1f} s"


def test_a_session_that_is_due_is_refreshed_behind_a_hit(granted: WindowsHome, offline_front: Front) -> None:
    offline_front.behaviour = session(access_key_id=FIRST)
    granted.get("dev")
    entry = rewound(granted)
    offline_front.behaviour = session(access_key_id=SECOND)
    assert granted.get("dev")["AccessKeyId"] == FIRST
    wait_for(lambda: SECOND.encode() in entry.read_bytes(), 60)
    assert granted.get("dev")["AccessKeyId"] == SECOND
    assert len(offline_front.calls) == 2


def test_each_failure_has_its_exit_code_and_one_line(role: WindowsHome, offline_front: Front) -> None:
    role.run("get").failed(2)
    role.run("get", "nobody").failed(3, "nobody")
    offline_front.behaviour = denied
    role.run("get", "dev").failed(6, "STS denied AssumeRole")
    offline_front.behaviour = html(503)
    role.run("get", "dev").failed(7)
    more = MORE.format(url=offline_front.url)
    role.config.write_text(role.config.read_text() + more)
    role.run("get", "lost").failed(4, "gone has no credentials")
    role.run("get", "mfa").failed(5, "MFA")


@pytest.mark.parametrize("may", EVERYONE_MAY)
def test_a_cache_that_others_may_use_is_not_used_and_not_mended(
    granted: WindowsHome, offline_front: Front, may: str
) -> None:
    first = granted.get("dev")
    where = wine_path(granted, granted.cache)
    done = granted.in_python(SET_LIST, where, EVERYONE_MAY[may])
    assert done.returncode == 0, done.stderr
    before = granted.cache.stat().st_mode
    offline_front.behaviour = session(access_key_id=SECOND)
    ran = granted.run("get", "dev")
    assert (ran.code, ran.document["AccessKeyId"]) == (0, SECOND), "what lies there may be another's"
    assert "is open to other users (S-1-1-0)" in warned(granted)
    assert granted.cache.stat().st_mode == before
    (check,) = [each for each in doctor(granted) if each["name"] == "cache"]
    assert check["status"] == "fail"
    assert "open to other users" in check["what"]
    assert f'icacls "{where}"' in check["mend"]
    assert "S-1-1-0" in check["mend"]
    assert first["AccessKeyId"] != SECOND


@pytest.mark.parametrize("suffix", [".entry", ".hit"])
def test_a_file_that_others_may_read_is_not_used(
    granted: WindowsHome, offline_front: Front, tmp_path: Path, suffix: str
) -> None:
    granted.get("dev")
    (file,) = granted.cache.glob("*" + suffix)
    done = granted.in_python(SET_LIST, wine_path(granted, file), EVERYONE_MAY["read"])
    assert done.returncode == 0, done.stderr
    ran = granted.run("-c", NOTED, windows_path(tmp_path), "get", "dev", command=[str(granted.python)])
    assert ran.code == 0, ran.stderr
    assert list(tmp_path.iterdir()), "it was served as a hit"
    if suffix == ".entry":
        assert len(offline_front.calls) == 2
        assert f"{file.name} is open to other users (S-1-1-0)" in warned(granted)


def test_doctor_says_closed_only_of_a_cache_that_is(granted: WindowsHome) -> None:
    granted.get("dev")
    (check,) = [each for each in doctor(granted) if each["name"] == "cache"]
    assert check["status"] == "ok"
    assert "closed to other users" in check["what"]


def doctor(home: WindowsHome) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(home.run("doctor", "--json").stdout)
    return found


def wine_path(home: WindowsHome, path: Path) -> str:
    """A path in the home as the helper has it there."""
    return "C:\\users\\" + str(path.relative_to(home.folder.parent)).replace("/", "\\")
