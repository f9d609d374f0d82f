"""The wheels: they hold the package and nothing else, and work in an environment of their own, however installed."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import built
import pytest
from built import environ
from front import Front, session
from running import Home

ROOT = built.ROOT
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
needs_cc = pytest.mark.skipif(
    shutil.which("cc") is None and os.environ.get("CI") != "true", reason="needs a C compiler, for the front"
)
BOTH = ["none", pytest.param("cc", marks=needs_cc)]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel of each form, built from the source tree by its own build system."""
    forms = ["none", "cc"] if shutil.which("cc") else ["none"]
    return {form: built.wheel(tmp_path_factory.mktemp(form), ASSUME_HELPER_FRONT=form) for form in forms}


@pytest.fixture
def ready(role: Home, offline_front: Front) -> Home:
    """The profile `dev`, on an STS that answers."""
    offline_front.behaviour = session()
    return role


def installed(tmp_path: Path, words: Sequence[str]) -> Path:
    """Where the commands are after this command of pipx, uv or pip has installed something."""
    bin_ = tmp_path / "bin"
    variables = {
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(bin_),
        "UV_TOOL_DIR": str(tmp_path / "uv"),
        "UV_TOOL_BIN_DIR": str(bin_),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
    }
    if words[0] == "pip":
        bin_ = environment(tmp_path / "venv")
        words = [words[0], "--python", str(bin_ / "python"), *words[1:]]
    run([str(BIN / words[0]), *words[1:]], **variables)
    return bin_


def environment(folder: Path) -> Path:
    """The folder with the programs of an environment with nothing in it, made where there is none."""
    if not folder.exists():
        run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    return folder / "bin"


def run(words: Sequence[str], **more: str) -> None:
    done = subprocess.run(
        words, cwd=ROOT, env=environ(**more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def works(ready: Home, front: Front, script: Path, form: str, **more: str) -> None:
    """A miss and a hit by this script, its version, and a failure: all of the form that was installed."""
    ready.environ |= more
    command = [str(script)]
    assert (script.read_bytes()[:2] == b"#!") == (form == "none"), "the form is not the one that was installed"
    before = len(front.calls)
    miss = ready.run("get", "dev", command=command)
    assert (miss.code, miss.stderr) == (0, "")
    assert ready.run("get", "dev", command=command).stdout == miss.stdout
    assert len(front.calls) == before + 1
    version = ready.run("--version", command=command)
    assert (version.code, version.stdout.startswith(b"assume-helper ")) == (0, True)
    ready.run("get", "nowhere", command=command).failed(3, "no such profile")
    ready.run("clear", "--all", command=command)


def install_commands() -> list[list[str]]:
    """The commands that README gives for installing."""
    lines = [line for line in README.splitlines() if line.startswith("pipx install")]
    commands = [re.sub(r"^or: ", "", part.strip()) for line in lines for part in re.split(r"#|, ", line)]
    return [command.split() for command in commands]


@pytest.mark.parametrize("form", BOTH)
def test_the_wheel_holds_the_package_its_licence_and_the_commands(wheels: dict[str, Path], form: str) -> None:
    names = zipfile.ZipFile(wheels[form]).namelist()
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "assume_helper").rglob("*.py")}
    assert {name for name in names if not name.startswith("assume_helper-")} == modules | {"assume_helper/py.typed"}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert (built.program(wheels[form]) is not None) == (form == "cc")
    assert built.commands(wheels[form]) == ["assume-helper-python" if form == "cc" else "assume-helper"]
    assert wheels[form].name.endswith("-py3-none-any.whl") == (form == "none")


def test_readme_gives_three_ways_to_install_and_one_from_a_clone() -> None:
    assert [command[0] for command in install_commands()] == ["pipx", "uv", "pip", "pipx"]
    assert install_commands()[3] == ["pipx", "install", "."]


