"""`keys add`, `list` and `remove`: with the kernel's keyring for real, and the credentials file."""

import json
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pexpect
import pytest
from front import Front, error
from iam_users import ARN
from kept_keys_scene import KERNEL, TWO_LINES, Scene, file_of, scene, without_files
from native_front import SANITIZER_OPTIONS, with_recorder
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home

from assume_helper.system import kernel_keyring

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's keyring is Linux's")


@pytest.fixture
def keys(home: Home, offline_front: Front) -> Iterator[Scene]:
    with scene(home, offline_front) as found:
        yield found


@pytest.fixture
def empty(keys: Scene) -> Scene:
    return without_files(keys)


def typing(keys: Scene, *arguments: str) -> "pexpect.spawn[bytes]":
    environ = keys.home.environ | {"TERM": "xterm", "NO_COLOR": "1"}
    return pexpect.spawn(SCRIPT, ["keys", *arguments], env=environ, cwd=str(keys.home.folder), timeout=60)


def ended(child: "pexpect.spawn[bytes]") -> int:
    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus if child.exitstatus is not None else -1)


# add


def test_a_key_is_moved_out_of_the_file_and_all_else_stays_to_the_byte(keys: Scene) -> None:
    before = keys.home.credentials.read_text()
    said = keys.done("add", keys.name, "--from-file", *KERNEL)
    lines = (f"aws_access_key_id = {ACCESS_KEY_ID}   \n", f"aws_secret_access_key={SECRET}\n")
    assert keys.home.credentials.read_text() == before.replace(lines[0], "").replace(lines[1], "")
    kept = keys.kept()
    assert kept is not None
    assert (kept.access_key_id, kept.secret_access_key) == (ACCESS_KEY_ID, SECRET)
    config = keys.home.config.read_text()
    assert f"credential_process = {SCRIPT} get {keys.name}\nassume_helper_keys = kernel\n" in config
    assert "+assume_helper_keys = kernel" in said  # one diff for all of it
    assert "-aws_secret_access_key= [...]" in said
    assert f"The access key …{ACCESS_KEY_ID[-4:]} of {ARN} is in the kernel's keyring." in said
    everything = b"".join(path.read_bytes() for path in keys.home.folder.rglob("*") if path.is_file())
    assert SECRET.encode() not in everything  # nor in a backup
    assert keys.home.credentials.stat().st_mode & 0o777 == 0o644  # as it was


def test_the_profile_is_served_by_itself_and_is_a_source_of_roles(keys: Scene) -> None:
    keys.move()
    role = f"[profile r]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = {keys.name}\n"
    keys.home.config.write_text(keys.home.config.read_text() + role)
    keys.home.get(keys.name)
    keys.home.get("r")
    assert [call.action for call in keys.front.calls[-2:]] == ["GetSessionToken", "AssumeRole"]
    assert {call.access_key_id for call in keys.front.calls} == {ACCESS_KEY_ID}
    assert keys.home.run("whoami", keys.name).code == 0
    listed = json.loads(keys.home.run("list", "--json").stdout)
    assert {row["profile"]: row["source"] for row in listed if row["profile"] != "other"} == {
        keys.name: "the kernel's keyring", "r": keys.name,
    }  # fmt: skip


def test_a_role_and_its_own_key_may_be_in_one_profile(keys: Scene) -> None:
    keys.move()
    text = keys.home.config.read_text() + "assume_helper_role_arn = arn:aws:iam::123456789012:role/r\n"
    keys.home.config.write_text(text + f"assume_helper_source_profile = {keys.name}\n")
    keys.home.get(keys.name)
    assert keys.front.calls[-1].action == "AssumeRole"


def test_a_cached_hit_never_opens_the_keyring(keys: Scene) -> None:
    keys.move()
    keys.home.get(keys.name)
    keys.home.config.write_text(keys.home.config.read_text().replace("= kernel", "= keyring"))
    record = next(keys.notes().glob("*-kernel.json"))
    record.rename(record.with_name(record.name.replace("-kernel", "-keyring")))
    keys.hits_open_nothing()


