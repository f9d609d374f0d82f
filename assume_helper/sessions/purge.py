"""Delete cached sessions, each under its key's lock."""

import os
from typing import Literal

from assume_helper.cache import directory as cache_directory
from assume_helper.cache import entries, key_lock
from assume_helper.cache.directory import Cache
from assume_helper.profiles.role import Profile
from assume_helper.system.warning import Warning

# Files whose content can be found out again. Locks stay, and so do the used MFA codes.
_DATA = (".entry", ".failure", ".hit")
# What has become of a file. `busy`: a process is replacing it; `stays`: it cannot be removed.
Outcome = Literal["removed", "gone", "busy", "stays"]


def of_profile(store: Cache, profile: Profile) -> dict[str, str]:
    """The files of a profile's session and of its MFA session, each with a description."""
    found = {}
    key = entries.key(profile.session_inputs())
    if _is_there(store, f"{key}.entry"):
        found[f"{key}.entry"] = f"the credentials of {profile.name}"
    if _is_there(store, f"{key}.failure"):
        found[f"{key}.failure"] = f"the last failure of {profile.name}"
    link = profile.first_link.mfa_session
    if link is not None:
        key = entries.key(link.session_inputs())
        if _is_there(store, f"{key}.entry"):
            found[f"{key}.entry"] = f"the MFA session of {link.device.serial}"
    return found


def ended(store: Cache, now: float) -> dict[str, str]:
    """The sessions that have ended at `now` (seconds since the epoch), or that cannot be read."""
    found = {}
    for name, what in all_of(store).items():
        if not name.endswith(".entry"):
            continue
        entry = entries.read(store, name.removesuffix(".entry"))
        if entry is None or entry.session.left(now) <= 0:
            found[name] = what
    return found


def all_of(store: Cache) -> dict[str, str]:
    """Every cached file, each with a description."""
    found: dict[str, str] = {}
    for name in _names(store):
        if name.endswith(".entry"):
            entry = entries.read(store, name.removesuffix(".entry"))
            arn = entry.session.assumed_role_arn if entry is not None else None
            found[name] = (
                f"the credentials of {arn}" if arn else "an MFA session" if entry else "a file that is no entry"
            )
        elif name.endswith(_DATA):
            found[name] = "what a profile leads to" if name.endswith(".hit") else "the last failure of a call"
    return found


def delete(store: Cache, name: str) -> Outcome:
    """Delete the file `name`, unless a process holds its key's lock: that one is about to replace it.

    Where there are no locks it is deleted without: that costs one more call to STS at worst.
    """
    if not name.endswith((".entry", ".failure")):
        return _removed(store, name)
    no_lock: list[Warning] = []
    with key_lock.acquire(Cache(store.directory, no_lock.append), name.partition(".")[0], lambda: True) as is_held:
        return _removed(store, name) if is_held or no_lock else "busy"


def _removed(store: Cache, name: str) -> Outcome:
    if not _is_there(store, name):
        return "gone"
    cache_directory.remove(store, name)
    return "stays" if _is_there(store, name) else "removed"


def _is_there(store: Cache, name: str) -> bool:
    return store.directory is not None and os.path.lexists(store.path(name))


def _names(store: Cache) -> list[str]:
    if store.directory is None:
        return []
    try:
        return sorted(name for name in os.listdir(store.directory) if cache_directory.is_ours(name))
    except OSError:
        return []
