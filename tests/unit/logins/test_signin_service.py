"""The local sign-in service, through botocore's own client: a console login renewed, and each refusal."""

import base64
import functools
import hashlib
import json
import secrets
import stat
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.credentials import LoginProvider
from botocore.utils import JSONFileCache
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from identity_center import ACCOUNT, USER, Center, ConsoleFile
from running import Home
from sdk_calls import client, error, refused


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def proof(pem: str, url: str, header: dict[str, Any] | None = None, **payload: Any) -> str:
    """A proof by a login's key for a POST to `url`, with changes to its header and its payload."""
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    numbers = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": encoded(numbers.x.to_bytes(32)), "y": encoded(numbers.y.to_bytes(32))}
    parts = (
        {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk} | (header or {}),
        {"htm": "POST", "htu": url, "iat": int(time.time()), "jti": secrets.token_hex(16)} | payload,
    )
    signed = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{encoded(r.to_bytes(32) + s.to_bytes(32))}"


def renew(
    center: Center,
    file: ConsoleFile,
    region: str | None = None,
    proved: Callable[[str, str], str | None] = proof,
    **changes: str,
) -> Any:
    """Renew a login with what its file says; `proved` makes the proof of the key and the URL."""
    found = file.read()
    signin = client(center, "signin", region)

    def prove(params: dict[str, Any], **_rest: object) -> None:
        made = proved(found["dpopKey"], params["url"])
        if made is not None:
            params["headers"]["DPoP"] = made

    signin.meta.events.register("before-call.signin.CreateOAuth2Token", prove)
    wanted = {"clientId": found["clientId"], "grantType": "refresh_token", "refreshToken": found["refreshToken"]}
    return signin.create_o_auth2_token(tokenInput=wanted | changes)["tokenOutput"]


@pytest.fixture
def login(center: Center, home: Home) -> ConsoleFile:
    return center.console_log_in(home)


def test_renewing_gives_credentials_of_15_minutes_and_another_refresh_token(center: Center, login: ConsoleFile) -> None:
    answer = renew(center, login)
    assert answer.keys() == {"accessToken", "tokenType", "expiresIn", "refreshToken"}
    assert answer["accessToken"].keys() == {"accessKeyId", "secretAccessKey", "sessionToken"}
    assert (answer["tokenType"], answer["expiresIn"]) == ("aws_sigv4", 900)
    assert answer["refreshToken"] != login.read()["refreshToken"]
    assert answer["accessToken"]["accessKeyId"] != login.read()["accessToken"]["accessKeyId"]
    assert center.malformed == []


def test_a_refresh_token_is_good_once(center: Center, login: ConsoleFile) -> None:
    second = renew(center, login)["refreshToken"]
    response = error(lambda: renew(center, login))
    assert (response["Error"]["Code"], response["error"]) == ("ValidationException", "INVALID_REQUEST")
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    renew(center, login, refreshToken=second)
    assert center.calls("CreateOAuth2Token") == 3


def test_a_login_ends_12_hours_after_it_was_made(center: Center, home: Home) -> None:
    start = datetime(2030, 1, 1, tzinfo=UTC)
    center.now = lambda: start
    file = center.console_log_in(home)
    center.now = lambda: start + timedelta(hours=11, minutes=55)
    proved = functools.partial(proof, iat=int(center.now().timestamp()))
    answer = renew(center, file, proved=proved)
    assert answer["expiresIn"] == 300, "no longer than the login"
    center.now = lambda: start + timedelta(hours=12)
    proved = functools.partial(proof, iat=int(center.now().timestamp()))
    response = error(lambda: renew(center, file, proved=proved, refreshToken=answer["refreshToken"]))
    assert (response["Error"]["Code"], response["error"]) == ("AccessDeniedException", "TOKEN_EXPIRED")


@pytest.mark.parametrize("ended", ["TOKEN_EXPIRED", "USER_CREDENTIALS_CHANGED", "INSUFFICIENT_PERMISSIONS"])
@pytest.mark.parametrize("number", [400, 401, 403])
def test_a_login_that_was_ended_is_access_denied_with_the_reason(
    center: Center, login: ConsoleFile, ended: str, number: int
) -> None:
    center.signin.denied_status = number
    center.end(login, ended)
    response = error(lambda: renew(center, login))
    assert response["ResponseMetadata"]["HTTPStatusCode"] == number
    assert (response["Error"]["Code"], response["error"]) == ("AccessDeniedException", ended)
    assert center.malformed == []


def test_a_wrong_region_is_refused_in_the_words_of_a_spent_token_and_spends_nothing(center: Center, home: Home) -> None:
    file = center.console_log_in(home, region="eu-west-1")
    response = error(lambda: renew(center, file))
    assert (response["Error"]["Code"], response["error"]) == ("ValidationException", "INVALID_REQUEST")
    assert refused(lambda: renew(center, file, "us-east-1")) == (400, "ValidationException")
    renew(center, file, "eu-west-1")
    assert center.malformed == []


@pytest.mark.parametrize(
    "changes",
    [
        {"refreshToken": "none"},
        {"clientId": "arn:aws:signin:::devtools/cross-device"},
        {"grantType": "authorization_code", "code": "none"},
    ],
)
def test_what_is_not_the_login_s_is_refused_and_spends_nothing(
    center: Center, login: ConsoleFile, changes: dict[str, Any]
) -> None:
    assert refused(lambda: renew(center, login, **changes)) == (400, "ValidationException")
    renew(center, login)


