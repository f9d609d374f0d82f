"""`keys rotate`: a new key in place of the old one, in the kernel's keyring for real and in the files."""

import sys
from collections.abc import Iterator

import pexpect
import pytest
from front import Call, Front, wait_for
from iam_users import User
from kept_keys_scene import Scene, file_of, scene
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's keyring is Linux's")
PLACES = ["file", "kernel"]


@pytest.fixture
def keys(home: Home, offline_front: Front) -> Iterator[Scene]:
    with scene(home, offline_front) as found:
        yield found


@pytest.fixture(params=PLACES)
def placed(keys: Scene, request: pytest.FixtureRequest) -> Scene:
    """The key in the credentials file, and moved into the kernel's keyring."""
    if request.param == "kernel":
        keys.move()
        keys.user.calls.clear()
    return keys


def kept(keys: Scene) -> tuple[str, str]:
    """The id and the secret that are kept."""
    pair = keys.kept()
    return keys.in_file() if pair is None else (pair.access_key_id, pair.secret_access_key)


def only_key(user: User) -> tuple[str, str]:
    (key,) = user.keys.values()
    assert key.is_active
    return key.access_key_id, key.secret


def test_the_new_key_is_kept_and_tried_before_the_old_one_ends(placed: Scene) -> None:
    placed.user.unknown_for = 3
    said = placed.done("rotate", placed.name, "--yes")
    assert kept(placed) == only_key(placed.user)
    assert ACCESS_KEY_ID not in placed.user.keys
    order = [call for call in placed.user.calls if call != "ListAccessKeys"]
    assert order == ["CreateAccessKey", *["GetCallerIdentity"] * 4, "UpdateAccessKey", "DeleteAccessKey"]
    assert f"the old one …{ACCESS_KEY_ID[-4:]} is deleted" in said
    assert placed.rotations() == []
    assert placed.kept(is_next=True) is None


def test_the_old_key_may_be_kept_inactive(placed: Scene) -> None:
    said = placed.done("rotate", placed.name, "--keep-old", "--yes")
    assert not placed.user.keys[ACCESS_KEY_ID].is_active
    assert "is deactivated" in said
    placed.run("rotate", placed.name, "--yes").failed(3, "two access keys already", "6789 (inactive)")


def test_two_keys_are_told_before_anything_is_made(placed: Scene) -> None:
    other = placed.user.add("AKIACOLLEAGUE0001234")
    before = kept(placed)
    placed.run("rotate", placed.name, "--yes").failed(3, "two access keys already", "1234 (active)", "6789 here")
    assert "CreateAccessKey" not in placed.user.calls
    assert (kept(placed), set(placed.user.keys)) == (before, {ACCESS_KEY_ID, other.access_key_id})


def test_cached_sessions_of_the_old_key_are_not_served_any_more(placed: Scene) -> None:
    placed.home.get(placed.name)
    placed.done("rotate", placed.name, "--yes")
    assert placed.home.entries() == []
    placed.home.get(placed.name)
    (call,) = [call for call in placed.front.calls if call.access_key_id == kept(placed)[0]][-1:]
    assert call.action == "GetSessionToken"


def test_all_else_in_the_file_stays_to_the_byte(keys: Scene) -> None:
    keys.home.credentials.chmod(0o640)
    keys.done("rotate", keys.name, "--yes")
    new = only_key(keys.user)
    assert keys.home.credentials.read_text() == file_of(keys.name, *new)
    assert keys.home.credentials.stat().st_mode & 0o777 == 0o640
    others = [path.name for path in keys.home.credentials.parent.iterdir()]
    assert sorted(others) == ["credentials", "credentials.assume-helper.bak"]
    backup = (keys.home.folder / ".aws" / "credentials.assume-helper.bak").read_text()
    assert SECRET not in backup
    assert new[1] not in backup


def test_a_key_in_the_config_file_is_rotated_too(keys: Scene) -> None:
    keys.home.credentials.unlink()
    text = (
        f"[profile {keys.name}]\nassume_helper_aws_access_key_id = {ACCESS_KEY_ID}\n"
        f"assume_helper_aws_secret_access_key = {SECRET}\nregion = x\n"
    )
    keys.home.config.write_text(text)
    keys.done("rotate", keys.name, "--yes", AWS_REGION="us-east-1")
    new = only_key(keys.user)
    assert keys.home.config.read_text() == text.replace(ACCESS_KEY_ID, new[0]).replace(SECRET, new[1])


def test_what_another_program_writes_into_the_file_meanwhile_stays(keys: Scene) -> None:
    def append(call: object) -> None:
        if keys.user.calls[-1] == "GetCallerIdentity":
            with keys.home.credentials.open("a") as file:
                file.write("# another program\n")

    keys.user.before = append
    keys.done("rotate", keys.name, "--yes")
    assert keys.home.credentials.read_text() == file_of(keys.name, *only_key(keys.user)) + "# another program\n"


