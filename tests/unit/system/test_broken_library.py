"""A library that cannot be imported: what is told, and for how long it is waited for."""

import sys
from collections.abc import Mapping

import pytest

from assume_helper.system import broken_library


def raised(code: str) -> Exception:
    """What the code of a module raises."""
    try:
        exec(compile(code, "/theirs/lib.py", "exec"), {"__name__": "lib"})  # noqa: S102
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
    said = broken_library.line(raised("raise ValueError('x')"), {}, ["/others", "/theirs"])
    assert said.startswith("lib comes from /theirs, a folder in PYTHONPATH")


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
