"""Stands in for the AWS CLI's `aws login`, as strict: it reads its profile, refuses what that refuses, writes the file.

As a program it is `aws`. What the sign-in leaves is prepared by the test, in the file that PREPARED_LOGIN names: a
token file as JSON, and whose it is.
"""

import configparser
import hashlib
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from identity_center import USER, Center
from running import Home

# A profile with one of these has other credentials than a console login (AWS CLI 2.36.7).
_REFUSED = ("credential_process", "role_arn", "sso_session", "sso_start_url", "aws_access_key_id",
            "web_identity_token_file")  # fmt: skip


def installed(folder: Path) -> dict[str, str]:
    """The PATH where `aws` is this program."""
    program = folder / "bin" / "aws"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(__file__)} "$@"\n')
    program.chmod(0o700)
    return {
        "PATH": f"{program.parent}:{os.defpath}",
        "PYTHONPATH": str(Path(__file__).parent),
        "AWS_LOGIN_TOLD": str(folder / "told"),
    }


def prepared(home: Home, center: Center, folder: Path, login_session: str = USER) -> dict[str, str]:
    """The variables that have the next `aws login` be one of this person."""
    elsewhere = Home(folder / "elsewhere")
    file = center.console_log_in(elsewhere, login_session)
    found = folder / "prepared"
    found.write_text(json.dumps({"login_session": login_session, "tokens": file.read()}))
    return {**installed(folder), "PREPARED_LOGIN": str(found), "HOME": str(home.folder)}


def told(folder: Path) -> list[dict[str, Any]]:
    """Each start of the program: its words, and the profile that it was given."""
    path = folder / "told"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def main() -> int:
    """`aws login --profile NAME [--remote]`."""
    words = sys.argv[1:]
    if words[:1] != ["login"]:
        sys.stderr.write("aws: error: argument command: Invalid choice\n")
        return 252
    config = configparser.RawConfigParser()
    config.read(os.environ["AWS_CONFIG_FILE"])
    section = f"profile {words[words.index('--profile') + 1]}"
    keys = dict(config[section])
    mine = sorted(name for name in os.environ if name.startswith("AWS_") and name != "AWS_LOGIN_TOLD")
    with open(os.environ["AWS_LOGIN_TOLD"], "a", encoding="utf-8") as file:
        file.write(json.dumps({"words": words, "keys": keys, "sections": config.sections(), "variables": mine}) + "\n")
    refused = [key for key in _REFUSED if key in keys]
    if refused or "region" not in keys or os.path.exists(os.environ["AWS_SHARED_CREDENTIALS_FILE"]):
        sys.stderr.write(f"aws: [ERROR]: Profile is already configured with {refused} credentials.\n")
        return 253
    sys.stdout.write("Attempting to open your default browser.\n")
    if "PREPARED_LOGIN" not in os.environ:
        sys.stderr.write("aws: [ERROR]: the login was not completed\n")
        return 255
    found = json.loads(Path(os.environ["PREPARED_LOGIN"]).read_text())
    name = hashlib.sha256(found["login_session"].encode()).hexdigest()
    folder = Path(os.environ.get("AWS_LOGIN_CACHE_DIRECTORY") or Path.home() / ".aws" / "login" / "cache")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(found["tokens"]))
    sys.stdout.write("Updated profile to use your credentials.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
