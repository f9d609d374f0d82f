"""What the leader leaves to its followers: a claim while it calls STS, and afterwards its failure, or that nothing is
kept.

All are in `<key>.failure`, one at a time. A session is left as an entry.
"""

import json

from assume_helper.cache import directory as cache_directory
from assume_helper.cache.directory import Cache
from assume_helper.cache.records import load_record, number, text
from assume_helper.errors import AssumeHelperError
from assume_helper.light import dataclass


@dataclass(frozen=True)
class LeaderClaim:
    """The leader calls STS since `at`, and gives up at `until` (both seconds since the epoch)."""

    at: float
    until: float


@dataclass(frozen=True)
class Failure:
    """Why the last call failed, `at` (seconds since the epoch).

    STS is left alone until `retry_at` where there is something else to serve. `asker` is the mark of who has asked (see
    `sessions.asker`) where the failure depends on that, "" where it is everybody's.
    """

    at: float
    retry_at: float
    error: AssumeHelperError
    asker: str = ""


@dataclass(frozen=True)
class NotKept:
    """The last call, `at` (seconds since the epoch), gave credentials that do not say when they end.

    They are not kept, so there is nothing to wait for: each process calls by itself.
    """

    at: float


def read(cache: Cache, key: str) -> LeaderClaim | Failure | NotKept | None:
    """What the leader of `key` has left; None where there is nothing that can be read and believed."""
    data = cache_directory.read(cache, key + ".failure")
    if data is None:
        return None
    try:
        record = load_record(data)
        at, retry_at = number(record, "at"), number(record, "retry_at")
        error = _error_class(text(record, "error"))(text(record, "message"), text(record, "next_step"))
        asker = record["asker"]
        if not isinstance(asker, str):
            return None
        if record.get("not_kept") is True:
            return NotKept(at)
        return LeaderClaim(at, retry_at) if record["waiting"] is True else Failure(at, retry_at, error, asker)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def read_failure(cache: Cache, key: str) -> Failure | None:
    """The failure of the last call for `key`; None where there is none, or a leader still calls."""
    found = read(cache, key)
    return found if isinstance(found, Failure) else None


def write_claim(cache: Cache, key: str, claim: LeaderClaim) -> None:
    """Tell the followers until when the leader tries."""
    message = {"error": "STSNotReached", "message": "another process is still calling STS", "next_step": "wait"}
    _write(cache, key, {"at": claim.at, "retry_at": claim.until, **message, "waiting": True, "asker": ""})


def write_failure(cache: Cache, key: str, failure: Failure) -> None:
    """Leave `failure` to the followers, and to the next calls."""
    error = failure.error
    message = {"error": type(error).__name__, "message": error.message, "next_step": error.next_step}
    times = {"at": failure.at, "retry_at": failure.retry_at}
    _write(cache, key, {**times, **message, "waiting": False, "asker": failure.asker})


def write_not_kept(cache: Cache, key: str, at: float) -> None:
    """Tell the followers, and the next calls, that what was got is not kept."""
    message = {"error": "AssumeHelperError", "message": "nothing is kept", "next_step": "call"}
    _write(cache, key, {"at": at, "retry_at": at, **message, "waiting": False, "asker": "", "not_kept": True})


def forget(cache: Cache, key: str) -> None:
    """The last call went well."""
    cache_directory.remove(cache, key + ".failure")


def _write(cache: Cache, key: str, record: dict[str, object]) -> None:
    cache_directory.write(cache, key + ".failure", json.dumps(record).encode(), durable=False)


def _error_class(name: str) -> type[AssumeHelperError]:
    """The class of errors called `name`. Raises ValueError where there is none."""
    classes: list[type[AssumeHelperError]] = [AssumeHelperError]
    for known in classes:
        if known.__name__ == name:
            return known
        classes.extend(known.__subclasses__())
    raise ValueError(name)
