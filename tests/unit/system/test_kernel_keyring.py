"""The kernel's keyring: the system calls that are made, and a real key where the kernel has keyrings."""

import errno
import os
import secrets
import sys
from collections.abc import Iterator

import pytest

from assume_helper.system import kernel_keyring

KEY = bytes(range(32))
# keyctl(2)
SESSION = -3
NAME = "assume-helper:cache key"

if sys.platform == "win32":
    pytest.skip("Windows has no such keyring", allow_module_level=True)


class Kernel:
    """The calls that were made, and what they return: of keyctl by its operation, and of add_key (None)."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answers: "int | OSError") -> None:
        self.answers = answers
        self.calls: list[tuple[object, ...]] = []
        monkeypatch.setattr(kernel_keyring, "_numbers", lambda: (1, 2))
        monkeypatch.setattr(kernel_keyring, "_call", self._call)

    def _call(self, number: int, *arguments: "int | bytes | object") -> int:
        names = {1: "join", 8: "link", 9: "unlink", 10: "search", 11: "read"}
        name = "add_key" if number == 1 else names[arguments[0]]  # type: ignore[index]
        self.calls.append((name, *(word for word in arguments if isinstance(word, int | bytes))))
        answer = self.answers.get(name, 0)
        if isinstance(answer, OSError):
            raise answer
        if name == "read":
            arguments[2].raw = KEY * 2  # type: ignore[union-attr]
        return answer


def test_the_key_is_searched_for_in_the_user_s_keyring_which_the_process_gets_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel = Kernel(monkeypatch, search=77, read=32)
    assert kernel_keyring.find(NAME) == KEY
    assert kernel.calls == [
        ("link", 8, -4, -2),
        ("search", 10, -4, b"user", b"assume-helper:cache key", 0),
        ("read", 11, 77, 64),
    ]


def test_where_there_is_none_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, search=OSError(126, "Required key not available"))
    assert kernel_keyring.find(NAME) is None
    assert [call[0] for call in kernel.calls] == ["link", "search"]


@pytest.mark.parametrize("call", ["link", "read"])
def test_what_the_kernel_refuses_is_an_error(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Kernel(monkeypatch, search=77, **{call: OSError(13, "Permission denied")})
    with pytest.raises(OSError, match="Permission denied"):
        kernel_keyring.find(NAME)


def test_one_is_added_and_what_the_kernel_has_then_is_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, add_key=78, read=32)
    assert kernel_keyring.add(NAME, KEY[::-1]) == KEY
    assert kernel.calls == [("add_key", b"user", b"assume-helper:cache key", KEY[::-1], 32, -4), ("read", 11, 78, 64)]


def test_what_is_longer_than_a_key_is_not_taken_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    Kernel(monkeypatch, search=77, read=1000)
    assert len(kernel_keyring.find(NAME) or b"") == 64


@pytest.mark.parametrize(
    ("machine", "bits", "numbers"),
    [
        ("x86_64", 64, (248, 250)),
        ("x86_64", 32, (286, 288)),
        ("i686", 32, (286, 288)),
        ("aarch64", 64, (217, 219)),
        ("aarch64", 32, (309, 311)),
        ("armv7l", 32, (309, 311)),
        ("riscv64", 64, (217, 219)),
    ],
)
def test_the_calls_have_the_numbers_of_the_machine(
    machine: str, bits: int, numbers: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys, "maxsize", 2 ** (bits - 1) - 1)
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "host", "6", "1", machine)))
    assert kernel_keyring._numbers() == numbers


@pytest.mark.parametrize(("system", "machine"), [("linux", "pdp11"), ("darwin", "x86_64"), ("freebsd14", "aarch64")])
def test_on_another_system_or_machine_none_is_called(
    system: str, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("System", "host", "6", "1", machine)))
    with pytest.raises(OSError, match="not implemented"):
        kernel_keyring.find(NAME)


@pytest.fixture
def real() -> Iterator[str]:
    """The kernel's own keyring, and a name of this test alone in it."""
    name = f"assume-helper test {secrets.token_hex(8)}"
    try:
        kernel_keyring.find(name)
    except OSError as error:
        pytest.skip(f"the kernel has no keyring here: {error.strerror}")
    yield name
    kernel_keyring.remove(name)


def test_a_real_kernel_keeps_what_it_is_given_until_it_is_removed(real: str) -> None:
    assert kernel_keyring.find(real) is None
    assert kernel_keyring.add(real, KEY) == KEY
    assert kernel_keyring.find(real) == KEY
    text = b"x" * 300
    assert kernel_keyring.add(real, text, 4096) == text  # in place of the other
    assert kernel_keyring.find(real, 4096) == text
    kernel_keyring.remove(real)
    assert kernel_keyring.find(real) is None
    kernel_keyring.remove(real)  # nothing is there


def test_a_search_that_is_refused_is_not_taken_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    Kernel(monkeypatch, search=OSError(13, "Permission denied"))
    with pytest.raises(OSError, match="Permission denied"):
        kernel_keyring.find(NAME)


def test_a_session_keyring_of_one_s_own_is_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, join=1)
    kernel_keyring.join_session_keyring()
    assert kernel.calls == [("join", 1, 0)]


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_where_there_are_no_keyrings_none_is_joined(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    Kernel(monkeypatch, join=OSError(number, "no keyrings"))
    kernel_keyring.join_session_keyring()


def test_a_keyring_that_cannot_be_joined_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    Kernel(monkeypatch, join=OSError(errno.EDQUOT, "too many keys"))
    with pytest.raises(OSError, match="too many keys"):
        kernel_keyring.join_session_keyring()


@pytest.mark.usefixtures("real")
def test_a_real_session_keyring_is_not_the_caller_s() -> None:
    """Without the filter of the sandbox, which lets nothing read any keyring."""
    child = os.fork()
    if child == 0:
        try:
            kernel_keyring.join_session_keyring()
            kernel_keyring._add_key(b"user", b"a test's key", b"x", 1, SESSION)
            found = kernel_keyring._keyctl(kernel_keyring._SEARCH, SESSION, b"user", b"a test's key", 0)
            kernel_keyring.join_session_keyring()
            try:
                kernel_keyring._keyctl(kernel_keyring._SEARCH, SESSION, b"user", b"a test's key", 0)
            except OSError:
                os._exit(0 if found > 0 else 2)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
