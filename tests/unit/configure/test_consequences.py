"""What a person is told of a change: what still goes round the helper, and what no longer works."""

import os
from pathlib import Path

import pytest

from assume_helper.configure import consequences, editor
from assume_helper.configure.editor import Edit
from assume_helper.profiles import aws_config
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.role import Kind
from assume_helper.text import typed

COMMAND = "/opt/assume-helper get dev"
URL = "https://x.awsapps.com/start"
LEGACY = f"sso_start_url = {URL}\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = r\n"


def loaded(folder: Path, config: str, credentials: str = "") -> AwsConfig:
    (folder / "credentials").write_text(credentials)
    environ = {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}
    return aws_config.load(environ, config)


def warnings(folder: Path, config: str, credentials: str = "", kind: Kind = "role", *, moves: bool = True) -> list[str]:
    text = editor.configured(config, [Edit("dev", COMMAND, moves_access_key=moves)])
    before, after = loaded(folder, config, credentials), loaded(folder, text, credentials)
    return consequences.warnings(before, after, "dev", kind, consequences.users_of_sources(after))


@pytest.mark.parametrize(
    ("config", "credentials", "kind", "words"),
    [
        ("", "role_arn = a\nregion = b\n", "role", "has role_arn for this profile and wins: SDKs will not"),
        ("", "aws_access_key_id = a\n", "access key", "has aws_access_key_id for this profile and wins"),
        ("", "aws_access_key_id = a\n", "access key", "move them to [profile dev] of "),
        ("", "credential_process = a\n", "process", "move it to [profile dev] of "),
        ("", "credential_process = a\n", "process", " as assume_helper_credential_process"),
        ("role_arn = a\n[DEFAULT]\nrole_arn = a\n", "", "role", "[DEFAULT] has role_arn for every profile"),
        (
            "sso_session = my corp\nsso_account_id = 1\n",
            "",
            "permission set",
            "`aws sso login --profile dev` no longer works: "
            f"log in with `assume-helper login --sso-session {typed('my corp')}`; "
            "services that take a bearer token no longer find sso_session",
        ),
        (
            LEGACY,
            "",
            "permission set",
            "`aws sso login --profile dev` no longer works: log in with `assume-helper login dev`",
        ),
        (
            "login_session = a\n",
            "",
            "console login",
            "`aws login --profile dev` no longer works: log in with `assume-helper login dev`",
        ),
        ("aws_access_key_id = a\n", "", "access key", "without MFA it may not call IAM"),
        (
            "aws_access_key_id = a\n[profile b]\nsource_profile = dev\n"
            "[profile c]\nassume_helper_source_profile = dev\n",
            "",
            "role",
            "b, c can no longer use this profile's access key as a source, only its role",
        ),
    ],
)
def test_what_is_said(config: str, credentials: str, kind: Kind, words: str, tmp_path: Path) -> None:
    (warning,) = warnings(tmp_path, f"[profile dev]\n{config}", f"[dev]\n{credentials}", kind)
    assert words in warning
    assert os.linesep not in warning


@pytest.mark.parametrize("key", ["aws_session_token", "aws_security_token"])
def test_temporary_keys_are_handed_over_as_they_stand(tmp_path: Path, key: str) -> None:
    config = f"[profile dev]\naws_access_key_id = a\naws_secret_access_key = b\n{key} = c\n"
    assert warnings(tmp_path, config, kind="access key") == []


def test_an_access_key_that_stays_is_named(tmp_path: Path) -> None:
    (warning,) = warnings(tmp_path, "[profile dev]\naws_access_key_id = a\n", moves=False)
    assert "the SDKs of Go, JavaScript, Kotlin, C++ and Ruby use this profile's access key" in warning


def test_what_was_said_once_is_not_said_again(tmp_path: Path) -> None:
    config = f"[profile dev]\n{LEGACY}login_session = a\naws_access_key_id = a\n"
    text = editor.configured(config, [Edit("dev", COMMAND)])
    assert len(warnings(tmp_path, config, kind="access key")) == 3
    assert warnings(tmp_path, text, kind="access key") == []


def test_where_nothing_stops_working_nothing_is_said(tmp_path: Path) -> None:
    config = "[profile dev]\nrole_arn = a\nregion = b\n"
    assert warnings(tmp_path, config, f"[dev]\nregion = b\ncredential_process = {COMMAND}\n[me]\nrole_arn = a\n") == []
    assert warnings(tmp_path, "[profile dev]\ncredential_process = /x/other\n", kind="process") == []
