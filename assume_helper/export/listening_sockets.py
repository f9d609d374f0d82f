"""The sockets that programs listen at now, by their paths: what is read-only can still be connected to (unix(7)).

The kernel names a socket as its program has: from that one's working directory, or by a descriptor of its. And it lists
those of one network namespace. So the user's own processes are asked for the rest. What another user's process has
bound by a relative path is not found, nor what was by a directory that its process has left since.
"""

import os
import stat
from collections.abc import Iterable, Iterator

_COLUMNS = 7  # of /proc/net/unix, before the name
_OWN = "self"
_OWN_FOLDERS = ("/proc/self/", "/proc/thread-self/")


def paths() -> list[str]:
    """The paths of the sockets, absolute and free of links, each once."""
    spaces: dict[str, set[str]] = {}
    found: set[str] = set()
    for process in (_OWN, *filter(str.isdigit, _names("/proc"))):
        folder = f"/proc/{process}"
        try:
            space = os.readlink(f"{folder}/ns/net")
            if space not in spaces:
                spaces[space] = set(_bound(f"{folder}/net/unix"))
                found |= set(_sockets(name for name in spaces[space] if name.startswith("/")))
            # Another user's cannot be read; that one's absolute names are in the list of its namespace.
            working = os.readlink(f"{folder}/cwd")
        except OSError:
            continue
        found |= set(_sockets(_as_seen(spaces[space], folder, working)))
    return sorted(found)


def _bound(table: str) -> Iterator[str]:
    """The names in `table`, /proc/net/unix (proc(5))."""
    with open(table, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            columns = line.rstrip("\n").split(None, _COLUMNS)
            if len(columns) > _COLUMNS and not columns[_COLUMNS].startswith("@"):  # @: abstract
                yield columns[_COLUMNS]


def _as_seen(names: Iterable[str], folder: str, working: str) -> Iterator[str]:
    """What `names` are to the process of `folder`, which is in `working`: those that differ between processes."""
    for name in names:
        if not name.startswith("/"):
            yield os.path.join(working, name)
        for own in _OWN_FOLDERS:
            if name.startswith(own):
                yield f"{folder}/{name.removeprefix(own)}"


def _sockets(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        try:
            path = os.path.realpath(name)
            if stat.S_ISSOCK(os.lstat(path).st_mode):
                yield path
        except (OSError, ValueError):
            continue


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
