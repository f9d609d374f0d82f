"""The cache's directory: ours alone, with files that are private, sealed, and written whole or not at all.

What cannot be read is a miss; what cannot be written is a warning.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping

from assume_helper import hit
from assume_helper.cache.encryption import Cipher
from assume_helper.credentials import Storage
from assume_helper.light import dataclass
from assume_helper.system import home, private_files
from assume_helper.system.warning import Warning
from assume_helper.text import printable

# The variable that a person sets where there is no place for the cache.
BASE = "LOCALAPPDATA" if sys.platform == "win32" else "HOME"
# Temporary files are swept when their writer is dead, or after an hour where that is not known. Data is swept after a
# week: no session lasts as long.
_SWEEP_TEMPORARY = 3600
_SWEEP_DATA = 7 * 24 * 3600
# Only names of ours are touched: the directory may hold other files.
_TEMPORARY = r"tmp-(?:([0-9a-f]{8})-)?([0-9]{1,10})-[0-9a-f]{16}"
_LEFT_BEHIND = _TEMPORARY + r"|[0-9a-f]{32}\.door"
_OURS = _LEFT_BEHIND + r"|[0-9a-f]{64}\.(entry|failure|code)|[0-9a-f]{32}\.(hit|names)"


@dataclass(frozen=True)
class Cache:
    """Where the cache is; `directory` is None where there is none. `warn` is told what a person should mend, `cipher`
    encrypts the entries, where they are to be. `storage` is how it stores them.
    """

    directory: str | None
    warn: Callable[[Warning], None]
    cipher: Cipher | None = None
    storage: Storage = "file"

    def path(self, name: str) -> str:
        """The path of a file in the directory, which must be there."""
        if self.directory is None:
            raise hit.NotPrivate("there is no cache")
        return os.path.join(self.directory, name)


def open_cache(environ: Mapping[str, str], warn: Callable[[Warning], None]) -> Cache:
    """The cache. Its directory is made if it is missing; one that is not ours alone is not used, with a warning."""
    try:
        directory = _directory(environ)
        moved = home.moved_cache(environ)
    except (OSError, RuntimeError, ValueError):
        warn(Warning("no cache: there is no home directory", "set ASSUME_HELPER_CACHE_DIR", "not cached"))
        return Cache(None, warn)
    if moved is not None:
        warn(_warning_of_home(environ, moved))
    if moved == "":
        return Cache(None, warn)
    if directory is None:
        next_step = f"set {BASE}, or ASSUME_HELPER_CACHE_DIR to an absolute path"
        warn(Warning("no cache: its directory is not absolute", next_step, "not cached"))
        return Cache(None, warn)
    return open_directory(directory, warn)


def _warning_of_home(environ: Mapping[str, str], moved: str) -> Warning:
    what = f"HOME ({printable(environ['HOME'])}) belongs to another user"
    if not moved:
        return Warning(f"{what}, and we have no other: nothing is cached", "set HOME to one of yours", "not cached")
    what += f" and is left alone: the cache is {printable(moved)}"
    return Warning(what, "run it as that user, or set HOME to yours (sudo -H)", "another's home")


def find(environ: Mapping[str, str]) -> str | None:
    """The cache's directory, which may not be there; None where there can be none."""
    try:
        return _directory(environ)
    except (OSError, RuntimeError, ValueError):
        return None


def open_directory(directory: str, warn: Callable[[Warning], None]) -> Cache:
    """The cache in `directory`, an absolute path; as `open_cache` otherwise."""
    try:
        private_files.make_directory(directory)
        hit.check_private(directory)
    except (OSError, ValueError) as error:
        warn(_warning_of(directory, error))
        return Cache(None, warn)
    return Cache(directory, warn)


def _warning_of(directory: str, error: OSError | ValueError) -> Warning:
    if isinstance(error, hit.NotPrivate | PermissionError):
        taken = home.taken(directory)
        if taken is not None:
            return Warning(f"no cache: {taken[0]}", taken[1], "not cached")
    if isinstance(error, hit.NotPrivate):
        next_step = "it must be a directory of yours with mode 0700"
        if sys.platform == "win32":
            next_step = "it must be a directory of yours alone, `assume-helper doctor` has the command for that"
        return Warning(f"no cache: {printable(directory)} {error}", next_step, "not cached")
    reason = error.strerror if isinstance(error, OSError) else "no path"
    return Warning(f"no cache: its directory cannot be made ({reason})", "set ASSUME_HELPER_CACHE_DIR", "not cached")


def _directory(environ: Mapping[str, str]) -> str | None:
    """`hit.cache_directory`, in our own home where that is in another user's, or what platformdirs finds."""
    moved = home.moved_cache(environ)
    if moved is not None:
        return moved or None
    found = hit.cache_directory(environ)
    if found is None and not environ.get("ASSUME_HELPER_CACHE_DIR"):
        import platformdirs

        found = platformdirs.user_cache_dir("assume-helper", appauthor=False)
    return found if found is not None and os.path.isabs(found) else None


