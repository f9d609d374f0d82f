"""Each kind of profile as its session ends: kept by each store, refreshed ahead, served where there is no new one."""

import os
import threading
import time
from datetime import datetime
from typing import Any

import identity_center as ic
import pytest
from behaviours import held, status
from front import Front, wait_for
from identity_center import Center
from kind_scenes import KINDS, NAME, OPERATIONS, Scene, document, logged
from running import ACCESS_KEY_ID, SECRET, Home
from started import refreshers

from assume_helper.cache.session import refresh_stretch, window


@pytest.fixture(params=KINDS)
def scene(request: pytest.FixtureRequest, home: Home, center: Center, offline_front: Front) -> Scene:
    """Every kind; the odd ones prefixed, so that both ways are tried."""
    home.unmeasured()
    return Scene(home, center, offline_front, request.param, is_prefixed=KINDS.index(request.param) % 2 == 1)


@pytest.fixture
def console(home: Home, center: Center, offline_front: Front) -> Scene:
    return Scene(home, center, offline_front, "console login")


@pytest.fixture
def process(home: Home, center: Center, offline_front: Front) -> Scene:
    return Scene(home, center, offline_front, "process")


def test_what_is_cached_is_served_where_nothing_new_is_to_be_had_and_that_is_logged(scene: Scene) -> None:
    first = scene.home.get(NAME)
    scene.end_in(90)
    scene.breaks()
    again = scene.home.get(NAME)
    assert again["AccessKeyId"] == first["AccessKeyId"]
    asked = scene.asked
    if scene.kind != "console login":  # what serves there is the login's own file, and no failure
        assert "cached credentials were served" in scene.home.log.read_text()
    assert scene.home.get(NAME) == again
    assert scene.asked == asked, "what failed is left alone for a while"


def test_with_less_than_a_minute_left_it_fails_with_the_cause(scene: Scene) -> None:
    scene.home.get(NAME)
    scene.end_in(50)
    scene.breaks()
    ran = scene.home.run("get", NAME)
    assert (ran.code, ran.stdout) == ({"process": 4}.get(scene.kind, 7), b"")
    assert ran.stderr.count("\n") == 1
    scene.works()


def test_a_due_hit_is_served_at_once_and_the_next_session_comes_in_the_background(scene: Scene) -> None:
    first = scene.remembered()
    lifetime = scene.lifetime()
    scene.end_in(window(lifetime) + refresh_stretch(lifetime) / 2)
    if scene.kind == "console login":
        scene.home.get(NAME)  # the file has changed by that: it is remembered anew, and refreshed
    released = threading.Event()
    if scene.kind in OPERATIONS:
        scene.center.always(OPERATIONS[scene.kind], held(released))
    scene.prints(document("ASIAPROCESS000000009"))
    try:
        assert scene.home.get(NAME)["AccessKeyId"] == first["AccessKeyId"]
        assert scene.home.get(NAME)["AccessKeyId"] == first["AccessKeyId"]
    finally:
        released.set()
    wait_for(lambda: scene.asked == 2)
    wait_for(lambda: not refreshers(scene.home))
    found = scene.home.get(NAME)
    assert found["AccessKeyId"] != first["AccessKeyId"]
    assert scene.asked == 2


def test_the_end_that_is_printed_is_earlier_than_the_true_one_by_a_part_of_it(scene: Scene) -> None:
    ends = {}
    for host in ("one", "two", "three"):
        cache = str(scene.home.folder / host)
        found = scene.home.get(NAME, ASSUME_HELPER_CACHE_DIR=cache)
        ends[host] = datetime.fromisoformat(found["Expiration"])
    spread = max(ends.values()) - min(ends.values())
    assert spread.total_seconds() < 0.1 * 43_200
    lifetime = {"console login": 900, "access key": 43_200}.get(scene.kind, 3600)
    for end in ends.values():
        assert 0.88 * lifetime < end.timestamp() - time.time() <= lifetime


