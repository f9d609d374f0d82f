"""The proof of a console login's key: what it says, by whom it can be verified, and which keys are read."""

import base64
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from assume_helper.logins import dpop

URL = "https://us-east-1.signin.aws.amazon.com/v1/token"


def decoded(part: str) -> bytes:
    assert "=" not in part
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verify(proof: str, key: ec.EllipticCurvePublicKey) -> None:
    signed, _, signature = proof.rpartition(".")
    raw = decoded(signature)
    assert len(raw) == 64
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))


def test_a_proof_says_what_is_called_and_is_signed_with_the_key() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    for number in range(64):  # a number with a leading zero is as long as the others
        verify(dpop.proof(key, "POST", URL, 1_800_000_000.9, f"id-{number}"), key.public_key())
    proof = dpop.proof(key, "POST", URL, 1_800_000_000.9, "an id")
    header, payload = (json.loads(decoded(part)) for part in proof.split(".")[:2])
    assert payload == {"jti": "an id", "htm": "POST", "htu": URL, "iat": 1_800_000_000}
    jwk = header["jwk"]
    assert (header["typ"], header["alg"], jwk["kty"], jwk["crv"]) == ("dpop+jwt", "ES256", "EC", "P-256")
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(decoded(jwk["x"])), int.from_bytes(decoded(jwk["y"])), ec.SECP256R1()
    )
    verify(proof, numbers.public_key())
    with pytest.raises(InvalidSignature):
        verify(proof, ec.generate_private_key(ec.SECP256R1()).public_key())


@pytest.mark.parametrize("format_", [serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8])
@pytest.mark.parametrize("newline", ["\n", "\r\n", ""])
def test_keys_are_read_in_both_forms_however_they_are_wrapped(format_: Any, newline: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, format_, serialization.NoEncryption()).decode()
    first, *middle, last = pem.splitlines()
    text = "\n".join((first, "".join(middle), last)) if not newline else newline.join((first, *middle, last))
    assert dpop.load(text).private_numbers() == key.private_numbers()


def _pem(key: Any) -> str:
    pem: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


@pytest.mark.parametrize(
    "text",
    [
        None,
        5,
        "",
        "nothing",
        "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
        _pem(ec.generate_private_key(ec.SECP384R1())),
        _pem(ed25519.Ed25519PrivateKey.generate()),
    ],
)
def test_what_is_no_key_of_p256_is_refused_without_being_shown(text: object) -> None:
    with pytest.raises(dpop.NotAKey) as caught:
        dpop.load(text)
    assert "BEGIN" not in str(caught.value)
