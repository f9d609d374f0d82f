"""`configure` as a person runs it, and boto3, which reads what it has written."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pexpect
from running import SCRIPT, SECRET, Home, Ran

ROLE = "arn:aws:iam::123456789012:role"
CONFIG = f"""# of my own
[profile dev]
role_arn = {ROLE}/dev
# the user that I log in as
source_profile = base

region=us-east-1

[profile other]
role_arn={ROLE}/other
source_profile = base
"""
BOTO3 = (
    "import boto3, sys\n"
    "c = boto3.Session(profile_name=sys.argv[1]).get_credentials()\n"
    "print(c.method, c.get_frozen_credentials().access_key)\n"
)


def configure(home: Home, *arguments: str) -> Ran:
    ran = home.run("configure", *arguments, "--yes")
    assert ran.code == 0, ran.stderr
    assert SECRET not in ran.stdout.decode() + ran.stderr
    return ran


def written(home: Home, *arguments: str) -> dict[str, Any]:
    return configure(home, *arguments, "--json").document


def by_boto3(home: Home, profile: str) -> tuple[str, str]:
    """How boto3 comes by the profile's credentials, and their access key."""
    ran = home.run("-c", BOTO3, profile, command=[sys.executable])
    assert ran.code == 0, ran.stderr
    method, access_key_id = ran.stdout.decode().split()
    return method, access_key_id


@contextmanager
def terminal(home: Home, *arguments: str) -> "Iterator[pexpect.spawn[str]]":
    child = pexpect.spawn(
        SCRIPT,
        ["configure", *arguments],
        env=home.environ | {"TERM": "dumb"},
        encoding="utf-8",
        timeout=60,
        dimensions=(50, 300),
    )
    try:
        yield child
    finally:
        child.close(force=True)


def ended(child: "pexpect.spawn[str]") -> tuple[int, str]:
    child.expect(pexpect.EOF)
    said = str(child.before)
    child.wait()
    return int(child.exitstatus or 0), said
