"""What the front trusts: whose rights it has, what it opens, and which neighbour it executes."""

import ctypes
import importlib
import os
import re
import resource
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from front import wait_for
from native_front import HANDED_ON, IS_SANITIZED, SOURCES, Scene, for_everybody, is_waiting
from needs import needs_root, needs_strace

NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
REFUSED = (
    b"assume-helper: this runs with rights that you do not have (setuid, setgid or a file's capabilities); "
    b"run it as yourself\n"
)
AT_SECURE = 23
PTRACE_TRACEME, PTRACE_DETACH = 0, 17

not_sanitized = pytest.mark.skipif(
    IS_SANITIZED, reason="the sanitizers open files and refuse foreign rights by themselves"
)


# Rights that the caller lacks.


def elevated(change: Callable[[Path], object], native: Path) -> tuple["subprocess.CompletedProcess[bytes]", str]:
    """What nobody sees who runs a copy with more rights, and which files were opened."""
    with for_everybody(native) as program:
        change(program)
        trace = program.with_name("trace")
        ran = subprocess.run(
            [
                "strace",
                "-f",
                "-qq",
                "-u",
                "nobody",
                "-e",
                "trace=file,prctl,socket",
                "-o",
                str(trace),
                str(program),
                "get",
                "dev",
            ],
            env={"HOME": "/nonexistent"},
            capture_output=True,
            check=False,
        )
        return ran, trace.read_text()


def setuid(path: Path) -> None:
    os.chown(path, 0, 0)
    path.chmod(0o4755)


def setgid(path: Path) -> None:
    os.chown(path, 0, 1)
    path.chmod(0o2755)


def capable(path: Path) -> None:
    subprocess.run(["setcap", "cap_net_raw+ep", str(path)], check=True)


def permitted(path: Path) -> None:
    subprocess.run(["setcap", "cap_net_bind_service+p", str(path)], check=True)


@needs_root
@needs_strace
@not_sanitized
@pytest.mark.parametrize("change", [setuid, setgid, capable, permitted])
def test_a_copy_with_more_rights_than_its_caller_refuses_before_anything_is_opened(
    native: Path, change: Callable[[Path], object]
) -> None:
    ran, trace = elevated(change, native)
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, b"", REFUSED)
    touched = re.findall(r'^[0-9]+ +(\w+)\((?:AT_FDCWD, )?"([^"]+)"', trace, flags=re.M)
    own = {
        (call, path) for call, path in touched[1:] if not re.search(r"/ld\.so\.|\.so\.[0-9]+$|^/etc/suid-debug$", path)
    }
    assert own <= {("getxattr", "/proc/self/exe")}
    assert trace.count("execve(") == 1


@needs_root
@not_sanitized
def test_rights_that_the_caller_has_itself_are_none_too_many(native: Path) -> None:
    """Of root, and of a group that it is in by its first group."""
    for change in (setuid, setgid, capable):
        with for_everybody(native) as program:
            change(program)
            group = ["setpriv", "--regid=1", "--clear-groups"] if change is setgid else []
            ran = subprocess.run([*group, str(program), "--version"], capture_output=True, check=False)
            assert (ran.returncode, ran.stderr) == (0, b"")


@needs_root
@not_sanitized
def test_a_copy_that_was_refused_is_served_without_the_bit(native: Path) -> None:
    with for_everybody(native) as program:
        setuid(program)
        program.chmod(0o755)
        ran = subprocess.run([*AS_NOBODY, str(program), "--version"], capture_output=True, check=False)
        assert (ran.returncode, ran.stderr) == (0, b"")


