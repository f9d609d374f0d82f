"""The desktop's keyring, by the library `keyring`: found, trusted or not, asked within a time limit.

Only a back end that is known to protect what it keeps is used. Any other may keep it in a plain file.
"""

import sys
from collections.abc import Callable

from assume_helper.light import Any, TypeVar, dataclass
from assume_helper.system.deadline import within
from assume_helper.text import printable

T = TypeVar("T")

# The back ends that protect what they keep: Secret Service (through two libraries), KWallet (two versions), the macOS
# Keychain, Windows' Credential Manager.
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
# Seconds for the imports of the library's back ends on Windows, where looking for one asks neither a person nor a
# service. Elsewhere it may ask a service, so the time limit for that holds for them, too.
_IMPORTS = 60.0


class KeyringFault(Exception):
    """The keyring cannot be used: `what` is the reason, `next_step` mends it.

    `is_refused`: its back end is not known to protect what it keeps.
    """

    def __init__(self, what: str, next_step: str, *, is_refused: bool = False) -> None:
        super().__init__(what, next_step)
        self.what = what
        self.next_step = next_step
        self.is_refused = is_refused


@dataclass(frozen=True)
class Keyring:
    """A desktop's keyring. Each call waits at most `patience` seconds: it may ask a person to unlock it.

    Every method raises KeyringFault.
    """

    backend: Any
    patience: float

    def get(self, service: str, name: str) -> str | None:
        """The text that is kept for `name` of `service`; None where there is none."""
        found: str | None = _asked(self.patience, lambda: self.backend.get_password(service, name))
        return found

    def set(self, service: str, name: str, text: str) -> None:
        """Keep `text` for `name` of `service`, in place of what was kept."""
        _asked(self.patience, lambda: self.backend.set_password(service, name, text))

    def delete(self, service: str, name: str) -> None:
        """Keep nothing for `name` of `service`."""
        if self.get(service, name) is not None:
            _asked(self.patience, lambda: self.backend.delete_password(service, name))


def find(patience: float) -> Keyring | None:
    """The keyring that protects what it keeps; None where there is none at all.

    Of a chain it is the first such one: a chain itself writes to its first back end. Raises KeyringFault, which names
    the back end that is not known to protect anything.
    """
    try:
        import keyring
    except ImportError as error:
        raise KeyringFault(f"{error.name} is missing", "install assume-helper again") from None
    if sys.platform == "win32":
        _asked(_IMPORTS, keyring.backend.get_all_keyring)
    found = _asked(patience, lambda: _trusted(keyring.get_keyring()))
    return None if found is None else Keyring(found, patience)


def _trusted(backend: Any) -> Any:
    name = _name(backend)
    chained = list(backend.backends) if name == _CHAINER else [backend]
    for found in chained:
        if _name(found) in _TRUSTED:
            return found
    if name == _NOTHING_FOUND or not chained:
        return None
    raise KeyringFault(
        f"the keyring back end {printable(_name(chained[0]), 120)} is not known to protect a key",
        "use the desktop's keyring (see `keyring --list-backends`)",
        is_refused=True,
    )


def _name(backend: Any) -> str:
    # The very class: one that is derived from it may store keys anywhere.
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def _asked(patience: float, call: Callable[[], T]) -> T:
    """What `call` of the library returns. Back ends raise errors of all kinds, whose texts may hold anything."""
    try:
        return within(patience, call)
    except KeyringFault:
        raise
    except TimeoutError:
        raise KeyringFault("the keyring gave no answer", "unlock it") from None
    except Exception as error:  # noqa: BLE001 - see above
        raise KeyringFault(f"the keyring gives no key ({type(error).__name__})", "unlock it") from None
