"""What the services of logins refuse and fail at: each with its exit code, and what becomes of what is cached."""

import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import identity_center as ic
import pytest
import trustme
from behaviours import body, held, html, lost, reset, status, truncated
from front import Front, free_port
from identity_center import Center, ConsoleFile, SsoFile
from json_service import Behaviour
from kind_scenes import NAME, Scene, roles, timestamp, together
from running import Home


@pytest.fixture
def scene(home: Home, center: Center, offline_front: Front) -> Scene:
    """A permission set, and roles over it."""
    scene = Scene(home, center, offline_front, "permission set")
    home.config.write_text(scene.config() + roles(2))
    return scene


@pytest.fixture
def login(scene: Scene) -> SsoFile:
    assert isinstance(scene.login, SsoFile)
    return scene.login


@pytest.fixture
def console(home: Home, center: Center, offline_front: Front) -> Scene:
    return Scene(home, center, offline_front, "console login")


def cached(scene: Scene, *names: str) -> None:
    """Have these profiles cached, and remembered for a hit."""
    for name in names:
        scene.home.get(name)
        scene.home.get(name)


# No login


def test_no_login_is_exit_4_with_the_command(scene: Scene, login: SsoFile) -> None:
    login.path.unlink()
    for name in (NAME, "role-0"):
        ran = scene.home.run("get", name)
        ran.failed(4)
        line = "sso-session corp is not logged in; run: assume-helper login --sso-session corp"
        assert ran.stderr == f"assume-helper: {name}: {line}\n"
    assert scene.center.server.requests == []


def test_a_login_that_is_over_is_exit_4_with_the_command(scene: Scene, login: SsoFile) -> None:
    scene.center.log_in(scene.home, expires=-10, omit={"refreshToken"})
    ran = scene.home.run("get", NAME)
    ran.failed(4, "the login of sso-session corp has expired", "run: assume-helper login --sso-session corp")
    assert scene.center.server.requests == []


def test_a_login_that_is_not_renewed_any_more_is_exit_4_and_its_refresh_token_is_not_sent_again(scene: Scene) -> None:
    login = scene.center.log_in(scene.home, expires=-10)
    scene.center.end(login)
    for name in (NAME, NAME, "role-0"):
        scene.home.run("get", name).failed(4, "InvalidGrantException", "run: assume-helper login --sso-session corp")
    assert scene.center.calls("CreateToken") == 1


@pytest.mark.parametrize(
    ("error", "words", "calls"),
    [
        ("TOKEN_EXPIRED", "expired", 1),
        ("USER_CREDENTIALS_CHANGED", "changed", 1),
        ("INSUFFICIENT_PERMISSIONS", "signin:CreateOAuth2Token", 2),  # which may be given meanwhile
    ],
)
def test_a_console_login_that_is_not_renewed_is_exit_4_with_the_command(
    console: Scene, error: str, words: str, calls: int
) -> None:
    assert isinstance(console.login, ConsoleFile)
    console.end_in(-10)
    console.center.end(console.login, error)
    for _ in range(2):
        console.home.run("get", NAME).failed(4, words, f"run: assume-helper login {NAME}")
    assert console.asked == calls


# 401


def test_a_revoked_token_is_exit_4_what_is_cached_goes_and_it_is_not_tried_again(scene: Scene, login: SsoFile) -> None:
    scene.center.assign(ic.ACCOUNT, "Admin")
    with scene.home.config.open("a") as config:
        config.write(ic.permission_set("admin", role="Admin"))
    cached(scene, NAME, "role-0")
    scene.center.revoke(login.read()["accessToken"])
    scene.home.run("get", "admin").failed(4, "login of sso-session corp was revoked", "run: assume-helper login")
    asked = len(scene.center.server.requests)
    for name in ("admin", NAME, "role-0", "role-1"):
        scene.home.run("get", name).failed(4, "was revoked")
    assert len(scene.center.server.requests) == asked
    assert len(scene.front.assumed()) == 1
    assert scene.home.entries() == []


def test_after_a_revoked_login_the_next_one_serves(scene: Scene, login: SsoFile) -> None:
    first = scene.home.get(NAME)
    scene.center.revoke(login.read()["accessToken"])
    scene.end_in(300)
    scene.home.run("get", NAME).failed(4, "was revoked")
    scene.center.log_in(scene.home)
    assert scene.home.get(NAME)["AccessKeyId"] != first["AccessKeyId"]


def test_many_at_once_ask_once_with_a_revoked_token(scene: Scene, login: SsoFile) -> None:
    scene.home.unmeasured()
    scene.center.revoke(login.read()["accessToken"])
    ended = together(scene.home, [NAME] * 10)
    assert {done.code for done in ended} == {4}
    assert scene.center.calls("GetRoleCredentials") == 1


