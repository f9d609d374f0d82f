"""The cached files of a profile, of all of them, or those that have ended: what `clear` deletes."""

from collections.abc import Callable, Collection, Mapping

from assume_helper.cache import directory as cache_directory
from assume_helper.cache import entries, storage
from assume_helper.cache.directory import Cache
from assume_helper.credentials import Storage
from assume_helper.errors import AssumeHelperError
from assume_helper.light import replace
from assume_helper.profiles import role_chain
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.origin import AccessKey
from assume_helper.profiles.role import Profile
from assume_helper.sessions import cached_files, provider, session_keys
from assume_helper.sessions.cached_files import CachedFile
from assume_helper.system.warning import Warning

# Files whose content can be fetched again. Lock files and used MFA codes stay.
_DATA = (".entry", ".failure", ".hit")


def find_of_profile(name: str, environ: Mapping[str, str], warn: Callable[[Warning], None]) -> list[CachedFile]:
    """The files of the session of the profile `name`. Raises AssumeHelperError, also where its cache is not used."""
    _, profile = provider.read_profile(provider.RoleRequest(name), environ)
    # What is encrypted can be deleted without its key. It may lie elsewhere too: the profile may have said so before.
    _opened(environ, "file" if profile.storage == "encrypted" else profile.storage, warn)
    found = [
        (store, file, what)
        for store in storage.all_stores(environ, warn)
        for file, what in of_profile(store, profile).items()
    ]
    plain = storage.open_store(environ, warn, "file")
    pointers, keys = _hits_of(plain, name, {file.removesuffix(".entry") for _, file, _ in found})
    # What else its name led to: an option narrowed it, or its key was another one before a new login.
    there = {file for _, file, _ in found}
    found += [
        (store, f"{key}.entry", f"the credentials of {name}")
        for store in storage.all_stores(environ, warn)
        for key in keys
        if f"{key}.entry" not in there and cached_files.is_there(store, f"{key}.entry")
    ]
    return [
        *(CachedFile(plain, file, "what a profile leads to") for file in pointers),
        *(CachedFile(store, file, what) for store, file, what in found),
    ]


def find_of_access_key(config: AwsConfig, owner: str, environ: Mapping[str, str]) -> list[CachedFile]:
    """The files of every session that the access key of the profile `owner` leads to. Raises as `find_of_profile`."""
    found: dict[str, CachedFile] = {}
    for name in config.profiles:
        try:
            origin = role_chain.read_profile(config, environ, name).origin
            if not isinstance(origin, AccessKey) or origin.profile != owner:
                continue
            files = find_of_profile(name, environ, _ignore)
        except AssumeHelperError:
            continue
        found |= {file.path: file for file in files}
    return [*found.values()]


def _ignore(_warning: Warning) -> None:
    """What is to be deleted is deleted where that can be."""


def _hits_of(store: Cache, profile: str, keys: Collection[str]) -> tuple[list[str], set[str]]:
    """The `.hit` files of a profile, and those that lead to one of `keys`; and the keys that the profile's lead to."""
    found = [each for each in cached_files.pointers(store) if each[1] == profile or each[2] in keys]
    return [name for name, _, _ in found], {key for _, whose, key in found if whose == profile}


def find_all(
    environ: Mapping[str, str], warn: Callable[[Warning], None], *, ended_by: float | None = None
) -> list[CachedFile]:
    """All cached files; with `ended_by` (seconds since the epoch) only sessions that ended by then or are unreadable.

    Raises AssumeHelperError where the cache is not used.
    """
    _opened(environ, "file", warn)
    found = []
    for store in map(storage.decrypting, storage.all_stores(environ, warn)):
        files = all_of(store) if ended_by is None else ended(store, ended_by)
        found += [CachedFile(store, name, what) for name, what in files.items()]
    return found


def _opened(environ: Mapping[str, str], kind: Storage, warn: Callable[[Warning], None]) -> Cache:
    """The cache for sessions of this storage. Raises AssumeHelperError where it is not used."""
    warnings: list[Warning] = []
    store = storage.open_store(environ, warnings.append, kind)
    if store.directory is None and warnings:
        raise AssumeHelperError(f"nothing was deleted: {warnings[0].what}", warnings[0].next_step)
    return replace(store, warn=warn)


def of_profile(store: Cache, profile: Profile) -> dict[str, str]:
    """The files of a profile's session, and of the whole and the MFA session behind it; what each holds in words."""
    found = {}
    for each in [profile] if profile.scope is None else [profile, profile.unscoped()]:
        key = session_keys.of_profile(each)
        if cached_files.is_there(store, f"{key}.entry"):
            found[f"{key}.entry"] = f"the credentials of {profile.name}"
        if cached_files.is_there(store, f"{key}.failure"):
            found[f"{key}.failure"] = f"the last failure of {profile.name}"
    for link in profile.links():
        session = link.user_session if link.role_arn is not None else None
        if session is not None and session.device is not None:
            key = entries.key(session.session_inputs())
            if cached_files.is_there(store, f"{key}.entry"):
                found[f"{key}.entry"] = f"the MFA session of {session.device.serial}"
    return found


def ended(store: Cache, now: float) -> dict[str, str]:
    """The sessions that have ended at `now` (seconds since the epoch) or cannot be read."""
    found = {}
    for name, what in all_of(store).items():
        if not name.endswith(".entry"):
            continue
        entry = entries.read(store, name.removesuffix(".entry"))
        if entry is None or entry.session.left(now) <= 0:
            found[name] = what
    return found


def all_of(store: Cache) -> dict[str, str]:
    """All files that hold something cached."""
    found: dict[str, str] = {}
    for name in cache_directory.names(store):
        if name.endswith(".entry"):
            entry = entries.read(store, name.removesuffix(".entry"))
            arn = entry.session.assumed_role_arn if entry is not None else None
            found[name] = (
                f"the credentials of {arn}"
                if arn
                else "a session without a role"
                if entry
                else "a file that is no entry"
            )
        elif cache_directory.is_left_over(name):
            found[name] = "what a killed process left behind"
        elif name.endswith(_DATA):
            found[name] = "what was noted of a profile" if name.endswith(".hit") else "a note of a failure"
    return found
