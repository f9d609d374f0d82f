"""An access key as a source: in a profile, or in the environment."""

import pytest
from running import SECRET

from assume_helper.credentials import Credentials
from assume_helper.errors import SourceError
from assume_helper.profiles.origin import StaticKeys
from assume_helper.sources import access_key


@pytest.mark.parametrize("token", ["a-token", None])
def test_a_profile_s_access_key_is_a_source(token: str | None) -> None:
    source = StaticKeys("base", "AKIA", "secret", token)
    assert access_key.of_profile(source) == Credentials("AKIA", "secret", token)


def test_an_empty_session_token_is_none() -> None:
    assert access_key.of_profile(StaticKeys("base", "AKIA", "secret", "")).session_token is None


@pytest.mark.parametrize("value", ["with blank", "line\nbreak", "gr\u00fcn", "a\x00b", "\u202e"])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_key_that_cannot_be_in_a_header_is_refused_and_not_repeated(value: str, position: int) -> None:
    values = [SECRET, SECRET, SECRET]
    values[position] += value
    with pytest.raises(SourceError) as caught:
        access_key.of_profile(StaticKeys("base", *values))
    said = str(caught.value)
    assert said == "the access key of profile base is malformed; copy the key again, without blanks"


@pytest.mark.parametrize("position", [0, 1])
def test_an_empty_key_is_refused(position: int) -> None:
    values = ["AKIA", "secret", None]
    values[position] = ""
    with pytest.raises(SourceError, match="is malformed"):
        access_key.of_profile(StaticKeys("base", *values))  # type: ignore[arg-type]


# The environment.

ENVIRON = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.mark.parametrize("token", [{}, {"AWS_SESSION_TOKEN": "a-token"}])
def test_the_environment_s_access_key_is_a_source(token: dict[str, str]) -> None:
    given = access_key.of_environment(ENVIRON | token)
    assert given == Credentials("AKIAENV", "secret", token.get("AWS_SESSION_TOKEN"))


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_variable_that_is_missing_or_empty_is_named(missing: str) -> None:
    for environ in ({k: v for k, v in ENVIRON.items() if k != missing}, ENVIRON | {missing: ""}):
        with pytest.raises(SourceError) as caught:
            access_key.of_environment(environ)
        assert caught.value.message == f"credential_source is Environment, but {missing} is not set"


def test_a_key_in_the_environment_is_checked_too() -> None:
    with pytest.raises(SourceError, match="the access key of the environment is malformed"):
        access_key.of_environment(ENVIRON | {"AWS_SESSION_TOKEN": "a b"})


def test_a_secret_is_in_no_representation() -> None:
    assert SECRET not in repr(StaticKeys("base", "AKIA", SECRET, SECRET))
    assert SECRET not in repr(Credentials("AKIA", SECRET, SECRET))


@pytest.mark.parametrize("old", ["AWS_SECURITY_TOKEN"])
def test_the_session_token_s_old_variable_is_read_first_as_by_botocore(old: str) -> None:
    assert access_key.of_environment(ENVIRON | {old: "old"}).session_token == "old"
    assert access_key.of_environment(ENVIRON | {old: "old", "AWS_SESSION_TOKEN": "new"}).session_token == "old"
    assert access_key.of_environment(ENVIRON | {old: "", "AWS_SESSION_TOKEN": "new"}).session_token == "new"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        (
            {"AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pod"},
            "use assume_helper_credential_source = WebIdentity",
        ),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/t"}, "with the token's role_arn and web_identity_token_file = /t"),
        ({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}, "use credential_source = EcsContainer"),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://x"}, "use credential_source = EcsContainer"),
    ],
)
def test_where_the_environment_has_another_kind_of_credentials_what_reads_them_is_named(
    environ: dict[str, str], words: str
) -> None:
    with pytest.raises(SourceError) as caught:
        access_key.of_environment(environ)
    assert caught.value.message.startswith("credential_source is Environment, but AWS_ACCESS_KEY_ID is not set: only ")
    assert words in caught.value.next_step
