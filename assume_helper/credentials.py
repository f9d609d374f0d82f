"""Temporary credentials, and for how long they are handed out."""

import hashlib
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeGuard

from assume_helper.text import CONTROL_CHARACTERS, duration_text

# STS: DurationSeconds is 900 s to 43 200 s for a role (API reference of AssumeRole).
SHORTEST_SESSION = 900
LONGEST_SESSION = 43_200
# And 3 600 s where the call does not say it.
DEFAULT_SESSION = 3600
# And to 129 600 s for a user's own session (API reference of GetSessionToken).
LONGEST_MFA_SESSION = 129_600
# With this much left, in seconds, credentials are still better than none where STS cannot be reached.
LAST_RESORT = 60
# How far, in seconds, this machine's clock may be off before what is cached is not believed.
CLOCK_TOLERANCE = 300
# How a session is kept between calls (`assume_helper_cache`).
Storage = Literal["file", "encrypted", "memory", "none"]


@dataclass(frozen=True)
class Credentials:
    """Credentials of AWS; `expiration` is UTC and aware, None for those that do not expire."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expiration: datetime | None = None


def can_be_sent(value: object) -> TypeGuard[str]:
    """Whether `value` can be a part of an access key: ASCII without blanks, as a request's header takes it."""
    return (
        isinstance(value, str)
        and bool(value)
        and value.isascii()
        and " " not in value
        and not CONTROL_CHARACTERS.search(value)
    )


@dataclass(frozen=True)
class WebIdentityToken:
    """A token of an identity provider, which STS takes in place of credentials."""

    token: str = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What STS gave, checked. `lifetime` is in seconds, by STS's own clock where it says its time.

    The ARN and the account are those of the assumed role; STS does not say them of a user's MFA session.
    `clock_difference` is in seconds: this machine's clock less STS's, 0 where STS did not say its time.
    """

    credentials: Credentials
    expiration: datetime
    lifetime: int
    assumed_role_arn: str | None = None
    account_id: str | None = None
    clock_difference: float = 0.0


@dataclass(frozen=True)
class Identity:
    """Who credentials are, by STS; empty strings where it has not been asked.

    `whose` says where the credentials are from. `left` is how long they last (seconds), None where they do not expire.
    """

    arn: str
    account_id: str
    user_id: str = ""
    whose: str = ""
    left: float | None = None

    @property
    def session_name(self) -> str | None:
        """The session's name, of an assumed role."""
        return self.arn.rpartition("/")[2] if ":assumed-role/" in self.arn else None

    def pairs(self) -> list[tuple[str, str]]:
        """Names and values for a person."""
        found = [("account", self.account_id), ("ARN", self.arn)]
        if self.user_id:
            found.append(("user id", self.user_id))
        if self.session_name is not None:
            found.append(("session", self.session_name))
        if self.left is not None:
            text = duration_text(self.left)
            found.append(("expires", f"in {text}" if self.left > 0 else f"{text} ago"))
        return found

    def as_json(self) -> dict[str, object]:
        """The same for a program."""
        return {
            "whose": self.whose,
            "account_id": self.account_id,
            "arn": self.arn,
            "user_id": self.user_id,
            "session_name": self.session_name,
            "seconds_left": None if self.left is None else int(self.left),
        }


@dataclass(frozen=True)
class Session:
    """What one call to STS gave, as it is kept.

    `expiration` is the true one, `printed_expiration` the one that clients are told (see `shade`); both are UTC, in
    whole seconds. `issued` is this machine's clock (seconds since the epoch) when the answer came, `lifetime` the
    session's length in seconds, `clock_difference` how far that clock was ahead of STS's (seconds).
    """

    credentials: Credentials
    expiration: datetime
    printed_expiration: datetime
    issued: float
    lifetime: int
    assumed_role_arn: str | None = None
    account_id: str | None = None
    clock_difference: float = 0.0

    @property
    def _behind(self) -> float:
        """What is added to STS's times to compare them with this machine's clock: nothing, unless by that clock the
        session was over when it came, or had more left than it lasts.

        Without it a clock that is ahead by a day would have every call go to STS.
        """
        left = self.expiration.timestamp() - self.issued
        is_far_off = abs(self.clock_difference) > CLOCK_TOLERANCE
        return self.clock_difference if is_far_off and not 0 < left <= self.lifetime + CLOCK_TOLERANCE else 0.0

    def left(self, now: float) -> float:
        """Seconds until the true end."""
        return self.expiration.timestamp() + self._behind - now

    def printed_left(self, now: float) -> float:
        """Seconds until the end that clients are told."""
        return self.printed_expiration.timestamp() + self._behind - now

    @property
    def not_before(self) -> int:
        """The first second (since the epoch) in which this is believed: earlier, the clock has jumped back."""
        longest_left = self.printed_left(0) - self.lifetime - CLOCK_TOLERANCE
        return math.ceil(max(self.issued - CLOCK_TOLERANCE, longest_left))

    @property
    def served_until(self) -> int:
        """The second (since the epoch) from which a refresh comes first."""
        return int(self.printed_left(0) - window(self.lifetime))

    @property
    def refreshed_from(self) -> int:
        """The second (since the epoch) from which this is handed out and refreshed behind the caller's back."""
        return int(self.served_until - ahead(self.lifetime))

    def is_fresh(self, now: float) -> bool:
        """Whether this is handed out without asking STS."""
        return self.not_before <= now < self.served_until

    def is_due(self, now: float) -> bool:
        """Whether a refresh is to begin, though this is still handed out."""
        return self.is_fresh(now) and now >= self.refreshed_from


def window(lifetime: float) -> float:
    """W(D): with less than this left, in seconds, nothing is handed out without a refresh first.

    botocore asks again with less than 900 s left, on every signed request (measured; `_advisory_refresh_timeout`):
    960 s clears it. A session of 900 s can never satisfy botocore, so it gets 360 s.
    """
    return max(min(960.0, 0.4 * lifetime), 60.0)


def ahead(lifetime: float) -> float:
    """For how long, in seconds, before the window a refresh is made behind the caller's back."""
    return min(0.1 * lifetime, 300.0)


def expiration_jitter(lifetime: float, host: str, key: str, expiration: datetime) -> float:
    """J: by how many seconds the printed `Expiration` is earlier than the true one.

    All SDKs refresh a fixed time before the printed end, so hosts that started together would call STS together for
    ever. `u` in [0, 1) comes from host, key and expiry: the same on every call, another on every host.
    """
    drawn = hashlib.sha256(f"{host}\0{key}\0{expiration.timestamp():.0f}".encode()).digest()
    u = (int.from_bytes(drawn[:7], "big") >> 3) / 2**53
    return u * min(0.1 * lifetime, 900.0)


def printed_expiration(expiration: datetime, lifetime: float, host: str, key: str) -> datetime:
    """The `Expiration` that clients are told: the true one less `shade`, in whole seconds."""
    earlier = expiration.timestamp() - expiration_jitter(lifetime, host, key, expiration)
    return datetime.fromtimestamp(int(earlier), UTC)
