"""The federation endpoint of AWS's sign-in: temporary credentials for a sign-in token, and that for the console.

It is stricter than AWS's: that takes the credentials in a URL, too, which is where they leak. What it refuses it
answers with a page and 400, as AWS's does, whatever the reason; `refused` has that.
"""

import html
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from issued_keys import Issuer, Keys
from json_service import Answer, Request
from strict import Issued

PATH = "/federation"
FORM = "application/x-www-form-urlencoded"
_SHORTEST, _LONGEST = 900, 43_200  # seconds of a console session
_TOKEN = timedelta(minutes=15)
_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-eusc": "console.amazonaws-eusc.eu",
}


class _Refused(Exception):
    """Why a request is refused: AWS does not say so."""


@dataclass(frozen=True)
class SignedIn:
    """A console session that began: who, where, and for how long (seconds; None: as its credentials have it)."""

    who: str
    destination: str
    seconds: int | None
    issuer: str


@dataclass
class _Token:
    who: str
    partition: str
    seconds: int | None
    expires: datetime


@dataclass
class Federation:
    """The endpoint's state: who has signed in, and why requests were refused. A sign-in token is good once here."""

    now: Callable[[], datetime]
    issuer: Issuer
    sign_ins: list[SignedIn] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list, repr=False)
    _tokens: dict[str, _Token] = field(default_factory=dict, repr=False)

    def get_sign_in_token(self, request: Request) -> Answer:
        """`Action=getSigninToken`, as a form."""
        return self._answered(request, self._get_sign_in_token)

    def page(self, request: Request) -> Answer:
        """`Action=login`, which a browser opens."""
        return self._answered(request, self._log_in)

    def _answered(self, request: Request, work: Callable[[Request], Answer]) -> Answer:
        try:
            return work(request)
        except _Refused as refused:
            self.refused.append(str(refused))
            return _page(400, "Invalid Credentials Parameter", "The request sent by the client was incorrect.")

    def _get_sign_in_token(self, request: Request) -> Answer:
        if request.query:
            raise _Refused("a form's request has a query")
        if request.headers.get("content-type", "").partition(";")[0] != FORM:
            raise _Refused("it is no form")
        try:
            form = parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True)
        except ValueError:
            raise _Refused("it is no form") from None
        given = dict(form)
        if set(given) - {"Action", "Session", "SessionDuration", "SessionType"} or len(given) < len(form):
            raise _Refused("a parameter is unknown, or there twice")
        if given.get("Action") != "getSigninToken":
            raise _Refused("the action is not getSigninToken")
        keys = self._keys(given.get("Session", ""))
        seconds = self._seconds(given, keys)
        who, partition = _whose(keys)
        token = f"signin-{secrets.token_urlsafe(96)}"
        self.given.append(token)
        self._tokens[token] = _Token(who, partition, seconds, self.now() + _TOKEN)
        return Answer(200, json.dumps({"SigninToken": token}).encode())

    def _keys(self, text: str) -> Keys | Issued:
        """The session that these credentials are, where it is one that can sign in."""
        try:
            session = json.loads(text)
            parts = [session.pop(name) for name in ("sessionId", "sessionKey", "sessionToken")]
        except (ValueError, LookupError, TypeError, AttributeError):
            raise _Refused("Session is no object with the three fields") from None
        if session or not all(isinstance(part, str) and part for part in parts):
            raise _Refused("Session has another field, or one that is no text")
        for keys in self.issuer.given:
            if [keys.access_key_id, keys.secret_access_key, keys.session_token] == parts:
                return self._checked(keys, may=keys.of_role or keys.is_federated)
        issued = self.issuer.sts.sessions.get(parts[0]) if self.issuer.sts is not None else None
        if issued is not None:
            credentials = issued.credentials
            if [credentials.access_key, credentials.secret_key, credentials.token] == parts:
                return self._checked(issued, may=issued.of_role)
        raise _Refused("the credentials are not known")

    def _checked(self, keys: Keys | Issued, *, may: bool) -> Keys | Issued:
        if not may:
            raise _Refused("a user's own session cannot sign in")
        if keys.expires <= self.now():
            raise _Refused("the credentials have expired")
        return keys

    def _seconds(self, given: Mapping[str, str], keys: Keys | Issued) -> int | None:
        text = given.get("SessionDuration")
        if text is None:
            return None
        if not text.isdigit() or not _SHORTEST <= int(text) <= _LONGEST:
            raise _Refused("SessionDuration is not 900 to 43200")
        if isinstance(keys, Keys):
            if keys.is_federated or keys.permission_set is None:
                raise _Refused("SessionDuration is not for these credentials")
            return int(text)
        role = self.issuer.sts.roles.get(keys.role_arn, self.issuer.sts.otherwise) if self.issuer.sts else None
        if keys.over_session:
            raise _Refused("SessionDuration is not for a role over a temporary session")
        if role is None or int(text) > role.longest:
            raise _Refused("SessionDuration is more than the role's maximum")
        return int(text)

    def _log_in(self, request: Request) -> Answer:
        query = request.query
        if "Session" in query or query.get("Action") == "getSigninToken":
            raise _Refused("a secret is in a URL")
        if query.get("Action") != "login" or not query.get("Issuer") or set(query) != {
            "Action", "Issuer", "Destination", "SigninToken",
        }:  # fmt: skip
            raise _Refused("it is no login with Issuer, Destination and SigninToken")
        token = self._tokens.get(query["SigninToken"])
        if token is None or token.expires <= self.now():
            raise _Refused("the sign-in token is not good, or not any more")
        console = _CONSOLES[token.partition]
        where = urlsplit(query["Destination"])
        if where.scheme != "https" or not (where.netloc == console or where.netloc.endswith(f".{console}")):
            raise _Refused("the destination is not in the console")
        del self._tokens[query["SigninToken"]]
        self.sign_ins.append(SignedIn(token.who, query["Destination"], token.seconds, query["Issuer"]))
        lasting = f"for {token.seconds} s" if token.seconds is not None else "as long as the credentials"
        return _page(200, f"Signed in as {token.who}", f"{query['Destination']} is open {lasting}")


def _whose(keys: Keys | Issued) -> tuple[str, str]:
    """Who a session is, and its partition."""
    if isinstance(keys, Issued):
        return keys.role_arn, keys.role_arn.split(":")[1]
    if keys.permission_set is not None:
        return "/".join(keys.permission_set), "aws"
    return getattr(keys.login, "login_session", "a federated user"), "aws"


def _page(status: int, title: str, text: str) -> Answer:
    body = (
        f"<!DOCTYPE html><html><head><title>{html.escape(title)}</title></head><body style='font-family: sans-serif; "
        f"margin: 3em'><h1>{html.escape(title)}</h1><p>{html.escape(text)}</p></body></html>"
    )
    return Answer(status, body.encode(), {"Content-Type": "text/html; charset=utf-8"})
