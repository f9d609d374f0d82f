"""IAM and STS for the access keys of one user, as strict as AWS: at most two keys, not known at once.

It serves as the behaviour of a `front`. Its clock may differ from this machine's.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from front import Call, Reply, error, identity, session

ARN = "arn:aws:iam::123456789012:user/me"


@dataclass
class Key:
    """One access key. `unknown_for`: so many calls with it are answered as IAM does where it is not known yet."""

    access_key_id: str
    secret: str
    created: datetime
    is_active: bool = True
    used: datetime | None = None
    unknown_for: int = 0


@dataclass
class User:
    """The user whose keys these are. `ahead` is how far its clock is ahead of this machine's.

    `before` and `after` are called with each call, before it is carried out and after, with what will be answered; what
    they return is answered instead. `denied` are actions that the user may not do.
    """

    keys: dict[str, Key] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    ahead: timedelta = timedelta()
    unknown_for: int = 0
    denied: set[str] = field(default_factory=set)
    before: Callable[[Call], Reply | None] = lambda _call: None
    after: Callable[[Call], Reply | None] = lambda _call: None
    made: int = 0

    def now(self) -> datetime:
        return (datetime.now(UTC) + self.ahead).replace(microsecond=0)

    def add(self, access_key_id: str = "", *, age: timedelta = timedelta(), active: bool = True) -> Key:
        """A key that is there."""
        self.made += 1
        key = Key(
            access_key_id or f"AKIAMADE{self.made:08d}{os.getpid() % 10000:04d}",
            f"CanaryMadeSecret{self.made:04d}+/0123456789abcdefghij",
            self.now() - age,
            active,
        )
        self.keys[key.access_key_id] = key
        return key

    def key(self, access_key_id: str, secret: str, **fields: object) -> Key:
        """A key of this id and secret that is there."""
        found = self.add(access_key_id)
        found.secret = secret
        for name, value in fields.items():
            setattr(found, name, value)
        return found

    def __call__(self, call: Call) -> Reply:
        """The answer to one call, dated by the user's clock."""
        self.calls.append(call.action)
        reply = self.before(call) or self.answer(call)
        reply = self.after(call) or reply
        return Reply(reply.status, reply.body, reply.content_type, self.now(), reply.cut)

    def answer(self, call: Call) -> Reply:
        if call.access_key_id.startswith("ASIA"):
            return _reply(identity(ARN), call)
        key = self.keys.get(call.access_key_id)
        if key is not None and key.unknown_for > 0:
            key.unknown_for -= 1
            key = None
        if key is None or not key.is_active:
            return _reply(
                error(403, "InvalidClientTokenId", "The security token included in the request is invalid."), call
            )
        key.used = self.now()
        if call.action in self.denied:
            said = f"User: {ARN} is not authorized to perform: iam:{call.action} on resource: user me"
            return _reply(error(403, "AccessDenied", said), call)
        if call.action == "GetCallerIdentity":
            return _reply(identity(ARN), call)
        if call.action in ("GetSessionToken", "AssumeRole"):
            return _reply(session(), call)
        found: Reply = getattr(self, f"_{call.action}")(call)
        return found

    def _ListAccessKeys(self, _call: Call) -> Reply:  # noqa: N802 - the API's names
        members = "".join(
            f"<member><UserName>me</UserName><AccessKeyId>{key.access_key_id}</AccessKeyId><Status>"
            f"{'Active' if key.is_active else 'Inactive'}</Status>"
            f"<CreateDate>{_text(key.created)}</CreateDate></member>"
            for key in self.keys.values()
        )
        return _iam(
            "ListAccessKeys", f"<AccessKeyMetadata>{members}</AccessKeyMetadata><IsTruncated>false</IsTruncated>"
        )

    def _CreateAccessKey(self, call: Call) -> Reply:  # noqa: N802
        if len(self.keys) >= 2:
            return _reply(error(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"), call)
        key = self.add()
        key.unknown_for = self.unknown_for
        return _iam(
            "CreateAccessKey",
            f"<AccessKey><UserName>me</UserName><AccessKeyId>{key.access_key_id}</AccessKeyId><Status>Active</Status>"
            f"<SecretAccessKey>{escape(key.secret)}</SecretAccessKey><CreateDate>{_text(key.created)}</CreateDate>"
            "</AccessKey>",
        )

    def _UpdateAccessKey(self, call: Call) -> Reply:  # noqa: N802
        key = self.keys.get(call.parameters["AccessKeyId"])
        if key is None:
            return _gone(call)
        key.is_active = call.parameters["Status"] == "Active"
        return _iam("UpdateAccessKey")

    def _DeleteAccessKey(self, call: Call) -> Reply:  # noqa: N802
        if self.keys.pop(call.parameters["AccessKeyId"], None) is None:
            return _gone(call)
        return _iam("DeleteAccessKey")

    def _GetAccessKeyLastUsed(self, call: Call) -> Reply:  # noqa: N802
        key = self.keys[call.parameters["AccessKeyId"]]
        used = "" if key.used is None else f"<LastUsedDate>{_text(key.used)}</LastUsedDate>"
        place = "N/A" if key.used is None else "us-east-1"
        return _iam(
            "GetAccessKeyLastUsed",
            f"<UserName>me</UserName><AccessKeyLastUsed>{used}<ServiceName>{place}</ServiceName><Region>{place}</Region>"
            "</AccessKeyLastUsed>",
        )


def killing(process: Callable[[], int], action: str, nth: int = 1) -> Callable[[Call], Reply | None]:
    """What kills a process with -9 when it makes its `nth` call of this action."""
    count = 0

    def kill(call: Call) -> Reply | None:
        nonlocal count
        count += call.action == action
        if call.action == action and count == nth:
            os.kill(process(), signal.SIGKILL)
            raise ConnectionResetError
        return None

    return kill


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _iam(action: str, result: str = "") -> Reply:
    inner = f"<{action}Result>{result}</{action}Result>" if result else ""
    body = (
        f'<{action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">{inner}'
        f"<ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></{action}Response>"
    )
    return Reply(200, body.encode())


def _gone(call: Call) -> Reply:
    said = f"The Access Key with id {call.parameters['AccessKeyId']} cannot be found."
    return _reply(error(404, "NoSuchEntity", said), call)


def _reply(behaviour: Callable[[Call], Reply | None], call: Call) -> Reply:
    found = behaviour(call)
    assert found is not None
    return found
