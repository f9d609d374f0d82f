"""The command line: exit codes, one line for each failure, and nothing else where it does not belong."""

import errno
import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
from hit_answers import fresh_document
from running import CACHE, LOG, no_warning, windows

from assume_helper import hit
from assume_helper.cache import directory as cache_directory
from assume_helper.cache import entries
from assume_helper.cache.document import credential_document
from assume_helper.cache.entries import Entry
from assume_helper.cache.session import Session
from assume_helper.cli import app
from assume_helper.cli.invocation import Invocation
from assume_helper.credentials import Credentials
from assume_helper.profiles import aws_config, role_chain
from assume_helper.system import host_name

SECRET = "DummySecretAccessKey0123456789+/abcdefgh"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """This process in a home of its own, with a profile dev; its signal handlers are put back."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "XDG_", "ASSUME_HELPER_")):
            monkeypatch.delenv(name)
    for name, value in {"HOME": str(tmp_path), **windows(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(
        "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = base\nregion = us-east-1\n"
    )
    (tmp_path / ".aws" / "credentials").write_text(
        f"[base]\naws_access_key_id = AKIADUMMY\naws_secret_access_key = {SECRET}\n"
    )
    names = ("SIGTERM", "SIGHUP", "SIGQUIT")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    old = [signal.getsignal(number) for number in numbers]
    yield tmp_path
    for number, handler in zip(numbers, old, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def document(home: Path) -> bytes:
    """The document for dev, which is in the cache."""
    config = aws_config.load(os.environ)
    key = entries.key(role_chain.read_profile(config, os.environ, "dev").session_inputs())
    now = int(time.time())
    end = datetime.fromtimestamp(now + 3600, UTC)
    credentials = Credentials("ASIADUMMY", "dummy-secret", "dummy-token", end)
    session = Session(credentials, end, end, now, 3600, "arn:aws:sts::123456789012:assumed-role/dev/me", "1")
    entry = Entry(session, credential_document(credentials, end, "123456789012"))
    entries.write(cache_directory.open_cache(os.environ, no_warning), key, entry)
    return entry.document


def run(*arguments: str, failed: OSError | None = None, stdout_closed: bool = False) -> int:
    return app.main(arguments, os.environ, time.time(), time.monotonic(), failed, stdout_closed=stdout_closed)


def logged(home: Path) -> list[dict[str, str]]:
    file = home / LOG
    return [json.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []


class Said:
    """What has been said since it was asked last, as bytes on the two descriptors."""

    def __init__(self, capture: pytest.CaptureFixture[bytes]) -> None:
        self.capture = capture

    def only_on_stderr(self) -> str:
        """One line on standard error, and nothing on standard output."""
        stdout, stderr = self.capture.readouterr()
        assert stdout == b""
        line = stderr.decode("utf-8")
        assert line.endswith("\n")
        assert line.count("\n") == 1
        assert line[:-1].isprintable()
        return line[:-1]


@pytest.fixture
def said(capfdbinary: pytest.CaptureFixture[bytes]) -> Said:
    return Said(capfdbinary)


@pytest.fixture
def from_the_system(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], str]], None]:
    """Do something in the middle of `get`: when it asks the system for the host's name."""
    return lambda action: monkeypatch.setattr(host_name, "own", action)


# get


