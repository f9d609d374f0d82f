"""Files of the cache that can be deleted, each under its key's lock, so that other processes can go on meanwhile."""

import os
from collections.abc import Iterator

from assume_helper.cache import directory as cache_directory
from assume_helper.cache import key_lock
from assume_helper.cache.directory import Cache
from assume_helper.light import Literal, dataclass
from assume_helper.system.warning import Warning

# What became of a file: deleted; already gone; held by a process that replaces it; not removable.
Outcome = Literal["removed", "gone", "busy", "stays"]


@dataclass(frozen=True)
class CachedFile:
    """A file of a cache that can be deleted; `what` says in words what it holds."""

    store: Cache
    name: str
    what: str

    @property
    def path(self) -> str:
        """The file's path."""
        return self.store.path(self.name)

    @property
    def is_entry(self) -> bool:
        """Whether the file holds a session, or half of one."""
        return self.name.endswith(".entry") or cache_directory.is_left_over(self.name)


def pointers(store: Cache) -> Iterator[tuple[str, str, str]]:
    """Each `.hit` file of the store: its name, whose profile's it is, and the key that it leads to, "" for none."""
    for name in cache_directory.names(store):
        if name.endswith(".hit"):
            whose, key = _whose(cache_directory.read(store, name) or b"")
            yield name, whose.decode("utf-8", "surrogateescape"), key


def is_there(store: Cache, name: str) -> bool:
    """Whether there is a file of this name, readable or not."""
    return store.directory is not None and os.path.lexists(store.path(name))


def delete(file: CachedFile) -> Outcome:
    """Delete `file`, unless a process holds its key's lock: that process is about to replace it anyway.

    Where there are no locks it is deleted without one: at worst that costs one more call to STS.
    """
    store, name = file.store, file.name
    if not name.endswith((".entry", ".failure")):
        return _removed(store, name)
    no_lock: list[Warning] = []
    with key_lock.acquire(Cache(store.directory, no_lock.append), name.partition(".")[0], lambda: True) as is_held:
        return _removed(store, name) if is_held or no_lock else "busy"


def _removed(store: Cache, name: str) -> Outcome:
    if not is_there(store, name):
        return "gone"
    cache_directory.remove(store, name)
    return "stays" if is_there(store, name) else "removed"


def _whose(content: bytes) -> tuple[bytes, str]:
    """The profile of a `.hit` file, and the key that it leads to; "" where it leads to none."""
    length = content.rpartition(b"\0")[2]
    key = content[int(length) + 1 :].partition(b"\0")[0].decode("ascii", "replace") if length.isdigit() else ""
    return content.partition(b"\0")[0], key if key.isalnum() else ""
