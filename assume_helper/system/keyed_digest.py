"""A digest of a secret, keyed by 32 random bytes of the cache's own: it tells two secrets apart, and nothing else.

The bytes are in `digest-key` in the cache's directory. Without it, each process makes its own: another process
then gets another digest for the same secret.
"""

import functools
import os
from collections.abc import Mapping

from assume_helper import hit
from assume_helper.system import private_files
from assume_helper.system.digests import blake2b

FILE = "digest-key"
_LENGTH = 32


def keyed_digest(secret: str, environ: Mapping[str, str]) -> str:
    """64 hexadecimal digits for `secret`, the same as long as the cache of `environ` is."""
    key = _shared_key(environ) or _own_key()
    return blake2b(secret.encode("utf-8", "surrogateescape"), key=key, digest_size=_LENGTH).hexdigest()


@functools.cache
def _own_key() -> bytes:
    return os.urandom(_LENGTH)


def _shared_key(environ: Mapping[str, str]) -> bytes | None:
    """The cache's key, made where it is missing or damaged; None where that cannot be."""
    directory = hit.cache_directory(environ)
    if directory is None:
        return None
    path = os.path.join(directory, FILE)
    try:
        private_files.make_directory(directory)
        hit.check_private(directory)
        is_there = os.path.lexists(path)  # looked at before it is read: another process may make it meanwhile
        return _read(path) or _made(path, replaces=is_there)
    except (OSError, ValueError):
        return None


def _read(path: str) -> bytes | None:
    try:
        key = hit.unseal(hit.read_private(path))
    except hit.NewerFormat:
        raise
    except (OSError, ValueError):
        return None
    return key if len(key) == _LENGTH else None


def _made(path: str, *, replaces: bool) -> bytes | None:
    """A new key at `path`, or the one that another process has put there meanwhile. Raises OSError."""
    temporary = os.path.join(os.path.dirname(path), f"tmp-{os.getpid()}-{os.urandom(8).hex()}")
    descriptor = private_files.create(temporary, os.O_EXCL)
    try:
        try:
            hit.write(descriptor, hit.seal(os.urandom(_LENGTH)))
        finally:
            os.close(descriptor)
        try:
            if replaces:
                private_files.replace(temporary, path)
            else:
                os.link(temporary, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            private_files.replace(temporary, path)
    finally:
        try:
            os.unlink(temporary)
        except FileNotFoundError:
            pass
    return _read(path)
