"""`keys`: access keys in the kernel's keyring for real, in the credentials file, and what is said of each."""

import json
import secrets
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from front import Front, wait_for
from iam_users import ARN, User
from native_front import built  # noqa: F401
from running import ACCESS_KEY_ID, SECRET, Home

from assume_helper.sources import kept_keys

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's keyring is Linux's")


@pytest.fixture
def name() -> Iterator[str]:
    """A profile whose name no other test has: the kernel's keyring is the user's."""
    name = f"me-{secrets.token_hex(6)}"
    yield name
    for is_next in (False, True):
        kept_keys.delete(name, "kernel", 5, is_next=is_next)


@pytest.fixture
def user(home: Home, offline_front: Front, name: str) -> User:
    """A user with one key, which the credentials file has; STS and IAM are the front."""
    user = User()
    user.key(ACCESS_KEY_ID, SECRET)
    offline_front.behaviour = user
    home.environ |= {"AWS_ENDPOINT_URL": offline_front.url, "AWS_REGION": "us-east-1"}
    home.credentials.write_text(file_of(name, ACCESS_KEY_ID, SECRET))
    return user


def file_of(name: str, access_key_id: str, secret: str) -> str:
    return (
        f"# mine\n[{name}]\naws_access_key_id = {access_key_id}   \n# the secret\n"
        f"aws_secret_access_key={secret}\nregion = eu-west-1\n\n[other]\naws_access_key_id = AKIAOTHER00000000000\n"
        "aws_secret_access_key = other\n"
    )


def moved(home: Home, name: str) -> None:
    ran = home.run("keys", "add", name, "--from-file", "--keyring", "kernel", "--yes")
    assert ran.code == 0, ran.stderr


def typed(home: Home, *arguments: str, given: str = "") -> "tuple[int, str, str]":
    """The code, stdout and stderr of a command with standard input."""
    import subprocess

    from running import SCRIPT

    done = subprocess.run(
        [SCRIPT, *arguments], env=home.environ, input=given, capture_output=True, text=True, cwd=home.folder,
        start_new_session=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


# add


def test_a_key_is_moved_out_of_the_credentials_file_all_else_to_the_byte(home: Home, user: User, name: str) -> None:
    before = home.credentials.read_text()
    ran = home.run("keys", "add", name, "--from-file", "--keyring", "kernel", "--yes")
    assert ran.code == 0, ran.stderr
    print(ran.stdout.decode()); print(ran.stderr)
    print(home.config.read_text()); print(home.credentials.read_text())
    print([ (p.name) for p in (home.folder/".aws").iterdir()], (home.folder/".aws/credentials.assume-helper.bak").read_text())
    print(home.run("get", name))
    print(home.run("keys","list").stdout.decode())
    print(home.run("list").stdout.decode())
    print(home.run("keys","rotate", name, "--yes"))
    print(home.run("get", name))
    print(home.run("keys","list","--json").stdout.decode())
    print(home.run("doctor", name).stdout.decode())
    print(home.run("keys","remove",name,"--yes"))
    print(home.run("get", name))
    print(home.run("keys","list"))
    print(user.calls)
