"""Which profiles the picker has first."""

from collections.abc import Mapping

import pytest

from assume_helper.cli import audit_log, recently_used
from assume_helper.errors import AssumeHelperError
from assume_helper.text import printable


def logged(*profiles: str, event: str = "issue") -> list[dict[str, str]]:
    return [{"time": "", "event": event, "profile": name} for name in profiles]


def order(environ: Mapping[str, str], *names: str) -> list[str]:
    ranked = recently_used.ranks(environ)
    return sorted(names, key=lambda name: recently_used.rank(name, ranked))


def test_the_shell_s_own_come_first_then_the_log_s_then_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "events", lambda: logged("a", "b", "a", "c") + logged("e", event="failure"))
    environ = {recently_used.VARIABLE: "d\nb\nd\n"}
    assert order(environ, "e", "a", "b", "c", "d", "f") == ["d", "b", "c", "a", "e", "f"]
    assert order({}, "e", "a", "b", "c") == ["c", "a", "b", "e"]


def test_a_long_name_is_found_as_the_log_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "x" * 100
    monkeypatch.setattr(audit_log, "events", lambda: logged(printable(name, 64)))
    assert order({}, "a", name) == [name, "a"]


@pytest.mark.parametrize("error", [AssumeHelperError("it is a link", "remove it"), PermissionError()])
def test_a_log_that_cannot_be_read_has_none(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail() -> list[dict[str, str]]:
        raise error

    monkeypatch.setattr(audit_log, "events", fail)
    assert order({recently_used.VARIABLE: "b"}, "a", "b") == ["b", "a"]
