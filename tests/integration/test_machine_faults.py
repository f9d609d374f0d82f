"""Faults of this machine and of its settings, before a byte is sent: told as such, and not as STS being away."""

import os
import socket
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

# A session of an hour that is due to be replaced.
from faults.test_network import past_its_window
from front import Front, free_port, session
from running import SCRIPT, SECRET, Home

DUE = past_its_window


@pytest.fixture
def dev(role: Home, offline_front: Front) -> Home:
    offline_front.behaviour = DUE()
    return role


def is_told(home: Home, code: int, *words: str, command: list[str] | None = None, **environ: str) -> None:
    """It fails with `code`, and where a session is cached that is served, with the same words in the log."""
    command = command or [SCRIPT]
    home.run("get", "dev", command=command, **environ).failed(code, *words)
    home.get("dev")
    home.log.unlink()
    ran = home.run("get", "dev", command=command, **environ)
    assert (ran.code, ran.stderr) == (0, ""), ran.stderr
    assert ran.document["Version"] == 1
    log = home.log.read_text()
    assert "cached credentials were served, and no new ones could be had" in log
    for word in words:
        assert word in log, log


@pytest.mark.parametrize("path", ["/", "/nowhere/keys", "/proc/version/x"])
def test_a_key_log_that_cannot_be_written_is_told(dev: Home, path: str) -> None:
    is_told(dev, 3, "SSLKEYLOGFILE", path, SSLKEYLOGFILE=path)


