"""The desktop's keyring: which back end is used, and what is said of one that fails."""

import sys
import threading
from typing import Any

import keyring
import pytest
from keyring.backends import chainer, fail, null
from keyring.errors import KeyringLocked

from assume_helper.system import os_keyring
from assume_helper.system.os_keyring import KeyringFault

CHAIN: Any = chainer.ChainerBackend


class Kept:
    """A desktop's keyring, as far as it is used."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.texts.get((service, name))

    def set_password(self, service: str, name: str, text: str) -> None:
        self.texts[service, name] = text

    def delete_password(self, service: str, name: str) -> None:
        del self.texts[service, name]


def trusted(base: type = Kept) -> Any:
    return type("Keyring", (base,), {"__module__": "keyring.backends.SecretService"})()


def given(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)


def fault(monkeypatch: pytest.MonkeyPatch, backend: object) -> KeyringFault:
    given(monkeypatch, backend)
    with pytest.raises(KeyringFault) as caught:
        os_keyring.find(5)
    return caught.value


def test_what_is_kept_is_given_back_until_it_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, trusted())
    found = os_keyring.find(5)
    assert found is not None
    assert found.get("s", "n") is None
    found.set("s", "n", "text")
    assert found.get("s", "n") == "text"
    found.delete("s", "n")
    assert found.get("s", "n") is None
    found.delete("s", "n")  # nothing is there


def test_where_there_is_none_at_all_none_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: Any = fail.Keyring
    given(monkeypatch, nothing())
    assert os_keyring.find(5) is None


@pytest.mark.parametrize("module", ["keyrings.alt.file", "keyring.backends.null", "keyrings.cryptfile.cryptfile"])
def test_one_that_may_keep_it_in_the_open_is_refused(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fault(monkeypatch, type("PlaintextKeyring", (Kept,), {"__module__": module})())
    assert f"{module}.PlaintextKeyring is not known to protect a key" in found.what
    assert found.is_refused
    empty: Any = null.Keyring
    assert fault(monkeypatch, empty()).is_refused


def test_a_chain_of_such_ones_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [Kept()])
    assert fault(monkeypatch, CHAIN()).is_refused
    good = trusted()
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [Kept(), good])
    given(monkeypatch, CHAIN())
    found = os_keyring.find(5)
    assert found is not None
    assert found.backend is good


@pytest.mark.parametrize("error", [KeyringLocked("secret"), RuntimeError("secret"), OSError(5, "secret")])
def test_what_a_back_end_raises_is_named_by_its_kind_alone(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(Kept):
        def get_password(self, _service: str, _name: str) -> str | None:
            raise error

    given(monkeypatch, trusted(Failing))
    found = os_keyring.find(5)
    assert found is not None
    with pytest.raises(KeyringFault) as caught:
        found.get("s", "n")
    assert caught.value.args == (f"the keyring gives no key ({type(error).__name__})", "unlock it")


def test_a_prompt_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    class Hanging(Kept):
        def set_password(self, _service: str, _name: str, _text: str) -> None:
            over.wait(60)

    given(monkeypatch, trusted(Hanging))
    found = os_keyring.find(0.1)
    assert found is not None
    try:
        with pytest.raises(KeyringFault, match="gave no answer"):
            found.set("s", "n", "text")
    finally:
        over.set()


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(KeyringFault, match="keyring is missing"):
        os_keyring.find(5)
