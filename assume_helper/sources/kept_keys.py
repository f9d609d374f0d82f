"""The access key that a keyring keeps for a profile: the desktop's keyring, or the Linux kernel's.

It is one JSON object of less than 1,280 characters: more is too much for Windows' Credential Manager. While a key is
replaced the new one lies beside the old one, under a name of its own (`is_next`): no moment has neither.
"""

import json
import sys
from collections.abc import Callable, Mapping

from assume_helper.credentials import Credentials, KeyPlace, can_be_sent
from assume_helper.errors import SettingFault, SourceError, SourceExpired
from assume_helper.light import TypeVar, dataclass, field
from assume_helper.profiles import key_record
from assume_helper.profiles.key_record import KeyRecord
from assume_helper.profiles.origin import KeptKey
from assume_helper.profiles.source_description import KEYRINGS, adding
from assume_helper.system import kernel_keyring, os_keyring
from assume_helper.system.os_keyring import KeyringFault
from assume_helper.text import printable

T = TypeVar("T")

_LONGEST = 4096


@dataclass(frozen=True)
class KeyPair:
    """A long-lived access key. Times are in seconds since the epoch.

    `created` is when IAM made it, None where that is not known; `kept` is when it was put where it is.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    created: float | None = None
    kept: float = 0.0

    @property
    def credentials(self) -> Credentials:
        """The key as what signs a request."""
        return Credentials(self.access_key_id, self.secret_access_key, None)

    @property
    def shown(self) -> str:
        """The key as messages name it: its last four characters."""
        return f"…{printable(self.access_key_id[-4:])}"


def credentials(source: KeptKey, environ: Mapping[str, str], seconds: float) -> Credentials:
    """The key that is kept for the profile of `source`, waited for at most so many `seconds`.

    Our note of it is written where it is missing or says another key. Raises SourceError where there is no key, or the
    keyring is locked or gone; SourceExpired where the note said another key: that one is in the cache key; SettingFault
    for a keyring that is not trusted.
    """
    found = read(source.profile, source.place, seconds) or read(source.profile, source.place, seconds, is_next=True)
    if found is None:
        named = printable(source.profile, 64)
        raise SourceError(
            f"{KEYRINGS[source.place]} has no access key of profile {named}",
            f"run: {adding(source.profile, source.place)}",
        )
    if found.access_key_id != source.access_key_id:
        try:
            record = KeyRecord(found.access_key_id, found.created, found.kept)
            key_record.write(environ, source.profile, source.place, record)
        except OSError:
            pass  # the next call finds out, too
        if source.access_key_id is not None:
            raise SourceExpired(f"the access key of profile {printable(source.profile, 64)} was replaced", "try again")
    return found.credentials


def read(profile: str, place: KeyPlace, seconds: float, *, is_next: bool = False) -> KeyPair | None:
    """The key that is kept for `profile`; None where there is none. Raises as `credentials` does."""
    service, description = _names(profile, is_next=is_next)
    if place == "keyring":
        text = _guarded(lambda: _keyring(seconds).get(service, profile))
    else:
        data = _guarded(lambda: kernel_keyring.find(description, _LONGEST))
        text = None if data is None else data.decode("utf-8", "replace")
    return None if text is None else _parsed(text, place, profile)


def write(profile: str, place: KeyPlace, pair: KeyPair, seconds: float, *, is_next: bool = False) -> None:
    """Keep `pair` for `profile`, and read it back. Raises SourceError where it is not there then; as `credentials`."""
    service, description = _names(profile, is_next=is_next)
    text = json.dumps(vars(pair))
    if place == "keyring":
        _guarded(lambda: _keyring(seconds).set(service, profile, text))
    else:
        _guarded(lambda: kernel_keyring.add(description, text.encode(), _LONGEST))
    if read(profile, place, seconds, is_next=is_next) != pair:
        raise SourceError(f"{KEYRINGS[place]} took the access key and does not give it back", "look at the keyring")


def delete(profile: str, place: KeyPlace, seconds: float, *, is_next: bool = False) -> None:
    """Keep nothing for `profile`. Raises as `credentials` does."""
    service, description = _names(profile, is_next=is_next)
    if place == "keyring":
        _guarded(lambda: _keyring(seconds).delete(service, profile))
    else:
        _guarded(lambda: kernel_keyring.remove(description))


def check(place: KeyPlace, seconds: float) -> None:
    """Raise what stands in the way of keeping a key there: SettingFault where there is no such keyring."""
    if place == "keyring":
        if _guarded(lambda: os_keyring.find(seconds)) is None:
            raise no_keyring()
    else:
        _guarded(lambda: kernel_keyring.find("assume-helper:nothing"))


def no_keyring() -> SettingFault:
    """The error where no desktop's keyring is at hand, with the ways out."""
    ways = ["log in to a desktop with one (a Secret Service, KWallet)"]
    if sys.platform == "linux":
        ways.append("or use --keyring kernel, which keeps a key until the machine restarts or you log out")
    return SettingFault("there is no keyring here", " ".join([*ways, "or leave the key in the credentials file"]))


def _names(profile: str, *, is_next: bool) -> tuple[str, str]:
    """What the desktop's keyring calls the service, and what the kernel's calls the key."""
    what = f"{'next ' if is_next else ''}access key of {profile}"
    return f"assume-helper {what}", f"assume-helper:{what}"


def _keyring(seconds: float) -> os_keyring.Keyring:
    found = os_keyring.find(seconds)
    if found is None:
        raise SourceError(
            "the keyring that keeps this profile's access key is not here", "log in to the desktop that has it"
        )
    return found


def _guarded(ask: Callable[[], T]) -> T:
    """What `ask` returns; what a keyring raises is raised as ours."""
    try:
        return ask()
    except KeyringFault as fault:
        raise (SettingFault if fault.is_refused else SourceError)(fault.what, fault.next_step) from None
    except OSError as error:
        raise SourceError(
            f"the kernel's keyring cannot be used ({error.strerror})", "use the desktop's keyring, or a file"
        ) from None
    except ImportError:
        raise SettingFault("Python has no ctypes", "install one that has, or use the desktop's keyring") from None


def _parsed(text: str, place: KeyPlace, profile: str) -> KeyPair:
    try:
        found = json.loads(text)
        identity, secret, created, kept = (
            found[name] for name in ("access_key_id", "secret_access_key", "created", "kept")
        )
        is_number = isinstance(created, float | int | None) and isinstance(kept, float | int)
        if can_be_sent(identity) and can_be_sent(secret) and is_number:
            return KeyPair(identity, secret, created, kept)
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise SourceError(
        f"what {KEYRINGS[place]} keeps as the access key of profile {printable(profile, 64)} is none",
        "remove it in the keyring itself",
    )
