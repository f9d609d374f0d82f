"""`exec PROFILE` without a command opens the shell that one is in: real shells, in which it is typed."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import powershell
import pytest
from powershell_terminal import Terminal
from running import SCRIPT, Home

SHELLS = ["bash", "zsh", "fish", "sh", "dash", "pwsh"]
# Read from standard input by the shell that is opened: its program, and who it is.
SHOW = "import os; print(os.readlink(f'/proc/{os.getppid()}/exe'), os.environ['ASSUME_HELPER_PROFILE'])"


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    """The path of each real shell."""
    name: str = request.param
    path = powershell.program() if name == "pwsh" else shutil.which(name)
    if path is None:
        assert name not in {"bash", "sh", "dash"}, f"{name} must be installed for the tests"
        pytest.skip(powershell.MISSING if name == "pwsh" else f"{name} is not installed: .ci/run installs it")
    return path


def typed(home: Home, command: list[str], **environ: str) -> tuple[str, str]:
    """What `command` prints, and says, where standard input shows who one is."""
    (home.folder / "show.py").write_text(SHOW + "\n")
    environ = home.environ | {"SHELL": "/bin/none-such", **powershell.QUIET} | environ
    show = f"{shlex.quote(sys.executable)} show.py\n"
    if "pwsh" in "".join(command):
        show = f"& {sys.executable} show.py\n"
    done = subprocess.run(
        command,
        env=environ,
        cwd=home.folder,
        input=show,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        start_new_session=True,
    )
    return done.stdout, done.stderr


@pytest.mark.parametrize(("form", "options"), [("python", ""), ("python", " --refresh"), ("native", "")])
def test_the_shell_that_it_is_typed_in_is_opened(
    granted: Home, native: Path, shell: str, form: str, options: str
) -> None:
    granted.unmeasured()
    granted.get("dev")
    program = SCRIPT if form == "python" else str(native)
    flags = ["-NoProfile", "-NonInteractive"] if shell.endswith("pwsh") else []
    line = f"{program} exec{options} dev; exit" if shell.endswith("pwsh") else f"{program} exec{options} dev; true"
    out, said = typed(granted, [shell, *flags, "-c", line])
    assert f"{os.path.realpath(shell)} dev" in out, said
    assert "assume-helper: you are arn:aws:sts::123456789012:assumed-role/dev/" in said


def test_a_powershell_is_found_whatever_it_was_called(granted: Home) -> None:
    """In a folder with a blank, by another name, as a login shell; and behind `make` it is the one of SHELL."""
    program = powershell.program()
    if program is None:
        pytest.skip(powershell.MISSING)
    folder, other = granted.folder / "a folder", granted.folder / "pwsh of mine"
    folder.symlink_to(Path(program).parent)
    other.symlink_to(program)
    (granted.folder / "Makefile").write_text(f"all:\n\t{SCRIPT} exec dev\n")
    as_login = ["/bin/bash", "-c", 'exec -a -pwsh "$@"', "bash"]
    for start, line, named in (
        ([f"{folder}/pwsh"], f"{SCRIPT} exec dev; exit", "/bin/bash"),
        ([str(other)], f"{SCRIPT} exec dev; exit", "/bin/bash"),
        ([*as_login, program], f"{SCRIPT} exec dev; exit", "/bin/bash"),
        ([program], "make", program),
    ):
        out, said = typed(granted, [*start, "-NoProfile", "-NonInteractive", "-c", line], SHELL=named)
        assert f"{os.path.realpath(program)} dev" in out, said


def test_called_by_a_program_it_is_the_one_of_shell(granted: Home) -> None:
    """This test is a program: what the tests were started from does not count."""
    out, said = typed(granted, [SCRIPT, "exec", "dev"], SHELL="/bin/bash")
    assert out.split() == [os.path.realpath("/bin/bash"), "dev"], said
    out, said = typed(granted, [SCRIPT, "exec", "dev"])
    assert (out, "none-such cannot be started" in said) == ("", True)


def test_behind_a_program_that_only_starts_it_it_is_the_shell_above(granted: Home) -> None:
    out, said = typed(granted, ["/bin/bash", "-c", f"timeout 60 {SCRIPT} exec dev; true"])
    assert out.split() == [os.path.realpath("/bin/bash"), "dev"], said
    script = f"import subprocess; subprocess.run(['{SCRIPT}', 'exec', 'dev'])"
    out, said = typed(granted, ["/bin/bash", "-c", f"{sys.executable} -c {shlex.quote(script)}; true"], SHELL="/bin/sh")
    assert out.split() == [os.path.realpath("/bin/sh"), "dev"], said


def test_in_a_powershell_on_a_terminal_another_powershell_is_opened_and_left(granted: Home) -> None:
    program = powershell.program()
    if program is None:
        pytest.skip(powershell.MISSING)
    environ = granted.environ | powershell.QUIET | {"SHELL": "/bin/bash", "TERM": "xterm"}
    terminal = Terminal([program, "-NoLogo", "-NoProfile"], environ, granted.folder)
    try:
        terminal.wait_for("PS ")
        terminal.type(f"{SCRIPT} exec dev\r")
        terminal.wait_for("`exit` leaves this shell", "PowerShell 7.", "PS ")
        terminal.type('"$($PSVersionTable.PSEdition) is $Env:ASSUME_HELPER_PROFILE"; exit 7\r')
        terminal.wait_for("Core is dev")
        terminal.type('"left: $LASTEXITCODE, [$Env:ASSUME_HELPER_PROFILE]"\r')
        terminal.wait_for("left: 7, []")
    finally:
        terminal.close()
