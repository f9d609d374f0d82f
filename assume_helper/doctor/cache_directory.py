"""The cache's directory: whether only we can use it, and what was left behind in it."""

import os
import shlex
import sys
from collections.abc import Iterator, Mapping

from assume_helper import hit
from assume_helper.cache import storage
from assume_helper.cache.directory import BASE, Cache, is_ours, is_temporary
from assume_helper.credentials import Storage
from assume_helper.doctor import closing
from assume_helper.doctor.check import Check
from assume_helper.profiles.settings import STORAGE_KEY
from assume_helper.system import home, private_files
from assume_helper.text import printable

# Seconds. A temporary file exists for a moment; an older one was left behind.
_OLD = 3600
# No more files than this are named.
_MOST_NAMED = 5


def examine(environ: Mapping[str, str], now: float) -> list[Check]:
    """The directory's owner and mode, and the files in it. Nothing is created or deleted."""
    moved = home.moved_cache(environ)
    if moved is None:
        return _directory(hit.cache_directory(environ), environ, now)
    what = "HOME belongs to another user and is left alone"
    mend = "run this as that user, or set HOME to yours (sudo -H)"
    if not moved:
        return [Check("cache", "warn", f"{what}, and we have no other: nothing is cached", mend)]
    return [Check("cache", "warn", f"{what}: the cache is in yours", mend), *_directory(moved, environ, now)]


def _directory(directory: str | None, environ: Mapping[str, str], now: float) -> list[Check]:
    if directory is None or not os.path.lexists(directory):
        return [_absent(directory, environ)]
    path = f'"{printable(directory)}"' if sys.platform == "win32" else shlex.quote(printable(directory))
    try:
        hit.check_private(directory)
    except hit.NotPrivate as error:
        taken = home.taken(directory, environ)
        if taken is not None:
            return [Check("cache", "fail", f"{taken[0]}: the cache is not used", taken[1])]
        mend = f"move {path} away, or set ASSUME_HELPER_CACHE_DIR"
        if "open" in str(error):
            mend = closing.command(printable(directory), "700", str(error))
        return [Check("cache", "fail", f"{printable(directory)} {error}: the cache is not used", mend)]
    except OSError as error:
        return [Check("cache", "fail", f"{printable(directory)} cannot be read ({error.strerror})", _ELSEWHERE)]
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        return [
            Check("cache", "warn", f"{printable(directory)} cannot be written to: nothing new is cached", _ELSEWHERE)
        ]
    return [Check("cache", "ok", f"{printable(directory)}, closed to other users"), *_leftovers(directory, now)]


def storage_of(environ: Mapping[str, str], kind: Storage, name: str) -> Check:
    """Whether the sessions of the profile `name` can be stored as it says."""
    found = storage.describe(environ, kind)
    if isinstance(found, str):
        return Check("at rest", "ok", found)
    return Check("at rest", "warn", found.what, found.next_step or f"correct {STORAGE_KEY} of [{printable(name, 64)}]")


_ELSEWHERE = "set ASSUME_HELPER_CACHE_DIR to an absolute path that you can write to"


def _absent(directory: str | None, environ: Mapping[str, str]) -> Check:
    if directory is None:
        if environ.get("ASSUME_HELPER_CACHE_DIR"):
            return Check("cache", "fail", "no cache: ASSUME_HELPER_CACHE_DIR is not an absolute path", _ELSEWHERE)
        mend = f"set {BASE}, or ASSUME_HELPER_CACHE_DIR"
        return Check("cache", "warn", "no cache: there is no home directory", mend)
    if private_files.may_be_made(directory):
        return Check("cache", "ok", f"{printable(directory)} does not exist yet: the first call makes it")
    taken = home.taken(directory, environ)
    if taken is not None:
        return Check("cache", "warn", f"{taken[0]}: nothing is cached", taken[1])
    return Check("cache", "warn", f"{printable(directory)} cannot be created: nothing is cached", _ELSEWHERE)


def _leftovers(directory: str, now: float) -> Iterator[Check]:
    unused: list[str] = []
    loose: list[str] = []
    broken: list[str] = []
    try:
        with os.scandir(directory) as found:
            files = sorted(found, key=lambda file: file.name)
    except OSError:
        return
    store = Cache(directory, lambda _message: None)
    for file in files:
        if not is_ours(file.name):
            continue
        try:
            if is_temporary(file.name):
                if now - file.stat(follow_symlinks=False).st_mtime > _OLD:
                    unused.append(file.name)
            else:
                hit.unseal(hit.read_private(store.path(file.name)))
        except hit.NotPrivate:
            loose.append(file.name)
        except hit.NewerFormat:
            continue
        except ValueError:
            broken.append(file.name)
        except OSError:  # another process has deleted it meanwhile, or it is not readable
            if os.path.lexists(file.path):
                loose.append(file.name)
    if loose:
        what = f"{_count(loose)} in the cache open to others, or not readable: not used"
        yield Check("leftovers", "fail", what, _removal(directory, loose))
    if broken:
        yield Check(
            "leftovers", "warn", f"{_count(broken)} in the cache incomplete: not used", _removal(directory, broken)
        )
    if unused:
        what = f"{_count(unused)} in the cache left behind by a process that was killed: the next write deletes them"
        yield Check("leftovers", "warn", what, _removal(directory, unused))
    if not (loose or broken or unused):
        yield Check("leftovers", "ok", "none in the cache")


def _count(names: list[str]) -> str:
    return "1 file is" if len(names) == 1 else f"{len(names)} files are"


def _removal(directory: str, names: list[str], platform: str = sys.platform) -> str:
    more = ", and so on" if len(names) > _MOST_NAMED else ""
    paths = [printable(os.path.join(directory, name)) for name in names[:_MOST_NAMED]]
    if platform == "win32":  # for PowerShell and cmd
        return "; ".join(f'del "{path}"' for path in paths) + more
    return f"rm -rf -- {' '.join(map(shlex.quote, paths))}" + more
