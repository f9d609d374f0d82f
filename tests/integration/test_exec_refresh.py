"""`exec --refresh`: the program takes this process's place, and the endpoint is a process beside it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from front import Front, denied, html, session, wait_for
from running import SCRIPT, Home

SHOW = "import json, os; print(json.dumps(dict(os.environ)), flush=True)"
# A program that lives until its standard input ends.
LIVES = [sys.executable, "-c", f"{SHOW}; import sys; sys.stdin.read()"]


@pytest.fixture
def ready(role: Home, offline_front: Front) -> Home:
    """A home whose temporary files are its own."""
    offline_front.behaviour = session()
    (role.folder / "tmp").mkdir()
    role.environ["TMPDIR"] = str(role.folder / "tmp")
    return role


def beside(home: Home) -> list[int]:
    """The processes of the helper in `home`: the endpoints."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0") if folder.name.isdigit() else []
            variables = (folder / "environ").read_bytes().split(b"\0") if b"--refresh" in words else []
        except OSError:
            continue
        if SCRIPT.encode() in words and f"HOME={home.folder}".encode() in variables:
            found.append(int(folder.name))
    return found


@contextmanager
def running(
    home: Home, command: list[str] = LIVES, environ: Mapping[str, str] | None = None
) -> Iterator[tuple[Any, dict[str, str]]]:
    """The program, while it runs, and its environment."""
    process = subprocess.Popen(
        [SCRIPT, "exec", "--refresh", "dev", "--", *command],
        env=home.environ | dict(environ or {}),
        cwd=home.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(60)


def ask(environ: dict[str, str], seconds: float = 60) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]}
    request = urllib.request.Request(environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers=headers)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=seconds) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def logged(home: Home, kind: str) -> list[str]:
    events = [json.loads(line) for line in home.log.read_text().splitlines()]
    return [event["message"] for event in events if event["event"] == kind]


def forgotten(home: Home) -> None:
    """Have the next call ask STS."""
    for entry in home.entries():
        entry.unlink()


def test_the_program_takes_this_process_s_place_and_has_no_child(ready: Home) -> None:
    program = "import os; print(os.getpid(), open(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read())"
    process = ready.start("exec", "--refresh", "dev", "--", sys.executable, "-c", program)
    out, said = process.communicate(timeout=60)
    assert (out.split(), said) == ([str(process.pid).encode()], b"")


def test_the_endpoint_has_a_session_of_its_own_and_nothing_of_the_caller_s(ready: Home) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    line = f"exec 7>&{writer}; exec {SCRIPT} exec --refresh dev -- sleep 60"
    process = subprocess.Popen(["/bin/bash", "-c", line], env=ready.environ, pass_fds=[writer], start_new_session=True)
    os.close(writer)
    wait_for(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "sleep\n")
    (endpoint,) = beside(ready)
    assert os.getsid(endpoint) == endpoint
    held = [os.readlink(path) for path in Path(f"/proc/{endpoint}/fd").iterdir()]
    assert f"pipe:[{os.fstat(reader).st_ino}]" not in held
    assert held.count("/dev/null") >= 3
    process.kill()
    process.wait(60)
    os.close(reader)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, None])
def test_it_ends_with_the_program_however_that_ends(ready: Home, how: signal.Signals | None) -> None:
    """Also where a child of the program lives on, which has all that the program had open."""
    child = f"sleep 300 & {sys.executable} -c '{SHOW}'; read line"
    with running(ready, command=["/bin/bash", "-c", child]) as (process, environ):
        (endpoint,) = beside(ready)
        assert ask(environ)[0] == 200
        file = Path(environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])
        assert file.exists()
        os.kill(endpoint, signal.SIGTERM)
        os.kill(endpoint, signal.SIGINT)
        assert ask(environ)[0] == 200, "a signal to all is the program's to answer first"
        if how is None:
            process.stdin.close()
        else:
            process.send_signal(how)
        process.wait(60)
        wait_for(lambda: not beside(ready), 5)
        assert not file.parent.exists()
        os.killpg(process.pid, signal.SIGKILL)


def test_a_signal_to_the_group_reaches_the_program_once(ready: Home) -> None:
    program = (
        f"{SHOW}\nimport signal, sys\ngot = []\nsignal.signal(signal.SIGTERM, lambda *a: got.append(1))\n"
        "print('set', flush=True)\nsys.stdin.read()\nraise SystemExit(len(got))"
    )
    with running(ready, command=[sys.executable, "-c", program]) as (process, environ):
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGTERM)
        for _ in range(2):
            assert ask(environ)[0] == 200, "by then the endpoint has had the signal too"
        process.stdin.close()
        assert process.wait(60) == 1


