"""AES-256-GCM (NIST SP 800-38D) with OpenSSL's code, as `cryptography` has it, without the rest of that package.

`cryptography.hazmat.primitives.ciphers.aead` gives a name to the class of the compiled module, and imports every other
cipher before that. Here the class is taken where it is made: the same code at a third of the time.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
# What the kernel's keyring keeps the key of the entries as.
KERNEL_KEY = "assume-helper:cache key"
_NONCE_BYTES = 12  # 8.2


def encrypt(key: bytes, name: str, data: bytes) -> bytes:
    """`data` encrypted for `name`, behind a random nonce. Raises ImportError."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + aead()(key).encrypt(nonce, data, name.encode())


def decrypt(key: bytes, name: str, data: bytes) -> bytes:
    """What was encrypted for `name` with `key`. Raises ValueError for anything else, ImportError."""
    cipher = aead()(key)
    try:
        return cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], name.encode())
    except Exception as error:
        from cryptography.exceptions import InvalidTag

        if not isinstance(error, InvalidTag):
            raise
        raise ValueError("encrypted with another key") from None


def aead() -> "type[AESGCM]":
    """The class AESGCM of `cryptography`. Raises ImportError."""
    try:
        from cryptography.hazmat.bindings._rust import openssl

        return openssl.aead.AESGCM
    except (ImportError, AttributeError):  # the compiled module is not a public part: another version may move it
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM
