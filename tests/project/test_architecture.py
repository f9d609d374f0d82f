"""The shape of the package: imports go one way, one concept a file, and no work while it is imported."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "assume_helper").rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_imports_go_one_way_and_every_module_has_its_layer() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 kept, 0 broken" in done.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_is_one_concept_with_a_title(path: Path) -> None:
    title = (ast.get_docstring(tree(path)) or "").partition("\n\n")[0]
    assert title.endswith(".") or path.name == "__init__.py"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 320


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_what_is_public_says_what_it_is(path: Path) -> None:
    defined = [node for node in tree(path).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    public = [node for node in defined if not node.name.startswith("_")]
    methods = [m for c in public if isinstance(c, ast.ClassDef) for m in c.body if isinstance(m, ast.FunctionDef)]
    for node in [*public, *(m for m in methods if not m.name.startswith("_"))]:
        assert ast.get_docstring(node), f"{path.name}: {node.name}"


def test_the_hit_imports_os_and_sys_alone() -> None:
    imported: set[str] = set()
    for node in tree(ROOT / "assume_helper" / "hit.py").body:
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        assert not isinstance(node, ast.ImportFrom)
    assert imported == {"os", "sys"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_nothing_is_read_from_the_environment_while_a_module_is_imported(path: Path) -> None:
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.If):
            continue
        for inner in ast.walk(node):
            assert not (isinstance(inner, ast.Attribute) and inner.attr in {"environ", "getenv", "getcwd"}), path.name


def test_names_are_those_of_aws_and_of_the_concepts() -> None:
    for path in MODULES:
        assert not {"manager", "util", "utils", "common", "helpers"} & set(path.stem.split("_"))
