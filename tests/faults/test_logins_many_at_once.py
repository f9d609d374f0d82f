"""Many processes over one login: it is renewed once, its session is got once, and none of them fails."""

import identity_center as ic
import pytest
from front import Front
from identity_center import Center, ConsoleFile
from kind_scenes import Scene, roles, together
from running import Home

ROLES = [f"role-{n}" for n in range(10)] * 5


@pytest.fixture
def scene(home: Home, center: Center, offline_front: Front) -> Scene:
    """Ten roles over a permission set."""
    return made(home, center, offline_front, "permission set")


def made(home: Home, center: Center, front: Front, kind: str) -> Scene:
    home.unmeasured()
    scene = Scene(home, center, front, kind)
    home.config.write_text(scene.config() + roles(10))
    return scene


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("expires", [-10, 600], ids=["over", "in its last minutes"])
def test_fifty_processes_of_ten_roles_at_the_token_s_end_renew_it_once_and_none_fails(
    scene: Scene, expires: int
) -> None:
    login = scene.center.log_in(scene.home, expires=expires)
    before = login.read()
    ended = together(scene.home, ROLES)
    assert {(done.code, done.stderr) for done in ended} == {(0, "")}
    assert scene.center.calls("CreateToken") == 1
    assert scene.center.calls("GetRoleCredentials") == 1
    assert len(scene.front.assumed()) == 10
    after = login.read()
    assert after.keys() == before.keys()
    assert after["refreshToken"] == login.login.refresh_token != before["refreshToken"]
    assert login.path.stat().st_mode & 0o777 == 0o600
    assert scene.center.malformed == []


@pytest.mark.usefixtures("alone")
def test_fifty_processes_of_ten_roles_renew_a_console_login_once_and_none_fails(
    home: Home, center: Center, offline_front: Front
) -> None:
    scene = made(home, center, offline_front, "console login")
    login = scene.login
    assert isinstance(login, ConsoleFile)
    scene.end_in(-10)
    before = login.read()
    ended = together(home, ROLES)
    assert {(done.code, done.stderr) for done in ended} == {(0, "")}
    assert center.calls("CreateOAuth2Token") == 1
    assert len(offline_front.assumed()) == 10
    assert login.read().keys() == before.keys()
    assert login.read()["refreshToken"] == login.login.refresh_token
    assert center.malformed == []


@pytest.mark.usefixtures("alone")
def test_a_hundred_roles_over_one_permission_set_are_one_call_of_the_portal(
    home: Home, center: Center, offline_front: Front
) -> None:
    scene = made(home, center, offline_front, "permission set")
    home.config.write_text(scene.config() + roles(100))
    for first in range(0, 100, 25):  # each imports an SDK: two cores start no more within the deadline of a call
        ended = together(home, [f"role-{n}" for n in range(first, first + 25)])
        assert {(done.code, done.stderr) for done in ended} == {(0, "")}
    assert center.calls("GetRoleCredentials") == 1
    assert len(offline_front.assumed()) == 100
    assert len({call.parameters["RoleArn"] for call in offline_front.assumed()}) == 100


@pytest.mark.usefixtures("alone")
def test_processes_of_ten_permission_sets_renew_their_one_login_once(
    home: Home, center: Center, offline_front: Front
) -> None:
    """Each set has a key, and so a leader, of its own: the login's lock is all that they share."""
    scene = made(home, center, offline_front, "permission set")
    names = [f"set-{n}" for n in range(10)]
    center.assign(ic.ACCOUNT, *names)
    home.config.write_text(scene.config() + "".join(ic.permission_set(name, role=name) for name in names))
    login = center.log_in(home, expires=-10)
    ended = together(home, names * 2)
    assert {(done.code, done.stderr) for done in ended} == {(0, "")}
    assert center.calls("CreateToken") == 1
    assert center.calls("GetRoleCredentials") == 10
    assert login.read()["refreshToken"] == login.login.refresh_token
