"""`exec --sandbox`: its program, the session that it has, and what else runs beside it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest
from front import denied, wait_for
from needs import needs_sandbox
from running import ACCESS_KEY_ID, SCRIPT, SECRET
from sandbox_host import AS_USER, PYTHON, READ_ONLY, Host, host

pytestmark = needs_sandbox

# keyctl(2), add_key(2): their numbers here, and the keyrings of the session, the user, and the user's session.
KEYCTL, ADD_KEY = (219, 217) if os.uname().machine == "aarch64" else (250, 248)
SESSION, USER, USER_SESSION = -3, -4, -5
# Other credentials, and what leads to them.
WIDER = {
    "AWS_ACCESS_KEY_ID": "wider-1",
    "AWS_SECRET_ACCESS_KEY": "wider-2",
    "AWS_SESSION_TOKEN": "wider-3",
    "AWS_SECURITY_TOKEN": "wider-4",
    "AWS_ROLE_ARN": "wider-5",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/wider/6",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/wider-7",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/wider-8",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "wider-9",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/wider/10",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "http://wider-11",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "wider-12",
    "ACTIONS_RUNTIME_TOKEN": "wider-13",
    "SSH_AUTH_SOCK": "/wider/14",
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/wider/15",
    "XDG_RUNTIME_DIR": "/wider/16",
    "DOCKER_HOST": "unix:///wider/17",
    "GPG_AGENT_INFO": "/wider/18",
    "ASSUME_HELPER_MFA_TOKEN": "wider-19",
    "AWS_LOGIN_CACHE_DIRECTORY": "/wider/20",
    "GITLAB_OIDC_TOKEN": "wider-21",
    "TF_VAR_aws_secret_access_key": "wider-22",
    "MY_OWN_NAME_FOR_IT": "wider-2",
    "AWS_ACCESS_KEY": "wider-23",
    "AWS_SECRET_KEY": "wider-24",
    "AWS_BEARER_TOKEN_BEDROCK": "wider-25",
    "VAULT_TOKEN": "wider-26",
    "KUBECONFIG": "/wider/27",
    "ASSUME_HELPER_CACHE_DIR": "/mnt/home/wider",
}


@pytest.fixture
def machine() -> Iterator[Host]:
    with host() as found:
        yield found


@contextmanager
def started(machine: Host, *command: str, **environ: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`command` in the sandbox, its streams in pipes. It has ended when this does."""
    process = subprocess.Popen(
        machine.words(*command),
        env=machine.home.environ | environ,
        cwd=machine.work,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: "subprocess.Popen[bytes]") -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


# The session


def test_the_program_has_the_narrowed_session_alone(machine: Host) -> None:
    found = machine.environment(**WIDER, OTHER="kept", ANTHROPIC_API_KEY="kept", AWS_RETRY_MODE="standard")
    assert not [name for name, value in found.items() if "wider" in value]
    assert not {*WIDER} & {*found} - {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
    assert found["AWS_ACCESS_KEY_ID"] == "ASIAFRONT00000000000"
    assert found["AWS_REGION"] == "us-east-1"
    assert found["AWS_RETRY_MODE"] == "standard"
    assert found["OTHER"] == found["ANTHROPIC_API_KEY"] == "kept"
    assert found["ASSUME_HELPER_PROFILE"] == "dev"
    (call,) = machine.front.calls
    assert call.access_key_id == ACCESS_KEY_ID
    assert "arn:aws:iam::aws:policy/ReadOnlyAccess" in call.parameters.values()


def test_the_profile_s_variables_do_not_reach_it(machine: Host) -> None:
    file = machine.home.credentials
    found = machine.environment(AWS_PROFILE="dev", AWS_DEFAULT_PROFILE="dev", AWS_SHARED_CREDENTIALS_FILE=str(file))
    assert not {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SHARED_CREDENTIALS_FILE"} & {*found}


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--duration-seconds", "900"],
        ["--session-tag", "a=b"],
        ["--role-session-name", "x"],
        ["--refresh"],
    ],
)
def test_without_a_narrowing_option_it_is_a_usage_error(machine: Host, options: list[str]) -> None:
    machine.inside("true", options=options).failed(2, "add --read-only, --session-policy or --policy-arn")
    assert not machine.front.calls


@pytest.mark.parametrize(
    "options",
    [
        ["--policy-arn", "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"],
        ["--session-policy", '{"Version":"2012-10-17","Statement":[]}'],
    ],
)
def test_each_narrowing_option_will_do(machine: Host, options: list[str]) -> None:
    assert machine.inside("true", options=options).code == 0
    assert {"Policy", "PolicyArns.member.1.arn"} & {*machine.front.calls[0].parameters}