def test_another_region_than_the_login_s_is_exit_3_and_nothing_goes(scene: Scene, login: SsoFile) -> None:
    cached(scene, NAME, "role-0")
    kept = scene.home.entries()
    text = scene.home.config.read_text()
    scene.home.config.write_text(text.replace("sso_region = us-east-1", "sso_region = eu-west-1"))
    elsewhere = scene.center.environ("eu-west-1")
    scene.home.run("get", NAME, **elsewhere).failed(3, "sso_region = eu-west-1", "us-east-1")
    assert set(kept) <= set(scene.home.entries())
    scene.home.config.write_text(text)
    calls = scene.center.calls("GetRoleCredentials")
    scene.home.get(NAME)
    scene.home.get("role-0")
    assert scene.center.calls("GetRoleCredentials") == calls


# 403, 404 and other refusals


def test_403_once_is_tried_again(scene: Scene) -> None:
    scene.center.refuse_once(403)
    scene.home.get(NAME)
    assert scene.center.calls("GetRoleCredentials") == 2


@pytest.mark.parametrize(("number", "words"), [(403, "is not assigned"), (404, "is not there")])
def test_403_and_404_twice_is_exit_6_with_account_and_role_and_the_session_goes(
    scene: Scene, number: int, words: str
) -> None:
    cached(scene, NAME, "role-0")
    if number == 403:
        scene.center.unassign(ic.ACCOUNT, ic.ROLE)
    else:
        del scene.center.portal.accounts[ic.ACCOUNT]
    scene.end_in(300)
    calls = scene.center.calls("GetRoleCredentials")
    ran = scene.home.run("get", NAME)
    ran.failed(6, words, f"role {ic.ROLE} of account {ic.ACCOUNT}", "sso_role_name and sso_account_id")
    assert scene.center.calls("GetRoleCredentials") == calls + 2
    scene.home.run("get", "role-0").failed(6, words, ic.ACCOUNT)
    assert scene.home.entries() == []


def test_an_account_that_is_none_is_exit_3(scene: Scene) -> None:
    scene.home.config.write_text(scene.home.config.read_text().replace(ic.ACCOUNT, "12", 1))
    scene.home.run("get", NAME).failed(3, "12", "sso_account_id")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (ic.START_URL, "not a url", "sso_start_url"),
        (ic.START_URL, "ftp://x.awsapps.com/start", "sso_start_url"),
        ("sso_region = us-east-1", "sso_region = nowhere!", "sso_region"),
        ("[sso-session corp]", "[sso-session other]", "corp"),
    ],
)
def test_a_start_url_a_region_or_a_session_that_is_none_is_exit_3(scene: Scene, old: str, new: str, words: str) -> None:
    scene.home.config.write_text(scene.home.config.read_text().replace(old, new))
    scene.home.run("get", NAME).failed(3, words)
    assert scene.center.server.requests == []


# Not reached


@pytest.mark.parametrize(
    "behaviour",
    [html(200), html(503), truncated, reset, status(500), status(503), body(b"{}"), body(b"[]"), body(b"{")],
    ids=["HTML", "HTML 503", "cut", "reset", "500", "503", "empty", "a list", "half"],
)
def test_an_answer_that_is_none_is_exit_7_and_what_is_cached_is_served(scene: Scene, behaviour: Behaviour) -> None:
    scene.center.always("GetRoleCredentials", behaviour)
    scene.home.run("get", NAME).failed(7, "Identity Center")
    scene.center.as_usual("GetRoleCredentials")
    first = scene.home.get(NAME)
    scene.end_in(90)
    scene.center.always("GetRoleCredentials", behaviour)
    assert scene.home.get(NAME)["AccessKeyId"] == first["AccessKeyId"]
    scene.home.get("role-0")  # by what is cached of its source


def test_throttling_is_waited_out(scene: Scene) -> None:
    scene.center.once("GetRoleCredentials", *[status(429, "TooManyRequestsException")] * 3)
    scene.home.get(NAME)
    assert scene.center.calls("GetRoleCredentials") == 4


@pytest.mark.parametrize("behaviour", [html(200), reset, status(500), status(429, "TooManyRequestsException")])
def test_a_login_whose_renewal_fails_serves_its_old_token_while_that_is_good(
    scene: Scene, behaviour: Behaviour
) -> None:
    login = scene.center.log_in(scene.home, expires=300)
    before = login.path.read_bytes()
    scene.center.always("CreateToken", behaviour)
    scene.home.get(NAME)
    scene.home.get("role-0")
    assert scene.center.calls("CreateToken") == 1, "what failed is left alone for a while"
    assert login.path.read_bytes() == before


def test_a_login_that_is_over_and_whose_renewal_fails_is_exit_7_and_is_renewed_later(scene: Scene) -> None:
    scene.center.log_in(scene.home, expires=-10)
    scene.center.once("CreateToken", status(503))
    scene.home.run("get", NAME).failed(7, "Identity Center")
    scene.home.get(NAME)
    assert scene.center.calls("CreateToken") == 2


