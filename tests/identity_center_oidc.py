"""The OIDC service of the local Identity Center: clients, the two ways to log in, and tokens that are good once.

Everything belongs to a region, clients included. What is not in botocore's model `sso-oidc` is RFC 6749 (the pages),
7636 (PKCE), 8252 (redirects to one's own machine) and 8628 (the device's code).
"""

import base64
import hashlib
import html
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from json_service import Answer, Malformed, Refusal, Request, Service, error_status

AUTHORIZATION_CODE = "authorization_code"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH_TOKEN = "refresh_token"
DEVICE_GRANTS = (DEVICE_CODE, REFRESH_TOKEN)
BROWSER_GRANTS = (AUTHORIZATION_CODE, REFRESH_TOKEN)
ACCOUNT_ACCESS = "sso:account:access"
_SCOPES = {ACCOUNT_ACCESS, "codewhisperer:completions", "codewhisperer:analysis", "codewhisperer:conversations"}
_ERRORS = {
    "AccessDeniedException": "access_denied",
    "AuthorizationPendingException": "authorization_pending",
    "ExpiredTokenException": "expired_token",
    "InternalServerException": "server_error",
    "InvalidClientException": "invalid_client",
    "InvalidClientMetadataException": "invalid_client_metadata",
    "InvalidGrantException": "invalid_grant",
    "InvalidRedirectUriException": "invalid_redirect_uri",
    "InvalidRequestException": "invalid_request",
    "InvalidScopeException": "invalid_scope",
    "SlowDownException": "slow_down",
    "UnauthorizedClientException": "unauthorized_client",
    "UnsupportedGrantTypeException": "unsupported_grant_type",
}


def refusal(code: str, text: str = "Invalid request") -> Refusal:
    """An error of the service: its status from the model, its OAuth error with the class."""
    return Refusal(error_status("sso-oidc", code), code, {"error": _ERRORS[code], "error_description": text})


@dataclass
class Client:
    """A registration. `grant_types` is empty where none were named: the device's grants are meant."""

    client_id: str
    secret: str = field(repr=False)
    region: str
    expires: datetime
    scopes: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    issuer_url: str = ""

    @property
    def grants(self) -> tuple[str, ...]:
        return self.grant_types or DEVICE_GRANTS


@dataclass(eq=False)
class Login:
    """A person's login: it lives on in its refresh tokens until it is ended."""

    client: Client
    start_url: str
    ends: datetime
    access_tokens: dict[str, datetime] = field(default_factory=dict, repr=False)  # until when each is good
    refresh_token: str | None = field(default=None, repr=False)
    is_over: bool = False

    @property
    def region(self) -> str:
        return self.client.region


@dataclass
class _Pending:
    """A login that has begun: with a code for a device, or a code in a browser's redirect."""

    client: Client
    start_url: str
    expires: datetime
    user_code: str = ""
    interval: float = 0
    polled: datetime | None = None
    is_approved: bool | None = None
    redirect_uri: str = ""
    challenge: str = ""