def test_a_key_itself_is_not_handed_over(machine: Host) -> None:
    machine.inside("true", options=[READ_ONLY, "--no-session"]).failed(2, "leave --no-session out")


def test_a_cached_session_is_not_handed_out_without_the_sandbox(machine: Host) -> None:
    """The quick path for what is cached knows the narrowing options, and not this one."""
    for _ in range(3):
        assert machine.outside(SCRIPT, "exec", READ_ONLY, "dev", "--", "ls", "/mnt/home/.aws").stdout
        assert machine.inside("ls", "/mnt/home/.aws").stdout == b""
    assert len(machine.front.calls) == 1


def test_a_refusal_runs_nothing(machine: Host) -> None:
    machine.front.behaviour = denied
    machine.inside("touch", "ran").failed(6, "denied AssumeRole")
    assert not (machine.work / "ran").exists()


# Other processes, keyrings and descriptors


FINDS = """
import json, os, sys
found = []
for name in os.listdir("/proc"):
    for what in ("environ", "cmdline"):
        try:
            with open(f"/proc/{name}/{what}", "rb") as file:
                if sys.argv[1].encode()[::-1] in file.read():
                    found.append(name)
        except OSError:
            pass
print(json.dumps(bool(found)))
"""


def test_other_processes_are_out_of_reach(machine: Host) -> None:
    """Neither those of the user nor the ones that the sandbox is made of can be read or sent a signal."""
    mark = "a-credential-of-another-process"
    other = subprocess.Popen([*AS_USER, "sleep", "600"], env={"SECRET_OF": mark, "PATH": os.environ["PATH"]})
    try:
        environ = f"/proc/{other.pid}/environ"
        wait_for(lambda: b"sleep" in Path(f"/proc/{other.pid}/cmdline").read_bytes())
        assert mark.encode() in Path(environ).read_bytes()
        assert machine.outside("cat", f"/proc/{other.pid}/stat").code == 0
        assert machine.both(FINDS, mark[::-1])[1] is False
        for words in (("cat", f"/proc/{other.pid}/stat"), ("kill", "-0", str(other.pid))):
            assert machine.inside(*words).code != 0
    finally:
        other.kill()
        other.wait()


def test_of_the_caller_s_environment_nothing_is_in_any_process(machine: Host) -> None:
    """bubblewrap's own first process can be read inside."""
    names = ["wider-2", "wider-9", "wider-12"]
    code = FINDS.replace("sys.argv[1].encode()[::-1]", "b'wider-' + sys.argv[1].encode()")
    for name in names:
        ran = machine.inside(PYTHON, "-I", "-S", "-c", code, name[-1], environ=WIDER)
        assert (ran.code, ran.stdout) == (0, b"false\n"), ran.stderr
    own = FINDS.replace("[::-1]", "")
    ran = machine.inside(PYTHON, "-I", "-S", "-c", own, "ASIAFRONT", environ=WIDER)
    assert ran.stdout == b"true\n"  # so it can see


def test_nothing_secret_is_on_a_command_line(machine: Host) -> None:
    with started(machine, "sh", "-c", "echo $AWS_SECRET_ACCESS_KEY; read line") as process:
        secret = first_line(process).strip()
        lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        assert any(b"pasta" in line and b"bwrap" in line for line in lines)
        assert not [line for line in lines if secret in line or SECRET.encode() in line]
        process.communicate(b"\n", timeout=60)


READS_KEY = f"""
import ctypes, json, sys
library = ctypes.CDLL(None, use_errno=True)
library.syscall({KEYCTL}, 8, int(sys.argv[1]), {SESSION})  # a keyring that none of ours leads to cannot be read
found = library.syscall({KEYCTL}, 10, int(sys.argv[1]), b"user", sys.argv[2].encode(), 0)
content = ctypes.create_string_buffer(64)
length = library.syscall({KEYCTL}, 11, found, content, 64) if found > 0 else -1
print(json.dumps(content.raw[:max(length, 0)].decode()))
"""


@pytest.mark.parametrize("keyring", [SESSION, USER, USER_SESSION])
def test_the_kernel_s_keyrings_are_out_of_reach(machine: Host, keyring: int) -> None:
    name = f"a test's key {keyring}"
    adds = f"""
import ctypes, os, sys
library = ctypes.CDLL(None, use_errno=True)
library.syscall({KEYCTL}, 1, None)
assert library.syscall({ADD_KEY}, b"user", {name!r}.encode(), b"of the keyring", 14, {keyring}) > 0
os.execvp(sys.argv[1], sys.argv[1:])
"""
    words = [PYTHON, "-I", "-S", "-c", READS_KEY, str(keyring), name]
    outside = machine.outside(PYTHON, "-I", "-S", "-c", adds, *words)
    inside = machine.outside(PYTHON, "-I", "-S", "-c", adds, *machine.words(*words)[len(AS_USER) :])
    assert (outside.code, json.loads(outside.stdout)) == (0, "of the keyring"), outside.stderr
    assert (inside.code, json.loads(inside.stdout)) == (0, ""), inside.stderr


