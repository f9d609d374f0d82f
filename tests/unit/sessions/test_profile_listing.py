"""The rows of `list`: every profile that can be served, with its kind, its source, and what its session cannot do."""

import time
from pathlib import Path
from typing import Any

import pytest
from identity_center import Center, permission_set, sso_session
from running import Home, no_warning

from assume_helper.profiles import aws_config, login_record
from assume_helper.sessions import profile_listing
from assume_helper.sessions.profile_listing import NO_IAM, Row

NOW = 1_900_000_000.0
ROLE = "arn:aws:iam::123456789012:role/team/dev"
USER = "arn:aws:iam::123456789012:user/me"
CONFIG = f"""
[profile dev]
role_arn = {ROLE}
source_profile = key
[profile over]
role_arn = {ROLE}
source_profile = set
[profile key]
aws_access_key_id = AKIAKEY
aws_secret_access_key = s
[profile coded]
aws_access_key_id = AKIACODED
aws_secret_access_key = s
mfa_serial = GAHT12345678
[profile set]
sso_session = corp
sso_account_id = 210987654321
sso_role_name = Reader
[profile legacy]
sso_start_url = https://x.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 210987654321
sso_role_name = Reader
[profile console]
login_session = {USER}
[profile broker]
credential_process = /opt/vault --token s3cret
[profile half]
sso_account_id = 210987654321
[profile settings]
region = eu-west-1
[sso-session corp]
sso_start_url = https://x.awsapps.com/start
sso_region = eu-west-1
"""


@pytest.fixture
def rows(tmp_path: Path) -> dict[str, Row]:
    """The rows of the config above by their profile's name; nobody is logged in."""
    (tmp_path / "config").write_text(CONFIG)
    environ = {
        "HOME": str(tmp_path),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache"),
    }
    found = profile_listing.rows(aws_config.load(environ), environ, no_warning, NOW)
    assert [row.profile for row in found] == [
        "dev", "over", "key", "coded", "set", "legacy", "console", "broker", "half",
    ]  # fmt: skip
    return {row.profile: row for row in found}


@pytest.mark.parametrize(
    ("name", "kind", "role", "account", "source"),
    [
        ("dev", "role", "team/dev", "123456789012", "key"),
        ("over", "role", "team/dev", "123456789012", "set"),
        ("key", "access key", "", "", ""),
        ("set", "permission set", "Reader", "210987654321", "corp"),
        ("legacy", "permission set", "Reader", "210987654321", "https://x.awsapps.com/start"),
        ("console", "console login", "", "123456789012", "user/me"),
        ("broker", "process", "", "", "vault"),
    ],
)
def test_a_row_says_what_the_profile_is(
    rows: dict[str, Row], name: str, kind: str, role: str, account: str, source: str
) -> None:
    row = rows[name]
    assert (row.kind, row.role, row.account_id, row.source, row.problem) == (kind, role, account, source, "")
    assert "s3cret" not in repr(row)


def test_a_login_is_shown_of_all_that_are_made_with_it(rows: dict[str, Row]) -> None:
    assert {name for name, row in rows.items() if row.has_login} == {"over", "set", "legacy", "console"}
    assert {rows[name].login for name in ("over", "set", "console")} == {"none"}
    assert {rows[name].login for name in ("dev", "key", "broker")} == {""}


def test_only_a_user_s_session_without_a_code_is_said_to_call_no_iam(rows: dict[str, Row]) -> None:
    assert {name for name, row in rows.items() if row.note} == {"key"}
    assert rows["key"].note == NO_IAM
    assert rows["coded"].mfa_serial == "GAHT12345678"


def test_temporary_keys_have_no_session_to_say_it_of(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "[profile given]\naws_access_key_id = ASIA\naws_secret_access_key = s3cret\naws_session_token = t\n"
    )
    environ = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache")}
    environ["AWS_SHARED_CREDENTIALS_FILE"] = str(tmp_path / "none")
    (row,) = profile_listing.rows(aws_config.load(environ), environ, no_warning, NOW)
    assert (row.kind, row.note) == ("access key", "")


@pytest.mark.parametrize(
    ("left", "is_renewed", "words"),
    [
        (None, False, "none"),
        (0, False, "0 s left"),
        (0, True, "renewed at the next call"),
        (1800, True, "30 min left"),
        (1800, False, "30 min left"),
    ],
)
def test_a_login_that_renews_itself_is_not_over(left: float | None, is_renewed: bool, words: str) -> None:
    assert Row("dev", has_login=True, login_left=left, is_renewed=is_renewed).login == words


def test_what_cannot_be_read_has_its_problem(rows: dict[str, Row]) -> None:
    assert rows["half"].problem == (
        "[half] has sso_account_id and no sso_role_name; add sso_role_name, or take sso_account_id out"
    )


def test_a_program_is_told_what_is_not_known_as_null(rows: dict[str, Row]) -> None:
    found: dict[str, Any] = rows["broker"].as_json()
    assert (found["kind"], found["role"], found["account_id"], found["note"]) == ("process", None, None, None)
    assert (found["has_login"], found["login_seconds_left"], found["cached"]) == (False, None, False)


def test_many_profiles_of_one_login_have_its_files_read_as_often_as_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    Center().log_in(home)
    reads: list[str] = []
    read = login_record.read_token_file

    def counted(path: str) -> login_record.TokenFile:
        reads.append(path)
        return read(path)

    monkeypatch.setattr(login_record, "read_token_file", counted)

    def listed(number: int) -> int:
        """How often the file is read for so many permission sets, and as many roles over them."""
        reads.clear()
        over = f"role_arn = {ROLE}\nsource_profile = set-"
        profiles = [f"{permission_set(f'set-{n}', role=f'R{n}')}[profile role-{n}]\n{over}{n}\n" for n in range(number)]
        home.config.write_text(sso_session() + "".join(profiles))
        rows = profile_listing.rows(aws_config.load(home.environ), home.environ, no_warning, time.time())
        assert [row.login for row in rows] == [rows[0].login] * 2 * number
        assert rows[0].login_left
        return len(reads)

    assert listed(1) == listed(20)
