"""A local IAM Identity Center, and beside it the sign-in service of console logins: as strict as the services.

Tokens are good once, for one region and one client; what the real services refuse is refused with their own errors.
`once` and `always` make single operations misbehave (see behaviours). `log_in` and `console_log_in` leave in a home
what `aws sso login` and `aws login` do.
"""

import hashlib
import json
import os
import re
import secrets
import ssl
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from identity_center_oidc import ACCOUNT_ACCESS, BROWSER_GRANTS, Login, Oidc
from issued_keys import Issuer
from json_service import Behaviour, Refusal, Request, Server, Service, error_status
from running import Home
from signin_service import SAME_DEVICE, ConsoleLogin, SignIn, is_role

START_URL = "https://x.awsapps.com/start"
REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = "ReadOnly"
SESSION = "corp"
USER = f"arn:aws:iam::{ACCOUNT}:user/me"
_UNAUTHORIZED = "Session token not found or invalid"


def refusal(code: str, text: str) -> Refusal:
    """An error of the portal. Its model has no ForbiddenException."""
    status = 403 if code == "ForbiddenException" else error_status("sso", code)
    return Refusal(status, code, {"message": text, "__type": f"com.amazonaws.switchboard.portal#{code}"})


@dataclass
class Portal:
    """The portal's state: accounts by id, each with its name, and the permission sets that the person is assigned."""

    oidc: Oidc
    issuer: Issuer
    seconds: int = 3600
    page: int = 100
    accounts: dict[str, str] = field(default_factory=lambda: {ACCOUNT: "main"})
    assigned: dict[str, list[str]] = field(default_factory=lambda: {ACCOUNT: [ROLE]})
    _pages: dict[str, tuple[tuple[str, ...], int]] = field(default_factory=dict)

    def service(self) -> Service:
        work = {
            "GetRoleCredentials": self._get_role_credentials,
            "ListAccounts": self._list_accounts,
            "ListAccountRoles": self._list_account_roles,
            "Logout": self._log_out,
        }
        return Service("sso", work, _malformed)

    def _login(self, request: Request, given: dict[str, Any]) -> Login:
        """The login whose token this is. A wrong region gets the same words as a wrong token."""
        login = self.oidc.login_of(given["accessToken"], request.region)
        if login is None or (login.client.scopes and ACCOUNT_ACCESS not in login.client.scopes):
            raise refusal("UnauthorizedException", _UNAUTHORIZED)
        return login

    def _account(self, given: dict[str, Any]) -> str:
        account: str = given["accountId"]
        if not re.fullmatch(r"\d{12}", account):
            raise refusal("InvalidRequestException", "Invalid account id")
        if account not in self.accounts:
            raise refusal("ResourceNotFoundException", "The specified resource doesn't exist")
        return account

    def _get_role_credentials(self, request: Request, given: dict[str, Any]) -> dict[str, Any]:
        login = self._login(request, given)
        account = self._account(given)
        if given["roleName"] not in self.assigned.get(account, ()):
            raise refusal("ForbiddenException", "No access")
        whose = (account, given["roleName"])
        keys = self.issuer.issue(timedelta(seconds=self.seconds), of_role=True, login=login, permission_set=whose)
        found = {
            "accessKeyId": keys.access_key_id,
            "secretAccessKey": keys.secret_access_key,
            "sessionToken": keys.session_token,
            "expiration": int(keys.expires.timestamp()) * 1000,
        }
        return {"roleCredentials": found}

    def _list_accounts(self, request: Request, given: dict[str, Any]) -> dict[str, Any]:
        self._login(request, given)
        mine = [account for account in sorted(self.accounts) if self.assigned.get(account)]
        found = [
            {"accountId": account, "accountName": self.accounts[account], "emailAddress": f"{account}@example.com"}
            for account in mine
        ]
        return self._paged("accountList", found, given, "ListAccounts")

    def _list_account_roles(self, request: Request, given: dict[str, Any]) -> dict[str, Any]:
        self._login(request, given)
        account = self._account(given)
        if not self.assigned.get(account):
            raise refusal("ForbiddenException", "No access")
        found = [{"roleName": role, "accountId": account} for role in sorted(self.assigned[account])]
        return self._paged("roleList", found, given, f"ListAccountRoles {account}")

    def _log_out(self, request: Request, given: dict[str, Any]) -> dict[str, Any]:
        self._login(request, given).is_over = True
        return {}

    def _paged(self, name: str, found: list[Any], given: dict[str, Any], query: str) -> dict[str, Any]:
        """One page: a token for the next one is good for the same query by the same token only."""
        size = min(given.get("maxResults", self.page), self.page)
        asked, first = (query, given["accessToken"], str(given.get("maxResults"))), 0
        if "nextToken" in given:
            of, first = self._pages.get(given["nextToken"], ((), 0))
            if of != asked:
                raise refusal("InvalidRequestException", "Invalid next token")
        page = found[first : first + size]
        if first + size >= len(found):
            return {name: page}
        token = secrets.token_urlsafe(32)
        self._pages[token] = (asked, first + size)
        return {name: page, "nextToken": token}


