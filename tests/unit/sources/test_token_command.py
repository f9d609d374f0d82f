"""A token's command: one line on standard output, its standard error for a person, what is wrong with it in words."""

import os
import sys
import time
from pathlib import Path

import pytest
from front import wait_for
from started import is_alive, number

from assume_helper.errors import SourceError, SourceExpired
from assume_helper.profiles import resolution
from assume_helper.profiles.origin import WebIdentityProcess
from assume_helper.sources import token_command
from assume_helper.system import terminal

if sys.platform != "win32":
    import pty

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands are a shell's")
ENVIRON = {"PATH": os.environ["PATH"]}
WHOSE = "web_identity_token_process of dev"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJDYW5hcnkifQ.c2lnbmF0dXJlMDEyMzQ1Njc4OQ"


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where nobody sits."""
    monkeypatch.setattr(terminal, "screen", _nobody)


def _nobody() -> object:
    import contextlib

    return contextlib.nullcontext(None)


def token(command: str, seconds: float = 20, environ: dict[str, str] | None = None) -> str:
    source = WebIdentityProcess("dev", command)
    return token_command.web_identity_token(source, ENVIRON | (environ or {}), seconds).token


@pytest.mark.parametrize("end", ["", "\\n", "\\r\\n", "\\n\\n"])
def test_the_line_is_the_token_without_its_end(end: str) -> None:
    assert token(f"printf 'a.b.c{end}'") == "a.b.c"


@pytest.mark.parametrize("count", [4, resolution.LONGEST_TOKEN])
def test_a_token_may_be_as_long_as_sts_takes_it(count: int) -> None:
    assert token(f"printf '%{count}s\\n' | tr ' ' x") == "x" * count


@pytest.mark.parametrize(
    ("command", "kind", "words"),
    [
        ("true", SourceError, f"{WHOSE} printed nothing (program: true); log in"),
        ("echo", SourceError, "printed nothing"),
        (f"echo {TOKEN}; echo {TOKEN}", SourceError, f"{WHOSE} printed 2 lines, and not one (program: echo); run"),
        ("echo a b c d", SourceError, f"{WHOSE} did not print a web identity token; run its command by hand"),
        ("echo abc", SourceError, "did not print a web identity token"),
        ("printf 'ab\\033cd'", SourceError, "did not print a web identity token"),
        ("printf '\\377\\376abcd'", SourceError, "did not print a web identity token"),
        ("printf '%20001s' | tr ' ' x", SourceError, "did not print a web identity token"),
        ("yes xxxxxxxxxxxxxxxx", SourceError, "printed far more than a token (program: yes)"),
        ("echo locked >&2; exit 3", SourceExpired, f"{WHOSE} failed (exit 3; program: echo): locked; log in to the"),
        ("exit 3", SourceExpired, f"{WHOSE} failed (exit 3; program: exit); log in"),
        (f"echo {TOKEN}; exit 1", SourceExpired, "failed (exit 1; program: echo); "),
        (f"echo {TOKEN} >&2; exit 1", SourceExpired, "failed (exit 1; program: echo): [...]; "),
        ("/no/such/program", SourceExpired, f"{WHOSE} cannot be started (exit 127; program: /no/such/program)"),
        ("/etc/passwd", SourceExpired, "cannot be started (exit 126; program: /etc/passwd)"),
        ("sh -c 'kill -9 $$'", SourceExpired, "failed (exit "),
        ("echo \0x", SourceExpired, "cannot be started (the command cannot be read; program: echo)"),
    ],
)
def test_what_is_no_token_is_told_in_words_and_never_shown(command: str, kind: type[SourceError], words: str) -> None:
    with pytest.raises(SourceError) as caught:
        token(command)
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_command_that_hangs_is_killed_with_what_it_has_started(tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(
        SourceExpired, match=r"of dev did not answer in 3 s \(program: sleep\); run its command by hand"
    ):
        token(f"sleep 600 & echo $! >{tmp_path}/child; sleep 600", seconds=3)
    assert time.monotonic() - begun < 60
    child = number(tmp_path / "child")
    wait_for(lambda: not is_alive(child))


def test_the_caller_s_credentials_are_not_the_command_s() -> None:
    given = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SESSION_TOKEN": "secret", "AWS_PROFILE": "dev", "WHO": "jane"}
    assert token('echo "x-$AWS_ACCESS_KEY_ID$AWS_SESSION_TOKEN$AWS_PROFILE-$WHO"', environ=given) == "x--jane"


def test_a_variable_that_is_set_for_the_program_is_in_no_message() -> None:
    with pytest.raises(SourceError) as caught:
        token("PASSWORD=hunter22 false --with hunter22")
    assert "(exit 1; program: false)" in str(caught.value)
    assert "hunter22" not in str(caught.value)


def test_what_it_says_is_shown_to_the_person_at_once_without_control_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import contextlib

    master, screen = pty.openpty()
    monkeypatch.setattr(terminal, "screen", lambda: contextlib.nullcontext(screen))
    with pytest.raises(SourceExpired) as caught:
        token("printf 'touch your key \\033[31m\\n' >&2; exit 1")
    shown = os.read(master, 1000)
    os.close(master)
    os.close(screen)
    assert b"touch your key \\x1b[31m" in shown
    assert "touch your key" not in str(caught.value), "it was shown already"
