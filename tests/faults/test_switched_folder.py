"""A link to `~/.aws` is switched while the config is read, and back: no config's answer is the other's afterwards."""

import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from front import Call, Front, Reply, session
from hit_answers import fresh_document
from running import ACCESS_KEY_ID, SECRET, Home

from assume_helper import hit, lookups

RUNS = 40
PROFILES = [f"role-{number}" for number in range(200)]
FOLDERS = ("one", "other")
# The signers of the two folders: their answers are told apart by role and by signer.
SIGNERS = {ACCESS_KEY_ID: "ONE", ACCESS_KEY_ID[:-1] + "X": "OTHER"}
Switch = Callable[[str], None]


def answered(call: Call) -> Reply | None:
    """A session whose access key says which folder's role it is of, and which folder's key has signed."""
    folder = call.parameters["RoleArn"].rpartition("/")[2].partition("-")[0]
    return session(access_key_id=f"ASIA{folder.upper()}{SIGNERS[call.access_key_id]}")(call)


def right(folder: str) -> str:
    """The access key of a session that is this folder's, by its role and by its signer."""
    return f"ASIA{folder.upper() * 2}"


@pytest.fixture
def switch(home: Home, offline_front: Front) -> Switch:
    """`~/.aws` is a link to a folder, with what makes it one to `one` or to `other`. Both have the same profiles."""
    offline_front.behaviour = answered
    home.environ["AWS_ENDPOINT_URL_STS"] = offline_front.url
    home.config.parent.rmdir()
    an_hour_ago = time.time() - 3600
    for folder, signer in zip(FOLDERS, SIGNERS, strict=True):
        (home.folder / folder).mkdir()
        sections = [
            f"[profile {name}]\nrole_arn = arn:aws:iam::123456789012:role/{folder}-{name}\n"
            "source_profile = base\nregion = us-east-1\n"
            for name in PROFILES
        ]
        keys = f"[base]\naws_access_key_id = {signer}\naws_secret_access_key = {SECRET}\n"
        for name, text in (("config", "\n".join(sections)), ("credentials", keys)):
            (home.folder / folder / name).write_text(text)
            os.utime(home.folder / folder / name, (an_hour_ago, an_hour_ago))

    def switch(folder: str) -> None:
        """At once, so that there is always one."""
        (home.folder / "new").symlink_to(folder)
        (home.folder / "new").rename(home.config.parent)

    switch("one")
    return switch


@contextmanager
def switched(switch: Switch, there: float, back: float) -> Iterator[None]:
    """What runs meanwhile has the folder switched `there` seconds after it has begun, and `back` as many later."""
    ended = threading.Event()

    def there_and_back() -> None:
        ended.wait(there)
        switch("other")
        ended.wait(back)
        switch("one")

    thread = threading.Thread(target=there_and_back)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def hit_of(home: Home, profile: str) -> str:
    """The access key that a hit gives out, "" where it is no hit."""
    found = fresh_document(profile, home.environ, datetime.now(UTC).timestamp(), lookups.observe)
    return "" if found is None else str(json.loads(found[0])["AccessKeyId"])


def leading(home: Home, profile: str) -> list[str]:
    """The `.hit` files that are left of a profile."""
    return [
        path.name
        for path in home.cache.glob("*.hit")
        if hit.unseal(path.read_bytes()).partition(b"\0")[0] == profile.encode()
    ]


def test_a_folder_that_is_switched_at_any_moment_leads_nobody_to_the_other_s_session(
    home: Home, switch: Switch
) -> None:
    home.unmeasured()
    home.get(PROFILES[-1])  # the libraries are loaded now
    begun = time.monotonic()
    assert home.get(PROFILES[-2])["AccessKeyId"] == right("one")
    a_run = time.monotonic() - begun
    chance = random.Random(16)
    # Most of a run is far from where it reads: what it answers tells whether it was switched before or after that.
    moment, step = a_run / 2, a_run / 8
    asked = PROFILES[:RUNS]
    seen, hits = set(), 0
    for profile in asked:
        there = max(moment + chance.uniform(-2, 2) * step, 0)
        with switched(switch, there, chance.uniform(0, a_run)):
            answer = home.get(profile)["AccessKeyId"]
        for folder in FOLDERS:
            switch(folder)
            given = hit_of(home, profile)
            assert given in ("", right(folder)), f"{profile} in {folder}"
            hits += given != ""
        switch("one")
        seen.add(answer)
        moment += step if answer == right("other") else -step if answer == right("one") else 0
        step = max(step * 0.8, a_run / 50)
    assert {right(folder) for folder in FOLDERS} <= seen, "no run was switched before it read, or none after"
    assert hits > RUNS / 4, "what no hit gives out proves nothing"
    for folder in FOLDERS:
        switch(folder)
        assert {home.get(profile)["AccessKeyId"] for profile in asked[:5]} == {right(folder)}
    for profile in asked[:5]:
        assert leading(home, profile)
        assert home.run("clear", profile).code == 0
        assert leading(home, profile) == []
