"""A new text beside the file that it will replace, and what is left of one where its writer was killed.

The name says which process writes it, which file it is (inode and time of the last change), and which file it is to
replace. So what is found under such a name is known: our own text; the very text that it was made from, with which it
was exchanged; or, for any other file, what somebody else wrote in that moment.

    <path>.assume-helper-<where>-<process>-<random>                             nothing is in it yet
    <path>.assume-helper-<where>-<process>-<random>-<inode>                     being written
    <path>.assume-helper-<where>-<process>-<random>-<inode>-<time>              whole, and replaces nothing
    <path>.assume-helper-<where>-<process>-<random>-<inode>-<time>-<inode>-<time>   whole
"""

import os
import re
import secrets
import stat
import sys
import time

from assume_helper import hit
from assume_helper.cache import directory as cache_directory
from assume_helper.configure import attributes
from assume_helper.light import dataclass, field
from assume_helper.system import private_files
from assume_helper.system.warning import Warning
from assume_helper.text import printable

BACKUP_SUFFIX = ".assume-helper.bak"
# What the last `sync` of a session did (see `sync_undo`): a digest of the session's name follows.
SYNC_SUFFIX = ".assume-helper.sync-"
_BESIDE = re.compile(rf"(?:{re.escape(BACKUP_SUFFIX)}|{re.escape(SYNC_SUFFIX)}[0-9a-f]{{16}})?")
_NAME = re.compile(
    r"\.assume-helper-(?:([0-9a-f]{8})-([0-9]{1,10})-)?[0-9a-f]{16}"
    r"(?:-([0-9a-f]+)(?:-([0-9a-f]+)(?:-([0-9a-f]+-[0-9a-f]+))?)?)?"
)
# Seconds. No writer takes as long: a process of its id that is older is another one.
_LONGEST_WRITE = 3600


@dataclass(frozen=True)
class TemporaryFile:
    """A whole new text at `path`."""

    path: str
    data: bytes = field(repr=False)

    def discard(self) -> None:
        """Delete it, unless it has been renamed or another file is in its place. Raises OSError."""
        if _is_known(self.path):
            os.unlink(self.path)


def identity(status: os.stat_result) -> str:
    """Which file that is, as it is now: its inode and the time of its last change."""
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}"


def write(target: str, data: bytes, like: str | None = None, replaces: str = "") -> TemporaryFile:
    """A new, flushed file beside `target`, with the owner, mode and attributes of the file `like`, else 0600.

    `replaces` is the `identity` of the file that it is made from. Raises OSError, ConfigurationError.
    """
    path = f"{target}.assume-helper-{cache_directory.writer()}-{secrets.token_hex(8)}"
    descriptor = private_files.create(path, os.O_EXCL)
    try:
        try:
            inode = f"{os.fstat(descriptor).st_ino:x}"
            if sys.platform != "win32":  # where an open file keeps its name
                os.rename(path, f"{path}-{inode}")
                path = f"{path}-{inode}"
            attributes.make_private(descriptor)
            hit.write(descriptor, data)
            if like is not None:
                attributes.copy(like, descriptor)
            os.fsync(descriptor)
            whole = f"{path.removesuffix('-' + inode)}-{identity(os.fstat(descriptor))}"
        finally:
            os.close(descriptor)
        whole += f"-{replaces}" if replaces else ""
        os.rename(path, whole)
    except BaseException:
        os.unlink(path)
        raise
    return TemporaryFile(whole, data)


def sweep(target: str) -> tuple[list[str], list[Warning]]:
    """Delete what killed writers of `target` and of its backup left behind; the paths, and what is left and why.

    What is not our own text is never deleted: it may be what another program wrote in that moment.
    """
    removed, left = [], []
    for path in _left_behind(target):
        try:
            if _is_known(path):
                os.unlink(path)
                removed.append(path)
            elif os.path.lexists(path):
                what = f"{printable(path)} was left behind, and is not a text of assume-helper"
                left.append(Warning(what, "look whether the config file lacks something that it has, then delete it"))
        except OSError as error:
            what = f"{printable(path)} was left behind and cannot be removed ({error.strerror})"
            left.append(Warning(what, "look at who may write to its directory"))
    return removed, left


def _left_behind(target: str) -> list[str]:
    """The temporary files of `target` and of its backup whose writer has ended."""
    folder, base = os.path.split(target)
    found = []
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    for name in names:
        rest = _BESIDE.sub("", name.removeprefix(base), count=1) if name.startswith(base) else ""
        match = _NAME.fullmatch(rest)
        path = os.path.join(folder, name)
        if match is None:
            continue
        if match[1] is None or not (cache_directory.is_alive(match[1], match[2]) and _is_young(path)):
            found.append(path)
    return found


def _is_young(path: str) -> bool:
    try:
        return time.time() - os.lstat(path).st_ctime < _LONGEST_WRITE
    except OSError:
        return False


def _is_known(path: str) -> bool:
    """Whether the file at `path` is one of those that its name was made for, and has not been changed since."""
    match = _NAME.search(os.path.basename(path))
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return False
    if match is None or not stat.S_ISREG(status.st_mode):
        return False
    inode, changed, replaced = match[3], match[4], match[5]
    if inode is None:
        return status.st_size == 0
    if changed is None:
        return status.st_ino == int(inode, 16)
    return identity(status) in {f"{inode}-{changed}", replaced}
