"""`configure` for every kind of profile, and for several at once: SDKs reach the helper, and `--undo` undoes it."""

import json
import shlex
import sys
from pathlib import Path

import pytest
from configuring import ROLE, configure, ended, terminal, written
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home

KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n"
SET = "sso_account_id = 123456789012\nsso_role_name = Developer\n"
LEGACY = f"sso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n{SET}"
SESSION = (
    "[sso-session corp]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"
    "sso_registration_scopes = sso:account:access\n"
)
CONSOLE = "login_session = arn:aws:iam::123456789012:user/me\n"
OTHER = "credential_process = /bin/echo --token abc\n"
WEB = f"role_arn = {ROLE}/web\nweb_identity_token_file = /nowhere/token\n"
KINDS = {
    "role": f"role_arn = {ROLE}/dev\nsource_profile = base\n",
    "environment": f"role_arn = {ROLE}/dev\ncredential_source = Environment\n",
    "web": WEB,
    "session": f"sso_session = corp\n{SET}sso_registration_scopes = sso:account:access\n",
    "legacy": LEGACY,
    "console": CONSOLE,
    "process": OTHER,
    "key": KEYS,
    "role-and-session": f"role_arn = {ROLE}/dev\nsource_profile = base\nsso_session = corp\n",
    "all-of-it": f"{WEB}{LEGACY}{CONSOLE}{OTHER}{KEYS}aws_session_token = {SECRET}==\n",
}
CONFIG = "".join(f"# {name}\n[profile {name}]\nregion = eu-west-1\n{keys}\n" for name, keys in KINDS.items()) + SESSION
# What SDKs take before a credential_process, or, those of Go, JavaScript, Kotlin, C++ and Ruby, an access key.
BARE = ("role_arn", "source_profile", "credential_source", "web_identity", "sso_", "login_session", "aws_")
# The process is not run: a document of its own would be in the way of none of these.
METHOD = (
    "import boto3, sys\n"
    "from botocore.credentials import ProcessProvider\n"
    "found = {'access_key': 'ASIAPROCESS', 'secret_key': 'x', 'token': 'x', 'expiry_time': '2099-01-01T00:00:00Z'}\n"
    "ran = []\n"
    "ProcessProvider._retrieve_credentials_using = lambda self, command: ran.append(command) or dict(found)\n"
    "c = boto3.Session(profile_name=sys.argv[1]).get_credentials()\n"
    "print(c.method, c.get_frozen_credentials().access_key, *ran)\n"
)


@pytest.fixture
def mixed(folk: Home) -> Home:
    folk.config.write_text(CONFIG)
    return folk


def asked(home: Home, profile: str) -> list[str]:
    """The words of the credential_process that boto3 would run for the profile; none where it does not come to one."""
    ran = home.run("-c", METHOD, profile, command=[sys.executable])
    if ran.code or not ran.stdout.startswith(b"custom-process ASIAPROCESS "):
        return []
    return shlex.split(ran.stdout.decode())[2:]


@pytest.mark.parametrize("name", KINDS)
def test_boto3_reaches_the_helper_and_before_it_did_not(mixed: Home, name: str) -> None:
    assert asked(mixed, name) in ([], ["/bin/echo", "--token", "abc"])
    configure(mixed, name)
    assert asked(mixed, name) == [SCRIPT, "get", name]
    section = mixed.config.read_text().partition(f"[profile {name}]\n")[2].partition("[")[0]
    assert [line for line in section.splitlines() if line.startswith(BARE)] == []
    assert SESSION in mixed.config.read_text()
    twice = configure(mixed, name)
    assert twice.stdout.decode() == f"Nothing to change: {name} in {mixed.config} is set up.\n"
    configure(mixed, name, "--undo")
    assert mixed.config.read_text() == CONFIG


def test_what_stops_working_is_said(mixed: Home) -> None:
    lines = configure(mixed, *KINDS).stderr.splitlines()
    said = [(line.split(": ")[1], line.partition(": warning: ")[2]) for line in lines]
    assert [name for name, _ in said] == ["session", "legacy", "console", "key", "role-and-session", *["all-of-it"] * 2]
    assert dict(said)["session"].startswith("`aws sso login --profile session` no longer works: log in with `assume-h")
    assert configure(mixed, *KINDS).stderr == ""


@pytest.mark.parametrize("names", [tuple(KINDS), ("--all",)], ids=["names", "all"])
def test_several_are_one_change_one_backup_and_one_undo(mixed: Home, names: tuple[str, ...]) -> None:
    mixed.config.write_bytes(CONFIG.replace("\n", "\r\n").encode())
    before = mixed.config.read_bytes()
    done = written(mixed, *names)
    assert [profile["profile"] for profile in done["profiles"]] == list(KINDS)
    assert all(profile["changed"] for profile in done["profiles"])
    assert [profile["credential_process"] for profile in done["profiles"]] == [f"{SCRIPT} get {n}" for n in KINDS]
    assert "profile" not in done
    assert [line[:4] for line in done["diff"]].count("--- ") == 1
    assert not any(SECRET in line or "abc" in line for line in done["diff"])
    backup = Path(done["backup"])
    assert not done["backup_is_whole"]
    assert SECRET not in backup.read_text()
    assert sorted(path.name for path in mixed.config.parent.iterdir()) == ["config", backup.name, "credentials"]
    again = written(mixed, *names)
    assert again["changed"] is False
    configure(mixed, *names, "--undo")
    assert mixed.config.read_bytes() == before
    assert configure(mixed, *names, "--undo").stdout.decode() == f"Nothing to change in {mixed.config}.\n"


