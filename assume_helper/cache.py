"""The cache: one sealed, private file for each role session, and for a profile's name what its answer depends on.

    <key>.entry          a session: two times and the document for a hit, all of it as JSON for the full way
    <key>.failure        why the last call for that key failed
    <key>.lock           held by the one process that calls STS; never removed: two would hold it
    <fingerprint>.hit    the stamp of a profile's answer (see `hit`)
    tmp-...              what is being written; swept when it is left behind

What cannot be read is a miss; what cannot be written is a warning. Secrets are in `.entry` files only.
"""

import hashlib
import json
import math
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

from assume_helper import hit, private
from assume_helper.credentials import Credentials, RoleSession
from assume_helper.errors import AssumeHelperError, error_class, shown

# Left-over temporary files are swept after an hour; data after a week: no session is as long.
_SWEEP_TEMPORARY = 3600
_SWEEP_DATA = 7 * 24 * 3600
# The names that are given here, and no others: the directory may be somebody's own.
_OURS = re.compile(r"tmp-[0-9]+-[0-9a-f]{16}|[0-9a-f]{64}\.(entry|failure)|[0-9a-f]{32}\.hit")


@dataclass(frozen=True)
class Cache:
    """Where the cache is; `directory` is None where there is none. `warn` is told what a person should mend."""

    directory: str | None
    warn: Callable[[str], None]

    def path(self, name: str) -> str:
        """The path of a file in the directory, which must be there."""
        if self.directory is None:
            raise hit.NotPrivate("there is no cache")
        return os.path.join(self.directory, name)


@dataclass(frozen=True)
class Entry:
    """A cached session and its document, as it is printed."""

    session: RoleSession
    document: bytes = field(repr=False)


@dataclass(frozen=True)
class Failure:
    """Why the last call failed, `at` (seconds since the epoch), and until when (`retry_at`) STS is left alone where
    there is something else to serve. `waiting`: it has not failed, the lock's holder tries until `retry_at`.
    """

    at: float
    retry_at: float
    error: AssumeHelperError
    waiting: bool = False


def open_cache(environ: Mapping[str, str], warn: Callable[[str], None]) -> Cache:
    """The cache, its directory made if it is not there. One that is not ours alone is not used, and said so."""
    directory: str | None = None
    try:
        directory = _directory(environ)
        if directory is None:
            warn("no cache: its directory is not absolute; set HOME, or ASSUME_HELPER_CACHE_DIR to an absolute path")
            return Cache(None, warn)
        private.make_directory(directory)
        hit.check_private(os.lstat(directory), 0o040000)
    except hit.NotPrivate as error:
        warn(f"no cache: {shown(directory or '')} {error}; it must be a directory of yours with mode 0700")
        return Cache(None, warn)
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no home directory"
        warn(f"no cache: its directory cannot be made ({reason}); set ASSUME_HELPER_CACHE_DIR")
        return Cache(None, warn)
    return Cache(directory, warn)


def _directory(environ: Mapping[str, str]) -> str | None:
    """`hit.cache_directory`, and where that cannot tell, what platformdirs finds with more work."""
    found = hit.cache_directory(environ)
    if found is None and not environ.get("ASSUME_HELPER_CACHE_DIR"):
        import platformdirs

        found = platformdirs.user_cache_dir("assume-helper", appauthor=False)
    return found if found is not None and os.path.isabs(found) else None


def key(inputs: Mapping[str, object]) -> str:
    """The cache key, 64 hexadecimal digits, of all that shapes a session: two that differ in anything never share."""
    canonical = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def read(cache: Cache, key: str) -> Entry | None:
    """The entry of `key`; None for a miss, which anything is that cannot be read, and believed."""
    data = _read(cache, key + ".entry")
    if data is None:
        return None
    try:
        _, document, record = data.split(b"\n", 2)
        return Entry(_session(_loads(record)), document)
    except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        return None


def write(cache: Cache, key: str, entry: Entry) -> None:
    """Put `entry` in the place of what is there, whole or not at all, and sweep what others left behind.

    To be called under the key's lock, where there is one.
    """
    session = entry.session
    times = b"%d %d" % (session.not_before, session.served_until)
    record = json.dumps(_record(session), separators=(",", ":")).encode()
    if _write(cache, key + ".entry", b"\n".join((times, entry.document, record)), durable=True):
        forget_failure(cache, key)
        _sweep(cache, key + ".entry")


def remove(cache: Cache, key: str) -> None:
    """Take the entry of `key` away: revoking must bite. To be called under the key's lock."""
    _unlink(cache, key + ".entry")


def remember(cache: Cache, stamp: tuple[str, bytes], key: str, files: Mapping[str, str] | None = None) -> None:
    """Keep for the next call that what `stamp` says leads to `key`, while `files` (their states) stay: it is a hit."""
    name, expected = stamp
    payload = hit.remembered(expected, key, files or {})
    if cache.directory is not None and _read(cache, name) != payload:
        _write(cache, name, payload, durable=False)