def test_the_native_front_answers_such_a_hit_by_itself(keys: Scene, native: Path, tmp_path: Path) -> None:
    keys.home.unmeasured()
    keys.move()
    for path in (keys.home.config, keys.home.credentials, *keys.notes().glob("*.json")):
        os.utime(path, ns=(0, 1_700_000_000_123_456_789))  # settled long ago
    first = keys.home.get(keys.name)
    alone = with_recorder(native, tmp_path / "alone")
    ran = keys.home.run("get", keys.name, command=(str(alone),), **SANITIZER_OPTIONS)
    assert (ran.code, ran.document) == (0, first)
    keys.done("rotate", keys.name, "--yes")
    assert keys.home.run("get", keys.name, command=(str(alone),), **SANITIZER_OPTIONS).stdout == b""


def test_exec_may_have_the_key_itself_and_the_console_cannot(keys: Scene) -> None:
    keys.move()
    show = "import os; print(os.environ['AWS_ACCESS_KEY_ID'], 'AWS_SESSION_TOKEN' in os.environ)"
    ran = keys.home.run("exec", "--no-session", keys.name, "--", sys.executable, "-c", show)
    assert ran.stdout.decode() == f"{ACCESS_KEY_ID} False\n", ran.stderr
    keys.home.run("console", "--print", keys.name).failed(3, "a user's own session cannot sign in")


def test_another_keyring_is_named(empty: Scene) -> None:
    empty.home.config.write_text(f"[profile {empty.name}]\nassume_helper_keys = safe\n")
    empty.home.run("get", empty.name).failed(3, "assume_helper_keys", "use keyring or kernel")
    empty.home.config.write_text(f"[profile {empty.name}]\nassume_helper_key = keyring\nregion = us-east-1\n")
    empty.home.run("get", empty.name).failed(3, "did you mean assume_helper_keys?")


def test_a_key_in_a_file_that_is_added_later_wins_as_for_the_sdks(keys: Scene) -> None:
    keys.move()
    other = keys.user.add()
    keys.home.credentials.write_text(file_of(keys.name, other.access_key_id, other.secret))
    keys.home.get(keys.name)
    assert keys.front.calls[-1].access_key_id == other.access_key_id


def test_a_key_in_the_config_file_is_moved_too(keys: Scene) -> None:
    keys.home.credentials.write_text("")
    keys.home.config.write_text(
        f"# top\n[profile {keys.name}]\nregion = eu-west-1\nassume_helper_aws_access_key_id = {ACCESS_KEY_ID}\n"
        f"assume_helper_aws_secret_access_key = {SECRET}\n# end\n"
    )
    keys.done("add", keys.name, "--from-file", *KERNEL)
    text = keys.home.config.read_text()
    assert "aws_access_key_id" not in text
    assert SECRET not in text
    assert text == (
        f"# top\n[profile {keys.name}]\ncredential_process = {SCRIPT} get {keys.name}\nassume_helper_keys = kernel\n"
        "region = eu-west-1\n# end\n"
    )
    keys.home.get(keys.name)


@pytest.mark.parametrize(
    "given",
    [
        TWO_LINES,
        json.dumps({"AccessKey": {"UserName": "me", "AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": SECRET}}),
        json.dumps({"AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": SECRET}),
    ],
)
def test_a_key_is_read_from_standard_input(empty: Scene, given: str) -> None:
    empty.done("add", empty.name, *KERNEL, given=given)
    kept = empty.kept()
    assert kept is not None
    assert kept.secret_access_key == SECRET
    empty.home.get(empty.name)


def test_on_a_terminal_it_is_typed_unseen_and_a_person_is_asked(empty: Scene) -> None:
    child = typing(empty, "add", empty.name, "--keyring", "kernel")
    child.expect("Access key id .*: ")
    child.sendline(ACCESS_KEY_ID)
    child.expect("Secret access key .*: ")
    child.sendline(SECRET)
    child.expect(r"Put the access key .*6789 into the kernel's keyring\? \[y/N\]: ")
    shown = child.before
    assert b"until this machine restarts" in shown
    child.sendline("y")
    assert ended(child) == 0
    assert SECRET.encode() not in shown + (child.before or b"")
    assert empty.kept() is not None


def test_a_no_changes_nothing(keys: Scene) -> None:
    before = keys.home.credentials.read_bytes()
    child = typing(keys, "add", keys.name, "--from-file", "--keyring", "kernel")
    child.expect(r"\[y/N\]: ")
    child.sendline("n")
    assert ended(child) == 1
    assert (keys.kept(), keys.home.credentials.read_bytes(), keys.home.config.exists()) == (None, before, False)