def test_all_names_those_that_are_left_and_leaves_them(mixed: Home) -> None:
    sections = (
        "[profile no-role]\nregion = x\n"
        f"[profile pair]\ncredential_process = {SCRIPT} get role\n"
        f"[profile there]\ncredential_process = /old/assume-helper get there\nassume_helper_{CONSOLE}"
    )
    mixed.config.write_text(CONFIG + sections)
    credentials = mixed.credentials.read_text()
    ran = configure(mixed, "--all")
    left = {line.split(": ")[1]: line.partition(": left as it is: ")[2] for line in ran.stderr.splitlines()}
    assert left["no-role"] == "it has neither a role nor credentials"
    assert left["pair"] == left["there"] == "it goes through the helper already"
    assert left["base"].startswith(f"{mixed.credentials} has its aws_access_key_id, aws_secret_access_key, which SDKs")
    assert mixed.config.read_text().endswith(sections)
    assert mixed.credentials.read_text() == credentials
    done = mixed.run("configure", "--all", "--json").document
    assert [entry["profile"] for entry in done["left"]] == [*KINDS, "no-role", "pair", "there", "base"]
    configure(mixed, "--all", "--fastest")
    assert mixed.config.read_text().count(" -I -S ") == len(KINDS) + 2


def test_a_person_is_asked_once_for_all_and_for_no_role(mixed: Home) -> None:
    with terminal(mixed, "--all") as child:
        child.expect_exact(f"Write this to {mixed.config}? [y/N]: ")
        child.sendline("y")
        assert ended(child)[0] == 0
    assert asked(mixed, "session") == [SCRIPT, "get", "session"]


def test_who_wants_a_role_on_top_of_a_login_is_asked_for_its_source(mixed: Home) -> None:
    with terminal(mixed, "console", "--role-arn", f"{ROLE}/dev", "--yes") as child:
        child.expect_exact("Profile that assumes it: ")
        child.sendline("base")
        assert ended(child)[0] == 0
    assert mixed.get("console")["AccessKeyId"] == "ASIAFRONT00000000000"


def test_an_option_that_needs_no_role_asks_for_none(mixed: Home) -> None:
    done = written(mixed, "key", "--mfa-serial", "arn:aws:iam::123456789012:mfa/me", "--region", "us-east-1")
    assert "+assume_helper_mfa_serial = arn:aws:iam::123456789012:mfa/me" in done["diff"]
    assert not any("role" in line for line in done["diff"] if line[:1] in "+-")


def test_where_the_credentials_file_has_the_key_that_is_said_and_it_is_not_touched(mixed: Home) -> None:
    before = mixed.credentials.read_text()
    ran = mixed.run("configure", "base", "--yes")
    assert ran.code == 0
    assert f"move them to [profile base] of {mixed.config}, then run this again" in ran.stderr
    assert mixed.credentials.read_text() == before
    assert asked(mixed, "base") == []
    mixed.credentials.unlink()
    with mixed.config.open("a") as config:
        config.write(KEYS)
    configure(mixed, "base")
    assert asked(mixed, "base") == [SCRIPT, "get", "base"]


def test_a_key_with_and_without_the_prefix_is_refused_and_with_all_left(mixed: Home) -> None:
    both = f"[profile both]\n{CONSOLE}assume_helper_{CONSOLE}"
    mixed.config.write_text(CONFIG + both)
    for names in (["role", "both", "web"], ["both"]):
        ran = mixed.run("configure", *names, "--yes")
        ran.failed(3, "both: [both] has both login_session and assume_helper_login_session; remove one of them")
    assert mixed.config.read_text() == CONFIG + both
    assert "both: left as it is: [both] has both" in configure(mixed, "--all").stderr
    assert mixed.config.read_text().endswith(both)
    mixed.run("configure", "role", "both", "web", "--undo", "--yes").failed(3, "both: [both] has both login_session")


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("default", "[default]", "[profile default]"), ("two", "[profile two]", '[profile "two"]')],
)
def test_a_profile_with_two_sections_is_left_by_all(mixed: Home, name: str, first: str, second: str) -> None:
    more = f"{first}\n{CONSOLE}{second}\n{CONSOLE}"
    mixed.config.write_text(CONFIG + more)
    ran = configure(mixed, "--all")
    assert f"{name}: left as it is: profile {name} has 2 sections in the config file; merge them" in ran.stderr
    assert mixed.config.read_text().endswith(more)


def test_json_of_one_profile_has_its_own_values_beside_the_list(mixed: Home) -> None:
    done = written(mixed, "process")
    assert done["profile"] == "process"
    assert done["credential_process"] == done["profiles"][0]["credential_process"] == f"{SCRIPT} get process"
    assert json.loads(json.dumps(done["left"])) == []