def _malformed(text: str) -> Refusal:
    missing = text == "accessToken is missing"
    return refusal(
        "UnauthorizedException" if missing else "InvalidRequestException", _UNAUTHORIZED if missing else text
    )


@dataclass(frozen=True)
class SsoFile:
    """A login as `aws sso login` leaves it: the token's file, the registration's, and what the service knows of it."""

    path: Path
    registration: Path
    login: Login = field(repr=False)

    def read(self) -> dict[str, Any]:
        """What the token's file says now."""
        return _read(self.path)

    def change(self, **fields: Any) -> None:
        """Write the token's file with these fields; those that are None are left out."""
        _write(self.path, self.read() | fields)


@dataclass(frozen=True)
class ConsoleFile:
    """A login as `aws login` leaves it: its file, and what the service knows of it."""

    path: Path
    login: ConsoleLogin = field(repr=False)

    def read(self) -> dict[str, Any]:
        """What the file says now."""
        return _read(self.path)

    def change(self, **fields: Any) -> None:
        """Write the file with these fields; those that are None are left out."""
        _write(self.path, self.read() | fields)


# A moment, or how many seconds ahead it is (behind, where negative).
When = datetime | float


@dataclass
class Center:
    """The running services, and the one person who logs in to them.

    `now` may be set to a clock of the test's own. `portal`, `oidc` and `signin` hold what each service knows.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    region: str = REGION

    def __post_init__(self) -> None:
        def clock() -> datetime:
            return self.now()

        self.issuer = Issuer(clock)
        self.oidc = Oidc(clock, {START_URL: self.region})
        self.portal = Portal(self.oidc, self.issuer)
        self.signin = SignIn(clock, self.issuer)
        parts = (self.portal, self.oidc, self.signin)
        self.server = Server({s.name: s for s in (part.service() for part in parts)}, self.region)

    @property
    def malformed(self) -> list[str]:
        """Why requests were refused that nobody who knows the services would send."""
        return self.server.malformed

    def calls(self, operation: str) -> int:
        """How often an operation was called: by its name in the model, or `/authorize`."""
        return self.server.calls(operation)

    def once(self, operation: str, *behaviours: Behaviour) -> None:
        """Have the next calls of an operation behave so, one after the other."""
        self.server.once(operation, *behaviours)

    def always(self, operation: str, behaviour: Behaviour) -> None:
        """Have every call of an operation behave so from now on."""
        self.server.always(operation, behaviour)

    def as_usual(self, operation: str) -> None:
        """Take back what `always` and `once` have said of an operation."""
        self.server.as_usual(operation)

    def refuse_once(self, status: int = 403) -> None:
        """Have the portal refuse the next call for credentials, though the role is assigned."""
        code = {403: "ForbiddenException", 404: "ResourceNotFoundException", 429: "TooManyRequestsException"}[status]
        self.once("GetRoleCredentials", lambda _request, _proceed: refusal(code, "No access").answer())

    def environ(self, region: str | None = None) -> dict[str, str]:
        """The variables that have all clients call here; with `region`, as the services of that region."""
        names = {"sso": "SSO", "sso-oidc": "SSO_OIDC", "signin": "SIGNIN"}
        return {f"AWS_ENDPOINT_URL_{name}": self.server.url(service, region) for service, name in names.items()}

    def assign(self, account: str, *roles: str, name: str = "") -> None:
        """Assign permission sets of an account, which is new where it was not known."""
        self.portal.accounts.setdefault(account, name or f"account {account}")
        mine = self.portal.assigned.setdefault(account, [])
        mine.extend(role for role in roles if role not in mine)

    def unassign(self, account: str, *roles: str) -> None:
        """Take permission sets of an account away; the account stays."""
        self.portal.assigned[account] = [role for role in self.portal.assigned[account] if role not in roles]

    def revoke(self, access_token: str) -> None:
        """Have the portal take an access token no more; its login can still be renewed."""
        for login in self.oidc.logins:
            login.access_tokens.pop(access_token, None)

    def end(self, login: SsoFile | ConsoleFile, error: str = "TOKEN_EXPIRED") -> None:
        """End a login: of Identity Center all its tokens, of the console with the `error` that renewing it meets."""
        if isinstance(login, SsoFile):
            login.login.is_over = True
        else:
            login.login.ended = error

    def approve(self, user_code: str) -> None:
        """Have the person say yes to a device's code."""
        self.oidc.decide(user_code, approved=True)

    def deny(self, user_code: str) -> None:
        """Have the person say no to a device's code."""
        self.oidc.decide(user_code, approved=False)

    def log_in(
        self,
        home: Home,
        session_name: str | None = SESSION,
        *,
        start_url: str = START_URL,
        region: str | None = None,
        expires: When = 3600,
        registration_expires: When = 90 * 86400,
        scopes: tuple[str, ...] = (ACCOUNT_ACCESS,),
        configured_scopes: Collection[str] | None = (ACCOUNT_ACCESS,),
        grants: tuple[str, ...] = BROWSER_GRANTS,
        omit: Collection[str] = (),
    ) -> SsoFile:
        """Log in as `aws sso login` does, and leave its two files in `home`.

        Without a `session_name` it is the legacy form: the start URL names the file, a device logged in, there are
        neither scopes nor a refresh token. `grants` of () are a device's login to a session (`--use-device-code`).
        `configured_scopes` is what the config says, None for nothing. `omit` are fields that the token's file lacks.
        """
        known = self.oidc.start_urls.setdefault(start_url, region or self.region)
        where = region or known
        if session_name is None:
            scopes, configured_scopes, grants = (), None, ()
        client = self.oidc.register(
            where,
            scopes,
            expires=self._moment(registration_expires),
            grant_types=grants,
            redirect_uris=("http://127.0.0.1/oauth/callback",) if grants else (),
            issuer_url=start_url if grants else "",
        )
        end = self._moment(expires)
        login, access_token = self.oidc.logged_in(client, start_url, end)
        folder = home.folder / ".aws" / "sso" / "cache"
        key = {
            "tool": "botocore",
            "startUrl": start_url,
            "region": where,
            "scopes": None if configured_scopes is None else list(configured_scopes),
            "session_name": session_name,
        }
        files = [json.dumps(key, sort_keys=True), start_url if session_name is None else session_name]
        registration, path = (folder / f"{hashlib.sha1(name.encode()).hexdigest()}.json" for name in files)  # noqa: S324
        registered = {"clientId": client.client_id, "clientSecret": client.secret, "expiresAt": _text(client.expires)}
        fields = {"scopes": list(scopes) or None, "grantTypes": list(grants) or None}
        _write(registration, registered | fields)
        found = {
            "startUrl": start_url,
            "region": where,
            "accessToken": access_token,
            "expiresAt": _text(end),
            "clientId": client.client_id,
            "clientSecret": client.secret,
            "registrationExpiresAt": _text(client.expires),
            "refreshToken": login.refresh_token,
        }
        _write(path, {name: value for name, value in found.items() if name not in omit})
        return SsoFile(path, registration, login)

    def console_log_in(
        self,
        home: Home,
        login_session: str = USER,
        *,
        account_id: str = ACCOUNT,
        region: str | None = None,
        expires: When = 900,
        ends: When = 12 * 3600,
        client_id: str = SAME_DEVICE,
        pkcs8: bool = False,
        omit: Collection[str] = (),
    ) -> ConsoleFile:
        """Log in as `aws login` does, and leave its file in `home`.

        `region` is the sign-in region, `expires` the end of the credentials, `ends` that of the whole login; `omit` are
        fields that the file lacks.
        """
        where = region or self.region
        lasting = (self._moment(ends) - self.now()).total_seconds()
        login = self.signin.log_in(login_session, account_id, where, client_id, lasting)
        end = self._moment(expires)
        keys = self.issuer.issue(end - self.now(), of_role=is_role(login_session), login=login)
        found = {
            "accessToken": {
                "accessKeyId": keys.access_key_id,
                "secretAccessKey": keys.secret_access_key,
                "sessionToken": keys.session_token,
                "accountId": account_id,
                "expiresAt": _text(end),
            },
            "tokenType": "aws_sigv4",
            "refreshToken": login.refresh_token,
            "idToken": "id.token.none",
            "clientId": client_id,
            "dpopKey": login.pem(pkcs8=pkcs8),
            "signInRegion": where,
        }
        name = hashlib.sha256(login_session.encode()).hexdigest()
        path = home.folder / ".aws" / "login" / "cache" / f"{name}.json"
        _write(path, {name: value for name, value in found.items() if name not in omit})
        return ConsoleFile(path, login)

    def _moment(self, when: When) -> datetime:
        return when if isinstance(when, datetime) else self.now() + timedelta(seconds=when)


