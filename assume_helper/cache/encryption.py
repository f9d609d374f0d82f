"""Entries that are encrypted on disk, with a key that the operating system's keyring keeps.

For `assume_helper_cache = encrypted`. On a headless Linux, where no desktop's keyring runs, the kernel's keyring of the
user keeps the key: until the machine restarts, or the user's last process ends. A key that is lost makes every entry a
miss, no more.
"""

import functools
import os
import sys

from assume_helper.cache import aes_gcm, kernel_keyring
from assume_helper.light import Any, dataclass, field
from assume_helper.system.deadline import within
from assume_helper.text import printable

# The key's name in a keyring.
_SERVICE = "assume-helper"
_NAME = "cache key"
# Seconds for a keyring, which may ask a person to unlock it.
_PATIENCE = 5.0
# The back ends of `keyring` that protect a key: Secret Service (through two libraries), KWallet (two versions), the
# macOS Keychain, Windows' Credential Manager. Any other may keep it in a plain file.
_TRUSTED = {
    "keyring.backends.SecretService.Keyring",
    "keyring.backends.libsecret.Keyring",
    "keyring.backends.kwallet.DBusKeyring",
    "keyring.backends.kwallet.DBusKeyringKWallet4",
    "keyring.backends.macOS.Keyring",
    "keyring.backends.Windows.WinVaultKeyring",
}
_CHAINER = "keyring.backends.chainer.ChainerBackend"
# What `keyring` has where it finds no back end.
_NOTHING_FOUND = "keyring.backends.fail.Keyring"


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
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise NoKey(f"{error.name} is missing", "install assume-helper again") from None
    try:
        backend = within(_PATIENCE, keyring.get_keyring)
        trusted = within(_PATIENCE, lambda: _trusted(backend))
        if trusted is None:
            return Cipher(_of_the_kernel())
        return Cipher(within(_PATIENCE, lambda: _of(trusted)))
    except TimeoutError:
        raise NoKey("the keyring gave no answer", "unlock it") from None
    except KeyringError as error:
        raise NoKey(f"the keyring gives no key ({type(error).__name__})", "unlock it") from None


def _trusted(backend: Any) -> Any:
    """The keyring that protects a key: `backend`, or the first such one that it chains; None where there is no keyring.

    Raises NoKey, which names the back end, for one that is not known to protect anything.
    """
    name = _name(backend)
    # A chain writes to its first back end: what is behind it is used by itself.
    chained = list(backend.backends) if name == _CHAINER else [backend]
    for found in chained:
        if _name(found) in _TRUSTED:
            return found
    if name == _NOTHING_FOUND or not chained:
        return None
    raise NoKey(
        f"the keyring back end {printable(_name(chained[0]), 120)} is not known to protect a key",
        "use the desktop's keyring (see `keyring --list-backends`), or assume_helper_cache = memory",
    )


def _name(backend: Any) -> str:
    # The very class: one that is derived from it may store keys anywhere.
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def _of(backend: Any) -> bytes:
    import base64

    text = backend.get_password(_SERVICE, _NAME)
    if text is None:
        backend.set_password(_SERVICE, _NAME, base64.b64encode(os.urandom(aes_gcm.KEY_BYTES)).decode())
        text = backend.get_password(_SERVICE, _NAME)  # another process may have been faster
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
        key = kernel_keyring.find()
        if key is None:
            key = kernel_keyring.add(os.urandom(aes_gcm.KEY_BYTES))
    except OSError as error:
        raise NoKey(
            f"the kernel's keyring gives no key ({error.strerror})",
            "use a desktop's keyring, or assume_helper_cache = memory",
        ) from None
    except ImportError:
        raise NoKey("Python has no ctypes", "install one that has, or use assume_helper_cache = memory") from None
    if len(key) != aes_gcm.KEY_BYTES:
        raise NoKey(f"what the kernel's keyring has as {kernel_keyring.DESCRIPTION} is no key", "remove it there")
    return key
