"""The checks of `doctor` that call nobody: the config, its keys, who wins in which SDK, the process, the cache."""

import itertools
import os
import re
import shlex
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest
from front import Front, error
from running import PACKAGE, SCRIPT, SECRET, no_warning, umask

from assume_helper import hit
from assume_helper.cache import directory
from assume_helper.doctor import cache_directory, config_files, live, process_command, sdk_precedence
from assume_helper.doctor.check import Check
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.role import Profile
from assume_helper.profiles.settings import KEYS as PROFILE_KEYS
from assume_helper.profiles.settings import STORAGE_KEY
from assume_helper.system.context import CallContext, Clock

ROLE = "arn:aws:iam::123456789012:role"
BASE = f"[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = {SECRET}\n"
PROCESS = f"credential_process = {SCRIPT} get dev\n"
GOOD = f"[profile dev]\n{PROCESS}assume_helper_role_arn = {ROLE}/dev\nassume_helper_source_profile = base\n"


def environ(folder: Path) -> dict[str, str]:
    paths = {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}
    return {"HOME": str(folder), "PATH": os.environ["PATH"]} | paths


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


# The files.


def test_a_config_that_is_there_is_well(tmp_path: Path) -> None:
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


def test_a_section_that_is_no_profile_is_told(tmp_path: Path) -> None:
    loaded(tmp_path, GOOD + "[ops]\nregion = us-east-1\n[sso-session my]\nsso_region = us-east-1\n[plugins]\na = b\n")
    _, checks = config_files.config_files(environ(tmp_path))
    one(checks, "warn", "[ops]", "name it [profile ops]")


# The keys.


