"""Where the program cannot be loaded: what is said, what is served all the same, and what is logged."""

import errno
from collections.abc import Callable

import pytest

from assume_helper import hit
from assume_helper.cli import audit_log, not_loaded
from assume_helper.sessions import last_resort


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    monkeypatch.setattr(hit, "write", lambda descriptor, data: found.append((descriptor, data)))
    return found


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    monkeypatch.setattr(audit_log, "append", lambda _moment, event: found.append(dict(event)))
    return found


def cached(document: bytes | None) -> Callable[..., bytes | None]:
    return lambda *_given: document


def damaged(*_given: object) -> None:
    raise ImportError("half there")


def test_a_file_that_cannot_be_read_is_no_broken_library() -> None:
    error = OSError(errno.EMFILE, "Too many open files", "/lib/a.py")
    said = not_loaded.describe(error, {}, [])
    assert said == "/lib/a.py cannot be read (Too many open files); raise the limit on files (ulimit -n)"
    assert not_loaded.describe(OSError(errno.EMFILE, "x"), {}, []).startswith("a file cannot be read (x)")


def test_a_missing_library_is_named_and_another_error_is_to_be_reported() -> None:
    assert "none_such is not installed for" in not_loaded.describe(
        ModuleNotFoundError("No module named 'none_such'", name="none_such"), {}, []
    )
    assert "internal error (ZeroDivisionError at" in not_loaded.describe(ZeroDivisionError("x"), {}, [])


def test_what_is_cached_is_served_and_the_fault_logged_as_a_warning(
    monkeypatch: pytest.MonkeyPatch, written: list[tuple[int, bytes]], logged: list[dict[str, str]]
) -> None:
    monkeypatch.setattr(hit, "is_elevated", lambda: False)
    monkeypatch.setattr(last_resort, "document", cached(b"the document"))
    assert not_loaded.serve(["get", "dev"], {}, 0, "a fault")
    assert written == [(1, b"the document")]
    assert [(each["event"], each["profile"], each["exit_code"]) for each in logged] == [("warning", "dev", "0")]
    assert logged[0]["message"] == "cached credentials were served, and the program cannot be loaded: a fault"


@pytest.mark.parametrize("arguments", [["get"], ["get", "dev", "--fresh"], ["exec", "dev"], []])
def test_nothing_is_served_to_what_is_no_plain_get(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, written: list[tuple[int, bytes]]
) -> None:
    monkeypatch.setattr(hit, "is_elevated", lambda: False)
    monkeypatch.setattr(last_resort, "document", cached(b"the document"))
    assert not not_loaded.serve(arguments, {}, 0, "a fault")
    assert written == []


@pytest.mark.parametrize(("elevated", "document"), [(True, cached(b"x")), (False, cached(None)), (False, damaged)])
def test_nothing_is_served_to_a_process_with_others_rights_nor_without_a_cache(
    elevated: bool,
    document: Callable[..., bytes | None],
    monkeypatch: pytest.MonkeyPatch,
    written: list[tuple[int, bytes]],
    logged: list[dict[str, str]],
) -> None:
    monkeypatch.setattr(hit, "is_elevated", lambda: elevated)
    monkeypatch.setattr(last_resort, "document", document)
    assert not not_loaded.serve(["get", "dev"], {}, 0, "a fault")
    assert (written, logged) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "subject", "profiles"),
    [(["get", "dev"], b"dev: ", ["dev"]), (["get", "d\x1bv"], b"", ["d?v"]), (["exec", "dev"], b"", []), ([], b"", [])],
)
def test_a_fault_is_one_line_with_the_profile_and_logged_for_a_program(
    arguments: list[str],
    subject: bytes,
    profiles: list[str],
    written: list[tuple[int, bytes]],
    logged: list[dict[str, str]],
) -> None:
    assert not_loaded.report(arguments, 0, "a fault") == 1
    assert written == [(2, b"assume-helper: " + subject + b"a fault\n")]
    assert [(each["event"], each["exit_code"]) for each in logged] == [("failure", "1")] * len(profiles)
    assert [each["profile"].replace("\\x1b", "?") for each in logged] == profiles


def test_a_log_that_cannot_be_written_does_not_hide_the_fault(
    monkeypatch: pytest.MonkeyPatch, written: list[tuple[int, bytes]]
) -> None:
    monkeypatch.setattr(audit_log, "append", damaged)
    assert not_loaded.report(["get", "dev"], 0, "a fault") == 1
    assert written == [(2, b"assume-helper: dev: a fault\n")]