@pytest.mark.parametrize("command", ["add", "rotate", "remove"])
def test_without_a_terminal_and_without_yes_nothing_is_changed(keys: Scene, command: str) -> None:
    before = keys.home.credentials.read_bytes()
    keys.run(command, keys.name).failed(2, "nothing was changed", "--yes")
    assert (keys.home.credentials.read_bytes(), keys.front.calls) == (before, [])


def test_where_there_is_no_keyring_it_is_exit_3_with_the_ways_out(keys: Scene) -> None:
    before = keys.home.credentials.read_bytes()
    ran = keys.run("add", keys.name, "--from-file", "--yes", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
    ran.failed(3, "there is no keyring here", "--keyring kernel", "until the machine restarts", "credentials file")
    assert (keys.home.credentials.read_bytes(), keys.front.calls) == (before, [])


@pytest.mark.parametrize("backend", ["keyring.backends.null.Keyring", "plain_keyring.Keyring"])
def test_a_keyring_that_keeps_keys_in_the_open_is_refused(keys: Scene, tmp_path: Path, backend: str) -> None:
    (tmp_path / "plain_keyring.py").write_text(
        "from keyring.backend import KeyringBackend\nclass Keyring(KeyringBackend):\n    priority = 9\n"
        "    get_password = delete_password = lambda *_: None\n"
        f"    set_password = lambda _, *given: open({str(tmp_path / 'kept')!r}, 'w').write(str(given))\n"
    )
    before = keys.home.credentials.read_bytes()
    environ = {"PYTHON_KEYRING_BACKEND": backend, "PYTHONPATH": str(tmp_path)}
    keys.run("add", keys.name, "--from-file", "--yes", **environ).failed(3, backend, "not known to protect a key")
    assert (keys.home.credentials.read_bytes(), (tmp_path / "kept").exists()) == (before, False)
    keys.home.config.write_text("[profile k]\nassume_helper_keys = keyring\n")
    keys.home.run("get", "k", **environ).failed(3, backend)


def test_another_key_that_is_kept_is_never_overwritten(keys: Scene) -> None:
    keys.move()
    other = keys.user.add()
    keys.run("add", keys.name, *KERNEL, given=f"{other.access_key_id}\n{other.secret}\n").failed(
        3, "which may be nowhere else", "keys rotate"
    )
    keys.home.credentials.write_text(file_of(keys.name, other.access_key_id, other.secret))
    keys.run("add", keys.name, "--from-file", *KERNEL).failed(3, "which may be nowhere else")
    kept = keys.kept()
    assert kept is not None
    assert kept.access_key_id == ACCESS_KEY_ID


def test_a_key_that_aws_does_not_know_stays_in_its_file(keys: Scene) -> None:
    before = keys.home.credentials.read_bytes()
    keys.user.keys.clear()
    keys.run("add", keys.name, "--from-file", *KERNEL).failed(4, "InvalidClientTokenId")
    assert (keys.kept(), keys.home.credentials.read_bytes(), keys.home.config.exists()) == (None, before, False)


def test_a_piped_key_that_aws_does_not_know_yet_is_kept_and_tried_again(empty: Scene) -> None:
    key = empty.user.keys[ACCESS_KEY_ID]
    key.unknown_for = 3
    empty.done("add", empty.name, *KERNEL, given=TWO_LINES)
    assert empty.front.calls[0].action == "GetCallerIdentity"


def test_a_piped_key_whose_try_fails_exists_in_the_keyring_and_is_taken_up_by_the_next_run(empty: Scene) -> None:
    empty.user.before = error(403, "InvalidClientTokenId", "unknown")
    ran = empty.run("add", empty.name, *KERNEL, given=TWO_LINES)
    assert ran.code == 4
    assert "the key is in the kernel's keyring, but it was not tried" in ran.stderr
    assert empty.kept() is not None
    empty.user.before = lambda _call: None
    empty.done("add", empty.name, *KERNEL)  # nothing on standard input
    empty.home.get(empty.name)


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ("", 2, "standard input has no access key"),
        ("one line\n", 4, "is no access key"),
        ("{", 4, "no long-lived access key"),
        (f"{ACCESS_KEY_ID}\nwith blanks in it\n", 4, "copy both again"),
        (f"ASIATEMPORARY0000000\n{SECRET}\n", 4, "temporary key"),
        (json.dumps({"AccessKeyId": "A" * 20, "SecretAccessKey": SECRET, "SessionToken": "x"}), 4, "no long-lived"),
    ],
)
def test_what_is_no_key_is_not_kept(empty: Scene, given: str, code: int, said: str) -> None:
    ran = empty.run("add", empty.name, *KERNEL, given=given)
    assert (ran.code, empty.kept()) == (code, None)
    assert said in ran.stderr.splitlines()[-1]
    assert SECRET not in ran.stderr


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("sso_account_id = 123456789012\nsso_role_name = R\n", "comes before a key in a keyring"),
        ("credential_process = /bin/true\n", "comes before a key in a keyring"),
    ],
)
def test_a_profile_that_is_something_else_is_left(empty: Scene, config: str, said: str) -> None:
    empty.home.config.write_text(f"[profile {empty.name}]\n{config}")
    empty.run("add", empty.name, *KERNEL, given=TWO_LINES).failed(3, said)
    assert empty.kept() is None