def test_the_keys_that_are_known_are_those_of_the_reference() -> None:
    page = (PACKAGE.parent / "docs" / "reference" / "profile-keys.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`\w+`[^|]*)) \|", page, flags=re.M)
    told = {key for row in rows for key in re.findall(r"`(\w+)`", row)}
    of_a_source = {"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "credential_process"}
    assert told | of_a_source == PROFILE_KEYS | {STORAGE_KEY}


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
def test_keys_of_ours_the_sdks_and_others_are_no_news(tmp_path: Path, key: str) -> None:
    one(config_files.keys(loaded(tmp_path, f"{GOOD}{key} = x\n"), ["dev"]), "ok", "all of them known")


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
def test_a_misspelt_key_is_told_with_the_right_one(tmp_path: Path, key: str, right: str, status: str) -> None:
    check = one(config_files.keys(loaded(tmp_path, f"{GOOD}{key} = x\n"), ["dev"]), status, "[dev]", key)
    assert check.mend == f"did you mean {right}? rename it"


def test_a_prefixed_key_like_no_other_is_a_failure(tmp_path: Path) -> None:
    checks = config_files.keys(loaded(tmp_path, GOOD + "assume_helper_zzz = x\n"), ["dev"])
    one(checks, "fail", "assume_helper_zzz", "take it out")


def test_a_secret_that_is_taken_for_a_key_is_not_shown(tmp_path: Path) -> None:
    checks = config_files.keys(loaded(tmp_path, GOOD + f"{SECRET} = \nassume_helper_{SECRET} = x\n"), ["dev"])
    assert statuses(checks) == ["warn", "warn"]
    assert SECRET.lower() not in repr(checks).lower()


def test_the_keys_of_the_whole_way_count(tmp_path: Path) -> None:
    text = (
        GOOD.replace("= base", "= mid") + f"[profile mid]\nrole_arn = {ROLE}/mid\nsource_profile = base\n"
        "include_profile = common\n[profile common]\nrejion = x\n"
    )
    config = loaded(tmp_path, text)
    found, _ = config_files.profile(config, {}, "dev")
    assert config_files.profiles_on_the_way(config, "dev", found) == ["dev", "mid", "base", "common"]
    assert config_files.profiles_on_the_way(config, "dev", None) == ["dev"]


# The way to a role, and its time.


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
    more = "[profile broker]\ncredential_process = /bin/broker --token s3cret\n[profile sso]\nsso_account_id = 1\n"
    _, checks = profile(tmp_path, f"[profile dev]\nrole_arn = {ROLE}/dev\n{source}\n{more}")
    one(checks, "ok", f"<- {said}")
    assert "s3cret" not in repr(checks)


def test_a_source_that_leads_back_is_a_failure_that_draws_the_loop(tmp_path: Path) -> None:
    text = GOOD.replace("= base", "= mid") + f"[profile mid]\nrole_arn = {ROLE}/mid\nsource_profile = dev\n"
    found, checks = profile(tmp_path, text)
    assert found is None
    one(checks, "fail", "dev -> mid -> dev")


def test_a_process_that_leads_back_to_its_own_profile_is_a_failure(tmp_path: Path) -> None:
    _, checks = profile(tmp_path, f"[profile dev]\n{PROCESS}")
    one(checks, "fail", "dev -> dev", "assume_helper_role_arn")


def test_a_pair_that_asks_with_options_is_well(tmp_path: Path) -> None:
    config = loaded(tmp_path, f"{GOOD}[profile ro]\ncredential_process = {SCRIPT} get dev --read-only\n")
    found, checks = config_files.profile(config, environ(tmp_path), "ro")
    assert found is None
    one(checks, "ok", "asks for dev with options", "`assume-helper doctor dev`")
    config = loaded(tmp_path, f"{GOOD}[profile ro]\ncredential_process = {SCRIPT} get dve --read-only\n")
    one(config_files.profile(config, environ(tmp_path), "ro")[1], "fail", "no role_arn")


@pytest.mark.parametrize(("seconds", "status"), [(3600, "ok"), (3601, "fail"), (900, "warn")])
def test_a_role_through_a_role_lasts_an_hour_at_most(tmp_path: Path, seconds: int, status: str) -> None:
    text = (
        GOOD.replace("= base", "= mid") + f"duration_seconds = {seconds}\n"
        f"[profile mid]\nrole_arn = {ROLE}/mid\nsource_profile = base\nduration_seconds = 7200\n"
    )
    _, checks = profile(tmp_path, text)
    one(checks, status, *(["duration_seconds = 3600 in [dev]"] if status != "ok" else []))


def test_the_role_profiles_are_those_that_the_helper_serves(tmp_path: Path) -> None:
    text = (
        f"{GOOD}[profile ops]\ncredential_process = {SCRIPT} get x\n[profile bare]\nrole_arn = x\n[profile no]\na = b\n"
    )
    assert config_files.role_profiles(loaded(tmp_path, text)) == ["dev", "ops", "bare"]


# Who wins in which SDK.


def sdks(folder: Path, text: str, credentials: str = BASE, name: str = "dev") -> list[Check]:
    config = loaded(folder, text, credentials)
    return sdk_precedence.profile(config, name, sdk_precedence.callers(config))


def test_a_process_alone_is_run_by_every_sdk(tmp_path: Path) -> None:
    one(sdks(tmp_path, GOOD), "ok", "every SDK")


def test_a_name_beyond_ascii_is_told_with_who_does_not_find_it(tmp_path: Path) -> None:
    one(
        sdks(tmp_path, GOOD.replace("dev", "größer"), name="größer"),
        "warn",
        "beyond ASCII",
        "JavaScript v3",
        "CRT (awscrt)",
    )


def test_a_role_beside_the_process_wins(tmp_path: Path) -> None:
    text = f"[profile dev]\n{PROCESS}role_arn = {ROLE}/dev\nsource_profile = base\n"
    check = one(sdks(tmp_path, text), "fail", "boto3", "Go v1", "Terraform refuse")
    renamed = "role_arn to assume_helper_role_arn, source_profile to assume_helper_source_profile"
    assert check.mend == f"assume-helper configure dev (it renames {renamed})"


@pytest.mark.parametrize("key", ["sso_session = my", "sso_account_id = 123456789012"])
def test_sso_beside_the_process_wins(tmp_path: Path, key: str) -> None:
    one(sdks(tmp_path, f"{GOOD}{key}\n"), "fail", "SSO wins", "Kotlin", key.split(maxsplit=1)[0])


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
    checks = sdks(tmp_path, GOOD, f"{BASE}[dev]\n{PROCESS}")
    one(checks, "warn", "in both files", "duckdb", "take credential_process out of [dev]")


def test_a_role_that_no_process_asks_for_is_told(tmp_path: Path) -> None:
    text = f"[profile dev]\nrole_arn = {ROLE}/dev\nsource_profile = base\n"
    one(sdks(tmp_path, text), "warn", "assume its role themselves", "assume-helper configure dev")
    prefixed = text.replace("role_arn", "assume_helper_role_arn").replace(
        "source_profile", "assume_helper_source_profile"
    )
    one(sdks(tmp_path, prefixed), "warn", "SDKs find no credentials in it", "assume-helper configure dev")


@pytest.mark.parametrize("asked", ["ops", "ops --read-only", "there-is-none"])
def test_a_copied_section_that_still_asks_for_the_other_profile_is_told(tmp_path: Path, asked: str) -> None:
    copied = GOOD.replace("get dev", f"get {asked}")
    words = f"asks for {asked.split(maxsplit=1)[0]}:", "do not get the role of [dev]"
    check = one(sdks(tmp_path, copied), "fail", *words)
    assert check.mend == "assume-helper configure dev"
    pair = copied.partition("assume_helper_role_arn")[0]
    one(sdks(tmp_path, pair), "ok", "every SDK")


def test_an_access_key_without_a_role_is_used(tmp_path: Path) -> None:
    one(sdks(tmp_path, GOOD, name="base"), "ok", "SDKs use its aws_access_key_id")


def test_a_role_that_another_profile_asks_for_is_well(tmp_path: Path) -> None:
    text = f"[profile ops]\n{PROCESS}[profile dev]\nrole_arn = {ROLE}/dev\nsource_profile = base\n"
    one(sdks(tmp_path, text), "ok", "through ops")


KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": SECRET}


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({}, "ok", "nothing"),
        ({"AWS_PROFILE": "dev"}, "ok", "nothing"),
        (KEYS, "ok", "wherever no profile is named"),
        (KEYS | {"AWS_PROFILE": "dev"}, "warn", "but JavaScript v3 unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY"),
        ({"AWS_DEFAULT_PROFILE": "dev"}, "warn", 'Rust and C++ export AWS_PROFILE="$AWS_DEFAULT_PROFILE"'),
    ],
)
def test_the_environment_may_take_a_profile_s_place(given: dict[str, str], status: str, words: str) -> None:
    one(sdk_precedence.environment(given), status, words)


