"""A library that cannot be imported: what is told, and for how long it is waited for."""

import importlib
import os
import sys
from collections.abc import Mapping
from importlib.machinery import EXTENSION_SUFFIXES
from types import ModuleType

import pytest

from assume_helper.system import broken_library

THEIRS = os.path.abspath("/theirs")


def raised(code: str) -> Exception:
    """What the code of a module raises."""
    try:
        exec(compile(code, os.path.join(THEIRS, "lib.py"), "exec"), {"__name__": "lib"})  # noqa: S102
    except Exception as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError


@pytest.mark.parametrize(
    "code", ["import none_such", "raise ValueError('x')", "import json; json.none_such", "raise ImportError('half')"]
)
def test_what_a_module_raises_while_it_is_imported_is_the_library_s(code: str) -> None:
    assert broken_library.is_reason(raised(code))


def test_an_error_of_our_own_is_not() -> None:
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int("ours")
    assert not broken_library.is_reason(caught.value)
    assert not broken_library.is_reason(KeyboardInterrupt())


def test_the_folder_of_the_caller_is_named_with_the_variable() -> None:
    said = broken_library.line(raised("raise ValueError('x')"), {}, ["/others", THEIRS])
    assert said.startswith(f"lib comes from {THEIRS}, a folder in PYTHONPATH")


def test_python_s_own_home_is_named() -> None:
    said = broken_library.line(raised("import none_such"), {"PYTHONHOME": "/x"}, [])
    assert "PYTHONHOME" in said
    assert "env -u PYTHONHOME" in said


def test_a_library_that_is_being_replaced_is_waited_for_and_not_for_long() -> None:
    slept: list[float] = []
    ran: list[list[str]] = []

    def run(_program: str, words: list[str], environ: Mapping[str, str]) -> int:
        ran.append(words)
        assert environ == {"A": "b"}
        return 7

    assert broken_library.try_again(raised("import none_such"), {"A": "b"}, slept.append, run) == 7
    assert 2 < sum(slept) < 4
    slept.clear()
    broken_library.try_again(raised("raise ImportError('half')"), {"A": "b"}, slept.append, run)
    assert 0 < sum(slept) < 1
    assert ran[0] == [sys.executable, "-X", "assume_helper_second_try", *sys.orig_argv[1:]]


def test_there_is_no_third_try(monkeypatch: pytest.MonkeyPatch) -> None:
    error = raised("import none_such")
    assert broken_library.may_try_again(error, {}, [])
    monkeypatch.setitem(sys._xoptions, "assume_helper_second_try", True)
    assert not broken_library.may_try_again(error, {}, [])


def test_another_library_of_the_name_is_named_by_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("theirs")
    module.__file__ = os.path.join(THEIRS, "theirs.py")
    monkeypatch.setitem(sys.modules, "theirs", module)
    for error in (
        raised("import theirs; theirs.none_such"),
        ImportError("cannot import name 'x'", name="theirs"),
        ImportError("half", name="other", path=os.path.join(THEIRS, "other.py")),
        SyntaxError("invalid syntax", (os.path.join(THEIRS, "theirs.py"), 1, 1, "")),
    ):
        assert f" comes from {THEIRS}, a folder in PYTHONPATH, and does not work" in broken_library.line(
            error, {}, [THEIRS]
        )


def test_the_module_that_is_at_fault_is_named_as_far_as_it_is_known() -> None:
    assert broken_library.line(SyntaxError("invalid", ("/a/b.py", 1, 1, "")), {}, []).startswith("/a/b.py is not inst")
    assert broken_library.line(raised("import json; json.none_such"), {}, []).startswith("json is not installed for")
    assert broken_library.line(raised("1 / 0"), {}, []).startswith("lib is not installed for")
    assert broken_library.line(ValueError("x"), {}, []).startswith("a library is not installed for")


def refused_by_the_loader() -> ImportError:
    return ImportError("libx.so.1: wrong\nmore", name="_x", path="/lib/_x" + EXTENSION_SUFFIXES[0])


def test_a_library_that_the_loader_refuses_is_told_with_the_variable_that_may_be_the_reason() -> None:
    said = broken_library.line(refused_by_the_loader(), {"LD_PRELOAD": "x"}, [])
    assert said.startswith("_x cannot be loaded (libx.so.1: wrong), and LD_PRELOAD may be the reason; unset LD_PRELOAD")
    assert "`env -u LD_PRELOAD assume-helper ...`" in said
    said = broken_library.line(refused_by_the_loader(), {}, [])
    assert said.endswith("install Python's own libraries again, or another Python")


def test_an_extension_that_fails_behind_another_error_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(name: str) -> None:
        if name == "_ssl":
            raise refused_by_the_loader()

    monkeypatch.setattr(importlib, "import_module", import_module)
    assert broken_library.line(ValueError("x"), {}, []).startswith("_x cannot be loaded (libx.so.1: wrong); install")


def test_in_this_one_s_place_the_program_runs_with_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[object] = []
    monkeypatch.setattr(os, "execve", lambda *given: ran.append(given))
    broken_library._run("python", ["python", "-c", ""], {"A": "b"})
    assert ran == [("python", ["python", "-c", ""], {"A": "b"})]


def test_a_package_that_is_half_there_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "half", ModuleType("half"))  # it has no spec
    assert not broken_library._is_there("half")
    assert broken_library._is_there("json")