@dataclass
class Oidc:
    """The service's state. `start_urls` has the region of each start URL that is known.

    `approves` is what the person says at a page for a browser; with `asks` that page is shown first, and its button
    pressed, as only a real browser does it. All times are in seconds.
    """

    now: Callable[[], datetime]
    start_urls: dict[str, str]
    token_seconds: int = 3600
    login_seconds: int = 8 * 3600
    registration_seconds: int = 90 * 86400
    interval: int = 5
    device_seconds: int = 600
    approves: bool = True
    asks: bool = False
    clients: dict[tuple[str, str], Client] = field(default_factory=dict)
    logins: list[Login] = field(default_factory=list)
    _refresh_tokens: dict[str, Login] = field(default_factory=dict)
    _pending: dict[str, _Pending] = field(default_factory=dict)

    def service(self) -> Service:
        work = {
            "RegisterClient": self._register_client,
            "StartDeviceAuthorization": self._start_device_authorization,
            "CreateToken": self._create_token,
        }
        malformed: Callable[[str], Refusal] = lambda text: refusal("InvalidRequestException", text)  # noqa: E731
        return Service("sso-oidc", work, malformed, {"/authorize": self._authorize})

    def register(self, region: str, scopes: tuple[str, ...] = (), **fields: Any) -> Client:
        """A new client, known from now on."""
        expires = fields.pop("expires", None) or self.now() + timedelta(seconds=self.registration_seconds)
        client = Client(
            secrets.token_urlsafe(16), f"secret-{secrets.token_urlsafe(32)}", region, expires, scopes, **fields
        )
        self.clients[region, client.client_id] = client
        return client

    def logged_in(self, client: Client, start_url: str, expires: datetime | None = None) -> tuple[Login, str]:
        """A new login of a client, and its first access token."""
        login = Login(client, start_url, self.now() + timedelta(seconds=self.login_seconds))
        self.logins.append(login)
        if client.scopes and REFRESH_TOKEN in client.grants:
            self._rotate(login)
        return login, self._access_token(login, expires)

    def login_of(self, access_token: str, region: str) -> Login | None:
        """The login that an access token is good for now, in this region."""
        for login in self.logins:
            end = login.access_tokens.get(access_token)
            if end is not None and not login.is_over and login.region == region and self.now() < end:
                return login
        return None

    def decide(self, user_code: str, *, approved: bool) -> None:
        """What the person says to a device's code."""
        (pending,) = (pending for pending in self._pending.values() if pending.user_code == user_code)
        pending.is_approved = approved

    def _access_token(self, login: Login, expires: datetime | None = None) -> str:
        token = f"aoaAAAA{secrets.token_urlsafe(48)}"
        login.access_tokens[token] = expires or self.now() + timedelta(seconds=self.token_seconds)
        return token

    def _rotate(self, login: Login) -> None:
        login.refresh_token = f"aorAAAA{secrets.token_urlsafe(48)}"
        self._refresh_tokens[login.refresh_token] = login

    def _client(self, request: Request, given: Mapping[str, Any], grant: str) -> Client:
        """The client that calls: known in this region, with its secret, not expired, and registered for this grant."""
        client = self.clients.get((request.region, given["clientId"]))
        if client is None or client.secret != given["clientSecret"]:
            raise refusal("InvalidClientException", "Invalid client provided")
        if client.expires <= self.now():
            raise refusal("InvalidClientException", "Client has expired")
        if grant not in client.grants:
            raise refusal("UnauthorizedClientException", "Client is not authorized for this grant type")
        return client

    def _is_known(self, start_url: str, region: str) -> bool:
        return self.start_urls.get(start_url) == region

    def _register_client(self, request: Request, given: dict[str, Any]) -> dict[str, Any]:
        grants = tuple(given.get("grantTypes", ()))
        redirects = tuple(given.get("redirectUris", ()))
        if given["clientType"] != "public":
            raise refusal("InvalidClientMetadataException", "Client type must be public")
        if "grantTypes" in given and not grants:
            raise refusal("InvalidRequestException", "grantTypes is empty")
        if not set(grants) <= {AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN}:
            raise refusal("UnsupportedGrantTypeException", "Unsupported grant type")
        if not set(given.get("scopes", ())) <= _SCOPES:
            raise refusal("InvalidScopeException", "Invalid scope")
        if not all(_is_redirect(uri) for uri in redirects) or (AUTHORIZATION_CODE in grants and not redirects):
            raise refusal("InvalidRedirectUriException", "Invalid redirect URI")
        issuer = given.get("issuerUrl", "")
        if (issuer or AUTHORIZATION_CODE in grants) and not self._is_known(issuer, request.region):
            raise refusal("InvalidRequestException", "Invalid issuer URL")
        client = self.register(
            request.region,
            tuple(given.get("scopes", ())),
            grant_types=grants,
            redirect_uris=redirects,
            issuer_url=issuer,
        )
        return {
            "clientId": client.client_id,
            "clientSecret": client.secret,
            "clientIdIssuedAt": int(self.now().timestamp()),
            "clientSecretExpiresAt": int(client.expires.timestamp()),
        }

    def _start_device_authorization(self, request: Request, given: dict[str, Any]) -> dict[str, Any]:
        client = self._client(request, given, DEVICE_CODE)
        start_url = given["startUrl"]
        if not self._is_known(start_url, request.region):
            raise refusal("InvalidRequestException", "Invalid start URL")
        letters = "BCDFGHJKLMNPQRSTVWXZ"
        code = "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(2))
        pending = _Pending(client, start_url, self.now() + timedelta(seconds=self.device_seconds), code, self.interval)
        device_code = secrets.token_urlsafe(32)
        self._pending[device_code] = pending
        page = f"{start_url}/#/device"
        return {
            "deviceCode": device_code,
            "userCode": code,
            "verificationUri": page,
            "verificationUriComplete": f"{page}?user_code={code}",
            "expiresIn": self.device_seconds,
            "interval": self.interval,
        }

    def _authorize(self, request: Request) -> Answer:
        """The page that a browser opens to log in: it sends the browser back with a code, or with an error.

        Where client or redirect are not right, nothing is sent anywhere (RFC 6749, 4.1.2.1).
        """
        query = request.query
        client = self.clients.get((request.region, query.get("client_id", "")))
        redirect = query.get("redirect_uri", "")
        if client is None or client.expires <= self.now() or AUTHORIZATION_CODE not in client.grants:
            return _page(400, "invalid_client")
        if not any(_leads_to(redirect, registered) for registered in client.redirect_uris):
            return _page(400, "invalid_redirect_uri")
        wanted = query.get("scopes", "").split()
        is_proof = query.get("code_challenge_method") == "S256" and len(query.get("code_challenge", "")) == 43
        problems = (
            (query.get("response_type") != "code", "unsupported_response_type"),
            (not is_proof or not query.get("state"), "invalid_request"),
            (not wanted or not set(wanted) <= set(client.scopes), "invalid_scope"),
            (not self.approves, "access_denied"),
        )
        problem = next((error for holds, error in problems if holds), None)
        if problem is None and self.asks and "allowed" not in query:
            return _consent(query)
        back = {"state": query["state"]} if query.get("state") else {}
        if problem is None:
            code = secrets.token_urlsafe(32)
            expires = self.now() + timedelta(seconds=self.device_seconds)
            challenge = query["code_challenge"]
            self._pending[code] = _Pending(
                client, client.issuer_url, expires, redirect_uri=redirect, challenge=challenge
            )
            back = {"code": code} | back
        else:
            back = {"error": problem} | back
        return Answer(302, b"", {"Location": f"{redirect}?{urlencode(back)}"})

    def _create_token(self, request: Request, given: dict[str, Any]) -> dict[str, Any]:
        work = {
            AUTHORIZATION_CODE: self._with_code,
            DEVICE_CODE: self._with_device_code,
            REFRESH_TOKEN: self._refreshed,
        }.get(given["grantType"])
        if work is None:
            raise refusal("UnsupportedGrantTypeException", "Unsupported grant type")
        login, token = work(self._client(request, given, given["grantType"]), given)
        answer = {"accessToken": token, "tokenType": "Bearer", "expiresIn": self.token_seconds}
        return answer | ({"refreshToken": login.refresh_token} if login.refresh_token is not None else {})

    def _with_code(self, client: Client, given: Mapping[str, Any]) -> tuple[Login, str]:
        _demand(given, "code", "redirectUri", "codeVerifier")
        pending = self._pending.get(given["code"])
        if pending is None or pending.client is not client or not pending.challenge:
            raise refusal("InvalidGrantException", "Invalid authorization code")
        del self._pending[given["code"]]  # it is good once, whatever comes of it
        if pending.expires <= self.now():
            raise refusal("ExpiredTokenException", "The authorization code has expired")
        digest = hashlib.sha256(given["codeVerifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != pending.challenge:
            raise refusal("InvalidGrantException", "Invalid code verifier")
        if not 43 <= len(given["codeVerifier"]) <= 128 or given["redirectUri"] != pending.redirect_uri:
            raise refusal("InvalidGrantException", "Invalid code verifier or redirect URI")
        return self.logged_in(client, pending.start_url)

    def _with_device_code(self, client: Client, given: Mapping[str, Any]) -> tuple[Login, str]:
        _demand(given, "deviceCode")
        pending = self._pending.get(given["deviceCode"])
        if pending is None or pending.client is not client or not pending.user_code:
            raise refusal("InvalidGrantException", "Invalid device code")
        if pending.expires <= self.now():
            raise refusal("ExpiredTokenException", "The device code has expired")
        before, pending.polled = pending.polled, self.now()
        if before is not None and (pending.polled - before).total_seconds() < pending.interval:
            pending.interval += 5  # for this and all later requests: RFC 8628, 3.5
            raise refusal("SlowDownException", "Too many requests")
        if pending.is_approved is None:
            raise refusal("AuthorizationPendingException", "Authorization is pending")
        del self._pending[given["deviceCode"]]
        if not pending.is_approved:
            raise refusal("AccessDeniedException", "The person said no")
        return self.logged_in(client, pending.start_url)

    def _refreshed(self, client: Client, given: Mapping[str, Any]) -> tuple[Login, str]:
        _demand(given, "refreshToken")
        login = self._refresh_tokens.get(given["refreshToken"])
        if login is None or login.client is not client or login.refresh_token != given["refreshToken"]:
            raise refusal("InvalidGrantException", "Invalid refresh token provided")
        if login.is_over or login.ends <= self.now():
            raise refusal("InvalidGrantException", "The login has ended")
        self._rotate(login)
        return login, self._access_token(login)


def _demand(given: Mapping[str, Any], *names: str) -> None:
    missing = [name for name in names if not given.get(name)]
    if missing:
        raise Malformed(f"{', '.join(missing)} missing")


def _is_redirect(uri: str) -> bool:
    """Whether a redirect can be registered: to one's own machine, by its number, and without a port (RFC 8252, 7.3)."""
    split = urlsplit(uri)
    return (split.scheme, split.netloc, split.query, split.fragment) == ("http", "127.0.0.1", "", "")


def _leads_to(redirect: str, registered: str) -> bool:
    """Whether a redirect is the registered one, with any port."""
    split = urlsplit(redirect)
    try:
        port = split.port
    except ValueError:
        return False
    host = "127.0.0.1" if port is None else f"127.0.0.1:{port}"
    return split.netloc == host and split._replace(netloc="127.0.0.1").geturl() == registered


def _consent(query: Mapping[str, str]) -> Answer:
    """The page that asks a person; here nobody sits before it, so it presses its own button."""
    fields = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in query.items()
    )
    text = (
        "<!DOCTYPE html><html><head><title>Allow access?</title></head><body><h1>Allow assume-helper to access your "
        f'data?</h1><form action="/authorize">{fields}<button name="allowed" value="yes">Allow access</button></form>'
        "<script>document.querySelector('button').click()</script></body></html>"
    )
    return Answer(200, text.encode(), {"Content-Type": "text/html; charset=utf-8"})


def _page(status: int, text: str) -> Answer:
    body = f"<!DOCTYPE html><html><body>{html.escape(text)}</body></html>".encode()
    return Answer(status, body, {"Content-Type": "text/html"})
