"""What STS enforces and moto does not: MFA codes that are good once, the longest sessions, external ids, expiry.

A `Strict` is a behaviour of the front: it refuses with STS's own codes and texts, and what it lets through it has the
local AWS answer, signed anew by the user; without a local AWS behind it, it answers by itself.
"""

import re
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pyotp
import requests
import scoped_sts
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from front import ACCOUNT, Behaviour, Call, Reply, error, session

USER = f"arn:aws:iam::{ACCOUNT}:user/sts-user"
SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/sts-user"
WRONG_CODE = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
WRONG_DEVICE = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid "
    "and associated with this user."
)


@dataclass
class Device:
    """A user's MFA device."""

    secret: str = field(default_factory=pyotp.random_base32)
    used: set[str] = field(default_factory=set)

    def code(self) -> str:
        """What it shows now."""
        return pyotp.TOTP(self.secret).now()

    def takes(self, code: str) -> bool:
        """Whether STS takes `code`: this half minute's or its neighbours', and never a second time."""
        if code in self.used or not pyotp.TOTP(self.secret).verify(code, valid_window=1):
            return False
        self.used.add(code)
        return True


@dataclass(frozen=True)
class Role:
    """What a role asks for."""

    longest: int = 3600
    external_id: str | None = None
    wants_mfa: bool = False


@dataclass(frozen=True)
class Issued:
    """A session that was given: whose, and until when; of a role, also which one, and over another session or not."""

    credentials: Credentials
    of_role: bool
    with_mfa: bool
    expires: datetime
    role_arn: str = ""
    over_session: bool = False
    account: str = ACCOUNT
    policies: tuple[str, ...] = ()  # those that GetScopedCredentials has put on it


@dataclass
class Strict:
    """STS, as strict as AWS's. `user` is the one user's access key; `codes` are the MFA codes that have come."""

    user: Credentials
    upstream: str | None = None
    devices: dict[str, Device] = field(default_factory=lambda: {SERIAL: Device()})
    roles: dict[str, Role] = field(default_factory=dict)
    otherwise: Role | None = field(default_factory=Role)
    sessions: dict[str, Issued] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def device(self) -> Device:
        return next(iter(self.devices.values()))

    def __call__(self, call: Call) -> Reply | None:
        with self.turn:
            refusal = self._refusal(call)
            return refusal(call) if refusal is not None else self._issue(call)

    def _refusal(self, call: Call) -> Behaviour | None:
        caller = self.sessions.get(call.access_key_id)
        if caller is None and call.access_key_id != self.user.access_key:
            return error(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
        if caller is not None and caller.expires <= datetime.now(UTC):
            return error(403, "ExpiredToken", "The security token included in the request is expired")
        if call.action == "GetSessionToken":
            return self._session_refusal(call, caller)
        if call.action == scoped_sts.ACTION:
            if caller is None:
                return scoped_sts.refusal(call, None, None, 0)
            return scoped_sts.refusal(call, caller.credentials.token, caller.expires, len(caller.policies))
        return self._role_refusal(call, caller)

    def _session_refusal(self, call: Call, caller: Issued | None) -> Behaviour | None:
        if caller is not None:
            return error(403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
        return _too_short_or_long(call, 129_600) or self._code_refusal(call)

    def _role_refusal(self, call: Call, caller: Issued | None) -> Behaviour | None:
        arn = call.parameters["RoleArn"]
        role = self.roles.get(arn, self.otherwise)
        denied = error(
            403, "AccessDenied", f"User: {USER} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        )
        if role is None or call.parameters.get("ExternalId") != (role.external_id or call.parameters.get("ExternalId")):
            return denied
        seconds = int(call.parameters.get("DurationSeconds", "3600"))
        if caller is not None and seconds > 3600:
            text = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
            return error(400, "ValidationError", text)
        if seconds > role.longest:
            text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            return error(400, "ValidationError", text)
        refusal = _too_short_or_long(call, 43_200) or self._code_refusal(call)
        if refusal is not None:
            return refusal
        has_mfa = "TokenCode" in call.parameters or (caller is not None and caller.with_mfa and not caller.of_role)
        return denied if role.wants_mfa and not has_mfa else None

    def _code_refusal(self, call: Call) -> Behaviour | None:
        """Whether the code, where one was given, is not taken."""
        serial, code = (call.parameters.get(name) for name in ("SerialNumber", "TokenCode"))
        if serial is None and code is None:
            return None
        self.codes.append(code or "")
        device = self.devices.get(serial or "")
        if device is None or call.access_key_id != self.user.access_key:
            return error(403, "AccessDenied", WRONG_DEVICE)
        return None if code and device.takes(code) else error(403, "AccessDenied", WRONG_CODE)

    def _issue(self, call: Call) -> Reply:
        caller = self.sessions.get(call.access_key_id)
        if call.action == scoped_sts.ACTION and caller is not None:
            return self._narrow(call, caller)
        of_role = call.action == "AssumeRole"
        if self.upstream is not None and of_role:
            reply = self._from_upstream(call, caller)
            if reply.status != 200:
                return reply
        else:
            seconds = int(call.parameters.get("DurationSeconds", "3600"))
            access_key_id = f"ASIASTRICT{len(self.sessions):010}"
            reply = session(seconds, access_key_id)(call) or Reply(500, b"")
        found = {
            name: re.search(f"<{name}>([^<]+)</{name}>".encode(), reply.body)
            for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")
        }
        values = [match.group(1).decode() for match in found.values() if match]
        expires = datetime.now(UTC) + timedelta(seconds=int(call.parameters.get("DurationSeconds", "3600")))
        with_mfa = "TokenCode" in call.parameters
        role_arn = call.parameters.get("RoleArn", "")
        given = Issued(Credentials(*values), of_role, with_mfa, expires, role_arn, over_session=caller is not None)
        self.sessions[values[0]] = given
        return reply

    def _narrow(self, call: Call, caller: Issued) -> Reply:
        """The caller's session, narrowed: whose it is stays, and what it may is never more."""
        access_key_id = f"ASIASCOPED{len(self.sessions):010}"
        ends = scoped_sts.end(call, caller.expires)
        secret, token, reply = scoped_sts.reply(access_key_id, ends, caller.account)
        policies = (*caller.policies, *([call.parameters["Policy"]] if "Policy" in call.parameters else []))
        credentials = Credentials(access_key_id, secret, token)
        self.sessions[access_key_id] = replace(caller, credentials=credentials, expires=ends, policies=policies)
        return reply

    def _from_upstream(self, call: Call, caller: Issued | None) -> Reply:
        """The local AWS's answer: it knows neither MFA nor a user's sessions, so the user signs."""
        signer = caller.credentials if caller is not None and caller.of_role else self.user
        parameters = {n: v for n, v in call.parameters.items() if n not in {"SerialNumber", "TokenCode"}}
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = AWSRequest("POST", f"{self.upstream}/", headers, data=parameters)
        SigV4Auth(signer, "sts", "us-east-1").add_auth(request)
        prepared = request.prepare()
        answer = requests.post(prepared.url, prepared.body, headers=dict(prepared.headers), timeout=30)
        return Reply(answer.status_code, answer.content)


def _too_short_or_long(call: Call, longest: int) -> Behaviour | None:
    value = call.parameters.get("DurationSeconds", "3600")
    if 900 <= int(value) <= longest:
        return None
    word, limit = ("greater", 900) if int(value) < 900 else ("less", longest)
    text = (
        f"1 validation error detected: Value '{value}' at 'durationSeconds' failed to satisfy constraint: Member must "
        f"have value {word} than or equal to {limit}"
    )
    return error(400, "ValidationError", text)