@pytest.mark.parametrize("form", BOTH)
@pytest.mark.parametrize("command", install_commands()[:3], ids=" ".join)
def test_readme_s_commands_install_each_form(
    wheels: dict[str, Path], tmp_path: Path, ready: Home, offline_front: Front, command: list[str], form: str
) -> None:
    words = [str(wheels[form]) if word == "assume-helper" else word for word in command]
    bin_ = installed(tmp_path, words)
    works(ready, offline_front, bin_ / "assume-helper", form)
    if command[0] == "pip":
        (entry,) = (tmp_path / "venv").glob("lib/python*/site-packages/assume_helper/__main__.py")
        fastest = [str(bin_ / "python"), "-I", "-S", str(entry)]
        miss = ready.run("get", "dev", command=fastest)
        assert ready.run("get", "dev", command=[str(bin_ / "assume-helper")]).stdout == miss.stdout
        ready.run("get", "nowhere", command=fastest).failed(3, "no such profile")
        text = (bin_ / ("assume-helper" if form == "none" else "assume-helper-python")).read_text()
        assert "import re\n" not in text, "a current pip's script imports nothing slow"


def test_the_command_for_a_clone_installs_what_can_be_built_here(
    tmp_path: Path, ready: Home, offline_front: Front
) -> None:
    bin_ = installed(tmp_path, install_commands()[3])
    works(ready, offline_front, bin_ / "assume-helper", "cc" if shutil.which("cc") else "none")


@pytest.mark.parametrize("form", BOTH)
def test_a_user_s_own_folder(
    wheels: dict[str, Path], tmp_path: Path, ready: Home, offline_front: Front, form: str
) -> None:
    base = os.path.join(sys.base_prefix, "bin", "python3")
    words = [str(BIN / "pip"), "--python", base, "install", "--user", "--break-system-packages", "--ignore-installed"]
    run([*words, str(wheels[form])], PYTHONUSERBASE=str(tmp_path / "user"))
    # Where it is not the one of HOME, the variable names it, and a program that ignores Python's variables misses it.
    (ready.folder / ".local").symlink_to(tmp_path / "user")
    works(ready, offline_front, ready.folder / ".local" / "bin" / "assume-helper", form)


@pytest.mark.parametrize("form", BOTH)
def test_a_prefix_that_its_python_knows(
    wheels: dict[str, Path], tmp_path: Path, ready: Home, offline_front: Front, form: str
) -> None:
    bin_ = environment(tmp_path / "a venv")
    prefix = tmp_path / "a prefix"
    words = [str(BIN / "pip"), "--python", str(bin_ / "python"), "install", "--prefix", str(prefix)]
    run([*words, str(wheels[form])])
    (packages,) = prefix.glob("lib/python*/site-packages")
    (known,) = bin_.parent.glob("lib/python*/site-packages")
    (known / "prefix.pth").write_text(f"{packages}\n")
    works(ready, offline_front, prefix / "bin" / "assume-helper", form)


def waiting(command: Path, home: Home) -> "tuple[subprocess.Popen[bytes], int]":
    """A process that prints its version into a pipe that is full, and the pipe's other end."""
    reading, writing = os.pipe()
    size = fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ)
    os.write(writing, b"x" * size)
    child = subprocess.Popen([str(command), "--version"], stdout=writing, env=home.environ, cwd=home.folder)
    os.close(writing)
    return child, reading


@needs_cc
@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_an_upgrade_leaves_those_that_run_alone_and_the_form_may_change(
    wheels: dict[str, Path], tmp_path: Path, home: Home, tool: str
) -> None:
    python = environment(tmp_path / "venv") / "python"
    script = python.parent / "assume-helper"
    install = {
        "pip": [str(BIN / "pip"), "--python", str(python), "install", "--no-deps", "--force-reinstall"],
        "uv": [str(BIN / "uv"), "pip", "install", "-q", "--python", str(python), "--no-deps", "--reinstall"],
    }[tool]
    names = []
    run([*install, str(wheels["cc"])])
    for form in ("cc", "none", "cc"):
        before = script.stat().st_ino
        held = script.open("rb")
        content = held.read()
        is_front = content[:2] != b"#!"
        child, pipe = waiting(script, home) if is_front else (None, -1)
        run([*install, str(wheels[form])])
        names.append(sorted(path.name for path in script.parent.glob("assume-helper*")))
        held.seek(0)
        assert held.read() == content, "the file was written in place"
        assert (
            script.stat().st_ino != before or tool == "uv"
        )  # uv links the file of its own cache, the same for the same
        if child is not None:
            with open(pipe, "rb") as file:
                assert file.read().lstrip(b"x").startswith(b"assume-helper ")
            assert child.wait() == 0
        held.close()
    both = ["assume-helper", "assume-helper-python"]
    assert names == [both, both[:1], both]
