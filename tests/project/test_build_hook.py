"""Which form a build makes, by which compiler, and what it says where it cannot make the one that is asked for."""

import shutil
import subprocess
import sys
from pathlib import Path

import build_hook
import pytest
from build_hook import TARGETS, BuildError
from built import ROOT, commands, environ, metadata, program, run_build, wheel


@pytest.fixture
def empty_path(tmp_path: Path) -> str:
    """A PATH with no compiler on it."""
    (tmp_path / "empty").mkdir()
    return str(tmp_path / "empty")


@pytest.mark.parametrize(("named", "found"), [("", None), ("none", "none"), ("cc", "cc"), ("zig", "zig")])
def test_the_form_is_the_one_that_the_variable_names(named: str, found: str | None) -> None:
    assert build_hook.form({"ASSUME_HELPER_FRONT": named}) == found
    assert build_hook.form({}) is None


def test_a_form_that_is_not_known_is_refused(tmp_path: Path) -> None:
    done = run_build(tmp_path, ASSUME_HELPER_FRONT="gcc")
    assert done.returncode != 0
    assert "ASSUME_HELPER_FRONT=gcc is not known; use none, cc, zig, or leave it out" in done.stdout


def test_a_target_that_is_not_known_is_refused() -> None:
    assert build_hook.target_name({"ASSUME_HELPER_FRONT_TARGET": "macos-arm64"}) == "macos-arm64"
    with pytest.raises(BuildError, match="zig builds no front for haiku-m68k; set ASSUME_HELPER_FRONT_TARGET"):
        build_hook.target_name({"ASSUME_HELPER_FRONT_TARGET": "haiku-m68k"})


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("linux", "x86_64", "linux-x86_64"),
        ("linux", "aarch64", "linux-arm64"),
        ("darwin", "arm64", "macos-arm64"),
        ("win32", "AMD64", "windows-x86_64"),
        ("win32", "ARM64", "windows-arm64"),
    ],
)
def test_this_machine_is_a_target(monkeypatch: pytest.MonkeyPatch, system: str, machine: str, name: str) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert build_hook.target_name({}) == name
    assert name in TARGETS


