"""The log: JSON lines in a private file; failures to log are ignored."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from needs import gives_away
from opened import OPEN, open_to_others
from running import LOG, windows

from assume_helper.cache.session import Session
from assume_helper.cli import audit_log
from assume_helper.credentials import Credentials
from assume_helper.errors import AssumeHelperError
from assume_helper.profiles.login import IdentityCenterLogin, LoginService, PermissionSet
from assume_helper.profiles.origin import CredentialProcess, EnvironmentKeys
from assume_helper.profiles.role import Endpoint, Profile

if sys.platform != "win32":
    import fcntl
    import pwd

NOW = 1_800_000_000.25
FULL = 1024 * 1024


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the log will be; nothing is there yet."""
    monkeypatch.setenv("XDG_STATE_HOME" if sys.platform != "win32" else "LOCALAPPDATA", str(tmp_path / "state"))
    return tmp_path / "state" / "assume-helper" / "log.jsonl"


def lines(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def logs(file: Path) -> list[str]:
    """What lies in its directory, but for the lock that Windows needs."""
    return sorted(name for name in os.listdir(file.parent) if not name.endswith(".lock"))


def test_a_line_is_its_time_in_utc_and_the_event(file: Path) -> None:
    audit_log.append(NOW, {"event": "failure", "message": "it failed"})
    assert file.read_bytes() == (
        b'{"time": "2027-01-15T08:00:00.250+00:00", "event": "failure", "message": "it failed"}\n'
    )


def test_lines_are_added(file: Path) -> None:
    for number in range(3):
        audit_log.append(NOW + number, {"n": str(number)})
    assert [line["n"] for line in lines(file)] == ["0", "1", "2"]
    times = [datetime.fromisoformat(line["time"]).timestamp() for line in lines(file)]
    assert times == [NOW, NOW + 1, NOW + 2]


def test_an_event_is_one_line_whatever_is_in_it(file: Path) -> None:
    text = "a\nb\r\u2028\x1b[31m grün \udcff"
    audit_log.append(NOW, {"message": text})
    assert file.read_bytes().isascii()
    assert file.read_bytes().count(b"\n") == 1
    assert lines(file)[0]["message"] == text


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_the_log_is_0600_in_0700_whatever_the_umask(file: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        audit_log.append(NOW, {"n": "1"})
        audit_log.append(NOW, {"n": "2"})
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert len(lines(file)) == 2


def test_a_log_that_is_a_link_is_not_followed(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"theirs")
    target.chmod(0o600)
    file.parent.mkdir(parents=True)
    file.symlink_to(target)
    audit_log.append(NOW, {"n": "1"})
    assert target.read_bytes() == b"theirs"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_log_that_is_open_to_others_is_not_written(file: Path, mode: int) -> None:
    audit_log.append(NOW, {"n": "1"})
    open_to_others(file, mode)
    audit_log.append(NOW, {"n": "2"})
    assert len(lines(file)) == 1


def test_a_fifo_in_its_place_does_not_hang(file: Path) -> None:
    def waited(_number: int, _frame: object) -> None:
        raise AssertionError("it waits for a reader")

    file.parent.mkdir(parents=True)
    os.mkfifo(file, 0o600)
    old = signal.signal(signal.SIGALRM, waited)
    signal.alarm(30)
    try:
        audit_log.append(NOW, {"n": "1"})
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)
    assert stat.S_ISFIFO(file.stat().st_mode)


def test_a_log_over_one_mebibyte_is_renamed_and_a_new_one_begins(file: Path) -> None:
    audit_log.append(NOW, {"n": "1"})
    os.truncate(file, FULL + 1)
    audit_log.append(NOW, {"n": "2"})
    audit_log.append(NOW, {"n": "3"})
    aside = file.with_name("log.jsonl.1")
    assert aside.stat().st_size > FULL
    assert aside.read_bytes().endswith(b'"n": "2"}\n')
    assert [line["n"] for line in lines(file)] == ["3"]
    if sys.platform != "win32":
        assert {stat.S_IMODE(path.stat().st_mode) for path in (file, aside)} == {0o600}


def test_a_log_of_one_mebibyte_is_not_renamed_yet(file: Path) -> None:
    audit_log.append(NOW, {"n": "1"})
    os.truncate(file, FULL)
    audit_log.append(NOW, {"n": "2"})
    assert logs(file) == ["log.jsonl"]


def test_there_is_never_more_than_one_old_log(file: Path) -> None:
    for _ in range(3):
        audit_log.append(NOW, {"n": "1"})
        os.truncate(file, FULL + 1)
        audit_log.append(NOW, {"n": "2"})
    assert logs(file) == ["log.jsonl.1"]


def test_a_directory_that_cannot_be_created_is_ignored(file: Path, tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"a file")
    audit_log.append(NOW, {"n": "1"})
    assert (tmp_path / "state").read_bytes() == b"a file"


def test_many_processes_add_whole_lines(file: Path) -> None:
    program = (
        "import sys\nfrom assume_helper.cli import audit_log\n"
        "for n in range(50): audit_log.append(n, {'who': sys.argv[1] * 500})"
    )
    children = [subprocess.Popen([sys.executable, "-c", program, name]) for name in "abcd"]
    assert [child.wait(60) for child in children] == [0] * 4
    assert sorted(line["who"][0] for line in lines(file)) == sorted("abcd" * 50)


def test_the_path_follows_the_state_directory(file: Path) -> None:
    assert audit_log.path() == str(file)


def test_a_relative_state_directory_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    for name, value in {"HOME": str(tmp_path), **windows(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    audit_log.append(NOW, {"n": "1"})
    assert not (tmp_path / "relative").exists()
    assert audit_log.path() in (None, str(tmp_path / LOG))


@pytest.mark.parametrize("home", [None, "", "relative"])
def test_without_a_home_there_is_no_log_and_no_error(
    home: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_entry(uid: int) -> "pwd.struct_passwd":
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", no_entry)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    if home is None:
        monkeypatch.delenv("HOME", raising=False)
    else:
        monkeypatch.setenv("HOME", home)
    monkeypatch.chdir(tmp_path)
    assert audit_log.path() is None
    audit_log.append(NOW, {"n": "1"})
    assert os.listdir(tmp_path) == []


# Many processes, and a log that is full.

WRITER = """
import sys, time
from pathlib import Path
from assume_helper.cli import audit_log
print(flush=True)
sys.stdin.read(1)
audit_log.append(1, {"who": sys.argv[1]})
"""


def test_no_line_is_lost_when_many_find_the_log_full(file: Path) -> None:
    audit_log.append(NOW, {"n": "1"})
    with file.open("ab") as log:
        log.write(b" " * FULL + b"\n")
    command = [sys.executable, "-c", WRITER]
    children = [
        subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) for number in range(20)
    ]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"x")
        child.stdin.flush()
    for child in children:
        child.communicate(timeout=60)
    found = [event["who"] for event in _all_lines(file) if "who" in event]
    assert sorted(found, key=int) == [str(number) for number in range(20)]
    assert logs(file) in (["log.jsonl", "log.jsonl.1"], ["log.jsonl.1"])


def _all_lines(file: Path) -> list[dict[str, str]]:
    paths = [path for path in (file.with_name("log.jsonl.1"), file) if path.exists()]
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines() if line.strip()]


def test_a_process_that_stands_still_with_the_lock_stops_nobody(file: Path) -> None:
    audit_log.append(NOW, {"n": "1"})
    os.truncate(file, FULL + 1)
    with file.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        audit_log.append(NOW, {"n": "2"})
    assert file.read_bytes().endswith(b'"n": "2"}\n')
    audit_log.append(NOW, {"n": "3"})
    assert file.with_name("log.jsonl.1").read_bytes().endswith(b'"n": "3"}\n')


# The directory.


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770, 0o707, 0o720, 0o702])
def test_a_directory_that_others_may_change_is_not_used_and_that_is_told(file: Path, mode: int) -> None:
    audit_log.append(NOW, {"n": "1"})
    open_to_others(file.parent, mode)
    audit_log.append(NOW, {"n": "2"})
    assert len(lines(file)) == 1
    problem = audit_log.problem()
    assert problem is not None
    assert f"{OPEN}: nothing is logged" in str(problem)
    assert ("icacls " if sys.platform == "win32" else "chmod 700 ") in str(problem)
    with pytest.raises(AssumeHelperError, match="is open to other users"):
        audit_log.events()


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o750])
def test_a_directory_that_others_may_only_look_into_is_used(file: Path, mode: int) -> None:
    audit_log.append(NOW, {"n": "1"})
    open_to_others(file.parent, mode)
    audit_log.append(NOW, {"n": "2"})
    assert len(lines(file)) == 2
    assert audit_log.problem() is None


