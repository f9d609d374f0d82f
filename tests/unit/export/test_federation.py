"""A sign-in token for credentials: what is sent, by POST alone; what takes a duration; and each failure."""

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import canned
import pytest
import trustme
from behaviours import body, held, html, lost, reset, status, truncated
from front import free_port
from identity_center import Center
from issued_keys import Keys
from json_service import Answer, Behaviour

from assume_helper.credentials import Credentials
from assume_helper.errors import ConfigurationError, SettingFault, STSNotReached, STSRefused, STSThrottled
from assume_helper.export import federation
from assume_helper.export.federation import SignIn, SignInService
from assume_helper.profiles import aws_config
from assume_helper.profiles.login import ConsoleLogin, IdentityCenterLogin, LoginService, PermissionSet
from assume_helper.profiles.origin import (
    CredentialProcess,
    EnvironmentKeys,
    Metadata,
    MFADevice,
    Origin,
    StaticKeys,
    WebIdentity,
)
from assume_helper.profiles.role import Endpoint, Profile
from assume_helper.system.context import Clock
from assume_helper.text import typed

FORM = "POST /federation"
ACCOUNT = "123456789012"
KEYS = StaticKeys("me", "AKIADUMMY", "secret", None)
LOGIN = IdentityCenterLogin("https://x.awsapps.com/start", "corp", "t.json", "log in", LoginService("us-east-1"))
PERMISSION_SET = PermissionSet("dev", ACCOUNT, "Admin", LOGIN)
HERE = Endpoint("us-east-1")
MINE = Profile("dev", None, PERMISSION_SET, HERE)


QUICK = Clock(sleep=lambda _seconds: None)  # nobody waits between two tries


def role(source: Origin | Profile, **fields: object) -> Profile:
    return replace(Profile("dev", f"arn:aws:iam::{ACCOUNT}:role/dev", source, HERE), **fields)  # type: ignore[arg-type]


def issued(center: Center) -> Keys:
    return center.issuer.issue(timedelta(hours=1), of_role=True, permission_set=(ACCOUNT, "Admin"))


def credentials(keys: Keys) -> Credentials:
    return Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token, keys.expires)


def there(url: str, bundle: Path | None = None) -> SignInService:
    return SignInService("us-east-1", url, None if bundle is None else str(bundle))


def ask(center: Center, keys: Keys, seconds: int | None = None, profile: Profile = MINE) -> SignIn:
    return federation.sign_in(there(center.server.url("signin")), profile, credentials(keys), seconds, QUICK)


# What is sent


@pytest.mark.parametrize("seconds", [None, 900, 43_200])
def test_the_credentials_are_in_the_body_and_nowhere_else(center: Center, seconds: int | None) -> None:
    keys = issued(center)
    found = ask(center, keys, seconds)
    assert (found.token, found.seconds) == (center.signin.federation.given[0], seconds)
    (request,) = center.server.requests
    assert (request.method, request.path, request.query) == ("POST", "/federation", {})
    everywhere_else = f"{request.url} {request.headers}"
    for secret in (keys.secret_access_key, keys.session_token, keys.access_key_id):
        assert secret not in everywhere_else
    assert "authorization" not in request.headers
    assert center.signin.federation.refused == []


def test_a_slash_behind_one_s_own_url_is_not_doubled(center: Center) -> None:
    keys = credentials(issued(center))
    url = center.server.url("signin", "eu-west-1") + "/"
    assert federation.sign_in(there(url), MINE, keys, None, QUICK).token
    assert (center.server.requests[0].region, center.server.requests[0].path) == ("eu-west-1", "/federation")


def test_a_token_and_credentials_are_not_shown(center: Center) -> None:
    keys = issued(center)
    found = ask(center, keys)
    assert found.token not in repr(found)
    center.always(FORM, status(403))
    with pytest.raises(STSRefused) as refused:
        ask(center, keys)
    for secret in (keys.secret_access_key, keys.session_token):
        assert secret not in repr(refused.value) + str(refused.value.__context__) + repr(refused.value.__cause__)


# A duration


def test_a_duration_that_is_refused_is_left_out_the_second_time(center: Center) -> None:
    keys = center.issuer.federate(timedelta(hours=1))
    assert ask(center, keys, 3600).seconds is None
    assert center.signin.federation.refused == ["SessionDuration is not for these credentials"]
    assert center.calls(FORM) == 2


def test_after_any_other_refusal_it_is_not_asked_again(center: Center) -> None:
    for number in (403, 405):
        center.once(FORM, status(number))
        with pytest.raises(STSRefused):
            ask(center, issued(center), 3600)
    assert center.calls(FORM) == 2


def test_a_duration_goes_with_an_access_key_a_web_identity_token_and_what_is_not_known() -> None:
    process = Profile("p", None, CredentialProcess("p", "x"), HERE)
    for source in (KEYS, WebIdentity("token"), EnvironmentKeys("AKIADUMMY"), process):
        assert federation.takes_no_duration(role(source), {}) is None
    for own in (PERMISSION_SET, CredentialProcess("p", "x"), replace(KEYS, session_token="t")):
        assert federation.takes_no_duration(Profile("dev", None, own, HERE), {}) is None
    # the code itself assumes it
    assert federation.takes_no_duration(role(KEYS, mfa=MFADevice("GAHT12345678"), duration_seconds=7200), {}) is None