def with_auxiliary_value(number: int, value: int, command: list[str], environ: dict[str, str]) -> tuple[int, bytes]:
    """Run `command` with an entry of its auxiliary vector changed, as a security module changes AT_SECURE."""
    libc = ctypes.CDLL(None, use_errno=True)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(write, 1)
        os.dup2(write, 2)
        libc.ptrace(PTRACE_TRACEME, 0, None, None)
        os.execve(command[0], command, environ)  # noqa: S606 - there is none
    os.close(write)
    _, status = os.waitpid(child, 0)
    assert os.WIFSTOPPED(status), status
    word = ctypes.sizeof(ctypes.c_void_p)
    start = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[25])
    found = False
    with open(f"/proc/{child}/mem", "r+b", buffering=0) as memory:

        def at(address: int) -> int:
            memory.seek(address)
            return int.from_bytes(memory.read(word), "little")

        place = start + word * (at(start) + 2)  # behind argc, argv and its NULL
        while at(place):
            place += word
        place += word
        while at(place):
            if at(place) == number:
                memory.seek(place + word)
                memory.write(value.to_bytes(word, "little"))
                found = True
            place += 2 * word
    libc.ptrace(PTRACE_DETACH, child, None, None)
    with open(read, "rb") as file:
        said = file.read()
    assert found
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


@needs_root
@not_sanitized
def test_a_secure_execution_without_other_rights_is_served(warm: Scene) -> None:
    """SELinux and AppArmor set AT_SECURE too, for a unit of systemd."""
    command = [str(warm.alone), "get", "dev"]
    code, said = with_auxiliary_value(AT_SECURE, 1, command, warm.home.environ)
    assert (code, said) == (0, warm.run(warm.python, "get", "dev").stdout)
    with for_everybody(warm.native) as program:
        subprocess.run(["setcap", "cap_net_raw+ep", str(program)], check=True)
        code, said = with_auxiliary_value(AT_SECURE, 1, [str(program), "get", "dev"], warm.home.environ)
        assert (code, said) == (1, REFUSED)


def test_without_a_name_of_its_own_it_says_so(tmp_path: Path) -> None:
    """Today's kernels give a program a name where its caller gives none, so it is called within a program here."""
    harness = tmp_path / "harness.c"
    harness.write_text(
        "int front_main(int, char **);\nint main(void) { char *none[] = {0}; return front_main(0, none); }\n"
    )
    for step in (
        ["python3", str(SOURCES / "generate.py"), str(tmp_path / "generated.h")],
        [
            "cc",
            "-c",
            "-std=c17",
            "-D_GNU_SOURCE",
            "-Dmain=front_main",
            f"-I{tmp_path}",
            f"-I{SOURCES}",
            *sorted(map(str, SOURCES.glob("*.c"))),
        ],
        ["sh", "-c", "cc *.o harness.c -o harness"],
    ):
        subprocess.run(step, cwd=tmp_path, check=True)
    ran = subprocess.run([str(tmp_path / "harness")], capture_output=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr == b"assume-helper: it was called without a name of its own; call it as assume-helper\n"


def test_a_nameless_start_harms_nobody(warm: Scene) -> None:
    ran = warm.run(Path("--nameless"), str(warm.alone), raw=[b"A=b"])
    assert ran.code in (1, HANDED_ON)


# The system.


@needs_root
def test_without_proc_a_hit_is_served_and_only_handing_on_fails(warm: Scene) -> None:
    without = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        'mount -t tmpfs none /proc && exec "$@"',
        "sh",
    ]
    if IS_SANITIZED:
        pytest.skip("the sanitizers read /proc")
    assert warm.run(warm.native, "get", "dev", before=without).stdout == warm.run(warm.python, "get", "dev").stdout
    assert warm.run(warm.native, "exec", "dev", "--", "true", before=without).code in (0, 1)
    for typed in (["get", "other"], ["list"], ["env", "dev"]):
        ran = warm.run(warm.native, *typed, before=without)
        assert (ran.code, ran.stdout) == (1, b"false\n" if typed[0] == "env" else b"")
        about = "" if typed == ["list"] else f"{typed[1]}: "
        why = "this program cannot find itself: is /proc mounted; install assume-helper again"
        assert ran.said == f"assume-helper: {about}{why}\n"