def test_a_stopped_program_is_seen_to_be_stopped(ready: Home) -> None:
    with running(ready) as (process, environ):
        process.send_signal(signal.SIGSTOP)
        assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
        assert ask(environ)[0] == 200
        process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("refresh", [[], ["--refresh"]])
def test_where_sigchld_is_ignored_the_exit_code_is_the_program_s_and_it_stays_ignored(
    ready: Home, refresh: list[str]
) -> None:
    program = "import signal, sys; sys.exit(7 if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN else 8)"
    ignoring = (
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    for code, words in ((7, [sys.executable, "-c", program]), (5, ["sh", "-c", "sh -c 'exit 5'"])):
        arguments = ["-c", ignoring, SCRIPT, "exec", *refresh, "dev", "--", *words]
        ran = ready.run(*arguments, command=[sys.executable])
        assert ran.code == code, ran.stderr


def test_where_sigchld_is_ignored_a_source_that_fails_is_not_believed(ready: Home, offline_front: Front) -> None:
    document = json.dumps({"Version": 1, "AccessKeyId": "AKIAFAILED", "SecretAccessKey": "s"})
    program = ready.folder / "source"
    program.write_text(f"#!/bin/sh\necho '{document}'\nexit 1\n")
    program.chmod(0o700)
    ready.credentials.write_text("")
    with ready.config.open("a") as config:
        config.write(f"[profile base]\ncredential_process = {program}\n")
    ignoring = (
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    for command in (["get", "dev"], ["exec", "dev", "--", "true"], ["env", "dev", "--json"]):
        ran = ready.run("-c", ignoring, SCRIPT, *command, command=[sys.executable])
        ran.failed(4, "failed (exit 1)")
    assert not offline_front.calls


def test_a_refused_refresh_is_in_the_log_once_and_what_was_had_is_not_served(ready: Home, offline_front: Front) -> None:
    with running(ready) as (_, environ):
        forgotten(ready)
        offline_front.behaviour = denied
        for _ in range(3):
            status, said = ask(environ)
            assert (status, said["code"]) == (500, "STSRefused")
        offline_front.behaviour = html(503)
        assert ask(environ)[0] == 500, "a no is final"
    assert len([message for message in logged(ready, "failure") if "denied AssumeRole" in message]) == 1


@pytest.mark.parametrize("storage", ["file", "none"])
def test_while_sts_is_away_what_was_had_is_served_and_that_is_in_the_log(
    ready: Home, offline_front: Front, storage: str
) -> None:
    ready.config.write_text(ready.config.read_text() + f"assume_helper_cache = {storage}\n")
    with running(ready) as (_, environ):
        forgotten(ready)
        offline_front.behaviour = html(503)
        assert ask(environ)[1]["AccessKeyId"] == "ASIAFRONT00000000000"
    assert [message for message in logged(ready, "warning") if message.startswith("refresh: ")]


def test_warnings_are_in_the_log(ready: Home) -> None:
    with ready.credentials.open("a") as credentials:
        credentials.write("[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = s\n")
    ready.run("exec", "--refresh", "dev", "--", "true")
    assert any("does not see the file" in message for message in logged(ready, "warning"))


def test_the_program_is_the_caller_in_the_log(ready: Home) -> None:
    with running(ready, environ={"ASSUME_HELPER_LOG_HITS": "1"}) as (_, environ):
        ask(environ)
    events = [json.loads(line) for line in ready.log.read_text().splitlines()]
    (event,) = [event for event in events if event["event"] == "issue"]
    assert event["caller"].startswith("python")
    assert event["outcome"] == "hit"


OTHER = "arn:aws:iam::123456789012:role/other"


@pytest.mark.parametrize(
    "change",
    [
        ("role/dev", "role/other"),
        ("123456789012", "210987654321"),
        ("role/dev", "role/path/dev"),
        ("[profile dev]", "[profile dev]\nassume_helper_role_arn = arn:aws:iam::123456789012:role/admin"),
    ],
    ids=["role", "account", "path", "prefix"],
)
def test_after_an_edit_of_the_config_the_program_does_not_become_another_role(
    ready: Home, offline_front: Front, change: tuple[str, str]
) -> None:
    before = ready.config.read_text()
    with running(ready) as (_, environ):
        given = ask(environ)[1]
        ready.config.write_text(before.replace(*change))
        offline_front.behaviour = session(access_key_id="ASIAOTHER00000000000")
        status, said = ask(environ)
        assert (status, said["code"]) == (500, "ConfigurationError")
        assert "ASIAOTHER" not in str(said)
        assert any("by now" in message for message in logged(ready, "failure"))
        ready.config.write_text(before)
        assert ask(environ) == (200, given)


def test_after_an_edit_that_leaves_the_role_it_goes_on(ready: Home, offline_front: Front) -> None:
    with running(ready) as (_, environ):
        ask(environ)
        ready.config.write_text(ready.config.read_text() + "duration_seconds = 1800\nrole_session_name = another\n")
        offline_front.behaviour = session(access_key_id="ASIANEW0000000000000")
        assert ask(environ)[1]["AccessKeyId"] == "ASIANEW0000000000000"


def test_both_forms_of_the_token_are_given(ready: Home) -> None:
    with running(ready) as (_, environ):
        file = Path(environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])
        assert file.read_text() == environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        assert file.is_relative_to(ready.folder / "tmp")


def test_the_file_is_where_the_user_s_programs_keep_such_things(ready: Home) -> None:
    (ready.folder / "run").mkdir(mode=0o700)
    for directory, where in (("run", "run"), ("not-there", "tmp")):
        with running(ready, environ={"XDG_RUNTIME_DIR": str(ready.folder / directory)}) as (_, environ):
            assert Path(environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]).is_relative_to(ready.folder / where)


