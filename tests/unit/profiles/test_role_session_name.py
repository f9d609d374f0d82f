"""The default session's name: the user and the host, as STS takes them."""

import os
import re
import socket
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assume_helper.profiles.role_session_name import make_safe, session_name

if sys.platform != "win32":
    import pwd

TAKEN_BY_STS = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")


@pytest.mark.parametrize(
    ("user", "host", "name"),
    [
        ("jane", "laptop", "jane@laptop"),
        ("jane", "laptop.example.com", "jane@laptop"),
        ("jane.doe+ci", "build_7", "jane.doe+ci@build_7"),
        ("josé", "müller-pc", "jose@muller-pc"),
        ("CORP\\jane doe", "host", "CORP-jane-doe@host"),
        ("ジェーン", "host", "unknown@host"),
        ("", "", "unknown@unknown"),
        ("jane", ".example.com", "jane@unknown"),
        ("\x1b[31m", "a\nb", "31m@a-b"),
        ("jane\ud800", "host", "jane@host"),
        ("ⅷ", "①", "viii@1"),
    ],
)
def test_a_user_and_a_host_make_a_name(user: str, host: str, name: str) -> None:
    assert make_safe(user, host) == name


@given(st.text(st.characters(), max_size=150), st.text(st.characters(), max_size=150))
def test_whatever_they_are_called_sts_takes_the_name(user: str, host: str) -> None:
    assert TAKEN_BY_STS.fullmatch(make_safe(user, host))


@given(st.integers(1, 150), st.integers(1, 150))
def test_a_long_name_keeps_the_user_and_something_of_the_host(of_user: int, of_host: int) -> None:
    user, host = ("abc" * of_user)[:of_user], ("xyz" * of_host)[:of_host]
    name = make_safe(user, host)
    assert name == f"{user[:62]}@{host}"[:64]
    assert re.fullmatch("[abc]+@[xyz]+", name)


def test_the_name_is_the_systems_user_and_the_short_host() -> None:
    user = pwd.getpwuid(os.getuid()).pw_name if sys.platform != "win32" else os.environ["USERNAME"]
    assert session_name() == make_safe(user, socket.gethostname())


@pytest.mark.parametrize("variable", ["USER", "LOGNAME", "LNAME", "USERNAME", "SUDO_USER"])
def test_the_environment_cannot_say_who_asked(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "somebody-else")
    assert "somebody-else" not in session_name()


def test_a_user_without_an_entry_is_named_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_entry(uid: int) -> "pwd.struct_passwd":
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", no_entry)
    assert session_name().startswith(f"uid-{os.getuid()}@")
