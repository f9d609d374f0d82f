"""How a wheel gets the front: hatchling calls this while it builds one, and this calls a C compiler.

A wheel with the front has the program `assume-helper` among its scripts, the entry point `assume-helper-python` beside
it, and its system's tag. A pure wheel has the entry point `assume-helper` and is for every system. Two scripts of one
name would be worse than either: pip silently installs one of them.

- `ASSUME_HELPER_FRONT=none`: the pure form. It is the default of an editable install, whose front would stay as it was
  while the package is edited.
- `ASSUME_HELPER_FRONT=cc`: the system's C compiler (`CC`, cc, gcc or clang), linked dynamically; `CFLAGS` and `LDFLAGS`
  count. It is the default of every other build, which falls back to the pure form, and says why, where there is no
  compiler or it fails. Asked for by name, it fails.
- `ASSUME_HELPER_FRONT=zig`: the compiler of PyPI's `ziglang`, for `ASSUME_HELPER_FRONT_TARGET`, one of `TARGETS`; by
  default this machine's. For Linux it is linked statically, with musl.
"""

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

FORM = "ASSUME_HELPER_FRONT"
TARGET = "ASSUME_HELPER_FRONT_TARGET"
_FORMS = ("none", "cc", "zig")
_ENTRY_POINT = "assume_helper.start:main"
_NAME = "assume-helper"
_FOLDER = "front"


class BuildError(Exception):
    """The front cannot be built; its text says why, and what to do."""


@dataclass(frozen=True)
class Target:
    """A system that wheels are built for: what zig calls it, and the platform tags of its wheel (PEP 425, 600, 656)."""

    zig: str
    platforms: str


# A static program needs no C library of the system's: it is for glibc (manylinux) and for musl (musllinux) alike.
TARGETS = {
    "linux-x86_64": Target(
        "x86_64-linux-musl", "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64"
    ),
    "linux-arm64": Target(
        "aarch64-linux-musl", "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64"
    ),
    "macos-x86_64": Target("x86_64-macos.11.0", "macosx_11_0_x86_64"),
    "macos-arm64": Target("aarch64-macos.11.0", "macosx_11_0_arm64"),
    "windows-x86_64": Target("x86_64-windows-gnu", "win_amd64"),
    "windows-arm64": Target("aarch64-windows-gnu", "win_arm64"),
}  # fmt: skip

# `-std=c17` alone hides what POSIX and Linux add to C.
_FLAGS = ["-std=c17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
# What a system's compiler does not know of these is left out. Some systems define _FORTIFY_SOURCE themselves.
_HARDENING = [["-fstack-protector-strong"], ["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"]]
_HARDENING_OF_ELF = [
    ["-fPIE", "-pie"],
    ["-Wl,-z,relro,-z,now"],
    ["-Wl,--build-id=none"],
    ["-Wl,-z,noexecstack"],
    ["-s"],
]


class FrontBuildHook(BuildHookInterface[Any]):
    """Adds the front to a wheel."""

    def dependencies(self) -> list[str]:
        """What the build needs beside hatchling: zig, in the version of the dependency group `wheels`."""
        if form(os.environ) != "zig":
            return []
        group = self.metadata.config["dependency-groups"]["wheels"]
        return [each for each in group if isinstance(each, str) and each.startswith("ziglang")]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the front and put it into the wheel; `version` is "standard" or "editable". Raises BuildError."""
        self._folder = tempfile.TemporaryDirectory(prefix="assume-helper-front-")
        made = self._compile(form(os.environ) or ("none" if version == "editable" else "cc if it works"))
        # What hatchling writes as entry points. The metadata is made before it is known whether the front compiles.
        scripts = self.metadata.core.scripts
        scripts.clear()
        scripts[_NAME if made is None else f"{_NAME}-python"] = _ENTRY_POINT
        if made is None:
            return
        program, platforms = made
        build_data["shared_scripts"][str(program)] = program.name
        if version != "editable":
            build_data |= {"pure_python": False, "tag": f"py3-none-{platforms}"}

    def _compile(self, wanted: str) -> tuple[Path, str] | None:
        """The program and its platform tags; None for the pure form. Raises BuildError."""
        root, folder = Path(self.root), Path(self._folder.name)
        if wanted == "none":
            return None
        if wanted == "zig":
            name = target_name(os.environ)
            return build(zig(TARGETS[name]), root, folder, name), TARGETS[name].platforms
        try:
            return build(system_compiler(os.environ, folder), root, folder, this_system()), this_platform()
        except BuildError as error:
            if wanted == "cc":
                raise
            self.app.display_warning(f"assume-helper is built in pure Python, without its front: {error}")
            return None

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Delete what the build has written beside the wheel."""
        self._folder.cleanup()


class EntryPoint(MetadataHookInterface):
    """The command of the pure form. The field is dynamic, for the build hook gives it the other name."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set `project.scripts`."""
        metadata["scripts"] = {_NAME: _ENTRY_POINT}


def form(environ: Mapping[str, str]) -> str | None:
    """The form that is asked for: none, cc or zig; None where it is left to the build. Raises BuildError."""
    wanted = environ.get(FORM) or None
    if wanted is not None and wanted not in _FORMS:
        raise BuildError(f"{FORM}={wanted} is not known; use {', '.join(_FORMS)}, or leave it out")
    return wanted


def this_system() -> str:
    """The system and processor of this machine, as the names in `TARGETS` are made."""
    systems = {"darwin": "macos", "win32": "windows"}
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(machine, machine)
    return f"{systems.get(sys.platform, sys.platform)}-{machine}"


def target_name(environ: Mapping[str, str]) -> str:
    """The name in `TARGETS` that zig is to build for. Raises BuildError where it is none of them."""
    name = environ.get(TARGET) or this_system()
    if name not in TARGETS:
        raise BuildError(
            f"zig builds no front for {name}; set {TARGET} to one of {', '.join(TARGETS)}, or use none or cc"
        )
    return name


def this_platform() -> str:
    """The platform tag of a program that was linked with this system's own libraries: it runs on systems like it."""
    from packaging.tags import platform_tags

    return next(tag for tag in platform_tags() if not tag.startswith(("manylinux", "musllinux")))


def zig(target: Target) -> list[str]:
    """The command of zig's C compiler, with the flags for `target`."""
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target.zig, *_FLAGS, *_flat(_HARDENING)]
    if "-linux-" in target.zig:
        return [*command, "-static", *_flat(_HARDENING_OF_ELF)]
    return [*command, "-s"]