def read(cache: Cache, name: str) -> bytes | None:
    """The content of the file `name`. None where it is missing, damaged or not private."""
    if cache.directory is None:
        return None
    try:
        return hit.unseal(hit.read_private(cache.path(name)))
    except hit.NotPrivate as error:
        cache.warn(Warning(f"not used: {printable(cache.path(name))} {error}", "remove it"))
    except (OSError, ValueError):
        pass  # not there, not whole, not ours to read: a miss
    return None


def write(cache: Cache, name: str, payload: bytes, *, durable: bool) -> bool:
    """Write to a temporary file in the same directory, 0600, and rename it; whether that went well.

    `durable` also flushes file and directory to the disk: after a power cut the old or the new file is there, whole.
    """
    if cache.directory is None:
        return False
    target = cache.path(name)
    temporary = cache.path(f"tmp-{writer()}-{os.urandom(8).hex()}")
    try:
        if _is_newer(target):
            return False
        try:
            descriptor = private_files.create(temporary, os.O_EXCL)
            try:
                hit.write(descriptor, hit.seal(payload))
                if durable:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            private_files.replace(temporary, target)
        except BaseException:
            # A signal may come before the file exists, or after it was renamed.
            try:
                os.unlink(temporary)
            except FileNotFoundError:
                pass
            raise
        if durable:
            private_files.flush_directory(cache.directory)
    except OSError as error:
        what = f"nothing is cached: {printable(cache.directory)} cannot be written ({error.strerror})"
        cache.warn(Warning(what, "look at its disk and its rights, or set ASSUME_HELPER_CACHE_DIR", "not cached"))
        return False
    return True


def _is_newer(path: str) -> bool:
    try:
        hit.unseal(hit.read_private(path))
    except hit.NewerFormat:
        return True
    except (OSError, ValueError):
        pass
    return False


def remove(cache: Cache, name: str) -> None:
    """Delete the file `name`, if it exists."""
    if cache.directory is not None:
        try:
            private_files.remove(cache.path(name))
        except FileNotFoundError:
            pass
        except OSError as error:
            what = f"{printable(cache.path(name))} cannot be removed ({error.strerror})"
            cache.warn(Warning(what, "look at who may write to its directory"))


def names(cache: Cache) -> list[str]:
    """The names of our files in the cache, in order; none where it cannot be listed."""
    if cache.directory is None:
        return []
    try:
        return sorted(name for name in os.listdir(cache.directory) if is_ours(name))
    except OSError:
        return []


def is_ours(name: str) -> bool:
    """Whether a file of this name is ours and holds data. (A lock does not.)"""
    return re.fullmatch(_OURS, name) is not None


def is_temporary(name: str) -> bool:
    """Whether a file of this name exists only while a process needs it, or because that process was killed."""
    return re.fullmatch(_LEFT_BEHIND, name) is not None


def is_left_over(name: str) -> bool:
    """Whether a file of this name is a temporary one that no living process is known to need.

    One of another machine may be needed: its writer then caches nothing, once.
    """
    temporary = re.fullmatch(_TEMPORARY, name)
    return temporary is not None and not is_alive(temporary[1] or "", temporary[2])


def sweep(cache: Cache, written: str) -> None:
    """Delete what dead processes left behind, and data that ended long ago. Locks stay.

    Ages count from the file that was just `written`: a file server's clock may differ from ours.

    No lock is taken: deleting data this old costs at most one more call to STS.
    """
    try:
        now = os.stat(cache.path(written)).st_mtime
        with os.scandir(cache.directory) as found:
            files = [file for file in found if is_ours(file.name)]
    except OSError:
        return
    here = _where_ids_are_ours()
    for file in files:
        try:
            age = now - file.stat(follow_symlinks=False).st_mtime
            temporary = re.fullmatch(_TEMPORARY, file.name)
            if age > (_SWEEP_TEMPORARY if is_temporary(file.name) else _SWEEP_DATA) or (
                temporary and temporary[1] == here and _is_dead(int(temporary[2]))
            ):
                os.unlink(file.path)
        except OSError:  # another process sweeps as well, or it is no file
            continue


def writer() -> str:
    """What stands for this process in a temporary file's name: where its id counts, and the id."""
    return f"{_where_ids_are_ours()}-{os.getpid()}"


def is_alive(where: str, process: str) -> bool:
    """Whether the process that `writer` named so is here and may still be running."""
    return where == _where_ids_are_ours() and not _is_dead(int(process))


def _where_ids_are_ours() -> str:
    """8 hexadecimal digits of where a process's id names the same process as here: this host since its start, and this
    container.

    Where the system tells the host's name alone, another's of the same name may be swept: that is one more call to STS.
    """
    facts = []
    if sys.platform != "win32":
        facts.append(os.uname().nodename)
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot:
            facts.append(boot.read())
        facts.append(os.readlink("/proc/self/ns/pid"))
    except OSError:  # not Linux
        pass
    return hit.fingerprint("\0".join(facts).encode("utf-8", "surrogateescape"))[-8:]


def _is_dead(process: int) -> bool:
    """Whether no process has the id `process`. False where that is not known."""
    if sys.platform == "win32":
        return False  # os.kill would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # another user's, or no id at all
        pass
    return False
