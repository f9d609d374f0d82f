"""Temporary credentials, and for how long they are handed out."""

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeGuard

from assume_helper.errors import CONTROL

# STS: DurationSeconds is 900 s to 43 200 s for a role (API reference of AssumeRole).
SHORTEST_SESSION = 900
LONGEST_SESSION = 43_200
# With this much left, in seconds, credentials are still better than none where STS cannot be reached.
LAST_RESORT = 60
# How far, in seconds, this machine's clock may be off before what is cached is not believed.
CLOCK_TOLERANCE = 300


@dataclass(frozen=True)
class Clock:
    """The clock, handed in: `now` is the wall clock (seconds since the epoch), `monotonic` is for deadlines."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Credentials:
    """Credentials of AWS; `expiration` is UTC and aware, None for those that do not expire."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expiration: datetime | None = None


def can_be_sent(value: object) -> TypeGuard[str]:
    """Whether `value` can be a part of an access key: ASCII without blanks, as a request's header takes it."""
    return isinstance(value, str) and bool(value) and value.isascii() and " " not in value and not CONTROL.search(value)


@dataclass(frozen=True)
class WebIdentityToken:
    """A token of an identity provider, which STS takes in place of credentials."""

    token: str = field(repr=False)


@dataclass(frozen=True)
class RoleSession:
    """What one AssumeRole call gave.

    `expiration` is the true one, `printed_expiration` the one that clients are told (see `shade`); both are UTC, in
    whole seconds. `issued` is this machine's clock (seconds since the epoch) when the answer came, `lifetime` the
    session's length in seconds.
    """

    credentials: Credentials
    expiration: datetime
    printed_expiration: datetime
    issued: float
    lifetime: int
    assumed_role_arn: str
    account_id: str

    def left(self, now: float) -> float:
        """Seconds until the true end."""
        return self.expiration.timestamp() - now

    @property
    def not_before(self) -> int:
        """The first second (since the epoch) in which this is believed: earlier, the clock has jumped back."""
        longest_left = self.printed_expiration.timestamp() - self.lifetime - CLOCK_TOLERANCE
        return math.ceil(max(self.issued - CLOCK_TOLERANCE, longest_left))

    @property
    def served_until(self) -> int:
        """The second (since the epoch) from which a refresh comes first."""
        return int(self.printed_expiration.timestamp() - window(self.lifetime))

    def is_fresh(self, now: float) -> bool:
        """Whether this is handed out without asking STS."""
        return self.not_before <= now < self.served_until


def window(lifetime: float) -> float:
    """W(D): with less than this left, in seconds, nothing is handed out without a refresh first.

    botocore asks again with less than 900 s left, on every signed request (measured; `_advisory_refresh_timeout`):
    960 s clears it. A session of 900 s can never satisfy botocore, so it gets 360 s.
    """
    return max(min(960.0, 0.4 * lifetime), 60.0)


def shade(lifetime: float, host: str, key: str, expiration: datetime) -> float:
    """J: by how many seconds the printed `Expiration` is earlier than the true one.

    All SDKs refresh a fixed time before the printed end, so hosts that started together would call STS together for
    ever. `u` in [0, 1) comes from host, key and expiry: the same on every call, another on every host.
    """
    drawn = hashlib.sha256(f"{host}\0{key}\0{expiration.timestamp():.0f}".encode()).digest()
    u = (int.from_bytes(drawn[:7], "big") >> 3) / 2**53
    return u * min(0.1 * lifetime, 900.0)


def printed_expiration(expiration: datetime, lifetime: float, host: str, key: str) -> datetime:
    """The `Expiration` that clients are told: the true one less `shade`, in whole seconds."""
    earlier = expiration.timestamp() - shade(lifetime, host, key, expiration)
    return datetime.fromtimestamp(int(earlier), UTC)
