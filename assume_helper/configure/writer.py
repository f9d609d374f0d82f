"""Replaces the AWS config file atomically, keeps what belongs to it and what others write meanwhile, and a backup."""

import os
import stat
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager

from assume_helper import hit
from assume_helper.cache import directory as cache_directory
from assume_helper.cache import key_lock
from assume_helper.configure import backup, exchange, temporary_file
from assume_helper.configure.temporary_file import TemporaryFile
from assume_helper.errors import ChangedMeanwhile, ConfigurationError
from assume_helper.light import dataclass, field
from assume_helper.profiles import aws_config
from assume_helper.system import home, private_files
from assume_helper.system.warning import Warning
from assume_helper.text import printable

_LONGEST_WAIT = 5.0
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class ConfigFile:
    """The config file as it was read: `path` with symbolic links resolved, `data` None where there is no file.

    `links` is how many names it has, `identity` which file it is (see `temporary_file.identity`).
    """

    path: str
    data: bytes | None = field(repr=False)
    links: int = 1
    identity: str = ""

    @property
    def text(self) -> str:
        """The text, with its line ends. Raises ConfigurationError where it is not UTF-8."""
        return aws_config.decode(self.data or b"", self.path)

    @property
    def backup(self) -> str:
        """The path of the backup (see `backup`)."""
        return self.path + temporary_file.BACKUP_SUFFIX


def read(environ: Mapping[str, str]) -> ConfigFile:
    """The config file that the SDKs read. Raises ConfigurationError."""
    return read_file(hit.config_paths(environ)[0], "AWS_CONFIG_FILE")


def read_file(path: str, variable: str) -> ConfigFile:
    """The config or credentials file at `path`, which `variable` sets. Raises ConfigurationError."""
    named = os.path.abspath(path)
    path = os.path.realpath(named)
    try:
        status = os.stat(path)  # before it is read: what is changed after that is another state of it
    except (OSError, ValueError):
        status = None
    data = aws_config.read_bytes(named, variable)
    if status is None:
        return ConfigFile(path, None)
    if not stat.S_ISREG(status.st_mode):
        raise ConfigurationError(f"{printable(path)} is not a regular file", f"set {variable} to the file to edit")
    return ConfigFile(path, data, status.st_nlink, temporary_file.identity(status))


def sweep(environ: Mapping[str, str]) -> tuple[list[str], list[Warning]]:
    """Delete what killed writers left beside the config and the credentials file; see `temporary_file.sweep`."""
    removed: list[str] = []
    left: list[Warning] = []
    for path in dict.fromkeys(os.path.realpath(os.path.abspath(each)) for each in hit.config_paths(environ)):
        found = temporary_file.sweep(path)
        removed += found[0]
        left += found[1]
    return removed, left


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
    temporary: list[TemporaryFile] = []
    try:
        private_files.make_directory(directory)
        like = file.path if file.data is not None else None
        new = temporary_file.write(file.path, mark + text.encode("utf-8"), like, file.identity)
        temporary.append(new)
        try:
            if file.data is not None:
                before = backup.content(file.text, text, file.path)
                data = file.data if before == file.text else before.encode("utf-8")
                temporary.append(temporary_file.write(file.backup, data))
            with _locked(file, environ):
                _check_unchanged(file)
                for old in temporary[1:]:
                    private_files.replace(old.path, file.backup)
                with exchange.uninterrupted():
                    _put_in_place(new, file)
        finally:
            for each in temporary:
                each.discard()
        private_files.flush_directory(directory)
    except OSError as error:
        raise ConfigurationError(
            f"{printable(file.path)} cannot be written ({error.strerror})",
            "check who may write to it and to its directory",
        ) from None
    return file.backup if file.data is not None else None


def _check_unchanged(file: ConfigFile) -> None:
    if aws_config.read_bytes(file.path, "AWS_CONFIG_FILE") != (file.data or b""):
        raise _changed(file)


def _changed(file: ConfigFile) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"{printable(file.path)} was changed by another program meanwhile", "nothing was written: run it again"
    )


def _put_in_place(new: TemporaryFile, file: ConfigFile) -> None:
    """Rename `new` to the file's path, so that nothing that another program wrote there meanwhile is lost.

    Where files can be exchanged, what comes out is compared with what was read, and exchanged back where it differs.
    Elsewhere the file is compared right before the rename. Raises OSError, ConfigurationError, ChangedMeanwhile.
    """
    try:
        if file.data is None:
            exchange.place(new.path, file.path)
            return
        if not exchange.exchange(new.path, file.path):
            _check_unchanged(file)
            private_files.replace(new.path, file.path)
            return
    except (FileExistsError, FileNotFoundError):
        raise _changed(file) from None
    if _content(new.path) == file.data:
        os.unlink(new.path)
        return
    try:
        exchange.exchange(new.path, file.path)
    except FileNotFoundError:  # the file was removed, and with it our text
        exchange.place(new.path, file.path)
        raise _changed(file) from None
    if _content(new.path) == new.data:
        os.unlink(new.path)
        raise _changed(file)
    raise ConfigurationError(
        f"other programs changed {printable(file.path)} twice meanwhile: it has the first change, "
        f"{printable(new.path)} the second",
        "put the two together by hand, then run it again",
    )


def _content(path: str) -> bytes | None:
    """What is in a regular file; None for anything else."""
    try:
        return aws_config.read_bytes(path, "AWS_CONFIG_FILE") if stat.S_ISREG(os.lstat(path).st_mode) else None
    except (OSError, ConfigurationError):
        return None


def _locked(file: ConfigFile, environ: Mapping[str, str]) -> AbstractContextManager[bool]:
    """Hold the lock that keeps other processes of this program from replacing the file meanwhile.

    It is held for two renames. A process that waits longer than that goes on without it.
    """
    until = time.monotonic() + _LONGEST_WAIT
    cache = cache_directory.open_cache(environ, lambda _: None)
    name = "config-" + hit.fingerprint(os.fsencode(file.path))
    return key_lock.acquire(cache, name, lambda: time.monotonic() > until)
