"""The messages that people and SDKs see: one line, what happened, what to do, at most 200 characters.

They are read from the source: every construction of an AssumeHelperError, a Warning, a Check or a click.UsageError, and
every `warn` call. Where a part is worked out at run time (a path, a name), a single letter stands for it.
"""

import ast
import inspect
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assume_helper import errors

PACKAGE = Path(__file__).resolve().parents[2] / "assume_helper"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 200
ERRORS = {name for name, _ in inspect.getmembers(errors, inspect.isclass)} | {"Warning", "NoKey"}
# The line that the command line adds to a usage error.
HELP = "; see `assume-helper configure --help`"


@dataclass(frozen=True)
class Message:
    """A message in the source; `next_step` is None where `text` says both, what happened and what to do."""

    line: int
    kind: str
    text: str
    next_step: str | None = None


def called_name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def assigned(scope: ast.AST, name: str) -> list[ast.expr]:
    """All that is assigned to the variable `name` in a function or module, also as one of a tuple."""
    found = []
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id == name:
                    found.append(node.value)
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = zip(target.elts, node.value.elts, strict=False)
                    found += [value for each, value in pairs if isinstance(each, ast.Name) and each.id == name]
    return found


def texts(node: ast.expr, scope: ast.AST, depth: int = 0) -> list[str]:
    """What the expression may come to, each formatted value a single letter; nothing where the source does not say."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)]
    if isinstance(node, ast.IfExp):
        return texts(node.body, scope, depth) + texts(node.orelse, scope, depth)
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in texts(value, scope, depth)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = texts(node.left, scope, depth), texts(node.right, scope, depth)
        return ["".join(pair) for pair in itertools.product(*(side or ["x"] for side in sides))]
    if isinstance(node, ast.Name) and depth < 3:
        return [text for value in assigned(scope, node.id) for text in texts(value, scope, depth + 1)]
    return []


def is_error(call: ast.Call, scope: ast.AST) -> bool:
    """Whether an error is made, also by a class that a variable holds."""
    name = called_name(call)
    values = assigned(scope, name) if isinstance(call.func, ast.Name) and name not in ERRORS else []
    held = {node.id for value in values for node in ast.walk(value) if isinstance(node, ast.Name)}
    return name in ERRORS or (bool(held & ERRORS) and len(call.args) == 2)


def messages(tree: ast.AST) -> Iterator[Message]:
    """Every message of a module whose text is in the source."""
    scopes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        enclosing = [s for s in scopes if s.lineno <= call.lineno <= (s.end_lineno or 0)]
        scope = max(enclosing, key=lambda s: s.lineno, default=tree)
        name, arguments = called_name(call), call.args
        if name == "Check" and len(arguments) >= 3:
            for what in texts(arguments[2], scope):
                yield Message(call.lineno, "check", what)
            for mend in texts(arguments[3], scope) if len(arguments) == 4 else []:
                yield Message(call.lineno, "mend", mend)
        elif name in {"UsageError", "_usage"} and arguments:
            for text in texts(arguments[0], scope):
                yield Message(call.lineno, "usage", text + HELP)
        elif name == "_fail" and len(arguments) == 3:
            for text in texts(arguments[2], scope):
                yield Message(call.lineno, "error", text)
        elif is_error(call, scope) and len(arguments) == 2:
            pairs = itertools.product(texts(arguments[0], scope) or ["x"], texts(arguments[1], scope) or ["x"])
            for text, next_step in pairs:
                yield Message(call.lineno, "error", text, next_step)
        elif name in {"warn", *ERRORS} and len(arguments) == 1:
            for text in texts(arguments[0], scope):
                yield Message(call.lineno, "warning", text)


def faults(message: Message) -> list[str]:
    """What is wrong with a message."""
    whole = message.text if message.next_step is None else f"{message.text}; {message.next_step or 'x'}"
    found = []
    if len(whole) > LONGEST:
        found.append(f"{len(whole)} characters")
    if not whole.isprintable():
        found.append("more than one line")
    if "  " in whole or whole != whole.strip():
        found.append("blanks too many")
    if any(part.endswith((".", ";")) and not part.endswith("...") for part in (whole, message.text)):
        found.append("ends with a full stop")
    if message.next_step == "" or (message.next_step is None and "; " not in whole and message.kind == "error"):
        found.append("does not say what to do")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_message_is_one_short_line_that_says_what_to_do(path: Path) -> None:
    wrong = [
        f"line {message.line}: {', '.join(found)}: {message.text}; {message.next_step}"
        for message in messages(ast.parse(path.read_text(encoding="utf-8")))
        if (found := faults(message))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('ConfigurationError("it is so", "do this")', []),
        ('ConfigurationError("it is so.", "do this")', ["ends with a full stop"]),
        ('ConfigurationError(f"{name}  is so", "do this")', ["blanks too many"]),
        ('ConfigurationError("it is so", "")', ["does not say what to do"]),
        ('SourceError("it is\\nso", "do this")', ["more than one line"]),
        ('click.UsageError("x" * 1 + "' + "x" * 200 + '")', [f"{201 + len(HELP)} characters"]),
        ('def f(n):\n    what = f"' + "x" * 199 + '{n}{n}"\n    return Check("a", "fail", what)', ["201 characters"]),
        (
            'def f():\n    kind = MFARequired if a else STSRefused\n    raise kind("it is so", "")',
            ["does not say what to do"],
        ),
        ('self.warn("it is so; do this.")', ["ends with a full stop"]),
        ('_fail(invocation, 1, "it is so")', ["does not say what to do"]),
    ],
)
def test_each_fault_of_a_message_is_found(source: str, found: list[str]) -> None:
    (message,) = messages(ast.parse(source))
    assert faults(message) == found