def opened(trace: str) -> list[str]:
    """The calls that open a file, the loader's aside, until the next program."""
    calls = [line for line in trace.splitlines() if "openat(" in line and "/ld.so" not in line and ".so." not in line]
    return [line.partition(" ")[2].strip() for line in calls]


@needs_strace
@not_sanitized
@pytest.mark.parametrize(
    "typed",
    [["get", "dev"], ["get", "other"], ["env", "dev", "--shell", "sh"], ["completion", "zsh", "--", "get", ""]],
    ids=" ".join,
)
def test_every_file_is_opened_to_be_closed_at_the_next_program(warm: Scene, typed: list[str]) -> None:
    trace = warm.home.folder / "trace"
    warm.run(warm.alone, *typed, before=["strace", "-qq", "-e", "trace=openat,execve,prctl,read", "-o", str(trace)])
    text = trace.read_text()
    beside = re.search(r'^execve\("[^"]*(?:assume-helper-python|recorder)".*', text, flags=re.M)
    front = text[: beside.start()] if beside else text
    calls = opened("".join(f"0 {line}\n" for line in front.splitlines()))
    assert calls
    for call in calls:
        assert "O_CLOEXEC" in call, call
    folder = next((call for call in calls if f'"{warm.home.cache}"' in call), "")
    assert "O_DIRECTORY" in folder
    assert "O_NOFOLLOW" in folder
    assert all("O_NOFOLLOW" in call for call in calls if ".hit" in call or ".entry" in call or ".door" in call)
    if typed[0] == "get":
        assert front.index("PR_SET_DUMPABLE, SUID_DUMP_DISABLE") < front.index(str(warm.home.cache))


def test_no_core_file_holds_a_secret_and_a_program_may_have_one(warm: Scene) -> None:
    """Who waits at the gate is killed as by a fault of its own."""

    def cores() -> None:
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    show = "import ctypes; print(ctypes.CDLL(None).prctl(3))"  # PR_GET_DUMPABLE
    warm.fill("env", "dev", "--shell", "sh")
    assert warm.run(warm.native, "exec", "dev", "--", "python3", "-c", show).stdout == b"1\n"
    warm.home.entries()[0].unlink()
    warm.sts.behaviour = warm.sts.held_back(warm.sts.behaviour)
    warm.sts.arrived.clear()
    with warm.start(warm.native, "get", "dev") as leader:
        assert warm.sts.arrived.wait(60)
        with warm.start(warm.native, "get", "dev", preexec_fn=cores) as second:
            wait_for(lambda: is_waiting(second.pid))
            second.send_signal(signal.SIGABRT if IS_SANITIZED else signal.SIGSEGV)
            ended = os.waitid(os.P_PID, second.pid, os.WEXITED | os.WNOWAIT)
            assert ended is not None
            assert ended.si_code != os.CLD_DUMPED
        warm.sts.released.set()
        leader.communicate(timeout=60)


# The neighbour.


def record(scene: Scene, *, name: str = "interpreter") -> Path:
    """An interpreter that notes how it was started, and what it was given."""
    path = scene.home.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('#!/bin/sh\nprintf "%s\\n" "$0" "$@"\n/bin/ls /proc/$$/fd\nexit 78\n')
    path.chmod(0o755)
    return path


def beside(scene: Scene, text: str) -> Path:
    path = scene.alone.with_name("assume-helper-python")
    path.write_text(text)
    path.chmod(0o755)
    return path


def pip_s(executable: str) -> str:
    """As pip writes it: distlib's ScriptMaker."""
    scripts = importlib.import_module("pip._vendor.distlib.scripts")
    maker = scripts.ScriptMaker(None, "/nonexistent")
    maker.executable = scripts.enquote_executable(executable)
    maker._is_shell = lambda _path: False  # an interpreter, not a script
    return str(maker._get_shebang("utf-8").decode())


def uv_s(executable: str) -> str:
    """As uv writes it (`format_shebang` in uv-install-wheel)."""
    if len(executable) + 3 > 127 or " " in executable:
        escaped = executable.replace("'", "'\"'\"'")
        return f"#!/bin/sh\n'''exec' '{escaped}' \"$0\" \"$@\"\n' '''\n"
    return f"#!{executable}\n"


