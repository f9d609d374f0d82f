"""A console login (`aws login`) as the source of a role: good, renewed at the sign-in service, and at its end."""

import hashlib
import json
import stat
import threading
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from canned import Asked, Canned, serving
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from front import Front, free_port, session
from running import SECRET, Home

ME = "arn:aws:iam::123456789012:user/me"
CONFIG = (
    "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = me\n"
    f"[profile me]\nlogin_session = {ME}\n"
)
CLIENT = "arn:aws:signin:::devtools/same-device"
KEYS = {
    "accessKeyId": "ASIALOGIN00000000000",
    "secretAccessKey": SECRET,
    "sessionToken": "LoginToken",
    "accountId": "123456789012",
}
# `aws login` gives credentials for 15 minutes; botocore has them renewed when less than 5 are left.
GOOD = timedelta(minutes=14)
NEARLY_OVER = timedelta(minutes=4)
OVER = timedelta(hours=-1)
ENDED = "assume-helper: dev: the login of profile me has expired, or was never made; run: aws login --profile me\n"
REVOKED = ENDED.replace("never made", "revoked")


@dataclass(frozen=True)
class LoggedIn:
    """What `aws login` leaves behind: a file with credentials, a refresh token, and the key that both are bound to."""

    path: Path
    key: ec.EllipticCurvePrivateKey

    def write(self, ahead: timedelta, **changes: Any) -> None:
        """As `aws login` writes it, with credentials that end `ahead` from now; `changes` of None are left out."""
        sec1 = serialization.PrivateFormat.TraditionalOpenSSL
        pem = self.key.private_bytes(serialization.Encoding.PEM, sec1, serialization.NoEncryption())
        end = (datetime.now(UTC) + ahead).strftime("%Y-%m-%dT%H:%M:%SZ")
        found = {
            "accessToken": KEYS | {"expiresAt": end},
            "tokenType": "aws_sigv4",
            "refreshToken": "refresh-1",
            "idToken": "id",
            "clientId": CLIENT,
            "dpopKey": pem.decode(),
            "signInRegion": "us-east-1",
        } | changes
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({name: value for name, value in found.items() if value is not None}))

    def read(self) -> Any:
        return json.loads(self.path.read_text())

    def proven(self, proof: str, url: str) -> bool:
        """Whether `proof` is for a POST to `url`, and signed with the login's key (DPoP, RFC 9449)."""
        signed, _, signature = proof.rpartition(".")
        header, payload = (json.loads(decoded(part)) for part in signed.split("."))
        r, s = (int.from_bytes(part) for part in (decoded(signature)[:32], decoded(signature)[32:]))
        try:
            der = encode_dss_signature(r, s)
            self.key.public_key().verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return (header["typ"], header["alg"], payload["htm"], payload["htu"]) == ("dpop+jwt", "ES256", "POST", url)


def decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def denied(code: str, kind: str = "AccessDeniedException") -> dict[str, str]:
    """A refusal, as the sign-in service words it."""
    return {"__type": kind, "error": code, "message": f"no {SECRET}"}


@pytest.fixture
def home_(home: Home, offline_front: Front) -> Home:
    """A home with a role through the login of profile `me`, botocore's crt extra, and the front as its STS."""
    offline_front.behaviour = session()
    del home.environ["BOTO_DISABLE_CRT"]
    home.environ |= {"AWS_ENDPOINT_URL_STS": offline_front.url, "AWS_REGION": "us-east-1"}
    home.config.write_text(CONFIG)
    return home


@pytest.fixture
def login(home_: Home) -> LoggedIn:
    """The login's file: where botocore looks for it, not written yet."""
    name = hashlib.sha256(ME.encode()).hexdigest()
    key = ec.generate_private_key(ec.SECP256R1())
    return LoggedIn(home_.folder / ".aws" / "login" / "cache" / f"{name}.json", key)


@pytest.fixture
def signin(home_: Home, login: LoggedIn) -> Iterator[Canned]:
    """The sign-in service: it wants the refresh token that it gave last, and a proof of the login's key."""
    given = 1

    def answer(asked: Asked) -> tuple[int, Any]:
        nonlocal given
        expected = {"clientId": CLIENT, "grantType": "refresh_token", "refreshToken": f"refresh-{given}"}
        is_asked = (asked.method, asked.path, json.loads(asked.body)) == ("POST", "/v1/token", expected)
        if not is_asked or not login.proven(asked.headers["dpop"], f"{canned.url}/v1/token"):
            return 400, denied("INVALID_REQUEST", "ValidationException")
        given += 1
        keys = {"accessKeyId": f"ASIARENEWED00000000{given}", "secretAccessKey": SECRET}
        token = {**keys, "sessionToken": f"RenewedToken{given}"}
        return 200, {
            "accessToken": token,
            "tokenType": "aws_sigv4",
            "expiresIn": 900,
            "refreshToken": f"refresh-{given}",
        }

    with serving(answer) as canned:
        home_.environ["AWS_ENDPOINT_URL_SIGNIN"] = canned.url
        yield canned


