"""A refresh behind the callers' backs holds no client up."""

from datetime import UTC, datetime

import pytest
from conformance.account import Account
from conformance.clients import Client
from conformance.scene import PROFILE, Scene
from front import wait_for


def left(expiration: str) -> float:
    """Seconds until then."""
    return (datetime.fromisoformat(expiration) - datetime.now(UTC)).total_seconds()


@pytest.mark.checks("ahead")
def test_a_refresh_that_hangs_behind_its_back_holds_no_client_up(
    client: Client, scene: Scene, account: Account
) -> None:
    # Of an hour: the refresh begins with 1260 s left, and with 960 s left one must wait for it. The printed end, by
    # which that goes, is up to 360 s early, as it is drawn for each session.
    account.seconds, account.age = 3600, 2350
    for _ in range(30):
        if 1000 < left(scene.home.get(PROFILE)["Expiration"]) < 1255:
            break
        for entry in scene.home.entries():  # near the window it would be handed out again, and refreshed meanwhile
            entry.unlink()
        account.age -= 1  # the end moves on, however fast this goes: with it, another one is drawn
    else:
        pytest.fail("no session is where the refresh begins")
    account.behaviour = account.hang_until_given_up
    scene.is_role(client, [scene.run(client)])
    hung = account.events.count("refresh") - account.events.count("given up")
    wait_for(lambda: "refresh" in account.events)
    before = account.events[: account.events.index("client")]
    assert hung > 0 or "given up" not in before, "the client waited until the refresh was given up"
