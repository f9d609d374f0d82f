"""The config files: read, every key known, every source followed."""

import os
import sys
from pathlib import Path

import pytest
from doctor_checks import BASE, GOOD, PROCESS, ROLE, SSO, USER, environ, loaded, one, script, statuses
from running import SCRIPT, SECRET

from assume_helper.doctor import config_files
from assume_helper.doctor.check import Check
from assume_helper.profiles import command_words
from assume_helper.profiles.role import Profile


def test_a_config_that_exists_is_ok(tmp_path: Path) -> None:
    loaded(tmp_path)
    _, checks = config_files.config_files(environ(tmp_path))
    one(checks, "ok", "2 profiles", str(tmp_path / "config"))


def test_no_config_at_all_is_a_failure(tmp_path: Path) -> None:
    config, checks = config_files.config_files(environ(tmp_path))
    assert config is not None
    one(checks, "fail", "neither", "aws configure")


def test_a_config_that_cannot_be_parsed_is_a_failure_that_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(f"[profile dev]\naws_secret_access_key {SECRET}\n")
    config, checks = config_files.config_files(environ(tmp_path))
    assert config is None
    one(checks, "fail", "line 2")


def test_a_section_that_is_no_profile_is_reported(tmp_path: Path) -> None:
    loaded(tmp_path, GOOD + "[ops]\nregion = us-east-1\n[sso-session my]\nsso_region = us-east-1\n[plugins]\na = b\n")
    _, checks = config_files.config_files(environ(tmp_path))
    one(checks, "warn", "[ops]", "name it [profile ops]")


@pytest.mark.parametrize(
    "key",
    [
        "output",
        "cli_pager",
        "cli_auto_prompt",
        "s3",
        "retry_mode",
        "max_attempts",
        "sso_region",
        "defaults_mode",
        "api_versions",
        "sigv4a_signing_region_set",
        "request_checksum_calculation",
        "ec2_metadata_service_endpoint",
        "granted_sso_start_url",
        "x_principal_arn",
        "region",
        "assume_helper_region",
        "s3_use_arn_region",
        "account_id_endpoint_mode",
        "tcp_keepalive",
        "colour",
    ],
)
def test_keys_of_this_helper_the_sdks_and_others_are_fine(tmp_path: Path, key: str) -> None:
    one(config_files.keys(loaded(tmp_path, f"{GOOD}{key} = x\n"), ["dev"]), "ok", "all known")


@pytest.mark.parametrize(
    ("key", "right", "status"),
    [
        ("rolearn", "role_arn", "warn"),
        ("role-arn", "role_arn", "warn"),
        ("sorce_profile", "source_profile", "warn"),
        ("mfa_serail", "mfa_serial", "warn"),
        ("regoin", "region", "warn"),
        ("assume_helper_sesion_policy", "assume_helper_session_policy", "fail"),
        ("assume_helper_duration", "assume_helper_duration_seconds", "fail"),
        ("asume_helper_role_arn", "assume_helper_role_arn", "fail"),
        ("assume-helper-role-arn", "assume_helper_role_arn", "fail"),
    ],
)
def test_a_misspelt_key_is_reported_with_the_right_one(tmp_path: Path, key: str, right: str, status: str) -> None:
    check = one(config_files.keys(loaded(tmp_path, f"{GOOD}{key} = x\n"), ["dev"]), status, "[dev]", key)
    assert check.mend == f"did you mean {right}? rename the key"


def test_an_unknown_prefixed_key_is_a_failure(tmp_path: Path) -> None:
    checks = config_files.keys(loaded(tmp_path, GOOD + "assume_helper_zzz = x\n"), ["dev"])
    one(checks, "fail", "assume_helper_zzz", "remove it")


def test_a_secret_that_is_taken_for_a_key_is_not_shown(tmp_path: Path) -> None:
    checks = config_files.keys(loaded(tmp_path, GOOD + f"{SECRET} = \nassume_helper_{SECRET} = x\n"), ["dev"])
    assert statuses(checks) == ["warn", "warn"]
    assert SECRET.lower() not in repr(checks).lower()


def test_the_keys_of_the_whole_chain_are_checked(tmp_path: Path) -> None:
    text = (
        GOOD.replace("= base", "= mid") + f"[profile mid]\nrole_arn = {ROLE}/mid\nsource_profile = base\n"
        "include_profile = common\n[profile common]\nrejion = x\n"
    )
    config = loaded(tmp_path, text)
    found, _ = config_files.profile(config, {}, "dev")
    assert config_files.contributing_profiles(config, "dev", found) == ["dev", "mid", "base", "common"]
    assert config_files.contributing_profiles(config, "dev", None) == ["dev"]


def profile(folder: Path, text: str, name: str = "dev") -> tuple[Profile | None, list[Check]]:
    return config_files.profile(loaded(folder, text), {}, name)