def test_a_key_in_a_file_would_win_and_is_named(keys: Scene) -> None:
    keys.run("add", keys.name, *KERNEL, given=TWO_LINES).failed(3, "which would win", "--from-file")


def test_without_a_key_in_a_file_there_is_nothing_to_move(empty: Scene) -> None:
    empty.home.config.write_text(f"[profile {empty.name}]\nregion = us-east-1\n")
    empty.run("add", empty.name, "--from-file", *KERNEL).failed(4, "neither file has an access key")


# list


def test_the_list_shows_where_each_key_is_its_age_and_last_four_and_no_more(keys: Scene) -> None:
    keys.user.keys[ACCESS_KEY_ID].created -= timedelta(days=100)
    keys.move()
    keys.home.credentials.write_text(
        f"[file]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n"
        f"[session]\naws_access_key_id = ASIAX\naws_secret_access_key = x\naws_session_token = x\n"
    )
    kept, in_file = keys.rows()
    assert [kept["profile"], kept["place"], kept["last_four"], kept["age_days"]] == [
        keys.name, "kernel", "6789", 100,
    ]  # fmt: skip
    assert [in_file["profile"], in_file["place"], in_file["age_days"]] == ["file", str(keys.home.credentials), 100]
    assert keys.rows(keys.name) == [kept]
    shown = keys.done("list")
    assert "100 days" in shown
    assert ACCESS_KEY_ID not in shown
    assert ACCESS_KEY_ID not in json.dumps([kept, in_file])


def test_doctor_says_what_the_kernel_s_keyring_is_and_that_a_key_is_old(keys: Scene) -> None:
    keys.user.keys[ACCESS_KEY_ID].created -= timedelta(days=91)
    keys.move()
    for arguments in ([keys.name], []):
        said = keys.home.run("doctor", *arguments).stdout.decode()
        assert "until this machine restarts or you log out" in said
        assert "is 91 days old, more than 90" in said
        assert f"assume-helper keys rotate {keys.name}" in said


def test_the_list_opens_no_keyring(keys: Scene) -> None:
    keys.move()
    before = len(keys.front.calls)
    assert (
        keys.rows(
            keys.name,
        )[0]["last_four"]
        == "6789"
    )
    assert len(keys.front.calls) == before


def test_a_profile_without_a_key_of_its_own_is_named(keys: Scene) -> None:
    keys.home.config.write_text(
        f"[profile r]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = {keys.name}\n"
    )
    for command in (["list"], ["rotate", "--yes"]):
        keys.run(*command[:1], "r", *command[1:]).failed(3, "has no access key of its own", keys.name)
    keys.run("list", "nobody").failed(3, "there is no such profile")


# remove


