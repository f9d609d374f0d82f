"""Used codes of MFA devices: the half minute and a salted digest of each, never the codes."""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass

from assume_helper.cache import directory as cache_directory
from assume_helper.cache.directory import Cache

# A device shows a new code every 30 seconds (RFC 6238).
STEP = 30
# Seconds for which a used code is remembered: later, the same digits may come again by chance.
_REMEMBERED = 900
# The parts of a used code in its file. The last is a half minute after the year 9999.
_SALT = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NO_STEP = 10**10


@dataclass(frozen=True)
class UsedCode:
    """A code that was used in the half minute `step` (of the epoch), as a salted digest."""

    step: int
    salt: str
    digest: str

    def matches(self, code: str, now: float) -> bool:
        """Whether `code` is this one. `now` is in seconds since the epoch."""
        recent = abs(now - self.step * STEP) < _REMEMBERED
        return recent and hmac.compare_digest(self.digest, _digest(self.salt, code))


def read(store: Cache, key: str) -> list[UsedCode]:
    """The used codes of the device with the cache key `key`; none where its file cannot be read."""
    data = cache_directory.read(store, key + ".code")
    try:
        return [_read(*record) for record in json.loads(data or b"[]")]
    except (ValueError, TypeError, RecursionError):
        return []


def _read(step: object, salt: object, digest: object) -> UsedCode:
    """One record that `remember` wrote. Raises ValueError for anything else, so that nothing else is ever compared."""
    if not (isinstance(step, int) and 0 <= step < _NO_STEP):
        raise ValueError("no half minute")
    if not (isinstance(salt, str) and isinstance(digest, str) and _SALT.fullmatch(salt) and _DIGEST.fullmatch(digest)):
        raise ValueError("no digest")
    return UsedCode(step, salt, digest)


def new(code: str, now: float) -> UsedCode:
    """`code` as used at `now` (seconds since the epoch)."""
    salt = secrets.token_hex(16)
    return UsedCode(int(now // STEP), salt, _digest(salt, code))


def remember(store: Cache, key: str, used: list[UsedCode]) -> None:
    """Write the used codes of a device, without those that are no longer compared."""
    first = max((code.step for code in used), default=0) - _REMEMBERED // STEP
    records = [(code.step, code.salt, code.digest) for code in used if code.step >= first]
    cache_directory.write(store, key + ".code", json.dumps(records).encode(), durable=False)


def _digest(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt} {code}".encode()).hexdigest()
