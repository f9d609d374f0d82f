"""Faults of this machine and its settings: which error they become, and that others stay what they are."""

import errno
import json
import os
import re
import ssl
from collections.abc import Callable
from pathlib import Path

import botocore.exceptions as aws
import certifi
import pytest

from assume_helper.errors import AssumeHelperError, MachineFault, SettingFault
from assume_helper.profiles.role import Endpoint
from assume_helper.system import this_machine

ENDPOINT = Endpoint("eu-west-1")
URL = "https://sts.eu-west-1.amazonaws.com"


def raising(error: BaseException) -> Callable[[], None]:
    def call() -> None:
        raise error

    return call


@pytest.mark.parametrize(
    "error", [aws.DataNotFoundError(data_path="sts"), json.JSONDecodeError("half", "{", 0), EOFError()]
)
def test_data_of_the_sdk_that_is_half_there_is_tried_again(error: Exception) -> None:
    with pytest.raises(MachineFault, match="the SDK's own data is not there, or is being replaced; try again"):
        this_machine.set_up(raising(error), {})


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.ENOMEM, "x")])
def test_a_client_without_memory_says_so(error: Exception) -> None:
    with pytest.raises(MachineFault, match="no memory left"):
        this_machine.set_up(raising(error), {})


def test_what_is_made_is_handed_back() -> None:
    assert this_machine.set_up(lambda: "a client", {}) == "a client"


def test_openssl_s_variables_are_named_where_they_are_set() -> None:
    with pytest.raises(SettingFault, match=r"as OPENSSL_CONF says .*; unset OPENSSL_CONF"):
        this_machine.set_up(raising(ssl.SSLError(1, "bad section")), {"OPENSSL_CONF": "/x"})
    with pytest.raises(MachineFault, match=r"OpenSSL cannot be set up \(.*bad section.*\); correct openssl.cnf"):
        this_machine.set_up(raising(ssl.SSLError(1, "bad section")), {})


def test_the_file_for_tls_keys_is_named_where_it_is_that_one() -> None:
    environ = {"SSLKEYLOGFILE": "/none/keys"}
    with pytest.raises(SettingFault, match="SSLKEYLOGFILE is /none/keys, which cannot be written"):
        this_machine.set_up(raising(FileNotFoundError(errno.ENOENT, "No such file", "/none/keys")), environ)
    with pytest.raises(MachineFault, match="/other, which the SDK needs, cannot be read"):
        this_machine.set_up(raising(FileNotFoundError(errno.ENOENT, "No such file", "/other")), environ)


@pytest.mark.parametrize(("filename", "named"), [(b"/a/b", "/a/b"), ("/a/b", "/a/b"), (None, "a file")])
def test_a_file_that_the_sdk_cannot_read_is_named(filename: bytes | str | None, named: str) -> None:
    with pytest.raises(MachineFault, match=f"^{named}, which the SDK needs, cannot be read \\(Permission denied\\)"):
        this_machine.set_up(raising(PermissionError(errno.EACCES, "Permission denied", filename)), {})


def test_a_call_without_a_descriptor_left_is_this_machine_s_fault() -> None:
    error = aws.EndpointConnectionError(endpoint_url=URL, error=OSError(errno.EMFILE, "Too many open files"))
    with pytest.raises(MachineFault, match="cannot open another file"):
        this_machine.guard(raising(error), ENDPOINT, {})


