"""Which credentials win in which SDK."""

from pathlib import Path

import pytest
from doctor_checks import ACCOUNT, BASE, GOOD, PROCESS, ROLE, USER, loaded, one
from running import SECRET

from assume_helper.doctor import sdk_precedence, variable_change
from assume_helper.doctor.check import Check


def sdks(folder: Path, text: str, credentials: str = BASE, name: str = "dev") -> list[Check]:
    config = loaded(folder, text, credentials)
    return sdk_precedence.profile(config, name, sdk_precedence.callers(config))


def test_a_process_alone_is_run_by_every_sdk(tmp_path: Path) -> None:
    one(sdks(tmp_path, GOOD), "ok", "every SDK")


def test_a_name_that_is_not_ascii_is_reported_with_the_sdks_that_do_not_find_it(tmp_path: Path) -> None:
    one(
        sdks(tmp_path, GOOD.replace("dev", "größer"), name="größer"),
        "warn",
        "not ASCII",
        "JavaScript v3",
        "CRT (awscrt)",
    )


def test_a_role_beside_the_process_wins(tmp_path: Path) -> None:
    text = f"[profile dev]\n{PROCESS}role_arn = {ROLE}/dev\nsource_profile = base\n"
    check = one(sdks(tmp_path, text), "fail", "boto3", "Go v1", "Terraform refuse")
    renamed = "role_arn to assume_helper_role_arn, source_profile to assume_helper_source_profile"
    assert check.mend == f"assume-helper configure dev (it renames {renamed})"


@pytest.mark.parametrize("key", ["sso_account_id", "sso_role_name"])
def test_a_permission_set_beside_the_process_wins(tmp_path: Path, key: str) -> None:
    check = one(sdks(tmp_path, f"{GOOD}sso_session = my\n{key} = 123456789012\n"), "fail", "SSO wins", "Kotlin", key)
    renamed = f"{key} to assume_helper_{key}, sso_session to assume_helper_sso_session"
    assert check.mend == f"assume-helper configure dev (it renames {renamed})"


@pytest.mark.parametrize("key", ["sso_session", "sso_start_url", "sso_region"])
def test_another_sso_key_alone_counts_for_javascript(tmp_path: Path, key: str) -> None:
    words = f"{key} beside", "JavaScript", "boto3 and the AWS CLI do", f"assume_helper_{key}"
    one(sdks(tmp_path, f"{GOOD}{key} = my\n"), "warn", *words)


def test_a_console_login_beside_the_process_wins(tmp_path: Path) -> None:
    words = "boto3", "Go v2", "login_session to assume_helper_login_session"
    one(sdks(tmp_path, f"{GOOD}login_session = {USER}\n"), "fail", *words)


def test_a_web_identity_token_beside_the_process_is_in_the_way(tmp_path: Path) -> None:
    words = "look for its role", "web_identity_token_file to assume_helper_web_identity_token_file"
    one(sdks(tmp_path, f"{GOOD}web_identity_token_file = /run/token\n"), "fail", *words)


def test_a_login_in_the_credentials_file_is_to_be_moved_first(tmp_path: Path) -> None:
    check = one(sdks(tmp_path, GOOD, f"{BASE}[dev]\nlogin_session = {USER}\n"), "fail", "the console login wins")
    assert check.mend == (
        f"move login_session from {tmp_path / 'credentials'} to [profile dev] of {tmp_path / 'config'}, then run "
        "assume-helper configure dev"
    )


def test_the_keys_of_a_key_profile_in_the_credentials_file_are_moved_or_removed(tmp_path: Path) -> None:
    credentials = f"[dev]\naws_access_key_id = AKIA\naws_secret_access_key = {SECRET}\n"
    text = f"[profile dev]\n{PROCESS}"
    check = one(sdks(tmp_path, text, credentials), "fail", "it wins over credential_process in boto3")
    assert check.mend == (
        f"move aws_access_key_id, aws_secret_access_key from {tmp_path / 'credentials'} to [profile dev] of "
        f"{tmp_path / 'config'}, then run assume-helper configure dev; or remove them"
    )
    moved = f"{text}assume_helper_aws_access_key_id = AKIA\nassume_helper_aws_secret_access_key = {SECRET}\n"
    check = one(sdks(tmp_path, moved, credentials), "fail", "it wins over credential_process in boto3")
    assert check.mend == f"remove aws_access_key_id, aws_secret_access_key from [dev] of {tmp_path / 'credentials'}"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (f"sso_session = my\nsso_account_id = {ACCOUNT}\nsso_role_name = Dev\n", "its permission set themselves"),
        (f"login_session = {USER}\n", "its console login themselves"),
    ],
)
def test_a_login_without_a_process_goes_round_the_helper(tmp_path: Path, keys: str, words: str) -> None:
    check = one(sdks(tmp_path, f"[profile dev]\n{keys}"), "warn", words)
    assert check.mend == "assume-helper configure dev"
    prefixed = "".join(f"assume_helper_{line}\n" for line in keys.splitlines())
    one(sdks(tmp_path, f"[profile dev]\n{prefixed}"), "warn", "SDKs find no credentials in it")
    one(sdks(tmp_path, f"[profile dev]\n{PROCESS}{prefixed}"), "ok", "every SDK")


