"""A home, an STS and a clock in which sessions are had."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from front import Behaviour, Call, Front, Reply, error, session
from running import Home, into

from assume_helper.cache.entries import Entry
from assume_helper.profiles import role_chain
from assume_helper.profiles.aws_config import load
from assume_helper.profiles.role import Profile
from assume_helper.sessions.provider import get_credentials
from assume_helper.system.context import CallContext, Clock

# Far from the files' own times, so that the config counts as settled.
START = datetime(2035, 1, 1, 12, tzinfo=UTC).timestamp()
HOUR = 3600
EXPIRED = error(403, "ExpiredToken", "The security token included in the request is expired")
LATER_CODE = error(400, "ValidationError", "not so")
UNKNOWN = error(403, "InvalidClientTokenId", "The security token is invalid")
BAD_SIGNATURE = "The request signature we calculated does not match the signature you provided."


@dataclass
class World:
    """A home, a front that is its STS, and a clock that goes on only when told to, or while somebody sleeps."""

    home: Home
    front: Front
    now: float = START
    host: str = "host"
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        paths = {"AWS_CONFIG_FILE": self.home.config, "AWS_SHARED_CREDENTIALS_FILE": self.home.credentials}
        self.home.environ |= {name: str(path) for name, path in paths.items()}
        self.front.behaviour = self.giving()

    def giving(self, seconds: float = HOUR, **values: str) -> Behaviour:
        """STS by this world's clock."""

        def answer(call: Call) -> Reply | None:
            return session(seconds, date=datetime.fromtimestamp(self.now, UTC), **values)(call)

        return answer

    def pass_by(self, seconds: float) -> None:
        self.now += seconds

    def get(self, name: str = "dev", *, started: Any = None, **environ: str) -> Entry:
        return get_credentials(name, self.context(started=started, **environ))

    def context(self, *, started: Any = None, **environ: str) -> CallContext:
        return CallContext(
            environ=self.home.environ | environ,
            clock=Clock(now=lambda: self.now, monotonic=lambda: self.now, sleep=self.pass_by),
            started=self.now if started is None else started,
            started_monotonic=self.now,
            host=self.host,
            session_name=lambda: "me@host",
            warn=into(self.warnings),
        )

    def shorter_mfa_session(self) -> Entry:
        """A session that is due for a refresh, and whose MFA session is over."""
        self.front.behaviour = lambda call: self.giving(840 if call.action == "GetSessionToken" else 900)(call)
        first = self.get(ASSUME_HELPER_MFA_TOKEN="123456")
        self.pass_by(820)
        return first

    @property
    def calls(self) -> int:
        return len(self.front.calls)

    def files(self, ending: str) -> list[Path]:
        return sorted(self.home.cache.glob(f"*.{ending}"))

    def profile(self, name: str = "dev") -> Profile:
        return role_chain.read_profile(load(self.home.environ), self.home.environ, name)

    def add(self, text: str) -> None:
        with self.home.config.open("a") as file:
            file.write(text)


def told(entry: Entry) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(entry.document)
    return document


def time_of(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def in_the_window(world: World, left: float = 600) -> Entry:
    """A cached session of an hour with so much of it left."""
    entry = world.get()
    world.now = START + HOUR - left
    world.front.calls.clear()
    return entry


def failure(world: World) -> dict[str, Any]:
    """What is kept about the one call that failed."""
    (file,) = world.files("failure")
    record: dict[str, Any] = json.loads(file.read_bytes().split(b"\n", 1)[1])
    return record
