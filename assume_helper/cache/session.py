"""A session as it is kept, and for how long it is handed out."""

import math
from datetime import UTC, datetime

from assume_helper.credentials import CLOCK_TOLERANCE, Credentials
from assume_helper.light import dataclass
from assume_helper.system.digests import sha256


@dataclass(frozen=True)
class Session:
    """What one call to STS, a portal or a process gave, as it is kept.

    `expiration` is the true one, `printed_expiration` the one that clients are told (see `expiration_jitter`); both are
    UTC, in whole seconds, and None for credentials that do not say when they end: those are not kept. `issued` is this
    machine's clock (seconds since the epoch) when the answer came, `lifetime` the session's length in seconds,
    `clock_difference` how far that clock was ahead of STS's (seconds).
    """

    credentials: Credentials
    expiration: datetime | None
    printed_expiration: datetime | None
    issued: float
    lifetime: int
    assumed_role_arn: str | None = None
    account_id: str | None = None
    clock_difference: float = 0.0

    @property
    def _behind(self) -> float:
        """Seconds to add to STS's times before they are compared with this machine's clock; 0 unless that is far off.

        It is far off if by it the session had ended before it came, or lasts longer than its lifetime. Without this, a
        clock that is a day ahead would send every call to STS.
        """
        left = _seconds(self.expiration) - self.issued
        is_far_off = abs(self.clock_difference) > CLOCK_TOLERANCE
        return self.clock_difference if is_far_off and not 0 < left <= self.lifetime + CLOCK_TOLERANCE else 0.0

    def left(self, now: float) -> float:
        """Seconds until the true end."""
        return _seconds(self.expiration) + self._behind - now

    def printed_left(self, now: float) -> float:
        """Seconds until the end that clients are told."""
        return _seconds(self.printed_expiration) + self._behind - now

    @property
    def not_before(self) -> int:
        """The first second (since the epoch) in which this is believed: earlier, the clock has jumped back."""
        longest_left = self.printed_left(0) - self.lifetime - CLOCK_TOLERANCE
        return math.ceil(max(self.issued - CLOCK_TOLERANCE, longest_left))

    @property
    def served_until(self) -> int:
        """The second (since the epoch) from which this is not served without a refresh first."""
        return int(self.printed_left(0) - window(self.lifetime))

    @property
    def refreshed_from(self) -> int:
        """The second (since the epoch) from which this is served, and refreshed in the background."""
        return int(self.served_until - refresh_stretch(self.lifetime))

    def is_fresh(self, now: float) -> bool:
        """Whether this is handed out without asking STS."""
        return self.expiration is None or self.not_before <= now < self.served_until

    def is_due(self, now: float) -> bool:
        """Whether a refresh is to begin, though this is still handed out."""
        return self.expiration is not None and self.is_fresh(now) and now >= self.refreshed_from


def _seconds(moment: datetime | None) -> float:
    """`moment` in seconds since the epoch; for ever where there is no end."""
    return math.inf if moment is None else moment.timestamp()


def window(lifetime: float) -> float:
    """W(D): with less than this left, in seconds, nothing is handed out without a refresh first.

    botocore asks again with less than 900 s left, on every signed request (measured; `_advisory_refresh_timeout`):
    960 s clears it. A session of 900 s can never satisfy botocore, so it gets 360 s. Less than a minute is left of no
    session but a short one: what a process prints may be near its end already. It is served for half of what is left:
    each renewal that brings the same end halves that again, so that not every call is one.
    """
    return max(min(960.0, 0.4 * lifetime), min(60.0, 0.5 * lifetime))


def refresh_stretch(lifetime: float) -> float:
    """For how long, in seconds, before the window a session is refreshed in the background."""
    return min(0.1 * lifetime, 300.0)


def expiration_jitter(lifetime: float, host: str, key: str, expiration: datetime) -> float:
    """J: by how many seconds the printed `Expiration` is earlier than the true one.

    All SDKs refresh a fixed time before the printed end, so hosts that started together would call STS together for
    ever. `u` in [0, 1) comes from host, key and expiry: the same on every call, another on every host.
    """
    drawn = sha256(f"{host}\0{key}\0{expiration.timestamp():.0f}".encode()).digest()
    u = (int.from_bytes(drawn[:7], "big") >> 3) / 2**53
    return u * min(0.1 * lifetime, 900.0)


def printed_expiration(expiration: datetime | None, lifetime: float, host: str, key: str) -> datetime | None:
    """The `Expiration` that clients are told: the true one less the jitter, in whole seconds; None where is no end."""
    if expiration is None:
        return None
    earlier = expiration.timestamp() - expiration_jitter(lifetime, host, key, expiration)
    return datetime.fromtimestamp(int(earlier), UTC)
