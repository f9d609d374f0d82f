"""The proof that a request is sent by who holds a login's key (DPoP, RFC 9449), signed with ES256 (RFC 7518, 3.4)."""

import base64
import json

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from assume_helper.light import Any

# Bytes of a number of P-256.
_LENGTH = 32


class NotAKey(ValueError):
    """A text that is no key of P-256."""


def load(text: object) -> ec.EllipticCurvePrivateKey:
    """The private key in a PEM text, SEC1 (as the AWS CLI writes it) or PKCS#8. Raises NotAKey."""
    if not isinstance(text, str):
        raise NotAKey("it is no text")
    try:
        found = serialization.load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = _without_armour(text)
    if not isinstance(found, ec.EllipticCurvePrivateKey) or not isinstance(found.curve, ec.SECP256R1):
        raise NotAKey("it is no key of P-256")
    return found


def _without_armour(text: str) -> Any:
    """The key as botocore reads it: what stands between the lines of dashes, however it is wrapped."""
    inside = "".join(line.strip() for line in text.splitlines() if not line.startswith("-----"))
    try:
        return serialization.load_der_private_key(base64.b64decode(inside, validate=True), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NotAKey("it is no private key") from error


def proof(key: ec.EllipticCurvePrivateKey, method: str, url: str, now: float, identifier: str) -> str:
    """The proof for a request to `url` by `method`, at `now` (seconds since the epoch); `identifier` is used once."""
    numbers = key.public_key().public_numbers()
    header = {
        "typ": "dpop+jwt",
        "alg": "ES256",
        "jwk": {"kty": "EC", "crv": "P-256", "x": _encoded_number(numbers.x), "y": _encoded_number(numbers.y)},
    }
    payload = {"jti": identifier, "htm": method, "htu": url, "iat": int(now)}
    signed = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, payload))
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_encoded(r.to_bytes(_LENGTH) + s.to_bytes(_LENGTH))}"


def _encoded_number(number: int) -> str:
    return _encoded(number.to_bytes(_LENGTH))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
