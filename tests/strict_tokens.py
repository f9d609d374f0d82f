"""What STS enforces of tokens and root sessions, and moto does not: signatures, issuers, audiences, ends, tasks.

An `Issuer` and a `SAMLProvider` give what their kind gives, signed. A `StrictTokens` is a behaviour of the front: it
refuses with STS's own codes and texts, and answers by itself.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from front import ACCOUNT, Behaviour, Call, Reply, error, session

AUDIENCE = "sts.amazonaws.com"
SAML_PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"
ROLES_ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/Role"
TASKS = (
    "IAMAuditRootUserCredentials",
    "IAMCreateRootUserPassword",
    "IAMDeleteRootUserCredentials",
    "S3UnlockBucketPolicy",
    "SQSUnlockQueuePolicy",
)
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class Issuer:
    """An OpenID Connect provider that is registered in IAM."""

    url: str = "https://token.actions.githubusercontent.com"
    key: rsa.RSAPrivateKey = field(default=_KEY, repr=False)

    def token(self, subject: str = "repo:corp/app", *, audience: str = AUDIENCE, seconds: float = 300) -> str:
        """A token that ends so many seconds from now."""
        now = int(time.time())
        claims = {"iss": self.url, "sub": subject, "aud": audience, "iat": now, "exp": now + int(seconds)}
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "1"}, claims))
        return f"{signed}.{_encoded(self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


@dataclass(frozen=True)
class SAMLProvider:
    """A SAML provider that is registered in IAM. Its signature is simpler than XML's own, and covers all the same."""

    secret: bytes = b"the provider's"

    def assertion(self, *pairs: str, seconds: float = 300) -> str:
        """An assertion for these pairs of a role and a provider, to be redeemed within so many seconds."""
        values = "".join(f"<saml2:AttributeValue>{pair}</saml2:AttributeValue>" for pair in pairs)
        end = datetime.fromtimestamp(time.time() + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = (
            '<saml2p:Response xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" '
            'xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"><saml2:Issuer>https://idp.invalid</saml2:Issuer>'
            f'<saml2:Assertion><saml2:Conditions NotOnOrAfter="{end}"/><saml2:AttributeStatement>'
            '<saml2:Attribute Name="https://aws.amazon.com/SAML/Attributes/RoleSessionName">'
            "<saml2:AttributeValue>jane</saml2:AttributeValue></saml2:Attribute>"
            f'<saml2:Attribute Name="{ROLES_ATTRIBUTE}">{values}</saml2:Attribute>'
            "</saml2:AttributeStatement></saml2:Assertion></saml2p:Response>"
        )
        signature = hmac.new(self.secret, body.encode(), hashlib.sha256).hexdigest()
        return base64.b64encode(f"{body}<!-- {signature} -->".encode()).decode()

    def is_signed(self, document: str) -> bool:
        """Whether the assertion is this provider's."""
        body, _, rest = document.partition("<!-- ")
        return hmac.compare_digest(hmac.new(self.secret, body.encode(), hashlib.sha256).hexdigest(), rest[:64])


@dataclass
class StrictTokens:
    """STS, as strict as AWS's: `trusted` are the subjects that may assume roles, `members` the accounts with a root."""

    issuers: dict[str, Issuer] = field(default_factory=lambda: {Issuer().url: Issuer()})
    providers: dict[str, SAMLProvider] = field(default_factory=lambda: {SAML_PROVIDER: SAMLProvider()})
    trusted: set[str] = field(default_factory=lambda: {"repo:corp/app"})
    members: set[str] = field(default_factory=lambda: {"210987654321"})
    may_assume_root: set[str] = field(default_factory=set)
    longest: int = 3600
    given: int = 0

    def __call__(self, call: Call) -> Reply | None:
        refusal = self._refusal(call)
        if refusal is not None:
            return refusal(call)
        self.given += 1
        seconds = int(call.parameters.get("DurationSeconds", "900" if call.action == "AssumeRoot" else "3600"))
        return session(seconds, f"ASIATOKEN{self.given:011}")(call)

    def _refusal(self, call: Call) -> Behaviour | None:
        match call.action:
            case "AssumeRoleWithWebIdentity":
                return _signed(call) or self._of_web_identity(call) or self._of_duration(call, 900, self.longest)
            case "AssumeRoleWithSAML":
                return _signed(call) or self._of_saml(call) or self._of_duration(call, 900, self.longest)
            case "AssumeRoot":
                return self._of_duration(call, 0, 900) or self._of_root(call)
            case "AssumeRole" if call.access_key_id:
                return None
        return error(403, "MissingAuthenticationToken", "Request is missing Authentication Token")

    def _of_web_identity(self, call: Call) -> Behaviour | None:
        text = call.parameters.get("WebIdentityToken", "")
        try:
            head, payload, signature = text.split(".")
            claims: dict[str, Any] = json.loads(_decoded(payload))
            issuer = self.issuers.get(claims["iss"])
        except (ValueError, KeyError):
            said = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
            return error(400, "InvalidIdentityToken", said)
        if issuer is None:
            said = f"No OpenIDConnect provider found in your account for {claims['iss']}"
            return error(400, "InvalidIdentityToken", said)
        try:
            signed = f"{head}.{payload}".encode()
            issuer.key.public_key().verify(_decoded(signature), signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return error(400, "InvalidIdentityToken", "Token signature invalid")
        if claims["exp"] <= time.time():
            said = f"Token expired: current date/time {int(time.time())} must be before the expiration date/time"
            return error(400, "ExpiredTokenException", f"{said} {claims['exp']}")
        if claims["aud"] != AUDIENCE:
            return error(400, "InvalidIdentityToken", "Incorrect token audience")
        if claims["sub"] not in self.trusted:
            return error(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
        return None

    def _of_saml(self, call: Call) -> Behaviour | None:
        if not {"SAMLAssertion", "PrincipalArn", "RoleArn"} <= call.parameters.keys():
            return error(400, "ValidationError", "Request ARN is invalid")
        provider = self.providers.get(call.parameters["PrincipalArn"])
        if provider is None:
            return error(400, "InvalidIdentityToken", "Specified provider doesn't exist")
        document = base64.b64decode(call.parameters["SAMLAssertion"]).decode()
        if not provider.is_signed(document):
            return error(400, "InvalidIdentityToken", "Response signature invalid")
        end = re.search('NotOnOrAfter="([^"]+)"', document)
        if end is None or datetime.fromisoformat(end[1]) <= datetime.now(UTC):
            return error(400, "ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance")
        if f"{call.parameters['RoleArn']},{call.parameters['PrincipalArn']}" not in document:
            return error(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")
        return None

    def _of_root(self, call: Call) -> Behaviour | None:
        if not call.access_key_id:
            return error(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        target = call.parameters.get("TargetPrincipal", "")
        task = call.parameters.get("TaskPolicyArn.arn", "").removeprefix("arn:aws:iam::aws:policy/root-task/")
        if not re.fullmatch("[0-9]{12}", target) or task not in TASKS:
            return error(400, "ValidationError", "Invalid TargetPrincipal or TaskPolicyArn")
        if target not in self.members or call.access_key_id not in self.may_assume_root:
            said = (
                f"User: arn:aws:iam::{ACCOUNT}:user/sts-user is not authorized to perform: sts:AssumeRoot on resource: "
                f"arn:aws:iam::{target}:root"
            )
            return error(403, "AccessDenied", said)
        return None

    def _of_duration(self, call: Call, least: int, most: int) -> Behaviour | None:
        value = call.parameters.get("DurationSeconds")
        if value is None or least <= int(value) <= most:
            return None
        if most != 900 and int(value) >= least:
            said = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            return error(400, "ValidationError", said)
        word, limit = ("greater", least) if int(value) < least else ("less", most)
        said = (
            f"1 validation error detected: Value '{value}' at 'durationSeconds' failed to satisfy constraint: Member "
            f"must have value {word} than or equal to {limit}"
        )
        return error(400, "ValidationError", said)


def _signed(call: Call) -> Behaviour | None:
    """Whether the request is signed: it takes its token for credentials, and is not."""
    if call.access_key_id or call.session_token:
        return error(400, "TestFailure", "it is signed, and must not be")
    return None
