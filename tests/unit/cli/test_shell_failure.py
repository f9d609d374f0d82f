"""What `env` prints where it fails: something that fails in the shell that evaluates it."""

import os

import pytest

from assume_helper import hit
from assume_helper.cli import shell_failure


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    monkeypatch.setattr(hit, "write", lambda *given: found.append(given))
    monkeypatch.setattr(os, "isatty", lambda _descriptor: False)
    return found


@pytest.mark.parametrize("arguments", [["env", "dev", "--shell", "bash"], ["env", "--shell=bash", "dev"]])
def test_the_shell_that_is_named_fails(arguments: list[str], printed: list[tuple[int, bytes]]) -> None:
    shell_failure.report(arguments, {})
    [(descriptor, text)] = printed
    assert descriptor == 1
    assert b"false" in text


@pytest.mark.parametrize("arguments", [["get", "env"], [], ["--help"]])
def test_another_command_prints_nothing(arguments: list[str], printed: list[tuple[int, bytes]]) -> None:
    shell_failure.report(arguments, {})
    assert printed == []


def test_on_a_terminal_nobody_evaluates_it(printed: list[tuple[int, bytes]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda _descriptor: True)
    shell_failure.report(["env", "dev"], {})
    assert printed == []


def test_an_output_that_nobody_reads_is_no_second_failure(
    printed: list[tuple[int, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*given: object) -> None:
        printed.append(given)  # type: ignore[arg-type]
        raise BrokenPipeError

    monkeypatch.setattr(hit, "write", closed)
    shell_failure.report(["env", "dev", "--shell", "fish"], {})
    assert len(printed) == 1