def test_a_descriptor_of_the_caller_s_is_not_inherited(machine: Host) -> None:
    (machine.home.folder / ".aws" / "secret").write_text("read")
    shell = f'exec 7<{machine.home.folder}/.aws/secret; exec "$@"'
    words = ("sh", "-c", shell, "sh")
    outside = machine.outside(*words, "cat", "/proc/self/fd/7")
    assert outside.stdout == b"read"
    inside = machine.outside(*words, *machine.words("sh", "-c", "ls /proc/$$/fd; cat <&7")[len(AS_USER) :])
    assert inside.code != 0
    assert set(inside.stdout.split()) <= {b"0", b"1", b"2", b"10"}  # 10 is dash's own


# The program's streams, signals and end


def test_the_program_s_exit_code_and_streams_are_its_own(machine: Host) -> None:
    with started(machine, "sh", "-c", "cat; echo said >&2; exit 42") as process:
        assert process.communicate(b"given", timeout=60) == (b"given", b"said\n")
        assert process.returncode == 42


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 1", 1), ("exit 3", 3), ("kill -9 $$", 137)])
def test_the_exit_code_is_the_program_s(machine: Host, script: str, code: int) -> None:
    ran = machine.inside("sh", "-c", script)
    assert (ran.code, ran.stderr) == (code, "")


@pytest.mark.parametrize(("command", "code"), [("/there/is/none", 127), ("not-a-program", 127), ("/etc/passwd", 126)])
def test_a_program_that_cannot_be_started_has_a_shell_s_exit_code(machine: Host, command: str, code: int) -> None:
    machine.inside(command).failed(code, "cannot be started", command)


def test_the_program_dies_of_a_broken_pipe_as_it_would_by_itself(machine: Host) -> None:
    with started(machine, "sh", "-c", "yes; echo $? >&2") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b"141\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_reaches_the_program(machine: Host, number: signal.Signals) -> None:
    """Which answers it as it likes; it is not killed with the sandbox."""
    script = f"trap 'echo caught; exit 9' {number.name.removeprefix('SIG')}; echo there; while :; do sleep 0.1; done"
    with started(machine, "sh", "-c", script) as process:
        assert first_line(process) == b"there\n"
        process.send_signal(number)
        assert process.communicate(timeout=60) == (b"caught\n", b"")
        assert process.returncode == 9


def test_a_program_that_a_signal_ends_has_a_shell_s_exit_code(machine: Host) -> None:
    with started(machine, "sh", "-c", "echo there; exec sleep 600") as process:
        assert first_line(process) == b"there\n"
        process.terminate()
        assert process.wait(60) == 143


def test_nothing_outlives_this_process_or_the_program(machine: Host) -> None:
    mark = "99991.5"
    with started(machine, "sh", "-c", f"sleep {mark} & echo there; exec sleep {mark}") as process:
        assert first_line(process) == b"there\n"
        wait_for(lambda: running(mark))
        process.kill()
        process.wait(60)
        wait_for(lambda: not running(mark))
    assert machine.inside("sh", "-c", f"sleep {mark} >/dev/null 2>&1 & exit 0").code == 0
    wait_for(lambda: not running(mark))


def running(mark: str) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes() == f"sleep\0{mark}\0".encode():
                return True
        except OSError:
            continue
    return False


def in_terminal(machine: Host, words: Sequence[str], **environ: str) -> "pexpect.spawn[str]":
    return pexpect.spawn(
        words[0],
        list(words[1:]),
        env=machine.home.environ | environ,
        cwd=str(machine.work),
        encoding="utf-8",
        timeout=60,
    )


PUSHES = """
import ctypes
library = ctypes.CDLL(None, use_errno=True)
for request in (0x5412, 0x541C, 0x5412 + (1 << 32)):
    pushed = library.ioctl(0, ctypes.c_ulong(request), b"x") == 0
    print("PUSHED" if pushed else "REFUSED" if ctypes.get_errno() == 1 else "FAILED")
"""


