"""Credentials, and what STS answers, as frozen values."""

from datetime import datetime

from assume_helper.light import Literal, TypeGuard, dataclass, field
from assume_helper.text import duration_text, has_control_character

# STS: DurationSeconds is 900 s to 43 200 s for a role (API reference of AssumeRole).
SHORTEST_SESSION = 900
LONGEST_SESSION = 43_200
# 3 600 s where the call does not say.
DEFAULT_SESSION = 3600
# Up to 129 600 s for a user's own session (API reference of GetSessionToken).
LONGEST_USER_SESSION = 129_600
# Where STS cannot be reached, credentials with more than this left (seconds) are served.
LAST_RESORT = 60
# How far this machine's clock may be off (seconds) before cached times are not believed.
CLOCK_TOLERANCE = 300
# How a session is kept between calls (`assume_helper_cache`).
Storage = Literal["file", "encrypted", "memory", "none"]
# The same, the laxest first: in memory nothing outlives the machine, which a disk does, encrypted or not.
STORAGES: tuple[Storage, ...] = ("file", "encrypted", "memory", "none")
# How a person logs in (`assume_helper_login`): in a browser here, or in any browser, with a code that is shown here.
LoginMethod = Literal["browser", "device"]
LOGIN_METHODS: tuple[LoginMethod, ...] = ("browser", "device")
# Which keyring keeps an access key: the desktop's, or the Linux kernel's.
KeyPlace = Literal["keyring", "kernel"]
KEY_PLACES: tuple[KeyPlace, ...] = ("keyring", "kernel")


def strictest(*storages: Storage | None) -> Storage:
    """The strictest of these; None means not set."""
    return max((storage for storage in storages if storage is not None), key=STORAGES.index, default="file")


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
        and not has_control_character(value)
    )


def is_account_id(value: object) -> TypeGuard[str]:
    """Whether `value` is the number of an account: twelve digits."""
    return isinstance(value, str) and len(value) == 12 and value.isascii() and value.isdigit()


@dataclass(frozen=True)
class WebIdentityToken:
    """A token of an identity provider, which STS takes in place of credentials."""

    token: str = field(repr=False)


@dataclass(frozen=True)
class SAMLAssertion:
    """An assertion of an identity provider, in base64, and that provider's ARN in IAM."""

    assertion: str = field(repr=False)
    provider_arn: str


@dataclass(frozen=True)
class Answer:
    """What STS, or whoever else has the credentials, gave, checked.

    `lifetime` is in seconds, by STS's own clock where it says its time. `expiration` is None for credentials that do
    not say when they end: they are handed through, and not kept. The ARN and the account are those of the assumed role;
    STS does not say them of a user's own session.
    `clock_difference` is in seconds: this machine's clock less STS's, 0 where STS did not say its time.
    """

    credentials: Credentials
    expiration: datetime | None
    lifetime: int = 0
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
