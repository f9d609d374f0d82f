"""Our note of the access key that a keyring keeps for a profile: which one it is, and when it was made; no secret.

A cached hit opens no keyring. So the note's state is in the stamp, and its access key id in the cache key: a key that
is replaced or removed is another note, and no session of the old one is served. Where there is no note (another program
deleted it, say), whoever opens the keyring writes it anew.

    <state>/keys/<fingerprint of the profile>-<keyring or kernel>.json
"""

import json
import os
from collections.abc import Mapping

from assume_helper import hit, lookups
from assume_helper.credentials import KeyPlace
from assume_helper.light import dataclass
from assume_helper.profiles import login_record
from assume_helper.profiles.origin import KeptKey
from assume_helper.profiles.resolution import Resolution
from assume_helper.system import home, private_files

_LONGEST = 4096
# In place of the id of a key that was removed.
REMOVED = ""


@dataclass(frozen=True)
class KeyRecord:
    """What is noted of a kept key: its id, None once it has been removed; when it was made, and when it was kept here.

    Times are in seconds since the epoch. `created` is IAM's own time, None where that is not known.
    """

    access_key_id: str | None
    created: float | None
    kept: float


def folder(environ: Mapping[str, str]) -> str | None:
    """Where the notes are; None where there is no state directory."""
    directory = home.state_directory(environ)
    moved = home.moved_state(directory, environ)
    directory = directory if moved is None else moved
    return os.path.join(directory, "keys") if os.path.isabs(directory) else None


def path(environ: Mapping[str, str], profile: str, place: KeyPlace) -> str | None:
    """The path of the note of one key; None where there is no state directory."""
    directory = folder(environ)
    if directory is None:
        return None
    return os.path.join(directory, f"{hit.fingerprint(profile.encode('utf-8', 'surrogateescape'))}-{place}.json")


def read(environ: Mapping[str, str], profile: str, place: KeyPlace) -> KeyRecord | None:
    """The note of one key; None where there is none that can be read."""
    return _read(path(environ, profile, place))[0]


def write(environ: Mapping[str, str], profile: str, place: KeyPlace, record: KeyRecord) -> None:
    """Replace the note of one key, 0600, whole or not at all. Raises OSError."""
    target = path(environ, profile, place)
    if target is None:
        raise FileNotFoundError(2, "there is no state directory")
    private_files.make_directory(os.path.dirname(target))
    login_record.write_beside(target, json.dumps(vars(record)).encode())


def kept_key(profile: str, place: KeyPlace, environ: Mapping[str, str]) -> KeptKey:
    """The key that a keyring keeps for `profile`, by its note."""
    target = path(environ, profile, place)
    record, state = _read(target)
    conditions = lookups.observed(environ, "env XDG_STATE_HOME")
    if target is not None:
        conditions[f"file {target}"] = state
    identity = None if record is None else record.access_key_id or REMOVED
    return KeptKey(profile, place, identity, Resolution({}, conditions))


def _read(target: str | None) -> tuple[KeyRecord | None, str]:
    """The note, and the state of its file."""
    if target is None:
        return None, hit.ABSENT
    try:
        data, state = private_files.read_with_state(target, _LONGEST)
    except (OSError, ValueError):
        return None, hit.ABSENT
    try:
        found = json.loads(data)
        identity, created, kept = (found[name] for name in ("access_key_id", "created", "kept"))
        if not isinstance(identity, str | None) or not isinstance(created, float | int | None):
            raise TypeError
        return KeyRecord(identity, created, float(kept)), state
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None, state