def test_a_removed_key_is_nowhere_and_its_sessions_go(keys: Scene) -> None:
    keys.move()
    role = f"[profile r]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = {keys.name}\n"
    keys.home.config.write_text(keys.home.config.read_text() + role)
    for profile in (keys.name, "r"):
        keys.home.get(profile)
    assert keys.home.run("get", "r", "--read-only").code == 0
    ran = keys.run("remove", keys.name, "--yes")
    assert ran.code == 0
    for words in ("written nowhere", "the only copy here", "still active in IAM"):
        assert words in ran.stderr
    assert "still active in IAM" in ran.stdout.decode()
    assert keys.kept() is None
    assert keys.home.entries() == []
    for profile in (keys.name, "r"):
        keys.home.run("get", profile).failed(4, "has no access key", "keys add")
    assert SECRET not in "".join(path.read_text() for path in keys.home.folder.rglob("*") if path.is_file())


def test_an_old_session_is_not_served_even_where_it_was_left(keys: Scene) -> None:
    keys.move()
    keys.home.get(keys.name)
    saved = {path: path.read_bytes() for path in keys.home.cache.iterdir() if path.is_file()}
    keys.done("remove", keys.name, "--yes")
    for path, data in saved.items():
        path.touch(mode=0o600)
        path.write_bytes(data)
    keys.home.run("get", keys.name).failed(4, "has no access key")


@pytest.mark.parametrize(
    ("what", "value", "said"),
    [
        ("inactive", "inactive", "it is not active in IAM"),
        ("listed as inactive", "inactive", "it is not active in IAM"),
        ("deleted", "inactive", "it is not active in IAM"),
        ("denied", "unknown", "is not known"),
    ],
)
def test_remove_says_what_iam_says_of_the_key(keys: Scene, what: str, value: str, said: str) -> None:
    keys.move()
    if what == "deleted":
        keys.user.keys.clear()
    elif what == "denied":
        keys.user.denied.add("ListAccessKeys")
    else:
        keys.user.keys[ACCESS_KEY_ID].is_active = False
    if what == "listed as inactive":
        keys.user.before = keys.user._ListAccessKeys
    ran = keys.run("remove", keys.name, "--yes", "--json")
    assert ran.code == 0
    assert json.loads(ran.stdout)["iam"] == value
    assert said in ran.stderr


def test_without_a_key_there_is_nothing_to_remove(keys: Scene) -> None:
    keys.run("remove", keys.name, "--yes").failed(4, "no keyring has an access key")
    keys.run("remove", keys.name, "--keyring", "kernel", "--yes").failed(4, "has no access key")


def test_json_says_what_was_done(keys: Scene) -> None:
    added = json.loads(keys.done("add", keys.name, "--from-file", *KERNEL, "--json"))
    assert added == {
        "profile": keys.name, "place": "kernel", "access_key": "6789", "arn": ARN, "config_changed": True,
        "taken_from": str(keys.home.credentials),
    }  # fmt: skip
    rotated = json.loads(keys.done("rotate", keys.name, "--yes", "--json"))
    assert (rotated["old_access_key"], rotated["old_is"], rotated["how"]) == ("6789", "deleted", "rotated")
    assert rotated["place"] == keys.rows(keys.name)[0]["place"] == "kernel"
    removed = json.loads(keys.done("remove", keys.name, "--yes", "--json"))
    assert removed == {
        "profile": keys.name, "place": "kernel", "access_key": rotated["access_key"], "iam": "active"
    }  # fmt: skip


def test_json_says_of_a_file_where_it_is(keys: Scene) -> None:
    path = str(keys.home.credentials)
    assert keys.rows(keys.name)[0]["place"] == path
    assert json.loads(keys.done("rotate", keys.name, "--yes", "--json"))["place"] == path


def test_a_key_that_the_kernel_lost_is_put_there_again_as_is_said(keys: Scene) -> None:
    keys.move()
    kernel_keyring.remove(f"assume-helper:access key of {keys.name}")
    command = f"run: assume-helper keys add {keys.name} --keyring kernel"
    keys.home.run("get", keys.name).failed(4, "has no access key", command)
    keys.run("rotate", keys.name, "--yes").failed(4, "has no access key", command)


def test_a_copy_in_the_profile_s_own_file_is_told_before_a_key_is_removed(keys: Scene) -> None:
    text = keys.home.credentials.read_text()
    keys.move()
    keys.home.credentials.write_text(text)
    ran = keys.run("remove", keys.name, "--keyring", "kernel", "--yes")
    assert "written nowhere: a file has it, too" in ran.stderr
    assert "only copy" not in ran.stderr
