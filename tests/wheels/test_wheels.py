"""What `make wheels` has built: the files, their tags, the programs in them, and that a second build makes the same.

WHEELS is the folder; by default dist/. They are built by zig for systems of every kind, so this is not part of the unit
or project tests.
"""

import os
import shutil
import struct
import subprocess
import sys
import tarfile
from pathlib import Path

import build_hook
import built
import pytest
from built import PUBLISHED as FOLDER
from built import ROOT
from built import published as wheel
from running import Home

LINUX = [name for name in build_hook.TARGETS if name.startswith("linux-")]
# Each system's kind of program: what it begins with, and where the number of its processor is.
MACHINES = {
    "linux-x86_64": (b"\x7fELF\x02\x01", 18, 62),
    "linux-arm64": (b"\x7fELF\x02\x01", 18, 183),
    "macos-x86_64": (b"\xcf\xfa\xed\xfe", 4, 0x0007),
    "macos-arm64": (b"\xcf\xfa\xed\xfe", 4, 0x000C),
    "windows-x86_64": (b"MZ", -1, 0x8664),
    "windows-arm64": (b"MZ", -1, 0xAA64),
}
RUNNERS = {"linux-x86_64": [], "linux-arm64": ["qemu-aarch64-static"], "windows-x86_64": ["wine"]}


def program(name: str) -> bytes:
    found = built.program(wheel(name))
    assert found is not None
    return found


def test_there_is_a_wheel_for_each_system_a_pure_one_and_the_sdist() -> None:
    assert len(list(FOLDER.glob("*.whl"))) == len([wheel(name) for name in [*build_hook.TARGETS, "pure"]])
    (sdist,) = FOLDER.glob("*.tar.gz")
    with tarfile.open(sdist) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    assert {"front/main.c", "front/build_hook.py", "front/generate.py", "pyproject.toml"} <= names


def test_the_pure_wheel_has_no_program() -> None:
    assert built.program(wheel("pure")) is None
    assert built.commands(wheel("pure")) == ["assume-helper"]


@pytest.mark.parametrize("name", build_hook.TARGETS)
def test_a_wheel_has_its_system_s_program_and_says_so(name: str) -> None:
    assert built.commands(wheel(name)) == ["assume-helper-python"]
    tags = [line for line in built.metadata(wheel(name), "WHEEL").splitlines() if line.startswith("Tag: ")]
    assert sorted(tags) == sorted(f"Tag: py3-none-{tag}" for tag in build_hook.TARGETS[name].platforms.split("."))
    data = program(name)
    begin, at, machine = MACHINES[name]
    if at < 0:
        at = struct.unpack_from("<I", data, 0x3C)[0] + 4
    assert data.startswith(begin)
    assert struct.unpack_from("<H", data, at)[0] == machine


@pytest.mark.parametrize("name", build_hook.TARGETS)
def test_a_program_knows_no_path_of_the_machine_that_built_it(name: str) -> None:
    data = program(name)
    for path in (str(ROOT), sys.prefix, str(Path.home()) + "/", "assume-helper-front-"):
        assert path.encode() not in data


@pytest.mark.parametrize("name", LINUX)
def test_a_program_for_linux_needs_no_library_and_is_hardened(name: str) -> None:
    """Static, for any address, no stack that is code, relocations read-only once it runs (ELF's program headers)."""
    data = program(name)
    (kind,) = struct.unpack_from("<H", data, 16)
    offset, size, count = *struct.unpack_from("<Q", data, 32), *struct.unpack_from("<HH", data, 54)
    headers = [struct.unpack_from("<II", data, offset + size * index) for index in range(count)]
    types = {type_ for type_, _ in headers}
    assert kind == 3, "not for any address"
    assert 3 not in types, "it asks for a dynamic loader"
    assert 0x6474E552 in types, "no PT_GNU_RELRO"
    assert [flags & 1 for type_, flags in headers if type_ == 0x6474E551] == [0], "a stack that may be executed"
    assert 4 not in types, "a note: a build id"


def test_a_program_for_apple_s_processor_is_signed() -> None:
    """Without a signature macOS kills it: LC_CODE_SIGNATURE is one of the load commands."""
    data, at, kinds = program("macos-arm64"), 32, []
    for _ in range(struct.unpack_from("<I", data, 16)[0]):
        kind, size = struct.unpack_from("<II", data, at)
        kinds.append(kind)
        at += size
    assert 0x1D in kinds


@pytest.mark.parametrize("name", RUNNERS)
def test_a_program_says_its_version_on_its_system_or_a_stand_in(name: str, tmp_path: Path, home: Home) -> None:
    runner = RUNNERS[name]
    if runner and shutil.which(runner[0]) is None:
        # Debian's package for qemu is small; wine is not fetched for this.
        if os.environ.get("CI") == "true" and runner[0] != "wine":
            pytest.fail(f"{runner[0]} is not here")
        pytest.skip(f"needs {runner[0]}")
    file = tmp_path / ("assume-helper.exe" if name.startswith("windows-") else "assume-helper")
    file.write_bytes(program(name))
    file.chmod(0o755)
    done = home.run("--version", command=[*runner, str(file)], WINEPREFIX=str(tmp_path / "wine"), WINEDEBUG="-all")
    version = wheel("pure").name.split("-")[1]
    assert (done.code, done.stdout.strip()) == (0, f"assume-helper {version}".encode())


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_an_installer_takes_the_wheel_of_this_system(tool: str, tmp_path: Path) -> None:
    if build_hook.this_system() not in LINUX:
        pytest.skip("needs Linux on x86-64 or arm64")
    bin_ = Path(sys.executable).parent
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path)], check=True)
    python = str(tmp_path / "bin" / "python")
    command = {"pip": [str(bin_ / "pip"), "--python", python, "install"], "uv": [str(bin_ / "uv"), "pip", "install"]}
    words = [*command[tool], "-q", "--no-deps", "--no-index", "--find-links", str(FOLDER), "assume-helper"]
    subprocess.run(words, env=built.environ(VIRTUAL_ENV=str(tmp_path)), check=True)
    assert (tmp_path / "bin" / "assume-helper").read_bytes() == program(build_hook.this_system())


def unpacked(folder: Path) -> Path:
    """The sdist's folder, every file closed to others: the modes of the wheel's files do not come from there."""
    (sdist,) = FOLDER.glob("*.tar.gz")
    with tarfile.open(sdist) as file:
        file.extractall(folder, filter="data")
    (root,) = folder.iterdir()
    for path in root.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
    return root


def test_a_second_build_from_the_sdist_elsewhere_makes_the_same_bytes(tmp_path: Path) -> None:
    root = unpacked(tmp_path / "elsewhere")
    command = [sys.executable, "front/wheels.py", str(tmp_path / "again")]
    subprocess.run(command, cwd=root, env=built.environ(), check=True, umask=0o077)
    for first in FOLDER.glob("assume_helper-*"):
        again = tmp_path / "again" / first.name
        assert again.read_bytes() == first.read_bytes(), first.name