@pytest.mark.usefixtures("home")
def test_get_prints_the_document_and_nothing_else(document: bytes, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("get", "dev") == 0
    assert capfdbinary.readouterr() == (document + b"\n", b"")


@pytest.mark.usefixtures("document")
def test_a_hit_is_logged_where_that_is_asked_for_and_nothing_else_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("get", "dev") == 0
    assert logged(home) == []
    monkeypatch.setenv("ASSUME_HELPER_LOG_HITS", "1")
    assert run("get", "dev") == 0
    assert [(event["event"], event["outcome"]) for event in logged(home)] == [("issue", "hit")]


def test_after_get_the_answer_is_at_hand_for_a_hit(home: Path, document: bytes) -> None:
    for file in ("config", "credentials"):
        os.utime(home / ".aws" / file, ns=(1, 1))  # a file that has just changed may change again unseen
    assert fresh_document("dev", os.environ, time.time()) is None
    assert run("get", "dev") == 0
    assert fresh_document("dev", os.environ, time.time()) == (document + b"\n", "")


@pytest.mark.usefixtures("home")
def test_a_profile_that_is_not_there_is_exit_3_and_one_line(said: Said) -> None:
    assert run("get", "dve") == 3
    line = said.only_on_stderr()
    assert re.fullmatch(r"assume-helper: dve: there is no such profile in .+; did you mean dev\?", line)


@pytest.mark.usefixtures("document")
def test_a_closed_standard_output_is_exit_1(said: Said) -> None:
    assert run("get", "dev", stdout_closed=True) == 1
    assert said.only_on_stderr().startswith("assume-helper: dev: standard output is closed; ")


@pytest.mark.usefixtures("home")
def test_a_hit_that_could_not_be_printed_is_exit_1_and_says_why(said: Said) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert run("get", "dev", failed=full) == 1
    assert said.only_on_stderr() == (
        "assume-helper: dev: the credentials cannot be printed (No space left on device); "
        "check where standard output goes"
    )


@pytest.mark.usefixtures("home")
def test_a_closed_pipe_is_exit_1_in_silence(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("get", "dev", failed=OSError(errno.EPIPE, "Broken pipe")) == 1
    assert capfdbinary.readouterr() == (b"", b"")


def test_a_full_disk_under_standard_output_is_exit_1(document: bytes, said: Said) -> None:
    saved = os.dup(1)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, 1)
    try:
        assert run("get", "dev") == 1
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(full)
    assert "cannot be printed (No space left on device)" in said.only_on_stderr()


# other ends


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["get"], "Missing argument 'PROFILE'; see `assume-helper get --help`"),
        (["get", "a", "b"], "unexpected extra argument (b); see `assume-helper get --help`"),
        (["get", "--wrong", "a"], "; see `assume-helper get --help`"),
        (["wrong"], "No such command 'wrong'"),
        (["--wrong"], "; see `assume-helper --help`"),
    ],
)
def test_wrong_usage_is_exit_2_and_names_the_help(arguments: list[str], words: str, said: Said) -> None:
    assert run(*arguments) == 2
    line = said.only_on_stderr()
    assert line.startswith("assume-helper: ")
    assert words in line


@pytest.mark.usefixtures("home")
def test_no_arguments_is_exit_2_and_the_help_on_standard_error(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run() == 2
    stdout, stderr = capfdbinary.readouterr()
    assert stdout == b""
    assert stderr.startswith(b"Usage: assume-helper ")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["get", "--help"], ["get", "-h"]])
