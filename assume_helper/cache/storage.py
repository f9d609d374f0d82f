"""How a profile's sessions are stored: on disk, encrypted there, in memory, or not at all (`assume_helper_cache`).

What must not be on a disk in plain text never is. Whoever stores a session one way deletes it from every laxer place,
and whoever may store it in a laxer way uses what lies in a stricter one.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping

from assume_helper import hit
from assume_helper.cache import directory as cache_directory
from assume_helper.cache import encryption, entries
from assume_helper.cache.directory import Cache
from assume_helper.cache.entries import Entry
from assume_helper.credentials import STORAGES, Storage
from assume_helper.light import replace
from assume_helper.system.warning import Warning
from assume_helper.text import printable

_IN_MEMORY = {"tmpfs", "ramfs"}
_MOUNTS = "/proc/self/mountinfo"


def open_store(environ: Mapping[str, str], warn: Callable[[Warning], None], storage: Storage = "file") -> Cache:
    """The cache for sessions of this `storage`. Where it cannot be had they are not cached, and `warn` is called."""
    return replace(_open(environ, warn, storage), storage=storage)


def _open(environ: Mapping[str, str], warn: Callable[[Warning], None], storage: Storage) -> Cache:
    if storage == "none":
        return Cache(None, warn)
    if storage == "file":
        return cache_directory.open_cache(environ, warn)
    if storage == "memory":
        directory = memory_directory(environ)
        if directory is None:
            what = "nothing is cached: assume_helper_cache = memory needs a runtime directory in memory"
            warn(Warning(what, "set XDG_RUNTIME_DIR to one of yours on a tmpfs", "not cached"))
            return Cache(None, warn)
        return cache_directory.open_directory(directory, warn)
    plain = cache_directory.open_cache(environ, warn)
    if plain.directory is None:
        return plain
    try:
        cipher = encryption.cipher()
    except encryption.NoKey as error:
        what = f"nothing is cached: assume_helper_cache = encrypted, and {error.what}"
        warn(Warning(what, error.next_step, "not cached"))
        return Cache(None, warn)
    return replace(cache_directory.open_directory(os.path.join(plain.directory, hit.ENCRYPTED), warn), cipher=cipher)


def find_store(own: Cache, environ: Mapping[str, str], key: str, is_used: Callable[[Entry], bool]) -> Cache:
    """Where the session of `key` is: a stricter store than its `own` that has an entry which `is_used`, else `own`.

    Otherwise two profiles that share a session, and store it in two ways, would ask for it in turns.
    """
    for storage in reversed(STORAGES[STORAGES.index(own.storage) + 1 :]):
        store = _existing(environ, storage)
        if store is None or not os.path.lexists(store.path(key + ".entry")):
            continue
        store = decrypting(store)
        entry = entries.read(store, key)
        if entry is not None and is_used(entry):
            return replace(store, warn=own.warn)
    return own


def remove_from_laxer(environ: Mapping[str, str], storage: Storage, keys: Iterable[str]) -> None:
    """Delete the sessions of `keys` from every place that is laxer than `storage`. Nothing is created.

    Without their locks: where another profile's process writes one meanwhile, the next call deletes that.
    """
    laxer = [_existing(environ, other) for other in STORAGES[: STORAGES.index(storage)]]
    for key in keys if any(laxer) else ():
        for store in laxer:
            if store is not None:
                entries.remove(store, key)


def remove_pointer(environ: Mapping[str, str], name: str) -> None:
    """Delete the `.hit` file `name`, where a hit cannot read what it led to."""
    store = _existing(environ, "file")
    if store is not None:
        cache_directory.remove(store, name)


def _existing(environ: Mapping[str, str], storage: Storage) -> Cache | None:
    """The store of this kind where it exists and is ours alone. It does not decrypt."""
    if storage == "none":
        return None
    if storage == "memory":
        # Whether it is in memory is the longer question: it reads the table of mounts.
        is_there = os.path.lexists(_below(_runtime_directory(environ)))
        directory = memory_directory(environ) if is_there else None
    else:
        directory = cache_directory.find(environ)
    if directory is None:
        return None
    if storage == "encrypted":
        directory = os.path.join(directory, hit.ENCRYPTED)
    try:
        hit.check_private(directory)
    except (OSError, ValueError):
        return None
    return Cache(directory, lambda _warning: None, storage=storage)


def all_stores(environ: Mapping[str, str], warn: Callable[[Warning], None]) -> Iterator[Cache]:
    """Every place that exists and may hold sessions."""
    plain = cache_directory.open_cache(environ, warn)
    yield plain
    encrypted = os.path.join(plain.directory, hit.ENCRYPTED) if plain.directory is not None else None
    if encrypted is not None and os.path.lexists(encrypted):
        yield replace(cache_directory.open_directory(encrypted, warn), storage="encrypted")
    memory = memory_directory(environ)
    if memory is not None and os.path.lexists(memory):
        yield replace(cache_directory.open_directory(memory, warn), storage="memory")


def decrypting(store: Cache) -> Cache:
    """`store` with its cipher, where it needs one and that can be had."""
    if store.storage != "encrypted" or store.cipher is not None:
        return store
    try:
        return replace(store, cipher=encryption.cipher())
    except encryption.NoKey:
        return store


def memory_directory(environ: Mapping[str, str]) -> str | None:
    """The directory in the user's runtime directory (XDG Base Directory Specification), if that lies in memory."""
    base = _runtime_directory(environ)
    return _below(base) if os.path.isabs(base) and _is_ours(base) and _is_in_memory(base) else None


