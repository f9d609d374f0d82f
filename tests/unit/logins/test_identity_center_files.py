"""What a login to the local Identity Center leaves in a home: as botocore and the AWS CLI read it, and renew it."""

import hashlib
import json
import ssl
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session
import identity_center
import pytest
import trustme
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import SSOProvider
from botocore.tokens import SSOTokenProvider
from botocore.utils import JSONFileCache
from identity_center import ACCOUNT, ROLE, SESSION, START_URL, Center, SsoFile, permission_set, sso_session
from running import Home
from sdk_calls import client

FIELDS = [
    "startUrl",
    "region",
    "accessToken",
    "expiresAt",
    "clientId",
    "clientSecret",
    "registrationExpiresAt",
    "refreshToken",
]


def provided(center: Center, home: Home, file: SsoFile, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The credentials of the profile `dev` by botocore's own providers, with the config and the files of `home`."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home.config))
    for name, value in center.environ().items():
        monkeypatch.setenv(name, value)
    session = botocore.session.Session(profile="dev")
    folder = str(file.path.parent)
    tokens = SSOTokenProvider(session, JSONFileCache(folder, dumps_func=_dumped), profile_name="dev")
    provider = SSOProvider(
        lambda: session.full_config,
        session.create_client,
        "dev",
        token_cache=JSONFileCache(folder),  # type: ignore[arg-type]  # what it is for
        token_provider=tokens,
    )
    found = provider.load()
    assert found is not None
    return found.get_frozen_credentials()


def _dumped(value: object) -> str:
    return json.dumps(value, default=lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


def test_a_session_s_login_is_two_files_as_the_cli_leaves_them(center: Center, home: Home) -> None:
    file = center.log_in(home, expires=600)
    folder = home.folder / ".aws" / "sso" / "cache"
    key = {"tool": "botocore", "startUrl": START_URL, "region": "us-east-1", "scopes": ["sso:account:access"]}
    registration = json.dumps(key | {"session_name": SESSION}, sort_keys=True)
    names = {file.path: SESSION, file.registration: registration}
    for path, name in names.items():
        assert path == folder / f"{hashlib.sha1(name.encode()).hexdigest()}.json"  # noqa: S324
        assert sys.platform == "win32" or stat.S_IMODE(path.stat().st_mode) == 0o600
    found = file.read()
    assert list(found) == FIELDS
    assert (found["startUrl"], found["region"]) == (START_URL, "us-east-1")
    end = datetime.strptime(found["expiresAt"], "%Y-%m-%dT%H:%M:%S%z")
    assert timedelta(minutes=9) < end - datetime.now(UTC) <= timedelta(minutes=10)
    registered = json.loads(file.registration.read_text())
    assert registered == {
        "clientId": found["clientId"],
        "clientSecret": found["clientSecret"],
        "expiresAt": found["registrationExpiresAt"],
        "scopes": ["sso:account:access"],
        "grantTypes": ["authorization_code", "refresh_token"],
    }


def test_a_legacy_login_has_the_start_url_for_its_name_and_cannot_be_renewed(center: Center, home: Home) -> None:
    file = center.log_in(home, None)
    assert file.path.stem == hashlib.sha1(START_URL.encode()).hexdigest()  # noqa: S324
    assert list(file.read()) == FIELDS[:-1]
    assert json.loads(file.registration.read_text()).keys() == {"clientId", "clientSecret", "expiresAt"}


def test_a_login_with_a_code_has_a_registration_without_grants_and_is_renewed(center: Center, home: Home) -> None:
    file = center.log_in(home, grants=(), configured_scopes=None)
    registered = json.loads(file.registration.read_text())
    assert registered["scopes"] == ["sso:account:access"]
    assert "grantTypes" not in registered
    found = file.read()
    wanted = {name: found[name] for name in ("clientId", "clientSecret", "refreshToken")}
    client(center, "sso-oidc").create_token(**wanted, grantType="refresh_token")
    assert file.registration != center.log_in(home, grants=()).registration


def test_times_may_be_given_and_fields_left_out_and_changed(center: Center, home: Home) -> None:
    end = datetime(2030, 1, 1, tzinfo=UTC)
    file = center.log_in(home, expires=end, registration_expires=-60, omit=("refreshToken", "region"))
    assert list(file.read()) == [name for name in FIELDS if name not in {"refreshToken", "region"}]
    assert file.read()["expiresAt"] == "2030-01-01T00:00:00Z"
    assert datetime.fromisoformat(file.read()["registrationExpiresAt"]) < datetime.now(UTC)
    file.change(region="eu-west-1", clientSecret=None)
    assert file.read()["region"] == "eu-west-1"
    assert "clientSecret" not in file.read()


@pytest.mark.parametrize(("session_name", "expires"), [(SESSION, 3600), (None, 3600), (SESSION, 60)])
def test_botocore_s_own_providers_take_the_files_and_renew_what_runs_out(
    center: Center, home: Home, monkeypatch: pytest.MonkeyPatch, session_name: str | None, expires: int
) -> None:
    home.config.write_text(sso_session() + permission_set("dev", session_name=session_name))
    file = center.log_in(home, session_name, expires=expires)
    before = file.read()
    keys = provided(center, home, file, monkeypatch)
    assert keys.access_key == center.issuer.given[-1].access_key_id
    assert keys.token == center.issuer.given[-1].session_token
    assert center.calls("CreateToken") == (1 if expires == 60 else 0)
    assert (file.read() == before) == (expires != 60)
    assert file.read().get("refreshToken") == file.login.refresh_token
    assert center.malformed == []


def test_the_texts_of_a_config_have_each_key_with_the_prefix_that_is_asked_for() -> None:
    assert sso_session("a", region="eu-west-1", sso_registration_scopes="x,y") == (
        "[sso-session a]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"
        "sso_registration_scopes = x,y\n"
    )
    assert permission_set("dev", prefix="assume_helper_") == (
        f"[profile dev]\nassume_helper_sso_account_id = {ACCOUNT}\nassume_helper_sso_role_name = {ROLE}\n"
        "assume_helper_sso_session = corp\n"
    )


HOSTS = ("portal.sso.us-east-1.amazonaws.com", "portal.sso.eu-west-1.amazonaws.com", "oidc.us-east-1.amazonaws.com")


@pytest.fixture
def intercepted() -> Iterator[tuple[Center, trustme.CA]]:
    """A center that answers for AWS's own hosts, behind a proxy."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    with identity_center.serving(intercepting=context) as center:
        yield center, authority


def test_behind_a_proxy_aws_s_own_hosts_are_the_regions(intercepted: tuple[Center, trustme.CA], home: Home) -> None:
    center, authority = intercepted
    file = center.log_in(home)
    with authority.cert_pem.tempfile() as bundle:

        def at(service: str, region: str) -> Any:
            config = Config(signature_version=UNSIGNED, proxies={"https": center.server.proxy_url})
            return botocore.session.Session().create_client(service, region, config=config, verify=bundle)

        wanted = {"roleName": ROLE, "accountId": ACCOUNT, "accessToken": file.read()["accessToken"]}
        at("sso", "us-east-1").get_role_credentials(**wanted)
        abroad = at("sso", "eu-west-1")
        with pytest.raises(abroad.exceptions.UnauthorizedException):
            abroad.get_role_credentials(**wanted)
        found = {name: file.read()[name] for name in ("clientId", "clientSecret", "refreshToken")}
        at("sso-oidc", "us-east-1").create_token(**found, grantType="refresh_token")
    assert center.server.connected == list(HOSTS)
    assert [request.region for request in center.server.requests] == ["us-east-1", "eu-west-1", "us-east-1"]
    assert center.malformed == []


def test_the_proxy_lets_nobody_through_to_another_host(intercepted: tuple[Center, trustme.CA]) -> None:
    import http.client

    center, _ = intercepted
    connection = http.client.HTTPSConnection(center.server.proxy_url.removeprefix("http://"), timeout=30)
    connection.set_tunnel("sts.us-east-1.amazonaws.com")
    with pytest.raises(OSError, match="502"):
        connection.connect()
    assert center.server.requests == []


def test_with_a_certificate_the_services_speak_tls(home: Home) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with identity_center.serving(tls=context) as center, authority.cert_pem.tempfile() as bundle:
        file = center.log_in(home)
        config = Config(signature_version=UNSIGNED)
        url = center.environ()["AWS_ENDPOINT_URL_SSO"]
        assert url.startswith("https://127.0.0.1:")
        sso: Any = botocore.session.Session().create_client(
            "sso", "us-east-1", endpoint_url=url, config=config, verify=bundle
        )
        sso.list_accounts(accessToken=file.read()["accessToken"])
    assert center.server.requests[0].url == f"{url}/assignment/accounts"
