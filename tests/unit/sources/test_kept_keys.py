"""The key that a keyring keeps: its place in either keyring, what is no key there, and which error says what."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assume_helper.errors import AssumeHelperError, SettingFault, SourceError, SourceExpired
from assume_helper.profiles import key_record
from assume_helper.profiles.key_record import KeyRecord
from assume_helper.profiles.origin import KeptKey
from assume_helper.sources import kept_keys
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.system import kernel_keyring, os_keyring
from assume_helper.system.os_keyring import KeyringFault

PAIR, NEXT = KeyPair("AKIAKEPT000000000000", "kept", 1.5, 2.5), KeyPair("AKIANEXT000000000000", "next", None, 3.0)


class Desktop:
    """A desktop's keyring in memory."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], str] = {}

    def get(self, service: str, name: str) -> str | None:
        return self.texts.get((service, name))

    def set(self, service: str, name: str, text: str) -> None:
        self.texts[service, name] = text

    def delete(self, service: str, name: str) -> None:
        self.texts.pop((service, name), None)


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Desktop:
    found = Desktop()
    monkeypatch.setattr(os_keyring, "find", lambda _patience: found)
    return found


def test_the_key_and_the_next_one_lie_side_by_side(desktop: Desktop) -> None:
    kept_keys.write("me", "keyring", PAIR, 1)
    kept_keys.write("me", "keyring", NEXT, 1, is_next=True)
    assert kept_keys.read("me", "keyring", 1) == PAIR
    assert kept_keys.read("me", "keyring", 1, is_next=True) == NEXT
    assert kept_keys.read("you", "keyring", 1) is None
    assert len({service for service, _ in desktop.texts}) == 2  # Windows' Credential Manager has one name a service
    kept_keys.delete("me", "keyring", 1, is_next=True)
    assert [kept_keys.read("me", "keyring", 1, is_next=each) for each in (False, True)] == [PAIR, None]


def test_it_is_short_enough_for_windows(desktop: Desktop) -> None:
    kept_keys.write("me", "keyring", KeyPair("A" * 128, "s" * 128, 1_700_000_000.123, 1_700_000_000.123), 1)
    assert all(len(text) < 1280 for text in desktop.texts.values())


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "[" * 9999, json.dumps(vars(PAIR) | {"access_key_id": None}),
        json.dumps(vars(PAIR) | {"secret_access_key": "a b"}), json.dumps(vars(PAIR) | {"created": "x"}),
        json.dumps(vars(PAIR) | {"kept": None}), json.dumps({"access_key_id": "x"}),
    ],
)  # fmt: skip
def test_what_is_no_key_there_is_named_and_not_shown(desktop: Desktop, text: str) -> None:
    kept_keys.write("me", "keyring", PAIR, 1)
    for where in desktop.texts:
        desktop.texts[where] = text
    with pytest.raises(SourceError, match="is none; remove it in the keyring itself"):
        kept_keys.read("me", "keyring", 1)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (KeyringFault("locked", "unlock it"), SourceError),
        (KeyringFault("not trusted", "use another", is_refused=True), SettingFault),
    ],
)
def test_a_keyring_that_is_refused_is_told_from_one_that_is_locked(
    fault: KeyringFault, kind: type[AssumeHelperError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(_patience: float) -> Desktop:
        raise fault

    monkeypatch.setattr(os_keyring, "find", find)
    asked: list[Callable[[], object]] = [
        lambda: kept_keys.read("me", "keyring", 1),
        lambda: kept_keys.write("me", "keyring", PAIR, 1),
        lambda: kept_keys.delete("me", "keyring", 1),
        lambda: kept_keys.check("keyring", 1),
    ]
    for ask in asked:
        with pytest.raises(kind) as caught:
            ask()
        assert (caught.value.message, caught.value.next_step) == (fault.what, fault.next_step)


def test_where_there_is_no_keyring_it_is_exit_3_to_put_a_key_there_and_4_to_have_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os_keyring, "find", lambda _patience: None)
    with pytest.raises(SettingFault, match="there is no keyring here"):
        kept_keys.check("keyring", 1)
    with pytest.raises(SourceError, match="is not here"):
        kept_keys.read("me", "keyring", 1)


def test_a_kernel_without_keyrings_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(_description: str, _longest: int = 0) -> bytes:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(kernel_keyring, "find", find)
    with pytest.raises(SourceError, match="Function not implemented"):
        kept_keys.read("me", "kernel", 1)
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "ctypes", None)
    if sys.platform == "linux":
        with pytest.raises(SettingFault, match="ctypes"):
            kept_keys.check("kernel", 1)


def source(environ: dict[str, str]) -> KeptKey:
    return key_record.kept_key("me", "keyring", environ)


def test_the_note_is_written_where_it_is_missing_and_never_lets_another_key_pass(
    desktop: Desktop, tmp_path: Path
) -> None:
    environ = {"HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    with pytest.raises(SourceError, match="run: assume-helper keys add me"):
        kept_keys.credentials(source(environ), environ, 1)
    kept_keys.write("me", "keyring", PAIR, 1)
    assert kept_keys.credentials(source(environ), environ, 1).access_key_id == PAIR.access_key_id
    assert key_record.read(environ, "me", "keyring") == KeyRecord(PAIR.access_key_id, PAIR.created, PAIR.kept)
    assert source(environ).access_key_id == PAIR.access_key_id
    before = source(environ)
    kept_keys.write("me", "keyring", NEXT, 1)
    with pytest.raises(SourceExpired, match="was replaced"):
        kept_keys.credentials(before, environ, 1)
    assert kept_keys.credentials(source(environ), environ, 1).access_key_id == NEXT.access_key_id
    assert desktop.texts


def test_where_only_the_next_key_is_left_it_is_the_key(desktop: Desktop, tmp_path: Path) -> None:
    """Some back ends delete before they write, and may be killed in between."""
    environ = {"HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    kept_keys.write("me", "keyring", NEXT, 1, is_next=True)
    assert kept_keys.credentials(source(environ), environ, 1).access_key_id == NEXT.access_key_id
    assert len(desktop.texts) == 1


def test_no_secret_is_in_a_repr() -> None:
    assert "kept'" not in repr(PAIR)
    assert PAIR.shown == "…0000"