def _runtime_directory(environ: Mapping[str, str]) -> str:
    base = environ.get("XDG_RUNTIME_DIR", "")
    if not base and sys.platform == "linux":
        base = f"/run/user/{os.geteuid()}"
    return base


def _below(base: str) -> str:
    return os.path.join(base.rstrip("/"), "assume-helper")


def _is_ours(base: str) -> bool:
    """Whether the runtime directory belongs to this user (XDG Base Directory Specification): not under `sudo -E`."""
    try:
        return sys.platform == "win32" or os.stat(base).st_uid == os.geteuid()
    except (OSError, ValueError):
        return False


def _is_in_memory(path: str) -> bool:
    """Whether the file system at `path` is one that no disk has (proc(5), mountinfo)."""
    best, kind = "", ""
    real = os.path.realpath(path)
    if not os.path.isdir(real):
        return False
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return False
    for line in lines:
        mounted, _, rest = line.partition(" - ")
        point = mounted.split(" ")[4].encode("utf-8", "surrogateescape").decode("unicode_escape", "replace")
        if (real + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best):
            best, kind = point, rest.partition(" ")[0]
    return kind in _IN_MEMORY


def describe(environ: Mapping[str, str], storage: Storage) -> str | Warning:
    """Where sessions of this `storage` are, in words; the warning where they cannot be cached so."""
    if storage == "none":
        return "nothing is cached: every call goes to STS"
    warnings: list[Warning] = []
    store = open_store(environ, warnings.append, storage)
    if store.directory is None:
        return warnings[-1]
    how = {"file": "in plain text", "encrypted": "encrypted", "memory": "in memory"}[storage]
    return f"sessions are cached {how}, in {printable(store.directory)}"


def is_readable_by_hit(storage: Storage) -> bool:
    """Whether a hit can read entries of this `storage`: it opens files, and decrypts none."""
    return storage in ("file", "memory")


def hit_location(environ: Mapping[str, str], store: Cache) -> tuple[Cache, str]:
    """The cache for a profile's `.hit` file, and the directory of `store`, where the entry is, if that is another.

    Where nothing is to be stored, a cache that cannot be used is nobody's concern.
    """
    if store.storage == "file":
        return store, ""
    if store.storage == "none":
        return replace(cache_directory.open_cache(environ, _ignore), storage="none"), ""
    return cache_directory.open_cache(environ, store.warn), store.directory or ""


def _ignore(_warning: Warning) -> None:
    """Say nothing."""
