"""AWS's sign-in service, which renews console logins (`aws login`): CreateOAuth2Token with a DPoP proof (RFC 9449).

A refresh token is good once, and only with a proof of the login's own key. A login lives 12 hours in all. Beside it is
the federation endpoint, which signs in to the console (see `federation_service`).
"""

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from federation_service import PATH, Federation
from issued_keys import Issuer
from json_service import Malformed, Refusal, Request, Service, error_status

SAME_DEVICE = "arn:aws:signin:::devtools/same-device"
CROSS_DEVICE = "arn:aws:signin:::devtools/cross-device"
LOGIN_SECONDS = 12 * 3600
LONGEST = 900  # seconds that credentials are good
_CLOCK_SKEW = 300  # seconds that a proof's time may be off


def refusal(error: str, kind: str = "ValidationException", status: int | None = None) -> Refusal:
    """An error of the service: the class, and the OAuth error in the body."""
    return Refusal(status or error_status("signin", kind), kind, {"error": error, "message": f"{kind}: {error}"})


def is_role(login_session: str) -> bool:
    """Whether who logged in is a role's session, and no user."""
    return ":role/" in login_session or ":assumed-role/" in login_session


@dataclass(eq=False)
class ConsoleLogin:
    """A person's login to the console. `ended` is the error that renewing it meets, where there is one."""

    login_session: str
    account_id: str
    region: str
    client_id: str
    ends: datetime
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    ended: str | None = None

    def pem(self, *, pkcs8: bool = False) -> str:
        """The login's key as text: as the AWS CLI writes it (SEC1), or in PKCS#8."""
        private = serialization.PrivateFormat
        written = private.PKCS8 if pkcs8 else private.TraditionalOpenSSL
        pem = self.key.private_bytes(serialization.Encoding.PEM, written, serialization.NoEncryption())
        return pem.decode()


@dataclass
class SignIn:
    """The service's state. `denied_status` is the status of AccessDeniedException, which the model does not give."""

    now: Callable[[], datetime]
    issuer: Issuer
    seconds: int = LONGEST
    denied_status: int = 401
    logins: list[ConsoleLogin] = field(default_factory=list)
    federation: Federation = field(init=False)
    _tokens: dict[str, ConsoleLogin] = field(default_factory=dict)  # the spent ones, too
    _proofs: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.federation = Federation(self.now, self.issuer)

    def service(self) -> Service:
        malformed: Callable[[str], Refusal] = lambda _text: refusal("INVALID_REQUEST")  # noqa: E731
        pages, forms = {PATH: self.federation.page}, {PATH: self.federation.get_sign_in_token}
        return Service("signin", {"CreateOAuth2Token": self._create_token}, malformed, pages, forms)

    def log_in(
        self,
        login_session: str,
        account_id: str,
        region: str,
        client_id: str = SAME_DEVICE,
        seconds: float = LOGIN_SECONDS,
    ) -> ConsoleLogin:
        """A new login that lives `seconds` in all, with a key and a refresh token of its own."""
        key = ec.generate_private_key(ec.SECP256R1())
        ends = self.now() + timedelta(seconds=seconds)
        login = ConsoleLogin(login_session, account_id, region, client_id, ends, key)
        self.logins.append(login)
        self._rotate(login)
        return login

    def _rotate(self, login: ConsoleLogin) -> None:
        login.refresh_token = f"refresh-{secrets.token_urlsafe(48)}"
        self._tokens[login.refresh_token] = login

    def _create_token(self, request: Request, given: dict[str, Any]) -> dict[str, Any]:
        wanted = given["tokenInput"]
        # No code was ever given here: a login begins with `log_in`.
        token = wanted.get("refreshToken") if wanted["grantType"] == "refresh_token" else None
        login = self._tokens.get(token or "")
        if login is None:
            raise refusal("INVALID_REQUEST")
        problem = self._problem(request, login)
        if problem is not None:
            raise Malformed(f"the proof: {problem}")
        if (login.refresh_token, login.region, login.client_id) != (token, request.region, wanted["clientId"]):
            raise refusal("INVALID_REQUEST")
        if login.ended is None and login.ends <= self.now():
            login.ended = "TOKEN_EXPIRED"
        if login.ended is not None:
            raise refusal(login.ended, "AccessDeniedException", self.denied_status)
        self._rotate(login)
        seconds = min(self.seconds, int((login.ends - self.now()).total_seconds()) or 1)
        keys = self.issuer.issue(timedelta(seconds=seconds), of_role=is_role(login.login_session), login=login)
        return {
            "accessToken": {
                "accessKeyId": keys.access_key_id,
                "secretAccessKey": keys.secret_access_key,
                "sessionToken": keys.session_token,
            },
            "tokenType": "aws_sigv4",
            "expiresIn": seconds,
            "refreshToken": login.refresh_token,
        }

    def _problem(self, request: Request, login: ConsoleLogin) -> str | None:
        """Why a request's proof is none for this login now (RFC 9449, 4.3); a proof that is one is used up."""
        try:
            signed, _, signature = request.headers["dpop"].rpartition(".")
            header, payload = (json.loads(_decoded(part)) for part in signed.split("."))
            raw = _decoded(signature)
            skew = abs((self.now() - datetime.fromtimestamp(payload["iat"], UTC)).total_seconds())
            numbers = login.key.public_key().public_numbers()
            jwk = {"kty": "EC", "crv": "P-256", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}
            facts = {
                "typ": header["typ"] == "dpop+jwt",
                "alg": header["alg"] == "ES256",
                "jwk": header["jwk"] == jwk,
                "htm": payload["htm"] == request.method,
                "htu": payload["htu"] == request.url,
                "iat": skew <= _CLOCK_SKEW,
                "jti": isinstance(payload["jti"], str) and payload["jti"] not in {"", *self._proofs},
                "signature": len(raw) == 64,
            }
            for name, holds in facts.items():
                if not holds:
                    return name
            der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
            login.key.public_key().verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return "signature"
        except (LookupError, ValueError, TypeError, OverflowError):
            return "no proof"
        self._proofs.add(payload["jti"])
        return None


def _decoded(part: str) -> bytes:
    if not part or "=" in part:
        raise ValueError(part)
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _coordinate(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32)).decode().rstrip("=")
