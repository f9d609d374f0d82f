"""Other tools that share a login: botocore's own provider of tokens, and the AWS CLI of version 1."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from front import Front, identity
from running import Home

_PROVIDER = (
    "import sys, botocore.session, botocore.tokens as t; s = botocore.session.Session(profile=sys.argv[1]);"
    "print(t.SSOTokenProvider(s).load_token().get_frozen_token().token)"
)
_AWS = str(Path(sys.executable).parent / "aws")
ARN = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_ReadOnly_0123456789abcdef/me"


def sdk_token(home: Home, profile: str = "sdk") -> "subprocess.CompletedProcess[str]":
    """The access token that an SDK has of the profile's login, which it renews where that is due."""
    return _ran(home, [sys.executable, "-c", _PROVIDER, profile])


def cli(home: Home, front: Front, profile: str = "sdk") -> "subprocess.CompletedProcess[str]":
    """`aws sts get-caller-identity` with the profile, whoever that is."""
    before, front.behaviour = front.behaviour, identity(ARN)
    try:
        return _ran(home, [_AWS, "sts", "get-caller-identity", "--profile", profile])
    finally:
        front.behaviour = before


def _ran(home: Home, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        env=home.environ | {"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
