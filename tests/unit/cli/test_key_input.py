"""An access key as it is typed or piped: what is taken, and that nothing of what is not is repeated."""

import json
import os
from collections.abc import Iterator

import click
import pytest

from assume_helper.cli import key_input
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceError
from assume_helper.sessions.herd_gate import Terminated
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.system import terminal
from assume_helper.system.context import Clock

ID, SECRET = "AKIATYPED00000000000", "typed/secret+0123456789"


class Typing(Invocation):
    """Standard input is a terminal, or a pipe."""

    stdin_is_terminal = False

    def is_terminal(self, _descriptor: int) -> bool:
        return self.stdin_is_terminal


@pytest.fixture
def invocation() -> Iterator[Typing]:
    with click.Context(click.Command("add")):
        yield Typing({}, Clock(now=lambda: 5.0), 0, 0, stdout_closed=False)


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> "list[bytes]":
    pieces: list[bytes] = []
    monkeypatch.setattr(os, "read", lambda _descriptor, _most: pieces.pop(0) if pieces else b"")
    return pieces


@pytest.mark.parametrize(
    "text",
    [
        f"{ID}\n{SECRET}\n",
        f"\ufeff{ID}\r\n{SECRET}",
        f"  {ID}  \n  {SECRET}  \n\n",
        json.dumps({"AccessKeyId": ID, "SecretAccessKey": SECRET}),
        json.dumps({"AccessKey": {"AccessKeyId": ID, "SecretAccessKey": SECRET, "Status": "Active"}}, indent=2),
        f"ACCESSKEY\t{ID}\t2026-01-01T00:00:00Z\t{SECRET}\tActive\tme\n",
        f"AccessKey:\n  AccessKeyId: {ID}\n  SecretAccessKey: {SECRET}\n  Status: Active\n  UserName: me\n",
        f"- AccessKey:\n    AccessKeyId: {ID}\n    SecretAccessKey: '{SECRET}'\n    Status: Active\n",
        f"-----\n|  CreateAccessKey  |\n+----+\n||  AccessKey  ||\n|+--+--+|\n||  AccessKeyId      |  {ID}    ||\n"
        f"||  SecretAccessKey  |  {SECRET}  ||\n||  Status  |  Active  ||\n|+--+--+|\n",
    ],
)
def test_what_is_piped_is_a_key_in_any_of_these_forms(invocation: Typing, piped: list[bytes], text: str) -> None:
    data = text.encode()
    piped += [data[:7], data[7:]]
    found = key_input.piped(invocation)
    assert found is not None
    assert (found.access_key_id, found.secret_access_key, found.kept) == (ID, SECRET, 5.0)


@pytest.mark.parametrize(
    "text",
    [
        ID, f"{ID}\n{SECRET}\nmore", f"{ID}\nwith blank", f"short\n{SECRET}", f"{ID}\x1b\n{SECRET}", "{", "[" * 9999,
        "{" * 9999, '{"AccessKey": 1}', json.dumps({"AccessKeyId": ID}), f"ASIATYPED00000000000\n{SECRET}",
        json.dumps({"AccessKeyId": ID, "SecretAccessKey": SECRET, "SessionToken": "token"}), f"{ID}\ngrün",
        f"AccessKeyId: {ID}\nSecretAccessKey: {SECRET}\nSessionToken: x\n", f"AccessKeyId: {ID}\nStatus: Active\n",
        f"AccessKeyId: {ID}\nSecretAccessKey: {SECRET}\n" * 2, f"ACCESSKEY\t{ID}\t{SECRET}\n",
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused_and_not_repeated(invocation: Typing, piped: list[bytes], text: str) -> None:
    piped.append(text.encode())
    with pytest.raises(SourceError) as caught:
        key_input.piped(invocation)
    assert "nothing of standard input was kept" in caught.value.message
    assert not any(part in str(caught.value) for part in (ID, SECRET, "short", 'token"'))


def test_nothing_at_all_is_a_matter_of_usage(invocation: Typing, piped: list[bytes]) -> None:
    assert piped == []
    assert key_input.piped(invocation) is None
    with pytest.raises(click.UsageError, match="standard input has no access key"):
        key_input.typed(invocation, "me")


def test_a_closed_standard_input_has_nothing(invocation: Typing, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int, _most: int) -> bytes:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(os, "read", fail)
    assert key_input.piped(invocation) is None


def test_no_more_is_read_than_a_key_can_be(invocation: Typing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "read", lambda _descriptor, most: b"x" * most)
    with pytest.raises(SourceError):
        key_input.piped(invocation)


@pytest.mark.parametrize("ending", [TimeoutError, EOFError, None, "no terminal"])
def test_a_person_who_types_nothing_has_given_none(
    invocation: Typing, monkeypatch: pytest.MonkeyPatch, ending: "type[Exception] | str | None"
) -> None:
    invocation.stdin_is_terminal = True
    prompts = []

    def ask(prompt: str, _seconds: float) -> str | None:
        prompts.append(prompt)
        if isinstance(ending, type):
            raise ending
        return None if ending else ""

    monkeypatch.setattr(terminal, "ask", ask)
    with pytest.raises(click.UsageError, match="no access key was typed"):
        key_input.typed(invocation, "me\x1b")
    assert prompts == [r"Access key id for me\x1b (not shown): "]


def test_both_are_asked_for(invocation: Typing, monkeypatch: pytest.MonkeyPatch) -> None:
    invocation.stdin_is_terminal = True
    answers = [ID, SECRET]
    monkeypatch.setattr(terminal, "ask", lambda _prompt, _seconds: answers.pop(0))
    found = key_input.typed(invocation, "me")
    assert (found.access_key_id, found.secret_access_key) == (ID, SECRET)


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (ConfigurationError("there is no keyring", "log in"), 3),
        (SourceError("the keyring is locked", "unlock it"), 4),
        (click.UsageError("there is no terminal"), 2),
        (KeyboardInterrupt(), 130),
        (Terminated(15), 143),
    ],
)
def test_whatever_ends_it_first_a_piped_key_is_said_to_be_not_kept(
    invocation: Typing, problem: BaseException, code: int
) -> None:
    with (
        pytest.raises((AssumeHelperError, click.UsageError)) as caught,
        key_input.told_if_not_kept(KeyPair(ID, SECRET)),
    ):
        raise problem
    assert getattr(caught.value, "exit_code", None) == code
    said = " ".join(str(caught.value).split())
    assert "the piped key …0000 was not kept" in said
    assert "pipe it again, or delete it in IAM and make another" in said
    with pytest.raises(type(problem)) as same, key_input.told_if_not_kept(None):
        raise problem
    assert same.value is problem