def read_failure(cache: Cache, key: str) -> Failure | None:
    """How the last call for `key` failed; None where it did not."""
    data = _read(cache, key + ".failure")
    if data is None:
        return None
    try:
        record = _loads(data)
        error = error_class(_text(record, "error"))(_text(record, "message"), _text(record, "next_step"))
        return Failure(_number(record, "at"), _number(record, "retry_at"), error, record["waiting"] is True)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def write_failure(cache: Cache, key: str, failure: Failure) -> None:
    """Leave `failure` to those who wait for the same call, and to the next ones."""
    record = {
        "at": failure.at,
        "retry_at": failure.retry_at,
        "error": type(failure.error).__name__,
        "message": failure.error.message,
        "next_step": failure.error.next_step,
        "waiting": failure.waiting,
    }
    _write(cache, key + ".failure", json.dumps(record).encode(), durable=False)


def forget_failure(cache: Cache, key: str) -> None:
    """The last call went well."""
    _unlink(cache, key + ".failure")


def _record(session: RoleSession) -> dict[str, object]:
    credentials = session.credentials
    return {
        "access_key_id": credentials.access_key_id,
        "secret_access_key": credentials.secret_access_key,
        "session_token": credentials.session_token,
        "expiration": int(session.expiration.timestamp()),
        "printed_expiration": int(session.printed_expiration.timestamp()),
        "issued": session.issued,
        "lifetime": session.lifetime,
        "assumed_role_arn": session.assumed_role_arn,
        "account_id": session.account_id,
    }


def _session(record: dict[str, Any]) -> RoleSession:
    """The session of a record, every field looked at. Raises ValueError, KeyError, TypeError, OverflowError."""
    expiration = datetime.fromtimestamp(int(_number(record, "expiration")), UTC)
    lifetime = int(_number(record, "lifetime"))
    if lifetime <= 0:
        raise ValueError("no lifetime")
    return RoleSession(
        credentials=Credentials(
            _text(record, "access_key_id"),
            _text(record, "secret_access_key"),
            _text(record, "session_token"),
            expiration,
        ),
        expiration=expiration,
        printed_expiration=datetime.fromtimestamp(int(_number(record, "printed_expiration")), UTC),
        issued=_number(record, "issued"),
        lifetime=lifetime,
        assumed_role_arn=_text(record, "assumed_role_arn"),
        account_id=_text(record, "account_id"),
    )


def _loads(data: bytes) -> dict[str, Any]:
    record = json.loads(data, parse_constant=_no_number)
    if not isinstance(record, dict):
        raise TypeError("not an object")
    return record


def _number(record: dict[str, Any], name: str) -> float:
    value = record[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(name)
    return value


def _no_number(name: str) -> NoReturn:
    """NaN and Infinity are numbers to Python's json."""
    raise ValueError(name)


def _text(record: dict[str, Any], name: str) -> str:
    value = record[name]
    if not isinstance(value, str) or not value:
        raise TypeError(name)
    return value


def _read(cache: Cache, name: str) -> bytes | None:
    if cache.directory is None:
        return None
    try:
        return hit.unseal(hit.read_private(cache.path(name)))
    except hit.NotPrivate as error:
        cache.warn(f"not used: {shown(cache.path(name))} {error}; remove it")
    except (OSError, ValueError):
        pass  # not there, not whole, not ours to read: a miss
    return None


def _write(cache: Cache, name: str, payload: bytes, *, durable: bool) -> bool:
    """Write to a temporary file in the same directory, 0600, and rename it; whether that went well.

    `durable` also flushes file and directory to the disk: after a power cut the old or the new file is there, whole.
    """
    if cache.directory is None:
        return False
    target = cache.path(name)
    temporary = cache.path(f"tmp-{os.getpid()}-{secrets.token_hex(8)}")
    try:
        if _is_newer(target):
            return False
        descriptor = private.create(temporary, os.O_EXCL)
        try:
            try:
                hit.write(descriptor, hit.seal(payload))
                if durable:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
        if durable:
            private.flush_directory(cache.directory)
    except OSError as error:
        cache.warn(f"nothing is cached: {shown(cache.directory)} cannot be written ({error.strerror})")
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


def _unlink(cache: Cache, name: str) -> None:
    if cache.directory is not None:
        try:
            os.unlink(cache.path(name))
        except FileNotFoundError:
            pass
        except OSError as error:
            cache.warn(f"{shown(cache.path(name))} cannot be removed ({error.strerror})")


def _sweep(cache: Cache, written: str) -> None:
    """Remove temporary files of killed processes, and data that has long run out. Locks stay.

    How old they are is told by the file that was just `written`: a file server's clock may be another than ours.

    Data this old is nobody's answer: without its lock, the worst that can happen is one more call to STS.
    """
    try:
        now = os.stat(cache.path(written)).st_mtime
        with os.scandir(cache.directory) as found:
            files = [file for file in found if _OURS.fullmatch(file.name)]
    except OSError:
        return
    for file in files:
        try:
            age = now - file.stat(follow_symlinks=False).st_mtime
            if age > (_SWEEP_TEMPORARY if file.name.startswith("tmp-") else _SWEEP_DATA):
                os.unlink(file.path)
        except OSError:  # another process sweeps as well, or it is no file
            continue