def signers(front: Front) -> list[tuple[str, str]]:
    return [(call.access_key_id, call.session_token) for call in front.calls]


def test_a_login_that_is_good_assumes_the_role_and_nobody_is_asked(
    home_: Home, offline_front: Front, login: LoggedIn, signin: Canned
) -> None:
    login.write(GOOD)
    before = login.path.read_bytes()
    first = home_.get("dev")
    assert signers(offline_front) == [("ASIALOGIN00000000000", "LoginToken")]
    assert signin.asked == []
    assert login.path.read_bytes() == before
    login.path.unlink()
    assert home_.get("dev") == first, "a hit needs no login"


@pytest.mark.parametrize(
    "keys", [f"assume_helper_login_session = {ME}\n", f"include_profile = x\n[profile x]\nlogin_session = {ME}\n"]
)
def test_the_login_s_key_may_have_the_prefix_or_be_included(
    home_: Home, offline_front: Front, login: LoggedIn, keys: str
) -> None:
    home_.config.write_text(CONFIG.replace(f"login_session = {ME}\n", keys))
    login.write(GOOD)
    home_.get("dev")
    assert signers(offline_front) == [("ASIALOGIN00000000000", "LoginToken")]


@pytest.mark.parametrize("ahead", [OVER, NEARLY_OVER])
@pytest.mark.parametrize("configured", ["environment", "config"])
def test_a_login_whose_credentials_run_out_is_renewed_and_the_renewed_ones_are_kept(
    home_: Home, offline_front: Front, login: LoggedIn, signin: Canned, ahead: timedelta, configured: str
) -> None:
    if configured == "config":
        del home_.environ["AWS_ENDPOINT_URL_SIGNIN"]
        home_.config.write_text(f"{CONFIG}services = here\n[services here]\nsignin =\n  endpoint_url = {signin.url}\n")
    login.write(ahead)
    before = login.read()
    first = home_.get("dev")
    assert signers(offline_front) == [("ASIARENEWED000000002", "RenewedToken2")]
    assert len(signin.asked) == 1
    kept = login.read()
    end = datetime.fromisoformat(kept["accessToken"].pop("expiresAt"))
    assert timedelta(minutes=13) < end - datetime.now(UTC) <= timedelta(minutes=15)
    keys = {"accessKeyId": "ASIARENEWED000000002", "secretAccessKey": SECRET, "sessionToken": "RenewedToken2"}
    assert kept == before | {
        "accessToken": {**keys, "accountId": "123456789012"},
        "refreshToken": "refresh-2",
    }
    assert stat.S_IMODE(login.path.stat().st_mode) == 0o600
    assert home_.get("dev") == first
    assert len(signin.asked) == 1


def test_what_was_renewed_is_used_until_it_runs_out_and_is_then_renewed_itself(
    home_: Home, offline_front: Front, login: LoggedIn, signin: Canned
) -> None:
    login.write(OVER)
    home_.get("dev")
    home_.get("dev", ASSUME_HELPER_CACHE_DIR=str(home_.folder / "other"))
    assert len(signin.asked) == 1, "the renewed credentials are still good"
    renewed = login.read()
    login.write(OVER, refreshToken=renewed["refreshToken"])
    home_.get("dev", ASSUME_HELPER_CACHE_DIR=str(home_.folder / "third"))
    assert [token for _, token in signers(offline_front)] == ["RenewedToken2", "RenewedToken2", "RenewedToken3"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, denied("TOKEN_EXPIRED")),
        (403, denied("USER_CREDENTIALS_CHANGED")),
        (401, denied("AUTHCODE_EXPIRED")),
        (400, denied("INVALID_REQUEST", "ValidationException")),
    ],
    ids=["expired", "password changed", "code expired", "revoked"],
)
def test_a_login_that_the_service_says_has_ended_is_exit_4_with_the_command(
    home_: Home, offline_front: Front, login: LoggedIn, signin: Canned, status: int, body: Any
) -> None:
    login.write(OVER)
    before = login.path.read_bytes()
    signin.answer = lambda _asked: (status, body)
    ran = home_.run("get", "dev")
    ran.failed(4)
    assert ran.stderr == (REVOKED if status == 400 else ENDED)
    assert len(signin.asked) == 1
    assert offline_front.calls == []
    assert login.path.read_bytes() == before


def test_a_login_that_may_not_be_renewed_is_exit_4_with_the_permission_it_lacks(
    home_: Home, login: LoggedIn, signin: Canned
) -> None:
    login.write(OVER)
    signin.answer = lambda _asked: (403, denied("INSUFFICIENT_PERMISSIONS"))
    ran = home_.run("get", "dev")
    ran.failed(4, "the login of profile me", "signin:CreateOAuth2Token", "aws login --profile me")
    assert "has expired" not in ran.stderr


