"""The shell that one is in: found among the parents, real ones and those that a system could tell of."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import shellingham  # type: ignore[import-untyped]
from needs import needs_ps

from assume_helper.export import parent_shell, program

# A process: its parent, its program's path, how it was called.
Processes = dict[int, tuple[int, str, str]]


def found(processes: Processes, **environ: str) -> str | None:
    def look(number: int) -> tuple[int, str, str]:
        if number not in processes:
            raise FileNotFoundError(number)
        return processes[number]

    return parent_shell.search(9, environ, look)


@pytest.mark.parametrize(
    ("path", "called"),
    [
        ("/usr/bin/bash", "bash"),
        ("/usr/bin/dash", "sh"),
        ("/home/linuxbrew/.linuxbrew/Cellar/fish/4.1/bin/fish", "-fish"),
        ("/opt/microsoft/powershell/7/pwsh", "pwsh"),
        ("/usr/bin/nu", "/usr/bin/nu"),
        ("/bin/tcsh", "-csh"),
    ],
)
def test_it_is_the_very_program_whatever_it_was_called(path: str, called: str) -> None:
    assert found({9: (1, path, called)}, SHELL="/bin/other") == path


def test_it_is_found_behind_what_only_starts_a_program() -> None:
    chain: Processes = {
        9: (8, "/usr/bin/strace", "strace"),
        8: (7, "/usr/local/bin/uv", "uv"),
        7: (6, "", "assume-helper"),
        6: (5, "/usr/bin/timeout", "timeout"),
        5: (4, "/usr/bin/zsh", "-zsh"),
    }
    assert found(chain) == "/usr/bin/zsh"


@pytest.mark.parametrize("name", ["python3", "sudo", "alacritty", "vim", "make", "gnome-shell", "bashful"])
def test_no_shell_above_a_program_is_chosen(name: str) -> None:
    """It is the session's, or a script's, and not the one that a person is in; sudo sets SHELL."""
    assert found({9: (8, f"/usr/bin/{name}", name), 8: (1, "/usr/bin/bash", "bash")}) is None


def test_where_the_program_is_not_known_it_is_the_shell_of_that_name(tmp_path: Path) -> None:
    shell = tmp_path / "zsh"
    shell.write_text("")
    shell.chmod(0o755)
    assert found({9: (1, "", "-zsh")}, SHELL=str(shell)) == str(shell)
    assert found({9: (1, "", "-zsh")}, SHELL="/bin/bash", PATH=str(tmp_path)) == str(shell)
    assert found({9: (1, "", str(shell))}, PATH="") == str(shell)
    assert found({9: (1, "/bin/busybox", "sh")}, PATH=os.environ["PATH"]) == shutil.which("sh")
    assert found({9: (1, "", "-zsh")}, SHELL="/bin/bash", PATH="/nowhere") is None


def test_what_has_ended_or_is_another_user_s_is_none() -> None:
    assert found({}) is None
    assert found({9: (9, "/usr/bin/timeout", "timeout")}) is None, "and it ends"


# The real ones.

SHOWN = "import sys; sys.path.insert(0, {!r})\nfrom assume_helper.export import parent_shell as p\nprint({})\n"
ROOT = str(Path(parent_shell.__file__).parents[2])


SHELLS = ["bash", "dash", "sh", "zsh", "fish"]


def shown(shell: str, what: str, folder: Path) -> tuple[str, str]:
    """The path of `shell`, and what a program that it has started prints of `what`."""
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed: .ci/run installs it where it may")
    (folder / "show.py").write_text(SHOWN.format(ROOT, what))
    line = f"{sys.executable} {folder}/show.py; true"  # not replaced by its last command
    return path, subprocess.run([path, "-c", line], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_is_found_by_proc(shell: str, tmp_path: Path) -> None:
    path, found = shown(shell, "p.find({})", tmp_path)
    assert found == os.path.realpath(path)


@needs_ps
@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_s_name_is_told_by_ps(shell: str, tmp_path: Path) -> None:
    assert shown(shell, "p.by_ps(p.os.getppid())[2]", tmp_path)[1] == shell


def test_a_shell_that_an_upgrade_has_replaced_is_the_new_one(tmp_path: Path) -> None:
    shell, script = tmp_path / "bash", tmp_path / "show.py"
    shutil.copy(os.path.realpath(shutil.which("bash") or ""), shell)
    script.write_text(SHOWN.format(ROOT, "p.find({'PATH': '/bin'})"))
    for change, expected in (("mv new bash", str(shell)), ("true", "/bin/bash")):
        shutil.copy(shell, tmp_path / "new")
        line = f"cd {tmp_path}; rm bash; {change}; {sys.executable} {script}; true"
        done = subprocess.run([shell, "-c", line], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected


# Windows and macOS, their names handed in.


def test_on_windows_it_is_the_parent_by_its_name_else_comspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    path = r"C:\Program Files\PowerShell\7\pwsh.exe"
    monkeypatch.setattr(shellingham, "detect_shell", lambda: ("pwsh", path))
    assert program.shell({"COMSPEC": "cmd.exe"}) == [path]

    def fails() -> None:
        raise shellingham.ShellDetectionFailure

    monkeypatch.setattr(shellingham, "detect_shell", fails)
    assert program.shell({"COMSPEC": r"C:\Windows\system32\cmd.exe"}) == [r"C:\Windows\system32\cmd.exe"]
    assert program.shell({}) == ["cmd.exe"]


def test_on_macos_ps_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    asked: list[int] = []

    def by_ps(number: int) -> tuple[int, str, str]:
        asked.append(number)
        return 1, "/opt/homebrew/bin/fish", "/opt/homebrew/bin/fish"

    monkeypatch.setattr(parent_shell, "by_ps", by_ps)
    assert program.shell({"SHELL": "/bin/zsh"}) == ["/opt/homebrew/bin/fish"]
    assert asked == [os.getppid()]
