"""More commands on Windows: access keys, a root user, patterns, renewed sessions, and the shell's `assume`."""

import json

import pytest
from front import Call, Front, Reply, session
from iam_users import User
from identity_center import Center, permission_set, sso_session
from running import ACCESS_KEY_ID, SECRET
from strict_tokens import StrictTokens
from wine import WindowsHome
from wine import path as windows_path

ROLE = "arn:aws:iam::123456789012:role"
# Asks the endpoint twice, as SDKs do before a session ends.
ASK = """
import json, os, urllib.request
token = open(os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]).read()
request = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers={"Authorization": token})
print([json.load(urllib.request.urlopen(request))["AccessKeyId"] for _ in range(2)])
"""
# What is set, between lines that say when.
SHOW = "echo {0} [%AWS_ACCESS_KEY_ID%] [%AWSUME_PROFILE%] [%AWS_PROFILE%]"


def by_role(call: Call) -> Reply | None:
    """A session whose key says of which role it is."""
    return session(access_key_id="ASIA" + call.parameters["RoleArn"].rpartition("/")[2].upper())(call)


@pytest.fixture
def team(granted: WindowsHome, offline_front: Front) -> WindowsHome:
    """The roles one and two of a team, and another one."""
    offline_front.behaviour = by_role
    names = ("team.one", "team.two", "other")
    granted.config.write_text(
        "".join(f"[profile {n}]\nrole_arn = {ROLE}/{n.replace('.', '')}\nsource_profile = base\n" for n in names)
    )
    granted.environ |= {"AWS_ENDPOINT_URL_STS": offline_front.url, "AWS_REGION": "us-east-1"}
    return granted


@pytest.fixture
def user(home: WindowsHome, offline_front: Front) -> User:
    """The profile `me` has the one access key of this user in the credentials file."""
    user = User()
    user.key(ACCESS_KEY_ID, SECRET)
    offline_front.behaviour = user
    home.environ |= {"AWS_ENDPOINT_URL": offline_front.url, "AWS_REGION": "us-east-1"}
    home.config.write_text("")
    home.credentials.write_text(f"[me]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    return user


def test_an_access_key_goes_through_its_life_in_the_credential_manager(
    home: WindowsHome, user: User, offline_front: Front
) -> None:
    ran = home.run("keys", "add", "me", "--from-file", "--yes")
    assert ran.code == 0, ran.stderr
    assert "assume_helper_keys = keyring" in home.config.read_text()
    everything = b"".join(file.read_bytes() for folder in (home.folder / ".aws", home.local)
                          for file in folder.rglob("*") if file.is_file())  # fmt: skip
    assert SECRET.encode() not in everything
    home.get("me")
    assert offline_front.calls[-1].access_key_id == ACCESS_KEY_ID
    (row,) = json.loads(home.run("keys", "list", "me", "--json").stdout)
    assert row["place"] == "keyring"
    ran = home.run("keys", "rotate", "me", "--yes")
    assert ran.code == 0, ran.stderr
    (key,) = user.keys.values()
    assert key.access_key_id != ACCESS_KEY_ID
    home.get("me")
    assert offline_front.calls[-1].access_key_id == key.access_key_id
    assert home.run("keys", "remove", "me", "--yes").code == 0
    home.run("get", "me").failed(4, "the keyring has no access key", "keys add")


def test_root_runs_a_program_as_a_member_account_s_root_user(home: WindowsHome, offline_front: Front) -> None:
    offline_front.behaviour = StrictTokens(may_assume_root={ACCESS_KEY_ID})
    home.environ |= {"AWS_ENDPOINT_URL_STS": offline_front.url}
    home.config.write_text("[profile org]\nregion = eu-central-1\n")
    home.credentials.write_text(f"[org]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    words = ("--task", "S3UnlockBucketPolicy", "--source-profile", "org", "--")
    ran = home.run("root", "210987654321", *words, "cmd", "/c", "echo %AWS_ACCOUNT_ID% %AWS_ACCESS_KEY_ID%& exit 7")
    assert (ran.code, ran.stdout.split()) == (7, [b"210987654321", b"ASIATOKEN00000000001"]), ran.stderr


def test_exec_with_a_pattern_runs_in_one_profile_after_the_other(team: WindowsHome) -> None:
    command = "echo %AWS_ACCESS_KEY_ID%& if %AWSUME_PROFILE%==team.one exit 5"
    ran = team.run("exec", "team.*", "--", "cmd", "/c", command)
    assert ran.stdout.split() == [b"team.one:", b"ASIATEAMONE", b"team.two:", b"ASIATEAMTWO"]
    assert (ran.code, ran.stderr) == (5, "")


def test_exec_refresh_hands_out_new_credentials_while_the_program_runs(team: WindowsHome) -> None:
    ran = team.run("exec", "--refresh", "other", "--", windows_path(team.python), "-c", ASK)
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout.strip() == b"['ASIAOTHER', 'ASIAOTHER']"


def test_exec_without_a_program_opens_the_cmd_that_it_is_called_from(team: WindowsHome) -> None:
    (team.folder / "typed.txt").write_bytes(b"echo [%AWS_ACCESS_KEY_ID%]\r\nexit 3\r\n")
    line = f"{windows_path(team.scripts / 'assume-helper.exe')} exec other < typed.txt"
    ran = team.run("/d", "/c", line, command=["cmd"])
    assert ran.code == 3, ran.stderr
    assert b"[ASIAOTHER]" in ran.stdout


def test_assume_sets_this_cmd_s_credentials_and_brings_back_what_was_there(team: WindowsHome) -> None:
    (team.folder / "bin").mkdir(exist_ok=True)
    (team.folder / "bin" / "assume.cmd").write_bytes(team.run("init", "cmd").stdout)
    lines = [
        SHOW.format("before"), "call assume team.one", SHOW.format("first"), "call assume other", SHOW.format("second"),
        "call assume nobody || echo failed", SHOW.format("failed"), "call assume -", "call assume -",
        SHOW.format("after"),
    ]  # fmt: skip
    (team.folder / "session.cmd").write_bytes("\r\n".join(lines).encode() + b"\r\n")
    search = f"{windows_path(team.scripts)};{windows_path(team.folder / 'bin')}"
    ran = team.run("/q", "/c", "session.cmd", command=["cmd"], WINEPATH=search, AWS_PROFILE=".base")
    said = ran.stdout.decode().splitlines()
    assert [line.strip() for line in said if line.strip()] == [
        "before [] [] [.base]",
        "first [ASIATEAMONE] [team.one] []",
        "second [ASIAOTHER] [other] []",
        "failed",
        "failed [] [] []",
        "after [] [] [.base]",
    ], ran.stderr
    assert "nobody" in ran.stderr
    assert b"assume" in team.run("init", "powershell").stdout


def test_a_login_that_is_over_is_renewed_once_for_all_who_want_it(home: WindowsHome, center: Center) -> None:
    home.environ |= center.environ() | {"AWS_REGION": "us-east-1"}
    roles = ("Admin", "Audit", "Deploy")
    center.assign("123456789012", *roles)
    home.config.write_text(
        "".join(permission_set(name, role=name, prefix="assume_helper_") for name in roles) + sso_session()
    )
    center.log_in(home, expires=-1)
    processes = [home.start("get", name) for name in roles]
    ended = [process.communicate(timeout=180) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], ended
    assert center.calls("CreateToken") == 1
    assert center.calls("GetRoleCredentials") == 3