def test_a_chain_is_shown_with_where_it_begins(tmp_path: Path) -> None:
    text = GOOD.replace("= base", "= mid") + f"[profile mid]\nrole_arn = {ROLE}/mid\nsource_profile = base\n"
    found, checks = profile(tmp_path, text)
    assert found is not None
    assert one(checks, "ok").what == f"{ROLE}/dev <- {ROLE}/mid <- the access key of profile base"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("credential_source = Environment", "the access key in the environment"),
        ("credential_source = Ec2InstanceMetadata", "the role of this machine"),
        ("web_identity_token_file = /token", "the web identity token in /token"),
        ("source_profile = broker", "the credential_process of profile broker"),
        ("source_profile = sso", "the login of profile sso"),
    ],
)
def test_every_kind_of_source_has_its_name(tmp_path: Path, source: str, said: str) -> None:
    more = "[profile broker]\ncredential_process = /bin/broker --token s3cret\n" + SSO
    _, checks = profile(tmp_path, f"[profile dev]\nrole_arn = {ROLE}/dev\n{source}\n{more}")
    one(checks, "ok", f"<- {said}")
    assert "s3cret" not in repr(checks)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (SSO.partition("\n")[2], "a permission set: the login of profile dev"),
        (f"login_session = {USER}\n", "a console login: the login of profile dev"),
        ("credential_process = /bin/broker\n", "a process: the credential_process of profile dev"),
        (BASE.partition("\n")[2], "an access key: the access key of profile dev"),
    ],
)
def test_every_kind_is_named(tmp_path: Path, keys: str, said: str) -> None:
    _, checks = profile(tmp_path, f"[profile dev]\n{keys}")
    assert one(checks, "ok").what == said


def test_what_the_session_of_an_access_key_may_not_is_said_where_sdks_get_it(tmp_path: Path) -> None:
    keys = BASE.partition("\n")[2]
    found, _ = profile(tmp_path, f"[profile dev]\n{keys}")
    assert found is not None
    one(config_files.user_session(found, {}), "ok", "may not call IAM without an MFA code; SDKs use the key itself")
    one(config_files.user_session(found, {"dev": ["dev"]}), "warn", "may not call IAM", "exec --no-session")
    for more in ("mfa_serial = arn:aws:iam::123456789012:mfa/me\n", "aws_session_token = x\n"):
        found, _ = profile(tmp_path, f"[profile dev]\n{keys}{more}")
        assert found is not None
        assert config_files.user_session(found, {"dev": ["dev"]}) == []


def test_a_loop_of_sources_is_a_failure_that_draws_it(tmp_path: Path) -> None:
    text = GOOD.replace("= base", "= mid") + f"[profile mid]\nrole_arn = {ROLE}/mid\nsource_profile = dev\n"
    found, checks = profile(tmp_path, text)
    assert found is None
    one(checks, "fail", "dev -> mid -> dev")


def test_a_process_that_asks_for_its_own_profile_is_a_failure(tmp_path: Path) -> None:
    _, checks = profile(tmp_path, f"[profile dev]\n{PROCESS}")
    one(checks, "fail", "dev -> dev", "assume_helper_role_arn")


def test_a_profile_that_asks_for_another_with_options_is_ok(tmp_path: Path) -> None:
    config = loaded(tmp_path, f"{GOOD}[profile ro]\ncredential_process = {SCRIPT} get dev --read-only\n")
    found, checks = config_files.profile(config, environ(tmp_path), "ro")
    assert found is not None
    assert found.kind == "process"
    one(checks, "ok", "asks for dev with options", "`assume-helper doctor dev`")
    config = loaded(tmp_path, f"{GOOD}[profile ro]\ncredential_process = {SCRIPT} get dve --read-only\n")
    one(config_files.profile(config, environ(tmp_path), "ro")[1], "fail", "did you mean dev?")


@pytest.mark.parametrize(("seconds", "status"), [(3600, "ok"), (3601, "fail"), (900, "warn")])
def test_a_chained_role_lasts_at_most_an_hour(tmp_path: Path, seconds: int, status: str) -> None:
    text = (
        GOOD.replace("= base", "= mid") + f"duration_seconds = {seconds}\n"
        f"[profile mid]\nrole_arn = {ROLE}/mid\nsource_profile = base\nduration_seconds = 7200\n"
    )
    _, checks = profile(tmp_path, text)
    one(checks, status, *(["duration_seconds = 3600 in [dev]"] if status != "ok" else []))


def test_the_profiles_of_every_kind_are_served(tmp_path: Path) -> None:
    text = (
        f"{GOOD}[profile ops]\ncredential_process = {SCRIPT} get x\n[profile bare]\nrole_arn = x\n[profile no]\na = b\n"
        f"{SSO}[profile console]\nlogin_session = {USER}\n[profile broker]\ncredential_process = /bin/broker\n"
    )
    served = ["dev", "ops", "bare", "sso", "console", "broker", "base"]
    assert config_files.served_profiles(loaded(tmp_path, text)) == served


