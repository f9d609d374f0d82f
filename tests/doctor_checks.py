"""What the tests of `doctor` share: a config to check, and what a check says."""

import os
from pathlib import Path
from textwrap import dedent

from running import SCRIPT, SECRET, windows

from assume_helper.doctor import config_files
from assume_helper.doctor.check import Check
from assume_helper.profiles.aws_config import AwsConfig

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
USER = f"arn:aws:iam::{ACCOUNT}:user/me"
BASE = f"[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = {SECRET}\n"
PROCESS = f"credential_process = {SCRIPT} get dev\n"
SSO = (
    f"[profile sso]\nsso_account_id = {ACCOUNT}\nsso_role_name = Dev\n"
    "sso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n"
)
GOOD = f"[profile dev]\n{PROCESS}assume_helper_role_arn = {ROLE}/dev\nassume_helper_source_profile = base\n"


def environ(folder: Path) -> dict[str, str]:
    paths = {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}
    return {"HOME": str(folder), "PATH": os.environ["PATH"]} | windows(folder) | paths


def loaded(folder: Path, config: str = GOOD, credentials: str = BASE) -> AwsConfig:
    (folder / "config").write_text(dedent(config))
    (folder / "credentials").write_text(dedent(credentials))
    found, _ = config_files.config_files(environ(folder))
    assert found is not None
    return found


def statuses(checks: list[Check]) -> list[str]:
    return [check.status for check in checks]


def one(checks: list[Check], status: str, *words: str) -> Check:
    """The only check that is not ok, or the only one: it has this status, these words, and says what mends it."""
    (check,) = [check for check in checks if check.status != "ok"] or checks
    assert check.status == status, check
    assert all(word in f"{check.what} {check.mend}" for word in words), check
    assert bool(check.mend) == (status != "ok"), check
    assert SECRET not in repr(check)
    return check


def script(path: Path, text: str = "#!/bin/sh\n", mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path
