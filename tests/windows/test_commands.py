"""Every command of README, as pip's launcher for Windows starts it."""

import json

import pytest
from configuring import BOTO3
from front import Front, identity, session
from identity_center import Center, permission_set, sso_session
from running import ACCESS_KEY_ID, warned
from wine import WindowsHome
from wine import path as windows_path

KEY = "ASIAFRONT00000000000"
# Another program's process.
PROCESS = """
import json
print(json.dumps({"Version": 1, "AccessKeyId": "ASIAPROCESS000000000", "SecretAccessKey": "x", "SessionToken": "y"}))
"""
PRINT = "import os; print(os.environ['AWS_ACCESS_KEY_ID'])"


@pytest.fixture
def logged_in(home: WindowsHome, center: Center) -> WindowsHome:
    """A home with the profile `dev`, a permission set of a session that is logged in."""
    home.environ |= center.environ() | {"AWS_REGION": "us-east-1"}
    home.config.write_text(permission_set("dev", prefix="assume_helper_") + sso_session())
    center.log_in(home)
    return home


def test_exec_hands_on_the_credentials_and_the_exit_code(granted: WindowsHome) -> None:
    ran = granted.run("exec", "dev", "--", windows_path(granted.python), "-c", PRINT)
    assert (ran.code, ran.stdout.split()) == (0, [KEY.encode()]), ran.stderr
    assert granted.run("exec", "dev", "--", "cmd", "/c", "exit 7").code == 7
    lines = granted.run("exec", "dev", "--", "cmd", "/c", "echo %AWS_ACCESS_KEY_ID%").stdout
    assert lines.split() == [KEY.encode()]
    granted.run("exec", "dev", "--", "no-such-program").failed(127)


def test_exec_finds_a_batch_file_as_cmd_does_and_cmd_runs_nothing_of_its_words(granted: WindowsHome) -> None:
    """`npm` is npm.cmd there."""
    folder = granted.folder / "with blanks"
    folder.mkdir(exist_ok=True)
    (folder / "tool.cmd").write_bytes(b"@echo [%1] [%2] %AWS_ACCESS_KEY_ID%\r\n@exit /b 7\r\n")
    for pattern in ("dev", "d*v"):
        ran = granted.run("exec", pattern, "--", "tool", "a&b", "c d", WINEPATH=windows_path(folder))
        said = f'["a&b"] ["c d"] {KEY}'
        assert (ran.code, ran.stdout.decode().strip().removeprefix("dev: ")) == (7, said), ran.stderr
    ran = granted.run("exec", "dev", "--", "tool", '"&echo b', WINEPATH=windows_path(folder))
    ran.failed(126, "tool.cmd is a batch file")


def test_what_env_prints_is_run_by_cmd(granted: WindowsHome) -> None:
    batch = granted.folder / "credentials.cmd"
    batch.write_bytes(granted.run("env", "dev", "--shell", "cmd").stdout + b"echo %AWS_ACCESS_KEY_ID%\r\n")
    said = granted.completed("/q", "/c", "credentials.cmd", command=["cmd"])
    assert said.stdout.decode().split()[-1] == KEY
    powershell = granted.run("env", "dev", "--shell", "powershell").stdout.decode().lower()
    assert f"$env:aws_access_key_id = '{KEY.lower()}'" in powershell
    batch.write_bytes(batch.read_bytes() + granted.run("env", "--unset", "--shell", "cmd").stdout + b"set AWS_\r\n")
    said = granted.completed("/q", "/c", "credentials.cmd", command=["cmd"])
    assert b"AWS_ACCESS_KEY_ID" not in said.stdout


def test_whoami_says_who_one_is(granted: WindowsHome, offline_front: Front) -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/dev/me"
    issue = session()
    offline_front.behaviour = lambda call: identity(arn)(call) if call.action == "GetCallerIdentity" else issue(call)
    ran = granted.run("whoami", "dev", "--json")
    assert ran.code == 0, ran.stderr
    assert arn in ran.stdout.decode()


def test_list_and_clear(granted: WindowsHome, offline_front: Front) -> None:
    granted.get("dev")
    listed = {row["profile"]: row for row in json.loads(granted.run("list", "--json").stdout)}
    assert listed["dev"]["kind"] == "role"
    assert b"dev" in granted.run("list").stdout
    assert granted.run("clear", "dev").code == 0
    assert granted.entries() == []
    granted.get("dev")
    assert len(offline_front.calls) == 2


def test_log_says_which_program_called(granted: WindowsHome) -> None:
    """The launcher lies between, and `cmd /c` where an SDK starts one: Wine 8 does not tell its words."""
    call = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
    done = granted.in_python(call, windows_path(granted.launcher), "get", "dev")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in granted.log.read_text().splitlines()]
    assert [event["caller"] for event in events if event["event"] == "issue"] == ["python"]
    assert b"python" in granted.run("log").stdout