# The process, as each kind of client runs it.


def process(command: str, folder: Path, *, start: bool = False, **more: str) -> list[Check]:
    return process_command.credential_process(command, "dev", environ(folder) | more, start=start)


def script(path: Path, text: str = "#!/bin/sh\n", mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_this_helper_is_started_both_ways(tmp_path: Path) -> None:
    one(process(f"{SCRIPT} get dev", tmp_path, start=True), "ok", "assume-helper 0", "without a shell and by sh -c")


@pytest.mark.parametrize("form", ["{0} -I -S {1}/__main__.py get dev", "{0} -m assume_helper get dev"])
def test_the_other_forms_of_this_helper_are_started_too(tmp_path: Path, form: str) -> None:
    one(process(form.format(sys.executable, PACKAGE), tmp_path, start=True), "ok", "(assume-helper ")


def test_another_program_is_looked_at_and_not_started(tmp_path: Path) -> None:
    script(tmp_path / "a broker", f"#!/bin/sh\ntouch {tmp_path}/started\n")
    one(process(f'{tmp_path}/"a broker" --token {SECRET}', tmp_path, start=True), "ok", "a broker")
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    ("command", "status", "words"),
    [
        ('"/bin/sh', "fail", "a quote that is not closed"),
        ("~/bin/broker", "fail", "a ~"),
        ("$HOME/bin/broker", "fail", "a $"),
        ('"$HOME/bin/broker"', "fail", "a $"),
        ("TOKEN=x /bin/sh", "fail", "a variable before"),
        ("/bin/sh | cat", "warn", "'|'"),
        ("/bin/sh $(cat x)", "warn", "a $"),
        ("/bin/sh *.json", "warn", "'*'"),
        ("/bin/sh '$x' '*' \\$", "ok", ""),
        ("bin/broker", "fail", "the working directory"),
        ("no-such-broker", "fail", "not on the PATH"),
        ('"/bin/sh"', "warn", "begins with a double quote, which Go v1 and rclone"),
        ("sh", "warn", "write /"),
        ("/no/such/broker", "fail", "not there"),
        ("/", "fail", "a folder"),
    ],
)
def test_what_not_every_client_runs_is_told(tmp_path: Path, command: str, status: str, words: str) -> None:
    one(process(f"{command} --token {SECRET}", tmp_path), status, words)