@gives_away
def test_a_directory_of_another_user_is_named_with_its_owner_and_what_mends_it(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    audit_log.append(NOW, {"n": "1"})
    os.chown(file.parent, 54321, 54321)
    problem = audit_log.problem()
    assert problem is not None
    assert problem.message == f"{file.parent} belongs to 54321: nothing is logged"
    assert problem.next_step == f"sudo chown -R root {file.parent}"


def test_a_directory_that_is_a_link_is_not_used(file: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    file.parent.parent.mkdir(mode=0o700)
    file.parent.symlink_to(tmp_path / "elsewhere")
    audit_log.append(NOW, {"n": "1"})
    assert os.listdir(tmp_path / "elsewhere") == []
    assert audit_log.problem() is not None


def test_without_its_library_the_log_is_where_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    assert audit_log.path() == str(file)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    home = file.parents[3]
    for name, value in {"HOME": str(home), **windows(home)}.items():
        monkeypatch.setenv(name, value)
    assert audit_log.path() == str(home / LOG)


# An issue of credentials.

END = datetime.fromtimestamp(NOW + 3600, UTC)
SESSION = Session(
    Credentials("ASIADUMMY1234", "the-secret", "the-token", END),
    END,
    END,
    NOW,
    3600,
    "arn:aws:sts::123456789012:assumed-role/dev/me@host",
    "123456789012",
)


ROLE = Profile("dev", "arn:aws:iam::123456789012:role/dev", EnvironmentKeys(None), Endpoint("us-east-1"))


def test_an_issue_says_who_got_what_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "calling_program", lambda: "aws\x1b")
    event = audit_log.issue("dev\n", ROLE, SESSION, NOW)
    assert event == {
        "event": "issue",
        "profile": "dev\\n",
        "kind": "role",
        "outcome": "miss",
        "account": "123456789012",
        "role": "dev",
        "session_name": "me@host",
        "access_key": "1234",
        "caller": "aws\\x1b",
    }


@pytest.mark.parametrize(("issued", "outcome"), [(NOW - 1, "hit"), (NOW, "miss"), (NOW + 1, "miss")])
def test_what_has_been_issued_before_this_process_began_is_a_hit(issued: float, outcome: str) -> None:
    assert audit_log.issue("dev", ROLE, replace(SESSION, issued=issued), NOW)["outcome"] == outcome


@pytest.mark.parametrize("arn", [None, "x", "arn:aws:sts::1:federated-user/x", "arn:aws:iam::1:user/a/b"])
def test_a_session_without_a_role_has_none_in_the_log(arn: str | None) -> None:
    event = audit_log.issue("dev", ROLE, replace(SESSION, assumed_role_arn=arn, account_id=None), NOW)
    assert (event["role"], event["session_name"], event["account"]) == ("", "", "")


def test_an_issue_says_which_kind_of_profile_it_was_for_and_a_permission_set_s_name() -> None:
    login = IdentityCenterLogin("https://x.awsapps.com/start", None, "/token", "log in", LoginService("us-east-1"))
    permission_set = PermissionSet("dev", "123456789012", "Reader", login)
    session = replace(SESSION, assumed_role_arn=None)
    event = audit_log.issue("dev", replace(ROLE, role_arn=None, source=permission_set), session, NOW)
    assert (event["kind"], event["role"], event["account"]) == ("permission set", "Reader", "123456789012")
    event = audit_log.issue("dev", replace(ROLE, role_arn=None, source=CredentialProcess("dev", "x")), session, NOW)
    assert (event["kind"], event["role"], event["session_name"]) == ("process", "", "")


# The calling program.


def called_by(*command: str) -> str:
    """What a process that `command` starts says of who called it."""
    program = "from assume_helper.cli import audit_log\nprint(audit_log.calling_program())"
    inner = [sys.executable, "-c", program]
    return subprocess.run([*command, *inner], capture_output=True, text=True, check=True).stdout.strip()


def own_name() -> str:
    return Path(f"/proc/{os.getpid()}/comm").read_text().strip()


def test_the_caller_is_the_parent() -> None:
    assert called_by() == own_name()
    assert called_by("bash", "-O", "extglob", "-c", '"$@"; true', "-") == "bash", "not one that only runs a command"


def test_a_shell_that_runs_one_command_is_skipped() -> None:
    assert called_by("sh", "-c", '"$@"; true', "-") == own_name()
    assert called_by("bash", "-c", '"$@"; true', "-", "sh", "-c", '"$@"; true', "-") == own_name()


def test_where_the_system_does_not_say_the_caller_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getppid", lambda: 2**30)
    assert audit_log.calling_program() == "unknown"


def test_a_program_name_may_have_blanks_and_brackets(tmp_path: Path) -> None:
    odd = tmp_path / "a ) b (c"
    odd.symlink_to("/bin/sh")
    assert called_by(str(odd), "-c", '"$@"; true', "-") == "a ) b (c"


def test_shells_without_an_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"comm": "sh\n", "cmdline": "sh\0-c\0x\0", "stat": "1 (sh) S 1 1"}
    monkeypatch.setattr(audit_log, "_read_proc", lambda _process, what: files[what])
    assert audit_log.calling_program() == "unknown"