def test_a_sign_in_service_that_is_not_reached_is_exit_7(home_: Home, offline_front: Front, login: LoggedIn) -> None:
    login.write(OVER)
    nobody = f"http://127.0.0.1:{free_port()}"
    ran = home_.run("get", "dev", AWS_ENDPOINT_URL_SIGNIN=nobody)
    ran.failed(7, "the login service of profile me could not be reached")
    assert "aws login" not in ran.stderr
    assert offline_front.calls == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, denied("server_error", "InternalServerException")),
        (429, denied("INVALID_REQUEST", "TooManyRequestsError")),
        (503, b"<html>"),
        (401, {}),
        (403, b"<html>"),
    ],
    ids=["500", "429", "503", "401 of nobody", "403 of a proxy"],
)
def test_a_sign_in_service_that_is_out_of_order_is_exit_7(
    home_: Home, login: LoggedIn, signin: Canned, status: int, body: Any
) -> None:
    login.write(OVER)
    signin.answer = lambda _asked: (status, body)
    home_.run("get", "dev").failed(7, "the login service of profile me could not be reached")


@pytest.mark.parametrize(
    "body",
    [b"<html>Log in</html>", b"", b"[]", b"{}", b'{"accessToken": 1}', b'{"accessToken": {}, "expiresIn": 1e300}'],
)
def test_an_answer_that_is_none_of_the_service_s_is_exit_4_with_the_command(
    home_: Home, login: LoggedIn, signin: Canned, body: bytes
) -> None:
    login.write(OVER)
    before = login.path.read_bytes()
    signin.answer = lambda _asked: (200, body)
    ran = home_.run("get", "dev")
    ran.failed(4)
    assert ran.stderr == ENDED
    assert login.path.read_bytes() == before


def test_cached_credentials_are_served_when_a_login_has_ended(
    home_: Home, offline_front: Front, login: LoggedIn, signin: Canned
) -> None:
    offline_front.behaviour = session(date=datetime.now(UTC) - timedelta(seconds=3100))  # 500 s of an hour are left
    login.write(GOOD)
    first = home_.get("dev")
    login.write(OVER)
    signin.answer = lambda _asked: (401, denied("TOKEN_EXPIRED"))
    assert home_.get("dev") == first
    assert len(signin.asked) == 1
    assert "the login of profile me has expired" in home_.log.read_text()


def test_cached_credentials_are_served_when_the_sign_in_service_hangs(
    home_: Home, offline_front: Front, login: LoggedIn, signin: Canned
) -> None:
    offline_front.behaviour = session(date=datetime.now(UTC) - timedelta(seconds=3100))
    login.write(GOOD)
    first = home_.get("dev")
    login.write(OVER)
    released = threading.Event()
    signin.answer = lambda _asked: (500 if released.wait(60) else 504, {})
    assert home_.get("dev") == first
    released.set()
    assert len(signin.asked) == 1
    assert "the login service of profile me could not be reached" in home_.log.read_text()


def test_a_login_that_was_never_made_is_exit_4_with_the_command(home_: Home, signin: Canned) -> None:
    ran = home_.run("get", "dev")
    ran.failed(4)
    assert ran.stderr == ENDED
    assert signin.asked == []


@pytest.mark.parametrize(
    "changes",
    [
        {"refreshToken": None},
        {"clientId": []},
        {"dpopKey": None},
        {"dpopKey": 1},
        {"dpopKey": "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"},
        {"accessToken": None},
        {"accessToken": {}},
        {"accessToken": KEYS | {"expiresAt": "2020-01-01"}},
        {"accessToken": KEYS | {"expiresAt": "9" * 40}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_login_whose_file_lacks_something_is_exit_4_with_the_command(
    home_: Home, login: LoggedIn, signin: Canned, changes: dict[str, Any]
) -> None:
    login.write(OVER, **changes)
    ran = home_.run("get", "dev")
    ran.failed(4)
    assert ran.stderr == ENDED
    assert signin.asked == []


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "[" * 100_000], ids=lambda text: text[:2])
def test_a_login_whose_file_is_none_is_exit_4_with_the_command(
    home_: Home, login: LoggedIn, signin: Canned, text: str
) -> None:
    login.write(GOOD)
    login.path.write_text(text)
    ran = home_.run("get", "dev")
    ran.failed(4)
    assert ran.stderr == ENDED


def test_without_botocore_s_crt_extra_a_login_is_exit_3_and_says_how_to_install_it(
    home_: Home, login: LoggedIn, signin: Canned, tmp_path: Path
) -> None:
    login.write(GOOD)
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['awscrt'] = None\n")
    ran = home_.run("get", "dev", PYTHONPATH=str(tmp_path))
    ran.failed(3, "the login of profile me needs botocore's crt extra", 'pip install "botocore[crt]"')