@pytest.mark.parametrize("write", [pip_s, uv_s])
@pytest.mark.parametrize("name", ["python", "a b/python", "x" * 120 + "/python", "x" * 120 + "/a b/python"])
def test_the_interpreter_is_the_one_that_pip_and_uv_write(cold: Scene, write: Callable[[str], str], name: str) -> None:
    interpreter = record(cold, name=name)
    text = write(str(interpreter))
    assert (text.startswith("#!/bin/sh\n'''exec' ")) is (name != "python" or len(str(interpreter)) > 124)
    script = beside(cold, text + "import sys\n")
    ran = cold.run(cold.alone, "get", "dev", "--read-only")
    assert ran.code == 78
    words = ran.stdout.decode().splitlines()
    at = words.index("get")
    *options, last = words[1:at]
    assert (words[0], last) == (str(interpreter), str(script))
    assert options[:4] == ["-E", "-P", "-X", f"assume_helper_called={cold.alone}"]
    assert re.fullmatch(r"assume_helper_started=[0-9]+\.[0-9]{6}", options[5])
    held = re.fullmatch(r"assume_helper_gate=([0-9]+):(.*)", options[7])
    assert held is not None
    assert held[2].endswith(".door")
    assert words[at : at + 3] == ["get", "dev", "--read-only"]
    assert set(words[at + 3 :]) - {"10"} == {"0", "1", "2", held[1]}, "the gate is all that is left open"


ODD_LINES = {
    "an option": "#!{0} -s\n",
    "a tab": "#!{0}\t\n",
    "env": "#!/usr/bin/env {0}\n",
    "a relative path": "#!python\n",
    "no interpreter": "print()\n",
    "no end of the line": "#!{0}",
    "sh without the word": "#!/bin/sh\nexit 78\n",
    "sh with a word without quotes that has a blank": "#!/bin/sh\n'''exec' {0} b \"$0\" \"$@\"\n' '''\n",
    "sh with a variable": "#!/bin/sh\n'''exec' \"$HOME/{0}\" \"$0\" \"$@\"\n' '''\n",
    "sh with a command": "#!/bin/sh\n'''exec' \"$(dirname \"$(realpath \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n",
    "sh with a backslash": "#!/bin/sh\n'''exec' \"{0}\\\\\" \"$0\" \"$@\"\n' '''\n",
    "sh with an apostrophe": "#!/bin/sh\n'''exec' '{0}'\"'\"'' \"$0\" \"$@\"\n' '''\n",
    "sh with more words": "#!/bin/sh\n'''exec' '{0}' -s \"$0\" \"$@\"\n' '''\n",
    "sh with an open quote": "#!/bin/sh\n'''exec' '{0} \"$0\" \"$@\"\n' '''\n",
    "sh with a relative path": "#!/bin/sh\n'''exec' 'python' \"$0\" \"$@\"\n' '''\n",
    "a NUL": "#!{0}\0\n",
    "a very long line": "#!/" + "x" * 5000 + "\n",
    "nothing": "",
}


@pytest.mark.parametrize("line", ODD_LINES)
def test_a_script_with_odd_lines_starts_itself(cold: Scene, line: str) -> None:
    script = beside(cold, ODD_LINES[line].replace("{0}", str(record(cold))))
    trace = cold.home.folder / "trace"
    before = ["strace", "-f", "-qq", "-s", "300", "-e", "trace=execve", "-o", str(trace)]
    cold.run(cold.alone, "get", "dev", before=before)
    (first, second) = re.findall(r'execve\("([^"]+)", \[(.*?)\]', trace.read_text())[:2]
    assert first[0] == str(cold.alone)
    assert second == (str(script), f'"{script}", "get", "dev"')


