"""The scope of a profile without a role: what asks for one, what it is in the cache key, and what it is made from."""

import json
from pathlib import Path
from typing import Any

import pytest

from assume_helper.cache import entries
from assume_helper.errors import ConfigurationError, OptionNotTaken
from assume_helper.profiles import aws_config, role_chain
from assume_helper.profiles.role import Profile

POLICY = '{"Version":"2012-10-17","Statement":[]}'
KEY = "aws_access_key_id = AKIADEV\naws_secret_access_key = secret\n"
TEMPORARY = KEY + "aws_session_token = token\n"
PROCESS = "credential_process = /bin/true\n"
CONSOLE = "login_session = arn:aws:iam::123456789012:user/me\n"


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def profile(text: str, **options: str) -> Profile:
        (tmp_path / "config").write_text(f"[profile dev]\n{text}")
        environ = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
        return role_chain.read_profile(aws_config.load(environ), environ | {"HOME": str(tmp_path)}, "dev", options)

    return profile


def key(profile: Profile) -> str:
    return entries.key(profile.session_inputs())


@pytest.mark.parametrize("text", [KEY, TEMPORARY, PROCESS, CONSOLE], ids=["key", "temporary", "process", "console"])
def test_a_policy_makes_a_scope_and_what_it_is_made_from_is_the_profile_without(read: Any, text: str) -> None:
    plain = read(text)
    assert plain.scope is None
    for narrowed in (read(text, session_policy=POLICY), read(f"{text}session_policy = {POLICY}\n")):
        assert (narrowed.scope.policy, narrowed.scope.description) == (POLICY, "assume-helper")
        assert narrowed.unscoped() == plain
        assert (narrowed.kind, narrowed.identity, narrowed.account_id) == (plain.kind, plain.identity, plain.account_id)
        assert key(narrowed) != key(plain)
        assert key(narrowed)[0] > key(plain)[0], "its lock comes before that of what it is made from"


def test_each_part_is_in_the_key_and_the_policy_s_form_is_not(read: Any) -> None:
    spaced = json.dumps(json.loads(POLICY), indent=2).replace("\n", " ")
    other = POLICY.replace("[]", "[{}]")
    options: list[dict[str, str]] = [
        {"session_policy": POLICY},
        {"session_policy": other},
        {"session_policy": POLICY, "duration_seconds": "60"},
        {"session_policy": POLICY, "purpose": "a test"},
        {"duration_seconds": "60"},
    ]
    assert len({key(read(PROCESS, **given)) for given in options}) == len(options)
    assert key(read(PROCESS, session_policy=spaced)) == key(read(PROCESS, session_policy=POLICY))


def test_the_mark_of_a_login_is_at_the_end_of_the_key(read: Any) -> None:
    plain, narrowed = read(CONSOLE), read(CONSOLE, session_policy=POLICY)
    assert key(plain)[-16:] == key(narrowed)[-16:]


def test_a_policy_s_file_is_a_condition(read: Any, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(POLICY)
    narrowed = read(f"{PROCESS}session_policy = policy.json\n")
    assert any(what.endswith("policy.json") for what in narrowed.conditions())
    assert not any(what.endswith("policy.json") for what in narrowed.unscoped().conditions())


# Whose duration it is


@pytest.mark.parametrize(
    ("text", "options", "scoped", "own"),
    [
        (KEY, {"duration_seconds": "1000"}, None, 1000),
        (KEY, {"duration_seconds": "10", "session_policy": POLICY}, 10, None),
        (f"{KEY}duration_seconds = 1000\n", {"session_policy": POLICY}, None, 1000),
        (f"{KEY}duration_seconds = 1000\n", {"session_policy": POLICY, "duration_seconds": "10"}, 10, 1000),
        (PROCESS, {"duration_seconds": "10"}, 10, None),
        (TEMPORARY, {"duration_seconds": "10"}, 10, None),
        (f"{PROCESS}duration_seconds = 1000\n", {"session_policy": POLICY}, None, None),
        (f"{PROCESS}duration_seconds = 1000\nsession_policy = {POLICY}\n", {}, 1000, None),
        (f"{PROCESS}duration_seconds = 1000\nsession_policy = {POLICY}\n", {"duration_seconds": "10"}, 10, None),
    ],
)
def test_a_duration_is_the_scope_s_or_the_own_session_s(
    read: Any, text: str, options: dict[str, str], scoped: int | None, own: int | None
) -> None:
    found = read(text, **options)
    assert (found.scope.duration_seconds if found.scope else None, found.duration_seconds) == (scoped, own)


def test_a_profile_s_duration_without_a_policy_narrows_nothing(read: Any) -> None:
    assert read(f"{PROCESS}duration_seconds = 1000\n").scope is None


@pytest.mark.parametrize("text", [KEY, PROCESS])
def test_a_purpose_goes_with_something_that_narrows(read: Any, text: str) -> None:
    with pytest.raises(OptionNotTaken, match="nothing narrows this one; give --session-policy"):
        read(text, purpose="a test")
    assert read(f"{text}purpose = of another program\n").scope is None
    assert read(text, session_policy=POLICY, purpose="a test").scope.description == "a test"


@pytest.mark.parametrize("text", ["x", "x" * 257, "a\nb", "a\tb", "\x7fab", "€€"])
def test_a_purpose_that_sts_does_not_take_is_refused(read: Any, text: str) -> None:
    with pytest.raises(OptionNotTaken, match="--purpose is not one that STS takes"):
        read(PROCESS, session_policy=POLICY, purpose=text)


@pytest.mark.parametrize("seconds", ["0", "129601", "-1", "1.5", "soon"])
def test_a_duration_beyond_sts_s_is_refused(read: Any, seconds: str) -> None:
    with pytest.raises(ConfigurationError, match="use whole seconds from 1 to 129600"):
        read(PROCESS, duration_seconds=seconds)
