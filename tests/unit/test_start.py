"""Where the program cannot be loaded: what is cached first, then one more try, then one line."""

from collections.abc import Callable

import pytest

from assume_helper import start
from assume_helper.cli import not_loaded
from assume_helper.system import broken_library

MISSING = ModuleNotFoundError("No module named 'none_such'", name="none_such")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in order; nothing is cached, and a second try may be made."""
    found: list[str] = []

    def does(what: str, code: int) -> Callable[..., int]:
        def do(*given: object) -> int:
            found.append(what or str(given[2]))
            return code

        return do

    monkeypatch.setattr(not_loaded, "serve", does("serve", 0))
    monkeypatch.setattr(not_loaded, "report", does("", 1))
    monkeypatch.setattr(broken_library, "may_try_again", lambda *_given: True)
    monkeypatch.setattr(broken_library, "try_again", does("again", 7))
    return found


def test_what_is_cached_is_served_first(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(not_loaded, "serve", lambda *_given: True)
    assert start._not_loaded(MISSING, ["get", "dev"], {}, 0) == 0
    assert done == []


def test_a_missing_library_is_tried_once_more(done: list[str]) -> None:
    assert start._not_loaded(MISSING, ["get", "dev"], {}, 0) == 7
    assert done == ["serve", "again"]


def test_an_error_of_our_own_and_a_second_try_that_cannot_be_made_are_said(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert start._not_loaded(ZeroDivisionError("x"), ["get", "dev"], {}, 0) == 1
    assert done[1].startswith("internal error (ZeroDivisionError")

    def refused(*_given: object) -> int:
        raise OSError

    monkeypatch.setattr(broken_library, "try_again", refused)
    assert start._not_loaded(MISSING, ["get", "dev"], {}, 0) == 1
    assert done[3].startswith("none_such is not installed for")