@pytest.mark.parametrize("kept", ["file", "memory", "encrypted", "none"])
def test_it_is_kept_where_the_profile_says(scene: Scene, kept: str) -> None:
    if kept == "memory" and not os.path.isdir("/dev/shm"):
        pytest.skip("no memory file system")
    scene.home.config.write_text(scene.config(assume_helper_cache=kept))
    runtime = scene.home.folder / "runtime"
    runtime.mkdir(mode=0o700)
    ran = scene.home.run("get", NAME, XDG_RUNTIME_DIR=str(runtime))
    if kept in {"memory", "encrypted"} and ran.code == 3:
        pytest.fail(ran.stderr)
    assert ran.code == 0, ran.stderr
    first = ran.document
    again = scene.home.run("get", NAME, XDG_RUNTIME_DIR=str(runtime)).document
    written = b"".join(path.read_bytes() for path in scene.home.cache.rglob("*") if path.is_file())
    if kept == "none":
        assert scene.home.entries() == []
        assert first["SecretAccessKey"].encode() not in written
    if kept == "file":
        assert again == first
        assert scene.asked == 1


# A console login lives 15 minutes


def test_a_console_login_s_credentials_are_served_until_six_minutes_before_their_end(console: Scene) -> None:
    console.home.get(NAME)
    console.end_in(window(900) + 20)
    calls = console.asked
    console.breaks()
    console.home.get(NAME)
    assert console.asked <= calls + 1
    assert console.lifetime() == 900


def test_two_tools_renew_one_console_login_in_turn(console: Scene) -> None:
    """What another tool has renewed is taken, without a renewal of our own."""
    login = console.login
    assert isinstance(login, ic.ConsoleFile)
    console.home.get(NAME)
    assert console.asked == 1
    console.end_in(100)
    newer = console.center.console_log_in(console.home, expires=880)
    found = console.home.get(NAME)
    assert found["AccessKeyId"] == newer.read()["accessToken"]["accessKeyId"]
    assert console.asked == 1


# A process's own documents


def test_a_document_without_an_end_is_handed_through_and_not_kept(process: Scene) -> None:
    process.prints(document(ACCESS_KEY_ID, None))
    for _ in range(2):
        found = process.home.get(NAME)
        assert found == {"Version": 1, "AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": SECRET}
    assert process.asked == 2
    assert process.home.entries() == []


def test_a_process_whose_document_is_near_its_end_runs_once_a_call_and_in_no_loop(process: Scene) -> None:
    process.prints(document(seconds=200))
    for number in range(1, 4):
        found = process.home.get(NAME)
        assert found["AccessKeyId"] == "ASIAPROCESS000000000"
        assert process.asked <= number
    wait_for(lambda: not refreshers(process.home))
    assert process.asked <= 3


def test_a_document_that_has_ended_is_exit_4(process: Scene) -> None:
    process.prints(document(seconds=-10))
    process.home.run("get", NAME).failed(4, "expired")
    assert process.asked == 1


@pytest.mark.parametrize(
    "given", [[], {"Version": 2}, {"Version": 1, "AccessKeyId": "AKIAX"}, document() | {"Expiration": 5}]
)
def test_what_is_no_document_is_exit_4(process: Scene, given: Any) -> None:
    process.prints(given)
    ran = process.home.run("get", NAME)
    ran.failed(4)


def test_a_process_that_fails_is_exit_4_and_is_not_run_again_by_those_who_waited(process: Scene) -> None:
    process.printed.unlink()
    process.home.run("get", NAME).failed(4, "process")
    assert process.asked == 1


def test_a_portal_that_is_out_of_order_is_asked_again_within_the_call_and_not_after_it(
    home: Home, center: Center, offline_front: Front
) -> None:
    scene = Scene(home, center, offline_front, "permission set")
    center.once("GetRoleCredentials", status(500), status(503))
    home.get(NAME)
    assert center.calls("GetRoleCredentials") == 3
    assert [line["outcome"] for line in logged(home)] == ["miss"]
    assert scene.asked == 3
