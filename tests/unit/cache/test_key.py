"""The key of a session: made of all that shapes it, and of nothing else."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.cache.samples import (
    SECRET,
)

from assume_helper.cache import entries
from assume_helper.profiles.origin import CredentialProcess, EnvironmentKeys, StaticKeys
from assume_helper.profiles.role import Endpoint, Profile

# the key

STATIC = StaticKeys("base", "AKIADUMMY", SECRET, None)
PROCESS = CredentialProcess("tool", "tool --login")
LINK = Profile("link", "arn:aws:iam::111111111111:role/link", STATIC, Endpoint("eu-central-1"))
PROFILE = Profile("dev", "arn:aws:iam::123456789012:role/dev", STATIC, Endpoint("eu-central-1"))

ANOTHER_SESSION: dict[str, dict[str, Any]] = {
    "partition": {"role_arn": "arn:aws-cn:iam::123456789012:role/dev"},
    "account": {"role_arn": "arn:aws:iam::210987654321:role/dev"},
    "role": {"role_arn": "arn:aws:iam::123456789012:role/ops"},
    "role's path": {"role_arn": "arn:aws:iam::123456789012:role/path/dev"},
    "region": {"endpoint": replace(LINK.endpoint, region="eu-west-1")},
    "endpoint_url": {"endpoint": replace(LINK.endpoint, endpoint_url="http://127.0.0.1:5000")},
    "external_id": {"external_id": "x-1"},
    "role_session_name": {"role_session_name": "x-1"},
    "duration_seconds": {"duration_seconds": 3600},
    "access key": {"source": replace(STATIC, access_key_id="AKIAOTHER")},
    "environment": {"source": EnvironmentKeys("AKIADUMMY")},
    "another environment": {"source": EnvironmentKeys("AKIAOTHER")},
    "empty environment": {"source": EnvironmentKeys(None)},
    "process": {"source": PROCESS},
    "another process": {"source": CredentialProcess("tool", "tool --login --as=other")},
    "role as source": {"source": LINK},
    "another role as source": {"source": replace(LINK, role_arn="arn:aws:iam::111111111111:role/other")},
    "external_id of the source": {"source": replace(LINK, external_id="x-1")},
    "source of the source": {"source": replace(LINK, source=PROCESS)},
    "longer chain": {"source": replace(LINK, source=LINK)},
}

THE_SAME_SESSION: dict[str, tuple[Profile, dict[str, Any]]] = {
    "name": (PROFILE, {"name": "other"}),
    "ca_bundle": (PROFILE, {"endpoint": replace(PROFILE.endpoint, ca_bundle="/ca.pem")}),
    "secret": (PROFILE, {"source": replace(STATIC, secret_access_key="another")}),
    "session token": (PROFILE, {"source": replace(STATIC, session_token="a-token")}),
    "name of the source": (PROFILE, {"source": replace(STATIC, profile="other")}),
    "name of the process's profile": (
        replace(PROFILE, source=PROCESS),
        {"source": CredentialProcess("other", PROCESS.command)},
    ),
    "name of the link": (replace(PROFILE, source=LINK), {"source": replace(LINK, name="other")}),
    "ca_bundle of the link": (
        replace(PROFILE, source=LINK),
        {"source": replace(LINK, endpoint=replace(LINK.endpoint, ca_bundle="/ca.pem"))},
    ),
    "secret at the chain's end": (
        replace(PROFILE, source=LINK),
        {"source": replace(LINK, source=replace(STATIC, secret_access_key="another"))},
    ),
}


def key_of(profile: Profile) -> str:
    return entries.key(profile.session_inputs())


@pytest.mark.parametrize("changes", ANOTHER_SESSION.values(), ids=ANOTHER_SESSION)
def test_what_shapes_a_session_changes_the_key(changes: dict[str, Any]) -> None:
    assert key_of(replace(PROFILE, **changes)) != key_of(PROFILE)


def test_no_two_different_sessions_share_a_key() -> None:
    profiles = [PROFILE, *(replace(PROFILE, **changes) for changes in ANOTHER_SESSION.values())]
    shared = [(one, other) for one, other in itertools.combinations(profiles, 2) if key_of(one) == key_of(other)]
    assert shared == []


@pytest.mark.parametrize(("profile", "changes"), THE_SAME_SESSION.values(), ids=THE_SAME_SESSION)
def test_what_does_not_shape_a_session_does_not_change_the_key(profile: Profile, changes: dict[str, Any]) -> None:
    assert replace(profile, **changes) != profile
    assert key_of(replace(profile, **changes)) == key_of(profile)


@pytest.mark.parametrize("name", PROFILE.session_inputs())
def test_each_input_changes_the_key_and_so_does_its_absence(name: str) -> None:
    inputs = PROFILE.session_inputs()
    without = {n: value for n, value in inputs.items() if n != name}
    assert len({entries.key(inputs), entries.key(inputs | {name: "another"}), entries.key(without)}) == 3


def test_the_order_of_the_inputs_does_not_matter() -> None:
    inputs = PROFILE.session_inputs()
    assert entries.key(dict(reversed(inputs.items()))) == entries.key(inputs)


def test_a_value_that_moves_to_another_input_changes_the_key() -> None:
    assert key_of(replace(PROFILE, external_id="x-1")) != key_of(replace(PROFILE, role_session_name="x-1"))


inputs = st.dictionaries(st.text(), st.none() | st.text() | st.integers(), max_size=5)


@given(inputs, inputs)
def test_different_inputs_have_different_keys_and_equal_ones_the_same(
    one: dict[str, object], other: dict[str, object]
) -> None:
    assert (entries.key(one) == entries.key(other)) == (one == other)


@given(inputs)
def test_a_key_is_64_hexadecimal_digits(of: dict[str, object]) -> None:
    assert len(entries.key(of)) == 64
    assert set(entries.key(of)) <= set("0123456789abcdef")


def test_no_secret_is_among_the_inputs() -> None:
    source = replace(STATIC, session_token=SECRET[::-1])
    for profile in (replace(PROFILE, source=source), replace(PROFILE, source=replace(LINK, source=source))):
        assert SECRET not in repr(profile.session_inputs())
        assert SECRET[::-1] not in repr(profile.session_inputs())


# The first digit: how many sessions of ours are behind this one. Its lock is chosen by it.

_BASE: dict[str, object] = {"role_arn": "a", "source": {"access_key_id": "AKIA"}, "mfa_serial": None}


_PROCESS: dict[str, object] = {"source": {"credential_process": "tool"}}


def over(inputs: dict[str, object]) -> dict[str, object]:
    return {"role_arn": "b", "source": {"role": inputs}, "mfa_serial": None}


@pytest.mark.parametrize(
    ("inputs", "rank"),
    [
        ({"mfa_serial": "GAHT12345678"}, "0"),
        ({"user_session": "GAHT12345678", "source": {"access_key_id": "AKIA"}}, "1"),
        ({"source": {"credential_process": "tool", "arguments": {"path a": "/a"}}}, "1"),
        ({"user_session": "GAHT12345678", "source": {"session": _PROCESS}}, "2"),
        ({"role_arn": "a", "source": {"session": _PROCESS}, "mfa_serial": None}, "2"),
        ({"role_arn": "a", "source": {"session": _PROCESS}, "mfa_serial": "GAHT12345678"}, "3"),
        (_BASE, "1"),
        (_BASE | {"mfa_serial": "GAHT12345678"}, "2"),
        (over(_BASE), "2"),
        (over(_BASE | {"mfa_serial": "GAHT12345678"}), "3"),
        (over(over(_BASE)), "3"),
        ({"role_arn": "c", "source": "no mapping"}, "0"),
    ],
)
def test_the_first_digit_of_a_key_is_the_sessions_rank(inputs: dict[str, object], rank: str) -> None:
    assert entries.key(inputs)[0] == rank
    assert len(entries.key(inputs)) == 64


def test_a_chain_without_end_has_the_last_rank() -> None:
    inputs = _BASE
    for _ in range(30):
        inputs = over(inputs)
    assert entries.key(inputs)[0] == "f"


# The end: the login that the session came of.


def of_login(token_file: str, **more: object) -> dict[str, object]:
    return {"source": {"permission_set": ["1", "r"], "token_file": token_file, "login": "1", **more}}


def test_the_keys_of_all_that_came_of_a_login_have_its_mark_at_their_end_and_no_others() -> None:
    mark = entries.login_mark("/token.json")
    sessions = [of_login("/token.json"), of_login("/token.json", login="2"), over(of_login("/token.json"))]
    sessions += [over(over(of_login("/token.json"))), over(of_login("/token.json")) | {"external_id": "x"}]
    keys = [entries.key(each) for each in sessions]
    assert all(key.endswith(mark) for key in keys)
    assert len(set(keys)) == len(keys)
    assert [key[0] for key in keys] == ["1", "1", "2", "3", "2"]
    for other in (of_login("/other.json"), over(of_login("/other.json")), _BASE, over(_BASE), {"source": "token_file"}):
        assert not entries.key(other).endswith(mark)


def test_a_path_that_is_no_text_has_a_mark() -> None:
    assert len(entries.login_mark("/home/\udcff/token.json")) == 16
