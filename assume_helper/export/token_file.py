"""The endpoint's token in a file, for SDKs that read it only there (measured: Rust's object_store)."""

import os
import sys
import tempfile
from collections.abc import Mapping

from assume_helper import hit
from assume_helper.light import dataclass
from assume_helper.system import private_files

_PREFIX = "assume-helper-"
_NAME = "token"
_TRIES = 3
# Windows removes no file that is open, as the endpoint has it.
_STAYS_WHILE_OPEN = sys.platform == "win32"
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


@dataclass(frozen=True)
class TokenFile:
    """The file, 0600, in a directory of its own; `descriptor` holds its lock as long as the endpoint lives."""

    path: str
    descriptor: int

    def touch(self) -> None:
        """Make it look new: cleaners of temporary directories delete old files."""
        for path in (self.path, os.path.dirname(self.path)):
            try:
                os.utime(path)
            except OSError:
                pass  # it was removed

    def remove(self) -> None:
        """Remove it. Failures are ignored: without its endpoint the token is useless."""
        if _STAYS_WHILE_OPEN:
            os.close(self.descriptor)
        _remove(self.path)


def create(token: str, environ: Mapping[str, str]) -> TokenFile:
    """A file with `token` in the user's runtime directory, else in the directory for temporary files.

    Files that a killed endpoint has left there are removed. Raises OSError.
    """
    problem: OSError | None = None
    given = environ.get("XDG_RUNTIME_DIR", "")
    for base in ([given] if os.path.isabs(given) else []) + [tempfile.gettempdir()]:
        try:
            _sweep(base)
            for _ in range(_TRIES):
                found = _create(token, base)
                if found is not None:
                    return found
        except OSError as error:
            problem = error
    raise problem or OSError("it was removed")


def _create(token: str, base: str) -> TokenFile | None:
    """The file; None where another process took it for a left-over, before it was locked."""
    directory = tempfile.mkdtemp(prefix=_PREFIX, dir=base)
    path = os.path.join(directory, _NAME)
    descriptor = None
    try:
        os.chmod(directory, 0o700)  # a umask may have taken the owner's rights
        descriptor = private_files.create(path, os.O_EXCL)
        hit.write(descriptor, token.encode())
        _lock(descriptor, wait=True)
        if os.path.samestat(os.stat(path), os.fstat(descriptor)):
            return TokenFile(path, descriptor)
    except FileNotFoundError:
        pass
    except OSError:
        _remove(path)
        if descriptor is not None:
            os.close(descriptor)
        raise
    if descriptor is not None:
        os.close(descriptor)
    return None


def _sweep(base: str) -> None:
    """Remove the files whose endpoint has gone: nobody holds their lock."""
    for name in os.listdir(base):
        if not name.startswith(_PREFIX):
            continue
        path = os.path.join(base, name, _NAME)
        try:
            hit.check_private(os.path.dirname(path))
            descriptor = os.open(path, _READ_FLAGS)
        except OSError:
            continue  # another user's, or another program's
        try:
            hit.check_private(descriptor)
            if not _STAYS_WHILE_OPEN and _lock(descriptor, wait=False):
                _remove(path)
        except OSError:
            continue
        finally:
            os.close(descriptor)
        if _STAYS_WHILE_OPEN:
            _remove(path)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
        os.rmdir(os.path.dirname(path))
    except OSError:
        pass


if sys.platform == "win32":

    def _lock(_descriptor: int, *, wait: bool) -> bool:
        """A file that is open is as good as locked: it cannot be removed."""
        return wait

else:
    import fcntl

    def _lock(descriptor: int, *, wait: bool) -> bool:
        """Lock the file; whether nobody else holds its lock. Raises OSError where there are no locks."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        except OSError:
            if wait:
                return True  # without locks nothing is swept
            raise
        return True