def test_two_at_once_are_one(placed: Scene) -> None:
    def hold(call: Call) -> None:
        """Both look before one begins: the other might come when all is over. The third look is under the lock."""
        if call.action == "ListAccessKeys" and placed.user.calls.count("ListAccessKeys") == 2:
            wait_for(lambda: placed.user.calls.count("ListAccessKeys") >= 3)

    placed.user.before = hold
    started = [placed.home.start("keys", "rotate", placed.name, "--yes") for _ in range(2)]
    said = [child.communicate(timeout=120) for child in started]
    assert [child.returncode for child in started] == [0, 0], said
    assert placed.user.calls.count("CreateAccessKey") == 1
    assert kept(placed) == only_key(placed.user)
    assert sum(b"Another process has replaced" in out for out, _ in said) == 1


def test_a_copy_in_another_profile_would_end_and_is_named(keys: Scene) -> None:
    copy = f"[copy]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n"
    keys.home.credentials.write_text(keys.home.credentials.read_text() + copy)
    keys.run("rotate", keys.name, "--yes").failed(3, "profile copy has a copy", "source_profile")
    assert keys.user.calls == []


def test_a_copy_in_a_keyring_would_end_too(keys: Scene) -> None:
    keys.move()
    keys.home.credentials.write_text(file_of("copy", ACCESS_KEY_ID, SECRET))
    keys.run("rotate", "copy", "--yes").failed(3, f"profile {keys.name} has a copy")
    assert "profile copy has it, too" in keys.run("remove", keys.name, "--yes").stderr


def test_temporary_keys_are_not_rotated(keys: Scene) -> None:
    keys.home.credentials.write_text(file_of(keys.name, "ASIAX", "x").replace("# the", "aws_session_token = t\n# the"))
    keys.run("rotate", keys.name, "--yes").failed(4, "temporary keys")


def test_on_a_terminal_it_says_what_it_does_and_asks(keys: Scene) -> None:
    environ = keys.home.environ | {"TERM": "xterm", "NO_COLOR": "1"}
    child = pexpect.spawn(SCRIPT, ["keys", "rotate", keys.name], env=environ, cwd=str(keys.home.folder), timeout=60)
    child.expect(r"Replace the access key .*\[y/N\]: ")
    assert b"IAM makes a new access key" in child.before
    child.sendline("n")
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, "CreateAccessKey" in keys.user.calls) == (1, False)


@pytest.mark.parametrize(
    ("denied", "new_is_kept"),
    [("ListAccessKeys", False), ("CreateAccessKey", False), ("UpdateAccessKey", True), ("DeleteAccessKey", True)],
)
def test_what_iam_refuses_leaves_a_working_key(placed: Scene, denied: str, new_is_kept: bool) -> None:
    placed.user.denied.add(denied)
    placed.run("rotate", placed.name, "--yes").failed(6, f"iam:{denied}")
    access_key_id, secret = kept(placed)
    key = placed.user.keys[access_key_id]
    assert (key.secret, key.is_active, access_key_id != ACCESS_KEY_ID) == (secret, True, new_is_kept)
    placed.user.denied.clear()
    placed.done("rotate", placed.name, "--yes")  # it finishes, or does it
    assert kept(placed) == only_key(placed.user)
    assert placed.rotations() == []


@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)])
def test_whoever_interrupts_it_is_told_how_to_go_on(placed: Scene, number: int, code: int) -> None:
    placed.user.unknown_for = 1_000
    child = placed.home.start("keys", "rotate", placed.name, "--yes")
    wait_for(lambda: placed.user.calls.count("GetCallerIdentity") > 1)
    child.send_signal(number)
    _, said = child.communicate(timeout=60)
    assert child.returncode == code
    assert b"interrupted in the middle; run it again" in said
    assert kept(placed)[0] == ACCESS_KEY_ID
    for key in placed.user.keys.values():
        key.unknown_for = 0
    placed.done("rotate", placed.name, "--yes")
    assert kept(placed) == only_key(placed.user)
    assert placed.user.calls.count("CreateAccessKey") == 1


def test_its_own_endpoint_is_asked_for_iam(keys: Scene) -> None:
    url = keys.front.url
    del keys.home.environ["AWS_ENDPOINT_URL"]
    keys.done("rotate", keys.name, "--yes", AWS_ENDPOINT_URL_IAM=url, AWS_ENDPOINT_URL_STS=url)
    keys.home.config.write_text(
        f"[profile {keys.name}]\nservices = here\n[services here]\niam =\n  endpoint_url = {url}\n"
        f"sts =\n  endpoint_url = {url}\n"
    )
    keys.done("rotate", keys.name, "--yes")
    keys.home.config.write_text(f"[profile {keys.name}]\nendpoint_url = {url}\n")
    keys.done("rotate", keys.name, "--yes")
    assert keys.user.calls.count("CreateAccessKey") == 3
