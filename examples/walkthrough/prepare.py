"""Make what the walkthrough needs in an AWS account: a user that may only assume a role, and the role.

    python prepare.py --into DIR                 # asks first; in the account of your current credentials
    python prepare.py --into DIR --remove        # takes it all away again
    python prepare.py --into DIR --endpoint-url http://127.0.0.1:5000 --yes      # on a local AWS

DIR gets `config` and `credentials`, which hold the user's new access key and two profiles, sts-user and sts-role.
"""

import argparse
import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions

USER = "sts-user"
ROLE = "sts-role"
POLICY = "assume-sts-role"
S3_POLICY = "AmazonS3FullAccess"


def plan(account_id: str, into: Path) -> str:
    """What will be made, in words."""
    return f"""In account {account_id} this creates
  the user {USER}, with one access key and no right but to assume the role,
  the role {ROLE}, with the policy {S3_POLICY}, that only {USER} may assume,
and on this machine {into / "config"} and {into / "credentials"}.
"""


def prepare(session: "boto3.Session", endpoint_url: str | None, into: Path, helper: str) -> None:
    """Create user, access key, role, trust and policies with the credentials of `session`, and write both files."""
    identity = session.client("sts", endpoint_url=endpoint_url).get_caller_identity()
    account_id, partition = identity["Account"], identity["Arn"].split(":")[1]
    iam = session.client("iam", endpoint_url=endpoint_url)
    user_arn = iam.create_user(UserName=USER)["User"]["Arn"]
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": user_arn}, "Action": "sts:AssumeRole"}],
    }
    role_arn = _once_known(
        lambda: iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    )
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=f"arn:{partition}:iam::aws:policy/{S3_POLICY}")
    may_assume = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role_arn}],
    }
    iam.put_user_policy(UserName=USER, PolicyName=POLICY, PolicyDocument=json.dumps(may_assume))
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    region = session.region_name or "us-east-1"
    where = f"region = {region}\n" + (f"endpoint_url = {endpoint_url}\n" if endpoint_url else "")
    _write(
        into / "credentials",
        f"[{USER}]\naws_access_key_id = {key['AccessKeyId']}\naws_secret_access_key = {key['SecretAccessKey']}\n",
    )
    _write(
        into / "config",
        f"[profile {USER}]\n{where}\n"
        f"[profile {ROLE}]\n"
        f"credential_process = {helper} get {ROLE}\n"
        f"assume_helper_role_arn = {role_arn}\n"
        f"assume_helper_source_profile = {USER}\n{where}",
    )
    assert account_id in role_arn


def remove(session: "boto3.Session", endpoint_url: str | None, into: Path) -> None:
    """Take away what `prepare` has made; what is not there is passed over."""
    iam = session.client("iam", endpoint_url=endpoint_url)
    partition = session.client("sts", endpoint_url=endpoint_url).get_caller_identity()["Arn"].split(":")[1]

    def keys() -> None:
        for key in iam.list_access_keys(UserName=USER)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=USER, AccessKeyId=key["AccessKeyId"])

    steps: list[Callable[[], Any]] = [
        keys,
        lambda: iam.delete_user_policy(UserName=USER, PolicyName=POLICY),
        lambda: iam.delete_user(UserName=USER),
        lambda: iam.detach_role_policy(RoleName=ROLE, PolicyArn=f"arn:{partition}:iam::aws:policy/{S3_POLICY}"),
        lambda: iam.delete_role(RoleName=ROLE),
    ]
    for step in steps:
        try:
            step()
        except iam.exceptions.NoSuchEntityException:
            continue
    for name in ("config", "credentials"):
        (into / name).unlink(missing_ok=True)


def helper_command() -> str:
    """assume-helper's absolute path, with double quotes around what has blanks: the form that every SDK takes."""
    beside = shutil.which("assume-helper", path=os.path.dirname(sys.executable))
    path = beside or shutil.which("assume-helper")
    if path is None:
        raise SystemExit("assume-helper is not installed here: pip install assume-helper")
    parts = os.path.abspath(path).split("/")
    return "/".join(f'"{part}"' if " " in part else part for part in parts)


def exported(**paths: Path) -> str:
    """The line that sets these variables, for PowerShell (which sets PSModulePath) or a POSIX shell."""
    if "PSModulePath" in os.environ:
        doubled = {name: str(path).replace("'", "''") for name, path in paths.items()}
        return "; ".join(f"$Env:{name} = '{path}'" for name, path in doubled.items())
    return "export " + " ".join(f"{name}={shlex.quote(str(path))}" for name, path in paths.items())


def _once_known(create: Callable[[], str]) -> str:
    """The result of `create`, tried for a minute: a role cannot trust a user that IAM has not yet spread."""
    for _ in range(12):
        try:
            return create()
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "MalformedPolicyDocument":
                raise
            time.sleep(5)
    return create()


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def main() -> int:
    parser = argparse.ArgumentParser(description="Prepare the walkthrough in an AWS account, or take it away again.")
    parser.add_argument("--into", type=Path, required=True, metavar="DIR", help="where config and credentials go")
    parser.add_argument("--endpoint-url", metavar="URL", help="a local AWS; left out: the real one")
    parser.add_argument("--remove", action="store_true", help="take away what was created")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    options = parser.parse_args()
    # PowerShell keeps empty variables, and botocore takes an empty AWS_PROFILE for the name of a profile.
    for name in [name for name, value in os.environ.items() if name.startswith("AWS_") and not value]:
        del os.environ[name]
    session = boto3.Session(region_name=boto3.Session().region_name or "us-east-1")
    into = options.into.absolute()
    try:
        account_id = session.client("sts", endpoint_url=options.endpoint_url).get_caller_identity()["Account"]
        if options.remove:
            print(f"In account {account_id} this removes the user {USER} and the role {ROLE}.")
        else:
            print(plan(account_id, into), end="")
        if not options.yes and input("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
            print("Nothing was done.")
            return 1
        if options.remove:
            remove(session, options.endpoint_url, into)
            print("Removed.")
            return 0
        for name in ("config", "credentials"):
            if (into / name).exists():
                print(f"{into / name} is there already: name another folder, or --remove first.", file=sys.stderr)
                return 1
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        prepare(session, options.endpoint_url, into, helper_command())
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        print(f"{error}\nWhat was made until then is taken away by the same command with --remove.", file=sys.stderr)
        return 1
    except EOFError:
        print("\nThere is nobody to ask: say --yes. Nothing was done.", file=sys.stderr)
        return 1
    files = exported(AWS_CONFIG_FILE=into / "config", AWS_SHARED_CREDENTIALS_FILE=into / "credentials")
    print(f"Done. Now:\n  {files}")
    print(f"  aws s3 ls --profile {USER}     # denied\n  aws s3 ls --profile {ROLE}     # allowed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
