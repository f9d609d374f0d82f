"""How a profile's sessions are stored: on disk, encrypted there, in memory, or not at all (`assume_helper_cache`)."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from assume_helper.cache import directory as cache_directory
from assume_helper.cache import encryption
from assume_helper.cache.directory import Cache
from assume_helper.credentials import Storage
from assume_helper.system.warning import Warning
from assume_helper.text import printable

# Below the cache's directory: entries that a hit must not find.
_ENCRYPTED = "encrypted"
_IN_MEMORY = {"tmpfs", "ramfs"}
_MOUNTS = "/proc/self/mountinfo"


def open_store(environ: Mapping[str, str], warn: Callable[[Warning], None], storage: Storage = "file") -> Cache:
    """The cache for sessions of this `storage`. Where it cannot be had they are not cached, and `warn` is called.

    What must not be on a disk in plain text never is.
    """
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
    return replace(cache_directory.open_directory(os.path.join(plain.directory, _ENCRYPTED), warn), cipher=cipher)


def all_stores(environ: Mapping[str, str], warn: Callable[[Warning], None]) -> Iterator[Cache]:
    """Every place that exists and may hold sessions."""
    plain = cache_directory.open_cache(environ, warn)
    yield plain
    encrypted = os.path.join(plain.directory, _ENCRYPTED) if plain.directory is not None else None
    if encrypted is not None and os.path.lexists(encrypted):
        try:
            yield replace(cache_directory.open_directory(encrypted, warn), cipher=encryption.cipher())
        except encryption.NoKey:
            yield cache_directory.open_directory(encrypted, warn)
    memory = memory_directory(environ)
    if memory is not None and os.path.lexists(memory):
        yield cache_directory.open_directory(memory, warn)


def memory_directory(environ: Mapping[str, str]) -> str | None:
    """The directory in the user's runtime directory (XDG Base Directory Specification), if that lies in memory."""
    base = environ.get("XDG_RUNTIME_DIR", "")
    if not base and sys.platform == "linux":
        base = f"/run/user/{os.geteuid()}"
    if not os.path.isabs(base) or not _is_in_memory(base):
        return None
    return os.path.join(base.rstrip("/"), "assume-helper")


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


def hit_location(environ: Mapping[str, str], store: Cache, storage: Storage) -> tuple[Cache, str]:
    """The cache for a profile's `.hit` file, and the entry's directory where that is another one."""
    if storage == "file":
        return store, ""
    return cache_directory.open_cache(environ, store.warn), store.directory or ""
