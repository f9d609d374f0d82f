"""The key that a keyring keeps: which keyrings are trusted with one, and what is said where there is none."""

import base64
import os
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import keyring
import pytest
from keyring.backends import chainer, fail
from keyring.errors import KeyringLocked

from assume_helper.cache import encryption
from assume_helper.cache.encryption import Cipher, NoKey
from assume_helper.system import kernel_keyring

KEY = bytes(range(32))
NOTHING_FOUND: Any = fail.Keyring
CHAIN: Any = chainer.ChainerBackend


class Keyring:
    """A desktop's keyring, as far as it is used."""

    def __init__(self, text: str | None = None) -> None:
        self.text = text
        self.stored = 0

    def get_password(self, _service: str, _name: str) -> str | None:
        return self.text

    def set_password(self, _service: str, _name: str, text: str) -> None:
        self.text = text
        self.stored += 1


def as_a_desktop_s(text: str | None = None) -> Any:
    """It has the name of one that protects what it keeps."""
    kind = type("Keyring", (Keyring,), {"__module__": "keyring.backends.libsecret"})
    return kind(text)


@pytest.fixture(autouse=True)
def _no_key_from_before() -> Iterator[None]:
    encryption.cipher.cache_clear()
    yield
    encryption.cipher.cache_clear()


def given(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)


def no_key(monkeypatch: pytest.MonkeyPatch, backend: object) -> NoKey:
    given(monkeypatch, backend)
    with pytest.raises(NoKey) as caught:
        encryption.cipher()
    return caught.value


def test_what_is_sealed_for_one_name_opens_for_no_other_and_with_no_other_key() -> None:
    sealed = Cipher(KEY).sealed("a", b"data")
    assert Cipher(KEY).opened("a", sealed) == b"data"
    for cipher, name in ((Cipher(KEY), "b"), (Cipher(KEY[::-1]), "a")):
        with pytest.raises(ValueError, match="encrypted with another key"):
            cipher.opened(name, sealed)
    assert Cipher(KEY).sealed("a", b"data") != sealed
    assert str(KEY) not in repr(Cipher(KEY))


def test_the_key_of_the_keyring_is_used_and_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, as_a_desktop_s(base64.b64encode(KEY).decode()))
    assert encryption.cipher() == Cipher(KEY)
    encryption.cipher.cache_clear()
    new = as_a_desktop_s()
    given(monkeypatch, new)
    assert base64.b64decode(new.text or "") == b""
    made = encryption.cipher().key
    assert (len(made), new.stored) == (32, 1)
    encryption.cipher.cache_clear()
    assert (encryption.cipher().key, new.stored) == (made, 1)


@pytest.mark.parametrize("text", ["no base64", base64.b64encode(b"short").decode(), ""])
def test_what_is_no_key_is_not_used(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    error = no_key(monkeypatch, as_a_desktop_s(text))
    assert (error.what, error.next_step) == (
        "what the keyring has as assume-helper cache key is no key",
        "remove it there",
    )


def test_a_keyring_that_may_keep_it_in_a_plain_file_is_named_and_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Keyring()
    error = no_key(monkeypatch, backend)
    assert f"{Keyring.__module__}.Keyring is not known to protect a key" in error.what
    assert backend.text is None


def test_one_that_is_derived_from_a_trusted_one_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    derived = type("Mine", (type(as_a_desktop_s()),), {"__module__": "mine"})
    assert "mine.Mine is not known to protect a key" in no_key(monkeypatch, derived()).what


def test_of_a_chain_the_first_that_is_trusted_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = as_a_desktop_s(base64.b64encode(KEY).decode())
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [Keyring(), trusted])
    given(monkeypatch, CHAIN())
    assert encryption.cipher().key == KEY


def test_a_locked_keyring_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = as_a_desktop_s()

    def locked(*_given: object) -> str:
        raise KeyringLocked

    backend.get_password = locked
    error = no_key(monkeypatch, backend)
    assert (error.what, error.next_step) == ("the keyring gives no key (KeyringLocked)", "unlock it")


def test_a_keyring_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "_PATIENCE", 0.05)
    over = threading.Event()
    backend = as_a_desktop_s()
    backend.get_password = lambda *_given: over.wait(60)
    try:
        assert no_key(monkeypatch, backend).what == "the keyring gave no answer"
    finally:
        over.set()


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(NoKey) as caught:
        encryption.cipher()
    assert caught.value.args == ("keyring is missing", "install assume-helper again")


class Kernel:
    """The kernel's keyring of the user, in place of the machine's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, key: bytes | None, error: OSError | None = None) -> None:
        self.key = key
        self.error = error
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setattr(kernel_keyring, "find", self._find)
        monkeypatch.setattr(kernel_keyring, "add", self._add)

    def _find(self, _name: str) -> bytes | None:
        if self.error is not None:
            raise self.error
        return self.key

    def _add(self, _name: str, key: bytes) -> bytes:
        assert self.key is None
        self.key = key
        return key


def test_without_a_desktop_the_kernel_keeps_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, None)
    given(monkeypatch, NOTHING_FOUND())
    made = encryption.cipher()
    assert (len(made.key), kernel.key) == (32, made.key)
    encryption.cipher.cache_clear()
    assert encryption.cipher() == made


def test_a_kernel_that_gives_no_key_is_told_from_one_that_has_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    Kernel(monkeypatch, None, OSError(38, "Function not implemented"))
    error = no_key(monkeypatch, NOTHING_FOUND())
    assert error.what == "the kernel's keyring gives no key (Function not implemented)"
    assert error.next_step == "use a desktop's keyring, or assume_helper_cache = memory"
    Kernel(monkeypatch, b"short")
    assert "has as assume-helper:cache key is no key" in no_key(monkeypatch, NOTHING_FOUND()).what


def test_a_python_without_ctypes_cannot_ask_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="x86_64"), raising=False)
    given(monkeypatch, NOTHING_FOUND())
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setitem(sys.modules, "ctypes", None)
    with pytest.raises(NoKey, match="Python has no ctypes"):
        encryption.cipher()


def test_elsewhere_there_is_none_without_a_desktop_s(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, NOTHING_FOUND())
    monkeypatch.setattr(sys, "platform", "freebsd")
    with pytest.raises(NoKey, match="there is no keyring here"):
        encryption.cipher()