@pytest.mark.parametrize(
    ("profile", "environ", "words"),
    [
        (role(MINE), {}, "the session of profile dev"),
        (role(role(KEYS, name="hub")), {}, "the session of profile hub"),
        (
            role(replace(MINE, name="me", source=ConsoleLogin("me", "arn", "t", "c", LOGIN.service))),
            {},
            "of profile me",
        ),
        (role(Metadata("Ec2InstanceMetadata")), {}, "the role of this machine"),
        (role(replace(KEYS, session_token="t")), {}, "temporary keys"),
        (role(EnvironmentKeys("ASIADUMMY")), {"AWS_SESSION_TOKEN": "t"}, "temporary keys"),
        (role(EnvironmentKeys("ASIADUMMY")), {"AWS_SECURITY_TOKEN": "t"}, "temporary keys"),
        (role(KEYS, mfa=MFADevice("GAHT12345678")), {}, "an MFA session"),
    ],
)
def test_a_role_over_a_temporary_session_takes_none(profile: Profile, environ: dict[str, str], words: str) -> None:
    assert words in (federation.takes_no_duration(profile, environ) or "")


# Who cannot sign in


def test_an_access_key_cannot_whatever_session_it_has() -> None:
    with pytest.raises(ConfigurationError, match=rf"a user's own session cannot .*--source-profile {typed('a b')}$"):
        federation.check_kind(Profile("a b", None, KEYS, HERE))
    for profile in (MINE, role(KEYS), Profile("dev", None, replace(KEYS, session_token="t"), HERE)):
        federation.check_kind(profile)


def test_credentials_without_a_session_token_cannot() -> None:
    process = Profile("p", None, CredentialProcess("p", "x"), HERE)
    with pytest.raises(ConfigurationError, match="the process of profile p gives an access key, and only a session"):
        federation.check_credentials(process, Credentials("AKIADUMMY", "secret"))
    federation.check_credentials(process, Credentials("ASIADUMMY", "secret", "token"))


@pytest.mark.parametrize(
    ("profile", "next_step"),
    [
        (MINE, "add --portal"),
        (role(KEYS, name="a b"), f"assume-helper whoami {typed('a b')}"),
        (Profile("dev", None, CredentialProcess("p", "x"), HERE), "if they are a user's own they cannot sign in"),
    ],
)
@pytest.mark.parametrize("number", [400, 401, 403])
def test_a_refusal_is_exit_6_and_says_what_to_do(center: Center, profile: Profile, next_step: str, number: int) -> None:
    center.always(FORM, html(400) if number == 400 else status(number, message="no"))
    with pytest.raises(STSRefused, match=rf"does not take these credentials.*\(HTTP {number}\)") as refused:
        ask(center, issued(center), profile=profile)
    assert next_step in refused.value.next_step
    assert ("or takes no POST" in refused.value.message) == (number == 400)
    assert center.calls(FORM) == 1


@pytest.mark.parametrize(
    ("profile", "next_step"), [(MINE, "add --portal"), (role(KEYS), "correct AWS_ENDPOINT_URL_SIGNIN")]
)
def test_where_no_post_is_taken_nothing_else_is_tried(center: Center, profile: Profile, next_step: str) -> None:
    center.always(FORM, html(405))
    with pytest.raises(STSRefused, match=r"takes no POST \(HTTP 405\), and the keys are sent in no URL") as refused:
        ask(center, issued(center), 3600, profile)
    assert next_step in refused.value.next_step
    assert [request.method for request in center.server.requests] == ["POST"]


# No usable answer


def redirect(location: str) -> Behaviour:
    return lambda _request, _proceed: Answer(307, b"", {"Location": location})


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (html(), "gave an answer that is not from the sign-in service"),
        (html(403), r"not from the sign-in service \(HTTP 403\)"),
        (html(404), r"not from the sign-in service \(HTTP 404\)"),
        (html(407), r"not from the sign-in service \(HTTP 407\)"),
        (html(502), r"is out of order \(HTTP 502\)"),
        (status(503), r"is out of order \(HTTP 503\)"),
        (body(b"{}"), "it has no SigninToken"),
        (body(b'{"SigninToken": null}'), "it has no SigninToken"),
        (body(b'{"SigninToken": ""}'), "it has no SigninToken"),
        (body(b'{"SigninToken": "a b"}'), "it has no SigninToken"),
        (body(json.dumps({"SigninToken": "x" * 20_000}).encode()), "it has no SigninToken"),
        (body(b'["SigninToken"]'), "not from the sign-in service"),
        (body(b"[" * 100_000), "not from the sign-in service"),
        (body(b'{"SigninToken": "\xff"}'), "not from the sign-in service"),
        (body(b"x" * 2_000_000), "sent an answer without end"),
        (truncated, "broke off the connection|not from the sign-in service"),
        (lost, "reset|broke off"),
        (reset, "reset|broke off"),
    ],
)
def test_no_usable_answer_is_not_reached_and_is_asked_for_again(
    center: Center, behaviour: Behaviour, words: str
) -> None:
    center.always(FORM, behaviour)
    with pytest.raises(STSNotReached, match=words) as failed:
        ask(center, issued(center))
    assert failed.value.exit_code == 7
    assert "the sign-in service at http://127.0.0.1:" in failed.value.message
    assert center.calls(FORM) == 3


