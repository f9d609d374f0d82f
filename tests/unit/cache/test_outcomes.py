"""What a leader leaves: its claim while it calls, its failure afterwards."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.cache.samples import (
    KEY,
    T,
    in_one_directory,
    names,
    put,
    texts,
    written,
)

from assume_helper import errors
from assume_helper.cache import outcomes
from assume_helper.cache.directory import Cache
from assume_helper.cache.outcomes import Failure, LeaderClaim

# failures

KINDS = [
    errors.AssumeHelperError,
    errors.ConfigurationError,
    errors.SourceError,
    errors.SourceExpired,
    errors.MFARequired,
    errors.STSRefused,
    errors.STSNotReached,
    errors.STSThrottled,
    errors.STSUnavailable,
    errors.SettingFault,
    errors.SourceNotKnown,
    errors.InternalFault,
]


def same(one: Failure | None, other: Failure) -> bool:
    """Exceptions are not equal to their copies."""
    return (
        one is not None
        and replace(one, error=other.error) == other
        and (type(one.error), one.error.args) == (type(other.error), other.error.args)
    )


@given(st.floats(0, 4e9), st.floats(0, 4e9), st.sampled_from(KINDS), texts, texts, texts)
@in_one_directory
def test_a_failure_is_read_back_as_it_was(
    store: Cache, at: float, retry_at: float, kind: type[errors.AssumeHelperError], what: str, then: str, asker: str
) -> None:
    failure = Failure(at, retry_at, kind(what, then), asker)
    outcomes.write_failure(store, KEY, failure)
    assert same(outcomes.read_failure(store, KEY), failure)


def test_a_failure_is_forgotten_once_a_call_went_well(store: Cache, warnings: list[str]) -> None:
    outcomes.write_failure(store, KEY, Failure(T, T, errors.STSRefused("no", "ask")))
    written(store)
    assert outcomes.read_failure(store, KEY) is None
    outcomes.forget(store, KEY)
    assert names(store) == {KEY + ".entry"}
    assert warnings == []


def test_a_failure_of_one_key_is_none_of_another(store: Cache) -> None:
    outcomes.write_failure(store, KEY, Failure(T, T, errors.STSRefused("no", "ask")))
    assert outcomes.read_failure(store, "0" * 64) is None


FAILURE = {"at": T, "retry_at": T, "error": "STSRefused", "message": "no", "next_step": "ask"} | {
    "waiting": False,
    "asker": "",
}


def test_the_failure_of_these_tests_is_one_that_is_read(store: Cache) -> None:
    put(store, json.dumps(FAILURE).encode(), KEY + ".failure")
    assert same(outcomes.read_failure(store, KEY), Failure(T, T, errors.STSRefused("no", "ask")))


@pytest.mark.parametrize(
    "record",
    [
        *({n: value for n, value in FAILURE.items() if n != name} for name in FAILURE),
        FAILURE | {"at": None},
        FAILURE | {"at": "soon"},
        FAILURE | {"at": float("nan")},
        FAILURE | {"retry_at": float("inf")},
        FAILURE | {"retry_at": 10**400},
        FAILURE | {"error": ""},
        FAILURE | {"error": "Exception"},
        FAILURE | {"error": "SystemExit"},
        FAILURE | {"error": ["STSRefused"]},
        FAILURE | {"message": None},
        FAILURE | {"next_step": 7},
        [],
        None,
        "text",
        {},
    ],
    ids=str,
)
def test_a_failure_that_cannot_be_is_none(store: Cache, record: object) -> None:
    put(store, json.dumps(record).encode(), KEY + ".failure")
    assert outcomes.read_failure(store, KEY) is None


def test_a_claim_is_read_back_and_is_no_failure(store: Cache) -> None:
    outcomes.write_claim(store, KEY, LeaderClaim(T, T + 10))
    assert outcomes.read(store, KEY) == LeaderClaim(T, T + 10)
    assert outcomes.read_failure(store, KEY) is None


@pytest.mark.parametrize("waiting", [1, "true", None, []])
def test_only_a_plain_true_is_a_claim(store: Cache, waiting: object) -> None:
    put(store, json.dumps(FAILURE | {"waiting": waiting}).encode(), KEY + ".failure")
    assert isinstance(outcomes.read(store, KEY), Failure)
