"""What tests/project/test_architecture.py does not see: nested imports and reads, and paths of a machine."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import PACKAGE

ROOT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))
# What reads the environment, or the user's home, which comes from it.
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "expandvars", "expanduser", "home"}
# Where the machines are that this is written and tested on; the null device and the terminal are everywhere.
MACHINE_PATH = re.compile(
    r"(?<![\w.~>}/-])/(?:home|root|work|tmp|usr|opt|var|etc|mnt|srv|Users|private)/|\b[A-Z]:\\\\?\w"
)

each_module = pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(PACKAGE)) for path in MODULES])


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
        name = isinstance(node, ast.ImportFrom) and any(alias.name in ENVIRONMENT for alias in node.names)
        if attribute or name:
            lines.append(getattr(node, "lineno", 0))
    return lines


def test_the_package_is_looked_at() -> None:
    assert {"__main__.py", "hit.py", "resolve.py"} <= {path.name for path in MODULES}


def test_a_hit_imports_nothing_more_in_its_functions() -> None:
    assert set(imported(parsed(PACKAGE / "hit.py"))) <= {"os", "sys", "time"}


@each_module
def test_no_class_default_or_condition_reads_the_environment_while_a_module_is_imported(path: Path) -> None:
    assert environment_reads(parsed(path)) == []


@each_module
def test_no_machine_s_own_path_is_in_a_module(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if MACHINE_PATH.search(line)] == []
    assert str(ROOT) not in text


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
