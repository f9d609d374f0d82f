"""The wheel: it builds, holds the package and nothing else, and works in an environment with the wheel alone."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from front import Front, session
from running import Home

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source tree by its own build system."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


def install_commands() -> list[list[str]]:
    """The commands that README gives for installing."""
    lines = [line for line in README.splitlines() if line.startswith("pipx install")]
    commands = [re.sub(r"^or: ", "", part.strip()) for line in lines for part in re.split(r"#|, ", line)]
    return [command.split() for command in commands]


def test_the_wheel_holds_the_package_its_licence_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "assume_helper").rglob("*.py")}
    assert {name for name in names if not name.startswith("assume_helper-")} == modules | {"assume_helper/py.typed"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_readme_gives_three_ways_to_install_and_one_from_a_clone() -> None:
    assert [command[0] for command in install_commands()] == ["pipx", "uv", "pip", "pipx"]
    assert install_commands()[3] == ["pipx", "install", "."]


@pytest.mark.parametrize("command", install_commands(), ids=" ".join)
def test_an_environment_with_the_wheel_alone_works(
    wheel: Path, tmp_path: Path, role: Home, offline_front: Front, command: list[str]
) -> None:
    offline_front.behaviour = session()
    bin_ = tmp_path / "bin"
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "PYTEST_"))}
    environ |= {
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(bin_),
        "UV_TOOL_DIR": str(tmp_path / "uv"),
        "UV_TOOL_BIN_DIR": str(bin_),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
    }
    words = [str(wheel) if word == "assume-helper" else word for word in command]
    if command[0] == "pip":
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
        bin_ = tmp_path / "venv" / "bin"
        words = [words[0], "--python", str(bin_ / "python"), *words[1:]]
    words[0] = str(Path(sys.executable).parent / words[0])
    done = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    script = str(bin_ / "assume-helper")
    miss = role.run("get", "dev", command=[script])
    assert (miss.code, miss.stderr) == (0, "")
    assert role.run("get", "dev", command=[script]).stdout == miss.stdout
    assert len(offline_front.calls) == 1
    assert role.run("--version", command=[script]).stdout.startswith(b"assume-helper ")
    if command[0] == "pip":
        (entry,) = (tmp_path / "venv").glob("lib/python*/site-packages/assume_helper/__main__.py")
        fastest = [str(bin_ / "python"), "-I", "-S", str(entry)]
        assert role.run("get", "dev", command=fastest).stdout == miss.stdout
        role.run("get", "nowhere", command=fastest).failed(3, "no such profile")
        text = Path(script).read_text()
        assert "import re\n" not in text, "a current pip's script imports nothing slow"
