"""Whose a token is: the same for a renewed one, another for another identity, and never the token itself."""

import json
from pathlib import Path
from typing import Any

import pytest
from canned import jwt
from running import windows

from assume_helper.profiles import login, resolution

CLAIMS: dict[str, Any] = {"iss": "https://issuer", "sub": "me", "aud": "sts.amazonaws.com"}


def identity(token: str, folder: Path) -> str:
    return json.dumps(resolution.identify(token, {"ASSUME_HELPER_CACHE_DIR": str(folder / "cache")}), sort_keys=True)


@pytest.mark.parametrize("more", [{"iat": 2}, {"exp": 3}, {"jti": "x"}, {"aud": ["sts.amazonaws.com"]}, {"email": "x"}])
def test_a_renewed_token_is_the_same_identity(tmp_path: Path, more: dict[str, Any]) -> None:
    assert identity(jwt(CLAIMS | more, 2), tmp_path) == identity(jwt(CLAIMS), tmp_path)


@pytest.mark.parametrize(
    "more",
    [
        {"sub": "you"},
        {"iss": "https://other"},
        {"aud": "other"},
        {"aud": ["sts.amazonaws.com", "other"]},
        {"aud": None},
        {"https://aws.amazon.com/tags": {"principal_tags": {"a": ["b"]}}},
        {"https://aws.amazon.com/source_identity": "x"},
    ],
)
def test_other_claims_are_another_identity(tmp_path: Path, more: dict[str, Any]) -> None:
    assert identity(jwt(CLAIMS | more), tmp_path) != identity(jwt(CLAIMS), tmp_path)


@pytest.mark.parametrize(
    "token",
    [
        "opaque",
        "a.b.c",
        "a.b.c.d",
        "a..c",
        "..",
        jwt([1]),
        jwt("text"),
        jwt(None),
        jwt({"iss": "x"}),
        jwt(CLAIMS | {"sub": 1}),
        "a.é.c",
        f"a.{'[' * 9000}.c",
    ],
)
def test_a_token_that_is_no_jwt_has_a_keyed_digest(tmp_path: Path, token: str) -> None:
    found = identity(token, tmp_path)
    assert len(found) == 66
    assert found == identity(token, tmp_path) != identity(token + "x", tmp_path)


def test_a_token_is_in_no_representation(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(jwt(CLAIMS))
    path = str(tmp_path / "token")
    found = resolution.of_token_file(path, path, {})
    assert found.token == jwt(CLAIMS)
    assert "signature" not in repr(found)


def test_a_login_is_in_a_home(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name / ".aws" / "sso" / "cache").mkdir(parents=True)
        (tmp_path / name / ".aws" / "login" / "cache").mkdir(parents=True)
    homes = [{"HOME": str(tmp_path / name), **windows(tmp_path / name)} for name in ("one", "other")]

    def of_login(method: str, home: dict[str, str]) -> resolution.Resolution:
        sso = login.identity_center_token("corp", "https://x.awsapps.com/start")
        written = sso if method == "sso" else login.console_token("me", home)
        return resolution.of_token(written, home, is_numbered=method == "sso")

    for method in ("sso", "login"):
        one, other = (of_login(method, home) for home in homes)
        assert one.inputs != other.inputs
        assert one.inputs == of_login(method, homes[0]).inputs
    moved = homes[0] | {"AWS_LOGIN_CACHE_DIRECTORY": str(tmp_path)}
    assert of_login("login", moved).inputs != of_login("login", homes[0]).inputs


def test_a_container_s_token_in_a_file_comes_before_one_in_a_variable(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("opaque")
    environ = {"ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache"), "AWS_CONTAINER_AUTHORIZATION_TOKEN": "another"}
    with_file = environ | {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token)}
    found = resolution.of_metadata("EcsContainer", with_file)
    assert found.inputs["token"] == resolution.identify("opaque", environ)
    assert f"file {token}" in found.conditions
    other = resolution.of_metadata("EcsContainer", environ)
    assert other.inputs["token"] == resolution.identify("another", environ)
    assert "opaque" not in repr(found)
    assert "another" not in repr(other)


def test_a_container_s_token_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    environ = {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "none")}
    found = resolution.of_metadata("EcsContainer", environ)
    assert found.problem == (
        f"the container's token {tmp_path / 'none'} cannot be read (No such file or directory)",
        "correct AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    )
    assert "token" not in found.inputs