def test_help_is_exit_0_and_on_standard_output(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 0
    stdout, stderr = capfd.readouterr()
    assert stdout.startswith("Usage: assume-helper ")
    assert stderr == ""


@pytest.mark.usefixtures("home")
def test_the_version_is_the_distributions(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capfd.readouterr() == (f"assume-helper {version('assume-helper')}\n", "")


@pytest.mark.usefixtures("home")
def test_with_another_users_rights_nothing_is_done(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getgid", lambda: 12345)
    assert run("get", "dev") == 1
    assert "(setuid, setgid or a file's capabilities)" in said.only_on_stderr()


@pytest.mark.usefixtures("home")
def test_an_interrupt_is_exit_130_and_one_line(
    said: Said, from_the_system: Callable[[Callable[[], str]], None]
) -> None:
    def interrupt() -> str:
        signal.raise_signal(signal.SIGINT)
        return "host"

    from_the_system(interrupt)
    assert run("get", "dev") == 130
    assert said.only_on_stderr().startswith("assume-helper: dev: interrupted; ")


@pytest.mark.usefixtures("home")
def test_termination_is_exit_143_and_a_line(
    from_the_system: Callable[[Callable[[], str]], None], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    def terminate() -> str:
        signal.raise_signal(signal.SIGTERM)
        return "host"

    from_the_system(terminate)
    assert run("get", "dev") == 143
    stdout, stderr = capfdbinary.readouterr()
    assert stdout == b""
    assert stderr.startswith(b"assume-helper: dev: terminated; ")


@pytest.mark.usefixtures("home")
def test_an_internal_error_is_exit_1_and_names_the_place_and_not_the_text(
    said: Said, from_the_system: Callable[[Callable[[], str]], None]
) -> None:
    def fail() -> str:
        raise LookupError(SECRET)

    from_the_system(fail)
    assert run("get", "dev") == 1
    line = said.only_on_stderr()
    assert re.search(r"internal error \(LookupError at test_app\.py:\d+\); please report it", line)
    assert SECRET not in line


# the one line


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("profile", ["\x1b[31mred", "a\nb", "a\u2028b", "\x9b2J", "d\udcff", "\u202etxt", ""])
def test_no_control_character_of_a_name_reaches_the_terminal(profile: str, said: Said) -> None:
    assert run("get", profile) == 3
    assert "cannot be empty or hold control characters" in said.only_on_stderr()


@pytest.mark.usefixtures("home")
def test_a_very_long_name_is_cut(said: Said) -> None:
    assert run("get", "x" * 100_000) == 3
    assert len(said.only_on_stderr()) < 1200


@pytest.mark.usefixtures("home")
def test_the_line_is_utf_8(said: Said) -> None:
    assert run("get", "grün") == 3
    assert said.only_on_stderr().startswith("assume-helper: grün: ")


@pytest.mark.usefixtures("home")
def test_an_unwritable_standard_error_is_ignored(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    saved = os.dup(2)
    unwritable = os.open(os.devnull, os.O_RDONLY)
    os.dup2(unwritable, 2)
    try:
        assert run("get", "dve") == 3
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(unwritable)
    assert capfdbinary.readouterr() == (b"", b"")


def test_a_failure_is_in_the_log_as_it_was_printed(home: Path, said: Said) -> None:
    before = time.time()
    assert run("get", "dve") == 3
    (event,) = logged(home)
    assert f"assume-helper: {event['profile']}: {event['message']}" == said.only_on_stderr()
    assert {name: event[name] for name in ("event", "profile", "exit_code")} == {
        "event": "failure",
        "profile": "dve",
        "exit_code": "3",
    }
    assert before - 1 <= datetime.fromisoformat(event["time"]).timestamp() <= time.time() + 1


# warnings


@pytest.fixture
def with_a_warning(home: Path, document: bytes) -> bytes:
    """The document, and a directory in the place of a file of the cache."""
    (home / CACHE / hit.stamp("dev", os.environ)[0]).mkdir()
    for file in ("config", "credentials"):
        os.utime(home / ".aws" / file, ns=(1, 1))
    return document


def test_a_warning_is_in_the_log_and_not_on_standard_error(
    home: Path, with_a_warning: bytes, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Some clients take anything on standard error for a failure."""
    assert run("get", "dev") == 0
    assert capfdbinary.readouterr() == (with_a_warning + b"\n", b"")
    events = [event for event in logged(home) if event["event"] != "issue"]
    assert {(event["event"], event["profile"]) for event in events} == {("warning", "dev")}
    assert "is not a plain file" in events[0]["message"]


@pytest.mark.usefixtures("home")
def test_a_warning_is_shown_to_a_person_at_a_terminal(
    with_a_warning: bytes, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Invocation, "is_terminal", lambda _self, descriptor: descriptor == 2)
    assert run("get", "dev") == 0
    stdout, stderr = capfdbinary.readouterr()
    assert stdout == with_a_warning + b"\n"
    assert stderr.startswith(b"assume-helper: dev: warning: not used: ")


def test_warnings_before_a_failure_are_logged_with_it_and_not_said(
    home: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSUME_HELPER_CACHE_DIR", "relative")
    with (home / ".aws" / "config").open("a") as config:
        config.write("ca_bundle = /nowhere.pem\n")
    assert run("get", "dev") == 3
    assert "no cache" not in said.only_on_stderr()
    assert [(event["event"], event["exit_code"]) for event in logged(home)] == [("warning", "3"), ("failure", "3")]


# the environment


@pytest.mark.usefixtures("document")
def test_sdk_code_in_this_process_does_not_see_the_callers_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DATA_PATH"):
        monkeypatch.setenv(name, "dummy")
    assert run("get", "dev") == 0
    assert not {"AWS_PROFILE", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DATA_PATH"} & set(os.environ)


def test_want_of_memory_and_of_descriptors_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], home: Path
) -> None:
    for problem, said in (
        (MemoryError(), b"this machine has no memory left; end other programs"),
        (OSError(errno.EMFILE, "Too many open files"), b"cannot open another file or connection"),
        (PermissionError(errno.EACCES, "Permission denied", "/a/b"), b"/a/b cannot be used (Permission denied); check"),
    ):
        found = problem

        def failing(*_given: object, found: BaseException = found) -> int:
            raise found

        monkeypatch.setattr(app, "_run", failing)
        assert run("get", "dev") == 1
        error = capfdbinary.readouterr().err
        assert said in error
        assert error.count(b"\n") == 1
    assert [line["event"] for line in logged(home)] == ["failure"] * 3


def test_a_pipe_that_nobody_reads_is_no_line(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    def failing(*_given: object) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(app, "_run", failing)
    assert run("log") == 1
    assert capfdbinary.readouterr().err == b""