def test_a_home_that_only_a_shell_finds_is_mended_with_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    check = one(process("~/bin/assume-helper get dev", tmp_path), "fail")
    assert check.mend == f"write {tmp_path}/bin/assume-helper in place of ~/bin/assume-helper"


def test_a_program_that_may_not_be_executed(tmp_path: Path) -> None:
    program = script(tmp_path / "broker", mode=0o644)
    assert one(process(str(program), tmp_path), "fail").mend == f"chmod +x {program}"


def test_a_script_whose_interpreter_is_gone(tmp_path: Path) -> None:
    program = script(tmp_path / "broker", "#!/gone/bin/python3 -I\n")
    one(process(str(program), tmp_path), "fail", "/gone/bin/python3", "any more")


def test_an_upgrade_that_has_moved_the_package_is_noticed(tmp_path: Path) -> None:
    command = f"{sys.executable} -I -S {tmp_path}/old/assume_helper/__main__.py get dev"
    one(process(command, tmp_path), "fail", "an upgrade has moved it", str(PACKAGE / "__main__.py"))


def test_another_installation_is_told(tmp_path: Path) -> None:
    module = script(tmp_path / "other" / "assume_helper" / "__main__.py")
    one(process(f"{sys.executable} -I -S {module} get dev", tmp_path), "warn", "another installation")
    python = script(tmp_path / "venv" / "bin" / "python3")
    program = script(tmp_path / "venv" / "bin" / "assume-helper", f"#!{python}\n")
    one(process(f"{program} get dev", tmp_path), "warn", "another installation")


def test_this_helper_without_what_it_is_to_get(tmp_path: Path) -> None:
    check = one(process(f"{SCRIPT} dev", tmp_path), "fail", "does not say: get NAME")
    assert check.mend.endswith("/assume-helper get dev")


@pytest.mark.parametrize(
    ("text", "words"),
    [("#!/bin/sh\nexit 3\n", "exit 3"), ("#!/bin/sh\necho something else\n", "does not say its version")],
)
def test_a_helper_that_does_not_start_is_a_failure(tmp_path: Path, text: str, words: str) -> None:
    program = script(tmp_path / "assume-helper", text)
    one(process(f"{program} get dev", tmp_path, start=True), "fail", words, "install")


def test_a_helper_that_no_system_can_start_is_a_failure(tmp_path: Path) -> None:
    program = script(tmp_path / "assume-helper", "\0")
    one(process(f"{program} get dev", tmp_path, start=True), "fail", "cannot be started without a shell")


def test_a_helper_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_command, "_PATIENCE", 0.2)
    program = script(tmp_path / "assume-helper", "#!/bin/sh\nexec sleep 60\n")
    one(process(f"{program} get dev", tmp_path, start=True), "fail", "even say its version")


def test_the_line_that_is_proposed_is_one_that_passes(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    script(folder / "assume-helper")
    line = config_files.process_line("my dev", {"PATH": str(folder)})
    assert line == f'credential_process = {tmp_path}/"a folder"/assume-helper get "my dev"'
    assert shlex.split(line.partition(" = ")[2]) == [f"{folder}/assume-helper", "get", "my dev"]


# The cache.


@pytest.fixture
def store(tmp_path: Path) -> directory.Cache:
    return directory.open_cache({"ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache")}, no_warning)


def cache(folder: Path, *, now: float | None = None) -> list[Check]:
    given = {"ASSUME_HELPER_CACHE_DIR": str(folder / "cache")}
    return cache_directory.examine(given, time.time() if now is None else now)


def test_a_cache_that_is_ours_alone_is_well(tmp_path: Path, store: directory.Cache) -> None:
    directory.write(store, "0" * 64 + ".entry", b"x", durable=False)
    (tmp_path / "cache" / "somebody's own").write_text("x")
    (tmp_path / "cache" / ("0" * 64 + ".lock")).write_text("")
    assert statuses(cache(tmp_path)) == ["ok", "ok"]