def test_the_line_that_is_proposed_is_one_that_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the command that was called, as `configure` writes it."""
    folder = tmp_path / "a folder"
    script(folder / "assume-helper")
    monkeypatch.setattr(sys, "argv", [str(folder / "assume-helper"), "doctor"])
    line = config_files.process_line("my dev", {"PATH": os.defpath})
    program = f'{tmp_path}/"a folder"/assume-helper' if sys.platform != "win32" else f'"{folder / "assume-helper"}"'
    assert line == f'credential_process = {program} get "my dev"'
    assert command_words.split(line.partition(" = ")[2]) == [str(folder / "assume-helper"), "get", "my dev"]


@pytest.mark.parametrize(
    ("section", "right"),
    [
        ("[profile Foo Bar]", 'name it [profile "Foo Bar"]'),
        ("[profile dev] # see [wiki]", "name it [profile dev], and put what follows on a line of its own"),
        ("[Profile x]", "name it [profile x]"),
        ("[sso-session a b]", 'name it [sso-session "a b"]'),
        ("[services s] # [x]", "name it [services s]"),
    ],
)
def test_a_section_that_is_not_read_is_named_with_its_line(tmp_path: Path, section: str, right: str) -> None:
    loaded(tmp_path, f"[profile ok]\nregion = x\n{section}\nregion = y\n")
    _, checks = config_files.config_files(environ(tmp_path))
    one(checks, "warn", f"{tmp_path / 'config'}, line 3 has a section {section}", right)


def test_a_section_of_the_credentials_file_with_the_config_s_form_is_named(tmp_path: Path) -> None:
    loaded(tmp_path, GOOD, BASE + "[profile x]\nregion = y\n")
    _, checks = config_files.config_files(environ(tmp_path))
    one(checks, "warn", f"{tmp_path / 'credentials'}, line 4 has a section [profile x]", "name it [x]")


@pytest.mark.parametrize(
    ("key", "right"),
    [("parent_profile", "include_profile"), ("mfa_arn", "mfa_serial"), ("duration", "duration_seconds")],
)
def test_another_name_of_a_key_is_reported_with_this_one(tmp_path: Path, key: str, right: str) -> None:
    check = one(config_files.keys(loaded(tmp_path, f"{GOOD}{key} = x\n"), ["dev"]), "warn", "[dev]", key)
    assert check.mend == f"did you mean {right}? rename the key"


def test_a_key_that_nothing_is_known_of_is_not_called_known(tmp_path: Path) -> None:
    check = one(config_files.keys(loaded(tmp_path, f"{GOOD}colour = x\n"), ["dev"]), "ok")
    assert check.what == "4 keys, all known but colour (perhaps another program's)"


def test_a_comment_behind_a_value_is_reported(tmp_path: Path) -> None:
    checks = config_files.keys(loaded(tmp_path, f"{GOOD}region = us-east-1 # main\n"), ["dev"])
    one(checks, "warn", "region of [dev] ends with a comment", "on a line of its own")


@pytest.mark.parametrize("value", ["https://corp.awsapps.com/start#/", "a#b", "{{'a': '#'}}", "x"])
def test_a_value_with_a_sign_that_begins_no_comment_is_fine(tmp_path: Path, value: str) -> None:
    text = f"{GOOD}sso_start_url = {value}\nmfa_process = pass mfa # code\n"
    one(config_files.keys(loaded(tmp_path, text), ["dev"]), "ok", "all known")


@pytest.mark.parametrize("blanks", ["  ", "\t"])
def test_an_indented_key_is_reported_as_a_part_of_the_value_before_it(tmp_path: Path, blanks: str) -> None:
    (tmp_path / "config").write_text(f"{GOOD}output = json\n{blanks}region = us-east-1\n")
    config, _ = config_files.config_files(environ(tmp_path))
    assert config is not None
    one(config_files.keys(config, ["dev"]), "fail", "region of [dev] is indented", "the value of output")


def test_a_block_of_nested_keys_is_fine(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(f"{GOOD}s3 =\n  endpoint_url = http://x\n  region = y\n")
    config, _ = config_files.config_files(environ(tmp_path))
    assert config is not None
    one(config_files.keys(config, ["dev"]), "ok", "all known")


def test_a_misspelt_key_is_said_once_and_one_of_a_source_with_the_profile(tmp_path: Path) -> None:
    config = loaded(tmp_path, f"{GOOD}assume_helper_regoin = x\n")
    assert config_files.profile(config, {}, "dev") == (None, [])
    one(config_files.keys(config, ["dev"]), "fail", "the unknown key assume_helper_regoin")
    hub = f"[profile hub]\nrole_arn = {ROLE}/hub\nsource_profile = base\nassume_helper_regoin = x\n"
    _, checks = profile(tmp_path, GOOD.replace("= base", "= hub") + hub)
    one(checks, "fail", "[hub] has the unknown key assume_helper_regoin")
