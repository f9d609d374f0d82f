"""The local AWS as clients see it: a front that knows which sessions were given, and refuses those that have ended."""

import re
import select
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

from front import Call, Front, Reply, error


@dataclass
class Account(Front):
    """`seconds` is how long the sessions of the local AWS are to last, `age` how long ago they are to have begun: STS
    then says so in its answer's `Date`. `under_way` is how long a request may take to come after it was signed.

    `ends` has, by access key id, the end of each session that was given; `late` those that were used after that.
    `events` is what came, and the calls that were given up by who made them, in order.
    """

    seconds: float | None = None
    age: float = 0.0
    under_way: float = 1.0
    ends: dict[str, float] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    here: Any = field(default_factory=threading.local)

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        self.here.connection = request.connection
        super().handle(request)

    def signed_by(self) -> set[str]:
        """The access key ids that have signed a request which is not the helper's; "" for one that is not signed."""
        return {call.access_key_id for call in self.calls if call.action != "AssumeRole"}

    def hang_until_given_up(self, call: Call) -> Reply | None:
        """Say nothing to AssumeRole until whoever asks has had enough; other calls go on."""
        if call.action != "AssumeRole":
            self.events.append("client")
            return None
        self.events.append("refresh")
        while not self.released.is_set() and not select.select([self.here.connection], [], [], 0.05)[0]:
            pass
        self.events.append("given up")
        raise ConnectionResetError

    def passed_on(self, request: BaseHTTPRequestHandler, body: bytes) -> Reply:
        key = request.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0]
        if time.time() > self.ends.get(key, float("inf")) + self.under_way:
            self.late.append(key)
            refusal = error(403, "ExpiredToken", "The security token included in the request is expired")
            return refusal(Call({}, key, "")) or Reply(500, b"")
        reply = super().passed_on(request, body)
        if b"<AssumeRoleResult>" not in reply.body:
            return reply
        return self._lasting(reply)

    def _lasting(self, reply: Reply) -> Reply:
        """The local AWS's answer to AssumeRole, with this account's times."""
        text = reply.body.decode()
        (key,) = re.findall("<AccessKeyId>(.*?)</AccessKeyId>", text)
        (said,) = re.findall("<Expiration>(.*?)</Expiration>", text)
        began = datetime.now(UTC).timestamp() - self.age
        end = datetime.fromisoformat(said).timestamp() if self.seconds is None else int(began + self.seconds)
        self.ends[key] = end
        printed = datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Reply(200, text.replace(said, printed).encode(), reply.content_type, datetime.fromtimestamp(began, UTC))
