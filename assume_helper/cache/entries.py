"""The cache's entries: one for each session, and for a profile's name what its answer depends on.

    <key>.entry          a session: times, document and variables for a hit, all of it as JSON for the full way
    <key>.failure        the leader's claim while it calls, or its failure (see `cache.outcomes`)
    <slot>.lock          held by the leader; 64 for all keys (`cache.key_lock`); never removed, or two would hold it
    <slot>.ahead         held by the process that refreshes in the background (`sessions.refresh_ahead`); never removed
    <key>.code           the last MFA code that was used, as a digest (see `sources.used_mfa_codes`)
    <fingerprint>.hit    the stamp of a profile's answer (see `hit`)
    <fingerprint>.door   the herd gate of a profile's name, removed at the end (see `sessions.herd_gate`)
    <fingerprint>.names  the names of all profiles, for TAB (see `cli.tab`)
    digest-key           32 random bytes: the key of secrets' digests (`system.keyed_digest`)
    tmp-...              a file that is being written; swept when it is left behind, at once where its writer is dead

Secrets are in `.entry` files only. `hit` owns the formats that a hit reads, `cache.records` reads JSON.
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime

from assume_helper import hit
from assume_helper.cache import directory as cache_directory
from assume_helper.cache import outcomes
from assume_helper.cache.directory import Cache
from assume_helper.cache.document import variables
from assume_helper.cache.records import load_record, number, text, text_or_none
from assume_helper.cache.session import Session
from assume_helper.credentials import Credentials
from assume_helper.light import Any, dataclass, field
from assume_helper.system.digests import sha256

# A part of each key. Another version may lay its entries out in another way: each keeps its own.
_LAYOUT = 2
# How many digits at the end of a key name the login that the session came of.
_MARK = 16
# What `cache_directory.read` and the checks of a record raise for anything that cannot be believed.
_NOT_BELIEVED = (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError)


@dataclass(frozen=True)
class Entry:
    """A cached session and its document, as it is printed."""

    session: Session
    document: bytes = field(repr=False)


def key(inputs: Mapping[str, object]) -> str:
    """The cache key, 64 hexadecimal digits, of all that shapes a session: two that differ in anything never share.

    Its first digit is the session's rank: how many sessions of ours it is made from, by which its lock is chosen. If it
    came of a login, its end is that login's mark: so what came of it is found by its name, also where it is encrypted.
    """
    canonical = json.dumps([_LAYOUT, inputs], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    found = f"{min(_rank(inputs), 15):x}{sha256(canonical.encode()).hexdigest()[1:]}"
    token_file = _token_file(inputs)
    return found if token_file is None else found[:-_MARK] + login_mark(token_file)


def login_mark(token_file: str) -> str:
    """The end of the keys of all sessions that came of the login with this token file (its real path)."""
    return sha256(token_file.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]


def _token_file(inputs: Mapping[str, object]) -> str | None:
    """The token file of the login that the session came of; None where it came of none."""
    source = inputs.get("source")
    if not isinstance(source, Mapping):
        return None
    if "token_file" in source:
        return str(source["token_file"])
    behind = (_token_file(part) for part in source.values() if isinstance(part, Mapping))
    return next((found for found in behind if found is not None), None)


def _rank(inputs: Mapping[str, object]) -> int:
    """0 for what has no source, 1 for a session of a source, more where sessions are behind it: one with MFA is too."""
    source = inputs.get("source")
    if not isinstance(source, Mapping):
        return 0
    behind = [_rank(part) for part in source.values() if isinstance(part, Mapping)]
    return 1 + max(behind, default=0) + (1 if inputs.get("mfa_serial") else 0)


def read(cache: Cache, key: str) -> Entry | None:
    """The entry of `key`. None if it is missing, unreadable or not valid."""
    content = cache_directory.read(cache, key + ".entry")
    if content is None:
        return None
    try:
        if cache.cipher is not None:
            content = cache.cipher.opened(key, content)
        _, document, record, _ = hit.unpack_entry(content)
        return Entry(_session(load_record(record)), document)
    except _NOT_BELIEVED:
        return None


def exists(cache: Cache, key: str) -> bool:
    """Whether there is a file for the entry of `key`, readable or not."""
    return cache.directory is not None and os.path.lexists(cache.path(key + ".entry"))


def write(cache: Cache, key: str, entry: Entry) -> None:
    """Replace the entry of `key`, whole or not at all, and sweep what dead processes left behind.

    Call it under the key's lock, where there is one. A session without an end is not kept.
    """
    session = entry.session
    if session.expiration is None or session.printed_expiration is None:
        return
    times = (session.not_before, session.served_until, session.refreshed_from)
    ends = (session.expiration, session.printed_expiration)
    record = json.dumps(_record(session, *ends), separators=(",", ":")).encode()
    given = variables(session.credentials, session.expiration, session.account_id)
    lines = "".join(f"{name}={value}\n" for name, value in given.items())
    content = hit.pack_entry(times, entry.document, record, lines)
    if cache.cipher is not None:
        content = cache.cipher.sealed(key, content)
    if cache_directory.write(cache, key + ".entry", content, durable=True):
        outcomes.forget(cache, key)
        cache_directory.sweep(cache, key + ".entry")


def remove(cache: Cache, key: str) -> None:
    """Delete the entry of `key`: after a refusal it must not be served. Call it under the key's lock."""
    cache_directory.remove(cache, key + ".entry")