def test_an_elf_program_for_linux_is_static_and_hardened() -> None:
    for name, target in TARGETS.items():
        flags = build_hook.zig(target)
        assert {"-std=c17", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fstack-protector-strong"} <= set(flags)
        assert ({"-static", "-pie", "-Wl,-z,relro,-z,now"} <= set(flags)) == name.startswith("linux-")


def test_the_system_s_compiler_is_cc_where_none_is_named(tmp_path: Path) -> None:
    assert build_hook.system_compiler({}, tmp_path)[0] == shutil.which("cc")
    (tmp_path / "mine").symlink_to(shutil.which("cc") or "")
    given = {"CC": f"{tmp_path}/mine -pipe", "CFLAGS": "-DX=1", "LDFLAGS": "-L/x"}
    assert build_hook.system_compiler(given, tmp_path)[:4] == [f"{tmp_path}/mine", "-pipe", "-DX=1", "-L/x"]


def test_flags_that_a_compiler_does_not_know_are_left_out(tmp_path: Path) -> None:
    compiler = tmp_path / "old-cc"
    compiler.write_text('#!/bin/sh\ncase "$*" in *stack-protector*|*relro*) exit 1;; esac\nexec cc "$@"\n')
    compiler.chmod(0o755)
    found = build_hook.system_compiler({"CC": str(compiler)}, tmp_path)
    assert not {"-fstack-protector-strong", "-Wl,-z,relro,-z,now"} & set(found)
    assert "-D_FORTIFY_SOURCE=2" in found


@pytest.mark.parametrize(
    ("compiler", "said"),
    [
        ("", "no C compiler (cc, gcc, clang) is found; install one"),
        ("no-such-cc", "CC names no-such-cc, which is not found"),
        ("/bin/false", "/bin/false"),
    ],
)
def test_without_a_compiler_it_is_the_pure_form_and_that_is_said(
    tmp_path: Path, empty_path: str, compiler: str, said: str
) -> None:
    done = run_build(tmp_path / "made", PATH=empty_path, CC=compiler)
    assert done.returncode == 0, done.stdout
    assert "built in pure Python, without its front: " in done.stdout
    assert said in done.stdout
    (made,) = (tmp_path / "made").iterdir()
    assert made.name.endswith("-py3-none-any.whl")
    assert (commands(made), program(made)) == (["assume-helper"], None)
    asked = run_build(tmp_path / "asked", PATH=empty_path, ASSUME_HELPER_FRONT="cc", CC=compiler)
    assert asked.returncode != 0
    assert said in asked.stdout


def test_a_front_that_does_not_compile_says_what_the_compiler_said(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    for part in ("pyproject.toml", "README.md", "LICENSE"):
        clone.mkdir(exist_ok=True)
        shutil.copy(ROOT / part, clone)
    for part in ("assume_helper", "front"):
        shutil.copytree(ROOT / part, clone / part, ignore=shutil.ignore_patterns("__pycache__"))
    (clone / "front" / "wrong.c").write_text("int wrong(long x) { return x; }\n")
    done = run_build(tmp_path / "made", root=clone, ASSUME_HELPER_FRONT="cc")
    assert done.returncode != 0
    assert "front/wrong.c" in done.stdout, "a narrowing conversion is an error"
    assert commands(wheel(tmp_path / "pure", root=clone)) == ["assume-helper"]


def test_a_build_leaves_nothing_in_the_source_tree_and_nothing_behind(tmp_path: Path) -> None:
    before = sorted(path.name for path in (ROOT / "front").iterdir() if path.name != "__pycache__")
    (tmp_path / "tmp").mkdir()
    wheel(tmp_path / "made", ASSUME_HELPER_FRONT="cc", TMPDIR=str(tmp_path / "tmp"))
    assert sorted(path.name for path in (ROOT / "front").iterdir() if path.name != "__pycache__") == before
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(("form", "names"), [("", ["assume-helper"]), ("cc", ["assume-helper-python"])])
def test_an_editable_install_is_pure_where_nothing_else_is_asked_for(
    tmp_path: Path, form: str, names: list[str]
) -> None:
    code = "import sys, hatchling.build as b; b.build_editable(sys.argv[1])"
    command = [sys.executable, "-c", code, str(tmp_path)]
    subprocess.run(command, cwd=ROOT, env=environ(ASSUME_HELPER_FRONT=form), check=True, stdout=subprocess.DEVNULL)
    (made,) = tmp_path.iterdir()
    assert commands(made) == names
    assert (program(made) is None) == (form == "")


def test_the_wheel_with_the_front_is_for_this_system_alone(tmp_path: Path) -> None:
    made = wheel(tmp_path, ASSUME_HELPER_FRONT="cc")
    tag = f"py3-none-{build_hook.this_platform()}"
    assert made.name.endswith(f"-{tag}.whl")
    lines = metadata(made, "WHEEL").splitlines()
    assert f"Tag: {tag}" in lines
    assert "Root-Is-Purelib: false" in lines
    assert commands(made) == ["assume-helper-python"]
    assert str(ROOT).encode() not in (program(made) or b"")


def test_two_builds_make_the_same_bytes(tmp_path: Path) -> None:
    one, other = (wheel(tmp_path / name, ASSUME_HELPER_FRONT="cc") for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()


def test_zig_is_fetched_by_a_build_that_asks_for_it_alone() -> None:
    code = "import hatchling.build as b; print(b.get_requires_for_build_wheel())"
    for form, found in (("", "[]"), ("none", "[]"), ("cc", "[]"), ("zig", "['ziglang==0.17.1']")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environ(ASSUME_HELPER_FRONT=form),
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stdout.strip() == found