def test_another_program_s_process_is_said_to_be_one(tmp_path: Path) -> None:
    one(sdks(tmp_path, "[profile dev]\ncredential_process = /opt/vault me\n"), "ok", "without the helper's cache")


def test_static_keys_beside_the_process_win_in_some(tmp_path: Path) -> None:
    text = f"{GOOD}aws_access_key_id = AKIA\naws_secret_access_key = {SECRET}\n"
    one(
        sdks(tmp_path, text),
        "warn",
        "the process wins in boto3",
        "the access key in Go",
        "assume_helper_source_profile",
    )


def test_static_keys_in_the_credentials_file_win_in_more(tmp_path: Path) -> None:
    credentials = BASE + f"[dev]\naws_access_key_id = AKIA\naws_secret_access_key = {SECRET}\n"
    one(sdks(tmp_path, GOOD, credentials), "fail", "it wins over credential_process in boto3", str(tmp_path))


def test_of_two_processes_the_credentials_file_s_wins(tmp_path: Path) -> None:
    checks = sdks(tmp_path, GOOD, f"{BASE}[dev]\ncredential_process = /opt/vault me\n")
    one(checks, "warn", "in both files", "duckdb", "remove credential_process from [dev]")


def test_the_same_command_in_the_credentials_file_is_for_restic(tmp_path: Path) -> None:
    checks = sdks(tmp_path, GOOD, f"{BASE}[dev]\n{PROCESS}")
    assert [check.status for check in checks] == ["ok", "ok"]
    assert "restic" in checks[0].what
    for other in (PROCESS.replace("get dev", 'get "dev"'), "credential_process = x\n"):
        one(sdks(tmp_path, GOOD, f"{BASE}[dev]\n{other}"), "warn", "in both files", "remove credential_process")


def test_a_role_that_no_process_asks_for_is_reported(tmp_path: Path) -> None:
    text = f"[profile dev]\nrole_arn = {ROLE}/dev\nsource_profile = base\n"
    one(sdks(tmp_path, text), "warn", "assume its role themselves", "assume-helper configure dev")
    prefixed = text.replace("role_arn", "assume_helper_role_arn").replace(
        "source_profile", "assume_helper_source_profile"
    )
    one(sdks(tmp_path, prefixed), "warn", "SDKs find no credentials in it", "assume-helper configure dev")


@pytest.mark.parametrize("asked", ["ops", "ops --read-only", "there-is-none"])
def test_a_copied_section_that_still_asks_for_the_other_profile_is_reported(tmp_path: Path, asked: str) -> None:
    copied = GOOD.replace("get dev", f"get {asked}")
    words = f"asks for {asked.split(maxsplit=1)[0]}:", "do not get the role of [dev]"
    check = one(sdks(tmp_path, copied), "fail", *words)
    assert check.mend == "assume-helper configure dev"
    pair = copied.partition("assume_helper_role_arn")[0]
    one(sdks(tmp_path, pair), "ok", "every SDK")


def test_an_access_key_without_a_role_is_used(tmp_path: Path) -> None:
    one(sdks(tmp_path, GOOD, name="base"), "ok", "SDKs use its aws_access_key_id")


def test_a_role_that_another_profile_asks_for_is_ok(tmp_path: Path) -> None:
    text = f"[profile ops]\n{PROCESS}[profile dev]\nrole_arn = {ROLE}/dev\nsource_profile = base\n"
    one(sdks(tmp_path, text), "ok", "through ops")


KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": SECRET}
CLEARED = variable_change.clearing("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
COPIED = variable_change.copying("AWS_DEFAULT_PROFILE", "AWS_PROFILE")


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({}, "ok", "no variable wins"),
        ({"AWS_PROFILE": "dev"}, "ok", "no variable wins"),
        (KEYS, "ok", "where no profile is named"),
        (KEYS | {"AWS_PROFILE": "dev"}, "warn", f"but JavaScript v3 {CLEARED}"),
        (
            {"AWS_DEFAULT_PROFILE": "dev"},
            "warn",
            f"PHP, Rust and C++ ignore AWS_DEFAULT_PROFILE {COPIED}",
        ),
    ],
)
def test_what_the_environment_says_beside_a_profile(given: dict[str, str], status: str, words: str) -> None:
    one(sdk_precedence.environment(given), status, words)


@pytest.mark.parametrize("config", [GOOD, "[profile other]\nregion = x\n"])
def test_a_role_in_the_credentials_file_is_to_be_moved_before_configure(tmp_path: Path, config: str) -> None:
    keys = f"[dev]\nrole_arn = {ROLE}/dev\nsource_profile = base\n"
    checks = sdk_precedence.profile(loaded(tmp_path, config, BASE + keys), "dev", {})
    (check,) = [check for check in checks if check.status != "ok"]
    assert check.mend == (
        f"move role_arn, source_profile from {tmp_path / 'credentials'} to [profile dev] of {tmp_path / 'config'}, "
        "then run assume-helper configure dev"
    )
