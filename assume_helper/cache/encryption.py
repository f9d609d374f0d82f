"""Entries that are encrypted on disk, with a key that the operating system's keyring keeps.

For `assume_helper_cache = encrypted`. On a headless Linux, where no desktop's keyring runs, the kernel's keyring of the
user keeps the key: until the machine restarts, or the user's last process ends. A key that is lost makes every entry a
miss, no more.
"""

import functools
import os
import sys

from assume_helper.cache import aes_gcm
from assume_helper.light import dataclass, field
from assume_helper.system import kernel_keyring, os_keyring
from assume_helper.system.os_keyring import Keyring, KeyringFault

# The key's name in a keyring.
_SERVICE = "assume-helper"
_NAME = "cache key"
# Seconds for a keyring, which may ask a person to unlock it.
_PATIENCE = 5.0
_IN_MEMORY = "assume_helper_cache = memory"


class NoKey(Exception):
    """There is no key to encrypt with: `what` is the reason, `next_step` mends it."""

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(what, next_step)
        self.what = what
        self.next_step = next_step


@dataclass(frozen=True)
class Cipher:
    """AES-GCM with one key. What is sealed for one name cannot be opened for another."""

    key: bytes = field(repr=False)

    def sealed(self, name: str, data: bytes) -> bytes:
        """`data` encrypted for `name`."""
        return aes_gcm.encrypt(self.key, name, data)

    def opened(self, name: str, data: bytes) -> bytes:
        """What was sealed for `name`. Raises ValueError for anything else."""
        return aes_gcm.decrypt(self.key, name, data)


@functools.cache
def cipher() -> Cipher:
    """The cipher with the keyring's key. The key is made on first use.

    Raises NoKey where no keyring is at hand, it would not protect the key, it stays locked, or a library is missing.
    """
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise NoKey(f"{error.name} is missing", "install assume-helper again") from None
    try:
        keyring = os_keyring.find(_PATIENCE)
        return Cipher(_of_the_kernel() if keyring is None else _of(keyring))
    except KeyringFault as fault:
        raise NoKey(fault.what, fault.next_step + (f", or {_IN_MEMORY}" if fault.is_refused else "")) from None


def _of(keyring: Keyring) -> bytes:
    import base64

    text = keyring.get(_SERVICE, _NAME)
    if text is None:
        keyring.set(_SERVICE, _NAME, base64.b64encode(os.urandom(aes_gcm.KEY_BYTES)).decode())
        text = keyring.get(_SERVICE, _NAME)  # another process may have been faster
    try:
        key = base64.b64decode(text or "", validate=True)
    except ValueError:
        key = b""
    if len(key) != aes_gcm.KEY_BYTES:
        raise NoKey(f"what the keyring has as {_SERVICE} {_NAME} is no key", "remove it there")
    return key


def _of_the_kernel() -> bytes:
    """The key in the user's own keyring of the kernel."""
    if sys.platform != "linux":
        raise NoKey("there is no keyring here", "use assume_helper_cache = memory")
    try:
        key = kernel_keyring.find(aes_gcm.KERNEL_KEY)
        if key is None:
            key = kernel_keyring.add(aes_gcm.KERNEL_KEY, os.urandom(aes_gcm.KEY_BYTES))
    except OSError as error:
        raise NoKey(
            f"the kernel's keyring gives no key ({error.strerror})",
            "use a desktop's keyring, or assume_helper_cache = memory",
        ) from None
    except ImportError:
        raise NoKey("Python has no ctypes", "install one that has, or use assume_helper_cache = memory") from None
    if len(key) != aes_gcm.KEY_BYTES:
        raise NoKey(f"what the kernel's keyring has as {aes_gcm.KERNEL_KEY} is no key", "remove it there")
    return key
