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
from conformance import building, identities
from conformance.account import Account
from conformance.checks import SLOW
from conformance.clients import CLIENTS, Client
from conformance.identities import PERMISSION_SET, Key
from conformance.scene import Scene
from front import ACCOUNT
from identity_center import SESSION, Center, sso_session
from running import Home

_RESULTS = os.environ.get("CONFORMANCE_RESULTS")
_HERE = Path(__file__).resolve().parent
_cells: dict[str, dict[str, str]] = {}

Cell = Callable[[str], None]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "checks(*names): the columns of the matrix that a test is about")
    config.addinivalue_line("markers", "only(*names): the clients that a test is about, where it is not about all")
    config.addinivalue_line("markers", "slow: it takes so long that `make test` leaves it out")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "client" in metafunc.fixturenames:
        checks = set(_checks(metafunc.definition))
        only = metafunc.definition.get_closest_marker("only")
        clients = [
            client
            for client in CLIENTS
            if (_RESULTS is not None or (not checks & SLOW and client.is_light))
            and (only is None or client.name in only.args)
        ]
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
    _must_be_here(client)
    request.node.user_properties += [("client", client.name), ("checks", list(_checks(request.node)))]
    return client


@pytest.fixture
def together(request: pytest.FixtureRequest) -> list[Client]:
    """The clients that share one session: those of the widest use, or of these those that are cheap."""
    if _RESULTS is None and request.node.get_closest_marker("slow") is not None:
        pytest.skip("it takes long: make conformance")
    clients = [client for client in CLIENTS if client.shares and (_RESULTS is not None or client.is_light)]
    for client in clients:
        _must_be_here(client)
    return clients


def _must_be_here(client: Client) -> None:
    missing = client.missing()
    if missing or not building.is_built(client):
        mend = f"install {' and '.join(missing)}" if missing else "make conformance"
        words = f"{client.label} is not here: {mend}"
        if _RESULTS is not None and os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)


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


@pytest.fixture(scope="session")
def keys(aws: tuple[str, Path]) -> dict[str, Key]:
    """The keys of those that assume roles for a profile that has none."""
    return identities.make(aws[0])


@pytest.fixture
def permission_set(scene: Scene, account: Account, center: Center, keys: dict[str, Key]) -> Center:
    """The scene's profile is a permission set: the Identity Center, where the person has not logged in yet."""
    center.portal.issuer = identities.RoleIssuer(center.issuer.now, account=account, key=keys["identity-center"])
    center.assign(ACCOUNT, PERMISSION_SET)
    scene.home.environ |= center.environ()
    scene.configure_kind(
        {"sso_session": SESSION, "sso_account_id": ACCOUNT, "sso_role_name": PERMISSION_SET}, sso_session()
    )
    return center


@pytest.fixture
def process(scene: Scene, keys: dict[str, Key]) -> Path:
    """The scene's profile has the credentials of another program: that program."""
    program = identities.process(scene, keys["vault"])
    scene.configure_kind({"credential_process": f"{program} --of me"})
    return program


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
