"""Used codes of MFA devices: the half minute and a salted digest of each, never the codes.

They are remembered beside the cache. Where that cannot be used: in the runtime directory in memory, or in a directory
of ours among the temporary files; and in this process at least.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
import sys
from collections.abc import Callable, Mapping

from assume_helper.cache import directory as cache_directory
from assume_helper.cache import storage
from assume_helper.cache.directory import Cache
from assume_helper.light import dataclass
from assume_helper.system.warning import Warning

# A device shows a new code every 30 seconds (RFC 6238).
STEP = 30
# Seconds for which a used code is remembered: later, the same digits may come again by chance.
_REMEMBERED = 900
# The parts of a used code in its file. The last is a half minute after the year 9999.
_SALT = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NO_STEP = 10**10
# Written, to see whether anything can be. It is a device's file like any other, of no device.
_PROBE = "0" * 64 + ".code"


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


# Those that could be remembered nowhere else, by the device's key.
_of_this_process: dict[str, list[UsedCode]] = {}


def open_store(environ: Mapping[str, str], warn: Callable[[Warning], None]) -> Cache:
    """Where used codes can be remembered: the first place that is ours alone and can be written."""
    store = cache_directory.open_cache(environ, warn)
    places: list[str | None] = []
    if sys.platform != "win32":
        temporary = environ.get("TMPDIR", "")
        temporary = temporary if os.path.isabs(temporary) else "/tmp"  # noqa: S108 - the directory in it is ours alone
        places = [storage.memory_directory(environ), os.path.join(temporary, f"assume-helper-{os.geteuid()}")]
    if _can_be_written(store):
        return store
    for place in places:
        other = Cache(None, warn) if place is None else cache_directory.open_directory(place, lambda _warning: None)
        if _can_be_written(other):
            return other
    what = "used MFA codes cannot be remembered: there is no directory for them"
    warn(Warning(what, "do not use a code again, or set ASSUME_HELPER_CACHE_DIR", "not cached"))
    return Cache(None, warn)


def _can_be_written(store: Cache) -> bool:
    """Whether a file can be made there: a full disk, too, is found out."""
    silent = Cache(store.directory, lambda _warning: None)
    if not cache_directory.write(silent, _PROBE, b"", durable=False):
        return False
    cache_directory.remove(silent, _PROBE)
    return True


def read(store: Cache, key: str) -> list[UsedCode]:
    """The used codes of the device with the cache key `key`, as far as they can be read."""
    found = list(_of_this_process.get(key, []))
    data = cache_directory.read(store, key + ".code")
    try:
        return [*found, *(_read(*record) for record in json.loads(data or b"[]"))]
    except (ValueError, TypeError, RecursionError):
        return found


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
    recent = list(dict.fromkeys(code for code in used if code.step >= first))
    records = [(code.step, code.salt, code.digest) for code in recent]
    if cache_directory.write(store, key + ".code", json.dumps(records).encode(), durable=False):
        _of_this_process.pop(key, None)
    else:
        _of_this_process[key] = recent


def _digest(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt} {code}".encode()).hexdigest()
