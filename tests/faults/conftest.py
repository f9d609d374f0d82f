"""Faults that take all of the machine are made alone: other workers' tests of faults hold processes to deadlines."""

import fcntl
from collections.abc import Iterator

import pytest
from running import Home


@pytest.fixture
def alone() -> None:
    """Asked for by a test that takes all of the machine."""


@pytest.fixture(autouse=True)
def turn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One test that is alone, or any others, over all workers."""
    with open(tmp_path_factory.getbasetemp().parent / "turn", "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX if "alone" in request.fixturenames else fcntl.LOCK_SH)
        yield


@pytest.fixture
def unmeasured(granted: Home) -> Home:
    """A home whose STS gives a session to everyone, and whose processes are not measured."""
    granted.unmeasured()
    return granted
