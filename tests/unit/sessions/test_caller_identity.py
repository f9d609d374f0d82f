"""Who credentials are: the environment's, by STS; a role's session, by what STS said when it gave it."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from front import Front, identity
from running import ACCESS_KEY_ID, SECRET, Home

from assume_helper.cache.session import Session
from assume_helper.credentials import Credentials, Identity
from assume_helper.errors import ConfigurationError, SourceError
from assume_helper.profiles.origin import StaticKeys
from assume_helper.profiles.role import Endpoint, Profile
from assume_helper.sessions import caller_identity
from assume_helper.system.context import Clock

ROLE = "arn:aws:sts::123456789012:assumed-role/dev/me"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
KEY = StaticKeys("dev", "AKIADEV", SECRET, None)
PROFILE = Profile("dev", "arn:aws:iam::123456789012:role/dev", KEY, Endpoint("us-east-1"))


def test_a_session_says_who_it_is_without_asking_sts() -> None:
    end = NOW + timedelta(hours=1)
    session = Session(Credentials("ASIA", SECRET, "t", end), end, end, NOW.timestamp(), 3600, ROLE, "123456789012")
    found = caller_identity.of_session(PROFILE, session, NOW.timestamp() + 600)
    assert found == Identity(ROLE, "123456789012", whose="role of dev", left=3000)
    assert found.pairs() == [
        ("account", "123456789012"), ("ARN", ROLE), ("session", "me"), ("expires", "in 50 min"),
    ]  # fmt: skip


def test_a_session_without_a_role_is_named_by_its_kind_and_as_the_config_says_it() -> None:
    end = NOW + timedelta(hours=1)
    given = Session(Credentials("ASIA", SECRET, "t", end), end, end, NOW.timestamp(), 3600)
    found = caller_identity.of_session(replace(PROFILE, role_arn=None), given, NOW.timestamp())
    assert found == Identity("AKIADEV", "", whose="access key of dev", left=3600)


def test_what_does_not_end_says_no_time() -> None:
    given = Session(Credentials("AKIA", SECRET, None), None, None, NOW.timestamp(), 0)
    found = caller_identity.of_session(replace(PROFILE, role_arn=None), given, NOW.timestamp())
    assert (found.left, "expires" in dict(found.pairs())) == (None, False)


@pytest.mark.parametrize(("left", "text"), [(61, "in 1 min 1 s"), (-7200, "2 h ago"), (0, "0 s ago")])
def test_the_end_is_told_in_words(left: float, text: str) -> None:
    assert Identity(ROLE, "123456789012", left=left).pairs()[-1] == ("expires", text)


def test_a_user_has_a_user_id_and_no_session() -> None:
    user = Identity("arn:aws:iam::123456789012:user/me", "123456789012", "AIDA", "source: base")
    assert [name for name, _ in user.pairs()] == ["account", "ARN", "user id"]
    assert user.as_json() == {
        "whose": "source: base",
        "account_id": "123456789012",
        "arn": "arn:aws:iam::123456789012:user/me",
        "user_id": "AIDA",
        "session_name": None,
        "seconds_left": None,
    }


@pytest.fixture
def environ(home: Home, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a process whose own is hidden from SDK code, as the command line has it."""
    for name in list(os.environ):
        monkeypatch.delenv(name)
    given = {**home.environ, "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    return given


def test_the_environment_s_key_is_asked_of_its_sts(environ: dict[str, str], offline_front: Front) -> None:
    offline_front.behaviour = identity(ROLE)
    ask = caller_identity.of_environment({**environ, "AWS_ENDPOINT_URL_STS": offline_front.url}, Clock())
    assert offline_front.calls == []
    found = ask()
    assert (found.arn, found.whose, found.left) == (ROLE, "the environment (env)", None)
    assert offline_front.calls[0].access_key_id == ACCESS_KEY_ID


def test_sdk_code_sees_the_keys_only_while_they_are_looked_for(environ: dict[str, str]) -> None:
    caller_identity.of_environment(environ, Clock())
    assert "AWS_SECRET_ACCESS_KEY" not in os.environ


def test_an_environment_without_credentials_is_an_error(environ: dict[str, str]) -> None:
    del environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"]
    with pytest.raises(SourceError, match="an SDK finds no credentials in this environment; set AWS_PROFILE"):
        caller_identity.of_environment(environ, Clock())


def test_a_profile_that_is_not_there_is_named(environ: dict[str, str]) -> None:
    del environ["AWS_ACCESS_KEY_ID"]
    with pytest.raises(ConfigurationError, match="the environment names profile nope, which is not there"):
        caller_identity.of_environment({**environ, "AWS_PROFILE": "nope"}, Clock())
