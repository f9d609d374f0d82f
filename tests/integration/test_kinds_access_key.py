"""A profile that is an access key: the user's own session, with MFA or without, and the key itself where asked for."""

import json
import sys

import pytest
from front import Front
from identity_center import Center
from kind_scenes import NAME, Scene, together
from running import ACCESS_KEY_ID, SECRET, Home
from strict import SERIAL

SHOW = "import json, os; print(json.dumps({n: os.environ.get(n) for n in ('AWS_ACCESS_KEY_ID', 'AWS_SESSION_TOKEN')}))"


@pytest.fixture
def scene(home: Home, center: Center, offline_front: Front) -> Scene:
    return Scene(home, center, offline_front, "access key")


def asked_for(front: Front) -> list[str | None]:
    return [call.parameters.get("DurationSeconds") for call in front.calls if call.action == "GetSessionToken"]


def test_its_key_is_exchanged_once_and_never_printed(scene: Scene) -> None:
    first = scene.home.get(NAME)
    assert scene.home.get(NAME) == first
    assert [call.action for call in scene.front.calls] == ["GetSessionToken"]
    assert scene.front.calls[0].access_key_id == ACCESS_KEY_ID
    assert SECRET not in json.dumps(first)
    assert first["AccessKeyId"] != ACCESS_KEY_ID


@pytest.mark.parametrize("seconds", [900, 129_600])
def test_the_session_lasts_as_long_as_the_profile_says(scene: Scene, seconds: int) -> None:
    scene.home.config.write_text(scene.config(duration_seconds=str(seconds)))
    scene.home.get(NAME)
    assert asked_for(scene.front) == [str(seconds)]
    assert scene.lifetime() == seconds


def test_an_option_says_how_long_too(scene: Scene) -> None:
    scene.home.get(NAME)
    ran = scene.home.run("get", NAME, "--duration-seconds", "1800")
    assert ran.code == 0, ran.stderr
    assert asked_for(scene.front)[1] == "1800"


@pytest.mark.parametrize("seconds", ["899", "129601", "an hour"])
def test_a_duration_that_sts_does_not_take_is_exit_3_before_it_is_asked(scene: Scene, seconds: str) -> None:
    scene.home.config.write_text(scene.config(duration_seconds=seconds))
    scene.home.run("get", NAME).failed(3, "duration_seconds")
    assert scene.front.calls == []


def test_with_an_mfa_device_one_code_gives_the_session(scene: Scene) -> None:
    code = scene.home.folder / "code"
    code.write_text(scene.sts.device.code())
    scene.home.config.write_text(scene.config(mfa_serial=SERIAL, assume_helper_mfa_process=f"cat {code}"))
    first = scene.home.get(NAME)
    assert scene.home.get(NAME) == first
    assert len(scene.sts.codes) == 1
    (call,) = scene.front.calls
    assert (call.action, call.parameters["SerialNumber"]) == ("GetSessionToken", SERIAL)


def test_without_a_terminal_a_code_is_not_to_be_had(scene: Scene) -> None:
    scene.home.config.write_text(scene.config(mfa_serial=SERIAL))
    scene.home.run("get", NAME).failed(5, "MFA")
    assert scene.front.calls == []


def test_the_profile_and_the_roles_share_the_session_that_a_code_gave(scene: Scene) -> None:
    code = scene.home.folder / "code"
    code.write_text(scene.sts.device.code())
    mfa = f"mfa_serial = {SERIAL}\nassume_helper_mfa_process = cat {code}\n"
    role = f"[profile role]\nrole_arn = arn:aws:iam::123456789012:role/role\nsource_profile = {NAME}\n{mfa}"
    scene.home.config.write_text(scene.config() + mfa + role)
    scene.home.get("role")
    scene.home.get(NAME)
    assert len(scene.sts.codes) == 1


def test_temporary_keys_are_handed_through_and_never_exchanged(scene: Scene) -> None:
    scene.home.config.write_text(scene.config(aws_session_token="WrittenToken"))
    for _ in range(2):
        assert scene.home.get(NAME) == {
            "Version": 1,
            "AccessKeyId": ACCESS_KEY_ID,
            "SecretAccessKey": SECRET,
            "SessionToken": "WrittenToken",
        }
    assert scene.front.calls == []
    assert scene.home.entries() == []


def test_exec_without_a_session_hands_over_the_key_itself(scene: Scene) -> None:
    ran = scene.home.run("exec", "--no-session", NAME, "--", sys.executable, "-c", SHOW)
    assert ran.code == 0, ran.stderr
    assert json.loads(ran.stdout) == {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SESSION_TOKEN": None}
    assert scene.front.calls == []


@pytest.mark.parametrize("kind", ["permission set", "process"])
def test_exec_without_a_session_is_for_an_access_key_alone(
    home: Home, center: Center, offline_front: Front, kind: str
) -> None:
    scene = Scene(home, center, offline_front, kind)
    ran = home.run("exec", "--no-session", NAME, "--", sys.executable, "-c", SHOW)
    ran.failed(3, f"is a {kind}", "leave --no-session out")
    assert scene.asked == 0


def test_a_key_of_the_credentials_file_is_the_same_session(scene: Scene) -> None:
    first = scene.home.get(NAME)
    scene.home.config.write_text("")
    scene.home.credentials.write_text(
        f"[{NAME}]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n"
    )
    assert scene.home.get(NAME) == first
    assert scene.asked == 1


def test_half_a_key_is_exit_4(scene: Scene) -> None:
    scene.home.config.write_text(f"[profile {NAME}]\naws_access_key_id = {ACCESS_KEY_ID}\n")
    scene.home.run("get", NAME).failed(4, "aws_secret_access_key")


def test_a_key_that_sts_does_not_know_is_exit_4_and_its_session_goes(scene: Scene) -> None:
    scene.home.get(NAME)
    scene.end_in(300)
    scene.sts.user.access_key = "AKIAREPLACED00000000"
    scene.home.run("get", NAME).failed(4, "does not know")
    assert scene.home.entries() == []


def test_all_who_share_a_key_make_one_call(scene: Scene) -> None:
    other = scene.config().replace(f"[profile {NAME}]", "[profile other]").partition("[profile")[2]
    scene.home.config.write_text(f"{scene.config()}[profile{other}")
    ended = together(scene.home, [NAME, "other"] * 8)
    assert {(done.code, done.stderr) for done in ended} == {(0, "")}
    assert scene.asked == 1