def test_a_key_log_that_may_not_be_written_is_told(dev: Home, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    is_told(dev, 3, "SSLKEYLOGFILE", SSLKEYLOGFILE=str(tmp_path / "loop"))


def test_a_configuration_of_openssl_that_is_broken_is_told(dev: Home, tmp_path: Path) -> None:
    config = tmp_path / "openssl.cnf"
    config.write_text("openssl_conf = a\n[a]\nproviders = b\n[b]\nnope = c\n[c]\nactivate = 1\n")
    # a request that is made by the SDK, which loads OpenSSL
    is_told(dev, 3, "OPENSSL_CONF", OPENSSL_CONF=str(config), AWS_EXECUTION_ENV="a")
    assert dev.run("get", "dev", command=[SCRIPT], OPENSSL_CONF="/dev/null", AWS_EXECUTION_ENV="a").code == 0


def with_descriptors(number: int) -> list[str]:
    """At most so many of them."""
    return ["sh", "-c", f'ulimit -n {number} && exec "$@"', "sh", SCRIPT]


@pytest.mark.parametrize("number", [5, 6, 7, 8, 9, 10])
def test_too_few_descriptors_are_a_fault_of_this_machine(dev: Home, number: int) -> None:
    ran = dev.run("get", "dev", command=with_descriptors(number))
    if ran.code:
        ran.failed(1, "Too many open files", "ulimit -n")
    else:
        assert ran.document["Version"] == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the number of descriptors that are needed is Linux's")
def test_one_of_these_numbers_is_too_few(dev: Home) -> None:
    assert dev.run("get", "dev", command=with_descriptors(5)).code == 1


@pytest.mark.parametrize("name", ["AWS_EXECUTION_ENV", "AWS_SDK_UA_APP_ID"])
@pytest.mark.parametrize("value", ["a\nb", "a\r\nX: y"])
def test_a_variable_that_botocore_puts_into_a_header_is_named(dev: Home, name: str, value: str) -> None:
    ran = dev.run("get", "dev", **{name: value})
    if ran.code:
        ran.failed(3, name)
    else:  # botocore has made it a header's text
        assert ran.document["Version"] == 1


# Certificates.


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA, dev: Home) -> Iterator[Front]:
    """An STS with a certificate of the authority's, which the profile calls."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    front = Front("http://127.0.0.1:9", behaviour=DUE())
    front.start(context)
    text = dev.config.read_text().partition("endpoint_url")[0]
    dev.config.write_text(f"{text}endpoint_url = {front.url.replace('http:', 'https:')}\n")
    yield front
    front.stop()


def written(folder: Path, kind: str, authority: trustme.CA) -> str:
    """A CA bundle that is none."""
    folder.mkdir(exist_ok=True)
    path = folder / "bundle"
    pem = authority.cert_pem.bytes()
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind != "gone":
        path.write_bytes(
            {
                "DER": ssl.PEM_cert_to_DER_cert(pem.decode()),
                "empty": b"",
                "blank": b"\n \n",
                "key": authority.private_key_pem.bytes(),
                "text": b"hello\n",
                "cut": pem[:200],
                "damaged": pem.replace(b"M", b"!"),
            }[kind]
        )
    return str(path)


KINDS = {
    "gone": "is not there",
    "folder": "is a folder",
    "fifo": "is not a file",
    "empty": "is empty",
    "blank": "is empty",
    "DER": "is in DER form",
    "key": "holds a key and no certificate",
    "text": "holds no certificate",
    "cut": "holds no certificate",
    "damaged": "holds no certificate",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("named", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "ca_bundle of [dev]"])
def test_a_bundle_without_a_certificate_is_named_with_what_names_it(
    dev: Home, tls: Front, tmp_path: Path, authority: trustme.CA, kind: str, named: str
) -> None:
    path, environ = written(tmp_path / "x", kind, authority), {}
    if named.isupper():
        environ[named] = path
    else:
        with dev.config.open("a") as config:
            config.write(f"ca_bundle = {path}\n")
    dev.run("get", "dev", **environ).failed(3, path, KINDS[kind], f"set {named} to a file")
    assert tls.calls == []
    authority.cert_pem.write_to_path(str(tmp_path / "good.pem"))
    if named.isupper():
        assert dev.get("dev", **{named: str(tmp_path / "good.pem")})
    else:
        dev.config.write_text(dev.config.read_text().replace(path, str(tmp_path / "good.pem")))
        assert dev.get("dev")


def test_a_bundle_that_is_gone_leaves_what_is_cached(
    dev: Home, tls: Front, tmp_path: Path, authority: trustme.CA
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "good.pem"))
    first = dev.get("dev", AWS_CA_BUNDLE=str(tmp_path / "good.pem"))
    assert dev.get("dev", AWS_CA_BUNDLE=str(tmp_path / "gone.pem")) == first
    assert "gone.pem is not there; set AWS_CA_BUNDLE to a file" in dev.log.read_text()


def test_the_home_in_a_bundle_s_path_is_expanded(dev: Home, tls: Front, authority: trustme.CA) -> None:
    authority.cert_pem.write_to_path(str(dev.folder / "ca.pem"))
    with dev.config.open("a") as config:
        config.write("ca_bundle = ~/ca.pem\n")
    assert dev.get("dev")
    for variable in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        dev.run("clear", "--all")
        dev.config.write_text(dev.config.read_text().replace("ca_bundle = ~/ca.pem\n", ""))
        assert dev.get("dev", **{variable: "~/ca.pem"})
        assert "certificate" not in dev.run("whoami", "dev", command=[SCRIPT], **{variable: "~/ca.pem"}).stderr
    dev.run("get", "dev", AWS_CA_BUNDLE="~/gone.pem", ASSUME_HELPER_CACHE_DIR=str(dev.folder / "other")).failed(
        3, str(dev.folder / "gone.pem")
    )


# The way to STS.


def pointed_at(home: Home, url: str) -> Home:
    text = home.config.read_text().partition("endpoint_url")[0]
    home.config.write_text(f"{text}endpoint_url = {url}\n")
    return home


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "socks5h://me:{}@host:1", "SOCKS4://h:1", "ftp://h:21"])
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY"])
def test_a_proxy_that_is_of_another_kind_is_told(dev: Home, proxy: str, variable: str) -> None:
    ran = pointed_at(dev, f"{variable.partition('_')[0].lower()}://sts.invalid").run(
        "get", "dev", **{variable: proxy.format(SECRET)}
    )
    ran.failed(3, f"{variable} is a proxy of the kind {proxy.partition(':')[0].lower()}", "http and https", variable)


def test_a_host_that_needs_no_proxy_does_not_mind_one_of_another_kind(dev: Home) -> None:
    assert dev.get("dev", HTTP_PROXY="socks5://127.0.0.1:1", NO_PROXY="127.0.0.1")


def test_a_proxy_whose_password_cannot_be_sent_is_told(dev: Home) -> None:
    ran = pointed_at(dev, "https://sts.invalid").run("get", "dev", HTTPS_PROXY="http://me:%C3%A9@127.0.0.1:1")
    ran.failed(3, "HTTPS_PROXY", "not ASCII")


def test_a_name_that_is_not_known_is_told(dev: Home) -> None:
    pointed_at(dev, "http://sts.invalid").run("get", "dev", command=[SCRIPT]).failed(7, "name", "DNS")


def test_a_connection_that_is_refused_is_told(dev: Home) -> None:
    pointed_at(dev, f"http://127.0.0.1:{free_port()}").run("get", "dev").failed(7, "the connection was refused")


def test_a_network_that_is_not_there_is_told(dev: Home) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can have a network of its own")
    ran = pointed_at(dev, "https://192.0.2.2").run("get", "dev", command=["unshare", "--net", SCRIPT])
    ran.failed(7, "the network is unreachable")


def test_a_proxy_that_is_not_there_is_told_with_the_reason(dev: Home) -> None:
    pointed_at(dev, "https://sts.invalid")
    environ = {"HTTPS_PROXY": f"http://127.0.0.1:{free_port()}"}
    dev.run("get", "dev", **environ).failed(7, "through the proxy", "refused", "HTTPS_PROXY")
    dev.run("get", "dev", HTTPS_PROXY="http://proxy.invalid:1").failed(
        7, "through the proxy", "the proxy's name", "DNS"
    )


def test_a_certificate_that_is_not_trusted_is_told_with_the_reason(dev: Home, tls: Front) -> None:
    dev.run("get", "dev").failed(7, "certificate", "could not be verified", "issuer", "AWS_CA_BUNDLE")


def test_a_certificate_for_another_host_is_told(dev: Home, authority: trustme.CA, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("sts.example.com").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    front = Front("http://127.0.0.1:9", behaviour=session())
    front.start(context)
    try:
        ran = pointed_at(dev, front.url.replace("http:", "https:")).run(
            "get", "dev", AWS_CA_BUNDLE=str(tmp_path / "ca.pem")
        )
        ran.failed(7, "certificate", "endpoint_url")
    finally:
        front.stop()


def test_a_server_that_does_not_speak_tls_is_told(dev: Home, offline_front: Front) -> None:
    ran = pointed_at(dev, offline_front.url.replace("http:", "https:")).run("get", "dev")
    ran.failed(7, "does not speak TLS", "endpoint_url")


def test_a_listener_that_says_nothing_is_no_certificate(dev: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        ran = pointed_at(dev, f"http://127.0.0.1:{deaf.getsockname()[1]}").run("get", "dev")
        ran.failed(7, "gave no answer in time")
