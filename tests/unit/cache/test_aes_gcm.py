"""AES-GCM by the compiled part of `cryptography` alone: the class, its vectors, and what it refuses."""

import sys

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from assume_helper.cache import aes_gcm

KEY = bytes(range(32))


def test_it_is_the_class_of_the_public_module() -> None:
    assert aes_gcm.aead() is AESGCM


def test_what_is_encrypted_is_a_nonce_and_what_aes_gcm_makes_of_the_data_and_the_name() -> None:
    encrypted = aes_gcm.encrypt(KEY, "name", b"data")
    assert AESGCM(KEY).decrypt(encrypted[:12], encrypted[12:], b"name") == b"data"
    assert aes_gcm.decrypt(KEY, "name", encrypted) == b"data"
    assert aes_gcm.encrypt(KEY, "name", b"data")[:12] != encrypted[:12]


def test_a_known_vector_is_opened() -> None:
    """The GCM specification's test case 16 (McGrew and Viega), whose name is empty here: case 14."""
    encrypted = bytes(12) + bytes.fromhex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
    assert aes_gcm.decrypt(bytes(32), "", encrypted) == bytes(16)


@pytest.mark.parametrize("data", [b"", b"short", bytes(12), bytes(27), bytes(60)])
def test_what_is_no_encrypted_data_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"encrypted with another key|Nonce must be"):
        aes_gcm.decrypt(KEY, "name", data)


def test_any_changed_byte_is_a_value_error() -> None:
    encrypted = aes_gcm.encrypt(KEY, "name", b"data")
    for at in range(len(encrypted)):
        changed = bytearray(encrypted)
        changed[at] ^= 1
        with pytest.raises(ValueError, match="encrypted with another key"):
            aes_gcm.decrypt(KEY, "name", bytes(changed))


def test_a_fault_that_is_not_of_the_data_is_no_value_error_of_ours() -> None:
    with pytest.raises(TypeError):
        aes_gcm.decrypt(KEY, "name", "text")  # type: ignore[arg-type]


def test_where_the_compiled_module_has_it_no_more_the_public_one_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.bindings._rust", None)
    assert aes_gcm.aead() is AESGCM
