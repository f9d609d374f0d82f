"""`exec --sandbox`: what of the files its program reads and writes."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from needs import needs_sandbox
from sandbox_host import Host, host, started, written

pytestmark = needs_sandbox

READS = """
import json, sys
try:
    with open(sys.argv[1]) as file:
        print(json.dumps(file.read()))
except OSError as error:
    print(json.dumps(""))
"""
CANARY = "canary of a wider credential"
HOME = "/mnt/home"


@pytest.fixture
def machine() -> Iterator[Host]:
    with host() as found:
        yield found


@pytest.mark.parametrize(
    ("path", "variable"),
    [
        (f"{HOME}/.aws/credentials", ""),
        (f"{HOME}/.aws/sso/cache/token.json", ""),
        (f"{HOME}/.aws/login/cache/token.json", ""),
        (f"{HOME}/.aws/cli/cache/role.json", ""),
        (f"{HOME}/.cache/assume-helper/an.entry", ""),
        (f"{HOME}/.local/state/assume-helper/log.jsonl", ""),
        (f"{HOME}/.local/share/keyrings/login.keyring", ""),
        (f"{HOME}/.awsvault/keys/dev", ""),
        (f"{HOME}/.ssh/id_ed25519", ""),
        (f"{HOME}/.gnupg/private-keys-v1.d/key", ""),
        (f"{HOME}/.docker/config.json", ""),
        (f"{HOME}/.mozilla/firefox/cookies.sqlite", ""),
        (f"{HOME}/.Xauthority", ""),
        (f"{HOME}/.Leapp/Leapp-lock.json", ""),
        (f"{HOME}/.awsume/cache/role", ""),
        (f"{HOME}/.cache/awsume/role", ""),
        (f"{HOME}/.gimme-aws-creds/session", ""),
        (f"{HOME}/.config/mozilla/firefox/cookies.sqlite", ""),
        (f"{HOME}/.config/google-chrome-beta/Default/Cookies", ""),
        ("/mnt/elsewhere/config", "AWS_CONFIG_FILE"),
        ("/mnt/elsewhere/credentials", "AWS_SHARED_CREDENTIALS_FILE"),
        (f"{HOME}/my-credentials", "AWS_SHARED_CREDENTIALS_FILE"),
        (f"{HOME}/project/credentials", "AWS_SHARED_CREDENTIALS_FILE"),
        (f"{HOME}/project/aws/credentials", "AWS_SHARED_CREDENTIALS_FILE"),
        ("/mnt/elsewhere/token", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        ("/mnt/elsewhere/token", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
        ("/var/run/secrets/eks.amazonaws.com/serviceaccount/token", ""),
        ("/run/user/1000/keyring/control", ""),
        ("/mnt/login/cache/token.json", "AWS_LOGIN_CACHE_DIRECTORY=/mnt/login/cache"),
        ("/mnt/cache/an.entry", "ASSUME_HELPER_CACHE_DIR=/mnt/cache"),
        ("/mnt/cache/assume-helper/an.entry", "XDG_CACHE_HOME=/mnt/cache"),
        ("/mnt/data/keyrings/login.keyring", "XDG_DATA_HOME=/mnt/data"),
    ],
)
def test_what_has_wider_credentials_cannot_be_read(machine: Host, path: str, variable: str) -> None:
    machine.folder_of(path)
    name, _, value = variable.partition("=")
    file = Path(path)
    if file.name == "an.entry":
        file.parent.chmod(0o700)
    # What a config and a credentials file must be, and what no other file minds.
    text = f"# {CANARY}\n"
    if name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE") or path == str(machine.home.credentials):
        text += machine.home.config.read_text() if name == "AWS_CONFIG_FILE" else machine.home.credentials.read_text()
    file.write_text(text)
    environ = {name: value or path} if name else {}
    assert machine.both(READS, path, **environ) == (text, "")


def test_the_cache_that_the_session_has_made_cannot_be_read(machine: Host) -> None:
    """It is not there before the first call."""
    assert not machine.home.cache.exists()
    assert machine.inside("ls", str(machine.home.cache)).stdout == b""
    assert len(machine.home.entries()) == 1


def test_aws_s_directory_is_hidden_before_it_is_there(machine: Host) -> None:
    """A login meanwhile would make it."""
    moved = machine.home.folder.parent / "aws"
    machine.home.config.parent.rename(moved)
    environ = {"AWS_CONFIG_FILE": f"{moved}/config", "AWS_SHARED_CREDENTIALS_FILE": f"{moved}/credentials"}
    with started(machine, f"echo; read line; cat {HOME}/.aws/token", **environ) as process:
        (machine.home.folder / ".aws" / "token").write_text(CANARY)
        assert process.communicate(b"\n", timeout=60)[0] == b""


def test_the_token_file_of_any_profile_cannot_be_read(machine: Host) -> None:
    file = Path("/mnt/elsewhere/token")
    machine.folder_of(str(file))
    file.write_text(CANARY)
    with machine.home.config.open("a") as config:
        config.write(f"[profile web]\nrole_arn = arn:aws:iam::123456789012:role/w\nweb_identity_token_file = {file}\n")
    assert machine.both(READS, str(file)) == (CANARY, "")


def test_a_hidden_file_that_is_replaced_meanwhile_stays_hidden(machine: Host) -> None:
    """A file that is written anew has a new inode: what is mounted on the old one would be gone with it."""
    file = Path("/mnt/elsewhere/credentials")
    machine.folder_of(str(file))
    file.write_text(machine.home.credentials.read_text())
    script = f"echo; read line; cat {file}"
    with started(machine, script, AWS_SHARED_CREDENTIALS_FILE=str(file)) as process:
        new = file.with_name("new")
        new.write_text(CANARY)
        new.replace(file)
        out, err = process.communicate(b"\n", timeout=60)
        assert (out, process.returncode) == (b"", 1)
        assert b"No such file" in err


@pytest.mark.parametrize("path", ["/var/spool/cron/crontabs/me", "/etc/cron.d/own", "/etc/crontab"])
def test_the_crontabs_cannot_be_read(machine: Host, path: str) -> None:
    top = path.split("/")[1]
    subprocess.run(["cp", "-a", "/etc", "/mnt/etc"], check=True)
    subprocess.run(["mkdir", "-p", "/mnt/var/tmp"], check=True)
    subprocess.run(["mount", "--bind", f"/mnt/{top}", f"/{top}"], check=True)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(CANARY)
    assert machine.both(READS, path) == (CANARY, "")


def test_only_the_working_directory_and_a_tmp_of_its_own_can_be_written_to(machine: Host, tmp_path: Path) -> None:
    script = f"""
        echo x > {HOME}/project/file && mkdir {HOME}/project/folder
        echo x > /tmp/own-file-of-the-sandbox && cat /tmp/own-file-of-the-sandbox
        echo x > /var/tmp/own-file-of-the-sandbox
        echo x > /dev/shm/own-file-of-the-sandbox
        echo x > /dev/null
        ls {tmp_path}
        echo x > {HOME}/file
        echo x >> {HOME}/.bashrc
        echo x > {HOME}/.aws/config
        echo x > /mnt/file
        echo x > /run/file
        echo x > /etc/file
        echo x > /dev/file
        mount -t tmpfs tmpfs /mnt
        mount -o remount,rw /
        umount {HOME}/.aws
    """
    (machine.home.folder / ".bashrc").write_text("")
    can = written(machine, script)
    assert can[:5] == [0] * 5
    assert 0 not in can[5:]
    assert len(can) == 16
    assert (machine.work / "file").read_text() == "x\n"
    for name in ("/tmp", "/var/tmp", "/dev/shm"):
        assert not Path(name, "own-file-of-the-sandbox").exists()


def test_a_working_directory_in_tmp_is_seen_and_the_rest_there_is_not(machine: Host, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "beside").write_text(CANARY)
    assert written(machine, f"echo x > {work}/file\ncat {tmp_path}/beside", cwd=work) == [0, 1]
    assert (work / "file").exists()


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        (HOME, "is your home directory"),
        ("/mnt", "contains your home directory"),
        ("/", "contains your home directory"),
        ("/tmp", "is the system's"),
        ("/usr", "is the system's"),
        ("/proc/self", "is the system's"),
        (f"{HOME}/.aws", "is hidden from a program in the sandbox"),
        (f"{HOME}/.ssh/agent", "is hidden from a program in the sandbox"),
        ("/run/lock", "is hidden from a program in the sandbox"),
    ],
)
def test_a_working_directory_through_which_more_could_be_reached_is_refused(
    machine: Host, folder: str, says: str
) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    machine.inside("true", cwd=Path(folder)).failed(3, says, "go to the folder that it is to work in")
    assert not machine.front.calls