def system_compiler(environ: Mapping[str, str], folder: Path) -> list[str]:
    """The command of this system's C compiler, with the flags that it knows. Raises BuildError where it does not work.

    `folder`: where it may write what it is tried with.
    """
    named = shlex.split(environ.get("CC", ""))
    found = shutil.which(named[0]) if named else next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if found is None:
        what = f"CC names {named[0]}, which is not found" if named else "no C compiler (cc, gcc, clang) is found"
        raise BuildError(f"{what}; install one and build again")
    given = [*shlex.split(environ.get("CFLAGS", "")), *shlex.split(environ.get("LDFLAGS", ""))]
    command = [found, *named[1:], *given, *_FLAGS]
    if sys.platform == "darwin":  # a compiler for both processors takes its own, which need not be Python's
        command += ["-arch", platform.machine()]
    source = folder / "tried.c"
    source.write_text('#include <stdio.h>\nint main(void) { return puts("") < 0; }\n', encoding="ascii")
    _run([*command, str(source), "-o", str(folder / "tried")], folder)
    is_elf = sys.platform not in {"darwin", "win32"}
    for flags in [*_HARDENING, *(_HARDENING_OF_ELF if is_elf else [])]:
        try:
            _run([*command, *flags, str(source), "-o", str(folder / "tried")], folder)
        except BuildError:
            continue
        command += flags
    return command


def build(compiler: Sequence[str], root: Path, folder: Path, system: str) -> Path:
    """The front's program: every C file of `front/` in the project `root`, compiled in `folder`. Raises BuildError.

    `compiler`: its command and flags; `system`: what it builds for, as the names in `TARGETS` are made. The same
    compiler makes the same bytes of the same files, wherever they lie.
    """
    sources = sorted(path.relative_to(root).as_posix() for path in (root / _FOLDER).glob("*.c"))
    header, program = folder / "generated.h", folder / (_NAME + ".exe" * system.startswith("windows-"))
    _run([sys.executable, f"{_FOLDER}/generate.py", str(header)], root)
    places = [f"-ffile-prefix-map={folder}=.", f"-ffile-prefix-map={root}=.", f"-I{folder}"]
    _run([*compiler, *places, *sources, "-o", str(program)], root)
    program.chmod(0o755)
    return program


def _run(command: Sequence[str], folder: Path) -> None:
    """Run `command` in `folder`. Raises BuildError with what it printed where it fails."""
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
    except OSError as error:
        raise BuildError(f"{command[0]} cannot be started ({error.strerror}); install it again") from None
    if done.returncode != 0:
        said = done.stdout.decode("utf-8", "replace").strip()
        raise BuildError(f"{shlex.join(command)} failed (exit {done.returncode}); mend it and build again\n{said}")


def _flat(groups: Sequence[Sequence[str]]) -> list[str]:
    return [flag for group in groups for flag in group]
