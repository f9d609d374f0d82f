"""The environment: what neither this process's SDK code nor a source's process may see."""

import os

import pytest

from assume_helper.system.environment import HIDDEN, for_child, hide, unhidden

NAMES = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_DATA_PATH",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "ASSUME_HELPER_MFA_TOKEN",
]
KEPT = {
    "PATH": "/bin",
    "HOME": "/home/jane",
    "AWS_CONFIG_FILE": "/c",
    "AWS_REGION": "eu-central-1",
    "AWS_CA_BUNDLE": "/ca.pem",
    "HTTPS_PROXY": "http://proxy:3128",
    "ASSUME_HELPER_CALLERS": "[]",
}


@pytest.mark.parametrize("name", NAMES)
def test_what_would_lead_sdk_code_elsewhere_is_taken_out(name: str) -> None:
    environ = KEPT | {name: "dummy"}
    hide(environ)
    assert environ == KEPT


@pytest.mark.parametrize("name", NAMES)
def test_a_sources_process_does_not_see_it_either(name: str) -> None:
    assert for_child(KEPT | {name: "dummy"}) == KEPT


@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "AWS_SECURITY_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ],
)
def test_a_sources_process_does_not_see_the_caller_s_other_credentials(name: str) -> None:
    """This process's own SDK code does: a role's source may be the container."""
    environ = KEPT | {name: "dummy"}
    assert for_child(environ) == KEPT
    if name.startswith("AWS_CONTAINER_"):
        assert for_child(environ | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/"}) == KEPT
    hide(environ)
    assert environ == (KEPT if name in HIDDEN else KEPT | {name: "dummy"})


def test_an_address_without_a_token_is_nobody_s() -> None:
    environ = KEPT | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/"}
    assert for_child(environ) == environ
    assert for_child(environ | {"AWS_CONTAINER_AUTHORIZATION_TOKEN": ""}) == environ


def test_what_is_empty_is_none_to_sdk_code() -> None:
    environ = KEPT | dict.fromkeys(["AWS_CA_BUNDLE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_PROFILE"], "")
    hide(environ)
    assert environ == {name: value for name, value in KEPT.items() if name != "AWS_CA_BUNDLE"}


def test_nothing_else_is_hidden() -> None:
    assert sorted(HIDDEN) == sorted(NAMES)


def test_there_may_be_nothing_to_hide() -> None:
    environ: dict[str, str] = {}
    hide(environ)
    assert environ == for_child(environ) == {}


def test_a_childs_environment_is_a_copy() -> None:
    environ = KEPT | {"AWS_PROFILE": "dummy"}
    for_child(environ)["PATH"] = "/elsewhere"
    assert environ == KEPT | {"AWS_PROFILE": "dummy"}


def test_sdk_code_is_shown_the_environment_and_no_longer_than_it_is_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in HIDDEN:
        monkeypatch.delenv(name, raising=False)
    with unhidden({"AWS_PROFILE": "dev"}):
        assert os.environ["AWS_PROFILE"] == "dev"
    assert "AWS_PROFILE" not in os.environ
