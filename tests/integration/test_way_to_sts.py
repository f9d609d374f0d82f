"""The way to STS: certificates and proxies, as the SDKs are told of them."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from front import Front, session
from running import SECRET, Home


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return tmp_path / "ca.pem"


@pytest.fixture
def tls_front(bundle: Path) -> Iterator[Front]:
    """A front with a certificate of an authority that nobody knows but `bundle`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    front = Front("http://127.0.0.1:9", behaviour=session())
    front.start(context)
    yield front
    front.stop()


def https(front: Front) -> str:
    return front.url.replace("http://", "https://")


def test_a_certificate_that_is_not_trusted_is_exit_7_and_says_which_variable(role: Home, tls_front: Front) -> None:
    role.run("get", "dev", AWS_ENDPOINT_URL=https(tls_front)).failed(7, "certificate", "AWS_CA_BUNDLE")
    assert tls_front.calls == []


def test_the_environments_ca_bundle_is_trusted(role: Home, tls_front: Front, bundle: Path) -> None:
    role.get("dev", AWS_ENDPOINT_URL=https(tls_front), AWS_CA_BUNDLE=str(bundle))
    assert len(tls_front.assumed()) == 1


def test_the_profiles_ca_bundle_is_trusted(role: Home, tls_front: Front, bundle: Path) -> None:
    with role.config.open("a") as config:
        config.write(f"ca_bundle = {bundle}\n")
    role.get("dev", AWS_ENDPOINT_URL=https(tls_front))
    assert len(tls_front.assumed()) == 1


def test_the_proxy_is_asked_for_sts(role: Home, offline_front: Front) -> None:
    environ = {"AWS_ENDPOINT_URL": "https://sts.invalid", "HTTPS_PROXY": offline_front.url}
    role.run("get", "dev", **environ).failed(7, "could not be reached through the proxy")
    assert {call.parameters["CONNECT"] for call in offline_front.calls} == {"sts.invalid:443"}


def test_without_an_endpoint_the_regions_own_sts_is_asked(role: Home, offline_front: Front) -> None:
    text = role.config.read_text().partition("region")[0]
    for partition, region, host in (
        ("aws", "eu-central-1", "sts.eu-central-1.amazonaws.com:443"),
        ("aws-cn", "cn-northwest-1", "sts.cn-northwest-1.amazonaws.com.cn:443"),
        ("aws-us-gov", "us-gov-east-1", "sts.us-gov-east-1.amazonaws.com:443"),
    ):
        role.config.write_text(text.replace("arn:aws:", f"arn:{partition}:"))
        offline_front.calls.clear()
        role.run("get", "dev", AWS_REGION=region, HTTPS_PROXY=offline_front.url).failed(7, region)
        assert {call.parameters["CONNECT"] for call in offline_front.calls} == {host}


def test_an_endpoint_that_the_profile_ignores_is_not_asked(role: Home, offline_front: Front) -> None:
    """What is called is what is in the cache key, whatever the environment says."""
    text = role.config.read_text().partition("endpoint_url")[0]
    role.config.write_text(text + "ignore_configured_endpoint_urls = true\n")
    environ = {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9", "HTTPS_PROXY": offline_front.url}
    role.run("get", "dev", **environ).failed(7, "in us-east-1", "proxy")
    assert {call.parameters["CONNECT"] for call in offline_front.calls} == {"sts.us-east-1.amazonaws.com:443"}


def test_an_empty_ca_bundle_is_none(role: Home, tls_front: Front, bundle: Path) -> None:
    environ = {"AWS_ENDPOINT_URL": https(tls_front), "AWS_CA_BUNDLE": "", "REQUESTS_CA_BUNDLE": str(bundle)}
    role.get("dev", **environ)


@pytest.mark.parametrize("proxy", ["not a proxy", f"http://me:{SECRET}@host:abc", "http://", "host:99999"])
def test_a_proxy_that_is_none_is_named_and_not_shown(role: Home, proxy: str) -> None:
    role.run("get", "dev", AWS_ENDPOINT_URL="https://sts.invalid", HTTPS_PROXY=proxy).failed(3, "HTTPS_PROXY is not")


def test_a_proxy_that_is_not_for_sts_is_passed_by(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    role.get("dev", HTTP_PROXY="not a proxy", NO_PROXY="127.0.0.1")
