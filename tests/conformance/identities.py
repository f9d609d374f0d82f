"""Whoever a profile without a role is: a permission set's role, and who another program's process speaks for.

As at AWS, each is a role of the account: Identity Center assumes one of its own for a permission set, and hands its
session out. So the local AWS itself, which enforces IAM, knows the keys, and says whose they are.
"""

import json
import re
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import local_aws
import requests
from conformance.account import Account
from conformance.scene import Scene
from front import ACCOUNT
from issued_keys import Issuer, Keys

PERMISSION_SET = "Storage"
PERSON = "me@example.com"
# The name that Identity Center gives its role for a permission set; the end is drawn anew for each.
_RESERVED = f"AWSReservedSSO_{PERMISSION_SET}_0123456789abcdef"
_RESERVED_PATH = "/aws-reserved/sso.amazonaws.com/"
ROLES = {
    "identity-center": f"arn:aws:iam::{ACCOUNT}:role{_RESERVED_PATH}{_RESERVED}",
    "vault": f"arn:aws:iam::{ACCOUNT}:role/of-the-vault",
}
PERMISSION_SET_SESSION = re.compile(rf"arn:aws:sts::{ACCOUNT}:assumed-role/{_RESERVED}/{re.escape(PERSON)}")
PROCESS_SESSION = re.compile(rf"arn:aws:sts::{ACCOUNT}:assumed-role/of-the-vault/vault-session")
_S3 = "arn:aws:iam::aws:policy/AmazonS3FullAccess"

# Another program with a key of its own: each run of it is noted, and asks for a new session.
_PROCESS = f"""#!{sys.executable} -I
import json, pathlib, sys
import boto3
here = pathlib.Path(__file__).resolve().parent
with (here / "runs").open("a") as runs:
    runs.write(" ".join(sys.argv[1:]) + "\\n")
given = json.loads((here / "key.json").read_text())
sts = boto3.client("sts", region_name="us-east-1", **given)
got = sts.assume_role(RoleArn="{ROLES["vault"]}", RoleSessionName="vault-session")["Credentials"]
got["Expiration"] = got["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ")
print(json.dumps({{"Version": 1, **got}}))
"""


@dataclass(frozen=True)
class Key:
    """A user's access key."""

    access_key_id: str
    secret: str = field(repr=False)


def make(url: str) -> dict[str, Key]:
    """Make the roles in the local AWS, and for each the one user that may assume it; their keys, by the user's name.

    Meanwhile, and only then, everybody may do anything there.
    """
    requests.post(
        f"{url}/moto-api/reset-auth", data=b"1000000", headers={"Content-Type": "text/plain"}, timeout=30
    ).raise_for_status()
    iam = boto3.Session("local", "local", region_name="us-east-1").client("iam", endpoint_url=url)
    keys = {user: _user_and_role(iam, user, arn) for user, arn in ROLES.items()}
    local_aws.close(url)
    return keys


def _user_and_role(iam: Any, user: str, role_arn: str) -> Key:
    allowed: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    principal = {"Principal": {"AWS": iam.create_user(UserName=user)["User"]["Arn"]}}
    path, _, name = role_arn.partition(":role")[2].rpartition("/")
    iam.create_role(RoleName=name, Path=f"{path}/", AssumeRolePolicyDocument=_policy(allowed | principal))
    iam.attach_role_policy(RoleName=name, PolicyArn=_S3)
    iam.put_user_policy(UserName=user, PolicyName="assume", PolicyDocument=_policy(allowed | {"Resource": role_arn}))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return Key(key["AccessKeyId"], key["SecretAccessKey"])


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(kw_only=True)
class RoleIssuer(Issuer):
    """Gives sessions of the permission set's role, which the account makes, and which end when it says."""

    account: Account
    key: Key

    def issue(
        self,
        lasting: timedelta,
        *,
        of_role: bool,
        login: object = None,
        permission_set: tuple[str, str] | None = None,
    ) -> Keys:
        """A new session of the one permission set that has a role here."""
        assert (of_role, permission_set) == (True, (ACCOUNT, PERMISSION_SET))
        session = boto3.Session(self.key.access_key_id, self.key.secret, region_name="us-east-1")
        sts = session.client("sts", endpoint_url=self.account.url)
        got = sts.assume_role(
            RoleArn=ROLES["identity-center"], RoleSessionName=PERSON, DurationSeconds=int(lasting.total_seconds())
        )["Credentials"]
        keys = Keys(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"], got["Expiration"], login)
        self.given.append(keys)
        return keys


def process(scene: Scene, key: Key) -> Path:
    """The other program, in a folder of its own in the scene's home."""
    program = scene.script("vault/vault-session", _PROCESS)
    given = program.parent / "key.json"
    given.touch(0o600)
    words = {"aws_access_key_id": key.access_key_id, "aws_secret_access_key": key.secret}
    given.write_text(json.dumps({"endpoint_url": scene.account.url, **words}), encoding="utf-8")
    return program


def runs(program: Path) -> list[str]:
    """The arguments of each run of the other program so far."""
    noted = program.parent / "runs"
    return noted.read_text(encoding="utf-8").splitlines() if noted.exists() else []
