"""The demo and its preparing script, as a new user would run them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import local_aws
import pytest

WALKTHROUGH = Path(__file__).resolve().parents[2] / "examples" / "walkthrough"


@pytest.fixture
def open_aws() -> Iterator[str]:
    """A local AWS of its own, on which anybody may do anything."""
    with local_aws.started() as url:
        yield url


def environ(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_EC2_METADATA_DISABLED": "true"}
    return {"PATH": os.environ["PATH"], "HOME": str(home), **kept, **keys}


def prepared(home: Path, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(WALKTHROUGH / "prepare.py"), *arguments]
    return subprocess.run(command, env=environ(home), input=stdin, capture_output=True, text=True, check=False)


def test_the_demo_shows_the_walkthrough_and_leaves_nothing_behind(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    junk = {"AWS_PROFILE": "nobodys", "AWS_ACCESS_KEY_ID": "junk", "HTTP_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, str(WALKTHROUGH / "demo.py")],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path), **kept, **junk},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout
    for words in (
        "arn:aws:iam::123456789012:user/sts-user",
        "AccessDenied",
        "credential_process = ",
        "walkthrough-bucket",
        ":assumed-role/sts-role/",
        "ms   with an empty cache",
        "ms   from the cache",
        "minutes",
        "stopped",
    ):
        assert words in said, said
    assert "\x1b" not in said, "colour only on a terminal"
    assert said.index("AccessDenied") < said.index("walkthrough-bucket") < said.index("from the cache")
    assert list(tmp_path.iterdir()) == []


def test_preparing_says_what_it_will_create_and_does_nothing_without_a_yes(open_aws: str, tmp_path: Path) -> None:
    into = tmp_path / "into"
    for stdin in ("n\n", ""):
        done = prepared(tmp_path, "--into", str(into), "--endpoint-url", open_aws, stdin=stdin)
        assert done.returncode == 1
        assert "In account 123456789012 this creates" in done.stdout
        for name in ("sts-user", "sts-role", "AmazonS3FullAccess", str(into / "credentials")):
            assert name in done.stdout
    assert not into.exists()
    iam = boto3.client("iam", "us-east-1", endpoint_url=open_aws, aws_access_key_id="x", aws_secret_access_key="x")
    assert iam.list_users()["Users"] == []


def test_preparing_and_removing_leave_the_account_as_it_was(open_aws: str, tmp_path: Path) -> None:
    into = tmp_path / "into"
    arguments = ("--into", str(into), "--endpoint-url", open_aws)
    done = prepared(tmp_path, *arguments, stdin="y\n")
    assert done.returncode == 0, done.stderr
    assert (into / "credentials").stat().st_mode & 0o777 == 0o600
    assert into.stat().st_mode & 0o777 == 0o700
    secret = (into / "credentials").read_text().rpartition("= ")[2].strip()
    assert secret
    assert secret not in done.stdout + done.stderr
    iam = boto3.client("iam", "us-east-1", endpoint_url=open_aws, aws_access_key_id="x", aws_secret_access_key="x")
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["sts-user"]
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["sts-role"]
    again = prepared(tmp_path, *arguments, "--yes")
    assert again.returncode == 1
    assert "is there already" in again.stderr
    done = prepared(tmp_path, *arguments, "--remove", "--yes")
    assert done.returncode == 0, done.stderr
    assert iam.list_users()["Users"] == iam.list_roles()["Roles"] == []
    assert list(into.iterdir()) == []


def test_preparing_without_credentials_is_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, str(WALKTHROUGH / "prepare.py"), "--into", str(tmp_path / "into"), "--yes"]
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(command, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Unable to locate credentials" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_local_aws_ends_when_what_started_it_is_gone() -> None:
    with subprocess.Popen(
        [sys.executable, str(WALKTHROUGH / "local_aws.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        assert b"http://127.0.0.1:" in server.stdout.readline()
        assert server.stdin is not None
        server.stdin.close()
        assert server.wait(60) == 0
