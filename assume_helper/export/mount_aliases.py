"""Other paths of the same files, where a part of a file system is mounted twice, as by `mount --bind`."""

import os
import re
from collections.abc import Iterable, Iterator

from assume_helper.export.sandbox import is_in
from assume_helper.light import dataclass

_MOUNTS = "/proc/self/mountinfo"
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class _Mount:
    """A line of mountinfo (proc(5)): the directory `root` of the file system `device` is at `point`."""

    device: str
    root: str
    point: str


def aliases(paths: Iterable[str]) -> list[str]:
    """Other paths of `paths`, which are absolute and free of links, and of what lies in them."""
    mounts = list(_mounts())
    return [alias for path in paths for alias in _of(path, mounts)]


def _of(path: str, mounts: list[_Mount]) -> Iterator[str]:
    around = [mount for mount in mounts if is_in(path, mount.point)]
    if not around or not os.path.exists(path):
        return
    own = max(reversed(around), key=lambda mount: len(mount.point))  # of two at one point the later one is seen
    inner = _moved(path, own.point, own.root)
    for mount in mounts:
        if mount.device != own.device:
            continue
        if is_in(mount.root, inner):
            found = mount.point
        elif is_in(inner, mount.root):
            found = _moved(inner, mount.root, mount.point)
            if not (os.path.exists(found) and os.path.samefile(found, path)):  # another mount covers it
                continue
        else:
            continue
        if not is_in(found, path):
            yield found


def _moved(path: str, source: str, target: str) -> str:
    return os.path.normpath(os.path.join(target, os.path.relpath(path, source)))


def _mounts() -> Iterator[_Mount]:
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return
    for line in lines:
        words = [_OCTAL.sub(lambda found: chr(int(found.group(1), 8)), word) for word in line.split(" ")]
        yield _Mount(words[2], words[3], words[4])