def test_completion_and_the_version(granted: WindowsHome) -> None:
    assert b"Register-ArgumentCompleter" in granted.run("completion", "powershell").stdout
    assert granted.run("completion", "powershell", "--", ".get", ".d").stdout.split()[:1] == [b"dev"]
    assert granted.run("--version").stdout.startswith(b"assume-helper ")
    assert b"credential_process" in granted.run("--help").stdout


def test_configure_writes_what_boto3_calls_and_undoes_it(folk: WindowsHome) -> None:
    before = folk.config.read_bytes()
    ran = folk.run("configure", "dev", "--yes")
    assert ran.code == 0, ran.stderr
    line = f"{windows_path(folk.launcher)} get dev"
    assert f"credential_process = {line}\n" in folk.config.read_text(), "no quotes: Go's first SDK strips them"
    done = folk.in_python(BOTO3, "dev")
    assert done.stdout.split() == [b"custom-process", KEY.encode()], done.stderr
    issued = [json.loads(line) for line in folk.log.read_text().splitlines()]
    assert issued[-1]["caller"] == "python"
    in_cmd = folk.completed("/d", "/c", line, command=["cmd"])  # as most SDKs run it
    assert json.loads(in_cmd.stdout)["AccessKeyId"] == KEY, in_cmd.stderr
    assert folk.run("configure", "dev", "--undo", "--yes").code == 0
    assert folk.config.read_bytes() == before


def test_configure_fastest_writes_what_boto3_calls(folk: WindowsHome) -> None:
    ran = folk.run("configure", "dev", "--fastest", "--yes")
    assert ran.code == 0, ran.stderr
    assert "-I -S" in folk.config.read_text()
    done = folk.in_python(BOTO3, "dev")
    assert done.stdout.split() == [b"custom-process", KEY.encode()], done.stderr


def test_doctor_tests_the_process_that_configure_wrote(folk: WindowsHome) -> None:
    assert folk.run("configure", "dev", "--yes").code == 0
    checks = json.loads(folk.run("doctor", "dev", "--json").stdout)
    assert [check for check in checks if check["status"] == "fail" and check["name"] != "sts"] == []
    assert [check["status"] for check in checks if check["name"] == "process"] == ["ok"], checks
    assert ACCESS_KEY_ID not in str(checks)


@pytest.mark.parametrize("quotes", ["", '"'])
def test_a_process_is_a_source_with_backslashes_and_with_quotes(granted: WindowsHome, quotes: str) -> None:
    folder = granted.folder / ("a source" if quotes else "source")
    folder.mkdir(exist_ok=True)
    (folder / "process.py").write_text(PROCESS)
    python, script = windows_path(granted.python), windows_path(folder / "process.py")
    line = f"{quotes}{python}{quotes} {quotes}{script}{quotes}"
    granted.config.write_text(f"[profile other]\ncredential_process = {line}\nregion = us-east-1\n")
    assert granted.get("other")["AccessKeyId"] == "ASIAPROCESS000000000"
    (row,) = [row for row in json.loads(granted.run("list", "--json").stdout) if row["profile"] == "other"]
    assert (row["kind"], row["source"]) == ("process", "python.exe")


def test_a_loop_through_a_path_without_quotes_is_seen(folk: WindowsHome) -> None:
    folk.config.write_text(f"[profile dev]\ncredential_process = {windows_path(folk.launcher)} get dev\n")
    folk.run("get", "dev").failed(3, "dev")


def test_login_with_a_code_then_get_then_logout(home: WindowsHome, center: Center) -> None:
    from logging_in import approving, configured

    configured(home, center)
    home.environ["AWS_REGION"] = "us-east-1"
    home.run("get", "dev").failed(4, "login")
    approving(center)
    ran = home.run("login", "dev", "--device-code")
    assert ran.code == 0, ran.stderr
    assert home.get("dev")["AccessKeyId"].startswith("ASIA")
    assert home.run("logout", "dev").code == 0
    home.run("get", "dev").failed(4, "login")


def test_sync_writes_a_profile_for_each_role(logged_in: WindowsHome, center: Center) -> None:
    center.assign("210987654321", "Admin", name="Büro (EU)")
    ran = logged_in.run("sync", "corp", "--region", "us-east-1", "--yes")
    assert ran.code == 0, ran.stderr
    assert "[profile Buro-EU.Admin]" in logged_in.config.read_text()


def test_console_prints_the_page(logged_in: WindowsHome) -> None:
    ran = logged_in.run("console", "dev", "--print")
    assert ran.code == 0, ran.stderr
    assert ran.stdout.startswith(b"http")
    assert b"SigninToken" in ran.stdout


def test_a_failure_is_in_the_log(role: WindowsHome) -> None:
    role.credentials.unlink()
    assert role.run("get", "dev").code in {3, 4}
    assert warned(role)