# Reading it.


def test_the_old_log_is_read_before_the_new_one(file: Path) -> None:
    audit_log.append(NOW, {"event": "warning", "n": "1"})
    os.rename(file, file.with_name("log.jsonl.1"))
    audit_log.append(NOW, {"event": "warning", "n": "2"})
    assert [event["n"] for event in audit_log.events()] == ["1", "2"]


def test_lines_that_are_no_event_are_skipped(file: Path) -> None:
    audit_log.append(NOW, {"event": "warning", "n": "1"})
    with file.open("ab") as torn:
        torn.write(
            b'{"time": "x", "event": "iss\n\0\0\xff\n[]\n7\n"x"\n{}\n{"time": 1, "event": "x"}\n'
            + b'{"time": "x", "event": []}\n'
            + b"[" * 100_000
            + b'\n{"time": "t", "event": "e", "n": "2", "odd": {"a": 1}}\n{"ti'
        )
    assert [event.get("n") for event in audit_log.events()] == ["1", "2"]
    assert "odd" not in audit_log.events()[1]


def test_no_log_and_no_place_for_one_are_no_events(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert audit_log.events() == []
    monkeypatch.setattr(audit_log, "path", lambda: None)
    assert audit_log.events() == []


@pytest.mark.parametrize("which", ["log.jsonl", "log.jsonl.1"])
def test_a_log_that_others_can_write_is_refused(file: Path, which: str) -> None:
    audit_log.append(NOW, {"event": "warning"})
    odd = file.with_name(which)
    if odd != file:
        odd.write_bytes(b"")
    open_to_others(odd, 0o644)
    with pytest.raises(AssumeHelperError, match=re.escape(f"{OPEN}; remove it")):
        audit_log.events()
    odd.unlink()
    odd.symlink_to(file.with_name("other"))
    with pytest.raises(AssumeHelperError, match="is a link; remove it"):
        audit_log.events()
    odd.unlink()
    odd.mkdir(mode=0o700)
    with pytest.raises(AssumeHelperError, match="remove it"):
        audit_log.events()