@pytest.mark.parametrize("kind", [aws.ConnectionClosedError, aws.EndpointConnectionError, aws.ConnectTimeoutError])
def test_a_broken_call_while_there_is_no_descriptor_left_says_nothing_of_sts(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = kind(endpoint_url=URL)  # type: ignore[call-arg]
    with pytest.raises(kind):
        this_machine.guard(raising(error), ENDPOINT, {})

    def no_more(*_given: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "open", no_more)
    with pytest.raises(MachineFault, match="raise the limit on open files"):
        this_machine.guard(raising(error), ENDPOINT, {})


def test_a_missing_list_of_certificates_is_this_machine_s_fault_where_it_is_the_sdk_s() -> None:
    error = aws.SSLError(endpoint_url=URL, error=FileNotFoundError(errno.ENOENT, "No such file"))
    with pytest.raises(MachineFault, match=r"list of trusted certificates cannot be read \(No such file\)"):
        this_machine.guard(raising(error), ENDPOINT, {})
    with pytest.raises(aws.SSLError):
        this_machine.guard(raising(error), Endpoint("eu-west-1", ca_bundle="/theirs"), {})


def test_a_variable_that_cannot_be_in_a_header_is_named() -> None:
    with pytest.raises(SettingFault, match="AWS_EXECUTION_ENV holds characters that cannot be sent"):
        this_machine.guard(raising(ValueError("Invalid header value")), ENDPOINT, {"AWS_EXECUTION_ENV": "a\nb"})
    with pytest.raises(ValueError, match="Invalid header value"):
        this_machine.guard(raising(ValueError("Invalid header value")), ENDPOINT, {"AWS_EXECUTION_ENV": "ab"})


@pytest.mark.parametrize("error", [aws.ClientError({}, "AssumeRole"), AssumeHelperError("ours", "mend it")])
def test_an_answer_and_an_error_of_our_own_stay_as_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        this_machine.guard(raising(error), ENDPOINT, {"AWS_EXECUTION_ENV": "a\nb"})
    assert caught.value is error


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b" \n", "is empty"),
        (b"\x30\x82\x01\x02", "is in DER form"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds a key and no certificate"),
        (b"not a certificate", "holds no certificate"),
    ],
)
def test_what_is_no_ca_bundle_is_said_with_the_setting(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(SettingFault, match=f"ca.pem {said}; set ca_bundle to a file with certificates in PEM form"):
        this_machine.check_bundle(Endpoint("eu-west-1", ca_bundle=str(path), ca_bundle_named="ca_bundle"))


def test_a_ca_bundle_that_is_no_file_is_said(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.touch()
    os.truncate(large, 64 * 1024 * 1024 + 1)
    said = {
        tmp_path: "is a folder",
        os.devnull: "is not a file",
        large: "is too large",
        tmp_path / "none": "is not there",
    }
    for path, what in said.items():
        with pytest.raises(SettingFault, match=re.escape(f"the CA bundle {path} {what};")):
            this_machine.check_bundle(Endpoint("x", ca_bundle=str(path)))


@pytest.mark.parametrize(
    ("number", "fault", "said"),
    [(errno.EIO, SettingFault, "cannot be read"), (errno.EMFILE, MachineFault, "cannot open another file")],
)
def test_a_ca_bundle_that_cannot_be_read_is_told_from_want_of_descriptors(
    number: int, fault: type[Exception], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os.path, "getsize", raising_for(OSError(number, "why")))
    with pytest.raises(fault, match=f"{said}.* \\(why\\)"):
        this_machine.check_bundle(Endpoint("x", ca_bundle=certifi.where()))


def raising_for(error: Exception) -> Callable[[object], int]:
    def call(_path: object) -> int:
        raise error

    return call


def test_a_ca_bundle_with_certificates_is_taken(tmp_path: Path) -> None:
    this_machine.check_bundle(Endpoint("x", ca_bundle=certifi.where()))
    this_machine.check_bundle(Endpoint("x"))
    with pytest.raises(SettingFault, match="AWS_CA_BUNDLE, ca_bundle or REQUESTS_CA_BUNDLE"):
        this_machine.check_bundle(Endpoint("x", ca_bundle=str(tmp_path / "none")))


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("http://", "is not the URL of a proxy"),
        ("http://p:0", "is not the URL of a proxy"),
        ("http://p:none", "is not the URL of a proxy"),
        ("socks5://p:1080", "is a proxy of the kind socks5"),
        ("http://%C3%BC:secret@p:3128", "is not ASCII"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_said_and_never_shown(
    proxy: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(SettingFault, match=said) as caught:
        this_machine.check_proxy(URL, {"HTTPS_PROXY": proxy})
    assert "HTTPS_PROXY" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_proxy_that_can_be_used_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    this_machine.check_proxy(URL, {})
    for proxy in ("http://me:secret@p:3128", "p:3128"):
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        this_machine.check_proxy(URL, {"HTTPS_PROXY": proxy})