def test_a_killed_endpoint_s_file_goes_with_the_next_one(ready: Home) -> None:
    with running(ready) as (_, first):
        left = Path(first["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])
        with running(ready) as (_, second):
            assert left.exists(), "it is in use"
            assert second["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] != str(left)
        for endpoint in beside(ready):
            os.kill(endpoint, signal.SIGKILL)
        wait_for(lambda: not beside(ready))
        assert left.exists()
        with running(ready):
            assert not left.parent.exists()


def test_a_program_that_cannot_be_started_leaves_nothing(ready: Home) -> None:
    ready.run("exec", "--refresh", "dev", "--", "/there/is/none").failed(127, "cannot be started")
    wait_for(lambda: not list((ready.folder / "tmp").iterdir()), 5)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"NO_PROXY": "a.example"}, {"NO_PROXY": "a.example"}),
        ({"HTTPS_PROXY": "http://p"}, {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}),
        (
            {"http_proxy": "http://p", "NO_PROXY": "a.example"},
            {"NO_PROXY": "a.example,127.0.0.1", "no_proxy": "a.example,127.0.0.1"},
        ),
        (
            {"ALL_PROXY": "http://p", "NO_PROXY": "a, b", "no_proxy": "c"},
            {"NO_PROXY": "a,b,127.0.0.1", "no_proxy": "c,127.0.0.1"},
        ),
        ({"HTTP_PROXY": "http://p", "no_proxy": "*"}, {"NO_PROXY": "*", "no_proxy": "*"}),
        (
            {"HTTP_PROXY": "http://p", "NO_PROXY": "127.0.0.1"},
            {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        ),
    ],
)
def test_under_a_proxy_the_endpoint_is_reached_without_it(
    ready: Home, given: dict[str, str], expected: dict[str, str]
) -> None:
    ready.get("dev")
    with running(ready, environ=given) as (_, environ):
        assert {name: environ[name] for name in ("NO_PROXY", "no_proxy") if name in environ} == expected


@pytest.mark.parametrize("clients", [100, 1000])
def test_many_clients_at_once_are_all_served(ready: Home, clients: int) -> None:
    with running(ready) as (_, environ), ThreadPoolExecutor(100) as pool:
        begin = time.monotonic()
        assert {status for status, _ in pool.map(lambda _: ask(environ), range(clients))} == {200}
        assert time.monotonic() - begin < 30


def test_the_first_process_of_a_container_has_one_child(ready: Home) -> None:
    """What docs/how-to/exec-and-shells.md says: nobody else can adopt the endpoint there."""
    program = "import os; print(os.getpid(), len(open('/proc/self/task/%d/children' % os.getpid()).read().split()))"
    words = ["unshare", "--pid", "--fork", "--mount-proc", SCRIPT, "exec", "--refresh", "dev", "--", sys.executable]
    ran = ready.run("-c", program, command=words)
    if b"unshare" in ran.stderr.encode():
        pytest.skip("there are no namespaces here")
    assert ran.stdout.split() == [b"1", b"1"]


def test_a_caller_who_is_killed_before_the_program_starts_leaves_no_endpoint(ready: Home) -> None:
    process = ready.start("exec", "--refresh", "dev", "--", "sleep", "60")
    wait_for(lambda: bool(beside(ready)))
    process.kill()
    process.communicate(timeout=60)
    wait_for(lambda: not beside(ready), 10)
