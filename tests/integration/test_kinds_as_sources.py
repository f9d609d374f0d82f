"""Each kind of profile as the source of roles: the very entry that the profile itself has, got once for all of them."""

from datetime import UTC, datetime, timedelta

import identity_center as ic
import pytest
from botocore.credentials import Credentials
from front import Front
from identity_center import Center, ConsoleFile
from kind_scenes import NAME, OPERATIONS, Scene, document, roles, together
from running import ACCESS_KEY_ID, Home
from strict import SERIAL, Issued, Role

SHARED = ("permission set", "legacy permission set", "console login", "process")


@pytest.fixture(params=SHARED)
def scene(request: pytest.FixtureRequest, home: Home, center: Center, offline_front: Front) -> Scene:
    """Every kind whose entry roles use, prefixed or not in turn."""
    home.unmeasured()
    return made(home, center, offline_front, request.param, is_prefixed=SHARED.index(request.param) % 2 == 0)


def made(home: Home, center: Center, front: Front, kind: str, *, is_prefixed: bool = False) -> Scene:
    scene = Scene(home, center, front, kind, is_prefixed)
    knows(scene, "ASIAPROCESS000000000", "ProcessToken")
    return scene


def knows(scene: Scene, access_key_id: str, token: str | None) -> None:
    """Have STS take what the process prints."""
    end = datetime.now(UTC) + timedelta(hours=1)
    issued = Issued(Credentials(access_key_id, "x", token), True, False, end)
    scene.sts.sessions[access_key_id] = issued


def test_ten_roles_over_one_source_get_it_once_whatever_their_number(scene: Scene) -> None:
    scene.home.config.write_text(scene.config() + roles(10))
    ended = together(scene.home, [f"role-{n}" for n in range(10)] * 3)
    assert {(done.code, done.stderr) for done in ended} == {(0, "")}
    assert scene.asked == 1
    assert sorted(call.parameters["RoleArn"].rpartition("/")[2] for call in scene.front.assumed()) == sorted(
        f"role-{n}" for n in range(10)
    )
    assert len({call.access_key_id for call in scene.front.assumed()}) == 1


def test_the_source_s_entry_is_the_profile_s_own_in_either_order(scene: Scene) -> None:
    scene.home.config.write_text(scene.config() + roles(2))
    scene.home.get("role-0")
    found = scene.home.get(NAME)
    assert scene.front.assumed()[0].access_key_id == found["AccessKeyId"]
    scene.home.get("role-1")
    assert {call.access_key_id for call in scene.front.assumed()} == {found["AccessKeyId"]}
    assert scene.asked == 1
    assert len(scene.home.entries()) == 3


def test_a_role_is_served_stale_where_its_source_is_out_of_order(scene: Scene) -> None:
    scene.home.config.write_text(scene.config() + roles(1))
    scene.home.get("role-0")
    scene.end_in(90)
    scene.breaks()
    scene.home.get("role-0")  # its own session, or a new one by what is cached of the source


def test_roles_over_a_role_over_a_permission_set_get_each_of_them_once(
    home: Home, center: Center, offline_front: Front
) -> None:
    home.unmeasured()
    scene = made(home, center, offline_front, "permission set", is_prefixed=True)
    middle = f"[profile middle]\nrole_arn = arn:aws:iam::123456789012:role/middle\nsource_profile = {NAME}\n"
    home.config.write_text(scene.config() + middle + roles(5, "middle"))
    ended = together(home, [f"role-{n}" for n in range(5)] * 3)
    assert {(done.code, done.stderr) for done in ended} == {(0, "")}
    assert center.calls("GetRoleCredentials") == 1
    assert len(offline_front.assumed("role/middle")) == 1
    assert len(offline_front.assumed()) == 6


def test_an_access_key_assumes_a_role_by_itself(home: Home, center: Center, offline_front: Front) -> None:
    scene = made(home, center, offline_front, "access key")
    home.config.write_text(scene.config() + roles(2))
    home.get("role-0")
    home.get(NAME)
    home.get("role-1")
    assert {call.access_key_id for call in offline_front.assumed()} == {ACCESS_KEY_ID}
    assert scene.asked == 1, "its session is its own profile's"


