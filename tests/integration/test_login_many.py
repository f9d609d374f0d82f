"""Many who need a login at once: one browser, and all have what came of it."""

import os
import shlex
import signal
import subprocess
from pathlib import Path

import pytest
from identity_center import SESSION, Center
from logging_in import DESKTOP, configured, noting, pages, token, token_file
from running import Home, no_warning

from assume_helper.logins import log_in
from assume_helper.profiles import aws_config, login_settings
from assume_helper.system.context import CallContext, Clock

MANY = 75
FEW = 6
UNDER_WAY = "is being logged in to: another process has begun it"
Waiting = list["subprocess.Popen[bytes]"]


@pytest.fixture
def somebody(home: Home, center: Center) -> Home:
    home.unmeasured()
    return configured(home, center)


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A pipe that a browser waits at until it is told how to go on."""
    path = tmp_path / "gate"
    os.mkfifo(path)
    return path


def held(gate: Path, tmp_path: Path) -> dict[str, str]:
    """A browser that notes its page, waits at the gate for what to do (`follow` or `fail`), and does it."""
    follow = DESKTOP["BROWSER"].removesuffix(" %s")
    script = (
        f'echo "$1" >>{shlex.quote(str(tmp_path / "pages"))}; read what <{shlex.quote(str(gate))}; '
        f'[ "$what" = follow ] && exec {follow} "$1"; exit 1'
    )
    program = tmp_path / "held-browser"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return {"BROWSER": f"{shlex.quote(str(program))} %s"}


def leader(home: Home, tmp_path: Path, environ: dict[str, str]) -> "subprocess.Popen[bytes]":
    """The process that has begun the login: its browser has the page."""
    first = home.start("login", "dev", **environ)
    assert first.stderr is not None
    line = first.stderr.readline()
    assert b"log in to sso-session corp" in line
    while not pages(tmp_path):
        assert first.poll() is None
    return first


def waiting(home: Home, environ: dict[str, str], count: int) -> Waiting:
    """So many more, each of which says that it waits."""
    found = [home.start("login", "dev", **environ) for _ in range(count)]
    for process in found:
        assert process.stderr is not None
        assert UNDER_WAY in process.stderr.readline().decode()
    return found


def ended(processes: Waiting) -> list[tuple[int, str, str]]:
    outputs = [process.communicate(timeout=120) for process in processes]
    return [
        (process.returncode, stdout.decode(), stderr.decode())
        for process, (stdout, stderr) in zip(processes, outputs, strict=True)
    ]


def test_75_that_need_it_open_one_browser_and_all_are_logged_in(
    somebody: Home, center: Center, gate: Path, tmp_path: Path
) -> None:
    environ = held(gate, tmp_path)
    first = leader(somebody, tmp_path, environ)
    others = waiting(somebody, environ, MANY - 1)
    gate.write_text("follow\n")
    outcomes = ended([first, *others])
    assert {(code, stdout.partition(" until")[0]) for code, stdout, _ in outcomes} == {
        (0, "sso-session corp is logged in")
    }
    assert {stderr for _, _, stderr in outcomes[1:]} == {""}
    assert len(pages(tmp_path)) == 1
    assert [center.calls(name) for name in ("RegisterClient", "/authorize", "CreateToken")] == [1, 1, 1]
    assert token(somebody)["refreshToken"]


def test_a_login_that_fails_fails_for_all_who_waited_and_nobody_opens_another(
    somebody: Home, center: Center, gate: Path, tmp_path: Path
) -> None:
    environ = held(gate, tmp_path)
    first = leader(somebody, tmp_path, environ)
    others = waiting(somebody, environ, FEW)
    gate.write_text("fail\n")
    outcomes = ended([first, *others])
    assert {code for code, _, _ in outcomes} == {4}
    assert all("no browser could be started for the login of sso-session corp" in text for _, _, text in outcomes)
    assert len(pages(tmp_path)) == 1
    assert center.calls("CreateToken") == 0
    # a person asks again
    assert somebody.run("login", "dev", **DESKTOP).code == 0
    assert center.calls("/authorize") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_one_that_is_given_up_is_given_up_for_all(
    somebody: Home, center: Center, gate: Path, tmp_path: Path, number: signal.Signals
) -> None:
    environ = held(gate, tmp_path)
    first = leader(somebody, tmp_path, environ)
    others = waiting(somebody, environ, FEW)
    first.send_signal(number)
    code, _, text = ended([first])[0]
    assert code == (-9 if number == signal.SIGKILL else 128 + number)
    assert number == signal.SIGKILL or "nothing was changed" in text
    for outcome in ended(others):
        assert outcome[0] == 4
        assert "a login of sso-session corp was given up; run: assume-helper login --sso-session corp" in outcome[2]
    assert len(pages(tmp_path)) == 1
    assert not token_file(somebody).exists()
    gate.write_text("fail\n")  # the browser is still there
    assert somebody.run("login", "dev", **DESKTOP).code == 0


def test_one_who_waits_can_stop_waiting(somebody: Home, gate: Path, tmp_path: Path) -> None:
    environ = held(gate, tmp_path)
    first = leader(somebody, tmp_path, environ)
    (other,) = waiting(somebody, environ, 1)
    other.send_signal(signal.SIGINT)
    assert ended([other])[0][0] == 130
    gate.write_text("follow\n")
    assert ended([first])[0][0] == 0


def test_get_never_waits_for_a_person_and_never_opens_a_browser(somebody: Home, gate: Path, tmp_path: Path) -> None:
    environ = held(gate, tmp_path)
    first = leader(somebody, tmp_path, environ)
    somebody.run("get", "dev", **environ).failed(4, "a login of sso-session corp is under way")
    somebody.run("exec", "dev", "--", "true", **environ).failed(4, "a login of sso-session corp is under way")
    gate.write_text("follow\n")
    assert ended([first])[0][0] == 0
    assert somebody.get("dev")
    assert len(pages(tmp_path)) == 1


@pytest.mark.parametrize(
    "arguments", [["get", "dev"], ["exec", "dev", "--", "true"], ["env", "dev"], ["whoami", "dev"]]
)
def test_without_a_terminal_no_command_opens_a_browser(somebody: Home, tmp_path: Path, arguments: list[str]) -> None:
    ran = somebody.run(*arguments, **noting(tmp_path))
    assert ran.code == 4
    assert "sso-session corp is not logged in; run: assume-helper login --sso-session corp" in ran.stderr
    assert pages(tmp_path) == []


def test_with_force_those_who_waited_have_the_new_login_too(
    somebody: Home, center: Center, gate: Path, tmp_path: Path
) -> None:
    center.log_in(somebody)
    before = token(somebody)["accessToken"]
    environ = held(gate, tmp_path)
    first = somebody.start("login", "dev", "--force", **environ)
    while not pages(tmp_path):
        assert first.poll() is None
    other = somebody.start("login", "--force", "--sso-session", SESSION, **environ)
    assert other.stderr is not None
    assert UNDER_WAY in other.stderr.readline().decode()
    served = somebody.get("dev")  # what is good goes on meanwhile
    gate.write_text("follow\n")
    assert [code for code, _, _ in ended([first, other])] == [0, 0]
    assert len(pages(tmp_path)) == 1
    assert token(somebody)["accessToken"] != before
    assert served["AccessKeyId"]


def test_a_browser_that_stays_open_does_not_hold_the_lock(somebody: Home, tmp_path: Path) -> None:
    stays, gone = tmp_path / "stays", tmp_path / "gone"
    os.mkfifo(gone)
    follow = DESKTOP["BROWSER"].removesuffix(" %s")
    stays.write_text(f'#!/bin/sh\n{follow} "$1"\nread x <{shlex.quote(str(gone))}\n')
    stays.chmod(0o700)
    environ = {"BROWSER": f"{shlex.quote(str(stays))} %s"}
    assert somebody.run("login", "dev", **environ).code == 0
    assert somebody.run("login", "dev", "--force", **DESKTOP).code == 0
    gone.write_text("\n")


def test_one_that_comes_just_after_a_login_was_made_opens_none(
    somebody: Home, center: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has found the login wanting, and gets the lock when the other one has written the token."""
    clock = Clock()
    monkeypatch.setattr(os, "environ", somebody.environ)
    context = CallContext(somebody.environ, clock, clock.now(), clock.monotonic(), "host", str, no_warning)
    login = login_settings.of_session(aws_config.load(somebody.environ), SESSION, somebody.environ)
    before = log_in.seen(login)
    assert log_in.is_needed(login, context)
    assert somebody.run("login", "dev", **DESKTOP).code == 0
    for force in (False, True):
        is_made_here = log_in.log_in(
            login, log_in.Way("browser", True), context, lambda _notice: pytest.fail("asked"), lambda: None,
            before=before, force=force,
        )  # fmt: skip
        assert not is_made_here
    assert center.calls("/authorize") == 1
