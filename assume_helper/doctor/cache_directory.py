"""The cache's directory: whether it is ours alone, and what was left behind in it."""

import os
import shlex
from collections.abc import Iterator, Mapping

from assume_helper import hit
from assume_helper.cache import storage
from assume_helper.cache.directory import Cache, is_ours, is_temporary
from assume_helper.credentials import Storage
from assume_helper.doctor.check import Check
from assume_helper.profiles.settings import STORAGE_KEY
from assume_helper.text import printable

# A file that is written is there for a moment; what is older (seconds) was left behind.
_OLD = 3600
# So many files are named one by one.
_NAMED = 5


def examine(environ: Mapping[str, str], now: float) -> list[Check]:
    """The directory's owner and modes, and what lies in it. Nothing is made, and nothing is removed."""
    directory = hit.cache_directory(environ)
    if directory is None or not os.path.lexists(directory):
        return [_absent(directory, environ)]
    path = shlex.quote(printable(directory))
    try:
        status = os.lstat(directory)
        hit.check_private(status, 0o040000)
    except hit.NotPrivate as error:
        mend = f"chmod 700 {path}" if "open" in str(error) else f"move {path} away, or set ASSUME_HELPER_CACHE_DIR"
        return [Check("cache", "fail", f"{printable(directory)} {error}: it is not used, every call goes to STS", mend)]
    except OSError as error:
        return [Check("cache", "fail", f"{printable(directory)} cannot be looked at ({error.strerror})", _ELSEWHERE)]
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        return [Check("cache", "warn", f"{printable(directory)} cannot be written: nothing new is cached", _ELSEWHERE)]
    return [Check("cache", "ok", f"{printable(directory)}, open to nobody else"), *_leftovers(directory, now)]


def kept(environ: Mapping[str, str], how: Storage, name: str) -> Check:
    """Whether the sessions of the profile `name` can be kept as it says."""
    found = storage.describe(environ, how)
    if isinstance(found, str):
        return Check("at rest", "ok", found)
    return Check("at rest", "warn", found.what, found.next_step or f"correct {STORAGE_KEY} of [{printable(name, 64)}]")


_ELSEWHERE = "set ASSUME_HELPER_CACHE_DIR to an absolute path that you can write to"


def _absent(directory: str | None, environ: Mapping[str, str]) -> Check:
    if directory is None:
        if environ.get("ASSUME_HELPER_CACHE_DIR"):
            return Check("cache", "fail", "no cache: ASSUME_HELPER_CACHE_DIR is not an absolute path", _ELSEWHERE)
        return Check("cache", "warn", "no cache: there is no home directory", "set HOME, or ASSUME_HELPER_CACHE_DIR")
    parent = os.path.dirname(directory)
    while not os.path.lexists(parent) and os.path.dirname(parent) != parent:
        parent = os.path.dirname(parent)
    if os.path.isdir(parent) and os.access(parent, os.W_OK | os.X_OK):
        return Check("cache", "ok", f"{printable(directory)} is not there yet: the first call makes it")
    return Check("cache", "warn", f"{printable(directory)} cannot be made: nothing is cached", _ELSEWHERE)


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
        except OSError:  # another process has replaced it meanwhile, or it may not be read
            if os.path.lexists(file.path):
                loose.append(file.name)
    if loose:
        what = f"{_count(loose)} in the cache not ours alone, or not readable: not used"
        yield Check("leftovers", "fail", what, _removal(directory, loose))
    if broken:
        yield Check(
            "leftovers", "warn", f"{_count(broken)} in the cache not whole: not used", _removal(directory, broken)
        )
    if unused:
        what = f"{_count(unused)} in the cache left behind by a process that was killed; the next write sweeps them"
        yield Check("leftovers", "warn", what, _removal(directory, unused))
    if not (loose or broken or unused):
        yield Check("leftovers", "ok", "none in the cache")


def _count(names: list[str]) -> str:
    return "1 file is" if len(names) == 1 else f"{len(names)} files are"


def _removal(directory: str, names: list[str]) -> str:
    paths = [shlex.quote(printable(os.path.join(directory, name))) for name in names[:_NAMED]]
    return f"rm -rf -- {' '.join(paths)}" + (", and so on" if len(names) > _NAMED else "")