def test_a_process_that_prints_a_user_s_keys_runs_for_each_role_and_is_not_kept(
    home: Home, center: Center, offline_front: Front
) -> None:
    scene = made(home, center, offline_front, "process")
    scene.prints(document(ACCESS_KEY_ID, None))
    home.config.write_text(scene.config() + roles(2))
    home.get("role-0")
    home.get("role-1")
    assert {call.access_key_id for call in offline_front.assumed()} == {ACCESS_KEY_ID}
    assert {call.session_token for call in offline_front.assumed()} == {""}
    assert scene.asked == 2
    assert len(home.entries()) == 2


def test_mfa_over_a_process_that_prints_a_user_s_keys_is_one_code_for_all_roles(
    home: Home, center: Center, offline_front: Front
) -> None:
    scene = made(home, center, offline_front, "process")
    scene.sts.otherwise = Role(longest=43_200, wants_mfa=True)
    scene.prints(document(ACCESS_KEY_ID, None))
    code = home.folder / "code"
    code.write_text(scene.sts.device.code())
    mfa = f"mfa_serial = {SERIAL}\nassume_helper_mfa_process = cat {code}\n"
    sections = roles(2).replace("source_profile = dev\n", f"source_profile = dev\n{mfa}")
    home.config.write_text(scene.config() + sections)
    home.get("role-0")
    home.get("role-1")
    assert len(scene.sts.codes) == 1
    assert [call.action for call in offline_front.calls].count("GetSessionToken") == 1
    assert len(offline_front.assumed()) == 2


def test_a_role_over_a_login_that_is_due_renews_it_once_with_the_profile_itself(
    home: Home, center: Center, offline_front: Front
) -> None:
    home.unmeasured()
    scene = made(home, center, offline_front, "console login")
    home.config.write_text(scene.config() + roles(5))
    ended = together(home, [NAME, *(f"role-{n}" for n in range(5))] * 4)
    assert {(done.code, done.stderr) for done in ended} == {(0, "")}
    assert center.calls(OPERATIONS["console login"]) == 1
    login = scene.login
    assert isinstance(login, ConsoleFile)
    assert login.read()["accessToken"]["accessKeyId"] == offline_front.assumed()[0].access_key_id


def prefixed(keys: str) -> str:
    return "".join(f"assume_helper_{line}\n" for line in keys.splitlines())


LEGACY = f"sso_start_url = {ic.START_URL}\nsso_region = {ic.REGION}\n"
ASSIGNED = f"sso_account_id = {ic.ACCOUNT}\nsso_role_name = {ic.ROLE}\n"
# A login's keys, by the prefix or included; and the command for it.
WRITTEN = {
    "prefixed": (prefixed(f"{ASSIGNED}sso_session = corp"), "assume-helper login --sso-session corp"),
    "assignment prefixed": (prefixed(ASSIGNED) + LEGACY, "assume-helper login login"),
    "session included": (
        f"{ASSIGNED}include_profile = common\n[profile common]\nsso_session = corp\n",
        "assume-helper login --sso-session corp",
    ),
    "start URL included": (
        f"{ASSIGNED}include_profile = common\n[profile common]\n{LEGACY}",
        "assume-helper login login",
    ),
    "all included": (
        f"include_profile = common\n[profile common]\n{ASSIGNED}sso_session = corp\n",
        "assume-helper login --sso-session corp",
    ),
}


@pytest.mark.parametrize(("keys", "command"), WRITTEN.values(), ids=WRITTEN)
def test_a_permission_set_s_keys_may_have_the_prefix_or_be_included(
    home: Home, center: Center, offline_front: Front, keys: str, command: str
) -> None:
    scene = made(home, center, offline_front, "permission set")
    center.log_in(home, None)
    home.config.write_text(f"{ic.sso_session()}[profile login]\n{keys}{roles(1, 'login')}")
    home.get("role-0")
    assert scene.asked == 1
    assert offline_front.assumed()[0].access_key_id == center.issuer.given[-1].access_key_id
    for name in (None, ic.SESSION):
        center.log_in(home, name, expires=-10, omit={"refreshToken"})
    home.run("get", "role-0").failed(4, "has expired", f"run: {command}\n")
