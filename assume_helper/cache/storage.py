"""Where a profile's sessions are kept: on disk, encrypted there, in memory, or nowhere (`assume_helper_cache`)."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from assume_helper.cache import directory as cache_directory
from assume_helper.cache import encryption
from assume_helper.cache.directory import Cache
from assume_helper.credentials import Storage
from assume_helper.text import printable

# Below the cache's directory: entries that a hit must not find.
_ENCRYPTED = "encrypted"
_IN_MEMORY = {"tmpfs", "ramfs"}
_MOUNTS = "/proc/self/mountinfo"


def open_store(environ: Mapping[str, str], warn: Callable[[str], None], kept: Storage = "file") -> Cache:
    """The cache for sessions that are `kept` so. Where that cannot be, they are not cached, and `warn` is told: what is
    not to lie on a disk in plain text never does.
    """
    if kept == "none":
        return Cache(None, warn)
    if kept == "file":
        return cache_directory.open_cache(environ, warn)
    if kept == "memory":
        directory = memory_directory(environ)
        if directory is None:
            warn(
                "nothing is cached: assume_helper_cache = memory wants a runtime directory in memory; set "
                "XDG_RUNTIME_DIR to one of yours on a tmpfs"
            )
            return Cache(None, warn)
        return cache_directory.open_directory(directory, warn)
    plain = cache_directory.open_cache(environ, warn)
    if plain.directory is None:
        return plain
    try:
        cipher = encryption.cipher()
    except encryption.NoKey as error:
        warn(f"nothing is cached: assume_helper_cache = encrypted, and {error}")
        return Cache(None, warn)
    return replace(cache_directory.open_directory(os.path.join(plain.directory, _ENCRYPTED), warn), cipher=cipher)


def all_stores(environ: Mapping[str, str], warn: Callable[[str], None]) -> Iterator[Cache]:
    """Every place where something may be kept, those that are there already."""
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


def described(environ: Mapping[str, str], kept: Storage) -> tuple[bool, str]:
    """Whether sessions that are `kept` so can be, and where they are or why not, in words."""
    said: list[str] = []
    store = open_store(environ, said.append, kept)
    if kept == "none":
        return True, "nothing is kept: every call goes to STS"
    if store.directory is None:
        return False, said[-1] if said else "nothing is cached"
    how = {"file": "in plain text", "encrypted": "encrypted", "memory": "in memory"}[kept]
    return True, f"sessions are kept {how}, in {printable(store.directory)}"


def is_found_by_a_hit(kept: Storage) -> bool:
    """Whether a hit can read what is kept so: it opens files, and decrypts none."""
    return kept in ("file", "memory")


def remembered_where(environ: Mapping[str, str], store: Cache, kept: Storage) -> tuple[Cache, str]:
    """The cache that remembers for a hit where a profile's entry is, and that place where it is another one."""
    if kept == "file":
        return store, ""
    return cache_directory.open_cache(environ, store.warn), store.directory or ""
