"""How often .NET asks its process: behind every request, with less than 15 minutes left. The page has the counts."""

import pytest
from conformance import matrix
from conformance.account import Account
from conformance.clients import Client
from conformance.scene import PROFILE, Scene
from running import SCRIPT

# Of two requests each, by a client for STS and one for S3.
ROUNDS = 5


@pytest.mark.only("dotnet")
def test_the_calls_of_its_process_and_of_sts_are_those_that_the_page_has(
    client: Client, scene: Scene, account: Account
) -> None:
    page = matrix.PAGE.read_text(encoding="utf-8")
    for seconds in (900, 3600):
        account.seconds = seconds
        before = len(account.assumed())
        runs = scene.home.folder / f"runs-{seconds}"
        counting = scene.script("counting", f'#!/bin/sh\necho >> {runs}\nexec {SCRIPT} "$@"\n')
        scene.configure(PROFILE, helper=str(counting))
        for entry in scene.home.entries():
            entry.unlink()
        scene.is_role(client, [scene.run(client, str(ROUNDS))], ROUNDS)
        calls = runs.read_text().count("\n")
        # In the background, one at a time: two requests that come together have one, more of them on a busy machine.
        told = f"2 to {2 * ROUNDS}, as a rule 7 or 8" if 2 <= calls <= 2 * ROUNDS else str(calls)
        row = f"| {seconds} s | {2 * ROUNDS} | {told} | {len(account.assumed()) - before} |\n"
        assert row in page, row