def remember(
    cache: Cache, stamp: tuple[str, bytes], key: str, conditions: Mapping[str, str] | None = None, elsewhere: str = "",
    origin: str = "", given: Mapping[str, str] | None = None, *, is_quiet: bool = False,
) -> None:  # fmt: skip
    """Write the `.hit` file: what `stamp` says leads to `key` while `conditions`, looked up from `origin`, hold.

    `elsewhere` is the entry's directory where that is not the cache's (see `lookups`); `given` are the profile's
    variables, `is_quiet` says that there was nothing to warn of (see `hit.Pointer`).
    """
    name, expected = stamp
    lines = "".join(f"{variable}={value}\n" for variable, value in (given or {}).items())
    content = hit.pack_pointer(expected, key, conditions or {}, elsewhere, origin, lines, is_quiet=is_quiet)
    if cache.directory is not None and cache_directory.read(cache, name) != content:
        cache_directory.write(cache, name, content, durable=False)


def remember_failure(cache: Cache, stamp: tuple[str, bytes], at: float, exit_code: int, line: str, asker: str) -> None:
    """Write the `.hit` file of a failure, for the followers at the herd gate: nothing else could be served.

    `at` is in seconds since the epoch, `line` what the leader printed on stderr, `asker` the mark of who has asked (see
    `sessions.asker`), "" for a failure that is everybody's.
    """
    name, expected = stamp
    content = hit.pack_gate_failure(expected, at, exit_code, f"{asker}\n{line}")
    cache_directory.write(cache, name, content, durable=False)


def _record(session: Session, expiration: datetime, printed_expiration: datetime) -> dict[str, object]:
    credentials = session.credentials
    return {
        "access_key_id": credentials.access_key_id,
        "secret_access_key": credentials.secret_access_key,
        "session_token": credentials.session_token,
        "expiration": int(expiration.timestamp()),
        "printed_expiration": int(printed_expiration.timestamp()),
        "issued": session.issued,
        "lifetime": session.lifetime,
        "clock_difference": session.clock_difference,
        "assumed_role_arn": session.assumed_role_arn,
        "account_id": session.account_id,
    }


def _session(record: dict[str, Any]) -> Session:
    """The session of a record, every field looked at. Raises ValueError, KeyError, TypeError, OverflowError."""
    expiration = datetime.fromtimestamp(int(number(record, "expiration")), UTC)
    lifetime = int(number(record, "lifetime"))
    if lifetime <= 0:
        raise ValueError("no lifetime")
    return Session(
        credentials=Credentials(
            text(record, "access_key_id"),
            text(record, "secret_access_key"),
            text_or_none(record, "session_token"),
            expiration,
        ),
        expiration=expiration,
        printed_expiration=datetime.fromtimestamp(int(number(record, "printed_expiration")), UTC),
        issued=number(record, "issued"),
        lifetime=lifetime,
        assumed_role_arn=text_or_none(record, "assumed_role_arn"),
        account_id=text_or_none(record, "account_id"),
        clock_difference=number(record, "clock_difference"),
    )