@pytest.mark.parametrize("operation", ["CreateToken", "CreateOAuth2Token"])
def test_an_answer_to_a_renewal_that_is_lost_has_spent_the_token_and_says_to_log_in(
    home: Home, center: Center, offline_front: Front, operation: str
) -> None:
    kind = "permission set" if operation == "CreateToken" else "console login"
    scene = Scene(home, center, offline_front, kind)
    if operation == "CreateToken":
        center.log_in(home, expires=-10)
    else:
        scene.end_in(-10)
    center.once(operation, lost)
    home.run("get", NAME).failed(7)
    home.run("get", NAME).failed(4, "run: assume-helper login ")
    home.run("get", NAME).failed(4, "run: assume-helper login ")
    assert center.calls(operation) == 2


# How they are reached


def test_a_service_that_nobody_listens_for_is_exit_7_and_named(scene: Scene) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    scene.home.run("get", NAME, AWS_ENDPOINT_URL_SSO=nobody).failed(7, "Identity Center", "could not be reached")


def test_a_hung_portal_is_exit_7_in_time(scene: Scene) -> None:
    released = threading.Event()
    scene.center.always("GetRoleCredentials", held(released))
    try:
        scene.home.run("get", NAME).failed(7, "Identity Center")  # in less than the minute that it is held
    finally:
        released.set()


@pytest.mark.parametrize("where", ["global variable", "services", "profile"])
def test_the_services_urls_may_be_set_as_for_any_service(scene: Scene, where: str) -> None:
    login = scene.center.log_in(scene.home, expires=300)
    urls = {name.removeprefix("AWS_ENDPOINT_URL_"): url for name, url in scene.center.environ().items()}
    for name in scene.center.environ():
        del scene.home.environ[name]
    text = scene.home.config.read_text()
    if where == "services":
        section = "".join(f"{name.lower()} =\n  endpoint_url = {url}\n" for name, url in urls.items())
        text = text.replace(f"[profile {NAME}]\n", f"[profile {NAME}]\nservices = here\n", 1)
        scene.home.config.write_text(f"{text}[services here]\n{section}")
        scene.home.get(NAME)
        assert scene.center.calls("CreateToken") == 1
        return
    # one URL for all services: it answers for one of them only
    login.change(expiresAt=timestamp(3600))
    if where == "profile":
        here = f"[profile {NAME}]\nendpoint_url = {urls['SSO']}\n"
        scene.home.config.write_text(text.replace(f"[profile {NAME}]\n", here, 1))
        scene.home.get(NAME)
    else:
        scene.home.get(NAME, AWS_ENDPOINT_URL=urls["SSO"])
    assert scene.center.calls("GetRoleCredentials") == 1


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return tmp_path / "ca.pem"


@pytest.fixture
def secure(bundle: Path, tmp_path: Path) -> Iterator[Center]:
    """A center that speaks TLS, and behind a proxy answers for AWS's own hosts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(bundle))
    own, aws = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    authority.issue_cert("127.0.0.1").configure_cert(own)
    hosts = [f"{name}.us-east-1.amazonaws.com" for name in ("portal.sso", "oidc")]
    authority.issue_cert(*hosts, "us-east-1.signin.aws.amazon.com").configure_cert(aws)
    with ic.serving(tls=own, intercepting=aws) as center:
        yield center


def begin_at_the_end(scene: Scene) -> None:
    """Log in anew; the token is over, and is to be renewed."""
    log_in = scene.center.log_in if scene.kind == "permission set" else scene.center.console_log_in
    scene.login = log_in(scene.home, expires=-10)


@pytest.mark.parametrize("kind", ["permission set", "console login"])
def test_the_ca_bundle_holds_for_the_services_of_logins(
    home: Home, secure: Center, offline_front: Front, bundle: Path, kind: str
) -> None:
    scene = Scene(home, secure, offline_front, kind)
    begin_at_the_end(scene)
    text = home.config.read_text()
    home.config.write_text(scene.config(ca_bundle=str(bundle)))
    home.get(NAME)
    requests = len(secure.server.requests)
    home.config.write_text(text)
    begin_at_the_end(scene)
    home.run("get", NAME, ASSUME_HELPER_CACHE_DIR=str(home.folder / "new")).failed(7, "certificate", "AWS_CA_BUNDLE")
    assert len(secure.server.requests) == requests
    assert secure.malformed == []


@pytest.mark.parametrize("kind", ["permission set", "console login"])
def test_the_proxy_is_asked_for_aws_s_own_hosts(
    home: Home, secure: Center, offline_front: Front, bundle: Path, kind: str
) -> None:
    begin_at_the_end(Scene(home, secure, offline_front, kind))
    for name in secure.environ():
        del home.environ[name]
    home.get(NAME, HTTPS_PROXY=secure.server.proxy_url, AWS_CA_BUNDLE=str(bundle))
    hosts = {
        "permission set": {"oidc.us-east-1.amazonaws.com", "portal.sso.us-east-1.amazonaws.com"},
        "console login": {"us-east-1.signin.aws.amazon.com"},
    }
    assert {host.partition(":")[0] for host in secure.server.connected} == hosts[kind]
    assert secure.malformed == []