OTHER = ec.generate_private_key(ec.SECP256R1())
OTHER_PEM = OTHER.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("proved", "why"),
    [
        (lambda _pem, _url: None, "no proof"),
        (lambda _pem, _url: "a.b.c", "no proof"),
        (lambda _pem, url: proof(OTHER_PEM, url), "jwk"),
        (lambda pem, url: swapped(proof(pem, url), proof(OTHER_PEM, url)), "signature"),
        (lambda pem, url: proof(pem, url)[:-4], "signature"),
        (lambda pem, url: longer(proof(pem, url)), "signature"),
        (lambda pem, url: proof(pem, url, {"typ": "JWT"}), "typ"),
        (lambda pem, url: proof(pem, url, {"alg": "none"}), "alg"),
        (lambda pem, url: proof(pem, url, {"jwk": {}}), "jwk"),
        (lambda pem, url: proof(pem, url, htm="GET"), "htm"),
        (lambda pem, url: proof(pem, url.removesuffix("/token")), "htu"),
        (lambda pem, _url: proof(pem, "https://us-east-1.signin.aws.amazon.com/v1/token"), "htu"),
        (lambda pem, url: proof(pem, url, iat=int(time.time()) - 310), "iat"),
        (lambda pem, url: proof(pem, url, iat=int(time.time()) + 310), "iat"),
        (lambda pem, url: proof(pem, url, iat=10**300), "no proof"),
        (lambda pem, url: proof(pem, url, jti=""), "jti"),
    ],
)
def test_a_proof_that_is_none_is_refused_and_spends_nothing(
    center: Center, login: ConsoleFile, proved: Callable[[str, str], str | None], why: str
) -> None:
    assert refused(lambda: renew(center, login, proved=proved)) == (400, "ValidationException")
    assert center.malformed == [f"signin POST /v1/token: the proof: {why}"]
    renew(center, login)


def longer(made: str) -> str:
    """A proof whose signature has a zero before its second number: the same numbers in 65 bytes."""
    signed, _, signature = made.rpartition(".")
    raw = base64.urlsafe_b64decode(f"{signature}==")
    return f"{signed}.{encoded(raw[:32] + bytes(1) + raw[32:])}"


def swapped(mine: str, other: str) -> str:
    """A proof with another one's signature."""
    return f"{mine.rpartition('.')[0]}.{other.rpartition('.')[2]}"


def test_a_proof_is_good_once(center: Center, login: ConsoleFile) -> None:
    proved = functools.partial(proof, jti="same")
    second = renew(center, login, proved=proved)["refreshToken"]
    assert refused(lambda: renew(center, login, proved=proved, refreshToken=second)) == (400, "ValidationException")
    assert center.malformed == ["signin POST /v1/token: the proof: jti"]


def test_the_file_is_as_the_cli_leaves_it(center: Center, home: Home) -> None:
    file = center.console_log_in(home, expires=600)
    name = hashlib.sha256(USER.encode()).hexdigest()
    assert file.path == home.folder / ".aws" / "login" / "cache" / f"{name}.json"
    if sys.platform != "win32":
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    found = file.read()
    assert list(found) == [
        "accessToken", "tokenType", "refreshToken", "idToken", "clientId", "dpopKey", "signInRegion",
    ]  # fmt: skip
    assert list(found["accessToken"]) == ["accessKeyId", "secretAccessKey", "sessionToken", "accountId", "expiresAt"]
    assert found["accessToken"]["accountId"] == ACCOUNT
    assert found["dpopKey"].startswith("-----BEGIN EC PRIVATE KEY-----\n")
    end = datetime.strptime(found["accessToken"]["expiresAt"], "%Y-%m-%dT%H:%M:%S%z")
    assert timedelta(minutes=9) < end - datetime.now(UTC) <= timedelta(minutes=10)


@pytest.mark.parametrize("pkcs8", [False, True])
def test_a_login_may_lack_fields_and_have_its_key_in_pkcs8(center: Center, home: Home, pkcs8: bool) -> None:
    end = datetime(2030, 1, 1, tzinfo=UTC)
    file = center.console_log_in(home, omit=("signInRegion", "idToken"), expires=end, pkcs8=pkcs8)
    assert file.read().keys() == {"accessToken", "tokenType", "refreshToken", "clientId", "dpopKey"}
    assert file.read()["accessToken"]["expiresAt"] == "2030-01-01T00:00:00Z"
    assert ("BEGIN PRIVATE KEY" in file.read()["dpopKey"]) == pkcs8
    renew(center, file)
    file.change(idToken="id", clientId=None)
    assert file.read().keys() == {"accessToken", "tokenType", "refreshToken", "idToken", "dpopKey"}


def test_botocore_s_own_provider_renews_the_login_with_its_file(center: Center, home: Home) -> None:
    file = center.console_log_in(home, expires=60)
    before = file.read()
    provider = LoginProvider(
        lambda: {"profiles": {"me": {"login_session": USER}}},
        lambda service, **_kwargs: client(center, service),
        "me",
        JSONFileCache(str(file.path.parent)),
    )
    found = provider.load()
    assert found is not None
    keys = found.get_frozen_credentials()
    assert [keys.access_key, keys.secret_key, keys.token] == [
        file.read()["accessToken"][name] for name in ("accessKeyId", "secretAccessKey", "sessionToken")
    ]
    assert file.read()["refreshToken"] == file.login.refresh_token != before["refreshToken"]
    assert center.calls("CreateOAuth2Token") == 1
    assert center.malformed == []
