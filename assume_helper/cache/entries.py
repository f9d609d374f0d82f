"""The cache: one entry for each session, and for a profile's name what its answer depends on.

    <key>.entry          a session: three times and the document for a hit, all of it as JSON for the full way
    <key>.failure        why the last call for that key failed
    <key>.lock           held by the one process that calls STS; never removed: two would hold it
    <key>.ahead          held by the one process that refreshes behind callers' backs (see `ahead`); as little removed
    <key>.code           the last MFA code that was used, as a digest (see `mfa`)
    <fingerprint>.hit    the stamp of a profile's answer (see `hit`)
    <fingerprint>.door   held by the one process that goes the full way for a profile's name, and then gone (see `door`)
    tmp-...              what is being written; swept when it is left behind, at once where its writer is dead

Secrets are in `.entry` files only.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

from assume_helper import hit
from assume_helper.cache import directory as cache_directory
from assume_helper.cache.directory import Cache
from assume_helper.credentials import Credentials, Session
from assume_helper.errors import AssumeHelperError, error_class


@dataclass(frozen=True)
class Entry:
    """A cached session and its document, as it is printed."""

    session: Session
    document: bytes = field(repr=False)


@dataclass(frozen=True)
class Failure:
    """Why the last call failed, `at` (seconds since the epoch), and until when (`retry_at`) STS is left alone where
    there is something else to serve. `waiting`: it has not failed, the lock's holder tries until `retry_at`.
    `terminal` is where somebody may have been asked for a code.
    """

    at: float
    retry_at: float
    error: AssumeHelperError
    waiting: bool = False
    terminal: str = ""


def key(inputs: Mapping[str, object]) -> str:
    """The cache key, 64 hexadecimal digits, of all that shapes a session: two that differ in anything never share."""
    canonical = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def read(cache: Cache, key: str) -> Entry | None:
    """The entry of `key`; None for a miss, which anything is that cannot be read, and believed."""
    data = cache_directory.read(cache, key + ".entry")
    if data is None:
        return None
    try:
        if cache.cipher is not None:
            data = cache.cipher.opened(key, data)
        _, document, record = data.split(b"\n", 2)
        return Entry(_session(_loads(record)), document)
    except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        return None


def write(cache: Cache, key: str, entry: Entry) -> None:
    """Put `entry` in the place of what is there, whole or not at all, and sweep what others left behind.

    To be called under the key's lock, where there is one.
    """
    session = entry.session
    times = b"%d %d %d" % (session.not_before, session.served_until, session.refreshed_from)
    record = json.dumps(_record(session), separators=(",", ":")).encode()
    payload = b"\n".join((times, entry.document, record))
    if cache.cipher is not None:
        payload = cache.cipher.sealed(key, payload)
    if cache_directory.write(cache, key + ".entry", payload, durable=True):
        forget_failure(cache, key)
        cache_directory.sweep(cache, key + ".entry")


def remove(cache: Cache, key: str) -> None:
    """Take the entry of `key` away: revoking must bite. To be called under the key's lock."""
    cache_directory.remove(cache, key + ".entry")


def remember(
    cache: Cache, stamp: tuple[str, bytes], key: str, files: Mapping[str, str] | None = None, elsewhere: str = ""
) -> None:
    """Keep for the next call that what `stamp` says leads to `key`, while `files` (their states) stay: it is a hit.

    `elsewhere` is the entry's directory where that is not the cache's.
    """
    name, expected = stamp
    payload = hit.remembered(expected, key, files or {}, elsewhere)
    if cache.directory is not None and cache_directory.read(cache, name) != payload:
        cache_directory.write(cache, name, payload, durable=False)


def remember_failure(cache: Cache, stamp: tuple[str, bytes], at: float, exit_code: int, line: str) -> None:
    """Leave to those who wait at the door (see `door`) that what `stamp` says came to this, `at` seconds since the
    epoch: there was nothing else to serve, so nothing else is remembered.
    """
    name, expected = stamp
    cache_directory.write(cache, name, hit.remembered_failure(expected, at, exit_code, line), durable=False)


def read_failure(cache: Cache, key: str) -> Failure | None:
    """How the last call for `key` failed; None where it did not."""
    data = cache_directory.read(cache, key + ".failure")
    if data is None:
        return None
    try:
        record = _loads(data)
        error = error_class(_text(record, "error"))(_text(record, "message"), _text(record, "next_step"))
        terminal = record["terminal"]
        if not isinstance(terminal, str):
            return None
        return Failure(_number(record, "at"), _number(record, "retry_at"), error, record["waiting"] is True, terminal)
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
        "terminal": failure.terminal,
    }
    cache_directory.write(cache, key + ".failure", json.dumps(record).encode(), durable=False)


def forget_failure(cache: Cache, key: str) -> None:
    """The last call went well."""
    cache_directory.remove(cache, key + ".failure")


def _record(session: Session) -> dict[str, object]:
    credentials = session.credentials
    return {
        "access_key_id": credentials.access_key_id,
        "secret_access_key": credentials.secret_access_key,
        "session_token": credentials.session_token,
        "expiration": int(session.expiration.timestamp()),
        "printed_expiration": int(session.printed_expiration.timestamp()),
        "issued": session.issued,
        "lifetime": session.lifetime,
        "clock_difference": session.clock_difference,
        "assumed_role_arn": session.assumed_role_arn,
        "account_id": session.account_id,
    }


def _session(record: dict[str, Any]) -> Session:
    """The session of a record, every field looked at. Raises ValueError, KeyError, TypeError, OverflowError."""
    expiration = datetime.fromtimestamp(int(_number(record, "expiration")), UTC)
    lifetime = int(_number(record, "lifetime"))
    if lifetime <= 0:
        raise ValueError("no lifetime")
    return Session(
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
        assumed_role_arn=_text_or_none(record, "assumed_role_arn"),
        account_id=_text_or_none(record, "account_id"),
        clock_difference=_number(record, "clock_difference"),
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


def _text_or_none(record: dict[str, Any], name: str) -> str | None:
    return None if record[name] is None else _text(record, name)
