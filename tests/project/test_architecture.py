"""The shape of the package: twelve wings, imports that go down, one concept a file, no work while it is imported."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import PACKAGE

ROOT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))
WINGS = {
    "cache",
    "cli",
    "configure",
    "doctor",
    "export",
    "keys",
    "logins",
    "profiles",
    "sessions",
    "sources",
    "sts",
    "system",
}
# What reads the environment, or the user's home, which comes from it.
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "expandvars", "expanduser", "home"}
# Where the machines are that this is written and tested on; the null device and the terminal are everywhere.
SYSTEM_PATH = re.compile(r"/(?:usr|var|etc)/")
NAMES_SYSTEM_PATHS = {"export/hidden_places.py", "export/sandbox.py"}
MACHINE_PATH = re.compile(
    r"(?<![\w.~>}/-])/(?:home|root|work|tmp|usr|opt|var|etc|mnt|srv|Users|private)/|\b[A-Z]:\\\\?\w"
)


def named(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(node: ast.AST) -> Iterator[str]:
    """The modules that are imported anywhere in `node`, but for those that only a type checker sees."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield "." * node.level + (node.module or "")
    elif isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        for statement in node.orelse:
            yield from imported(statement)
    else:
        for child in ast.iter_child_nodes(node):
            yield from imported(child)


def run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What is run when the module is imported: all but the bodies of functions (their defaults are)."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in (*child.decorator_list, child.args):
                yield part
                yield from run_at_import(part)
        elif isinstance(child, ast.Lambda):
            yield from run_at_import(child.args)
        else:
            yield child
            yield from run_at_import(child)


def environment_reads(tree: ast.Module) -> list[int]:
    """The lines that read the environment when the module is imported."""
    lines = []
    for node in run_at_import(tree):
        attribute = isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT
        name = (
            isinstance(node, ast.ImportFrom)
            and node.module in {"os", "os.path", "pathlib"}
            and any(alias.name in ENVIRONMENT for alias in node.names)
        )
        if attribute or name:
            lines.append(getattr(node, "lineno", 0))
    return lines


# The tree.


def test_the_root_holds_at_most_ten_modules_and_the_twelve_wings() -> None:
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert {"__main__", "start", "hit"} <= modules
    assert len(modules) <= 10
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == WINGS


def test_imports_go_down_by_one_contract_that_has_no_exemptions() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = settings["contracts"]
    assert (contract["type"], contract["exhaustive"], contract["containers"]) == ("layers", True, ["assume_helper"])
    assert set(contract) <= {"name", "type", "containers", "exhaustive", "layers"}
    assert len(contract["layers"]) <= 11
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 kept, 0 broken" in done.stdout


def test_the_hit_imports_os_and_sys_and_no_more_in_its_functions() -> None:
    tree = parsed(PACKAGE / "hit.py")
    assert {name for node in tree.body if not isinstance(node, ast.FunctionDef) for name in imported(node)} == {
        "os",
        "sys",
    }
    # `access_list` on Windows alone, where nothing else tells whose a file is.
    assert set(imported(tree)) <= {"os", "sys", "time", "assume_helper"}
    assert "from assume_helper import access_list" in ast.unparse(tree)


# Each module.


def test_what_modules_need_of_dataclasses_and_typing_comes_from_light() -> None:
    for path in MODULES:
        if path.stem != "light":
            found = {name for node in parsed(path).body if not isinstance(node, ast.If) for name in imported(node)}
            assert not {"dataclasses", "typing"} & found, named(path)


def test_a_module_is_one_concept_of_at_most_300_lines_with_a_title() -> None:
    for path in MODULES:
        assert (ast.get_docstring(parsed(path)) or "").partition("\n\n")[0].endswith("."), named(path)
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, named(path)


def test_a_file_of_tests_has_at_most_500_lines() -> None:
    for path in sorted((ROOT / "tests").rglob("*.py")):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 500, str(path.relative_to(ROOT))


def test_no_init_file_holds_code() -> None:
    for path in PACKAGE.rglob("__init__.py"):
        (docstring,) = parsed(path).body
        assert isinstance(docstring, ast.Expr), named(path)


def test_what_is_public_says_what_it_is() -> None:
    for path in MODULES:
        defined = [node for node in parsed(path).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        public = [node for node in defined if not node.name.startswith("_")]
        methods = [m for c in public if isinstance(c, ast.ClassDef) for m in c.body if isinstance(m, ast.FunctionDef)]
        for node in [*public, *(m for m in methods if not m.name.startswith("_"))]:
            assert ast.get_docstring(node), f"{named(path)}: {node.name}"


def test_no_module_reads_the_environment_while_it_is_imported() -> None:
    assert {named(path): lines for path in MODULES if (lines := environment_reads(parsed(path)))} == {}


def test_no_machine_s_own_path_is_in_a_module() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        # What every Linux has, to be hidden in the sandbox (Filesystem Hierarchy Standard).
        text = SYSTEM_PATH.sub("", text) if named(path) in NAMES_SYSTEM_PATHS else text
        assert [line for line in text.splitlines() if MACHINE_PATH.search(line)] == [], named(path)
        assert str(ROOT) not in text, named(path)


def test_no_module_is_a_place_for_anything() -> None:
    for path in MODULES:
        assert not {"manager", "util", "utils", "common", "helpers"} & set(path.stem.split("_")), named(path)
        assert path.stem != "helper"


# That these rules can be broken.


@pytest.mark.parametrize(
    "text",
    [
        "import os\nX = os.environ.get('A')",
        "import os\nX = os.getenv('A')",
        "import os\nif os.environ:\n  pass",
        "import os\nclass A:\n  x = os.environ['A']",
        "import os\ndef f(x=os.environ):\n  pass",
        "import os\n@os.environ\ndef f():\n  pass",
        "from os import environ",
        "import os\nX = os.path.expanduser('~')",
    ],
)
def test_reading_the_environment_at_import_is_found(text: str) -> None:
    assert environment_reads(ast.parse(text)) != []


@pytest.mark.parametrize("text", ["def f():\n  return os.environ", "X = lambda: os.environ"])
def test_reading_the_environment_in_a_function_is_not_at_import(text: str) -> None:
    assert environment_reads(ast.parse(text)) == []


def test_an_import_is_found_wherever_it_stands() -> None:
    text = "import a\nif TYPE_CHECKING:\n  import b\nelse:\n  import c\ndef f():\n  from d import e\n"
    assert list(imported(ast.parse(text))) == ["a", "c", "d"]


@pytest.mark.parametrize("line", ["'/home/me/x'", "see /srv/main/x", "(/tmp/x", "'C:\\\\Users'"])
def test_a_machine_s_path_is_found(line: str) -> None:
    assert MACHINE_PATH.search(line)


@pytest.mark.parametrize(
    "line", ["'/dev/null'", "~/.aws/config", "/path/to/assume-helper", "a/tmp/b", "https://x/opt/y"]
)
def test_what_is_on_every_machine_is_no_machine_s_path(line: str) -> None:
    assert not MACHINE_PATH.search(line)
