"""The codes of MFA devices that were used: their half minutes, and a salted digest of each, never the codes."""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass

from assume_helper.cache import directory as cache_directory
from assume_helper.cache.directory import Cache

# A new code is shown every so many seconds (RFC 6238).
STEP = 30
# What was used so long ago (seconds) is no longer compared: the same digits may come again by chance.
_REMEMBERED = 900
# What a used code looks like in its file; and a half minute past the year 9999.
_SALT = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NO_STEP = 10**10


@dataclass(frozen=True)
class Used:
    """A code that was used: in which half minute (of the epoch), and what tells it from another."""

    step: int
    salt: str
    digest: str

    def is_it(self, code: str, now: float) -> bool:
        """Whether `code` is that one. `now` is in seconds since the epoch."""
        recent = abs(now - self.step * STEP) < _REMEMBERED
        return recent and hmac.compare_digest(self.digest, _digest(self.salt, code))


def read(store: Cache, key: str) -> list[Used]:
    """What was used of the device whose key is `key`; nothing where that cannot be read."""
    data = cache_directory.read(store, key + ".code")
    try:
        return [_read(*record) for record in json.loads(data or b"[]")]
    except (ValueError, TypeError, RecursionError):
        return []


def _read(step: object, salt: object, digest: object) -> Used:
    """What `remember` wrote. Raises ValueError for anything else, so that nothing else is ever compared."""
    if not (isinstance(step, int) and 0 <= step < _NO_STEP):
        raise ValueError("no half minute")
    if not (isinstance(salt, str) and isinstance(digest, str) and _SALT.fullmatch(salt) and _DIGEST.fullmatch(digest)):
        raise ValueError("no digest")
    return Used(step, salt, digest)


def new(code: str, now: float) -> Used:
    """`code`, as used at `now` (seconds since the epoch)."""
    salt = secrets.token_hex(16)
    return Used(int(now // STEP), salt, _digest(salt, code))


def remember(store: Cache, key: str, used: list[Used]) -> None:
    """Keep of what was used all that is still compared."""
    first = max((one.step for one in used), default=0) - _REMEMBERED // STEP
    kept = [(one.step, one.salt, one.digest) for one in used if one.step >= first]
    cache_directory.write(store, key + ".code", json.dumps(kept).encode(), durable=False)


def _digest(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt} {code}".encode()).hexdigest()
