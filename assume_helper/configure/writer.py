"""Replaces the AWS config file atomically, keeps its mode and owner, and keeps a backup."""

import os
import secrets
import stat
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from assume_helper import hit
from assume_helper.cache import directory as cache_directory
from assume_helper.cache import key_lock
from assume_helper.errors import ChangedMeanwhile, ConfigurationError
from assume_helper.profiles import aws_config
from assume_helper.system import home, private_files
from assume_helper.text import printable

_LONGEST_WAIT = 5.0
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class ConfigFile:
    """The config file as it was read: `path` with symbolic links resolved, `data` None where there is no file."""

    path: str
    data: bytes | None = field(repr=False)

    @property
    def text(self) -> str:
        """The text, with its line ends. Raises ConfigurationError where it is not UTF-8."""
        return aws_config.decode(self.data or b"", self.path)

    @property
    def backup(self) -> str:
        """The path of the backup: the file before the last change."""
        return self.path + ".assume-helper.bak"


def read(environ: Mapping[str, str]) -> ConfigFile:
    """The config file that the SDKs read. Raises ConfigurationError."""
    named = os.path.abspath(hit.config_paths(environ)[0])
    data = aws_config.read_bytes(named, "AWS_CONFIG_FILE")
    path = os.path.realpath(named)
    if not os.path.exists(path):
        return ConfigFile(path, None)
    if not os.path.isfile(path):
        raise ConfigurationError(f"{printable(path)} is not a regular file", "set AWS_CONFIG_FILE to the file to edit")
    return ConfigFile(path, data)


def check_home(path: str, environ: Mapping[str, str]) -> None:
    """Raise ConfigurationError where `path` is in another user's HOME: it would be this user's, closed to the owner."""
    if home.is_foreign(path, environ):
        raise ConfigurationError(
            f"{printable(path)} is in another user's HOME, where nothing is created or replaced",
            "run it as that user, or set HOME (or AWS_CONFIG_FILE) to yours",
        )


def replace(file: ConfigFile, text: str, environ: Mapping[str, str]) -> str | None:
    """Replace the file by `text` and return the path of its backup, None where there was no file.

    Raises ConfigurationError; ChangedMeanwhile where the file is no longer as it was read. Nothing is changed then.
    """
    check_home(file.path, environ)
    mark = _BYTE_ORDER_MARK if (file.data or b"").startswith(_BYTE_ORDER_MARK) else b""
    directory = os.path.dirname(file.path)
    try:
        private_files.make_directory(directory)
        status = os.stat(file.path) if file.data is not None else None
        new = [(_write_beside(file.path, mark + text.encode("utf-8"), status), file.path)]
        try:
            if file.data is not None:
                new.insert(0, (_write_beside(file.backup, file.data, None), file.backup))
            with _locked(file, environ):
                if aws_config.read_bytes(file.path, "AWS_CONFIG_FILE") != (file.data or b""):
                    raise ChangedMeanwhile(
                        f"{printable(file.path)} was changed by another program meanwhile",
                        "nothing was written: run it again",
                    )
                while new:
                    os.replace(*new[0])
                    del new[0]
        finally:
            for temporary, _ in new:
                os.unlink(temporary)
        private_files.flush_directory(directory)
    except OSError as error:
        raise ConfigurationError(
            f"{printable(file.path)} cannot be written ({error.strerror})",
            "check who may write to it and to its directory",
        ) from None
    return file.backup if file.data is not None else None


def _locked(file: ConfigFile, environ: Mapping[str, str]) -> AbstractContextManager[bool]:
    """Hold the lock that keeps other processes of this program from replacing the file meanwhile.

    It is held for two renames. A process that waits longer than that goes on without it.
    """
    until = time.monotonic() + _LONGEST_WAIT
    cache = cache_directory.open_cache(environ, lambda _: None)
    name = "config-" + hit.fingerprint(os.fsencode(file.path))
    return key_lock.acquire(cache, name, lambda: time.monotonic() > until)


def _write_beside(path: str, data: bytes, like: os.stat_result | None) -> str:
    """The path of a new, flushed file beside `path`, with the owner and mode of `like`, else 0600."""
    temporary = f"{path}.assume-helper-{secrets.token_hex(8)}"
    descriptor = private_files.create(temporary, os.O_EXCL)
    try:
        try:
            hit.write(descriptor, data)
            if like is not None:
                _copy_owner_and_mode(descriptor, like)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        os.unlink(temporary)
        raise
    return temporary


if sys.platform == "win32":

    def _copy_owner_and_mode(_descriptor: int, _like: os.stat_result) -> None:
        """Windows: a file inherits the access list of its directory."""

else:

    def _copy_owner_and_mode(descriptor: int, like: os.stat_result) -> None:
        own = os.fstat(descriptor)
        if (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
            os.fchown(descriptor, like.st_uid, like.st_gid)  # fails where we may not: then nothing is changed
        os.fchmod(descriptor, stat.S_IMODE(like.st_mode))