@contextmanager
def serving(
    *, tls: ssl.SSLContext | None = None, intercepting: ssl.SSLContext | None = None, region: str = REGION
) -> Iterator[Center]:
    """A center that runs meanwhile; `tls` and `intercepting` as `json_service.Server.start` has them."""
    center = Center(region=region)
    center.server.start(tls, intercepting)
    try:
        yield center
    finally:
        center.server.stop()


def sso_session(session_name: str = SESSION, start_url: str = START_URL, region: str = REGION, **keys: str) -> str:
    """The config's section of a session of Identity Center."""
    more = "".join(f"{name} = {value}\n" for name, value in keys.items())
    return f"[sso-session {session_name}]\nsso_start_url = {start_url}\nsso_region = {region}\n{more}"


def permission_set(
    profile: str, account: str = ACCOUNT, role: str = ROLE, session_name: str | None = SESSION, prefix: str = ""
) -> str:
    """The config's section of a profile: with a session, or in the legacy form; each key with `prefix`."""
    keys = {"sso_account_id": account, "sso_role_name": role}
    keys |= {"sso_session": session_name} if session_name else {"sso_start_url": START_URL, "sso_region": REGION}
    return f"[profile {profile}]\n" + "".join(f"{prefix}{name} = {value}\n" for name, value in keys.items())


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _write(path: Path, fields: dict[str, Any]) -> None:
    """Write a file as the AWS CLI does: in place, for the user alone. Fields of None are left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({name: value for name, value in fields.items() if value is not None}, file)