def test_what_works_the_second_time_is_enough(center: Center) -> None:
    center.once(FORM, status(503), reset)
    assert ask(center, issued(center), 900).seconds == 900
    assert center.signin.federation.refused == []


def test_a_redirect_is_not_followed(center: Center) -> None:
    with canned.serving(lambda _asked: (200, {"SigninToken": "caught"})) as elsewhere:
        center.always(FORM, redirect(f"{elsewhere.url}/federation"))
        with pytest.raises(STSNotReached, match=r"not from the sign-in service \(HTTP 307\)"):
            ask(center, issued(center))
        assert elsewhere.asked == []


def test_throttling_is_said(center: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(federation, "PATIENCE", 1.0)
    center.always(FORM, status(429))
    with pytest.raises(STSThrottled, match=r"throttles \(HTTP 429\)"):
        federation.sign_in(there(center.server.url("signin")), MINE, credentials(issued(center)), None, Clock())


def test_an_answer_that_does_not_come_is_not_waited_for(center: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(federation, "PATIENCE", 0.5)
    never = threading.Event()
    center.always(FORM, held(never))
    try:
        with pytest.raises(STSNotReached, match="gave no answer in time"):
            ask(center, issued(center))
    finally:
        never.set()


def test_nobody_there_is_not_reached() -> None:
    keys = Credentials("ASIADUMMY", "secret", "token")
    with pytest.raises(STSNotReached, match="the connection was refused"):
        federation.sign_in(there(f"http://127.0.0.1:{free_port()}"), MINE, keys, None, QUICK)


def test_nothing_is_sent_over_plain_http_to_the_internet() -> None:
    keys = Credentials("ASIADUMMY", "secret", "token")
    with pytest.raises(ConfigurationError, match="neither this machine nor in a private network"):
        federation.sign_in(there("http://192.0.2.1"), MINE, keys, None, QUICK)


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[canned.Canned, Path]]:
    """A server with a certificate of an authority that nobody knows, and the bundle that has it."""
    authority = trustme.CA()
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with canned.serving(lambda _asked: (200, {"SigninToken": "good"}), context) as server:
        yield server, bundle


def test_a_certificate_is_verified_with_the_bundle(tls: tuple[canned.Canned, Path]) -> None:
    server, bundle = tls
    keys = Credentials("ASIADUMMY", "secret", "token")
    assert federation.sign_in(there(server.url, bundle), MINE, keys, None, QUICK).token == "good"
    with pytest.raises(STSNotReached, match="the certificate of the sign-in service"):
        federation.sign_in(there(server.url), MINE, keys, None, QUICK)
    with pytest.raises(SettingFault, match="is not there"):
        federation.sign_in(there(server.url, bundle / "no"), MINE, keys, None, QUICK)
    assert len(server.asked) == 1


# Which sign-in


CONFIG = (
    "[profile plain]\nregion = us-east-1\n"
    "[profile own]\nendpoint_url = https://all.example.com\n"
    "[profile sts]\nassume_helper_endpoint_url = https://sts.example.com\n"
    "[profile section]\nservices = mine\n[services mine]\nsignin =\n  endpoint_url = https://signin.example.com\n"
)


@pytest.mark.parametrize(
    ("name", "environ", "url"),
    [
        ("plain", {}, "https://signin.aws.amazon.com"),
        ("sts", {}, "https://signin.aws.amazon.com"),
        ("own", {}, "https://all.example.com"),
        ("section", {}, "https://signin.example.com"),
        ("section", {"AWS_ENDPOINT_URL_SIGNIN": "https://x.example.com"}, "https://x.example.com"),
        ("section", {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "https://signin.aws.amazon.com"),
        ("plain", {"AWS_ENDPOINT_URL_STS": "https://sts.example.com"}, "https://signin.aws.amazon.com"),
    ],
)
def test_the_sign_in_is_the_configured_one_else_the_partition_s(
    tmp_path: Path, name: str, environ: dict[str, str], url: str
) -> None:
    (tmp_path / "config").write_text(CONFIG)
    config = aws_config.load({"HOME": str(tmp_path), "AWS_CONFIG_FILE": str(tmp_path / "config")})
    profile = Profile(name, None, PERMISSION_SET, Endpoint("us-east-1", ca_bundle="b.pem", ca_bundle_named="named"))
    found = federation.service(config, profile, "aws", environ)
    assert (found.endpoint_url, found.region) == (url, "us-east-1")
    assert (found.ca_bundle, found.ca_bundle_named) == ("b.pem", "named")
