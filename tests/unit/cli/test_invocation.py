"""One run of the command line: its warnings, its environment, and its streams, which nobody else uses."""

import ast
from pathlib import Path

import pytest

import assume_helper
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import AssumeHelperError
from assume_helper.system.context import Clock
from assume_helper.system.warning import Warning

SECRET = "DummySecretAccessKey0123456789+/abcdefgh"
PACKAGE = Path(str(assume_helper.__file__)).parent
WINGS = sorted(path for wing in ("cli", "doctor", "configure", "export") for path in (PACKAGE / wing).rglob("*.py"))


def test_a_warning_is_kept_once() -> None:
    invocation = Invocation({}, Clock(), 0, 0, stdout_closed=False)
    one, two = Warning("one", "mend it"), Warning("two", "mend it")
    for warning in (one, two, one):
        invocation.warn(warning)
    assert invocation.warnings == [one, two]


def test_an_invocation_does_not_show_its_environment() -> None:
    invocation = Invocation({"AWS_SECRET_ACCESS_KEY": SECRET}, Clock(), 0, 0, stdout_closed=False)
    assert SECRET not in repr(invocation)
    assert SECRET not in repr(invocation.call_context())


def test_a_closed_standard_output_is_said_before_anything_is_done() -> None:
    invocation = Invocation({}, Clock(), 0, 0, stdout_closed=True)
    with pytest.raises(AssumeHelperError, match="standard output is closed; open it: the credentials would"):
        invocation.require_stdout("the credentials")
    with pytest.raises(AssumeHelperError, match="standard output is closed"):
        invocation.print(b"x")


@pytest.mark.parametrize("terminals", [(), (0,), (2,), (1, 2)])
def test_a_person_is_asked_only_where_input_and_error_are_terminals(
    terminals: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Invocation, "is_terminal", lambda _self, descriptor: descriptor in terminals)
    invocation = Invocation({}, Clock(), 0, 0, stdout_closed=False)
    assert not invocation.can_ask()
    monkeypatch.setattr(Invocation, "is_terminal", lambda _self, descriptor: descriptor in {*terminals, 0, 2})
    assert invocation.can_ask()


@pytest.mark.parametrize("path", WINGS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_environment_and_the_streams_are_handed_in(path: Path) -> None:
    used = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    } & {"os.environ", "os.getenv", "os._exit", "sys.stdin", "sys.stdout", "sys.stderr", "sys.argv"}
    assert used == ({"sys.stdout", "sys.stderr"} if path.name == "invocation.py" else set())
