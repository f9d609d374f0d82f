"""Which client is checked, where, and what becomes of it: a cell of the matrix.

`make conformance` sets CONFORMANCE_RESULTS: then all checks are made, and their outcomes are written there. Otherwise
those are made that are cheap, of the clients that are there.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conformance import building
from conformance.account import Account
from conformance.checks import SLOW
from conformance.clients import CLIENTS, Client
from conformance.scene import Scene
from running import Home

_RESULTS = os.environ.get("CONFORMANCE_RESULTS")
_HERE = Path(__file__).resolve().parent
_cells: dict[str, dict[str, str]] = {}

Cell = Callable[[str], None]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "checks(*names): the columns of the matrix that a test is about")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "client" in metafunc.fixturenames:
        checks = set(_checks(metafunc.definition))
        clients = [client for client in CLIENTS if _RESULTS is not None or (not checks & SLOW and client.is_light)]
        metafunc.parametrize("client", clients, ids=lambda client: client.name, indirect=True)


def _checks(item: pytest.Item) -> tuple[str, ...]:
    marker = item.get_closest_marker("checks")
    return marker.args if marker is not None else ()


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Client:
    """The client to check; skipped where it is not there, which is a failure where everything has to be."""
    client: Client = request.param
    for check in _checks(request.node):
        if check in client.absent:
            pytest.skip(f"{client.label}: {client.absent[check]}")
    missing = client.missing()
    if missing or not building.is_built(client):
        mend = f"install {' and '.join(missing)}" if missing else "make conformance"
        words = f"{client.label} is not here: {mend}"
        if _RESULTS is not None and os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    request.node.user_properties += [("client", client.name), ("checks", list(_checks(request.node)))]
    return client


@pytest.fixture
def cell(request: pytest.FixtureRequest) -> Cell:
    """What is written into the matrix in place of a plain yes."""
    return lambda text: request.node.user_properties.append(("cell", text))


@pytest.fixture
def account(aws: tuple[str, Path]) -> Iterator[Account]:
    """The local AWS behind a front that knows its sessions."""
    account = Account(aws[0])
    account.start()
    yield account
    account.stop()


@pytest.fixture
def scene(home: Home, account: Account, aws: tuple[str, Path]) -> Scene:
    """A home for a client, with the role as the walkthrough prepares it in one profile."""
    home.unmeasured()
    scene = Scene(home, account, (aws[1] / "credentials").read_text(encoding="utf-8"))
    scene.configure()
    return scene


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the outcome of a test that is about a client (in the process that hears of all of them)."""
    told: dict[str, Any] = dict(report.user_properties)
    if "client" not in told or report.when not in ("call", "teardown"):
        return
    cells = _cells.setdefault(told["client"], {})
    for check in told["checks"]:
        if report.failed:
            cells[check] = "failed"
        elif report.when == "call" and report.passed:
            cells[check] = told.get("cell", "yes")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _RESULTS is not None and not hasattr(session.config, "workerinput"):
        Path(_RESULTS).write_text(json.dumps(_cells), encoding="utf-8")
