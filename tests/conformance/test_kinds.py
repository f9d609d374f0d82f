"""Real clients with a profile that has no role: a permission set, or another program's process.

The keys that SDKs would use have the prefix, so that the clients see nothing but a `credential_process`.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from conformance import identities
from conformance.account import Account
from conformance.clients import Client
from conformance.identities import PERMISSION_SET_SESSION, PROCESS_SESSION
from conformance.scene import BUCKET, PROFILE, Scene, ended
from front import wait_for
from identity_center import Center

# Seconds that a login's token still has: it is renewed from 900 on.
TO_BE_RENEWED = 600
SOON_TO_BE_RENEWED = 900 + 25
# Rounds of a client that is stopped before it has made them.
_FOR_EVER = "100000"
_LONGEST = 180


def cold_then_hit(clients: Sequence[Client], scene: Scene, whose: "re.Pattern[str]", asked: Callable[[], int]) -> None:
    """All `clients` at once are whoever the profile is, before there is a session and after: it was asked for once."""
    for _ in range(2):
        processes = [scene.start(client) for client in clients]
        for client, seen in [(client, ended(process)) for client, process in zip(clients, processes, strict=True)]:
            scene.is_role(client, [seen], whose=whose)
        assert asked() == 1
        assert scene.account.signed_by() == set(scene.account.ends), "all was signed by the one session that was given"
        assert len(scene.account.ends) == 1


def is_renewed_once(clients: Sequence[Client], scene: Scene, center: Center) -> None:
    """As `cold_then_hit`, for the permission set of a login whose token must be renewed first."""
    center.log_in(scene.home, expires=TO_BE_RENEWED)
    cold_then_hit(clients, scene, PERMISSION_SET_SESSION, lambda: center.calls("GetRoleCredentials"))
    assert center.calls("CreateToken") == 1
    assert center.malformed == []


@pytest.mark.checks("permission-set")
def test_a_client_is_the_permission_set_with_one_call_for_its_credentials(
    client: Client, scene: Scene, permission_set: Center
) -> None:
    is_renewed_once([client], scene, permission_set)


@pytest.mark.checks("process")
def test_a_client_is_whoever_another_process_says_with_one_run_of_it(
    client: Client, scene: Scene, process: Path
) -> None:
    cold_then_hit([client], scene, PROCESS_SESSION, lambda: len(identities.runs(process)))


def test_all_who_start_together_are_the_permission_set_with_one_call_and_one_renewal(
    together: list[Client], scene: Scene, permission_set: Center
) -> None:
    is_renewed_once(together, scene, permission_set)


def test_all_who_start_together_are_whoever_another_process_says_with_one_run_of_it(
    together: list[Client], scene: Scene, process: Path
) -> None:
    cold_then_hit(together, scene, PROCESS_SESSION, lambda: len(identities.runs(process)))
    assert identities.runs(process) == ["--of me"]


@dataclass(frozen=True)
class Running:
    """A client that goes on until it is stopped; what it says goes to files."""

    client: Client
    process: "subprocess.Popen[bytes]"
    stdout: Path
    stderr: Path

    def lines(self) -> list[str]:
        """The lines that it has said so far; it must not have ended."""
        assert self.process.poll() is None, f"{self.client.name} has ended: {self.stderr.read_text(errors='replace')}"
        return self.stdout.read_text(encoding="utf-8").split("\n")[:-1]


@contextmanager
def running(clients: Sequence[Client], scene: Scene) -> Iterator[list[Running]]:
    """All `clients` at once, a round a second; in the end all are stopped, with what they have started."""
    folder = scene.home.folder / "said"
    folder.mkdir()
    found = []
    with ExitStack() as stack:
        for client in clients:
            paths = [folder / f"{client.name}.{stream}" for stream in ("stdout", "stderr")]
            stdout, stderr = (stack.enter_context(path.open("wb")) for path in paths)
            process = scene.start(client, _FOR_EVER, streams=(stdout, stderr), environ={"TMPDIR": str(folder)})
            stack.callback(process.wait)
            stack.callback(os.killpg, process.pid, signal.SIGKILL)
            found.append(Running(client, process, *paths))
        yield found


def tokens(center: Center) -> list[str]:
    """The tokens that credentials were asked for with, in order."""
    asked = [request for request in center.server.requests if request.operation == "GetRoleCredentials"]
    return list(dict.fromkeys(request.headers["x-amz-sso_bearer_token"] for request in asked))


@pytest.mark.slow
def test_the_token_is_renewed_once_while_all_run(
    together: list[Client], scene: Scene, account: Account, permission_set: Center
) -> None:
    account.seconds = 20
    account.under_way = 10  # so many at once keep each other waiting
    permission_set.log_in(scene.home, expires=SOON_TO_BE_RENEWED)
    scene.home.get(PROFILE)
    assert permission_set.calls("CreateToken") == 0, "the first session is the token's that was there"
    with running(together, scene) as clients:
        # each line is the answer to a request
        wait_for(lambda: all(one.lines() for one in clients), _LONGEST)
        wait_for(lambda: len(tokens(permission_set)) > 1 and all(one.lines() for one in clients), _LONGEST)
        of_the_old_token = max(account.ends.values())
        wait_for(lambda: time.time() > of_the_old_token, _LONGEST)
        before = [len(one.lines()) for one in clients]
        # the request that was under way then, and one more
        wait_for(lambda: all(len(one.lines()) > past + 1 for one, past in zip(clients, before, strict=True)), _LONGEST)
        said = {one.client.name: one.lines() for one in clients}
    assert (len(tokens(permission_set)), permission_set.calls("CreateToken")) == (2, 1)
    assert account.signed_by() <= set(account.ends)
    assert account.late == []
    assert permission_set.malformed == []
    for name, lines in said.items():
        others = [line for line in lines if not line.startswith(BUCKET) and not PERMISSION_SET_SESSION.fullmatch(line)]
        assert others == [], name