def test_a_cache_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    one(cache(tmp_path), "ok", "not there yet")
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "cache").symlink_to(tmp_path / "nowhere")
    one(cache(tmp_path), "fail", "is not a plain directory")
    (tmp_path / "file").write_text("")
    given = {"ASSUME_HELPER_CACHE_DIR": str(tmp_path / "file" / "cache")}
    one(cache_directory.examine(given, 0), "warn", "cannot be made")


def test_a_cache_that_is_open_to_others_is_a_failure(tmp_path: Path, store: directory.Cache) -> None:
    assert store.directory is not None
    os.chmod(store.directory, 0o755)
    assert one(cache(tmp_path), "fail", "open to other users").mend == f"chmod 700 {tmp_path}/cache"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_cache_of_somebody_else_is_a_failure(tmp_path: Path, store: directory.Cache) -> None:
    assert store.directory is not None
    os.chown(store.directory, 12345, 12345)
    one(cache(tmp_path), "fail", "belongs to another user")


@pytest.mark.parametrize(
    ("given", "status"), [({"ASSUME_HELPER_CACHE_DIR": "relative"}, "fail"), ({"HOME": "relative"}, "warn")]
)
def test_no_place_for_a_cache_is_told(given: dict[str, str], status: str) -> None:
    one(cache_directory.examine(given, 0), status, "no cache")


def test_what_was_left_behind_is_told_once_it_is_old(tmp_path: Path, store: directory.Cache) -> None:
    left = tmp_path / "cache" / ("tmp-1-" + "0" * 16)
    left.write_text("x")
    assert statuses(cache(tmp_path)) == ["ok", "ok"]
    check = one(cache(tmp_path, now=time.time() + 3700), "warn", "1 file is", "was killed")
    assert check.mend == f"rm -rf -- {left}"
    assert left.exists()


def test_an_entry_that_is_not_whole_is_told(tmp_path: Path, store: directory.Cache) -> None:
    with umask(0o077):
        for number in range(6):
            (tmp_path / "cache" / (f"{number}" * 64 + ".entry")).write_text(SECRET)
    one(cache(tmp_path), "warn", "6 files are", "not whole", ", and so on")


def test_an_entry_of_a_newer_version_is_no_news(tmp_path: Path, store: directory.Cache) -> None:
    with umask(0o077):
        (tmp_path / "cache" / ("0" * 64 + ".entry")).write_bytes(b"assume-helper %d x\n" % (hit.FORMAT + 1))
    assert statuses(cache(tmp_path)) == ["ok", "ok"]


@pytest.mark.parametrize("kind", ["link", "loose", "folder"])
def test_an_entry_that_is_not_ours_alone_is_a_failure(tmp_path: Path, store: directory.Cache, kind: str) -> None:
    path = tmp_path / "cache" / ("0" * 64 + ".entry")
    if kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "loose":
        path.write_text("x")
        path.chmod(0o644)
    else:
        path.mkdir()
    assert one(cache(tmp_path), "fail", "not used").mend == f"rm -rf -- {path}"


# STS.


def test_an_sts_that_is_slow_is_told(offline_front: Front) -> None:
    offline_front.behaviour = error(403, "InvalidClientTokenId", "no")
    ticks = itertools.count(0, 4)
    endpoint = live.default_endpoint(None, context(AWS_ENDPOINT_URL=offline_front.url), None)
    checks, is_reached = live.sts(endpoint, Clock(monotonic=lambda: float(next(ticks))))
    assert is_reached
    one(checks, "warn", "answered in 4.00 s", "give up after 5 s")


def context(**environ: str) -> CallContext:
    return CallContext(environ, Clock(), 0, 0, "host", lambda: "me", no_warning)


def test_sts_is_asked_where_the_environment_or_the_default_profile_says(tmp_path: Path) -> None:
    config = loaded(tmp_path, "[default]\nregion = eu-west-1\n[profile dev]\nregion = eu-west-3\n")
    endpoints = [
        live.default_endpoint(None, context(), None),
        live.default_endpoint(None, context(AWS_REGION="eu-north-1"), None),
        live.default_endpoint(config, context(), None),
        live.default_endpoint(config, context(), "dev"),
        live.default_endpoint(config, context(), "dve"),
    ]
    assert [endpoint.region for endpoint in endpoints] == [
        "us-east-1", "eu-north-1", "eu-west-1", "eu-west-3", "us-east-1",
    ]  # fmt: skip