def test_nothing_can_be_pushed_into_the_terminal(machine: Host) -> None:
    """By TIOCSTI and TIOCLINUX. Where the kernel has them at all, root may: so it is not the kernel that refuses."""
    found = []
    for words in ([PYTHON, "-I", "-S", "-c", PUSHES], machine.words(PYTHON, "-I", "-S", "-c", PUSHES)):
        terminal = in_terminal(machine, words)
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert terminal.before is not None
        found.append(re.findall("PUSHED|REFUSED|FAILED", terminal.before))
    assert found == [["PUSHED", "FAILED", "PUSHED"], ["REFUSED"] * 3]


def test_a_shell_in_the_sandbox_has_job_control(machine: Host) -> None:
    words = [*AS_USER, SCRIPT, "exec", "--sandbox", READ_ONLY, "dev"]
    shell = in_terminal(machine, words, SHELL="/bin/sh", PS1="PROMPT ")
    shell.expect_exact("`exit` leaves this shell")
    shell.expect_exact("PROMPT ")
    shell.sendline("cat")
    shell.expect_exact("cat")
    for key in (lambda: shell.sendcontrol("z"), shell.sendintr):
        shell.sendline("word")
        shell.expect("word\r\nword")  # as it is typed, and from the program, which is there by now
        key()
        shell.expect_exact("PROMPT ")
        shell.sendline("fg || echo none")
    shell.expect_exact("PROMPT ")
    shell.sendline("echo key=$AWS_ACCESS_KEY_ID.")
    shell.expect_exact("key=ASIAFRONT00000000000.")
    shell.sendline("exit 3")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 3, shell.before


def test_an_interrupt_from_the_terminal_reaches_the_program_once(machine: Host) -> None:
    script = "n=0; trap 'n=$((n+1)); echo caught $n' INT; echo there; read a; read b; echo end $n; exit 4"
    shell = in_terminal(machine, machine.words("bash", "-c", script))
    shell.expect_exact("there")
    shell.sendintr()
    shell.expect_exact("caught 1")
    shell.sendline("a")
    shell.sendline("b")
    shell.expect_exact("end 1")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 4


# Where it cannot be


def test_root_is_refused(machine: Host) -> None:
    words = [SCRIPT, "exec", "--sandbox", READ_ONLY, "dev", "--", "true"]
    machine.run(words).failed(3, "does not run as root", "run it as another user")
    assert not machine.front.calls


@pytest.mark.parametrize(
    ("name", "package"), [("bwrap", "bubblewrap"), ("pasta", "passt"), ("ip", "iproute2"), ("unshare", "util-linux")]
)
def test_a_missing_program_is_told_with_its_package(machine: Host, name: str, package: str) -> None:
    folder = Path("/mnt/programs")
    folder.mkdir()
    for program in {"bwrap", "pasta", "ip", "unshare", "sh"} - {name}:
        found = subprocess.run(["which", program], capture_output=True, check=True).stdout.decode().strip()
        (folder / program).symlink_to(found)
    for place in ("/usr/sbin", "/sbin"):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", os.path.realpath(place)], check=True)
    words = ["/usr/bin/env", f"PATH={folder}", *machine.words("true")[len(AS_USER) :]]
    ran = machine.outside(*words)
    ran.failed(3, f"--sandbox needs {name}", f"install the package {package}")
    assert not machine.front.calls


def test_without_a_device_for_the_network_it_is_refused_and_nothing_runs(machine: Host) -> None:
    subprocess.run(["umount", "/dev/net"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/dev/net"], check=True)
    refused(machine, machine.words("touch", "ran"))


def test_without_user_namespaces_it_is_refused_and_nothing_runs(machine: Host) -> None:
    """The kernel makes none for a process that has another root directory."""
    root = Path("/mnt/root")
    root.mkdir()
    subprocess.run(["mount", "--rbind", "/", str(root)], check=True)
    as_user = [*AS_USER, f"--root={root}", f"--wd={machine.work}"]
    refused(machine, [*as_user, *machine.words("touch", "ran")[len(AS_USER) :]])


def refused(machine: Host, words: Sequence[str]) -> None:
    ran = machine.run(words)
    assert (ran.code, ran.stdout) == (3, b""), ran.stderr
    assert "assume-helper: dev: the sandbox cannot be set up (" in ran.stderr
    assert "see docs/how-to/sandbox.md" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (machine.work / "ran").exists()


def test_on_another_system_it_is_refused(machine: Host) -> None:
    code = "import sys; sys.platform = 'darwin'; from assume_helper.cli import sandboxing; sandboxing.prepare(None, {})"
    ran = machine.outside(sys.executable, "-c", code)
    assert "ConfigurationError: --sandbox needs Linux; " in ran.stderr