def test_a_flag_of_pipx_s_is_one_that_python_is_given_anyway(cold: Scene) -> None:
    beside(cold, f"#!{record(cold, name='python3.11')} -sE\n")
    ran = cold.run(cold.alone, "get", "dev")
    assert (ran.code, ran.stdout.splitlines()[1:3]) == (78, [b"-E", b"-P"])


def test_dos_line_ends_are_no_part_of_the_interpreter(cold: Scene) -> None:
    beside(cold, f"#!{record(cold)}\r\nimport sys\r\n")
    assert cold.run(cold.alone, "get", "dev").code == 78


def instead(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.unlink()
        make(path)

    return change


def moved_behind_a_link(owner: int) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        away = path.with_name("away")
        path.rename(away)
        os.chown(away, owner, 0)
        path.symlink_to(away)

    return change


LOOSE: dict[str, tuple[Callable[[Path], object], bool]] = {
    "as it is": (lambda _path: None, True),
    "writable for its group": (lambda path: path.chmod(0o775), True),
    "of another group": (lambda path: os.chown(path, -1, NOBODY), True),
    "closed to others": (lambda path: path.chmod(0o700), True),
    "writable for all": (lambda path: path.chmod(0o757), False),
    "of another owner": (lambda path: os.chown(path, NOBODY, -1), False),
    "missing": (Path.unlink, False),
    "a directory": (instead(Path.mkdir), False),
    "a pipe": (instead(os.mkfifo), False),
    "a link to nothing": (instead(lambda path: path.symlink_to("nothing")), False),
    "a link to another owner's": (moved_behind_a_link(NOBODY), False),
    "a link to our own": (moved_behind_a_link(os.geteuid()), True),
}


@needs_root
@pytest.mark.parametrize("case", LOOSE)
def test_only_a_neighbour_of_its_own_owner_is_executed(cold: Scene, case: str) -> None:
    change, is_trusted = LOOSE[case]
    change(cold.alone.with_name("assume-helper-python"))
    for typed in (["get", "other"], ["env", "other", "--shell", "fish"]):
        ran = cold.run(cold.alone, *typed)
        if is_trusted:
            assert (ran.code, ran.stderr) == (HANDED_ON, b"")
        else:
            assert ran.code == 1
            is_failing = ran.stdout.startswith(b"set -e AWS_ACCESS_KEY_ID; ") and ran.stdout.endswith(b"; false\n")
            assert is_failing if typed[0] == "env" else ran.stdout == b""
            assert re.fullmatch(
                r"assume-helper: other: \S+/assume-helper-python is (missing|not the owner's alone); install .*\n",
                ran.said,
            )


def test_a_link_to_the_front_finds_the_neighbour_of_what_it_leads_to(cold: Scene, tmp_path: Path) -> None:
    """pipx and uv link to it; `configure` is to write the path that was called."""
    link = tmp_path / "bin"
    link.symlink_to(cold.alone)
    beside(cold, f"#!{record(cold)}\n")
    ran = cold.run(link, "list")
    assert (ran.code, f"assume_helper_called={link}" in ran.stdout.decode()) == (78, True)


def test_an_upgrade_while_it_waits_harms_nobody(cold: Scene) -> None:
    """The front is replaced while it waits at the gate; then it has to hand on."""
    cold.sts.behaviour = cold.sts.held_back(cold.sts.behaviour)
    with cold.start(cold.python, "get", "dev") as leader:
        assert cold.sts.arrived.wait(60)
        with cold.start(cold.alone, "get", "dev") as second:
            wait_for(lambda: is_waiting(second.pid))
            cold.alone.unlink()
            leader.kill()
            assert second.communicate(timeout=60)[1] == b""
            assert second.returncode == HANDED_ON
        cold.sts.released.set()


def test_a_start_that_fails_is_said(cold: Scene) -> None:
    beside(cold, "#!/nonexistent/python\n")
    ran = cold.run(cold.alone, "list")
    assert (ran.code, ran.stdout) == (1, b"")
    what = "/nonexistent/python cannot be started (No such file or directory)"
    assert ran.said == f"assume-helper: {what}; install assume-helper again\n"
