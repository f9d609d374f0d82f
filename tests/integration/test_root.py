"""`root`: a member account's root user, for one task (AssumeRoot)."""

import json
import shutil
import sys
from typing import Any

import pytest
from front import Front, error
from identity_center import Center
from kind_scenes import Scene
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home
from strict import SERIAL
from strict_tokens import TASKS, StrictTokens

MEMBER = "210987654321"
TASK = "S3UnlockBucketPolicy"
DUMP = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]


@pytest.fixture
def sts(home: Home, offline_front: Front) -> StrictTokens:
    """The management account's STS; the profile `org` has an access key of that account that may call AssumeRoot."""
    found = StrictTokens(may_assume_root={ACCESS_KEY_ID})
    offline_front.behaviour = found
    home.environ |= {"AWS_ENDPOINT_URL_STS": offline_front.url}
    home.config.write_text("[profile org]\nregion = eu-central-1\n")
    home.credentials.write_text(f"[org]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    return found


def ran(home: Home, *arguments: str, **environ: str) -> dict[str, str]:
    """The environment of the program that `root` runs."""
    done = home.run("root", MEMBER, "--task", TASK, *arguments, "--", *DUMP, command=[SCRIPT], **environ)
    assert (done.code, done.stderr) == (0, ""), done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def document(home: Home, *arguments: str, account: str = MEMBER, task: str = TASK) -> dict[str, Any]:
    done = home.run("root", account, "--task", task, "--source-profile", "org", "--json", *arguments)
    assert (done.code, done.stderr) == (0, ""), done.stderr
    return done.document


def test_the_program_has_the_root_user_s_session_and_no_other(
    home: Home, offline_front: Front, sts: StrictTokens
) -> None:
    found = ran(home, "--source-profile", "org", AWS_PROFILE="other")
    (call,) = offline_front.calls
    assert call.access_key_id == ACCESS_KEY_ID
    assert call.parameters | {"Version": ""} == {
        "Action": "AssumeRoot",
        "Version": "",
        "TargetPrincipal": MEMBER,
        "TaskPolicyArn.arn": f"arn:aws:iam::aws:policy/root-task/{TASK}",
        "DurationSeconds": "900",
    }
    assert found["AWS_ACCESS_KEY_ID"] == "ASIATOKEN00000000001"
    assert (found["AWS_ACCOUNT_ID"], found["AWS_REGION"]) == (MEMBER, "eu-central-1")
    assert found["ASSUME_HELPER_PROFILE"] == f"root of {MEMBER}"
    assert "AWS_PROFILE" not in found
    assert SECRET not in json.dumps(found)


def test_it_is_on_top_of_aws_profile_where_no_other_is_named(
    home: Home, offline_front: Front, sts: StrictTokens
) -> None:
    ran(home, AWS_PROFILE="org")
    assert offline_front.calls[0].access_key_id == ACCESS_KEY_ID
    home.run("root", MEMBER, "--task", TASK, "--json").failed(
        2, "name the profile that calls STS: --source-profile NAME"
    )


@pytest.mark.parametrize("task", TASKS)
def test_each_task_has_a_session_of_its_own(home: Home, offline_front: Front, sts: StrictTokens, task: str) -> None:
    found = document(home, task=task)
    assert found["Version"] == 1
    assert found["AccountId"] == MEMBER
    assert document(home, task=task) == found, "it is cached"
    assert len(offline_front.calls) == 1
    other = TASKS[TASKS.index(task) - 1]
    sts.members.add("333333333333")
    others = [document(home, task=other), document(home, "--duration-seconds", "600", task=task)]
    others.append(document(home, task=task, account="333333333333"))
    assert len({found["AccessKeyId"], *(each["AccessKeyId"] for each in others)}) == 4
    assert len(home.entries()) == 4


def test_an_account_may_be_named_by_its_root_user_s_arn(home: Home, offline_front: Front, sts: StrictTokens) -> None:
    assert document(home, account=f"arn:aws:iam::{MEMBER}:root") == document(home)
    assert len(offline_front.calls) == 1


@pytest.mark.parametrize(
    ("keys", "host"),
    [
        ("region = eu-central-1\nsts_regional_endpoints = legacy\n", "sts.eu-central-1.amazonaws.com"),
        ("region = aws-global\nsts_regional_endpoints = legacy\n", "sts.us-east-1.amazonaws.com"),
        ("region = aws-global\n", "sts.us-east-1.amazonaws.com"),
        ("region = us-east-1\n", "sts.us-east-1.amazonaws.com"),
        ("region = aws-cn-global\n", "sts.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_the_regional_endpoint_is_asked_whatever_is_configured(
    home: Home, offline_front: Front, keys: str, host: str
) -> None:
    home.config.write_text(f"[profile org]\n{keys}")
    home.credentials.write_text(f"[org]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    environ = {"HTTPS_PROXY": offline_front.url, "AWS_STS_REGIONAL_ENDPOINTS": "legacy"}
    home.run("root", MEMBER, "--task", TASK, "--source-profile", "org", "--json", **environ)
    assert {call.parameters["CONNECT"] for call in offline_front.calls} == {f"{host}:443"}


@pytest.mark.parametrize("url", ["https://sts.amazonaws.com", "https://STS.amazonaws.com:443/"])
@pytest.mark.parametrize("how", ["profile", "service", "variable"])
def test_the_global_endpoint_is_never_asked(home: Home, offline_front: Front, url: str, how: str) -> None:
    config = {
        "profile": f"endpoint_url = {url}\n",
        "service": f"services = own\n[services own]\nsts =\n  endpoint_url = {url}\n",
        "variable": "",
    }
    home.config.write_text(f"[profile org]\nregion = eu-central-1\n{config[how]}")
    home.credentials.write_text(f"[org]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    environ = {"HTTPS_PROXY": offline_front.url} | ({"AWS_ENDPOINT_URL_STS": url} if how == "variable" else {})
    home.run("root", MEMBER, "--task", TASK, "--source-profile", "org", "--json", **environ).failed(
        3, "the endpoint of STS is sts.amazonaws.com, which gives no session of a root user", "regional"
    )
    assert offline_front.calls == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["12345", "--task", TASK],
        [f"arn:aws:iam::{MEMBER}:user/me", "--task", TASK],
        [MEMBER],
        [MEMBER, "--task", "Everything"],
        [MEMBER, "--task", TASK, "--duration-seconds", "901"],
        [MEMBER, "--task", TASK, "--duration-seconds", "0"],
        [MEMBER, "--task", TASK, "--source-profile", ""],
        [MEMBER, "--task", TASK, "aws", "s3", "ls"],
        [MEMBER, "--task", TASK, "--json", "--", "true"],
    ],
)
def test_what_cannot_be_is_exit_2_and_nothing_is_asked(
    home: Home, offline_front: Front, sts: StrictTokens, arguments: list[str]
) -> None:
    given = [] if "--source-profile" in arguments else ["--source-profile", "org"]
    at = arguments.index("--") if "--" in arguments else len(arguments)
    home.run("root", *arguments[:at], *given, *arguments[at:]).failed(2)
    assert offline_front.calls == []


def test_what_sts_says_is_told_apart(home: Home, offline_front: Front, sts: StrictTokens) -> None:
    words = ["root", MEMBER, "--task", TASK, "--source-profile", "org", "--json"]
    sts.may_assume_root.clear()
    home.run(*words).failed(
        6, f"STS denied AssumeRoot on the root user of {MEMBER}", "management account", "sts:AssumeRoot"
    )
    offline_front.behaviour = error(403, "RegionDisabledException", "STS is not activated in this region")
    home.run(*words).failed(6, "is not activated for the account")
    offline_front.behaviour = error(400, "ExpiredTokenException", "expired")
    home.run(*words).failed(4, "the access key of profile org has expired")
    offline_front.behaviour = error(400, "ValidationError", "Invalid principal")
    home.run(*words).failed(6, f"STS refused AssumeRoot on the root user of {MEMBER}: Invalid principal", "member")
    home.run(*words[:4], "--source-profile", "nobody", "--json").failed(3, "names profile nobody, which is not there")


def test_a_login_s_session_calls_it(home: Home, center: Center, offline_front: Front) -> None:
    scene = Scene(home, center, offline_front, "permission set")
    offline_front.behaviour = StrictTokens(may_assume_root={scene.home.get("dev")["AccessKeyId"]})
    home.run("root", MEMBER, "--task", TASK, "--source-profile", "dev", "--json")
    assert offline_front.calls[-1].access_key_id == scene.home.get("dev")["AccessKeyId"]
    assert offline_front.calls[-1].session_token


def test_a_user_with_mfa_calls_it_with_the_session_that_a_code_gave(
    home: Home, center: Center, offline_front: Front
) -> None:
    scene = Scene(home, center, offline_front, "access key")
    home.config.write_text(scene.config(mfa_serial=SERIAL))

    def answer(call: Any) -> Any:
        tokens = StrictTokens(may_assume_root=set(scene.sts.sessions))
        return tokens(call) if call.action == "AssumeRoot" else scene.sts(call)

    offline_front.behaviour = answer
    code = {"ASSUME_HELPER_MFA_TOKEN": scene.sts.device.code()}
    assert home.run("root", MEMBER, "--task", TASK, "--source-profile", "dev", "--json", **code).code == 0
    assert [call.action for call in offline_front.calls] == ["GetSessionToken", "AssumeRoot"]


def test_without_a_command_it_is_the_shell(home: Home, sts: StrictTokens) -> None:
    shell = home.folder / "shell"
    shutil.copy("/bin/true", shell)
    done = home.run("root", MEMBER, "--task", TASK, "--source-profile", "org", command=[SCRIPT], SHELL=str(shell))
    assert done.code == 0
    assert f"you are the root user of {MEMBER} for {TASK}, good for 1" in done.stderr


def test_it_is_in_the_log_without_its_secrets(home: Home, sts: StrictTokens) -> None:
    found = document(home)
    line = json.loads(home.log.read_text().splitlines()[-1])
    assert (line["event"], line["account"], line["outcome"]) == ("issue", MEMBER, "miss")
    assert (line["profile"], line["role"]) == (f"root of {MEMBER}", f"root/{TASK}")
    assert found["SecretAccessKey"] not in home.log.read_text()


def test_tab_knows_the_tasks_and_the_profiles(home: Home, sts: StrictTokens) -> None:
    line = f"assume-helper root {MEMBER} --task S"
    offered = home.run("completion", "bash", "--", line, " ").stdout.decode().split()
    assert offered == ["S3UnlockBucketPolicy", "SQSUnlockQueuePolicy"]
    offered = home.run("completion", "zsh", "--", "root", MEMBER, "--source-profile", "").stdout.decode().split()
    assert offered == ["org"]
