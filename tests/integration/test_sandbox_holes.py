"""`exec --sandbox`: ways to a wider session that a reader has found, each closed."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from needs import needs_sandbox
from running import ACCESS_KEY_ID, SECRET
from sandbox_host import AS_USER, PYTHON, Host, host, started, written

pytestmark = needs_sandbox

HOME = "/mnt/home"
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
WIDE = POLICY.replace("s3:GetObject", "*")
ROLE = "role_arn = arn:aws:iam::123456789012:role/other\nsource_profile = base\n"


@pytest.fixture
def machine() -> Iterator[Host]:
    with host() as found:
        yield found


# The policy


def test_the_file_of_the_policy_cannot_be_changed_and_not_be_asked_for_anew(machine: Host) -> None:
    """Neither the program, nor another one that writes to the file meanwhile, widens the session that is refreshed."""
    file = machine.work / "one-bucket.json"
    file.write_text(POLICY)
    script = """
        ask() { curl -sf -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"; }
        echo x > one-bucket.json; rm one-bucket.json; mv one-bucket.json other
        ask; echo; read line; ask
    """
    options = ("--refresh", "--session-policy", "one-bucket.json")
    with started(machine, script, options=options) as process:
        assert file.read_text() == POLICY
        new = file.with_name("new")
        new.write_text(WIDE)
        new.replace(file)
        for path in (machine.home.cache).glob("*"):
            path.unlink()
        out, err = process.communicate(b"\n", timeout=60)
    assert b"ASIAFRONT" in out, err
    assert b"made or changed while the program ran: /mnt/home/project/one-bucket.json" in err
    assert [call.parameters["Policy"] for call in machine.front.calls] == [POLICY] * 2


@pytest.mark.parametrize("key", ["session_policy", "assume_helper_session_policy"])
def test_no_profile_s_policy_can_be_changed(machine: Host, key: str) -> None:
    (machine.work / "own").mkdir()
    (machine.work / "own" / "policy.json").write_text(POLICY)
    with machine.home.config.open("a") as config:
        config.write(f"[profile other]\n{ROLE}{key} = ~/project/own/policy.json\n")
    assert written(machine, "echo x > own/policy.json\nrm own/policy.json\nmv own other") == [2, 1, 1]
    assert written(machine, "echo x > own/file") == [0]


def test_a_policy_behind_a_link_in_the_folder_is_refused(machine: Host) -> None:
    (machine.work / "policy.json").write_text(POLICY)
    (machine.work / "link.json").symlink_to("policy.json")
    ran = machine.inside("true", options=("--session-policy", "link.json"))
    ran.failed(3, "/mnt/home/project/link.json is a symbolic link", "in its place")
    assert not machine.front.calls


# System calls


def test_the_first_process_inside_has_the_filter_of_system_calls_too(machine: Host) -> None:
    """The program can trace that one, and have it make the calls."""
    script = "for each in /proc/[0-9]*; do grep -c 'Seccomp:.2' $each/status; done; test -e /proc/1/status"
    found = machine.inside("sh", "-c", script).stdout.split()
    assert len(found) > 1
    assert set(found) == {b"1"}


# Keys in sight


@pytest.fixture
def keys(machine: Host) -> Path:
    """A folder with copies of the config and the credentials, and with a token."""
    folder = machine.home.folder / "keys"
    folder.mkdir()
    (folder / "config").write_text(machine.home.config.read_text())
    (folder / "credentials").write_text(machine.home.credentials.read_text())
    (folder / "token").write_text(SECRET)
    return folder


@pytest.mark.parametrize("written_as", ["../keys/{}", "$HOME/keys/{}", "${{HOME}}/keys/{}", "~/keys/{}"])
@pytest.mark.parametrize(
    ("variable", "name"), [("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ("AWS_CONFIG_FILE", "config")]
)
def test_a_file_of_aws_is_hidden_however_its_path_is_written(
    machine: Host, keys: Path, written_as: str, variable: str, name: str
) -> None:
    environ = {variable: written_as.format(name)}
    assert machine.outside("cat", str(keys / name), environ=environ).stdout
    ran = machine.inside("cat", str(keys / name), environ=environ)
    assert (ran.code, ran.stdout) == (1, b""), ran.stderr
    assert "No such file" in ran.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_LOGIN_CACHE_DIRECTORY", "../keys"),
        ("AWS_LOGIN_CACHE_DIRECTORY", "~/keys"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "../keys/token"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "../keys/token"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "../keys/token"),
    ],
)
def test_what_a_variable_names_by_a_relative_path_is_hidden(
    machine: Host, keys: Path, variable: str, value: str
) -> None:
    ran = machine.inside("cat", str(keys / "token"), environ={variable: value})
    assert (ran.code, ran.stdout) == (1, b""), ran.stderr
    assert machine.inside("cat", str(keys / "token")).stdout.decode() == SECRET


@pytest.mark.parametrize("value", ["../keys/token", "~/keys/token"])
def test_a_profile_s_token_is_hidden_however_its_path_is_written(machine: Host, keys: Path, value: str) -> None:
    with machine.home.config.open("a") as config:
        config.write(f"[profile web]\nrole_arn = arn:aws:iam::123456789012:role/w\nweb_identity_token_file = {value}\n")
    assert machine.inside("cat", str(keys / "token")).stdout == b""


@pytest.mark.parametrize("name", ["config", "credentials"])
def test_what_a_link_of_aws_s_leads_to_is_hidden(machine: Host, name: str) -> None:
    """As where a folder of dotfiles holds them."""
    folder = machine.home.folder / "dotfiles"
    folder.mkdir()
    file = machine.home.folder / ".aws" / name
    file.rename(folder / name)
    file.symlink_to(folder / name)
    assert machine.outside("cat", str(folder / name)).stdout
    assert machine.inside("cat", str(folder / name)).stdout == b""


def test_a_second_mount_of_the_home_shows_no_more(machine: Host) -> None:
    for source, target in ((HOME, "/mnt/home again"), (f"{HOME}/.aws", "/mnt/only")):
        Path(target).mkdir()
        subprocess.run(["mount", "--bind", source, target], check=True)
    (machine.home.folder / "file").write_text("seen")
    for path in ("/mnt/home again/.aws/credentials", "/mnt/only/credentials"):
        assert ACCESS_KEY_ID in machine.outside("cat", path).stdout.decode()
        assert machine.inside("cat", path).stdout == b""
    assert machine.inside("cat", "/mnt/home again/file").stdout == b"seen"


def test_the_sessions_of_password_managers_are_taken_away(machine: Host) -> None:
    taken = ("OP_SESSION_my", "OP_SERVICE_ACCOUNT_TOKEN", "OP_CONNECT_TOKEN", "BW_SESSION", "BW_CLIENTSECRET")
    found = machine.environment(**dict.fromkeys(taken, "x"), OP_OTHER="kept")
    assert not {*taken} & {*found}
    assert found["OP_OTHER"] == "kept"


# Sockets

LISTENS = """
import os, socket, sys, time
os.chdir(sys.argv[1])
listener = socket.socket(socket.AF_UNIX)
folder = os.open(".", os.O_RDONLY)
listener.bind(sys.argv[2].replace("%", str(folder)))
listener.listen()
open("ready", "w").close()
time.sleep(600)
"""
# Another process of the same user, in the same user namespace: its arguments up to --, then the sandbox's.
BESIDE = """
"$1" -I -S -c "$2" "$3" "$4" &
trap "kill $!" EXIT
until test -e "$3/ready"; do sleep 0.1; done
"$1" -I -S -c "$5" "$3/own.sock"
shift 5
"$@"
"""
CONNECTS = """
import json, socket, sys
try:
    socket.socket(socket.AF_UNIX).connect(sys.argv[1])
    print(json.dumps(True))
except OSError:
    print(json.dumps(False))
"""


@pytest.mark.parametrize("is_elsewhere", [False, True])
@pytest.mark.parametrize(
    "name", ["own.sock", "./own.sock", "/proc/self/fd/%/own.sock", "/proc/thread-self/fd/%/own.sock", "{}/own.sock"]
)
def test_a_socket_that_is_bound_by_another_name_is_out_of_reach(machine: Host, name: str, is_elsewhere: bool) -> None:
    """By a relative path, by a descriptor, or in another network namespace."""
    folder = machine.home.folder / "agent"
    folder.mkdir()
    script = BESIDE.replace('"$1"', 'unshare --user --map-current-user --net "$1"', 1) if is_elsewhere else BESIDE
    inside = machine.words(PYTHON, "-I", "-S", "-c", CONNECTS, str(folder / "own.sock"))[len(AS_USER) :]
    beside = ("sh", PYTHON, LISTENS, str(folder), name.format(folder), CONNECTS)
    ran = machine.outside("sh", "-c", script, *beside, *inside)
    assert (ran.code, ran.stdout.split()) == (0, [b"true", b"false"]), ran.stderr
